"""How much of its surroundings a tile has to see."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..psf.type import PSF

WORST = 0.4  # largest error measured, in ranges of the result, over what the linear theory says; benchmarks/tiles.py
LEARNED_BALANCE = 1e-3  # a Wiener filter that reaches as far as the fit of a learned restoration
NETWORK = 48  # what its network sees around a pixel, in pixels of a plane
WRAP = 64  # length of the line that the theory is computed on, in sizes of the PSF: no reach comes near it

Line = NDArray[np.float64]


def halo(
    psf: PSF | ArrayLike,
    *,
    method: str = "richardson_lucy",
    num_iter: int = 30,
    balance: float = 1e-3,
    within: float = 1e-3,
) -> tuple[int, ...]:
    r"""Pixels of its surroundings that a tile has to see on each side, so that it is restored like the whole image.

    What is unknown beyond the edge of a tile disturbs the estimate there, and every step carries the disturbance
    further. Linearised about a flat object, what is left of an error with the spatial frequency :math:`\omega` after k
    steps is

    .. math:: r_k = (1 - |\hat h|^2)\,\bigl(r_{k-1} + \beta_k (r_{k-1} - r_{k-2})\bigr)

    with :math:`\beta_k = 0`, or the momentum of `scaled_heavy_ball`; for a Wiener filter it is :math:`\lambda |L|^2 /
    (|\hat h|^2 + \lambda |L|^2)`. The halo ends where the rest of the inverse transform of :math:`1 - r_k`, or of the
    light that the PSF throws that far, is small. Edges of tiles are planes, so that one line of frequencies per axis
    does, with the PSF summed over its other axes.

    A PSF that is compact and smooth asks for 2 or 3 of its radii. One with zeros in its transfer function (motion,
    defocus) asks for many, because deconvolving it carries errors far; and along the axis of a widefield PSF, where no
    plane has less light than another, it is more than most stacks have planes: they are not cut along z then.

    Parameters
    ----------
    psf : PSF or array
        Kernel with its centre at ``n // 2``, 1 to 3 axes.
    method : str
        Name of the solver.
    num_iter : int
        Iterations; more carry errors further.
    balance : float
        Weight of a Wiener filter.
    within : float
        Largest error wanted, in ranges (largest minus smallest value) of the result.

    Returns
    -------
    tuple of int
        Pixels, one number per axis.
    """
    kernel = psf.data if isinstance(psf, PSF) else np.asarray(psf)
    if method in ("learned", "learned_blind"):
        seen = (0,) * kernel.ndim
        if method == "learned":
            seen = halo(kernel, method="wiener", balance=LEARNED_BALANCE, within=within)
        return tuple(n + (NETWORK if axis >= kernel.ndim - 2 else 0) for axis, n in enumerate(seen))
    return tuple(
        _reach(_marginal(kernel, axis), method, num_iter, balance, within / WORST) for axis in range(kernel.ndim)
    )


def _marginal(kernel: NDArray[np.generic], axis: int) -> Line:
    """The kernel summed over all axes but one, sum 1, on a long line with its centre at index 0."""
    line: Line = kernel.sum(axis=tuple(a for a in range(kernel.ndim) if a != axis), dtype=np.float64)
    n = line.size
    return np.roll(np.pad(line / line.sum(), (0, (1 << (WRAP * n - 1).bit_length()) - n)), -(n // 2))


def _reach(line: Line, method: str, num_iter: int, balance: float, small: float) -> int:
    """First distance from which all that is carried further, and the light from further away, are `small`."""
    carried = (np.abs(np.fft.irfft(1 - left, line.size)) for left in _left_over(line, method, num_iter, balance))
    return max(_first(line, small), *(_first(one, small) for one in carried))


def _left_over(line: Line, method: str, num_iter: int, balance: float) -> Iterator[Line]:
    """Share of an error that the method leaves, by frequency; also after fewer steps: dim parts are not as far yet."""
    power = np.abs(np.fft.rfft(line)) ** 2
    if method == "wiener":
        laplacian = (2 - 2 * np.cos(np.linspace(0, np.pi, power.size))) ** 2
        yield balance * laplacian / (power + balance * laplacian)
        return
    left = before = np.ones_like(power)
    for step in range(num_iter):
        momentum = step / (step + 3) if method == "scaled_heavy_ball" else 0.0
        left, before = (1 - power) * (left + momentum * (left - before)), left
        if step + 1 == num_iter or (step + 1).bit_count() == 1:  # powers of two
            yield left


def _first(line: Line, small: float) -> int:
    """Smallest distance beyond which the values, on the heavier side, sum to no more than `small`."""
    half = line.size // 2
    sides = np.stack([line[1 : half + 1], line[: -half - 1 : -1]])
    beyond = np.cumsum(sides[:, ::-1], axis=1)[:, ::-1].max(axis=0)
    return int(np.argmax(np.append(beyond, 0) <= small))
