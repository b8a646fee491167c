"""Examine a PSF before it is trusted, and mend what can be mended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..sampling import resample
from ..type import PSF, SUM_TOLERANCE
from .case import Case, Finding, admit
from .levels import negative, noise, not_normalised, pedestal, saturated
from .place import even_size, not_centred, nyquist, voxel_size
from .repairs import STEPS, mend
from .spectrum import too_narrow, too_wide
from .tails import asymmetric, truncated

__all__ = ["CHECKS", "REPAIRS", "Finding", "examine", "repair"]

CHECKS: dict[str, Callable[[Case], Finding | None]] = {
    "negative": negative,
    "not_centred": not_centred,
    "pedestal": pedestal,
    "noise": noise,
    "saturated": saturated,
    "not_normalised": not_normalised,
    "even_size": even_size,
    "truncated": truncated,
    "voxel_size": voxel_size,
    "nyquist": nyquist,
    "asymmetric": asymmetric,
    "too_wide": too_wide,
    "too_narrow": too_narrow,
}
REPAIRS = (*STEPS, "resample", "normalise")  # in this order
AGAIN = 3  # rounds: without its noise, for instance, the centre of a PSF may turn out to be elsewhere
SEVERITIES = ("error", "warning", "info")


def examine(psf: Any, image: Any = None, spacing: Sequence[float] | None = None) -> tuple[Finding, ...]:
    """What is wrong with a PSF, and what that does to a result; worst first, nothing for a healthy one.

    Parameters
    ----------
    psf : PSF or array, 1 to 3 axes
        A PSF cannot be negative and has sum 1; only an array shows these faults. What is known of the optics is read
        from `PSF.info`; an array brings no voxel size.
    image : array, YX or ZYX, optional
        Pixels of one channel and time point, 32 samples a side or more: then the widths of PSF and image are compared.
    spacing : sequence of float, optional
        Micrometres per sample of the image.

    Returns
    -------
    tuple of Finding

    Raises
    ------
    ValueError
        If `psf` is no kernel at all (complex, not numeric, empty, without positive values, NaN, in colour, more than 3
        axes), or `image` or `spacing` make no sense.

    Examples
    --------
    >>> [finding.name for finding in examine([[1, 2, 1], [0, 0, 0], [0, 0, 0]])]
    ['not_centred', 'not_normalised']
    """
    case = admit(psf, image, spacing)
    found = [finding for check in CHECKS.values() if (finding := check(case)) is not None]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def repair(
    psf: Any,
    findings: Iterable[Finding | str] | None = None,
    *,
    image: Any = None,
    spacing: Sequence[float] | None = None,
) -> PSF:
    """The PSF with faults mended: background, noise, negative values, centre, even size, voxel size, in this order.

    Parameters
    ----------
    psf, image, spacing
        As for `examine`.
    findings : iterable of Finding or str, optional
        What to mend: findings of `examine`, or keys of `REPAIRS`. By default everything it finds that can be mended.
        Negative values and a sum other than 1 are mended in any case, since no PSF has them.

    Returns
    -------
    PSF
        ``info["repairs"]`` has one more sentence for each thing done. `psf` itself if it is a PSF that needs nothing.

    Raises
    ------
    ValueError
        As `examine`, or if a key is unknown, or "resample" is asked for and a voxel size is not known.

    Examples
    --------
    >>> repair([[0, 0, 0, 0], [0, 1, 2, 1], [0, 0, 0, 0]]).info["repairs"]
    ['even size made odd: (3, 4) became (3, 5)', 'normalised: divided by its sum, 4']
    """
    if findings is not None:
        return _repaired(psf, _wanted(findings), image, spacing)
    mended = _repaired(psf, _wanted(examine(psf, image, spacing)), image, spacing)
    for _ in range(AGAIN):
        left = _wanted(examine(mended, image, spacing))
        if not left:
            break
        mended = _repaired(mended, left, image, spacing)
    return mended


def _repaired(psf: Any, wanted: set[str], image: Any, spacing: Sequence[float] | None) -> PSF:
    """The PSF after one round of repairs."""
    case = admit(psf, image, spacing)
    values, said = mend(case, wanted | {"negative"})
    total = float(values.sum())
    if abs(total * case.scale - 1) > SUM_TOLERANCE:
        said.append(f"normalised: divided by its sum, {total * case.scale:.6g}")
    mended = psf if isinstance(psf, PSF) and not said else _as_psf(psf, values / total, said)
    if "resample" not in wanted:
        return mended
    if case.image_spacing is None:
        raise ValueError("resample needs the voxel size of the image; give spacing=(z, y, x) in micrometres")
    return resample(mended, case.image_spacing)


def _wanted(findings: Iterable[Finding | str]) -> set[str]:
    """Keys of the repairs asked for."""
    given = [findings] if isinstance(findings, Finding | str) else list(findings)
    keys = {one if isinstance(one, str) else one.repair for one in given}
    unknown = keys - {None, *REPAIRS}
    if unknown:
        raise ValueError(f"unknown repair {', '.join(map(repr, unknown))}; known: {', '.join(REPAIRS)}")
    return {key for key in keys if key is not None}


def _as_psf(psf: Any, values: NDArray[np.float64], said: list[str]) -> PSF:
    """A PSF of those values with what was known of it before, and what was done."""
    if isinstance(psf, PSF):
        info = {**psf.info, "repairs": [*psf.info.get("repairs", ()), *said]}
        return PSF(values.astype(np.float32), psf.spacing[-values.ndim :], psf.unit, info)
    info = {"model": "measured", "repairs": said}
    return PSF(values.astype(np.float32), (1.0,) * values.ndim, "px", info)
