"""Simulated specimens and what a microscope records of them, for benchmarks that need a known truth.

Three kinds that ask different things of a deconvolution: `filaments` (thin curved lines), `nuclei` (filled, textured
ellipsoids), `points` (sources smaller than a pixel). `scene` makes one in a field larger than the view, on top of a
haze, blurs it linearly, crops it and counts photons, so that light comes in from outside as it does in reality.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_deconv import PSF
from napari_deconv.operators import Blur

Pixels = NDArray[np.floating[Any]]
Shape = tuple[int, ...]


def filaments(rng: np.random.Generator, shape: Shape) -> Pixels:
    """Curved lines about a pixel thick, each of its own brightness; flatter along z than along y and x."""
    x = np.zeros(shape)
    count = max(4, round(6e-3 * np.prod(shape[-2:]) * (shape[0] / 16 if len(shape) == 3 else 1) ** 0.5))
    flat = np.array([0.3, 1, 1][-len(shape) :])
    t = np.linspace(-1, 1, 6 * max(shape))
    for _ in range(count):
        middle, reach = rng.uniform(0, shape), rng.uniform(0.3, 0.9) * np.array(shape) * flat
        way, bend = rng.normal(0, 1, len(shape)), rng.normal(0, 0.3, len(shape))
        splat(x, middle + reach * (np.outer(t, way) + np.outer(t**2, bend)), rng.uniform(0.3, 1.5))
    lines: Pixels = ndimage.gaussian_filter(x, 0.6)
    return lines


def nuclei(rng: np.random.Generator, shape: Shape) -> Pixels:
    """Filled ellipsoids with chromatin: a smooth texture of 2 to 3 voxels and some bright clumps."""
    x, grid = np.zeros(shape), np.indices(shape)
    for _ in range(max(3, round(np.prod(shape[-2:]) / 1400))):
        axes = rng.uniform([0.3, 9, 9][-len(shape) :], [0.45, 16, 16][-len(shape) :])
        axes = axes * ([shape[0], 1, 1] if len(shape) == 3 else 1)
        place = rng.uniform(0.05, 0.95, len(shape)) * shape
        radius = np.sqrt(sum(((g - c) / a) ** 2 for g, c, a in zip(grid, place, axes, strict=True)))
        inside = np.clip((1 - radius) * min(axes) + 0.5, 0, 1)
        texture = ndimage.gaussian_filter(rng.normal(0, 1, shape), rng.uniform(1.2, 2.5))
        chromatin = np.exp(0.5 * texture / texture.std())
        x = np.maximum(x, rng.uniform(0.4, 1.2) * inside * chromatin)
    return x


def points(rng: np.random.Generator, shape: Shape) -> Pixels:
    """Sources smaller than a voxel, at any place between voxels, of very different brightness."""
    x = np.zeros(shape)
    count = max(10, round(np.prod(shape) / (250 if len(shape) == 2 else 1500)))
    for _ in range(count):
        splat(x, rng.uniform(0, shape, (1, len(shape))), rng.gamma(1.5, 0.6))
    return x


def splat(x: Pixels, places: Pixels, weight: float) -> None:
    """Add `weight` at each of `places` (count, ndim), shared among the voxels around it; what lies outside is lost."""
    low = np.floor(places).astype(int)
    for corner in np.ndindex((2,) * x.ndim):
        at = low + corner
        share = np.prod(1 - np.abs(places - at), axis=1)
        inside = np.all((at >= 0) & (at < x.shape), axis=1)
        np.add.at(x, tuple(at[inside].T), weight * share[inside])


KINDS: dict[str, Callable[[np.random.Generator, Shape], Pixels]] = {
    "filaments": filaments,
    "nuclei": nuclei,
    "points": points,
}


@dataclass(frozen=True)
class Scene:
    """What was there and what was seen.

    Parameters
    ----------
    truth : array
        The object under the view, photons per voxel, haze included.
    light : array
        Expected photons per pixel.
    photons : array
        Photons counted.
    """

    truth: Pixels
    light: Pixels
    photons: Pixels


def scene(
    kind: str, shape: Shape, psf: PSF, peak: float, seed: int, *, haze: float = 0.05, margin: Shape | None = None
) -> Scene:
    """An object of `kind` seen through `psf`, `peak` expected photons in its brightest pixel above the haze.

    Parameters
    ----------
    kind : {"filaments", "nuclei", "points"}
        What is to be seen.
    shape : tuple of int
        The view, pixels.
    psf : PSF
        Blur.
    peak : float
        Photons.
    seed : int
        Of the object and of the photons.
    haze : float
        Flat light from the medium, as a share of `peak`.
    margin : tuple of int, optional
        How far the field goes beyond the view on each side; half the PSF by default.
    """
    rng = np.random.default_rng(seed)
    margin = margin or tuple(p // 2 for p in psf.shape)
    field = tuple(n + 2 * m for n, m in zip(shape, margin, strict=True))
    view = tuple(slice(m, m + n) for m, n in zip(margin, shape, strict=True))
    blur = Blur(psf, field, dtype="float64")
    x = np.zeros(blur.in_shape)
    blur.crop(x)[:] = KINDS[kind](rng, field)
    seen = np.maximum(blur.forward(x)[view], 0)
    scale = peak / seen.max()
    light = scale * seen + haze * peak
    truth = scale * blur.crop(x)[view] + haze * peak
    return Scene(truth, light, rng.poisson(light).astype(np.float64))
