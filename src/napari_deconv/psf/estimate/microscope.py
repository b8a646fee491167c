"""How wide and how spherically aberrated the PSF of a microscope is, from an image it took."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from ...io.image import Image
from ..theory.zernike import FIRST_ABERRATION
from ..type import PSF
from .case import LEAST_SIGNAL, Case, case_of, marked
from .search import ROUNDS, WIDEST, Counter, Found, effort, search, told_apart
from .theory import Theory, coefficients
from .type import Estimate

SPHERICAL = 11
VAGUE = {"na": 0.06, "spherical": 0.04}  # uncertainty that makes an answer useless: share of the NA, waves RMS
LEAST_SHARE = 0.14  # of a change of width that the object cannot imitate: points 0.4, filaments 0.2, dense cells 0.08
METHOD = (
    "aperture and spherical aberration by Fisher scoring on held-out photons, the object deconvolved anew for each "
    "trial (parametric blind deconvolution: Markham & Conchello, J. Opt. Soc. Am. A 16, 2377, 1999)"
)


def microscope(
    image: Image | ArrayLike,
    psf: PSF | str,
    *,
    spacing: Sequence[float] | None = None,
    background: float | None = None,
    gain: float | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Estimate:
    """The aperture at which a microscope really works, and from a stack its spherical aberration too.

    A PSF that is wider than theory says looks like that of a smaller aperture; a wrong refractive index or coverslip
    makes spherical aberration (Noll 11). Both are fitted to half of the photons of the image, after the other half was
    deconvolved with the PSF on trial: noise cannot be fitted that way.

    Parameters
    ----------
    image : Image or array, shape (z, y, x) or (y, x)
        Linear units, one channel at one time. A plane tells the width alone, and only if the object is thin.
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
        ``values`` are ``na`` (effective numerical aperture) and, for a stack, ``spherical`` (waves RMS, Noll 11). An
        object so dense that it can imitate a wider PSF does not tell the NA: that is a failure, the NA stays as it was,
        and only the spherical aberration is fitted. If it failed, ``psf`` is the start.

    Raises
    ------
    ValueError
        If `psf` was not computed for a microscope, or the image is no such image.

    References
    ----------
    .. [1] J. Markham, J.-A. Conchello, J. Opt. Soc. Am. A 16, 2377 (1999).
    """
    case = case_of(image, psf, spacing, background, gain, seed)
    modes = (SPHERICAL,) if case.start.ndim == 3 else ()
    tick = Counter(2 * ROUNDS[-1] + effort(len(modes) + 1, len(modes) + 1), progress)
    share = told_apart(case.halves, case.theory((), width=True), tick)
    theory = case.theory(modes, width=share >= LEAST_SHARE or not modes)
    found = search(case.halves, theory, range(theory.count), tick)
    tick.finish()
    return _judged(case, theory, found, share)


def _judged(case: Case, theory: Theory, found: Found, share: float) -> Estimate:
    """The numbers in the units of the model, and whether to believe them."""
    told = theory.told(found.values)
    na = float(told["na"])
    values, uncertainty = {"na": na}, {}
    if theory.width:
        uncertainty["na"] = na * float(found.uncertainty[0])
    if theory.modes:
        values["spherical"] = coefficients(told)[SPHERICAL - FIRST_ABERRATION]
        uncertainty["spherical"] = float(found.uncertainty[-1])
    doubt = max(u / VAGUE[n] for n, u in zip(uncertainty, found.uncertainty, strict=True))
    failure = _failure(found, uncertainty, doubt) or _imitated(share, theory)
    confidence = 0.0 if failure else round(1 / (1 + doubt**2), 3)
    psf = case.start if failure else theory.psf(found.values, case.start.shape)
    return Estimate(
        marked(psf, confidence, failure, uncertainty), values, uncertainty, confidence, failure, METHOD, case.notes
    )


def _imitated(share: float, theory: Theory) -> str:
    """Why the width cannot be told, if it cannot."""
    if share >= LEAST_SHARE:
        return ""
    held = "" if theory.width else "; the NA was left as it was"
    return (
        f"The object is too dense or too smooth to show how wide the PSF is: it imitates {1 - share:.0%} of what "
        f"another width would change{held}."
    )


def _failure(found: Found, uncertainty: dict[str, float], doubt: float) -> str:
    """Why the image does not hold the answer; empty if it does."""
    if found.signal < LEAST_SIGNAL:
        return "The image holds hardly anything but noise, so it does not show the PSF."
    if doubt > 1 or not math.isfinite(doubt):
        told = " and ".join(f"{name} is uncertain by {u:.2g}" for name, u in uncertainty.items())
        return f"The image is too smooth or too dim to show its PSF: {told}; small bright objects would tell."
    if np.abs(found.values).max() >= 0.99 * WIDEST:
        return (
            "The PSF that explains the image is far from the one to start from; check NA, wavelength, refractive index "
            "and voxel size."
        )
    return ""
