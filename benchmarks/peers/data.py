"""The test pictures that every contender gets: as .npy files, the same for all.

Spheres, filaments and points lie in a field wider than the view, so that light enters the picture from outside. They
are blurred linearly with a PSF that is asymmetric on purpose, cropped to the view, and given Poisson noise.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve

Array = NDArray[Any]
Shape = tuple[int, ...]
CASES: dict[str, tuple[Shape, Shape]] = {"3-D": ((64, 256, 256), (31, 25, 25)), "2-D": ((1024, 1024), (31, 31))}
QUICK: dict[str, tuple[Shape, Shape]] = {"3-D": ((16, 64, 64), (7, 9, 9)), "2-D": ((192, 192), (15, 15))}
BACKGROUND = 5.0  # light everywhere, counts
VOXELS_PER = {3: (60_000, 250_000, 25_000), 2: (6_000, 30_000, 4_000)}  # sphere, filament, point
BLOB = 2.0  # sigma of the object whose place is looked at, samples


def write(folder: Path, quick: bool) -> None:
    """Both cases, and the pictures that show displacements, below `folder`."""
    for number, (case, (view, size)) in enumerate((QUICK if quick else CASES).items()):
        rng = np.random.default_rng(20 + number)
        kernel = lopsided(size)
        wide = scene(tuple(n + p - 1 for n, p in zip(view, size, strict=True)), rng)
        seen = rng.poisson(np.maximum(fftconvolve(wide, kernel, "valid"), 0.0))
        save(folder / case, image=seen, psf=kernel, truth=crop(wide, view, size))
    for view, size in placements():
        kernel = gaussian(size, tuple(n / 5 for n in size))
        wide = BACKGROUND + 1000 * blob(tuple(n + p - 1 for n, p in zip(view, size, strict=True)), view, size)
        save(folder / placement(view, size), image=fftconvolve(wide, kernel, "valid"), psf=kernel)


def save(folder: Path, **arrays: Array) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array, dtype=np.float32))


def placements() -> list[tuple[Shape, Shape]]:
    """Views and PSFs, even and odd in every combination, in both dimensions."""
    return [((n,) * axes, (p,) * axes) for axes in (2, 3) for n in (40, 41) for p in (9, 10)]


def placement(view: Shape, size: Shape) -> str:
    """Name of the folder of one of them."""
    return f"place-{len(view)}-{view[0]}-{size[0]}"


def crop(wide: Array, view: Shape, size: Shape) -> Array:
    """What of the object lies under the image; the centre of a PSF is at ``n // 2``."""
    before = [p - 1 - p // 2 for p in size]
    return wide[tuple(slice(b, b + n) for b, n in zip(before, view, strict=True))]


def gaussian(size: Shape, sigma: tuple[float, ...], shift: float = 0.0) -> Array:
    """A Gaussian that sums to 1; `shift`: off the centre, in sigmas."""
    squares = [((np.arange(n) - n // 2) / s - shift) ** 2 for n, s in zip(size, sigma, strict=True)]
    kernel: Array = np.exp(-0.5 * sum(np.ix_(*squares)))
    kernel /= kernel.sum()
    return kernel


def lopsided(size: Shape) -> Array:
    """A sharp core, a wide skirt, and a lobe to one side."""
    core, skirt = tuple(n / 12 for n in size), tuple(n / 6 for n in size)
    return 0.6 * gaussian(size, core) + 0.25 * gaussian(size, skirt) + 0.15 * gaussian(size, core, shift=2.0)


def blob(wide: Shape, view: Shape, size: Shape) -> Array:
    """A spot at ``n // 2`` of the view."""
    centres = [p - 1 - p // 2 + n // 2 for n, p in zip(view, size, strict=True)]
    squares = [((np.arange(w) - c) / BLOB) ** 2 for w, c in zip(wide, centres, strict=True)]
    spot: Array = np.exp(-0.5 * sum(np.ix_(*squares)))
    return spot


def scene(shape: Shape, rng: np.random.Generator) -> Array:
    """Spheres, filaments and points on a faint background, in counts."""
    x = np.full(shape, BACKGROUND)
    spheres, filaments, sparks = (x.size // voxels for voxels in VOXELS_PER[x.ndim])
    for _ in range(spheres):
        add_sphere(x, rng)
    threads = np.zeros(shape)
    for _ in range(filaments):
        add_filament(threads, rng)
    x += 600 * gaussian_filter(threads, 0.8)
    points = rng.integers(0, x.size, sparks)
    x.reshape(-1)[points] += rng.uniform(500, 5000, points.size)
    return x


def add_sphere(x: Array, rng: np.random.Generator) -> None:
    radius, centre = rng.uniform(3, 9), [rng.uniform(0, n) for n in x.shape]
    part = tuple(
        slice(max(0, int(c - radius)), min(n, int(c + radius) + 2)) for n, c in zip(x.shape, centre, strict=True)
    )
    grids = np.ogrid[part]
    inside = sum((g - c) ** 2 for g, c in zip(grids, centre, strict=True)) < radius**2
    x[part] += rng.uniform(50, 250) * inside


def add_filament(x: Array, rng: np.random.Generator) -> None:
    """A random walk that turns slowly."""
    steps = 2 * max(x.shape)
    turns = gaussian_filter(rng.standard_normal((steps, x.ndim)), (15, 0))
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    path = (rng.uniform(0, 1, x.ndim) * x.shape + 0.5 * np.cumsum(turns, axis=0)).astype(int)
    path = path[((path >= 0) & (path < x.shape)).all(axis=1)]
    x[tuple(path.T)] = 1
