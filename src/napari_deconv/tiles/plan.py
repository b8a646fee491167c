"""Which tiles an image is cut into."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log2, prod

from ..backend import gib

Shape = tuple[int, ...]
Region = tuple[slice, ...]
SMALLEST = 32  # pixels that a chosen tile answers for along an axis that is cut; and no less than its halo


@dataclass(frozen=True)
class Tile:
    """One piece of an image.

    Parameters
    ----------
    index : int
        Its number in the plan.
    core : tuple of slice
        What it answers for; the cores of a plan cover every pixel once.
    read : tuple of slice
        What it has to see: the core and its halo, as far as there is an image. All tiles of a plan read blocks of the
        same shape.
    inner : tuple of slice
        Where the core lies within what was read.
    """

    index: int
    core: Region
    read: Region
    inner: Region

    @property
    def shape(self) -> Shape:
        """Shape of what is read."""
        return tuple(part.stop - part.start for part in self.read)


def plan(
    shape: Shape,
    halo: Shape,
    *,
    available: int,
    predict: Callable[[Shape], int],
    grid: Callable[[Shape], Shape],
    tile: Shape | None = None,
) -> tuple[Tile, ...]:
    """The tiles that take the least work and fit into memory; one, if the whole image does.

    An axis is cut only into tiles that answer for no less than their halo: with less, nearly all work would go into
    surroundings.

    Parameters
    ----------
    shape : tuple of int
        Spatial shape of the image.
    halo : tuple of int
        Pixels that a tile has to see on each side of what it answers for; see `halo`.
    available : int
        Bytes that may be taken.
    predict : callable
        ``predict(shape)``: bytes that restoring a block of that shape takes; more for a larger block.
    grid : callable
        ``grid(shape)``: shape of the FFT that a block of that shape takes.
    tile : tuple of int, optional
        Instead of choosing: most pixels that a tile within the image answers for along each axis. A tile at the edge of
        the image needs no halo there and answers for as much more.

    Raises
    ------
    ValueError
        If there are not as many numbers as axes, or one is not positive.
    MemoryError
        If not even the smallest tiles fit, or those asked for do not; both figures are given.
    """
    _check(shape, halo=halo, tile=shape if tile is None else tile)
    asked = [tile] if tile is not None else _by_work(shape, halo, grid)
    for size in asked:
        if predict(read_shape(shape, size, halo)) <= available:
            return cut(shape, size, halo)
    least = min((read_shape(shape, size, halo) for size in asked), key=predict)
    raise MemoryError(
        f"a tile of {least}, of it {halo} on each side to be seen only, needs about {gib(predict(least))}, "
        f"{gib(available)} are free; "
        + ("crop the PSF or take fewer iterations" if tile is None else "pass tile='auto'")
    )


def cut(shape: Shape, tile: Shape, halo: Shape) -> tuple[Tile, ...]:
    """Tiles that answer for at most `tile` pixels along each axis (more at the edges of the image); see `plan`."""
    lines = [list(_stretches(*axis)) for axis in zip(shape, tile, halo, strict=True)]
    return tuple(Tile(i, *zip(*axes, strict=True)) for i, axes in enumerate(itertools.product(*lines)))


def size(tiles: tuple[Tile, ...], halo: Shape) -> Shape:
    """The argument `tile` that gives a plan again, however much memory there is then."""
    whole = (part.stop for part in tiles[-1].core)
    return tuple(n if n == block else block - 2 * h for n, block, h in zip(whole, tiles[0].shape, halo, strict=True))


def read_shape(shape: Shape, tile: Shape, halo: Shape) -> Shape:
    """Shape of what each tile reads."""
    return tuple(_length(n, _count(n, c, h), h) for n, c, h in zip(shape, tile, halo, strict=True))


def _count(n: int, core: int, halo: int) -> int:
    """Tiles along an axis of `n` pixels; the first and the last answer for one halo more than the others."""
    return max(1, -(-(n - 2 * halo) // core)) if n > core else 1


def _length(n: int, count: int, halo: int) -> int:
    """Pixels that each of `count` tiles reads, so that the cores of equal blocks cover the axis."""
    return n if count == 1 else -(-(n - 2 * halo) // count) + 2 * halo


def _stretches(n: int, core: int, halo: int) -> Iterator[tuple[slice, slice, slice]]:
    """Core, read and inner slice of every tile along one axis; neighbours share what both see in halves."""
    count = _count(n, core, halo)
    length = _length(n, count, halo)
    starts = [i * (n - length) // max(1, count - 1) for i in range(count)]
    borders = [0, *((a + length + b) // 2 for a, b in itertools.pairwise(starts)), n]
    for start, (low, high) in zip(starts, itertools.pairwise(borders), strict=True):
        yield slice(low, high), slice(start, start + length), slice(low - start, high - start)


def _by_work(shape: Shape, halo: Shape, grid: Callable[[Shape], Shape]) -> list[Shape]:
    """Sizes of tiles, those with the least work in the FFTs of all tiles together first."""
    lines = [list(_sizes(n, h)) for n, h in zip(shape, halo, strict=True)]

    def work(tile: Shape) -> float:
        voxels = prod(grid(read_shape(shape, tile, halo)))
        return prod(map(_count, shape, tile, halo)) * voxels * log2(voxels + 1)

    return sorted(itertools.product(*lines), key=work)


def _sizes(n: int, halo: int) -> Iterator[int]:
    """Sizes along one axis that are worth a try: the whole, a half, a third, …, from a twelfth on in larger steps."""
    yield n
    count = 2
    while (size := -(-(n - 2 * halo) // count)) >= max(halo, SMALLEST):
        yield size
        count = max(count + 1, count * 9 // 8)


def _check(shape: Shape, **given: Shape) -> None:
    for name, numbers in given.items():
        lowest = 0 if name == "halo" else 1
        if len(numbers) != len(shape) or min(numbers, default=lowest) < lowest:
            raise ValueError(
                f"{name} {tuple(numbers)} does not go with an image of {tuple(shape)}: "
                f"it needs {len(shape)} numbers, each at least {lowest}"
            )
