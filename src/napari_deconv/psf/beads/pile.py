"""Beads piled up: centres refined against their average, and the average made."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from . import clean
from .align import Match, cut, match, shifted
from .average import robust_mean
from .fit import NoFit, gaussian
from .progress import Steps
from .reject import Spot
from .stack import Stack

ROUNDS = 5  # of alignment
STILL = 0.01  # samples: centres that move less are found
UNLIKE = (5.0, 0.15)  # robust standard deviations, and the least difference to the average, that reject a bead
BRIGHTEST = 3.0  # times the median: no bead weighs more
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pile:
    """The average and what it was made of.

    Parameters
    ----------
    mean : array
        The average: height 1, background removed, noise still in it.
    boxes : array, shape (beads, ...)
        The beads on its grid.
    weights : array
        Of the beads.
    spots : list of Spot
        All spots, some of them now rejected, with better centres.
    """

    mean: Array
    boxes: NDArray[np.float32]
    weights: Array
    spots: list[Spot]


def core_of(width: tuple[float, ...]) -> tuple[int, ...]:
    """Samples on either side of the centre within which beads are compared."""
    return tuple(max(2, round(1.3 * w)) for w in width)


def aligned(
    spots: list[Spot], stacks: list[Stack], width: tuple[float, ...], steps: Steps
) -> tuple[list[Spot], list[Match | None]]:
    """The spots with centres refined against the average of the accepted ones, and how each matches it.

    The first centres are those of the Gaussians. Each round averages the cores and moves every centre by the least
    squares shift to that average; the average itself is kept in the middle.
    """
    half = core_of(width)
    used = [i for i, s in enumerate(spots) if not s.reason]
    heights = {i: fit.height for i in used if (fit := spots[i].fit) is not None}
    levels = {i: fit.level for i in used if (fit := spots[i].fit) is not None}
    spots = list(spots)
    found: list[Match | None] = [None] * len(spots)
    steps.stage(15, ROUNDS * len(used))
    for _ in range(ROUNDS):
        boxes = np.stack(
            [(cut(stacks[spots[i].image].values, spots[i].centre, half) - levels[i]) / heights[i] for i in used]
        )
        template = robust_mean(boxes.astype(np.float32), _weights([heights[i] for i in used]))
        off = _off_centre(template, width)
        template = shifted(template, tuple(-o for o in off))
        moved = 0.0
        for i in used:
            spots[i] = _moved(spots[i], off)
            box = cut(stacks[spots[i].image].values, spots[i].centre, half)
            one = found[i] = match(box, template)
            moved = max(moved, *map(abs, one.shift))
            spots[i] = _moved(spots[i], one.shift)
            if one.height > 0:
                heights[i], levels[i] = one.height, one.level
            steps.tick()
        if moved < STILL:
            break
    return spots, found


def unlike(spots: list[Spot], found: list[Match | None]) -> list[Spot]:
    """The spots, those rejected that differ from the average much more than the others do."""
    rest = {i: one.rest for i, one in enumerate(found) if one is not None and not spots[i].reason}
    if len(rest) < 4:
        return spots
    middle = float(np.median(list(rest.values())))
    scatter = 1.4826 * float(np.median([abs(r - middle) for r in rest.values()]))
    limit = middle + max(UNLIKE[0] * scatter, UNLIKE[1])
    return [
        replace(s, reason=f"unlike the others: {rest[i]:.0%} off the average, they {middle:.0%}")
        if rest.get(i, 0.0) > limit
        else s
        for i, s in enumerate(spots)
    ]


def averaged(
    spots: list[Spot],
    stacks: list[Stack],
    half: tuple[int, ...],
    spacing: tuple[float, ...],
    width: tuple[float, ...],
    steps: Steps,
) -> Pile:
    """The average of the accepted spots in boxes of ``2 * half + 1`` samples.

    What bringing a bead onto the grid takes from it is given back once, as far as the average tells it: without
    that, a PSF of two samples per width comes out 2 % too wide.
    """
    used = [s for s in spots if not s.reason]
    steps.stage(45, 2 * len(used))
    boxes = np.empty((len(used), *(2 * h + 1 for h in half)), dtype=np.float32)
    heights = []
    for i, spot in enumerate(used):
        boxes[i], height = _normal(cut(stacks[spot.image].values, spot.centre, half), spacing, width)
        heights.append(height)
        steps.tick()
    weights = _weights(heights)
    mean = robust_mean(boxes, weights)
    for i, spot in enumerate(used):
        boxes[i] += mean - _resampled(mean, spot.centre)
        steps.tick()
    mean = robust_mean(boxes, weights)
    mean = clean.above(mean, clean.ground(mean, spacing, width))
    return Pile(mean / float(mean[tuple(half)]), boxes, weights, spots)


def _resampled(mean: Array, centre: tuple[float, ...]) -> Array:
    """The mean moved to a centre between the samples and back: the spline dims its highest frequencies."""
    by = tuple(c - round(c) for c in centre)
    return shifted(shifted(mean, by), tuple(-b for b in by))


def _normal(box: Array, spacing: tuple[float, ...], width: tuple[float, ...]) -> tuple[Array, float]:
    """A box above its background and of height 1, and its height: that of the Gaussian in its core."""
    box = clean.above(box, clean.ground(box, spacing, width))
    middle = tuple(float(n // 2) for n in box.shape)
    try:
        fit = gaussian(box, middle, width)
        height = fit.height + fit.level
    except NoFit:
        height = float(box[tuple(n // 2 for n in box.shape)])
    height = max(height, 1e-30)
    return box / height, height


def _weights(heights: list[float]) -> Array:
    """Brighter beads have less noise; no one outweighs the others by more than `BRIGHTEST`."""
    given = np.asarray(heights, dtype=np.float64)
    return np.minimum(given, BRIGHTEST * np.median(given))


def _off_centre(template: Array, width: tuple[float, ...]) -> tuple[float, ...]:
    """How far the maximum of a template lies from its middle: that of a Gaussian in its innermost part."""
    middle = tuple(float(n // 2) for n in template.shape)
    try:
        centre = gaussian(template, middle, tuple(0.6 * w for w in width)).centre
    except NoFit:
        return (0.0,) * template.ndim
    return tuple(c - m for c, m in zip(centre, middle, strict=True))


def _moved(spot: Spot, by: tuple[float, ...]) -> Spot:
    return replace(spot, centre=tuple(c + b for c, b in zip(spot.centre, by, strict=True)))
