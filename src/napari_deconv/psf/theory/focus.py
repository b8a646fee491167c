"""The light around the focus of a microscope, as a function of radius and depth; where its middle is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from .aberrated import aberrated_density
from .optics import Optics, axial_frequency, lateral_frequency
from .pixels import quadrant
from .scalar import scalar_intensity
from .vectorial import vectorial_intensity

THEORIES: dict[str, Callable[[NDArray[np.float64], NDArray[np.float64], Optics], NDArray[np.float64]]] = {
    "vectorial": vectorial_intensity,
    "scalar": scalar_intensity,
}
STEPS = 16  # per axial period, when the focus is looked for
INNER = 0.95  # of the aperture: rays further out carry no focus of their own

Array = NDArray[np.float64]
Intensity = Callable[[Array, Array], Array]  # (radius, z) -> light per area, shape (z, radius)
Density = Callable[[Array, Array, Array], Array]  # (z, y, x), evenly spaced -> light per area, shape (z, y, x)


@dataclass(frozen=True)
class Focus:
    """A distribution of light, and how fine its details are.

    Parameters
    ----------
    intensity : callable
        ``intensity(radius, z)``, shape (z, radius), any scale; z as in `scalar_intensity`. Where aberrations leave
        nothing round, that of the focus without them.
    lateral, axial : float
        Highest frequencies, periods per micrometre.
    optics : tuple of Optics
        Of each light that takes part.
    reach : float
        How far from the axis, beyond the geometric cone, light worth counting arrives, micrometres.
    flux : callable, optional
        ``flux(z)``, the light of whole planes, where it is known.
    depth : float
        Distance from the middle beyond which there is no light, micrometres.
    density : callable, optional
        ``density(z, y, x)``, shape (z, y, x), of the same scale, where the light is not round.
    """

    intensity: Intensity
    lateral: float
    axial: float
    optics: tuple[Optics, ...]
    reach: float
    flux: Callable[[Array], Array] | None = None
    depth: float = math.inf
    density: Density | None = None

    @property
    def period(self) -> float:
        """Twice the shortest lateral period, micrometres."""
        return 2 / self.lateral

    @property
    def symmetric(self) -> bool:
        """Whether both sides of the focal plane are alike."""
        return all(o.as_designed and not o.zernike for o in self.optics)

    @property
    def endless(self) -> bool:
        """Whether every plane, however far, holds the same light."""
        return self.flux is not None and self.depth == math.inf

    @property
    def nyquist(self) -> tuple[float, float, float]:
        """The largest voxel (z, y, x) that loses no detail, micrometres."""
        return 0.5 / self.axial, 0.5 / self.lateral, 0.5 / self.lateral


def light(optics: Optics, theory: str) -> Focus:
    """The focus of one wavelength; each plane holds 1."""
    if theory not in THEORIES:
        raise ValueError(f"theory is 'vectorial' or 'scalar', got {theory!r}")
    lateral = lateral_frequency(optics)
    found = Focus(
        intensity=partial(_computed, THEORIES[theory], optics if optics.is_round else optics.ideal),
        lateral=lateral,
        axial=axial_frequency(optics),
        optics=(optics,),
        reach=24 / lateral,
        flux=np.ones_like,
    )
    if optics.is_round:
        return found
    return replace(found, density=partial(aberrated_density, optics=optics, theory=theory))


def _computed(theory: Callable[[Array, Array, Optics], Array], optics: Optics, radius: Array, z: Array) -> Array:
    return theory(radius, z, optics)


def middle(focus: Focus, pixel: tuple[float, ...]) -> float:
    """Stage position at which the pixel on the axis collects most light, micrometres; 0 without mismatch.

    Parameters
    ----------
    focus : Focus
        Without Zernike aberrations.
    pixel : tuple of float
        Its sides (y, x), micrometres.
    """
    if focus.symmetric:
        return 0.0

    def collected(z: Array) -> Array:
        central: Array = quadrant(focus.intensity, z, (1, 1), pixel, focus.period)[:, 0, 0]
        return central

    step = 1 / (STEPS * focus.axial)
    crossings = np.concatenate([_crossings(o) for o in focus.optics])
    low, high = float(crossings.min()) - 1 / focus.axial, float(crossings.max()) + 1 / focus.axial
    looked = np.linspace(low, high, math.ceil((high - low) / step) + 1)
    best = float(looked[np.argmax(collected(looked))])
    found = minimize_scalar(
        lambda z: -float(collected(np.array([z]))[0]),
        bounds=(best - 2 * step, best + 2 * step),
        method="bounded",
        options={"xatol": 1e-5 / focus.axial},
    )
    return float(found.x)


def _crossings(optics: Optics) -> Array:
    """Stage positions at which rays, from the axis to near the rim, cross the axis in the focal plane."""
    s = np.linspace(0, INNER * min(optics.na, optics.sample), 33)
    immersion, specimen = optics.along(optics.ri, s).real, optics.along(optics.sample, s).real
    path = optics.depth * (1 / specimen - 1 / immersion)
    path += optics.coverslip / optics.along(optics.ri_coverslip, s).real
    path -= optics.thickness_design / optics.along(optics.glass_design, s).real
    if optics.working_distance:
        path += optics.working_distance * (1 / immersion - 1 / optics.along(optics.immersion_design, s).real)
    return np.asarray(immersion * path, dtype=np.float64)


def spread(focus: Focus, z: float) -> float:
    """Radius of the geometric cone at the distance z from the middle, mismatch included, micrometres."""
    wide = 0.0
    for optics in focus.optics:
        tangent = optics.na / math.sqrt(optics.ri**2 - optics.na**2)
        wide = max(wide, tangent * (z + float(np.ptp(_crossings(optics)))))
    return wide
