"""Point-scanning and spinning-disk confocal microscopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..checks import number
from ..type import PSF
from .focus import Focus, light, middle
from .optics import COVERSLIP, COVERSLIP_INDEX, Optics
from .optics import wavelength as in_micrometres
from .pinhole import disk_density, through_pinhole
from .voxels import checked_spacing, microscope_psf

AIRY = 1.22  # diameter of the Airy disk (first dark ring), wavelength / NA
WIDEST = 20.0  # Airy units


def confocal(
    spacing: Sequence[float],
    *,
    na: float,
    wavelength: float,
    excitation: float,
    pinhole: float = 1.0,
    ri: float = 1.515,
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
    r"""The PSF of a point-scanning confocal microscope, integrated over the pixel.

    .. math:: h(x, y, z) = h_\mathrm{ex}(x, y, z) \left[h_\mathrm{em}(\cdot, z) \ast D\right](x, y)

    with the focus :math:`h_\mathrm{ex}` of the laser, the widefield PSF :math:`h_\mathrm{em}` of the emission, and the
    disk :math:`D` of the pinhole, seen in the specimen.

    Parameters
    ----------
    spacing : sequence of float
        Micrometres per sample: (z, y, x), or (y, x) for the in-focus plane alone; z as in `widefield`.
    na : float
        Numerical aperture, less than `ri`; the laser fills it evenly.
    wavelength : float
        Emission wavelength in vacuum, micrometres.
    excitation : float
        Wavelength of the laser in vacuum, micrometres, no longer than `wavelength`.
    pinhole : float
        Diameter in Airy units: multiples of 1.22 `wavelength` / `na`, 0 (a point) to 20.
    ri, ri_sample, depth, ri_coverslip, coverslip, ri_design, ri_coverslip_design, coverslip_design, working_distance
        As in `widefield`; the laser passes the same layers.
    aberrations : sequence of float
        As in `widefield`, in waves of the emission; for the laser the same lengths are more waves.
    theory : {"vectorial", "scalar"}
        As in `widefield`. The laser is circularly polarised.
    shape : sequence of int, optional
        Samples along each axis. By default the smallest odd sizes that hold `energy` of all light, none of them
        larger than ``2 image_shape - 1``.
    image_shape : sequence of int, optional
        Spatial sizes of the image, for the default `shape`.
    energy : float
        Share of all light that the default `shape` holds, 0.5 to 0.999 (of the light in the planes that the image can
        feel, where those are fewer).

    Returns
    -------
    PSF
        Without Zernike aberrations its maximum is at ``n // 2``; with them, that of the PSF without.
        ``info["energy"]`` is the share of all light inside, against the numerical sum over planes without end;
        ``info["focus_shift"]`` as in `widefield`; ``info["nyquist"]`` is that of a closed pinhole.

    Raises
    ------
    ValueError
        As `widefield`, and if the wavelengths seem to be swapped or the pinhole is too large.
    MemoryError
        If no PSF of 4 GiB holds that much light: low NA, mismatch or a wide pinhole. Give a shape.

    Warns
    -----
    UserWarning
        If the voxels are larger than Nyquist's.

    References
    ----------
    .. [1] T. Wilson, C. Sheppard, Theory and Practice of Scanning Optical Microscopy (1984).

    Examples
    --------
    >>> narrow = confocal((0.13, 0.04, 0.04), na=1.4, wavelength=0.52, excitation=0.488, shape=(5, 9, 9))
    >>> narrow.info["parameters"]["pinhole"]
    1.0
    """
    optics = Optics(
        na=na,
        wavelength=wavelength,
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
    told = _told(spacing, optics, excitation, pinhole, theory)
    return microscope_psf("confocal", *told, shape, image_shape, energy)


def spinning_disk(
    spacing: Sequence[float],
    *,
    na: float,
    wavelength: float,
    excitation: float,
    pinhole: float = 1.0,
    ri: float = 1.515,
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
    """The PSF of a spinning-disk confocal microscope, integrated over the pixel.

    Many confocal microscopes side by side: the formula is that of `confocal`. Light that enters through one pinhole and
    leaves through another (a haze in thick specimens, less with pinholes far apart) is left out.

    Parameters
    ----------
    pinhole : float
        Diameter in Airy units: that of the holes, divided by the magnification and by 1.22 `wavelength` / `na`. Holes
        of 50 micrometres behind a 100x objective of NA 1.4 are 1.1 Airy units at 0.52 micrometres.
    spacing, na, wavelength, excitation, ri, ri_sample, depth, ri_coverslip, coverslip, ri_design, ri_coverslip_design
        As in `confocal`.
    coverslip_design, working_distance, aberrations, theory, shape, image_shape, energy
        As in `confocal`.

    Returns
    -------
    PSF
        As `confocal`.

    Raises
    ------
    ValueError, MemoryError
        As `confocal`.

    Examples
    --------
    >>> spinning_disk((0.13, 0.04, 0.04), na=1.4, wavelength=0.52, excitation=0.488, pinhole=1.1, shape=(5, 9, 9)).shape
    (5, 9, 9)
    """
    optics = Optics(
        na=na,
        wavelength=wavelength,
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
    told = _told(spacing, optics, excitation, pinhole, theory)
    return microscope_psf("spinning_disk", *told, shape, image_shape, energy)


def _told(
    spacing: Sequence[float], optics: Optics, excitation: float, pinhole: float, theory: str
) -> tuple[Focus, float, dict[str, Any], tuple[float, ...]]:
    """Focus, its middle, parameters and voxel size, for `microscope_psf`."""
    laser = optics.at(in_micrometres("excitation", excitation))
    if laser.wavelength > optics.wavelength:
        raise ValueError(
            f"excitation={laser.wavelength:g} is longer than the emission, wavelength={optics.wavelength:g}; "
            "are they swapped?"
        )
    width = number("pinhole", pinhole, unit="Airy units, diameter", positive=False)
    if width > WIDEST:
        raise ValueError(
            f"pinhole is a diameter in Airy units, up to {WIDEST:g}, got {width:g}; without one: widefield"
        )
    step = checked_spacing(spacing, optics)
    radius = width * AIRY * optics.wavelength / optics.na / 2
    focus = _product(light(laser, theory), light(optics, theory), radius)
    ideal = _product(light(laser.ideal, theory), light(optics.ideal, theory), radius)
    words: dict[str, Any] = {
        **optics.words(),
        "excitation": laser.wavelength,
        "pinhole": width,
        "theory": theory,
    }
    return focus, middle(ideal, step[-2:]), words, step


def _product(laser: Focus, emission: Focus, pinhole: float) -> Focus:
    """Light that is excited and passes the pinhole."""
    passed = through_pinhole(emission.intensity, pinhole, emission.period)
    lateral = laser.lateral + emission.lateral
    focus = Focus(
        intensity=lambda radius, z: laser.intensity(radius, z) * passed(radius, z),
        lateral=lateral,
        axial=laser.axial + emission.axial,
        optics=(*laser.optics, *emission.optics),
        reach=pinhole + 24 / lateral,
    )
    if laser.density is None or emission.density is None:
        return focus
    excited, seen = laser.density, disk_density(emission.density, pinhole, emission.period)
    return replace(focus, density=lambda z, y, x: excited(z, y, x) * seen(z, y, x))
