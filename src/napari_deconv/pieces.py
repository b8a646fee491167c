"""The tiles of a job: one, if its work fits into memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from .backend import Backend, gib
from .blocks import Blocks
from .io.image import Image
from .memory import predicted_bytes
from .operators import fft_grid
from .psf.type import PSF
from .recipe import Recipe
from .stopping import in_crops
from .tiles import Tile, cut, halo, plan, size

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Pieces:
    """Which tiles the blocks of a job are cut into.

    Parameters
    ----------
    tiles : tuple of Tile
        One, if a block is restored whole.
    tile : tuple of int, optional
        What the recipe says to get them again; None if a block is restored whole.
    bytes : int
        Memory that one of them takes.
    """

    tiles: tuple[Tile, ...]
    tile: Shape | None
    bytes: int


def pieces(
    recipe: Recipe,
    source: Image,
    blocks: Blocks,
    psfs: Sequence[PSF],
    backend: Backend,
    *,
    num_iter: int | None = None,
    masked: bool = False,
    available: int | None = None,
) -> Pieces:
    """The tiles of every block of a job.

    The overlap is wide enough for `num_iter` iterations: by default as many as the recipe says, or a third of the most
    that may be decided. `masked` says whether pixels are ignored; `available` are the
    bytes for the work, by default what is free beside the image and its result.

    Raises
    ------
    ValueError
        If the recipe wants tiles of a periodic image, or its tile has another number of axes than the PSF.
    MemoryError
        If not even the smallest tile fits; both figures are given.
    """
    result = 4 * blocks.count * max(1, blocks.colours) * prod(blocks.shape)
    kept = _copies(recipe, source, result) + (result if blocks.count > 1 else 0)
    room = backend.free_bytes() - kept if available is None else available

    def predict(shape: Shape) -> int:
        return max(
            predicted_bytes(
                recipe.method,
                shape,
                psf.shape,
                boundary=recipe.boundary,
                backend=backend,
                masked=masked,
                deciding=recipe.num_iter == "auto" and recipe.method != "wiener" and not in_crops(shape, psf.shape),
                automatic=recipe.balance == "auto" and recipe.noise is None,
                colours=blocks.colours,
            )
            for psf in psfs
        )

    def grid_of(psf: PSF, shape: Shape) -> Shape:
        return fft_grid(shape, psf.shape, recipe.boundary, backend)

    needed, shape = predict(blocks.shape), blocks.shape
    asked = None if recipe.tile == "auto" else recipe.tile
    if asked is None and needed <= room:
        return Pieces(cut(shape, shape, (0,) * len(shape)), None, needed)
    if recipe.boundary == "periodic":
        raise _periodic(needed + kept, room + kept, backend, asked)
    seen = _halo(recipe, psfs, num_iter or expected(recipe))
    free, whole = room + kept, needed + kept
    if available is None and blocks.count == 1:
        room -= result  # of which the prediction knows no more than a tile
    if room <= 0:
        raise MemoryError(
            f"needs about {gib(whole)}, {gib(free)} free on {backend.name}: image and result do not fit, in tiles "
            "either; crop the image, or restore it from disk to disk with tiled.run_tiled"
        )
    largest = max(psfs, key=lambda psf: psf.data.size)
    try:
        tiles = plan(shape, seen, available=room, predict=predict, grid=lambda s: grid_of(largest, s), tile=asked)
    except MemoryError as error:
        raise MemoryError(
            f"the whole image needs about {gib(whole)}, {gib(free)} free on {backend.name}; {error}"
        ) from None
    return Pieces(tiles, size(tiles, seen) if len(tiles) > 1 else None, predict(tiles[0].shape))


def expected(recipe: Recipe) -> int:
    """Iterations to be prepared for."""
    return recipe.limit // 3 if recipe.num_iter == "auto" else recipe.limit


def _copies(recipe: Recipe, source: Image, result: int) -> int:
    """Bytes of copies of the image that last as long as the job."""
    light = result if source.encoding == "srgb" else 0
    return light + (4 * source.data.size if recipe.colour == "luminance" else 0)


def _halo(recipe: Recipe, psfs: Sequence[PSF], num_iter: int) -> Shape:
    """What every tile has to see, for the widest PSF."""
    halos = [halo(psf, method=recipe.method, num_iter=num_iter) for psf in psfs]
    return tuple(max(of_axis) for of_axis in zip(*halos, strict=True))


def _periodic(needed: int, free: int, backend: Backend, asked: Shape | None) -> Exception:
    if asked is not None:
        return ValueError(f"tile={asked}: an image with boundary='periodic' cannot be cut; pass tile='auto'")
    return MemoryError(
        f"needs about {gib(needed)}, {gib(free)} free on {backend.name}; "
        "pass boundary='extended', which can be restored in tiles, or crop the image"
    )
