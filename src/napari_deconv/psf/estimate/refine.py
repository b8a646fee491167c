"""The pupil of a microscope, corrected by what its images show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...io.image import Image
from ..theory.zernike import NAMES
from ..type import PSF
from .case import LEAST_SIGNAL, Case, case_of, marked
from .search import CERTAIN, WIDEST, Counter, Found, effort, search
from .type import Estimate

MODES = (5, 6, 7, 8, 9, 10, 11)  # Noll's numbers; defocus is a shift of the object
WORTH = 0.02  # waves RMS: less is within the errors of any theory
SPHERICAL = 11  # by far the most common: every mismatch of refractive indices makes it
VAGUE = 0.06  # waves RMS
SURE = 3.0  # standard deviations that an aberration must differ from zero to be kept
METHOD = (
    "pupil phase by Fisher scoring on held-out photons, the object deconvolved anew for each trial (parametric blind "
    "deconvolution: Markham & Conchello, J. Opt. Soc. Am. A 16, 2377, 1999; pupil: Hanser et al., J. Microsc. 216, 32, "
    "2004; constraint by construction: Thiébaut & Conan, J. Opt. Soc. Am. A 12, 485, 1995)"
)


def refine(
    image: Image | ArrayLike,
    psf: PSF | str,
    *,
    spacing: Sequence[float] | None = None,
    background: float | None = None,
    gain: float | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Estimate:
    r"""A computed microscope PSF, its pupil corrected by the aberrations that the image shows.

    The PSF is the one that a microscope makes of a pupil with the phase

    .. math:: \varphi = \varphi_0 + 2 \pi \sum_{j=5}^{11} c_j Z_j

    so whatever the seven numbers are, it keeps its band limit, its flux in every plane and its sign. They are fitted to
    photons that the deconvolution has not seen, which guards against fitting noise; an aberration that does not differ
    from zero by three standard deviations is set to zero; and if all of them together explain too little, the start is
    returned. Defocus (Noll 4) is left alone: no image tells it from an object that lies deeper.

    Parameters
    ----------
    image : Image or array, shape (z, y, x)
        A stack in linear units, one channel at one time.
    psf : PSF or str
        Where to start: computed by a model of a microscope, or its words, e.g.
        ``"widefield:na=1.4,wavelength=0.52,ri=1.515"``. Computed anew if its voxels are not the image's.
    spacing : sequence of float, optional
        Micrometres per sample; by default the image's own, else that of `psf`.
    background : float, optional
        Camera units where there is no light. If it is not given, the object takes it up.
    gain : float, optional
        Camera units per photon. By default read from the noise.
    seed : int
        Of the random numbers that part the photons.
    progress : callable, optional
        ``progress(done, total)``, called after every step; what it raises ends the work.

    Returns
    -------
    Estimate
        ``values`` are the changes ``noll_5`` to ``noll_11`` in waves RMS, and ``rms``, all of them together. If it
        failed, ``psf`` is the start.

    Raises
    ------
    ValueError
        If `psf` was not computed for a microscope or has no z, or the image is no such stack.

    References
    ----------
    .. [1] J. Markham, J.-A. Conchello, J. Opt. Soc. Am. A 16, 2377 (1999).
    .. [2] E. Thiébaut, J.-M. Conan, J. Opt. Soc. Am. A 12, 485 (1995).
    .. [3] B. M. Hanser, M. G. L. Gustafsson, D. A. Agard, J. W. Sedat, J. Microsc. 216, 32 (2004).
    """
    case = case_of(image, psf, spacing, background, gain, seed)
    if case.start.ndim != 3:
        raise ValueError("refine needs a stack (z, y, x): a single plane does not tell aberrations; see microscope")
    theory = case.theory(MODES)
    lead = [MODES.index(SPHERICAL)]
    tick = Counter(effort(theory.count, len(lead)), progress)
    found = search(case.halves, theory, lead, tick)
    tick.finish()
    return _judged(case, found)


def _judged(case: Case, found: Found) -> Estimate:
    """The refined PSF, or the start and the reason why."""
    kept = np.where(np.abs(found.values) >= SURE * found.uncertainty, found.values, 0)
    size, doubt = float(np.linalg.norm(kept)), float(np.linalg.norm(found.uncertainty[_told(kept)]))
    failure = _failure(found, size, doubt)
    confidence = round(size**2 / (size**2 + 4 * doubt**2 + 1e-12), 3) if not failure else 0.0
    names = [f"noll_{mode}" for mode in MODES]
    values = {name: float(v) for name, v in zip(names, kept, strict=True)} | {"rms": size}
    uncertainty = {name: float(u) for name, u in zip(names, found.uncertainty, strict=True)} | {"rms": doubt}
    psf = case.start if failure else case.theory(MODES).psf(kept, case.start.shape)
    told = "; ".join(f"{NAMES[mode]} {value:+.3f}" for mode, value in zip(MODES, kept, strict=True) if value)
    notes = (*case.notes, *([f"aberrations found, in waves RMS: {told}"] if told and not failure else []))
    return Estimate(
        marked(psf, confidence, failure, uncertainty), values, uncertainty, confidence, failure, METHOD, notes
    )


def _told(kept: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which aberrations the answer is about: those kept, else the spherical one."""
    return np.asarray(kept != 0 if kept.any() else np.array(MODES) == SPHERICAL)


def _failure(found: Found, size: float, doubt: float) -> str:
    """Why the image does not hold the answer; empty if it does."""
    if found.signal < LEAST_SIGNAL:
        return "The image holds hardly anything but noise, so it does not show the PSF."
    if doubt > VAGUE:
        return (
            f"The image is too smooth or too dim to show aberrations: they are uncertain by {doubt:.2f} waves RMS, and "
            f"{VAGUE:g} is the most that helps; small bright objects or more light would tell."
        )
    if np.abs(found.values).max() >= 0.99 * WIDEST:
        return (
            f"No aberration below {WIDEST:g} waves explains the image; another parameter of the PSF is probably wrong "
            "(refractive index, voxel size, NA)."
        )
    if size < max(WORTH, 2 * doubt) or found.gain < CERTAIN * found.chance:
        return (
            f"There is nothing to refine: the image is explained no better by other aberrations ({size:.3f} waves RMS, "
            f"uncertain by {doubt:.3f})."
        )
    return ""
