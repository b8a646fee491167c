"""The outer parts of a PSF: whether it ends too early, and whether its two sides of the focus agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .case import Case, Finding, is_flat

MISSING = 0.05  # of the energy, as the tails tell
KEPT = 0.9  # of the energy, as the model tells
SMALLEST = 7  # samples along a side that shows a tail
LIT = 0.9  # of a side
HIGH = 0.3  # of the maximum
LOPSIDED = 0.1  # of the light
VERY_LOPSIDED = 0.25
EXPLAINED = ("depth", "aberrations", "ri_sample", "ri_design", "coverslip_design", "ri_coverslip_design")

Array = NDArray[np.float64]


def truncated(case: Case) -> Finding | None:
    """Light beyond the borders."""
    if case.photo or _reaches_as_far_as_the_image(case):
        return None
    if case.computed:
        return _truncated_model(case)
    missing, ends = _missing(case.plane), _stops_in_focus(case)
    if missing < MISSING and not ends:
        return None
    what = f"the PSF is cut off before it has faded: about {missing:.0%} of its light lies beyond the borders"
    if missing < MISSING:
        what = f"the stack ends where the PSF still has {ends:.0%} of its peak: too early unless the image is that thin"
    return Finding(
        "truncated",
        "info" if missing < MISSING and case.image is None else "warning",
        f"{what}; haze from there stays in the result, and edges get a rim",
        None,
        "record or cut out a larger PSF, or compute one; what was not recorded cannot be added",
        max(missing, ends),
    )


def _truncated_model(case: Case) -> Finding | None:
    """What the model says that it left out."""
    energy = case.info.get("energy")
    if not isinstance(energy, float) or energy >= KEPT:
        return None
    return Finding(
        "truncated",
        "info" if case.image is None else "warning",
        f"the PSF holds {energy:.0%} of the energy of its focal plane: enough only if the image is not larger than "
        "half of it, else haze from farther away stays in the result",
        None,
        "compute it for the shape of the image (image_shape=) or with a larger energy=",
        1 - energy,
    )


def _reaches_as_far_as_the_image(case: Case) -> bool:
    """Whether no sample of the image feels more of the PSF."""
    if case.image is None:
        return False
    return all(n >= 2 * m - 1 for n, m in zip(case.values.shape[::-1], case.image.shape[::-1], strict=False))


def _missing(plane: Array) -> float:
    """Share of light beyond the borders: each side's last blocks go on falling by the factor that they fell by.

    That is too little for tails that fall like a power, and too much for those that fall faster, a Gaussian's for
    instance. Sides that are partly dark or do not fall are the rim of the kernel itself, and so is that of a flat one.
    """
    if min(plane.shape) < SMALLEST or is_flat(plane):
        return 0.0
    beyond = 0.0
    for axis in range(plane.ndim):
        for turned in (plane, np.flip(plane, axis)):
            lines = np.moveaxis(turned, axis, 0).reshape(len(turned) if axis == 0 else plane.shape[axis], -1)
            beyond += _beyond(lines)
    return float(beyond / (beyond + plane.sum()))


def _beyond(lines: Array) -> float:
    """Light before the first of some lines of samples."""
    width = max(1, len(lines) // 16)
    if np.count_nonzero(lines[:width].sum(axis=0)) < LIT * lines.shape[1]:
        return 0.0
    last, third = float(lines[:width].sum()), float(lines[2 * width : 3 * width].sum())
    if not 0 < last < third:
        return 0.0
    falls = min((last / third) ** 0.5, 1 - 4 * width / len(lines))  # no slower than the integral of a power -3
    return float(last * falls / (1 - falls))


def _stops_in_focus(case: Case) -> float:
    """Share of the peak that the first or the last plane still reaches, if it is high; else 0."""
    if case.values.ndim < 3 or len(case.values) == 1:
        return 0.0
    ends = max(float(case.clean[0].max()), float(case.clean[-1].max())) / float(case.clean.max())
    return ends if ends > HIGH else 0.0


def asymmetric(case: Case) -> Finding | None:
    """A difference between above and below the focus where theory has none."""
    if case.values.ndim < 3 or any(case.parameters.get(key) for key in EXPLAINED):
        return None
    share = _lopsided(case.clean, case.peak[0])
    if share < LOPSIDED:
        return None
    return Finding(
        "asymmetric",
        "warning" if share > VERY_LOPSIDED else "info",
        f"above and below the focus the PSF differs by {share:.0%} of its light: spherical aberration (index, "
        "coverslip, depth), which a PSF computed without it lacks; it is right only for images taken alike",
        None,
        "nothing, if the image was taken at the same depth in the same medium; else measure there, or set the collar",
        share,
    )


def _lopsided(values: Array, middle: int) -> float:
    """Difference between the planes on both sides of the focus, the least of all positions of it within a plane."""
    reach = min(middle, len(values) - 1 - middle)
    if reach < 2:
        return 0.0
    planes = ndimage.gaussian_filter1d(ndimage.gaussian_filter1d(values, 1.0, axis=-1), 1.0, axis=-2)
    around = planes[middle - reach : middle + reach + 1]
    return min(_difference(_between_planes(around, shift)) for shift in np.linspace(-0.5, 0.5, 11))


def _between_planes(planes: Array, shift: float) -> Array:
    """Planes interpolated at positions moved by part of a plane, those at the ends left out."""
    low = np.roll(planes, -1 if shift > 0 else 1, axis=0)
    return ((1 - abs(shift)) * planes + abs(shift) * low)[1:-1]


def _difference(planes: Array) -> float:
    return float(np.abs(planes - planes[::-1]).sum() / (2 * planes.sum()))
