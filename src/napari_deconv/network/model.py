"""The network: a denoiser for any noise level, the learned half of every step of the deconvolution."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn

from .ablation import Bilinear, Uneven, Unpooling, Untied, Whitened
from .layers import Residual, SharedConv

SIZES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {  # channels and residual blocks at 1/2, 1/4, 1/8
    "tiny": ((16, 24, 32), (1, 1, 1)),
    "small": ((48, 64, 96), (1, 1, 2)),
    "base": ((96, 128, 192), (2, 3, 4)),
}
COLOURS = (1, 3)

Option = Literal["shared", "uneven", "untied", "unpooling", "bilinear", "whitened"]
RESAMPLING: dict[str, type[SharedConv | Untied | Unpooling | Bilinear]] = {  # by option
    "shared": SharedConv,
    "uneven": Uneven,
    "untied": Untied,
    "unpooling": Unpooling,
    "bilinear": Bilinear,
    "whitened": SharedConv,
}


class Trunk(nn.Module):
    """Residual blocks on several resolutions; what goes down by D comes up by Dᵀ.

    Parameters
    ----------
    widths, blocks : tuple of int
        Channels and residual blocks at each resolution, finest first.
    option : str
        See `Network`.
    """

    def __init__(self, widths: tuple[int, ...], blocks: tuple[int, ...], option: Option = "shared") -> None:
        super().__init__()
        row = partial(_row, first=Whitened if option == "whitened" else nn.Conv2d)
        self.encode = nn.ModuleList(row(width, count) for width, count in zip(widths, blocks, strict=True))
        self.decode = nn.ModuleList(row(width, count) for width, count in zip(widths[:-1], blocks, strict=False))
        self.resample = nn.ModuleList(RESAMPLING[option](fine, coarse) for fine, coarse in pairwise(widths))
        self.mix = nn.ModuleList(nn.Conv2d(width, width, 1, bias=False) for width in widths)

    def forward(self, x: Tensor) -> Tensor:
        """Features in, features out, same shape; sides divisible by 2 ** (number of widths - 1)."""
        return self._level(x, 0)

    def _level(self, x: Tensor, level: int) -> Tensor:
        x = self.encode[level](x)
        if level < len(self.resample):
            resample: Any = self.resample[level]
            x = x + resample.around(x, partial(self._level, level=level + 1))
            x = self.decode[level](x)
        mixed: Tensor = self.mix[level](x)
        return mixed


class Network(nn.Module):
    """One learned step: ``x + residual(x, sigma, prior)``, which removes noise of a known standard deviation.

    Without biases, so that f(a x, a sigma, a prior) = a f(x, sigma, prior) for every a > 0: intensities need no
    scaling. Nothing is computed over the whole image, so that a tile gives what the image gives, but for the halo. The
    doors neither see nor write a mean, so that f(x + c, sigma, prior) = f(x, sigma, prior) + c, whatever the mean of
    `prior`, away from the edges, beyond which there are zeros: the network adds detail and never light. Grey pictures
    and colour pictures have a door each; behind it the weights are the same.

    Parameters
    ----------
    size : {"tiny", "small", "base"}
        How many channels and blocks, see `SIZES`.
    option : {"shared", "uneven", "untied", "unpooling", "bilinear", "whitened"}
        What the literature has in place of a convolution and its transpose with equal phases and one tensor: phases of
        any sums, other kernels on the way up, pooling with switches, learned interpolation; or, beside it, whitened
        patches in front of every residual block. All but the first are there for ``benchmarks/ablation.py`` only: they
        cannot be exported, and not all of the above holds for them.

    Raises
    ------
    ValueError
        If there is no such option.
    """

    def __init__(self, size: str = "small", option: Option = "shared") -> None:
        super().__init__()
        if option not in RESAMPLING:
            raise ValueError(f"unknown option {option!r}; known: {', '.join(RESAMPLING)}")
        self.option = option
        widths, blocks = SIZES[size]
        door = partial(RESAMPLING[option], coarse=widths[0])
        self.doors = nn.ModuleDict({str(n): door(2 * n + 1, flat_blind=2 * n) for n in COLOURS})
        self.trunk = Trunk(widths, blocks, option)
        nn.init.zeros_(self.trunk.mix[0].weight)  # type: ignore[arg-type]  # the residual starts at nothing

    def forward(self, x: Tensor, sigma: Tensor, prior: Tensor | None = None) -> Tensor:
        """The image without its noise.

        Parameters
        ----------
        x : Tensor, shape (N, colours, H, W)
            Image, 1 or 3 colours; sides divisible by 2 ** (number of widths).
        sigma : Tensor, shape (N, 1, H, W)
            Standard deviation of the noise, in the units of the image.
        prior : Tensor, shape of `x`, optional
            What was known before the last fit let noise in; None: nothing but `x`.
        """
        colours = x.shape[1]
        door: Any = self.doors[str(colours)]
        residual = door.around(torch.cat([x, x if prior is None else prior, sigma], dim=1), self.trunk)
        denoised: Tensor = x + residual[:, :colours]
        return denoised


def _row(width: int, count: int, first: type[nn.Conv2d]) -> nn.Sequential:
    return nn.Sequential(*(Residual(width, first) for _ in range(count)))
