"""How much memory a method will take, from the arrays it holds at its busiest moments; nothing is allocated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from .backend import Backend, threads
from .engines.slab import PIECE
from .engines.whole import SLABS
from .operators import Boundary, Shape, fft_grid
from .recipe import LEARNED

FEATURES = 420  # bytes of the network's features for each pixel of a piece that it works on
PIECE_AT_MOST, AROUND = 768, 128  # of network.denoiser: sides of a piece, and what is seen around it
SMALL = 2**23  # bytes of everything that does not grow with the image
EFFORT, DRAWS, PARTED = 2**20, 4, 16  # of stopping.held_out: voxels, times, planes
LOOKED = 2**20  # of camera.pixels: pixels
ARRAYS = {"richardson_lucy": 2, "scaled_heavy_ball": 3, "richardson_lucy_tv": 3}  # x, gain; p, or gain over factor


@dataclass(frozen=True)
class _Sizes:
    """Bytes of the arrays of a restoration, by name."""

    image: int  # float32
    grid: int  # float32, margins included
    object: int  # what a solver estimates: the grid with extended edges, else the image
    spectrum: int  # complex64, half
    mirror: int  # the grid, and what it is mirrored from along its last axis
    fold: int  # what is folded back along the first two axes
    engine: int  # what a blur keeps
    build: int  # what it takes to make it
    sweep: int  # what it takes to use it, its result apart
    slopes: int  # what total variation takes to look at slabs of an object, one in every thread
    mask: int  # 0 without a mask
    parting: int  # what it takes to put photons aside, a few planes at a time
    looking: int  # what it takes to estimate the camera
    draws: int  # estimates under way at a time while photons put aside decide


def predicted_bytes(
    method: str,
    shape: Shape,
    kernel_shape: Shape,
    *,
    boundary: Boundary,
    backend: Backend,
    masked: bool = False,
    automatic: bool = True,
    deciding: bool = False,
    colours: int = 0,
) -> int:
    """Memory that restoring one block takes at most, the block as it came and its place in the result not counted.

    Parameters
    ----------
    method : str
        Name of the solver.
    shape, kernel_shape : tuple of int
        Spatial shapes of block and PSF.
    boundary : {"extended", "reflect", "periodic"}
        What is assumed outside the block.
    backend : Backend
        Where the work is done.
    masked : bool
        Whether pixels are ignored.
    automatic : bool
        Whether the weight of a Wiener filter is found in the image.
    deciding : bool
        Whether the number of iterations is decided on the whole block; photons put aside take the most. (Crops take
        less than the block.)
    colours : int
        How many a block holds, if it holds several.

    Returns
    -------
    int
        Bytes: no less than is taken, and for large blocks no more than 1.2 times as much; benchmarks/memory.py.
    """
    sizes = _sizes(shape, kernel_shape, boundary, backend, masked)
    if method in LEARNED:
        return max(sizes.build, *_learned(sizes, max(1, colours))) + _features(shape) + SMALL
    moments = _wiener(sizes, automatic) if method == "wiener" else _poisson(sizes, method, boundary)
    before = _deciding(sizes, method) if deciding and method != "wiener" else iter(())
    return max(sizes.build, *moments, *before) + SMALL


def _sizes(shape: Shape, kernel_shape: Shape, boundary: Boundary, backend: Backend, masked: bool) -> _Sizes:
    around = fft_grid(shape, kernel_shape, boundary, backend)
    pixels = prod(shape)
    image, grid = 4 * pixels, 4 * prod(around)
    spectrum = 8 * prod(around[:-1]) * (around[-1] // 2 + 1)
    first, last = shape[0] / around[0], shape[-1] / around[-1]
    folded, kernel = 8 * around[0] * prod(kernel_shape[1:]), 2 * 4 * prod(kernel_shape)  # as given, on the voxel grid
    wide, crew = grid if boundary == "extended" else image, threads() if backend.name == "numpy" else 1
    if backend.name == "numpy" and len(shape) > 1:  # engines.slab: transfer function, spectrum; planes in every thread
        plane = max(PIECE, spectrum // (around[0] if len(shape) > 2 else prod(around[:-1])))
        engine, build, sweep = 2 * spectrum, spectrum + 2 * folded, 4 * crew * plane
    else:  # engines.whole: transfer function, work buffer; spectrum, the FFT's own copy, blurred object, ratio
        engine, build, sweep = spectrum + grid, grid + 2 * spectrum, 2 * spectrum + grid + 2 * image
    return _Sizes(
        image=image,
        grid=grid,
        object=wide,
        spectrum=spectrum,
        mirror=round(grid * (1 + last)),
        fold=round(grid * first * (1 + (shape[1] / around[1] if len(shape) > 1 else 0))),
        engine=engine + kernel,
        build=build + kernel,
        sweep=sweep,
        slopes=10 * min(crew, SLABS) * wide // SLABS,
        mask=image if masked else 0,
        parting=round(7 * 2 * image * min(1, PARTED / shape[0])),
        looking=16 * 8 * pixels // max(1, pixels // LOOKED),
        draws=min(max(EFFORT // (wide // 4), 1), DRAWS),
    )


def _poisson(s: _Sizes, method: str, boundary: Boundary) -> Iterator[int]:
    """The busiest moments of Richardson-Lucy and its relatives, set-up included."""
    base = s.engine + s.image + s.mask + s.mask // 2  # image; weights, and two masks of a byte per pixel
    yield base + 4 * s.image  # the image in double precision, and once more without what is below zero
    back = s.object if boundary != "reflect" else s.grid + s.fold  # a projection, and what it is folded from
    yield base + s.object + s.image + s.mask + back + s.sweep  # start: sensitivity; image less background, projected
    if boundary == "extended":
        yield base + s.object + s.image + s.mask + s.mirror  # start: sensitivity; the image mirrored around itself
    state = base + ARRAYS[method] * s.object + 2 * s.mask  # and image and background under their weights
    if method == "richardson_lucy_tv":
        yield state + s.slopes
    yield state + s.sweep + (2 * s.grid if boundary == "reflect" else 0)  # the object mirrored, and its projection
    yield state + s.object + 2 * s.image  # a snapshot: the estimate, in units of the image, on the host


def _deciding(s: _Sizes, method: str) -> Iterator[int]:
    """The busiest moments of deciding by photons put aside."""
    yield s.image + s.looking  # windows of the image and what is known of them, in double precision
    kept = (
        4 * s.image + 3 * s.mask
    )  # seen, put aside, predicted now and at best; under weights the first, and background
    base = s.engine + s.image + s.mask + s.mask // 2
    parted = base + s.draws * kept
    yield parted + s.parting
    begun = parted + (s.draws - 1) * ARRAYS[method] * s.object
    yield begun + s.object + s.image + s.mask + s.object + s.sweep  # the last start: see _poisson
    yield begun + s.object + s.image + s.mask + s.mirror
    state = begun + ARRAYS[method] * s.object
    yield state + 2 * s.sweep  # blocks of the prediction, and what they are compared with
    if method == "richardson_lucy_tv":
        yield state + s.slopes


def _learned(s: _Sizes, colours: int) -> Iterator[int]:
    """The busiest moments of a learned restoration, but for the network itself."""
    kept = s.engine + s.mask + s.grid + colours * (s.image + 2 * s.grid)  # where recorded; image, and around it, twice
    yield kept + colours * (4 * s.grid + 4 * s.spectrum) + 3 * s.spectrum  # fitting; otf, power and their square
    yield kept + 20 * colours * s.grid  # denoising: fit and prior, without their ground, on planes; estimates; snapshot


def _features(shape: Shape) -> int:
    """Bytes of the network's features for one piece."""
    sides = [min(n, PIECE_AT_MOST) + AROUND for n in (1, *shape)[-2:]]
    return FEATURES * prod(sides)


def _wiener(s: _Sizes, automatic: bool) -> Iterator[int]:
    """The busiest moments of the Wiener filter."""
    base = s.engine + s.image + s.mask + s.grid  # image with margins
    yield base + s.image + s.sweep  # the result
    yield s.engine + 4 * s.image + s.mask + s.sweep  # afterwards: image, result, that in units of the image, a snapshot
    if automatic:  # its spectrum, transfer function; two powers; frequencies in double precision, twice, and single
        yield base + 3 * s.spectrum + 5 * s.spectrum // 2
