"""Tile after tile, from any source to any sink."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Protocol

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
        If the sink cannot take the result; see `check_sink`.
    """
    check_sink(source, sink)
    for tile in tiles:
        if tile.index not in done:
            sink[tile.core] = restore(np.asarray(source[tile.read]))[tile.inner]
            yield tile


def check_sink(source: Source, sink: Sink) -> None:
    """Whether a sink takes fractions, and leaves the source alone.

    Raises
    ------
    ValueError
        If it holds anything but floating point numbers of 32 bits or more, or shares memory or a file with the source.
        A sink without `dtype` is taken at its word.
    """
    if _same_memory(source, sink):
        raise ValueError(
            "source and sink share memory, but a tile has to see what its neighbours were: pass another sink"
        )
    kind = getattr(sink, "dtype", None)
    if kind is not None and not _takes_fractions(kind):
        raise ValueError(f"sink holds {kind}, which would truncate the result; pass one of float32")


def _takes_fractions(kind: Any) -> bool:
    try:
        known = np.dtype(kind)
    except TypeError:  # of another library
        return "float" in str(kind)
    return bool(known.kind == "f" and known.itemsize >= 4)


def _same_memory(source: Any, sink: Any) -> bool:
    """Whether both are one, or arrays over the same bytes, of memory or of a file."""
    if source is sink:
        return True
    if not (isinstance(source, np.ndarray) and isinstance(sink, np.ndarray)):
        return False
    return np.shares_memory(source, sink) or _same_bytes_of_a_file(source, sink)


def _same_bytes_of_a_file(source: Any, sink: Any) -> bool:
    """Whether two maps, each opened on its own, overlap in a file."""
    if not all(isinstance(a, np.memmap) and a.filename and os.path.exists(a.filename) for a in (source, sink)):
        return False
    overlap = source.offset < sink.offset + sink.nbytes and sink.offset < source.offset + source.nbytes
    return overlap and os.path.samefile(source.filename, sink.filename)
