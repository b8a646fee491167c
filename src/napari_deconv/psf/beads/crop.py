"""How large a box is cut out around every bead."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..checks import per_axis
from .reject import Spot, inside, neighbours
from .search import cone
from .stack import Stack

DEEP = 4.5  # axial widths on either side: about the fourth zero on the optical axis
WIDE = (6.0, 18.0)  # lateral widths on either side, at least and at most, that are wished for
SMALLEST = (1.5, 3.0)  # axial and lateral widths on either side that are never undercut
KEPT = 0.7  # of the beads that the smallest box would keep


def chosen(
    spots: list[Spot],
    stacks: list[Stack],
    spacing: tuple[float, ...],
    width: tuple[float, ...],
    crop: Sequence[float] | None,
    notes: list[str],
) -> tuple[int, ...]:
    """Samples on either side of the centre.

    What is wished for follows from the width of the beads: `DEEP` axial widths on either side, and laterally the
    cone of light that leaves the focus, as far as its last plane. It is made smaller, first in depth, then
    laterally, until `KEPT` of the beads that the smallest box would leave are alone in it and inside the image.

    Raises
    ------
    ValueError
        If `crop` is not one positive number per axis, or smaller than the beads.
    """
    if crop is not None:
        return _given(crop, spacing, width)
    wished = _wished(width, spacing)
    half = tuple(
        max(2, math.ceil(f * w)) for f, w in zip((SMALLEST[0], *SMALLEST[1:] * 2)[-len(width) :], width, strict=True)
    )
    least = half
    for axes in ((0,), (1, 2)) if len(width) == 3 else ((0, 1),):
        half = _largest(spots, stacks, half, wished, axes)
    if any(h < w for h, w in zip(half, wished, strict=True)):
        have, want = (_lengths(h, spacing) for h in (half, wished))
        why = "of the neighbours and borders of the beads" if half != least else "more room is nowhere"
        notes.append(f"the crop is ({have}) um, smaller than the ({want}) um that the light of a bead fills: {why}")
    return half


def _lengths(half: tuple[int, ...], spacing: tuple[float, ...]) -> str:
    return ", ".join(f"{(2 * h + 1) * s:.3g}" for h, s in zip(half, spacing, strict=True))


def _given(crop: Sequence[float], spacing: tuple[float, ...], width: tuple[float, ...]) -> tuple[int, ...]:
    size = per_axis("crop", crop, (len(spacing),), unit="micrometres")
    half = tuple(max(1, round(c / s / 2 - 0.5)) for c, s in zip(size, spacing, strict=True))
    if any(2 * h + 1 < 1.5 * w for h, w in zip(half, width, strict=True)):
        beads = ", ".join(f"{w * s:.3g}" for w, s in zip(width, spacing, strict=True))
        raise ValueError(f"crop {tuple(crop)} um is too small for beads that are ({beads}) um wide; leave it out")
    return half


def _wished(width: tuple[float, ...], spacing: tuple[float, ...]) -> tuple[int, ...]:
    """What holds the cone of light of a bead."""
    lengths = tuple(w * s for w, s in zip(width, spacing, strict=True))
    reach = min(max(WIDE[0], DEEP * cone(lengths)), WIDE[1])
    lateral = reach * math.sqrt(lengths[-1] * lengths[-2])
    sizes = (*(DEEP * length for length in lengths[:-2]), lateral, lateral)
    return tuple(max(2, math.ceil(size / s)) for size, s in zip(sizes, spacing, strict=True))


def _largest(
    spots: list[Spot], stacks: list[Stack], half: tuple[int, ...], wished: tuple[int, ...], axes: tuple[int, ...]
) -> tuple[int, ...]:
    """`half` with the given axes as large as can be on the way to `wished`."""
    enough = KEPT * _usable(spots, stacks, half)
    steps = max(max(1, wished[a] - half[a]) for a in axes)
    for share in np.linspace(1, 0, steps + 1):
        trial = tuple(
            max(h, round(h + share * (w - h))) if a in axes else h
            for a, (h, w) in enumerate(zip(half, wished, strict=True))
        )
        if _usable(spots, stacks, trial) >= max(enough, 1):
            return trial
    return half


def _usable(spots: list[Spot], stacks: list[Stack], half: tuple[int, ...]) -> int:
    return sum(
        not spot.reason
        and inside(spot.centre, half, stacks[spot.image].values.shape)
        and not neighbours(i, spots, half)
        for i, spot in enumerate(spots)
    )
