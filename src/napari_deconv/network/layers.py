"""Layers of the network: a strided convolution and its exact transpose with one tensor, residual blocks."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE, STRIDE = 4, 2  # of the kernels that change the resolution

Inner = Callable[[Tensor], Tensor]


class SharedConv(nn.Module):
    r"""A strided convolution D and its transpose Dᵀ, both with the same weights.

    ``down`` halves the resolution, ``up`` is its exact adjoint: :math:`\langle D x, z \rangle = \langle x, D^T z
    \rangle`. The four phases of a kernel (even and odd rows, even and odd columns) have equal sums, so that a constant
    map comes up constant: no checkerboard can arise, whatever was learned.

    Parameters
    ----------
    fine, coarse : int
        Channels at the higher and at the lower resolution.
    flat_blind : int
        So many of the first fine channels are seen without their mean, and written without one: their phases sum to 0.

    References
    ----------
    .. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv 1603.07285 (2016).
    .. [2] A. Odena, V. Dumoulin, C. Olah, "Deconvolution and checkerboard artifacts", Distill (2016).
    """

    def __init__(self, fine: int, coarse: int, flat_blind: int = 0) -> None:
        super().__init__()
        self.flat_blind = flat_blind
        self.free = kernels(fine, coarse, SIDE)

    @property
    def weight(self) -> Tensor:
        """The kernels, (coarse, fine, 4, 4), phases equalised: a projection of the free parameters."""
        return blinded(equal_phases(self.free), self.flat_blind)

    def down(self, x: Tensor) -> Tensor:
        """D x: (N, fine, 2 h, 2 w) to (N, coarse, h, w)."""
        return F.conv2d(x, self.weight, stride=STRIDE, padding=1)

    def up(self, z: Tensor) -> Tensor:
        """Dᵀ z: (N, coarse, h, w) to (N, fine, 2 h, 2 w)."""
        return F.conv_transpose2d(z, self.weight, stride=STRIDE, padding=1)

    def around(self, x: Tensor, inner: Inner) -> Tensor:
        """Dᵀ inner(D x): what is done at half the resolution, seen from outside."""
        return self.up(inner(self.down(x)))


def equal_phases(free: Tensor) -> Tensor:
    """Kernels of 4 x 4 nearest to `free` whose four polyphase sums are equal."""
    taps = free.reshape(*free.shape[:-2], 2, 2, 2, 2)  # (..., i, phase of row, j, phase of column)
    sums = taps.mean(dim=(-4, -2), keepdim=True)
    return (taps - sums + sums.mean(dim=(-3, -1), keepdim=True)).reshape(free.shape)


def blinded(weight: Tensor, count: int) -> Tensor:
    """Kernels (coarse, fine, k, k), those of the first `count` fine channels without their mean."""
    if not count:
        return weight
    blind = weight[:, :count]
    return torch.cat([blind - blind.mean(dim=(-2, -1), keepdim=True), weight[:, count:]], dim=1)


class Residual(nn.Module):
    """x + conv(relu(conv(x))), without biases; starts near the identity.

    Parameters
    ----------
    channels : int
        Of `x` and of all that is inside.
    first : type
        Of the first convolution.
    """

    def __init__(self, channels: int, first: type[nn.Conv2d] = nn.Conv2d) -> None:
        super().__init__()
        self.first = first(channels, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(self.first.weight, nonlinearity="relu")
        nn.init.normal_(self.second.weight, std=0.3 * (2 / (9 * channels)) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        """The block's output, of the shape of its input (N, channels, h, w)."""
        branch: Tensor = self.second(F.relu(self.first(x)))
        return x + branch


class Upsample(nn.Module):
    """Bilinear interpolation as a transposed convolution, channel by channel, which may be learned from there on.

    As long as nothing is learned the result is that of ``interpolate(x, scale_factor=scale, mode="bilinear")``, edges
    included. Whatever is learned, the phases of a kernel have equal sums, for it is a free one spread by a box as wide
    as the step: a constant map comes up constant.

    Parameters
    ----------
    channels : int
        Of the maps.
    scale : int
        How many times as many pixels to a side, 2 or more.
    learnable : bool
        Whether the kernels are parameters.

    References
    ----------
    .. [1] J. Long, E. Shelhamer, T. Darrell, "Fully convolutional networks for semantic segmentation", CVPR (2015).
    """

    free: Tensor

    def __init__(self, channels: int, scale: int, learnable: bool = False) -> None:
        super().__init__()
        self.scale = scale
        taps = torch.ones(scale + 1 - scale % 2)
        if scale % 2 == 0:
            taps[0] = taps[-1] = 0.5
        free = torch.outer(taps, taps).repeat(channels, 1, 1, 1)
        if learnable:
            self.free = nn.Parameter(free)
        else:
            self.register_buffer("free", free)

    @property
    def weight(self) -> Tensor:
        """The kernels, (channels, 1, k, k) with k = 2 scale, less 1 if `scale` is odd."""
        box = self.free.new_full((1, 1, self.scale, self.scale), self.scale**-2)
        return F.conv2d(self.free, box, padding=self.scale - 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, h, w) to (N, channels, scale h, scale w)."""
        around = F.pad(x, (1, 1, 1, 1), mode="replicate")  # weights at the edges would not add up to 1
        margin = self.scale + self.scale // 2
        return F.conv_transpose2d(around, self.weight, stride=self.scale, padding=margin, groups=x.shape[1])


def kernels(fine: int, coarse: int, side: int) -> nn.Parameter:
    """Random kernels, (coarse, fine, side, side)."""
    weight = nn.Parameter(torch.empty(coarse, fine, side, side))
    nn.init.normal_(weight, std=0.6 * (fine * side * side) ** -0.5)
    return weight
