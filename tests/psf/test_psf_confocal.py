"""Confocal, two-photon and light-sheet PSFs as products of foci."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import dblquad, quad

from microscopes import quiet
from napari_deconv.psf.theory.confocal import _product
from napari_deconv.psf.theory.energy import total
from napari_deconv.psf.theory.focus import light
from napari_deconv.psf.theory.light_sheet import _lit
from napari_deconv.psf.theory.optics import Optics
from napari_deconv.psf.theory.pinhole import disk_density, through_pinhole
from napari_deconv.psf.theory.two_photon import _squared

TINY = 0.004  # um: pixels in which nothing changes
WATER = {"na": 1.2, "ri": 1.33}
TWO = {"wavelength": 0.52, "excitation": 0.488}
THEORIES = pytest.mark.parametrize("theory", ["scalar", "vectorial"])


@THEORIES
def test_closed_pinhole_gives_the_product(theory: str) -> None:
    made = quiet("confocal", (0.15, TINY, TINY), shape=(9, 1, 1), theory=theory, pinhole=0, **WATER, **TWO).data
    parts = [
        quiet("widefield", (0.15, TINY, TINY), shape=(9, 1, 1), theory=theory, wavelength=w, **WATER).data.astype(float)
        for w in TWO.values()
    ]
    product = parts[0] * parts[1]
    np.testing.assert_allclose(made, product / product.sum(), rtol=1e-4)
    small = quiet("confocal", (0.15, TINY, TINY), shape=(9, 1, 1), theory=theory, pinhole=1e-3, **WATER, **TWO).data
    np.testing.assert_allclose(small, made, rtol=1e-4)


@THEORIES
def test_wide_pinhole_leaves_the_excitation(theory: str) -> None:
    """It passes all but the far tails of the emission, wherever that comes from."""
    laser, emission = (light(Optics(1.2, wavelength, 1.33), theory) for wavelength in (0.488, 0.52))
    radius, z = np.linspace(0, 1, 21), np.array([-0.5, 0.0, 0.8])
    passed = _product(laser, emission, 12.0).intensity(radius, z) / laser.intensity(radius, z)
    np.testing.assert_allclose(passed, 1, atol=0.025)
    np.testing.assert_allclose(passed, passed.mean(), rtol=5e-3)
    assert np.ptp(_product(laser, emission, 0.3).intensity(radius, z) / laser.intensity(radius, z)) > 0.5


@THEORIES
def test_two_photons_see_the_square(theory: str) -> None:
    fine = {"shape": (9, 1, 1), "theory": theory, **WATER}
    made = quiet("two_photon", (0.3, TINY, TINY), excitation=0.9, **fine).data
    once = quiet("widefield", (0.3, TINY, TINY), wavelength=0.9, **fine).data.astype(float)
    np.testing.assert_allclose(made, once**2 / (once**2).sum(), rtol=1e-4)


@THEORIES
def test_light_sheet_is_the_emission_times_its_profile(theory: str) -> None:
    told = {"shape": (9, 11, 13), "theory": theory, "wavelength": 0.52, **WATER}
    made = quiet("light_sheet", (0.3, 0.1, 0.1), sheet=1.2, **told)
    wide = quiet("widefield", (0.3, 0.1, 0.1), **told)
    z = 0.3 * np.arange(-4, 5)
    product = wide.data * np.exp(-4 * math.log(2) * (z / 1.2) ** 2)[:, None, None]
    np.testing.assert_allclose(made.data, product / product.sum(), rtol=1e-5)
    assert made.info["energy_per_plane"] == pytest.approx(wide.info["energy_per_plane"])
    assert product[4 - 2].sum() == pytest.approx(0.5 * wide.data[4 - 2].sum(dtype=float))


def test_light_sheet_lies_in_the_focus_wherever_that_is() -> None:
    made = quiet(
        "light_sheet", (0.3, 0.1, 0.1), sheet=0.6, wavelength=0.52, ri_sample=1.4, depth=30, shape=(7, 9, 9), **WATER
    )
    assert made.info["focus_shift"] < -1
    np.testing.assert_allclose(made.data.sum((1, 2))[[2, 4]] / made.data.sum((1, 2))[3], 0.5, rtol=0.2)


def test_disk_seen_through_the_pinhole_equals_plain_quadrature() -> None:
    """A Gaussian through pinholes smaller and larger than itself, on the axis and beside it."""

    def spot(radius: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.exp(-(radius**2)) * np.ones((len(z), 1))

    for pinhole in (0.05, 0.7, 3.0):
        passed = through_pinhole(spot, pinhole, 1.0)
        for distance in (0.0, 0.4, pinhole, 2.5):
            expected = dblquad(
                lambda turn, r, d=distance: r * math.exp(-(r**2 + d**2 - 2 * r * d * math.cos(turn))),
                0, pinhole, 0, 2 * math.pi,
            )[0]  # fmt: skip
            found = passed(np.array([distance]), np.zeros(2))
            assert found.shape == (1, 1) or found.shape == (2, 1)
            assert found[0, 0] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_pinhole_passes_the_share_of_light_inside_it() -> None:
    emission = light(Optics(1.2, 0.52, 1.33), "vectorial")
    for radius in (0.1, 0.4, 3.0):
        share = through_pinhole(emission.intensity, radius, emission.period)(np.zeros(1), np.zeros(1))[0, 0]
        inside = quad(
            lambda r: 2 * math.pi * r * emission.intensity(np.array([r]), np.zeros(1))[0, 0], 0, radius, limit=200
        )[0]
        assert share == pytest.approx(inside, rel=1e-5)


def test_pinhole_by_fourier_transform_equals_the_one_by_arcs() -> None:
    def spot(z: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        return np.exp(-4 * (y[:, None] ** 2 + x**2)) * np.ones((len(z), 1, 1))

    line = np.arange(-5, 6) * 0.13
    found = disk_density(spot, 0.6, 0.5)(np.zeros(2), line, line + 0.05)
    radius = np.hypot(line[:, None], line + 0.05)
    expected = through_pinhole(lambda r, z: np.exp(-4 * r[None] ** 2), 0.6, 0.5)(radius.ravel(), np.zeros(1))
    np.testing.assert_allclose(found[1], expected.reshape(radius.shape), atol=1e-5)


def test_wider_pinholes_make_wider_sections() -> None:
    widths = []
    for pinhole in (0, 0.5, 1, 2, 4):
        axis = quiet("confocal", (0.1, TINY, TINY), shape=(21, 1, 1), pinhole=pinhole, **WATER, **TWO).data.ravel()
        widths.append(float(axis.sum() / axis.max()))
    assert all(a < b for a, b in pairwise(widths))


def test_spinning_disk_is_many_confocal_microscopes() -> None:
    told = {"shape": (5, 11, 13), "pinhole": 1.4, **WATER, **TWO}
    disk, point = (quiet(model, (0.2, 0.07, 0.07), **told) for model in ("spinning_disk", "confocal"))
    np.testing.assert_array_equal(disk.data, point.data)
    assert (disk.info["model"], point.info["model"]) == ("spinning_disk", "confocal")


def test_total_light_of_a_two_photon_focus_equals_quadrature() -> None:
    optics = Optics(0.5, 0.9, 1.0)
    focus = _squared(light(optics, "scalar"))

    def plane(z: float) -> float:
        radius = np.linspace(0, 0.7 * abs(z) + 12, 3001)
        return float(np.trapezoid(2 * math.pi * radius * focus.intensity(radius, np.array([z]))[0], radius))

    near = 2 * quad(plane, 0, 40, limit=60, epsrel=1e-5)[0]
    far = 2 * 40 * plane(40)  # falls like the square of the distance
    assert total(focus, 0.0, (0.5, 0.1, 0.1)) * 0.5 == pytest.approx(near + far, rel=5e-3)


def test_total_light_of_a_sheet_is_the_sheet() -> None:
    focus = _lit(light(Optics(0.8, 0.52, 1.33), "scalar"), 0.0, 2.0)
    expected = 2.0 * math.sqrt(math.pi / (4 * math.log(2))) / 0.4
    assert total(focus, 0.0, (0.4, 0.1, 0.1)) == pytest.approx(expected, rel=1e-3)
