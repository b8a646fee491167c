"""The line of photon transfer: variance of the noise against brightness, from one image that is not flat."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pixels import Array, Mask
from .windows import FOURTH, NEIGHBOUR, Windows, windows

BINS = 24
LEAST = 200  # windows in a bin
FLAT = 0.5  # the flatter share of each bin is used
CUT = 0.1  # most of a bin's windows; where more are saturated, the rest is a selection by noise
GROUPS = 50  # of blocks, for the jackknife
LEAKING = 0.04  # more correlation of neighbours than white noise has
CLIPPED = 6.0  # standard deviations
NINE_OF_TEN = 2.706  # of squared normal deviates are smaller

Sums = NDArray[np.float64]
Numbers = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Bins:
    """Windows of like brightness: how many, and means over them. One number per bin, the darkest first."""

    windows: Array
    level: Array
    variance: Array
    coarse: Array
    neighbour: Array  # correlation of residuals one pixel apart
    neighbour_error: Array
    error: Array  # of the variance


@dataclass(frozen=True)
class Line:
    """Variance = slope x level + intercept, in counts squared; the replicas leave out one group of blocks each."""

    bins: Bins
    white: Mask  # bins whose residuals hold noise only
    slope: float
    intercept: float
    replicas: Array  # (GROUPS, 2): slope and intercept

    def error(self, values: Array) -> float:
        """Standard deviation, by the jackknife, of what was computed from the replicas."""
        return float(np.sqrt((len(values) - 1) * np.mean((values - values.mean()) ** 2)))

    def in_units(self, zero: float, unit: float) -> Line:
        """The same line for brightness in units `unit` times smaller, and counted from `zero` less."""
        squared, bins = unit**2, self.bins
        bins = replace(
            bins,
            level=bins.level * unit + zero,
            variance=bins.variance * squared,
            coarse=bins.coarse * squared,
            error=bins.error * squared,
        )
        slopes, intercepts = self.replicas.T * [[unit], [squared]]
        slope, intercept = self.slope * unit, self.intercept * squared
        replicas = np.stack([slopes, intercepts - slopes * zero], axis=1)
        return Line(bins, self.white, slope, intercept - slope * zero, replicas)

    def variance(self, level: Array) -> Array:
        """Of the noise at these levels."""
        return self.slope * level + self.intercept


def photon_transfer(
    planes: Array, mask: Mask, slope: float | None = None, ceiling: float = np.inf, clipped: float = CLIPPED
) -> Line | None:
    r"""The line through variance and brightness of flat windows; None where the image has too few of them.

    A residual that passes only the highest diagonal frequencies holds the noise, but next to nothing of what came
    through a lens. Its mean square over windows of one brightness is the variance of a pixel there, whatever the
    distribution of the noise [1]_. Windows are sorted by the brightness of the pixels *around* them, which share no
    noise with it; sorting by the window's own brightness would sort the noise too (an instrumental variable [2]_).

    Parameters
    ----------
    planes : array, ZYX
        Image of one channel and time point.
    mask : array of bool, ZYX
        Pixels to ignore.
    slope : float, optional
        Counts squared per count, if known.
    ceiling : float
        Pixels at or above are saturated.
    clipped : float
        Standard deviations beyond which a residual is left out, as that of a hot pixel or a cosmic ray.

    References
    ----------
    .. [1] A. Foi, M. Trimeche, V. Katkovnik, K. Egiazarian, IEEE Trans. Image Process. 17, 1737 (2008).
    .. [2] A. Wald, Ann. Math. Stat. 11, 284 (1940).
    """
    if min(planes.shape[1:]) < 16:
        return None
    found = windows(planes, mask, ceiling)
    where = _sorted_by_brightness(found)
    if where is None or not (where >= 0).any():
        return None
    where = _flattest(found, where)
    return _fitted(_grouped(found, where, _outliers(found, where, clipped)), slope)


def _sorted_by_brightness(found: Windows) -> Numbers | None:
    """The bin of each window, -1 for none. Bins are as wide as the noise grows, and wider where windows are few."""
    if not found.usable.any():
        return None
    low, high = (float(v) for v in (found.around[found.usable].min(), found.around[found.usable].max()))
    edges = low + (high - low) * np.linspace(0, 1, BINS + 1) ** 2
    fine = np.clip(np.searchsorted(edges, found.around, side="right") - 1, 0, BINS - 1)
    merged = _merged(np.bincount(fine[found.usable], minlength=BINS))
    if merged is None:
        return None
    where = merged[fine]
    bins = int(where.max()) + 1
    cut, counted = (np.bincount(where, found.usable & which, bins) for which in (found.cut, True))
    return np.where(found.usable & ~found.cut & (cut <= CUT * counted)[where], where, -1)


def _merged(counts: Numbers) -> Numbers | None:
    """For each fine bin its number after joining, from the brightest down, those with few windows."""
    numbers, number, held = np.zeros(counts.size, np.int64), 0, 0
    for i in range(counts.size - 1, -1, -1):
        numbers[i] = number
        held += counts[i]
        if held >= LEAST / FLAT:
            number, held = number + 1, 0
    if number < 2:
        return None
    merged: Numbers = number - 1 - np.minimum(numbers, number - 1)
    return merged


def _flattest(found: Windows, where: Numbers) -> Numbers:
    """The bin of each window of the flatter share of its bin, -1 for the others."""
    limits = np.zeros(where.max() + 1)
    for number in range(limits.size):
        slopes = found.slope[where == number]
        limits[number] = np.quantile(slopes, FLAT) if slopes.size else 0
    flat = (where >= 0) & (found.slope <= limits[where])
    return np.where(flat, where, -1).astype(where.dtype)


def _grouped(found: Windows, where: Numbers, left_out: Mask) -> Sums:
    """Sums (quantity, group, bin) of: windows, level, squared residual, product, coarse square."""
    keep = (where >= 0) & ~left_out
    bins = int(where.max()) + 1
    at = (found.block[keep] % GROUPS) * bins + where[keep]
    values = (np.ones_like(found.level), found.level, found.residual**2, found.product, found.coarse)
    sums = [np.bincount(at, value[keep], GROUPS * bins).reshape(GROUPS, bins) for value in values]
    table: Sums = np.array(sums)
    return table[:, :, table[0].sum(0) > LEAST / 4]


def _fitted(rows: Sums, slope: float | None) -> Line:
    total = rows.sum(1)
    others = total[:, None] - rows
    means, without = total[1:] / total[0], others[1:] / np.maximum(others[0], 1)
    correlation, shaken = means[2] / np.maximum(means[1], 1e-300), without[2] / np.maximum(without[1], 1e-300)
    bins = Bins(
        windows=total[0],
        level=means[0],
        variance=means[1],
        coarse=means[3],
        neighbour=correlation,
        neighbour_error=_jackknife(shaken),
        error=_jackknife(without[1]),
    )
    white = bins.neighbour - NEIGHBOUR <= LEAKING + 2 * bins.neighbour_error
    used = white if white.sum() >= 2 else np.ones_like(white)

    def fit(sums: Array) -> tuple[float, float]:
        count, level, squares = sums[:3, used]
        return weighted_line(count, level / np.maximum(count, 1), squares / np.maximum(count, 1), slope)

    replicas = [fit(others[:, group]) for group in range(GROUPS)]
    return Line(bins, white, *fit(total), np.array(replicas))


def _jackknife(without: Array) -> Array:
    """Standard deviation of each column from its values without one group."""
    spread: Array = np.sqrt((len(without) - 1) * np.mean((without - without.mean(0)) ** 2, axis=0))
    return spread


def weighted_line(count: Array, level: Array, variance: Array, slope: float | None = None) -> tuple[float, float]:
    """Slope and intercept by least squares; the weights are the fitted line's own, for photons and Gaussian noise."""
    steep, constant = (slope or 0.0), float(np.sum(count * variance) / np.sum(count))
    floor = 1e-3 * float(variance.max()) + 1e-300
    for _ in range(8):
        expected = np.maximum(steep * level + constant, floor)
        weight = count / (2 * expected**2 + FOURTH * steep**2 * expected)
        weight = weight / weight.sum()
        x, v = float(weight @ level), float(weight @ variance)
        if slope is None:
            steep = float(weight @ ((level - x) * (variance - v)) / max(float(weight @ (level - x) ** 2), 1e-300))
        constant = v - steep * x
    return steep, constant


def _outliers(found: Windows, where: Numbers, clipped: float) -> Mask:
    """Residuals that are no noise: of hot pixels, cosmic rays, dust."""
    squares = found.residual**2
    limits = np.full(where.max() + 2, np.inf)  # the last for windows in no bin
    for number in range(limits.size - 1):
        inside = squares[where == number]
        usual = np.quantile(inside, 0.9) / NINE_OF_TEN if inside.size else 0
        limits[number] = clipped**2 * usual if usual > 0 else np.inf
    outliers: Mask = squares > limits[where]
    return outliers
