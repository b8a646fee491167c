"""Largest values of blocks, where they stood, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

from .arithmetic import Shape, whole
from .gather import Array, namespace, zeros


def max_pool(x: Array, size: Sequence[int]) -> tuple[Array, Array]:
    """The largest value of every block, and where in its block it stood.

    Parameters
    ----------
    x : array, shape (..., *sides)
        Feature maps; as many last axes are pooled as `size` has numbers, the others looped over.
    size : tuple of int
        Sides of a block, which divide those of `x`.

    Returns
    -------
    values : array
        The largest values; sides smaller by `size`.
    switches : array of int, same shape
        Their index in the block, last axis fastest; the first of equal ones.

    Raises
    ------
    ValueError
        If `size` is not a tuple of whole numbers or does not divide the sides.

    Notes
    -----
    ``max_pool(max_unpool(p, switches, size), size)[0] == p`` only where `p` is nowhere negative: the zeros around a
    negative value are larger. Pool behind a ReLU.

    References
    ----------
    .. [1] H. Noh, S. Hong, B. Han, "Learning deconvolution network for semantic segmentation", ICCV (2015).

    Examples
    --------
    >>> import numpy as np
    >>> values, switches = max_pool(np.array([[1, 2, 0, 0], [3, 4, 0, 5]]), (2, 2))
    >>> values.tolist(), switches.tolist()
    ([[4, 5]], [[3, 3]])
    """
    xp, size = namespace(x), _blocks(size)
    x = xp.asarray(x)
    sides = tuple(x.shape[-len(size) :])
    if len(sides) < len(size) or any(n % b or not n for n, b in zip(sides, size, strict=True)):
        raise ValueError(f"x has sides {sides}, which blocks {size} do not divide; crop or pad it first")
    first, *others = _corners(size)
    values = zeros(x[first].shape, x, xp)
    values[...] = x[first]
    switches = xp.zeros_like(values, dtype=xp.int32)
    for number, corner in enumerate(others, 1):
        larger = x[corner] > values
        values[larger] = x[corner][larger]
        switches[larger] = number
    return values, switches


def max_unpool(values: Array, switches: Array, size: Sequence[int]) -> Array:
    """Every value back where it stood in its block, zeros elsewhere.

    Parameters
    ----------
    values : array, shape (..., *sides)
        What `max_pool` gave, or feature maps of that shape.
    switches : array of int, same shape
        What `max_pool` gave.
    size : tuple of int
        Sides of a block.

    Returns
    -------
    array
        Sides larger by `size`.

    Raises
    ------
    ValueError
        If `values` and `switches` differ in shape, or a switch lies outside its block.
    """
    xp, size = namespace(values, switches), _blocks(size)
    if values.shape != switches.shape or values.ndim < len(size):
        raise ValueError(
            f"values {tuple(values.shape)} and switches {tuple(switches.shape)} of blocks {size} do not match"
        )
    if bool(xp.any(switches < 0)) or bool(xp.any(switches >= prod(size))):
        raise ValueError(f"a switch lies outside its block: blocks {size} have indices 0 to {prod(size) - 1}")
    ndim = len(size)
    sides = (n * b for n, b in zip(values.shape[-ndim:], size, strict=True))
    out = zeros((*values.shape[:-ndim], *sides), values, xp)
    nothing = xp.zeros_like(values)
    for number, corner in enumerate(_corners(size)):
        out[corner] = xp.where(switches == number, values, nothing)
    return out


def _corners(size: Shape) -> Iterator[tuple[Any, ...]]:
    """Index of all samples that stand at one place of their blocks, place by place."""
    for place in product(*(range(b) for b in size)):
        yield (..., *(slice(start, None, b) for start, b in zip(place, size, strict=True)))


def _blocks(size: Any) -> Shape:
    if not hasattr(size, "__iter__") or not 1 <= len(size) <= 3:
        raise ValueError(f"size must be a tuple, one number for each axis that is pooled, such as (2, 2); not {size!r}")
    return tuple(whole("size", b, 1) for b in size)
