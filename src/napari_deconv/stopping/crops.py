"""Pieces of a big picture that are enough to decide on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import Array

Crop = tuple[slice, ...]
SMALL = 2**18  # voxels, margins included: deciding on all of it takes seconds
BUDGET = 0.25  # all crops together, margins included, against the whole
WIDEST, NARROWEST = 16, 4  # PSF radii along each axis
LEAST = 32  # pixels along each axis, if there are as many
TRIED = 64  # places looked at


def crops(
    y: Array, psf_shape: Sequence[int], *, seed: int, count: int = 8, ignored: Array | None = None
) -> tuple[Crop, ...]:
    """Where to look in order to decide for the whole: up to `count` crops from dim to bright, without overlap.

    They stand at equal steps of the quantiles of brightness and include the brightest, so that together they are
    like the whole and never all dark. They are as wide as a quarter of the work of the whole allows, 16 radii of the
    PSF at most and 4 at least; if not even two of the smallest are that cheap, or the picture is small, it is decided
    as a whole.

    Parameters
    ----------
    y : array
        Image, any library.
    psf_shape : sequence of int
        Samples along each axis.
    seed : int
        Of the random numbers that shift the grid of places.
    count : int
        Crops wanted.
    ignored : array of bool, optional
        True where a pixel is masked; crops masked by more than half are left out.

    Returns
    -------
    tuple of tuple of slice
        One entry, the whole, if the picture is not big.
    """
    whole = tuple(slice(0, n) for n in y.shape)
    if not in_crops(y.shape, psf_shape):
        return (whole,)
    sides, affordable = _sides(y.shape, psf_shape, count)
    rng = np.random.default_rng(seed)
    places = [p for p in _places(y.shape, sides, rng) if ignored is None or float(ignored[p].mean()) <= 0.5]
    if len(places) < 2:
        return (whole,)
    places.sort(key=lambda p: float(y[p].mean(dtype=np.float64)))
    count = min(affordable, len(places))
    return tuple(places[-(-len(places) * (i + 1) // count) - 1] for i in range(count))


def in_crops(shape: Sequence[int], psf_shape: Sequence[int]) -> bool:
    """Whether a picture of that shape is big enough to be decided on crops, and two of them are cheap enough."""
    return _work(shape, psf_shape) >= SMALL and _sides(shape, psf_shape, 2)[1] == 2


def _work(shape: Sequence[int], psf_shape: Sequence[int]) -> float:
    """Voxels of the object."""
    return float(np.prod([n + p - 1 for n, p in zip(shape, psf_shape, strict=True)]))


def _sides(shape: Sequence[int], psf_shape: Sequence[int], count: int) -> tuple[tuple[int, ...], int]:
    """The widest crops of which `count` fit into the budget, else the smallest; and how many do."""
    sides, fit, room = tuple(shape), 0, BUDGET * _work(shape, psf_shape)
    for radii in range(WIDEST, NARROWEST - 1, -1):
        sides = tuple(min(n, max(radii * (p // 2), LEAST)) for n, p in zip(shape, psf_shape, strict=True))
        fit = int(room // _work(sides, psf_shape))
        if fit >= count:
            break
    return sides, min(fit, count)


def _places(shape: Sequence[int], sides: Sequence[int], rng: np.random.Generator) -> list[Crop]:
    """Cells of a grid of crops that begins at a random place; at most `TRIED` of them."""
    cells = [n // side for n, side in zip(shape, sides, strict=True)]
    first = [int(rng.integers(0, n - c * side + 1)) for n, c, side in zip(shape, cells, sides, strict=True)]
    numbers: Any = np.arange(int(np.prod(cells)))
    if len(numbers) > TRIED:
        numbers = np.sort(rng.choice(numbers, TRIED, replace=False))
    return [
        tuple(slice(f + int(i) * side, f + (int(i) + 1) * side) for f, i, side in zip(first, cell, sides, strict=True))
        for cell in zip(*np.unravel_index(numbers, cells), strict=True)
    ]
