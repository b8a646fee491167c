"""Where the PSF lies on its grid, and whether the grid is the image's."""

from __future__ import annotations

import math

import numpy as np

from .. import centring
from ..sampling import SAME, SUSPICIOUS
from .case import PHOTO, Case, Finding

COARSE = 1.05  # times Nyquist's spacing
LETTERS = "ZYX"
NONSENSE = 100.0  # times: nanometres or millimetres were taken for micrometres


def not_centred(case: Case) -> Finding | None:
    """A centre away from ``n // 2``."""
    if any(np.atleast_1d(case.parameters.get("aberrations", 0))) or centring.is_centred(case.clean):
        return None  # with coma the maximum belongs off the centre
    _, wrapped = centring.unwrap(case.clean)
    shift = tuple(n // 2 - c for n, c in zip(case.clean.shape, centring.centre_of(case.clean), strict=True))
    length = math.hypot(*shift)
    what = "the origin sits at index 0 (a wrapped PSF)" if wrapped else f"the {centring.describe_shift(shift)}"
    return Finding(
        "not_centred",
        "error",
        f"{what}: everything in the result would be displaced by as much",
        "centre",
        "rolls a wrapped PSF; moves any other by whole samples to the middle of an odd box",
        length,
    )


def even_size(case: Case) -> Finding | None:
    """An even number of samples, which has none in the middle."""
    even = [axis for axis, n in enumerate(case.values.shape) if n % 2 == 0]
    if not even:
        return None
    between = [axis for axis in even if centring.lies_between(case.clean, axis)]
    shape = " x ".join(map(str, case.values.shape))
    if between:
        axes = ", ".join(LETTERS[a - case.values.ndim] for a in between)
        effect = f"its centre lies between two samples ({axes}), so the result would move by half a sample"
    else:
        effect = "its centre is at n // 2 as it should be here, but other programs look for it half a sample away"
    return Finding(
        "even_size",
        "warning" if between else "info",
        f"the PSF has an even size ({shape}): {effect}",
        "odd",
        "averages neighbouring samples where the centre lies between two, else adds a line of zeros",
        float(len(even)),
    )


def voxel_size(case: Case) -> Finding | None:
    """Voxels of another size than the image's."""
    if case.image_spacing is None or case.model in PHOTO:
        return None
    image = _micrometres(case.image_spacing)
    if case.spacing is None:
        return Finding(
            "voxel_size",
            "info",
            f"the voxel size of the PSF is not known; it is taken to be the image's, {image}",
            None,
            "give the voxel size with the PSF: psf.from_array(array, spacing=(z, y, x))",
            1.0,
        )
    ratios = [p / i for p, i in zip(case.spacing, case.image_spacing, strict=True)]
    worst = max(ratios, key=lambda r: abs(math.log(r)))
    apart = max(worst, 1 / worst)
    if apart <= 1 + SAME:
        return None
    sentence = f"the PSF has voxels of {_micrometres(case.spacing)}, the image of {image}"
    suspicious = apart >= SUSPICIOUS * (1 - SAME)
    if suspicious:
        sentence += "; one of the two is probably wrong"
    factor = f"{worst:.3g} times too {'small' if worst > 1 else 'large'}"
    return Finding(
        "voxel_size",
        "error" if suspicious else "warning",
        f"{sentence}: used sample by sample it would be {factor}",
        None if apart >= NONSENSE else "resample",
        "give the right voxel size, in micrometres, with the image or with the PSF"
        if apart >= NONSENSE
        else "resamples the PSF to the voxels of the image, energy kept",
        worst,
    )


def nyquist(case: Case) -> Finding | None:
    """Voxels too large for what the microscope resolves."""
    spacing = case.spacing or case.image_spacing
    limits = _nyquist(case)
    if spacing is None or limits is None:
        return None
    ratios = [s / limit for s, limit in zip(spacing, limits, strict=True)]
    if max(ratios) <= COARSE:
        return None
    axes = ", ".join(a for a, r in zip(LETTERS[-len(ratios) :], ratios, strict=True) if r > COARSE)
    return Finding(
        "nyquist",
        "warning",
        f"voxels of {_micrometres(spacing)} are up to {max(ratios):.2f} times Nyquist's {_micrometres(limits, 3)} for "
        f"this aperture and wavelength ({axes}): detail between them is lost, and a result cannot bring it back",
        None,
        "record with smaller voxels; no resampling helps afterwards",
        max(ratios),
    )


def _nyquist(case: Case) -> tuple[float, ...] | None:
    """The largest spacing without aliasing: the model's, else that of a widefield microscope."""
    ndim = case.values.ndim
    told = case.info.get("nyquist")
    if told is not None and len(told) == ndim:
        return tuple(float(t) for t in told)
    na, wavelength, ri = (case.parameters.get(key) for key in ("na", "wavelength", "ri"))
    if na is None or wavelength is None or ndim == 1:
        return None
    lateral = (wavelength / (4 * na),) * 2
    if ndim == 2:
        return lateral
    if ri is None or na >= ri:
        return None
    return (wavelength / (2 * (ri - math.sqrt(ri**2 - na**2))), *lateral)


def _micrometres(values: tuple[float, ...], digits: int = 4) -> str:
    return f"({', '.join(f'{v:.{digits}g}' for v in values)}) um"
