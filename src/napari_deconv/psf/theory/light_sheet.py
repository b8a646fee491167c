"""The light-sheet microscope."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..checks import number
from ..type import PSF
from .focus import Focus, light, middle
from .optics import COVERSLIP, COVERSLIP_INDEX, Optics
from .voxels import checked_spacing, microscope_psf

END = 1.6  # half-maximum widths from the middle of the sheet; 0.02 % of its light lies beyond
FAINT = 0.01  # of its spectrum: there its detail ends
THICKEST = 1000.0  # micrometres

Array = NDArray[np.float64]


def light_sheet(
    spacing: Sequence[float],
    *,
    na: float,
    wavelength: float,
    sheet: float,
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
    r"""The PSF of a light-sheet microscope, integrated over the pixel: emission times a Gaussian sheet.

    .. math:: h(x, y, z) = h_\mathrm{em}(x, y, z) \exp\left(-4 \ln 2 \, z^2 / w^2\right)

    The sheet lies across the axis of the objective, in its focal plane, and is as thick everywhere.

    Parameters
    ----------
    spacing : sequence of float
        Micrometres per sample: (z, y, x), or (y, x) for the in-focus plane alone; z as in `widefield`.
    na : float
        Numerical aperture of the objective that collects the emission, less than `ri`.
    wavelength : float
        Emission wavelength in vacuum, micrometres.
    sheet : float
        Thickness of the sheet: full width at half maximum, micrometres.
    ri : float
        Refractive index of the immersion medium.
    ri_sample, depth, ri_coverslip, coverslip, ri_design, ri_coverslip_design, coverslip_design, working_distance
        As in `widefield`.
    aberrations, theory
        As in `widefield`.
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
        ``info["energy"]`` is the share of all light inside, ``info["energy_per_plane"]`` that of each plane's; planes
        are not renormalised. ``info["focus_shift"]`` as in `widefield`.

    Raises
    ------
    ValueError
        As `widefield`.
    MemoryError
        As `confocal`.

    Warns
    -----
    UserWarning
        If the voxels are larger than Nyquist's; along z this is where the spectrum of the sheet has fallen to 1 %.

    References
    ----------
    .. [1] J. Huisken, J. Swoger, F. Del Bene, J. Wittbrodt, E. H. K. Stelzer, Science 305, 1007 (2004).

    Examples
    --------
    >>> light_sheet((0.4, 0.16, 0.16), na=0.8, wavelength=0.52, sheet=2, shape=(5, 9, 9)).info["model"]
    'light_sheet'
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
    width = number("sheet", sheet, unit="micrometres, full width at half maximum")
    if width > THICKEST:
        raise ValueError(f"sheet is in micrometres; did you mean {width / 1000:g}? got {width:g}")
    step = checked_spacing(spacing, optics)
    centre = middle(light(optics.ideal, theory), step[-2:])
    focus = _lit(light(optics, theory), centre, width)
    words = {**optics.words(), "sheet": width, "theory": theory}
    return microscope_psf("light_sheet", focus, centre, words, step, shape, image_shape, energy)


def _lit(emission: Focus, middle: float, width: float) -> Focus:
    """Emission of what the sheet lights."""

    def sheet(z: Array) -> Array:
        return np.exp(-4 * math.log(2) * ((z - middle) / width) ** 2)

    detail = math.sqrt(-4 * math.log(2) * math.log(FAINT)) / (math.pi * width)
    focus = replace(
        emission,
        intensity=lambda radius, z: emission.intensity(radius, z) * sheet(z)[:, None],
        axial=emission.axial + detail,
        flux=sheet,
        depth=END * width,
    )
    density = emission.density
    if density is None:
        return focus
    return replace(focus, density=lambda z, y, x: density(z, y, x) * sheet(z)[:, None, None])
