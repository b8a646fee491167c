"""Beads piled up: centres refined against their average, neighbours taken away, the average made."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from . import clean
from .align import Match, cut, match, shifted
from .average import robust_mean
from .fit import NoFit, gaussian
from .progress import Steps
from .reject import Spot, inside, saturated
from .stack import Stack

ROUNDS = 5  # of alignment
STILL = 0.01  # samples: centres that move less are found
PASSES = 3  # of the average: the first with its neighbours' light, the others without
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

    From the second pass on the light of all other spots is taken out of every image first, rejected ones included:
    the average, scaled to each (as in crowded-field photometry [1]_, [2]_).

    References
    ----------
    .. [1] P. B. Stetson, Publ. Astron. Soc. Pac. 99, 191 (1987).
    .. [2] J. Anderson, I. R. King, Publ. Astron. Soc. Pac. 112, 1360 (2000).
    """
    used = [i for i, s in enumerate(spots) if not s.reason]
    alone = len(spots) == len(used) == len({s.image for s in spots})
    passes = 1 if alone else PASSES
    steps.stage(45, passes * (len(used) + len(spots) + 5))
    pile = None
    for _ in range(passes):
        pile = _one_pass(spots, used, stacks, half, spacing, width, pile, steps)
        for _ in range(5):
            steps.tick()
    assert pile is not None
    return pile


def _one_pass(
    spots: list[Spot],
    used: list[int],
    stacks: list[Stack],
    half: tuple[int, ...],
    spacing: tuple[float, ...],
    width: tuple[float, ...],
    before: Pile | None,
    steps: Steps,
) -> Pile:
    """The average, without the neighbours' light if there is an average already."""
    light = None if before is None else clean.faint_light(before.mean, spacing, width)[0]
    boxes = np.empty((len(used), *(2 * h + 1 for h in half)), dtype=np.float32)
    heights = []
    for image, stack in enumerate(stacks):
        mine = [i for i, s in enumerate(spots) if s.image == image]
        values, shares = stack.values, dict.fromkeys(mine, 0.0)
        if light is not None:
            shares = _heights(mine, spots, stack, light, width, steps)
            values = stack.values - _model(mine, spots, shares, light, stack.values.shape, half)
        for i in mine:
            if i in used:
                box = cut(values, spots[i].centre, half)
                if light is not None:
                    box += shares[i] * light
                boxes[used.index(i)], height = _normal(box, spacing, width)
                heights.append((used.index(i), height))
                steps.tick()
    weights = _weights([height for _, height in sorted(heights)])
    mean = robust_mean(boxes, weights)
    mean = clean.no_brighter_than_focus(clean.above(mean, clean.ground(mean, spacing, width)), width)
    return Pile(mean / float(mean[tuple(half)]), boxes, weights, spots)


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


def _heights(
    mine: list[int], spots: list[Spot], stack: Stack, light: Array, width: tuple[float, ...], steps: Steps
) -> dict[int, float]:
    """How bright the spots of one image are in units of the average; 0 where that cannot be told."""
    half = tuple(min(c, n // 2) for c, n in zip(core_of(width), light.shape, strict=True))
    core = light[tuple(slice(n // 2 - h, n // 2 + h + 1) for n, h in zip(light.shape, half, strict=True))]
    found = {}
    for i in mine:
        found[i] = 0.0
        if spots[i].fit is not None and inside(spots[i].centre, half, stack.values.shape):
            box = cut(stack.values, spots[i].centre, half)
            clipped = saturated(stack, spots[i].centre, width)
            ignored = None if clipped is None else cut(clipped, spots[i].centre, half) > 0.02
            if np.isfinite(box).all() and (ignored is None or (~ignored).sum() > 2 * box.ndim + 4):
                found[i] = max(0.0, match(box, core, ignored).height)
        steps.tick()
    return found


def _model(
    mine: list[int],
    spots: list[Spot],
    heights: dict[int, float],
    light: Array,
    shape: tuple[int, ...],
    half: tuple[int, ...],
) -> NDArray[np.float32]:
    """The image that the spots make."""
    model = np.zeros(shape, dtype=np.float32)
    for i in mine:
        if heights[i] == 0:
            continue
        whole = [round(c) for c in spots[i].centre]
        block = shifted(light, tuple(c - w for c, w in zip(spots[i].centre, whole, strict=True)))
        there = [(max(0, w - h), min(n, w + h + 1)) for w, h, n in zip(whole, half, shape, strict=True)]
        here = tuple(slice(a - w + h, b - w + h) for (a, b), w, h in zip(there, whole, half, strict=True))
        model[tuple(slice(a, b) for a, b in there)] += heights[i] * block[here]
    return model


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
