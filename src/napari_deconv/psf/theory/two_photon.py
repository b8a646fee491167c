"""The two-photon microscope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..type import PSF
from .focus import Focus, light, middle
from .optics import COVERSLIP, COVERSLIP_INDEX, Optics
from .optics import wavelength as in_micrometres
from .voxels import checked_spacing, microscope_psf


def two_photon(
    spacing: Sequence[float],
    *,
    na: float,
    excitation: float,
    ri: float = 1.33,
    ri_sample: float | None = None,
    depth: float = 0.0,
    ri_coverslip: float = COVERSLIP_INDEX,
    coverslip: float = COVERSLIP,
    ri_design: float | None = None,
    ri_coverslip_design: float | None = None,
    coverslip_design: float | None = None,
    working_distance: float | None = None,
    aberrations: Sequence[float] | float = (),
    theory: str = "vectorial",
    shape: Sequence[int] | None = None,
    image_shape: Sequence[int] | None = None,
    energy: float = 0.99,
) -> PSF:
    r"""The PSF of a two-photon microscope whose detector takes all light, integrated over the pixel.

    .. math:: h = h_\mathrm{ex}^2

    Parameters
    ----------
    spacing : sequence of float
        Micrometres per sample: (z, y, x), or (y, x) for the in-focus plane alone; z as in `widefield`.
    na : float
        Numerical aperture of the excitation, less than `ri`; the laser fills it evenly.
    excitation : float
        Wavelength of the laser in vacuum, micrometres, for example 0.92. That of the emission plays no part.
    ri : float
        Refractive index of the immersion medium.
    aberrations : sequence of float
        As in `widefield`, in waves of the laser.
    ri_sample, depth, ri_coverslip, coverslip, ri_design, ri_coverslip_design, coverslip_design, working_distance
        As in `widefield`.
    theory, shape, image_shape, energy
        As in `confocal`.

    Returns
    -------
    PSF
        As `confocal`.

    Raises
    ------
    ValueError
        As `widefield`.
    MemoryError
        As `confocal`.

    Warns
    -----
    UserWarning
        If the voxels are larger than Nyquist's.

    References
    ----------
    .. [1] W. Denk, J. H. Strickler, W. W. Webb, Science 248, 73 (1990).

    Examples
    --------
    >>> two_photon((0.4, 0.1, 0.1), na=1.05, excitation=0.92, shape=(5, 9, 9)).info["model"]
    'two_photon'
    """
    optics = Optics(
        na=na,
        wavelength=in_micrometres("excitation", excitation),
        ri=ri,
        ri_sample=ri_sample,
        depth=depth,
        ri_coverslip=ri_coverslip,
        coverslip=coverslip,
        ri_design=ri_design,
        ri_coverslip_design=ri_coverslip_design,
        coverslip_design=coverslip_design,
        working_distance=working_distance,
        aberrations=aberrations,
    )
    step = checked_spacing(spacing, optics)
    centre = middle(_squared(light(optics.ideal, theory)), step[-2:])
    words = optics.words()
    words = {"na": words.pop("na"), "excitation": words.pop("wavelength"), **words, "theory": theory}
    return microscope_psf(
        "two_photon", _squared(light(optics, theory)), centre, words, step, shape, image_shape, energy
    )


def _squared(laser: Focus) -> Focus:
    """Light that two photons at once excite."""
    focus = replace(
        laser,
        intensity=lambda radius, z: laser.intensity(radius, z) ** 2,
        lateral=2 * laser.lateral,
        axial=2 * laser.axial,
        reach=12 / laser.lateral,
        flux=None,
    )
    density = laser.density
    return focus if density is None else replace(focus, density=lambda z, y, x: density(z, y, x) ** 2)
