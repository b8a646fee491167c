"""Where beads are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..checks import number
from .stack import Array, Stack, stacks_of

TO_FWHM = 2 * math.sqrt(2 * math.log(2))  # of a Gaussian's standard deviation
CERTAIN = 6.0  # standard deviations of the noise
ECHO = 0.2  # of the brightness of a bead: its rings and side lobes are dimmer


def find(
    image: Any,
    spacing: Sequence[float] | None = None,
    *,
    threshold: float = 0.1,
    min_distance: float | None = None,
) -> NDArray[np.float64]:
    """Positions of what looks like a bead: small bright spots, saturated and crowded ones included.

    A difference of two Gaussians as wide as the spots of the image themselves are (the median of the brighter ones)
    is searched for maxima that stand out of the noise six times. Rings and side lobes around a brighter spot do
    not count.

    Parameters
    ----------
    image : array or Image, 2 or 3 axes
        A stack (ZYX) or plane (YX) of one channel.
    spacing : sequence of float, optional
        Micrometres per voxel. Not needed for an Image that knows it.
    threshold : float
        Brightness from which on a spot counts, as a share of the typical bead's, 0 to 1.
    min_distance : float, optional
        Micrometres; of spots closer than this the brightest is taken. By default the width of a spot.

    Returns
    -------
    array, shape (n, 3) or (n, 2)
        Voxels, ZYX or YX order, the brightest first; whole numbers, `measure` refines them.

    Raises
    ------
    ValueError
        If the voxel size is unknown, the image is constant, has other axes, or a number is out of range.
    """
    stacks, step = stacks_of(image, spacing, None, [])
    if len(stacks) > 1:
        raise ValueError(f"find takes one image, got {len(stacks)}; call it for each, or use measure")
    width = typical_width(stacks[0])
    return locate(stacks[0], step, width, threshold, min_distance).astype(np.float64)


def typical_width(stack: Stack) -> tuple[float, ...]:
    """Full width at half maximum of the brighter spots along each axis, samples: a first guess.

    Raises
    ------
    ValueError
        If nothing stands out of the noise.
    """
    values = _filled(stack)
    smooth = ndimage.gaussian_filter(values, 1.0)
    floor = stack.level + CERTAIN * _noise(smooth)
    peaks = _peaks_from_above(smooth, floor)[:40]
    heights = np.array([smooth[tuple(p)] - stack.level for p in peaks])
    if not heights.size:
        raise ValueError(
            "nothing stands out of the noise, so no bead was found; is it the right channel? points= takes "
            "positions by hand"
        )
    bright = peaks[heights > 0.25 * heights.max()]
    widths = np.array([[_line_width(smooth, p, axis, stack.level) for axis in range(values.ndim)] for p in bright])
    narrowed = np.sqrt(np.maximum(np.median(widths, axis=0) ** 2 - TO_FWHM**2, 1.0))
    return tuple(float(w) for w in narrowed)


def locate(
    stack: Stack,
    spacing: tuple[float, ...],
    width: tuple[float, ...],
    threshold: float,
    min_distance: float | None,
) -> NDArray[np.intp]:
    """Indices of the spots of a stack whose spots are `width` samples wide, brightest first."""
    if not 0 <= number("threshold", threshold, positive=False) <= 1:
        raise ValueError(f"threshold is a share of the typical bead's brightness, 0 to 1, got {threshold!r}")
    reach = [w * s for w, s in zip(width, spacing, strict=True)]
    if min_distance is not None:
        reach = [number("min_distance", min_distance, unit="micrometres")] * len(width)
    values = _filled(stack)
    narrow, wide = ([max(0.5, f * w / TO_FWHM) for w in width] for f in (0.75, 1.5))
    spots = ndimage.gaussian_filter(values, narrow) - ndimage.gaussian_filter(values, wide)
    box = tuple(2 * max(1, round(r / s)) + 1 for r, s in zip(reach, spacing, strict=True))
    peaks = _peaks(spots, box, CERTAIN * _noise(spots))
    heights = np.array([spots[tuple(p)] for p in peaks], dtype=np.float64)
    if not heights.size:
        return peaks
    typical = float((heights**2).sum() / heights.sum())
    peaks, heights = peaks[heights >= threshold * typical], heights[heights >= threshold * typical]
    return peaks[_no_echo(peaks, heights, width, spacing)]


def _filled(stack: Stack) -> Array:
    """The pixels, with the median where there is no number."""
    bad = np.isnan(stack.values)
    return np.where(bad, np.float32(stack.level), stack.values) if bad.any() else stack.values


def _noise(values: Array) -> float:
    """Standard deviation by the median absolute deviation of about a million pixels."""
    thin = values.reshape(-1)[:: max(1, values.size // 2**20)]
    return 1.4826 * float(np.median(np.abs(thin - np.median(thin))))


def _peaks_from_above(values: Array, floor: float) -> NDArray[np.intp]:
    """The brightest sample below every maximum of the projection along z: quick, and enough to tell widths."""
    if values.ndim == 2:
        return _peaks(values, (7, 7), floor)
    places = _peaks(values.max(axis=0), (7, 7), floor)
    planes = np.argmax(values[:, places[:, 0], places[:, 1]], axis=0)
    return np.column_stack([planes, places])


def _peaks(values: Array, box: tuple[int, ...], floor: float) -> NDArray[np.intp]:
    """Local maxima above `floor`, no two in one box, brightest first."""
    from skimage.feature import peak_local_max

    search: Callable[..., NDArray[np.intp]] = peak_local_max
    return search(values, footprint=np.ones(box, dtype=bool), threshold_abs=floor, exclude_border=False)


def _line_width(values: Array, peak: NDArray[np.intp], axis: int, level: float) -> float:
    """Samples above half of the height along one axis; what the border hides is taken from the other side."""
    line = values[tuple(slice(None) if a == axis else p for a, p in enumerate(peak))].astype(np.float64) - level
    at = int(peak[axis])
    sides = [_half(line[at:]), _half(line[at::-1])]
    known = [side for side in sides if side is not None]
    return 2 * sum(known) / len(known) if known else float(len(line))


def _half(line: NDArray[np.float64]) -> float | None:
    below = np.flatnonzero(line < line[0] / 2)
    if not below.size:
        return None
    i = int(below[0])
    return float(i - 1 + (line[i - 1] - line[0] / 2) / (line[i - 1] - line[i]))


def _no_echo(
    peaks: NDArray[np.intp], heights: NDArray[np.float64], width: tuple[float, ...], spacing: tuple[float, ...]
) -> NDArray[np.bool_]:
    """False for dim maxima inside the rings, side lobes and cones of light of a brighter spot."""
    kept = np.ones(len(peaks), dtype=bool)
    scaled = peaks / np.asarray(width)
    tangent = cone(tuple(w * s for w, s in zip(width, spacing, strict=True)))
    for i in range(1, len(peaks)):
        away = np.abs(scaled[:i] - scaled[i])
        lateral = np.hypot(away[:, -1], away[:, -2])
        deep = away[:, 0] if peaks.shape[1] == 3 else np.zeros(i)
        in_cone = lateral <= 3 + deep * tangent
        kept[i] = not np.any(kept[:i] & in_cone & (deep <= 4) & (heights[i] < ECHO * heights[:i]))
    return kept


def cone(fwhm: tuple[float, ...]) -> float:
    """How fast the light of a bead widens out of focus: lateral widths per axial width.

    The scalar focus is about 0.51 wavelength / NA wide and 0.89 wavelength / (n - sqrt(n^2 - NA^2)) deep; their
    ratio gives the half angle of the cone, tan(angle / 2) = 1.74 / ratio. Zero for a plane.
    """
    if len(fwhm) < 3:
        return 0.0
    lateral = math.sqrt(fwhm[-1] * fwhm[-2])
    angle = 2 * math.atan(min(1.74 * lateral / fwhm[0], 0.8))
    return math.tan(angle) * fwhm[0] / lateral
