"""Scenes with the spectrum of photographs: overlapping disks of all sizes (dead leaves)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from napari_deconv.psf import PSF

Array = NDArray[np.float64]
CUBED = 3  # radii r with density r^-3: no scale is favoured (Lee, Mumford & Huang, Int. J. Comput. Vis. 41, 35, 2001)


def dead_leaves(side: int, seed: int, leaves: int = 3000) -> Array:
    """A square scene of `leaves` disks, the later over the earlier; values 0 to 1."""
    rng = np.random.default_rng(seed)
    scene = np.full((side, side), 0.5)
    low, high = 1.5, side / 3
    share = rng.uniform(0, 1, leaves)
    radii = (low ** (1 - CUBED) + share * (high ** (1 - CUBED) - low ** (1 - CUBED))) ** (1 / (1 - CUBED))
    line = np.arange(side)
    for radius, (row, column), value in zip(
        radii, rng.uniform(0, side, (leaves, 2)), rng.uniform(0, 1, leaves), strict=True
    ):
        rows, columns = (slice(max(0, int(c - radius)), int(c + radius) + 2) for c in (row, column))
        inside = np.add.outer((line[rows] - row) ** 2, (line[columns] - column) ** 2) <= radius**2
        scene[rows, columns][inside] = value
    return scene


def photographed(psf: PSF, side: int, seed: int, noise: float = 0.01) -> Array:
    """The valid part, `side` x `side`, of a scene seen through a blur, with white noise."""
    scene = dead_leaves(side + max(psf.shape) - 1, seed)
    blurred = fftconvolve(scene, psf.data.astype(np.float64), "valid")[:side, :side]
    return np.asarray(blurred + np.random.default_rng(seed + 1000).normal(0, noise, blurred.shape))
