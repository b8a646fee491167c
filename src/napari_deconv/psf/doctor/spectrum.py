"""What the power spectrum of an image says about the width of a PSF."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...backend import numpy_backend
from .case import Case, Finding

SIDES = (128, 64, 32)  # of the patches of the image; the largest that fits
PLANES = 16  # of a stack, evenly spaced
STANDS_OUT = 3.0  # times the noise
FALLING, WINDOW = 1.5, 3  # power of the frequency, fitted to so many rings on either side
EARLIEST = 0.1  # cycles per sample
RISE = 6.0  # times
STEEP = 4.0  # more than edges have
STEEPER = 1.3  # than at low frequencies
LOWEST = 3.0  # cycles per patch: below, window and trend dominate
FEWEST = 8  # rings of frequencies

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Width:
    """What is left of an image's spectrum after division by the PSF's.

    Parameters
    ----------
    rise : float
        Factor by which it grows towards high frequencies, 1 if it falls.
    low, high : float
        Power of the frequency with which it falls: over the lower half (in octaves) of what stands out of the noise,
        and over the last octave.
    period : float
        Samples per period at the highest of these frequencies.
    """

    rise: float
    low: float
    high: float
    period: float


def too_wide(case: Case) -> Finding | None:
    """Detail in the image that would not have passed."""
    width = measure(case)
    if width is None or width.rise < RISE:
        return None
    return Finding(
        "too_wide",
        "warning",
        f"the image has detail that could not have passed this PSF: its spectrum divided by the PSF's grows "
        f"{min(width.rise, 1e4):.0f}-fold up to periods of {width.period:.1f} samples, and no object is like that. The "
        "PSF is too wide (or the noise of the image is not white); results get ringing",
        None,
        "check NA, wavelength and voxel size; measure or estimate the PSF from this image",
        width.rise,
    )


def too_narrow(case: Case) -> Finding | None:
    """Detail that the PSF lets pass and the image lacks."""
    width = measure(case)
    if width is None or width.rise >= RISE or width.high < max(STEEP, width.low + STEEPER):
        return None
    return Finding(
        "too_narrow",
        "info",
        f"the image loses its detail faster than this PSF explains: its spectrum divided by the PSF's falls with power "
        f"{width.low:.1f} of the frequency at first, {width.high:.1f} at last; that of edges stays below 4. Either the "
        "object is smooth, or the PSF is too narrow and the result will stay blurred",
        None,
        "look for another source of blur: focus, aberrations, motion, or binning of the image",
        width.high - width.low,
    )


def measure(case: Case) -> Width | None:
    r"""Compare the lateral spectra of image and PSF.

    The power of an image is :math:`P(f) = S(f)\,\langle|H(f)|^2\rangle + N`: that of the object through the PSF, and
    white noise, which is all that is left in the corners of the spectrum. :math:`S = (P - N) / \langle|H|^2\rangle`
    must look like the spectrum of an object: flat for points, falling with power 2 to 4 for edges and textures, about
    the same at all frequencies. Divided by a PSF that is too wide it grows by orders of magnitude, by one too narrow it
    falls ever faster.

    Returns
    -------
    Width or None
        None without an image, for images below 32 samples a side, and where hardly anything stands out of the noise.
    """
    if case.image is None or case.values.ndim == 1 or min(case.image.shape[-2:]) < SIDES[-1]:
        return None
    step = _relative_step(case)
    if step is None:
        return None
    frequency, power, noise = _image_spectrum(case.image)
    passed = _psf_spectrum(case.clean, frequency, step)
    noise = max(noise, _plateau(frequency, power))
    ring = _first_run((power > STANDS_OUT * noise) & (frequency * _side(case.image) >= LOWEST))
    if len(ring) < FEWEST:
        return None
    f, object_power = frequency[ring], np.log((power[ring] - noise) / np.maximum(passed[ring], 1e-9))
    smooth = np.convolve(np.pad(object_power, 1, mode="edge"), np.ones(3) / 3, "valid")
    rise = float(np.exp(np.max(smooth - np.minimum.accumulate(smooth))))
    low, high = f <= np.sqrt(f[0] * f[-1]), f > f[-1] / 2
    return Width(rise, _slope(f[low], object_power[low]), _slope(f[high], object_power[high]), float(1 / f[-1]))


def _plateau(frequency: Array, power: Array) -> float:
    """Power where the spectrum first stops falling: noise that is not white, as a JPEG's, stands above the corners."""
    logs = np.log(np.maximum(power, 1e-30))
    for i in range(WINDOW, len(power) - WINDOW):
        near = slice(i - WINDOW, i + WINDOW + 1)
        if frequency[i] > EARLIEST and _slope(frequency[near], logs[near]) < FALLING:
            return float(power[i])
    return 0.0


def _first_run(usable: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Indices of the first that are usable without a gap."""
    if not usable.any():
        return np.empty(0, dtype=np.intp)
    start = int(np.argmax(usable))
    ends = np.flatnonzero(~usable[start:])
    return np.arange(start, start + ends[0] if ends.size else len(usable))


def _slope(frequency: Array, logarithm: Array) -> float:
    """Power of the frequency with which it falls."""
    return -float(np.polyfit(np.log(frequency), logarithm, 1)[0])


def _relative_step(case: Case) -> tuple[float, float] | None:
    """Voxels of the PSF in those of the image, laterally; None where they are hopelessly different."""
    if case.spacing is None or case.image_spacing is None:
        return (1.0, 1.0)
    y, x = (p / i for p, i in zip(case.spacing[-2:], case.image_spacing[-2:], strict=True))
    return (y, x) if min(y, x) >= 0.2 and max(y, x) <= 5 else None


def _side(image: Array) -> int:
    return next(side for side in SIDES if side <= min(image.shape[-2:]))


def _image_spectrum(image: Array) -> tuple[Array, Array, float]:
    """Rings of frequencies (cycles per sample), mean power in each, and the power of the noise."""
    side = _side(image)
    planes = image[:: max(1, len(image) // PLANES)] if image.ndim == 3 else image[None]
    taper = np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2
    window = np.multiply.outer(taper, taper)
    total = np.zeros((side, side // 2 + 1))
    for plane in planes:
        for rows in _starts(plane.shape[0], side):
            for columns in _starts(plane.shape[1], side):
                patch = plane[rows : rows + side, columns : columns + side]
                total += np.abs(numpy_backend().fft.rfftn((patch - patch.mean()) * window)) ** 2
    radius = _radius(side, 1.0, 1.0)
    corner = radius > 0.5
    return *_rings(total, radius, side), float(np.median(total[corner]) / np.log(2))


def _starts(length: int, side: int) -> list[int]:
    """First samples of patches, evenly spread, about half overlapping."""
    return [int(s) for s in np.unique(np.linspace(0, length - side, 2 * (length // side) - 1).round())]


def _radius(side: int, y: float, x: float) -> Array:
    """Frequencies of a half spectrum in cycles per unit, a sample being y and x of it."""
    radius: Array = np.hypot(np.fft.fftfreq(side)[:, None] / y, np.fft.rfftfreq(side)[None, :] / x)
    return radius


def _rings(power: Array, radius: Array, side: int) -> tuple[Array, Array]:
    """Mean of `power` in rings as wide as one cycle per patch, and their frequencies."""
    ring = np.rint(radius * side).astype(np.intp).ravel()
    count = np.maximum(np.bincount(ring, minlength=side), 1)
    kept = np.arange(1, side // 2)
    mean: Array = np.bincount(ring, power.ravel(), minlength=side) / count
    return kept / side, mean[kept]


def _psf_spectrum(values: Array, frequency: Array, step: tuple[float, float]) -> Array:
    """Mean squared transfer at some frequencies: of a stack, summed over all axial frequencies (Parseval)."""
    planes = values.reshape(-1, *values.shape[-2:])
    side = max(256, *(numpy_backend().fft.fast_size(n) for n in planes.shape[-2:]))
    total = np.zeros((side, side // 2 + 1))
    for plane in planes:
        wide = np.zeros((side, side))
        wide[: plane.shape[0], : plane.shape[1]] = plane
        total += np.abs(numpy_backend().fft.rfftn(wide)) ** 2
    at, mean = _rings(total, _radius(side, *step), side)
    passed: Array = np.interp(frequency, at, mean / total[0, 0], right=0.0)
    return passed
