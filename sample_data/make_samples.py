"""Make the simulated pictures of this folder again: ``python make_samples.py coffee.png [folder]``.

`coffee.png` is the photograph of scikit-image's data folder (600 x 400 pixels, CC0). The same NumPy and SciPy give the
same pixels bit for bit.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve

from napari_deconv import psf
from napari_deconv.io import Image, extras, read, write
from napari_deconv.light import to_encoded, to_linear
from napari_deconv.psf import PSF

Array = NDArray[np.float64]

SPACING = (0.3, 0.1, 0.1)  # micrometres, ZYX
VIEW = (24, 96, 96)  # voxels that the camera records
OPTICS = {"na": 1.2, "wavelength": 0.52, "ri": 1.33, "theory": "scalar"}
KERNEL = (47, 65, 65)  # samples of the PSF: from the first plane to the last, and 3.2 micrometres sideways
OFFSET = 100  # counts of the camera without light
STACK_SEED, PHOTO_SEED = 18, 21

PHOTO_VIEW = (slice(60, 360), slice(150, 470))  # rows and columns of the photograph
RADIUS = 4.0  # pixels of defocus
PHOTO_NOISE = 0.002  # of the full scale, in linear light


def widefield_stack() -> tuple[Image, PSF, Image]:
    """A widefield stack of a simulated cell, the PSF that blurred it, and what an ideal camera would have counted.

    The specimen is wider than the view by the reach of the PSF, so that light comes in over every edge.
    """
    kernel = psf.widefield(SPACING, shape=KERNEL, **OPTICS)
    rng = np.random.default_rng(STACK_SEED)
    domain = tuple(n + k - 1 for n, k in zip(VIEW, KERNEL, strict=True))
    photons = specimen(rng, domain)
    blurred = fftconvolve(photons, kernel.data.astype(np.float64), mode="valid")
    counts = rng.poisson(np.maximum(blurred, 0)) + OFFSET
    seen = tuple(slice(k // 2, k // 2 + n) for n, k in zip(VIEW, KERNEL, strict=True))
    optics = {"na": OPTICS["na"], "ri": OPTICS["ri"], "wavelengths": (OPTICS["wavelength"],)}
    image = Image(counts.astype(np.uint16), "ZYX", SPACING, metadata=optics)
    truth = Image(np.rint(photons[seen]).astype(np.uint16), "ZYX", SPACING, metadata=optics)
    return image, kernel, truth


def specimen(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Photons from every voxel of a layer of cells: nuclei, filaments and beads on a faint glow."""
    light = np.full(shape, 100.0)
    light += 5000 * nuclei(rng, shape, count=7)
    light += 20000 * filaments(rng, shape, count=36)
    light += 20000 * beads(rng, shape, count=60)
    return light


def layer(rng: np.random.Generator, shape: tuple[int, ...], count: int) -> Array:
    """Places in micrometres, anywhere sideways, no more than 3.8 micrometres from the middle in depth."""
    size = np.multiply(shape, SPACING)
    places: Array = rng.uniform((size[0] / 2 - 3.8, 0, 0), (size[0] / 2 + 3.8, *size[1:]), (count, 3))
    return places


def nuclei(rng: np.random.Generator, shape: tuple[int, ...], count: int) -> Array:
    """Ellipsoids with a texture of chromatin, about 1."""
    inside = np.zeros(shape)
    grid = np.indices(shape, sparse=True)
    for centre in layer(rng, shape, count):
        radius = rng.uniform(1.4, 2.2, 3)
        distance = sum(((g * s - c) / r) ** 2 for g, s, c, r in zip(grid, SPACING, centre, radius, strict=True))
        np.maximum(inside, distance < 1, out=inside)
    texture = gaussian_filter(rng.standard_normal(shape), _voxels(0.22))
    return gaussian_filter(inside, _voxels(0.1)) * np.maximum(1 + 0.45 * texture / texture.std(), 0.1)


def filaments(rng: np.random.Generator, shape: tuple[int, ...], count: int) -> Array:
    """Smoothly bending threads, 0.2 micrometres wide, 1 on their axis."""
    threads = np.zeros(shape)
    steps, step = 400, 0.05  # micrometres
    for middle in layer(rng, shape, count):
        turns = np.cumsum(rng.normal(0, 0.03, (steps, 2)), axis=0) + rng.uniform(0, 2 * np.pi, 2)
        tilt, azimuth = 0.2 * np.sin(turns[:, 0]), turns[:, 1]
        way = np.stack([np.sin(tilt), np.cos(tilt) * np.sin(azimuth), np.cos(tilt) * np.cos(azimuth)], axis=1)
        path = np.cumsum(step * way, axis=0)
        _add_points(threads, (middle + path - path.mean(axis=0)) / SPACING)
    return _soft(threads, 0.1) * 2 * np.pi * 0.1**2 * step / np.prod(SPACING)


def beads(rng: np.random.Generator, shape: tuple[int, ...], count: int) -> Array:
    """Balls of 0.2 micrometres, half to whole brightness."""
    points = np.zeros(shape)
    _add_points(points, layer(rng, shape, count) / SPACING, rng.uniform(0.5, 1, count))
    return _soft(points, 0.1) * (2 * np.pi) ** 1.5 * 0.1**3 / np.prod(SPACING)


def _add_points(light: Array, points: Array, weight: Array | float = 1.0) -> None:
    """Share points between the eight voxels around each; those outside are left out."""
    corner = np.floor(points).astype(int)
    part = points - corner
    for shift in np.ndindex(2, 2, 2):
        index = corner + shift
        share = np.prod(np.where(shift, part, 1 - part), axis=1) * weight
        inside = np.all((index >= 0) & (index < light.shape), axis=1)
        np.add.at(light, tuple(index[inside].T), share[inside])


def _soft(light: Array, width: float) -> Array:
    """Blurred by a Gaussian of that standard deviation in micrometres."""
    return gaussian_filter(light, _voxels(width))


def _voxels(length: float) -> tuple[float, ...]:
    return tuple(length / s for s in SPACING)


def defocused_photo(path: Path) -> tuple[Image, Image]:
    """Part of a photograph out of focus, and the same part in focus; 8 bits, colour, sRGB."""
    photo = read(path)
    light = to_linear(photo).data.astype(np.float64)
    kernel = psf.defocus(RADIUS).data.astype(np.float64)
    margin = kernel.shape[0] // 2
    wide = tuple(slice(v.start - margin, v.stop + margin) for v in PHOTO_VIEW)
    blurred = np.stack([fftconvolve(light[wide][..., i], kernel, mode="valid") for i in range(3)], axis=-1)
    blurred += np.random.default_rng(PHOTO_SEED).normal(0, PHOTO_NOISE, blurred.shape)
    truth = Image(np.ascontiguousarray(photo.data[PHOTO_VIEW]), "YXS", None, "srgb")
    pixels, _ = to_encoded(blurred.astype(np.float32), truth)
    return truth.with_data(pixels), truth


def write_compressed(path: Path, image: Image) -> None:
    """An OME-TIFF like those of `napari_deconv.write`, but compressed."""
    sizes = {f"PhysicalSize{a}": s for a, s in zip(image.spatial_axes, image.spacing or (), strict=True)}
    wavelength = image.metadata["wavelengths"][0]
    metadata = {
        "axes": image.axes,
        "UUID": "00000000-0000-4000-8000-000000000000",
        "Creator": "napari-deconv",
        **sizes,
        **{f"{k}Unit": "µm" for k in sizes},
        "Channel": [{"EmissionWavelength": wavelength * 1e3, "EmissionWavelengthUnit": "nm"}],
        "MapAnnotation": {"Namespace": extras.KEY, "Value": {extras.KEY: extras.dumps(image)}},
    }
    options = {"compression": "zlib", "compressionargs": {"level": 9}, "predictor": True}
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(image.data, metadata=metadata, photometric="minisblack", software="napari-deconv", **options)


def main(photo: str, folder: str = ".") -> None:
    """Write the five files."""
    to = Path(folder)
    image, kernel, truth = widefield_stack()
    write_compressed(to / "widefield_stack.ome.tif", image)
    write_compressed(to / "widefield_stack_truth.ome.tif", truth)
    write_compressed(
        to / "widefield_stack_psf.ome.tif", Image(kernel.data, "ZYX", SPACING, metadata=dict(image.metadata))
    )
    blurred, sharp = defocused_photo(Path(photo))
    write(to / "defocused_coffee.png", blurred, overwrite=True)
    write(to / "defocused_coffee_truth.png", sharp, overwrite=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
