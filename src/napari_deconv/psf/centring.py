"""Where the centre of a kernel is, and how it gets to ``n // 2``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

NEAR = 0.5 + 1e-6  # samples
BETWEEN = 0.25  # samples
LOPSIDED = 0.2  # of the energy

Array = NDArray[np.float64]


def maximum(values: Array) -> tuple[int, ...]:
    """Index of the brightest sample after averaging over its neighbours, so that noise does not decide."""
    smooth = ndimage.gaussian_filter(values, 0.7, mode="constant") if values.size > 1 else values
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(smooth)), values.shape))


def centre_of_mass(values: Array) -> tuple[float, ...]:
    """Mean index along each axis, weighted by the values."""
    lines = [_marginal(values, axis) for axis in range(values.ndim)]
    return tuple(float(line @ np.arange(len(line)) / line.sum()) for line in lines)


def unwrap(values: Array) -> tuple[Array, list[int]]:
    """`values` with every axis rolled by half whose origin sits at index 0, and the axes that were.

    An axis is wrapped if the maximum lies within a sample of index 0, counted around the corner, and rolling
    brings the energy closer together.
    """
    wrapped = []
    peak = np.unravel_index(int(np.argmax(values)), values.shape)
    for axis, n in enumerate(values.shape):
        line = _marginal(values, axis)
        at_corner = min(peak[axis], n - peak[axis]) <= 1
        if n > 3 and at_corner and _spread(np.roll(line, n // 2)) < 0.9 * _spread(line):
            wrapped.append(axis)
    return np.roll(values, [values.shape[a] // 2 for a in wrapped], wrapped), wrapped


def is_centred(values: Array) -> bool:
    """Whether `values` need not be moved.

    True if the maximum is at ``n // 2``, or the centre of mass within half a sample of it. In three axes the
    centre of mass is that of the bright core (above half the maximum): haze and the edges of the stack do not
    count.
    """
    middle = tuple(n // 2 for n in values.shape)
    if values[middle] >= values.max() or maximum(values) == middle:
        return True
    core = np.where(values >= 0.5 * values.max(), values, 0) if values.ndim == 3 else values
    return all(abs(c - m) <= NEAR for c, m in zip(centre_of_mass(core), middle, strict=True))


def centre_of(values: Array) -> tuple[int, ...]:
    """The sample that belongs at ``n // 2``: the maximum in three axes, the centre of mass in fewer."""
    if values.ndim == 3:
        return maximum(values)
    return tuple(round(c) for c in centre_of_mass(values))


def move(values: Array, centre: tuple[int, ...]) -> Array:
    """`values` in a box of odd sizes with `centre` in the middle.

    Zeros are added, nothing is cut off or resampled. Axes that have `centre` at ``n // 2`` already keep their
    size.
    """
    margins = [
        (0, 0) if c == n // 2 else (max(0, n - 1 - 2 * c), max(0, 2 * c + 1 - n))
        for c, n in zip(centre, values.shape, strict=True)
    ]
    return np.pad(values, margins)


def trim(values: Array) -> Array:
    """The smallest odd box around ``n // 2`` that holds everything above zero."""
    box = []
    for axis, n in enumerate(values.shape):
        filled = np.flatnonzero(_marginal(values, axis))
        reach = int(np.abs(filled - n // 2).max())
        box.append(slice(n // 2 - reach, n // 2 + reach + 1) if 2 * reach < n - 1 else slice(None))
    return values[tuple(box)]


def centred(values: Array, guide: Array | None = None) -> tuple[Array, tuple[int, ...], list[str]]:
    """`values` with their centre at ``n // 2``, by how many samples they moved, and what was done.

    `guide`, of the same shape, tells where the centre is: the values without what does not belong to the PSF.
    """
    still = (0,) * values.ndim
    said: list[str] = []
    guide = values if guide is None else guide
    if is_centred(guide):
        return values, still, said
    guide, wrapped = unwrap(guide)
    if wrapped:
        values = np.roll(values, [values.shape[a] // 2 for a in wrapped], wrapped)
        axes = ", ".join("ZYX"[a - values.ndim] for a in wrapped)
        said.append(f"wrapped kernel centred: rolled so that its origin is in the middle (axes {axes})")
    if is_centred(guide):
        return values, still, said
    point = centre_of(guide)
    shift = tuple(n // 2 - p for n, p in zip(values.shape, point, strict=True))
    moved = move(values, point)
    said.append(f"{describe_shift(shift)}: {values.shape} padded to {moved.shape}")
    return moved, shift, said


def describe_shift(shift: tuple[int, ...]) -> str:
    """What was how far off, for a shift that mends it."""
    what = "maximum" if len(shift) == 3 else "centre of mass"
    off = ", ".join(f"{-s:+d} along {a}" for s, a in zip(shift, "ZYX"[-len(shift) :], strict=True) if s)
    return f"{what} was {off} samples off the centre"


def lies_between(values: Array, axis: int) -> bool:
    """Whether the centre of an even axis lies between its two middle samples: about it the kernel is symmetric."""
    core = np.where(values >= 0.5 * values.max(), values, 0) if values.ndim == 3 else values
    n = values.shape[axis]
    if n % 2 or abs(centre_of_mass(core)[axis] - (n - 1) / 2) > BETWEEN:
        return False
    return float(np.abs(core - np.flip(core, axis)).sum() / core.sum()) < LOPSIDED


def made_odd(values: Array) -> tuple[Array, list[str]]:
    """`values` with an odd number of samples along every axis, the centre at ``n // 2``, and what was done.

    Where the centre lies between two samples, neighbours are averaged, which is linear interpolation: exact for a box,
    and other PSFs become wider by a quarter of a sample squared. Elsewhere a line of zeros is added at the end.
    """
    shape = values.shape
    for axis, n in enumerate(shape):
        if n % 2 == 0:
            line = np.zeros_like(np.take(values, [0], axis))
            after, before = np.concatenate([values, line], axis), np.concatenate([line, values], axis)
            values = (after + before) / 2 if lies_between(values, axis) else after
    return values, [f"even size made odd: {shape} became {values.shape}"] if values.shape != shape else []


def trimmed(values: Array) -> tuple[Array, list[str]]:
    """`values` without margins of zeros on both sides, and what was done."""
    smaller = trim(values)
    if smaller.shape == values.shape:
        return values, []
    return smaller, [f"empty margins cut off: {values.shape} became {smaller.shape}"]


def _marginal(values: Array, axis: int) -> Array:
    """Sums over all other axes."""
    line: Array = values.sum(axis=tuple(a for a in range(values.ndim) if a != axis))
    return line


def _spread(line: Array) -> float:
    """Variance of the position."""
    position = np.arange(len(line))
    mean = line @ position / line.sum()
    return float(line @ (position - mean) ** 2 / line.sum())
