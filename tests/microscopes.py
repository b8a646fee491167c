"""Microscopes for the tests of PSFs, and their foci by plain quadrature."""

from __future__ import annotations

import cmath
import math
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from scipy.integrate import quad
from scipy.special import jv

from napari_deconv import psf
from napari_deconv.psf import PSF

OIL = {"na": 1.4, "wavelength": 0.52, "ri": 1.515}
MODELS: dict[str, dict[str, float]] = {
    "widefield": {"wavelength": 0.52},
    "confocal": {"wavelength": 0.52, "excitation": 0.488},
    "spinning_disk": {"wavelength": 0.52, "excitation": 0.488, "pinhole": 1.3},
    "two_photon": {"excitation": 0.9},
    "light_sheet": {"wavelength": 0.52, "sheet": 2.0},
}
IMMERSION = {0.3: 1.0, 0.5: 1.0, 0.75: 1.0, 0.95: 1.0, 1.1: 1.33, 1.2: 1.33, 1.3: 1.47, 1.4: 1.515, 1.45: 1.515}


def quiet(model: str, spacing: tuple[float, ...], **arguments: Any) -> PSF:
    """A PSF whose coarse sampling is on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        made: PSF = getattr(psf, model)(spacing, **arguments)
    return made


def path(s: float, z: float, optics: dict[str, float]) -> complex:
    """Of a ray through specimen, coverslip and immersion, less that in the design: Gibson and Lanni, term by term."""
    ri = optics["ri"]
    design = optics.get("ri_design", ri)
    glass, thickness = optics.get("ri_coverslip", 1.515), optics.get("coverslip", 170.0)
    glass_design = optics.get("ri_coverslip_design", glass)
    thickness_design = optics.get("coverslip_design", thickness)
    depth, working = optics.get("depth", 0.0), optics.get("working_distance", 150.0)
    immersion = working - depth - z  # the stage has come nearer

    def through(index: float) -> complex:
        return cmath.sqrt(index**2 - s**2)

    return (
        depth * through(optics.get("ri_sample", ri))
        + thickness * through(glass)
        - thickness_design * through(glass_design)
        + immersion * through(ri)
        - working * through(design)
    )


def integral(f: Callable[[float], complex], na: float, sample: float) -> complex:
    """Over s from 0 to NA, cut at the critical angle of the specimen."""
    cuts = [0.0, *([sample] if sample < na else []), na]
    total = 0j
    for a, b in pairwise(cuts):
        for part, unit in ((lambda s: f(s).real, 1), (lambda s: f(s).imag, 1j)):
            total += unit * quad(part, a, b, epsabs=1e-11, epsrel=1e-10, limit=1000)[0]
    return total


def scalar_by_quad(radius: float, z: float, **optics: float) -> float:
    """Light per area; a plane holds 1."""
    na, sample = optics["na"], optics.get("ri_sample", optics["ri"])
    k = 2 * math.pi / optics["wavelength"]
    start = path(0.0, z, optics)

    def wave(s: float, order: int = 1) -> complex:
        return cmath.exp(1j * k * (path(s, z, optics) - start))

    field = integral(lambda s: wave(s) * jv(0, k * radius * s) * s, na, sample)
    flux = integral(lambda s: abs(wave(s)) ** 2 * s + 0j, na, sample).real * 2 * math.pi / k**2
    return abs(field) ** 2 / flux


def vectorial_by_quad(radius: float, z: float, **optics: float) -> float:
    """The same from Richards and Wolf's integrals, with angles and Fresnel's coefficients as in textbooks."""
    na, sample, ri = optics["na"], optics.get("ri_sample", optics["ri"]), optics["ri"]
    glass = optics.get("ri_coverslip", 1.515)
    k = 2 * math.pi / optics["wavelength"]
    start = path(0.0, z, optics)

    def transmitted(s: float) -> tuple[complex, complex, complex]:
        cosines = [cmath.sqrt(1 - (s / n) ** 2) for n in (ri, glass, sample)]
        across = along = 1 + 0j
        for i, (n, n_next) in enumerate(((ri, glass), (glass, sample))):
            c, c_next = cosines[i], cosines[i + 1]
            across *= 2 * n * c / (n * c + n_next * c_next)
            along *= 2 * n * c / (n_next * c + n * c_next)
        return across, along, cosines[2]

    def factors(s: float) -> list[complex]:
        across, along, cosine = transmitted(s)
        apodised = 1 / cmath.sqrt(cmath.sqrt(1 - (s / ri) ** 2))
        return [
            (across + along * cosine) * apodised,
            along * (s / sample) * apodised,
            (across - along * cosine) * apodised,
        ]

    def wave(s: float) -> complex:
        return cmath.exp(1j * k * (path(s, z, optics) - start))

    found = flux = 0.0
    for order, times in ((0, 1), (1, 2), (2, 1)):
        field = integral(lambda s, m=order: factors(s)[m] * wave(s) * jv(m, k * radius * s) * s, na, sample)
        light = integral(lambda s, m=order: abs(factors(s)[m] * wave(s)) ** 2 * s + 0j, na, sample).real
        found, flux = found + times * abs(field) ** 2, flux + times * light
    return found / (flux * 2 * math.pi / k**2)
