"""The pupil's quadrature against the radial integral, closed forms, brute force, and its own derivative."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import dblquad

from napari_deconv.psf import gaussian, widefield
from napari_deconv.psf.theory.band_limit import pixel_filter
from napari_deconv.psf.theory.pupil import Pupil, planes
from napari_deconv.psf.theory.zernike import wavefront, zernike

OIL: dict[str, float] = {"na": 1.4, "wavelength": 0.52, "ri": 1.515}
SPHERICAL = (0,) * 7 + (0.1,)
MIXED = (0.05, -0.04, 0.06, 0.03, -0.05, 0.02, -0.03, 0.08)


def nyquist(na: float, wavelength: float, ri: float) -> tuple[float, float]:
    return wavelength / (ri - math.sqrt(ri**2 - na**2)) / 2, wavelength / (4 * na)


@pytest.mark.parametrize("scale", [0.3, 0.99, 2.5])
@pytest.mark.parametrize(("na", "ri"), [(0.3, 1.0), (0.5, 1.0), (0.8, 1.0), (0.95, 1.0), (1.2, 1.33), (1.45, 1.515)])
@pytest.mark.filterwarnings("ignore:voxels of")
def test_without_aberrations_it_is_the_radial_integral(na: float, ri: float, scale: float) -> None:
    dz, dy = (scale * s for s in nyquist(na, 0.52, ri))
    psf = widefield((dz, dy, 1.3 * dy), na=na, wavelength=0.52, ri=ri, theory="scalar", shape=(9, 21, 17))
    expected = psf.data.astype(np.float64) * sum(psf.info["energy_per_plane"])
    found = planes(dz * (np.arange(9) - 4), (21, 17), (dy, 1.3 * dy), na=na, wavelength=0.52, ri=ri)
    np.testing.assert_allclose(found, expected, atol=3e-6 * expected.max())


def field(x: float, y: float, z: float, aberrations: tuple[float, ...], **optics: float) -> complex:
    """The integral over the pupil in polar coordinates, by a rule of its own."""
    node, weight = np.polynomial.legendre.leggauss(60)
    rho, theta = ((node + 1) / 2)[:, None], np.arange(120) * 2 * math.pi / 120
    area = (weight / 2)[:, None] * rho * 2 * math.pi / 120
    k, na, ri = 2 * math.pi / optics["wavelength"], optics["na"], optics["ri"]
    phase = 2 * math.pi * wavefront(aberrations, rho, theta) + k * z * np.sqrt(ri**2 - (na * rho) ** 2)
    phase = phase + k * na * rho * (x * np.cos(theta) + y * np.sin(theta))
    return complex(np.sum(area * np.exp(1j * phase)))


@pytest.mark.parametrize(("z", "y", "x"), [(0.0, 0, 0), (0.4, 3, -2), (-0.4, 0, 4)])
def test_an_aberrated_pixel_is_the_integral_over_it(z: float, y: int, x: int) -> None:
    dy, dx = 0.09, 0.06
    found = planes([z], (11, 11), (dy, dx), aberrations=MIXED, **OIL)[0, 5 + y, 5 + x]
    area = dblquad(
        lambda a, b: abs(field(a, b, z, MIXED, **OIL)) ** 2,
        (y - 0.5) * dy,
        (y + 0.5) * dy,
        (x - 0.5) * dx,
        (x + 0.5) * dx,
        epsabs=1e-7,
    )[0]
    flux = math.pi * (OIL["wavelength"] / OIL["na"]) ** 2  # of the field above
    assert found == pytest.approx(area / flux, abs=1e-6)


def test_every_plane_carries_the_whole_flux() -> None:
    found = planes(0.15 * np.arange(-3, 4), (201, 201), (0.09, 0.09), aberrations=MIXED, **OIL).sum(axis=(1, 2))
    assert found.min() > 0.98
    assert found.max() <= 1
    assert np.ptp(found) < 3e-3


def test_a_round_phase_equals_the_same_zernike() -> None:
    z, sizes, spacing = [-0.3, 0.0, 0.5], (21, 19), (0.065, 0.07)
    round_phase = planes(z, sizes, spacing, radial_phase=lambda rho: 0.2 * math.pi * zernike(11, rho, 0.0), **OIL)
    np.testing.assert_allclose(round_phase, planes(z, sizes, spacing, aberrations=SPHERICAL, **OIL), atol=1e-12)


def test_a_phase_of_defocus_moves_the_planes() -> None:
    k = 2 * math.pi / OIL["wavelength"]

    def deeper(rho: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return k * 0.3 * np.sqrt(OIL["ri"] ** 2 - (OIL["na"] * rho) ** 2)

    moved = planes([-0.3, 0.1], (15, 15), (0.065, 0.065), radial_phase=deeper, **OIL)
    np.testing.assert_allclose(moved, planes([0.0, 0.4], (15, 15), (0.065, 0.065), **OIL), atol=1e-9)


def test_opposite_aberrations_are_mirror_images_in_z() -> None:
    z = 0.2 * np.arange(-4, 5)
    one = planes(z, (15, 15), (0.065, 0.065), aberrations=SPHERICAL, **OIL)
    other = planes(z, (15, 15), (0.065, 0.065), aberrations=[-a for a in SPHERICAL], **OIL)
    np.testing.assert_allclose(one, other[::-1], atol=1e-12)
    assert np.abs(one - other).max() > 0.1 * one.max()


def test_positive_spherical_aberration_makes_rings_at_positive_z() -> None:
    before, after = planes([-0.28, 0.28], (15, 15), (0.065, 0.065), aberrations=SPHERICAL, **OIL)[:, 7, 7:]
    assert np.all(np.diff(before[:5]) < 0)
    assert after[4] > after[2]


def test_coma_along_x_is_even_in_y_and_uneven_in_x() -> None:
    found = planes([0.0], (15, 15), (0.065, 0.065), aberrations=(0, 0, 0, 0, 0.1), **OIL)[0]
    np.testing.assert_allclose(found, found[::-1], atol=1e-12)
    assert np.abs(found - found[:, ::-1]).max() > 0.1 * found.max()


def test_a_pupil_dimmed_to_a_gaussian_has_a_gaussian_focus() -> None:
    found = planes([0.0], (15, 15), (0.08, 0.08), radial_phase=lambda rho: 12j * rho**2, **OIL)[0]
    sigma = math.sqrt(12) * OIL["wavelength"] / (2 * math.pi * OIL["na"])  # the field is exp(-(k NA r)^2 / 48)
    expected = gaussian(sigma, spacing=(0.08, 0.08), shape=(15, 15))
    np.testing.assert_allclose(found, expected.data * expected.info["energy"], atol=1e-3 * found.max())


def test_even_sizes_have_the_axis_at_half() -> None:
    even = planes([0.1], (8, 6), (0.065, 0.065), aberrations=MIXED, **OIL)
    odd = planes([0.1], (9, 7), (0.065, 0.065), aberrations=MIXED, **OIL)
    np.testing.assert_allclose(even, odd[:, :-1, :-1], atol=1e-12)


def test_more_nodes_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    z = [-2.0, 0.0, 3.0]
    strong = tuple(4 * a for a in MIXED)
    few = planes(z, (41, 31), (0.065, 0.065), aberrations=strong, **OIL)
    monkeypatch.setattr("napari_deconv.psf.theory.pupil.SPARE_NODES", 80)
    many = planes(z, (41, 31), (0.065, 0.065), aberrations=strong, **OIL)
    np.testing.assert_allclose(few, many, atol=1e-8 * many.max())


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    z = 0.2 * np.arange(5)
    whole = planes(z, (15, 15), (0.065, 0.065), aberrations=MIXED, **OIL)
    monkeypatch.setattr("napari_deconv.psf.theory.pupil.BLOCK", 10)
    np.testing.assert_allclose(planes(z, (15, 15), (0.065, 0.065), aberrations=MIXED, **OIL), whole, atol=1e-14)


def test_derivatives_are_those_of_the_intensity() -> None:
    pupil = Pupil([-0.2, 0.3], (13, 11), (0.065, 0.08), **OIL)
    phase = 2 * math.pi * wavefront(MIXED, pupil.rho, pupil.theta)
    directions = [2 * math.pi * zernike(i, pupil.rho, pupil.theta) for i in (6, 8, 11)]
    found, slopes = pupil.derivatives(phase, directions)
    np.testing.assert_array_equal(found, pupil.intensity(phase))
    for slope, direction in zip(slopes, directions, strict=True):
        step = (pupil.intensity(phase + 1e-4 * direction) - pupil.intensity(phase - 1e-4 * direction)) / 2e-4
        np.testing.assert_allclose(slope, step, atol=1e-5 * np.abs(step).max())


@pytest.mark.parametrize("spacing", [0.03, 0.19, 0.21, 1.7])
def test_pixel_filter_integrates_every_frequency_below_the_limit(spacing: float) -> None:
    points, matrix = pixel_filter(5, spacing, 2.0)
    for frequency in np.linspace(0, 2.0, 21):
        middles = spacing * (np.arange(5) - 2)
        exact = np.sinc(frequency * spacing) * np.cos(2 * math.pi * frequency * middles + 0.3)
        found = matrix @ np.cos(2 * math.pi * frequency * points + 0.3)
        np.testing.assert_allclose(found, exact, atol=2e-5)
