"""The scalar and the vectorial focus against quadrature, closed forms and published widths."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import j1

from microscopes import IMMERSION, OIL, scalar_by_quad, vectorial_by_quad
from napari_deconv.psf.theory.aberrated import aberrated_density
from napari_deconv.psf.theory.focus import light, middle
from napari_deconv.psf.theory.optics import Optics
from napari_deconv.psf.theory.scalar import scalar_intensity
from napari_deconv.psf.theory.vectorial import vectorial_intensity
from napari_deconv.psf.theory.zernike import zernike

BY_QUAD = {scalar_intensity: scalar_by_quad, vectorial_intensity: vectorial_by_quad}
BOTH = pytest.mark.parametrize("theory", BY_QUAD)
MISMATCHES: list[dict[str, float]] = [
    {**OIL, "ri_sample": 1.33, "depth": 2.0},  # light beyond the critical angle, fading
    {**OIL, "na": 1.45, "ri_sample": 1.33},  # and at the coverslip, where it does not
    {**OIL, "na": 1.3, "ri_sample": 1.38, "depth": 10.0},
    {"na": 1.2, "wavelength": 0.6, "ri": 1.33, "ri_sample": 1.38, "depth": 20.0},
    {"na": 0.8, "wavelength": 0.5, "ri": 1.0, "ri_sample": 1.33, "depth": 5.0},
    {**OIL, "coverslip": 180.0, "coverslip_design": 170.0},
    {**OIL, "ri_coverslip": 1.52, "ri_coverslip_design": 1.515},
    {**OIL, "ri": 1.512, "ri_design": 1.518, "working_distance": 150.0},
]


def at(theory: Callable[..., Any], radius: float, z: float, **optics: Any) -> float:
    return float(theory(np.array([radius]), np.array([z]), Optics(**optics))[0, 0])


def peak_of(theory: Callable[..., Any], **optics: Any) -> float:
    return middle(light(Optics(**optics), theory.__name__.partition("_")[0]), (1e-3, 1e-3))


@BOTH
@pytest.mark.parametrize("na", IMMERSION)
def test_focus_equals_quadrature(theory: Callable[..., Any], na: float) -> None:
    rng = np.random.default_rng(1)
    optics = {"na": na, "wavelength": 0.52, "ri": IMMERSION[na]}
    depth = 0.52 / (optics["ri"] - math.sqrt(optics["ri"] ** 2 - na**2))
    peak = at(theory, 0, 0, **optics)
    for _ in range(4):
        radius, z = rng.uniform(0, 6 * 0.52 / na), rng.uniform(-5, 5) * depth
        assert at(theory, radius, z, **optics) == pytest.approx(BY_QUAD[theory](radius, z, **optics), abs=1e-8 * peak)


@BOTH
@pytest.mark.parametrize("optics", MISMATCHES)
def test_focus_behind_other_layers_equals_quadrature(theory: Callable[..., Any], optics: dict[str, float]) -> None:
    rng = np.random.default_rng(2)
    shift = peak_of(theory, **optics)
    peak = at(theory, 0, shift, **optics)
    for _ in range(3):
        radius, z = rng.uniform(0, 1.5), shift + rng.uniform(-3, 3)
        assert at(theory, radius, z, **optics) == pytest.approx(BY_QUAD[theory](radius, z, **optics), abs=1e-7 * peak)


def test_scalar_widths_of_an_oil_objective() -> None:
    peak = at(scalar_intensity, 0, 0, **OIL)
    axial = 2 * brentq(lambda z: at(scalar_intensity, 0, z, **OIL) - peak / 2, 0, 0.4)
    lateral = 2 * brentq(lambda r: at(scalar_intensity, r, 0, **OIL) - peak / 2, 0, 0.2)
    assert axial == pytest.approx(0.514, rel=0.01)
    assert lateral == pytest.approx(0.193, rel=0.015)


def test_vectorial_widths_of_an_oil_objective() -> None:
    peak = at(vectorial_intensity, 0, 0, **OIL)
    axial = 2 * brentq(lambda z: at(vectorial_intensity, 0, z, **OIL) - peak / 2, 0, 0.4)
    lateral = 2 * brentq(lambda r: at(vectorial_intensity, r, 0, **OIL) - peak / 2, 0, 0.2)
    assert axial == pytest.approx(0.510, rel=0.03)
    assert lateral == pytest.approx(0.213, rel=0.03)


def test_scalar_focus_is_the_airy_disk() -> None:
    radius = np.linspace(1e-3, 2, 50)
    v = 2 * math.pi * 1.4 / 0.52 * radius
    found = scalar_intensity(radius, np.zeros(1), Optics(**OIL))[0]
    peak = math.pi * 1.4**2 / 0.52**2
    np.testing.assert_allclose(found, peak * (2 * j1(v) / v) ** 2, atol=1e-10 * peak)


@BOTH
def test_paraxial_axis_is_a_squared_sinc(theory: Callable[..., Any]) -> None:
    z = np.linspace(-200, 200, 81)
    optics = Optics(na=0.1, wavelength=0.5, ri=1.0)
    found = theory(np.zeros(1), z, optics)[:, 0] / theory(np.zeros(1), np.zeros(1), optics)[0, 0]
    period = 0.5 / (1 - math.sqrt(1 - 0.01))
    np.testing.assert_allclose(found, np.sinc(z / period) ** 2, atol=2e-4)


def test_vectorial_becomes_scalar_at_low_aperture() -> None:
    def difference(na: float) -> float:
        radius, z = np.linspace(0, 2 * 0.5 / na, 60), np.linspace(-1, 1, 9) / na**2
        optics = Optics(na=na, wavelength=0.5, ri=1.0, coverslip=0)
        scalar, vectorial = (f(radius, z, optics) for f in (scalar_intensity, vectorial_intensity))
        return float(np.abs(scalar - vectorial).max() / scalar.max())

    assert difference(0.05) < 2e-3
    assert 3 < difference(0.1) / difference(0.05) < 5  # like the square of the aperture
    assert difference(0.9) > 0.1


@BOTH
def test_every_plane_holds_the_same_light(theory: Callable[..., Any]) -> None:
    optics = Optics(**{**OIL, "na": 1.45}, ri_sample=1.33, depth=0.5)
    radius = np.linspace(0, 60, 12001)
    light_within = np.trapezoid(2 * math.pi * radius * theory(radius, np.linspace(-2, 3, 6), optics), radius)
    np.testing.assert_allclose(light_within, 1, atol=6e-3)  # the rest lies further out


@pytest.mark.parametrize(("ri", "sample"), [(1.515, 1.33), (1.515, 1.47), (1.33, 1.4)])
@BOTH
def test_paraxial_focus_shift(theory: Callable[..., Any], ri: float, sample: float) -> None:
    shift = peak_of(theory, na=0.4, wavelength=0.5, ri=ri, ri_sample=sample, depth=50.0)
    assert shift == pytest.approx(50 * (ri / sample - 1), rel=0.05)


@BOTH
def test_focus_shift_grows_with_the_aperture_towards_marginal_rays(theory: Callable[..., Any]) -> None:
    shifts = [peak_of(theory, na=na, wavelength=0.5, ri=1.515, ri_sample=1.33, depth=10.0) for na in (0.4, 0.8, 1.2)]
    marginal = 10 * (math.sqrt(1.515**2 - 1.2**2) / math.sqrt(1.33**2 - 1.2**2) - 1)
    assert 10 * (1.515 / 1.33 - 1) < shifts[0] < shifts[1] < shifts[2] < marginal


@BOTH
@pytest.mark.parametrize("optics", MISMATCHES[:4])
def test_focus_shift_is_the_maximum_found_by_quadrature(theory: Callable[..., Any], optics: dict[str, float]) -> None:
    shift = peak_of(theory, **optics)
    here, before, after = (BY_QUAD[theory](0, shift + step, **optics) for step in (0, -0.02, 0.02))
    assert here > max(before, after)
    vertex = 0.01 * (before - after) / (before + after - 2 * here)
    assert abs(vertex) < 1e-3


@BOTH
def test_thicker_coverslip_moves_the_stage_by_what_was_added(theory: Callable[..., Any]) -> None:
    assert peak_of(theory, **OIL, coverslip=175.0, coverslip_design=170.0) == pytest.approx(5, abs=1e-4)


@BOTH
def test_mismatch_lowers_the_peak_and_matched_layers_do_nothing(theory: Callable[..., Any]) -> None:
    ideal = at(theory, 0, 0, **OIL)
    water = {**OIL, "na": 1.3, "ri_sample": 1.33}
    assert at(theory, 0, peak_of(theory, **water, depth=20.0), **water, depth=20.0) < 0.4 * ideal
    assert at(theory, 0.1, 0.2, **OIL, depth=20.0) == pytest.approx(at(theory, 0.1, 0.2, **OIL), rel=1e-12)


@BOTH
def test_evanescent_light_fades_with_depth(theory: Callable[..., Any]) -> None:
    """Far from the coverslip an aperture beyond the specimen's index is as good as one that ends there."""
    deep = {"wavelength": 0.52, "ri": 1.515, "ri_sample": 1.33, "depth": 30.0}
    radius, z = np.linspace(0, 1, 20), np.linspace(4, 10, 13)
    beyond, until = (theory(radius, z, Optics(na=na, **deep)) for na in (1.45, 1.33 - 1e-9))
    np.testing.assert_allclose(beyond, until, atol=0.02 * until.max())
    near = [theory(radius, z * 0, Optics(na=na, **{**deep, "depth": 0.0})) for na in (1.45, 1.33 - 1e-9)]
    assert np.abs(near[0] - near[1]).max() > 0.1 * near[1].max()


def test_evanescent_focus_is_finite_and_sane() -> None:
    optics = Optics(na=1.45, wavelength=0.52, ri=1.515, ri_sample=1.33)
    found = vectorial_intensity(np.linspace(0, 3, 200), np.linspace(-2, 2, 41), optics)
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert np.unravel_index(found.argmax(), found.shape)[1] == 0


@BOTH
@pytest.mark.parametrize("optics", [OIL, MISMATCHES[2]])
def test_round_aberrations_agree_with_the_general_pupil(theory: Callable[..., Any], optics: dict[str, float]) -> None:
    name = theory.__name__.partition("_")[0]
    aberrated = Optics(**optics, aberrations=(0.03, 0, 0, 0, 0, 0, 0, -0.08))
    line, z = np.linspace(-1, 1, 21), np.array([-0.7, 0.0, 0.9])
    plane = aberrated_density(z, line, line, optics=aberrated, theory=name)
    rounded = theory(np.abs(line), z, aberrated)
    np.testing.assert_allclose(plane[:, 10], rounded, atol=1e-8 * rounded.max())
    np.testing.assert_allclose(plane[:, :, 10], rounded, atol=1e-8 * rounded.max())


@BOTH
def test_defocus_aberration_is_undone_by_the_stage(theory: Callable[..., Any]) -> None:
    """Noll's polynomial 4 is 2 sqrt(3) rho^2; at low aperture so is the path of defocus."""
    na, wavelength, waves = 0.2, 0.5, 0.3
    moved = waves * wavelength * 2 * float(zernike(4, 1, 0) - zernike(4, 0, 0)) / na**2
    r = np.linspace(0, 4, 40)
    aberrated = theory(r, np.array([moved]), Optics(na, wavelength, 1.0, aberrations=(waves,)))
    ideal = theory(r, np.zeros(1), Optics(na, wavelength, 1.0))
    np.testing.assert_allclose(aberrated, ideal, atol=5e-3 * ideal.max())


def test_coma_moves_light_along_its_axis_only() -> None:
    line = np.linspace(-0.6, 0.6, 25)
    along_x = Optics(**OIL, aberrations=(0, 0, 0, 0, 0.1))  # Noll 8
    plane = aberrated_density(np.zeros(1), line, line, optics=along_x, theory="vectorial")[0]
    np.testing.assert_allclose(plane, plane[::-1], atol=1e-9 * plane.max())
    assert abs(float((plane * line).sum() / plane.sum())) > 0.005
    along_y = Optics(**OIL, aberrations=(0, 0, 0, 0.1))  # Noll 7
    turned = aberrated_density(np.zeros(1), line, line, optics=along_y, theory="vectorial")[0]
    np.testing.assert_allclose(turned, plane.T, atol=1e-9 * plane.max())
