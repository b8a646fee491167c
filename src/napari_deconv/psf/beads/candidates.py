"""The beads that are looked at: found, or pointed at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .fit import window
from .progress import Steps
from .reject import Spot, inspect, odd_widths
from .search import locate, typical_width
from .stack import Stack

UNKNOWN = 3.0  # samples: the width of beads where nothing tells it
NEAR = 1.5  # widths: a point this far from a spot means it
AGREE = 1.25  # ratio of widths up to which the first guess was good enough

Points = list[NDArray[np.float64]]


def candidates(
    stacks: list[Stack],
    spacing: tuple[float, ...],
    points: Points | None,
    rules: tuple[float, float | None, float, float],
    steps: Steps,
) -> tuple[list[Spot], tuple[float, ...]]:
    """All spots, each judged by itself, and the typical width in samples.

    `rules` are threshold, min_distance, min_snr and min_r2 of `measure`.
    """
    threshold, min_distance, min_snr, min_r2 = rules
    steps.stage(15, 2 * len(stacks))
    width = _first_width(stacks, points, steps)
    spots = []
    for image, stack in enumerate(stacks):
        peaks = locate(stack, spacing, width, threshold, min_distance).astype(np.float64)
        spots += _listed(image, peaks, stack, None if points is None else points[image], width)
        steps.tick()
    steps.stage(10, 2 * len(spots))
    judged = _judged(spots, stacks, width, min_snr, min_r2, steps)
    better = _typical(judged, width)
    if max(max(a / b, b / a) for a, b in zip(better, width, strict=True)) > AGREE:
        judged = _judged(spots, stacks, better, min_snr, min_r2, steps)
        better = _typical(judged, better)
    return odd_widths(judged), better


def checked_points(points: Any, stacks: list[Stack]) -> Points:
    """One array of positions for each image.

    Raises
    ------
    ValueError
        If their numbers do not match, they have other axes than the images, or are not finite.
    """
    ndim = stacks[0].values.ndim
    if (isinstance(points, list | tuple) and len(stacks) > 1) or _is_list_of_arrays(points):
        given = list(points)
    else:
        given = [points]
    if len(given) != len(stacks):
        raise ValueError(
            f"points for {len(given)} images, but there are {len(stacks)}; give a list of arrays, one per image"
        )
    return [_checked(p, ndim, stack) for p, stack in zip(given, stacks, strict=True)]


def _is_list_of_arrays(points: Any) -> bool:
    return isinstance(points, list | tuple) and len(points) > 0 and all(np.ndim(p) == 2 for p in points)


def _checked(points: Any, ndim: int, stack: Stack) -> NDArray[np.float64]:
    """Positions with one column per axis; the plane is looked up where it was not given."""
    found = np.asarray(points, dtype=np.float64)
    if found.size == 0:
        return np.empty((0, ndim))
    if found.ndim != 2 or found.shape[1] not in ({2, 3} if ndim == 3 else {2}):
        wanted = "(n, 3): z, y, x" if ndim == 3 else "(n, 2): y, x"
        raise ValueError(f"points have shape {found.shape}; wanted {wanted}, in voxels")
    if not np.isfinite(found).all():
        raise ValueError("points must be finite numbers, in voxels")
    if found.shape[1] < ndim:
        planes = [_brightest_plane(stack, y, x) for y, x in found]
        found = np.column_stack([planes, found])
    return found


def _brightest_plane(stack: Stack, y: float, x: float) -> float:
    part = window((y, x), (1.0, 1.0), stack.values.shape[1:])
    if stack.values[(slice(None), *part)].size == 0:
        return float(stack.values.shape[0] // 2)
    column = np.nan_to_num(stack.values[(slice(None), *part)], nan=stack.level)
    return float(np.argmax(column.mean(axis=(1, 2))))


def _first_width(stacks: list[Stack], points: Points | None, steps: Steps) -> tuple[float, ...]:
    """The typical width over all images that show spots."""
    found, reason = [], ValueError()
    for stack in stacks:
        try:
            found.append(typical_width(stack))
        except ValueError as error:
            reason = error
        steps.tick()
    if found:
        return tuple(float(w) for w in np.median(found, axis=0))
    if points is None:
        raise reason
    return (UNKNOWN,) * stacks[0].values.ndim


def _listed(
    image: int,
    peaks: NDArray[np.float64],
    stack: Stack,
    points: NDArray[np.float64] | None,
    width: tuple[float, ...],
) -> list[Spot]:
    """Spots to look at; those that nobody pointed at are known as neighbours only."""
    if points is None:
        return [Spot(image, _tuple(p), None, "") for p in peaks]
    free = list(range(len(peaks)))
    taken: set[int] = set()
    spots = []
    for point in points:
        nearest = _nearest(point, peaks, width)
        if nearest is not None and nearest in taken:
            spots.append(Spot(image, _tuple(point), None, "duplicate: another point means the same bead"))
        elif nearest is not None:
            taken.add(nearest)
            spots.append(Spot(image, _tuple(peaks[nearest]), None, ""))
        else:
            spots.append(Spot(image, _brightest(point, stack, width), None, ""))
    return spots + [Spot(image, _tuple(peaks[i]), None, "not asked for", listed=False) for i in free if i not in taken]


def _nearest(point: NDArray[np.float64], peaks: NDArray[np.float64], width: tuple[float, ...]) -> int | None:
    """The spot that a point means."""
    if not len(peaks):
        return None
    away = np.linalg.norm((peaks - point) / np.maximum(width, 2.0), axis=1)
    best = int(np.argmin(away))
    return best if away[best] <= NEAR else None


def _brightest(point: NDArray[np.float64], stack: Stack, width: tuple[float, ...]) -> tuple[float, ...]:
    """The brightest sample near a point that means no spot; the point itself outside the image."""
    part = window(_tuple(point), tuple(max(1.0, w) for w in width), stack.values.shape)
    block = stack.values[part]
    if block.size == 0 or np.isnan(block).all():
        return _tuple(point)
    peak = np.unravel_index(int(np.nanargmax(block)), block.shape)
    return tuple(float(s.start + i) for s, i in zip(part, peak, strict=True))


def _judged(
    spots: list[Spot], stacks: list[Stack], width: tuple[float, ...], min_snr: float, min_r2: float, steps: Steps
) -> list[Spot]:
    """Every spot with its fit and what speaks against it."""
    judged = []
    for spot in spots:
        found = inspect(stacks[spot.image], spot.image, spot.centre, width, min_snr, min_r2)
        judged.append(replace(found, reason=spot.reason or found.reason, listed=spot.listed))
        steps.tick()
    return judged


def _typical(spots: list[Spot], width: tuple[float, ...]) -> tuple[float, ...]:
    """Median width of the good ones, or of all that could be fitted, or `width`."""
    good = [s.fit.width for s in spots if s.fit is not None and not s.reason]
    good = good or [s.fit.width for s in spots if s.fit is not None]
    return tuple(float(w) for w in np.median(good, axis=0)) if good else width


def _tuple(point: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(p) for p in point)
