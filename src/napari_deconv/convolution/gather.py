"""The arithmetic of both: every output is a matrix times the inputs that some taps see, block by block."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from .arithmetic import Shape

Array = Any  # NumPy, CuPy or array API
Offsets = list[Shape]
PIECE = 3 * 2**18  # bytes that the taps see at a time: written, multiplied and forgotten in a second-level cache
DEVICE_PIECE = 2**28  # elsewhere launches cost more than a cache saves


def namespace(*arrays: Array) -> Any:
    """The one array library of all `arrays`.

    Raises
    ------
    TypeError
        If there are several.
    """
    found = [_namespace(array) for array in arrays]
    if any(xp is not found[0] for xp in found):
        names = " and ".join(xp.__name__ for xp in found)
        raise TypeError(f"arrays of {names} cannot be convolved with each other; bring both to one device")
    return found[0]


def _namespace(array: Array) -> Any:
    if type(array).__module__.partition(".")[0] == "cupy":  # whose arrays do not all know their namespace
        return importlib.import_module("cupy")
    return array.__array_namespace__() if hasattr(array, "__array_namespace__") else np


def real(name: str, array: Array, xp: Any, wide: bool = False) -> Array:
    """`array` in float32, or in float64 if that is asked for; the same one if it is so already."""
    if not kind(array, xp).startswith(("float", "int", "uint", "bool")):
        raise ValueError(f"{name} holds {kind(array, xp)}; real numbers can be convolved")
    return xp.asarray(array, dtype=xp.float64 if wide else xp.float32)


def kind(array: Array, xp: Any) -> str:
    """Name of its data type: "float32", …"""
    return str(xp.asarray(array).dtype).rpartition(".")[2]


def zeros(shape: Shape, like: Array, xp: Any) -> Array:
    """Zeros where `like` lives, of its type."""
    where = {} if xp is np or xp.__name__ == "cupy" else {"device": like.device}
    return xp.zeros(shape, dtype=like.dtype, **where)


def window(x: Array, lo: Shape, hi: Shape, xp: Any) -> Array:
    """`x` from index `lo` to `hi` of its last axes, with zeros around it where they lie outside; more is kept."""
    sides = x.shape[-len(lo) :]
    before = [max(-a, 0) for a in lo]
    behind = [max(b - n, 0) for b, n in zip(hi, sides, strict=True)]
    if not any(before) and not any(behind):
        return x
    wide = [a + n + b for a, n, b in zip(before, sides, behind, strict=True)]
    framed = zeros((*x.shape[: -len(lo)], *wide), x, xp)
    framed[(..., *(slice(a, a + n) for a, n in zip(before, sides, strict=True)))] = x
    return framed


def moved(offsets: Offsets, corner: Shape) -> Offsets:
    """Offsets counted from another corner."""
    return [tuple(o + c for o, c in zip(offset, corner, strict=True)) for offset in offsets]


def gather(
    x: Array, matrix: Array, offsets: Offsets, stride: Shape, shape: Shape, xp: Any
) -> Iterator[tuple[tuple[slice, ...], Array]]:
    """``sum over t of matrix[t] x[i * stride + offsets[t]]`` for all `i` in `shape`, in blocks that fit into a cache.

    Parameters
    ----------
    x : array, shape (groups, channels, ...)
        Framed, so that no index lies outside.
    matrix : array, shape (groups, new channels, taps * channels)
        Of all taps side by side.
    offsets : list of tuple of int
        What each tap sees of `x` for the first output.
    stride, shape : tuple of int
        Samples of `x` between two outputs, and outputs, along each axis.
    xp : module
        Library of `x`.

    Yields
    ------
    where, block
        A slice for each axis of `shape`, and the array (groups, new channels, ...) that belongs there.
    """
    groups, channels = x.shape[:2]
    seen = None
    for part in pieces(shape, _most(x, groups * len(offsets) * channels)):
        sides = tuple(side.stop - side.start for side in part)
        if seen is None or seen.shape[3:] != sides:
            seen = zeros((groups, len(offsets), channels, *sides), x, xp)
        for tap, offset in enumerate(offsets):
            seen[:, tap, ...] = x[(..., *_read(part, offset, stride))]
        columns = xp.reshape(seen, (groups, len(offsets) * channels, prod(sides)))
        yield part, xp.reshape(xp.matmul(matrix, columns), (groups, matrix.shape[1], *sides))


def _most(x: Array, column: int) -> int:
    """Positions in a block when every one sees `column` numbers."""
    piece = PIECE if isinstance(x, np.ndarray) else DEVICE_PIECE
    return max(piece // (column * (8 if "64" in str(x.dtype) else 4)), 1)


def pieces(shape: Shape, most: int) -> Iterator[tuple[slice, ...]]:
    """Blocks that tile `shape`, of about equal sizes and at most `most` samples, long along the last axis."""
    sides: list[list[slice]] = []
    for n in reversed(shape):
        count = -(-n // max(min(n, most), 1))
        side = -(-n // count)
        sides.insert(0, [slice(start, min(start + side, n)) for start in range(0, n, side)])
        most //= side
    return product(*sides)


def _read(part: Sequence[slice], offset: Shape, stride: Shape) -> tuple[slice, ...]:
    """What a tap sees of the input for a block of the output."""
    return tuple(
        slice(side.start * s + o, (side.stop - 1) * s + o + 1, s)
        for side, o, s in zip(part, offset, stride, strict=True)
    )
