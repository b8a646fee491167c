"""Axes of a plot: where its ticks are, and what of its values is shown."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

FIRST = 0.1  # share of the iterations whose steep fall is not let flatten the rest of a curve
MARGIN = 0.08  # of the range, above and below


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most that many round numbers from `low` to `high`.

    Examples
    --------
    >>> ticks(0.0, 17.0, 4)
    [0.0, 5.0, 10.0, 15.0]
    """
    if not high > low:
        return [low]
    raw = (high - low) / most
    decade = 10.0 ** math.floor(math.log10(raw))
    step = next(decade * m for m in (1, 2, 5, 10, 20) if decade * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)][: most + 1]


def span(values: Sequence[float]) -> tuple[float, float]:
    """The range that is shown of a curve that falls steeply at first: that of all but its first values, never empty."""
    known = np.array([v for v in values if math.isfinite(v)])
    if not known.size:
        return 0.0, 1.0
    kept = known[min(int(len(known) * FIRST), len(known) - 1) :]
    low, high = float(kept.min()), float(kept.max())
    room = MARGIN * (high - low) or abs(high) * MARGIN or 1.0
    return low - room, high + room


def label(value: float, low: float, high: float) -> str:
    """A tick as text, with as many digits as tell it from its neighbours.

    Examples
    --------
    >>> label(1.25, 1.2, 1.4), label(120000.0, 0.0, 200000.0)
    ('1.25', '1.2e5')
    """
    largest = max(abs(low), abs(high))
    if largest == 0 or not 1e-3 <= largest < 1e5:
        return f"{value:.2g}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
    digits = max(0, 1 - math.floor(math.log10((high - low) / 2 or 1)))
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
