"""What the literature has in place of the layers of the network: for ``benchmarks/ablation.py`` only, never shipped."""

from __future__ import annotations

from math import gcd

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import STRIDE, Inner, SharedConv, Upsample, blinded, kernels

BLOCK = 64  # channels that are whitened together, at most
SAMPLED, FEWEST = 3, 12  # patches are taken at every third pixel; on small maps closer, so that a side has 12 of them
NEWTON_STEPS = 15  # five are not enough: patches of photographs have condition numbers of a thousand and more
RIDGE = 1e-3  # added to the covariance of patches, as a share of its mean eigenvalue
FORGET = 0.1  # share of a batch in running averages


class Uneven(SharedConv):
    """`SharedConv` whose phases may have any sums: constant maps can come up as a checkerboard."""

    @property
    def weight(self) -> Tensor:
        """The kernels, (coarse, fine, 4, 4), as they were learned."""
        return blinded(self.free, self.flat_blind)


class Untied(nn.Module):
    """Down as `SharedConv`, up by other kernels, whose phases may have any sums; parameters as there."""

    def __init__(self, fine: int, coarse: int, flat_blind: int = 0) -> None:
        super().__init__()
        self.encoder = SharedConv(fine, coarse, flat_blind)
        self.decoder = Uneven(fine, coarse, flat_blind)

    def around(self, x: Tensor, inner: Inner) -> Tensor:
        """What is done at half the resolution, seen from outside."""
        return self.decoder.up(inner(self.encoder.down(x)))


class Unpooling(nn.Module):
    """Down to the largest of every 2 x 2 features, up to where each of them stood; parameters as of `SharedConv`.

    The kernels, 3 x 3 and used both ways as well, stand outside the pooling, with a rectifier between: zeros around a
    value that comes up are then no larger than it was.

    References
    ----------
    .. [1] H. Noh, S. Hong, B. Han, "Learning deconvolution network for semantic segmentation", ICCV (2015).
    """

    def __init__(self, fine: int, coarse: int, flat_blind: int = 0) -> None:
        super().__init__()
        self.flat_blind = flat_blind
        self.free = kernels(fine, coarse, 3)

    def around(self, x: Tensor, inner: Inner) -> Tensor:
        """What is done at half the resolution, seen from outside."""
        weight = blinded(self.free, self.flat_blind)
        features = F.relu(F.conv2d(x, weight, padding=1))
        largest, switches = F.max_pool2d(features, STRIDE, return_indices=True)
        return F.conv_transpose2d(F.max_unpool2d(inner(largest), switches, [STRIDE] * 2), weight, padding=1)


class Bilinear(nn.Module):
    """Down as `SharedConv`, up by interpolation that is learned and 3 x 3 kernels behind it; parameters as there."""

    def __init__(self, fine: int, coarse: int, flat_blind: int = 0) -> None:
        super().__init__()
        self.encoder = SharedConv(fine, coarse, flat_blind)
        self.upsample = Upsample(coarse, STRIDE, learnable=True)
        self.free = kernels(fine, coarse, 3)

    def around(self, x: Tensor, inner: Inner) -> Tensor:
        """What is done at half the resolution, seen from outside."""
        weight = blinded(self.free, self.encoder.flat_blind)
        return F.conv_transpose2d(self.upsample(inner(self.encoder.down(x))), weight, padding=1)


class Whitened(nn.Conv2d):
    r"""A convolution of patches that were whitened first: network deconvolution [1]_.

    .. math:: y = W D (p - \mu), \qquad D = (C + \epsilon \, \mathrm{tr}(C) / n \, I)^{-1/2}

    for patches :math:`p` of n values with mean :math:`\mu` and covariance C, up to 64 channels together. Training uses
    mean and covariance of its batch; afterwards their running averages stand for them. All of it folds into the
    kernels, which thereby get a bias: a network with this layer is not homogeneous.

    Parameters
    ----------
    *args, **options
        As for ``torch.nn.Conv2d``; square kernels, stride 1, no bias of its own.

    References
    ----------
    .. [1] C. Ye et al., "Network deconvolution", ICLR (2020).
    """

    mean: Tensor
    covariance: Tensor

    def __init__(self, *args: int, **options: int) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        block = self.in_channels if self.in_channels <= BLOCK else gcd(self.in_channels, BLOCK)
        groups, n = self.in_channels // block, block * self.kernel_size[0] ** 2
        self.register_buffer("mean", torch.zeros(groups, n))
        self.register_buffer("covariance", torch.eye(n).repeat(groups, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, h, w) to (N, channels, h, w)."""
        mean, covariance = self._seen(x) if self.training else (self.mean, self.covariance)
        weight, bias = self.folded(mean, covariance)
        return F.conv2d(x, weight, bias, padding=self.padding)

    def folded(self, mean: Tensor, covariance: Tensor) -> tuple[Tensor, Tensor]:
        r"""Kernels :math:`W D` and biases :math:`-W D \mu` that do the same to plain patches.

        Parameters
        ----------
        mean : Tensor, shape (blocks, n)
            Of the patches.
        covariance : Tensor, shape (blocks, n, n)
            Of the patches.
        """
        whitening = inverse_root(_ridged(covariance))
        weight = self.weight.reshape(self.out_channels, *mean.shape).transpose(0, 1) @ whitening
        bias = -(weight @ mean[..., None]).sum(dim=(0, 2))
        return weight.transpose(0, 1).reshape(self.weight.shape), bias

    def patches(self, x: Tensor) -> Tensor:
        """Patches of maps (N, channels, h, w) as columns, (blocks, n, patches)."""
        step = max(1, min(SAMPLED, min(x.shape[-2:]) // FEWEST))
        columns = F.unfold(x, self.kernel_size, padding=self.padding, stride=step)  # type: ignore[arg-type]
        return columns.reshape(len(x), *self.mean.shape, -1).permute(1, 2, 0, 3).flatten(2)

    def _seen(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and covariance of the patches of a batch, which enter the running averages."""
        patches = self.patches(x)
        mean = patches.mean(dim=-1)
        centred = patches - mean[..., None]
        covariance = centred @ centred.transpose(1, 2) / patches.shape[-1]
        with torch.no_grad():
            self.mean.lerp_(mean, FORGET)
            self.covariance.lerp_(covariance, FORGET)
        return mean, covariance


def inverse_root(matrix: Tensor, steps: int = NEWTON_STEPS) -> Tensor:
    """Inverse square roots of symmetric positive matrices (..., n, n), by coupled Newton-Schulz steps.

    References
    ----------
    .. [1] N. J. Higham, "Functions of matrices", SIAM (2008), equation 6.35.
    """
    size = torch.linalg.matrix_norm(matrix, keepdim=True)
    one = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    root, inverse = matrix / size, one.expand_as(matrix)
    for _ in range(steps):
        step = 1.5 * one - 0.5 * inverse @ root
        root, inverse = root @ step, step @ inverse
    found: Tensor = inverse / size.sqrt()
    return found


def _ridged(covariance: Tensor) -> Tensor:
    """A covariance without directions that hardly vary."""
    diagonal = covariance.diagonal(dim1=-2, dim2=-1)
    ridge = RIDGE * diagonal.mean(dim=-1, keepdim=True).expand_as(diagonal)
    return covariance + torch.diag_embed(ridge)
