"""Tile after tile, from any source to any sink."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from .plan import Region, Tile


class Source(Protocol):
    """Where pixels are read: a NumPy array, a memmap, a Zarr array, an HDF5 dataset, …"""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its size."""

    def __getitem__(self, region: Region, /) -> Any:
        """Pixels of a region given by slices."""


class Sink(Protocol):
    """Where pixels are written."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its size."""

    def __setitem__(self, region: Region, pixels: NDArray[Any], /) -> None:
        """Write a region given by slices."""


def restore_tiles(
    tiles: Iterable[Tile],
    source: Source,
    sink: Sink,
    restore: Callable[[NDArray[Any]], NDArray[Any]],
    *,
    done: Collection[int] = (),
) -> Iterator[Tile]:
    """Restore an image tile by tile; stop after any tile, and go on later with those that are left.

    Of the source no more than one tile is read at a time, into the sink only finished cores are written. If `restore`
    fails, or the caller stops, what is finished stays. A run that was interrupted and continued gives the same pixels
    as one that was not, because tiles know nothing of each other: whatever must be the same for all of them (the flat
    start of an iterative solver, its number of iterations, the weight of a regulariser) has to be fixed before.

    Parameters
    ----------
    tiles : iterable of Tile
        From `plan`.
    source, sink : array-like
        Anything that can be read, and written, by slices. Not the same: a tile sees what its neighbours answer for.
    restore : callable
        ``restore(block) -> block``: of a tile, halo included; both of the same shape.
    done : collection of int
        Indices of tiles to leave out.

    Yields
    ------
    Tile
        Each tile when its core has been written.

    Raises
    ------
    ValueError
        If source and sink are the same object.
    """
    if cast(object, source) is sink:
        raise ValueError("source and sink are the same; a tile has to see what its neighbours were: pass another sink")
    for tile in tiles:
        if tile.index not in done:
            sink[tile.core] = restore(np.asarray(source[tile.read]))[tile.inner]
            yield tile
