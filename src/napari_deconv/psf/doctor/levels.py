"""What the values of a PSF tell: below zero, on a pedestal, in noise, cut at the top, not of sum 1."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..type import SUM_TOLERANCE
from .case import Case, Finding

NOISY = 0.02  # of the energy
HEAVY = 0.2  # of the energy
ROUNDING = 1e-6  # of the energy; transforms there and back leave less below zero
TOP = 1e-6  # relative difference of equal maxima
SLOPES = 6  # samples on the slopes, times the root of those at the top; the rim of a disk has less than 5.4

Mask = NDArray[np.bool_]


def negative(case: Case) -> Finding | None:
    """Values below zero."""
    below = case.values < 0
    share = float(-case.values[below].sum() / np.abs(case.values).sum())
    if share <= ROUNDING:
        return None
    return Finding(
        "negative",
        "error",
        f"{below.mean():.1%} of the values are negative ({share:.2%} of the energy, the lowest "
        f"{case.values.min():.2%} of the peak): no light is negative, and Richardson-Lucy diverges with such a PSF",
        "negative",
        "sets them to zero, after a background or noise that explains them was removed",
        share,
    )


def not_normalised(case: Case) -> Finding | None:
    """A sum other than 1."""
    total = float(case.values.sum() * case.scale)
    if abs(total - 1) <= SUM_TOLERANCE:
        return None
    return Finding(
        "not_normalised",
        "warning",
        f"the values sum to {total:.6g} instead of 1: a Wiener filter, a background and all brightness would be off by "
        "that factor",
        "normalise",
        "divides the PSF by its sum",
        total,
    )


def pedestal(case: Case) -> Finding | None:
    """A constant level below everything."""
    if case.pedestal is None:
        return None
    level = case.pedestal.level
    share = float(abs(level) * case.values.size / np.abs(case.values).sum())
    if level > 0:
        what = f"stands on a level of {level:.2%} of its peak, a camera's offset"
        effect = "that light is taken for haze: contrast is exaggerated, brightness wrong"
    else:
        what = f"lies {-level:.2%} of its peak below zero, as if a background was subtracted twice"
        effect = "its tails are lost: haze stays in the result"
    return Finding(
        "pedestal",
        "error" if share > HEAVY else "warning",
        f"the PSF {what}, which adds up to {share:.0%} of its energy; {effect}",
        "background",
        "subtracts the level, and sets to zero what does not stand out of its noise",
        level,
    )


def noise(case: Case) -> Finding | None:
    """Noise around the PSF that adds up to a share of its energy."""
    if case.noise == 0:
        return None
    energy = np.abs(case.above)
    share = float(energy[~case.inside].sum() / energy.sum())
    if share < NOISY:
        return None
    return Finding(
        "noise",
        "error" if share > HEAVY else "warning",
        f"noise of {case.noise:.2%} of the peak surrounds the PSF and holds {share:.0%} of its energy: the result "
        "gets grain, and the light that belongs to the centre is spread over the whole kernel",
        "noise",
        "keeps the connected region that stands out of the noise, sets the rest to zero",
        share,
    )


def saturated(case: Case) -> Finding | None:
    """A flat top: neighbouring samples at one and the same maximum."""
    if case.photo or min(case.values.shape[-2:]) < 5:
        return None
    plane = case.values[case.peak[:-2]]
    flat = _flat_top(plane)
    count = int(flat.sum())
    if count < 3 or _symmetric_quartet(flat) or _skirt(plane, flat) < SLOPES * math.sqrt(count):
        return None
    return Finding(
        "saturated",
        "error",
        f"{count} neighbouring samples share the maximum: the bead was saturated, so the PSF is too wide and its "
        "centre unknown",
        None,
        "use beads that are not saturated: shorter exposure, less light or smaller gain",
        float(count),
    )


def _flat_top(plane: NDArray[np.float64]) -> Mask:
    """The connected samples at the maximum."""
    regions, _ = ndimage.label(plane >= plane.max() * (1 - TOP))
    inside: Mask = regions == regions[np.unravel_index(int(plane.argmax()), plane.shape)]
    return inside


def _symmetric_quartet(flat: Mask) -> bool:
    """Whether it is the 2 x 2 samples around the centre of an even kernel."""
    places = np.argwhere(flat)
    return len(places) == 4 and bool((np.ptp(places, axis=0) == 1).all())


def _skirt(plane: NDArray[np.float64], flat: Mask) -> int:
    """Samples on the slopes; a disk or a box has hardly any."""
    high = plane.max()
    return int(((plane > 0.02 * high) & (plane < 0.5 * high) & ~flat).sum())
