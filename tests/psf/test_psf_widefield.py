"""Widefield PSFs: integrated over the pixel, sized by their energy, planes not renormalised."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import j0, j1

from microscopes import OIL, quiet, scalar_by_quad
from napari_deconv.psf import widefield
from napari_deconv.psf.theory.optics import Optics
from napari_deconv.psf.theory.scalar import scalar_intensity
from napari_deconv.psf.theory.vectorial import vectorial_intensity

THEORIES = {"scalar": scalar_intensity, "vectorial": vectorial_intensity}
SCALAR = {**OIL, "theory": "scalar"}


@pytest.mark.parametrize("theory", THEORIES)
@pytest.mark.parametrize(("z", "y", "x"), [(0, 0, 0), (0, 3, 5), (2, 0, 4), (4, 6, 1)])
def test_voxel_is_the_integral_over_its_pixel(theory: str, z: int, y: int, x: int) -> None:
    dz, dy, dx = 0.2, 0.09, 0.06
    made = widefield((dz, dy, dx), shape=(9, 15, 15), theory=theory, **OIL)

    node, weight = np.polynomial.legendre.leggauss(16)

    def light(row: int, column: int, plane: int) -> float:
        radius = np.hypot((row + node[:, None] / 2) * dy, (column + node / 2) * dx)
        found = THEORIES[theory](radius.ravel(), np.array([plane * dz]), Optics(**OIL))
        return float(weight @ found.reshape(16, 16) @ weight)

    ratio = made.data[4 + z, 7 + y, 7 + x] / made.data[4, 7, 7]
    assert ratio == pytest.approx(light(y, x, z) / light(0, 0, 0), abs=3e-6)


def test_mismatched_voxels_are_shares_of_the_light_found_by_quadrature() -> None:
    """Tiny pixels: value times area is the light per area of independent quadrature."""
    layers = {**OIL, "ri_sample": 1.38, "depth": 4.0}
    made = widefield((0.25, 0.01, 0.01), shape=(5, 3, 3), theory="scalar", **layers)
    held = np.array(made.info["energy_per_plane"])
    shift = made.info["focus_shift"]
    expected = np.array([scalar_by_quad(0, shift + 0.25 * i, **layers) for i in range(-2, 3)]) * 1e-4
    found = made.data[:, 1, 1] * held.sum()
    np.testing.assert_allclose(found, expected, rtol=2e-3)


def test_energy_in_focus_is_rayleighs_formula() -> None:
    # a disk of the encircled energy lies between the squares inside and around it
    pixel = 0.02
    for n in (11, 41, 91):
        held = widefield((pixel, pixel), shape=(n, n), **SCALAR).info["energy"]
        v = 2 * math.pi * 1.4 / 0.52 * n * pixel / 2
        assert 1 - j0(v) ** 2 - j1(v) ** 2 < held < 1 - j0(v * math.sqrt(2)) ** 2 - j1(v * math.sqrt(2)) ** 2


@pytest.mark.parametrize("theory", THEORIES)
@pytest.mark.parametrize("layers", [{}, {"ri_sample": 1.33, "depth": 1.0}])
def test_planes_carry_the_same_flux_before_truncation(theory: str, layers: dict[str, float]) -> None:
    made = widefield((0.2, 0.09, 0.09), shape=(5, 401, 401), theory=theory, **layers, **OIL)
    held = np.array(made.info["energy_per_plane"])
    # 1 - 2/(pi v) of a plane lies within the radius: 0.994 in a square of 18 um; rays near the critical angle go far
    assert held.min() > (0.97 if layers else 0.988)
    assert np.ptp(held) < (1e-2 if layers else 2e-3)


def test_planes_are_not_renormalised() -> None:
    made = widefield((0.2, 0.065, 0.065), shape=(31, 25, 25), **SCALAR)
    held = np.array(made.info["energy_per_plane"])
    sums = made.data.sum(axis=(1, 2), dtype=np.float64)
    np.testing.assert_allclose(sums, held / held.sum(), rtol=1e-5)
    assert held[0] < 0.2 < 0.9 < held[15]


def test_default_size_follows_the_image() -> None:
    step = (0.2, 0.065, 0.065)
    made = widefield(step, image_shape=(16, 64, 8), **SCALAR)
    assert made.shape == (31, 117, 15)
    narrow = widefield(step, image_shape=(16, 64, 64), energy=0.95, **SCALAR)
    assert 0.95 <= narrow.info["energy"] < 0.99
    assert narrow.shape == (31, 23, 23)


@pytest.mark.parametrize("theory", THEORIES)
@pytest.mark.parametrize("energy", [0.9, 0.99, 0.995])
@pytest.mark.parametrize("layers", [{}, {"ri_sample": 1.45, "depth": 5.0}])
def test_default_size_holds_the_energy_in_focus_and_not_much_more(
    theory: str, energy: float, layers: dict[str, float]
) -> None:
    made = widefield((0.05, 0.08), theory=theory, energy=energy, **layers, **OIL)
    assert energy <= made.info["energy"] < energy + 0.4 * (1 - energy)


def test_default_size_without_an_image_reaches_the_fourth_axial_zero() -> None:
    made = widefield((0.1, 0.05, 0.05), **OIL)
    zero = 4 * 0.52 / (1.515 - math.sqrt(1.515**2 - 1.4**2))
    assert zero <= made.shape[0] * 0.1 / 2 < zero + 0.1
    assert all(n % 2 for n in made.shape)


def test_energy_is_checked_where_it_decides() -> None:
    with pytest.raises(ValueError, match="energy is a share"):
        widefield((0.1, 0.05, 0.05), energy=1.0, **OIL)


def test_matched_specimen_is_the_default_at_any_depth() -> None:
    made = quiet("widefield", (0.2, 0.065, 0.065), shape=(5, 9, 9), **OIL)
    same = quiet("widefield", (0.2, 0.065, 0.065), shape=(5, 9, 9), ri_sample=1.515, depth=30, **OIL)
    np.testing.assert_array_equal(made.data, same.data)
    assert same.info["focus_shift"] == 0


@pytest.mark.parametrize(("sample", "side"), [(1.33, 1), (1.7, -1)])
def test_z_grows_into_the_specimen(sample: float, side: int) -> None:
    """Under oil a point in water is sharp further in than it lies, and its outer rays, most of its light, cross further
    in still; behind a higher index it is the other way round.
    """
    layers = {"na": 1.3, "wavelength": 0.52, "ri_sample": sample, "depth": 10.0}
    made = widefield((0.2, 0.065, 0.065), shape=(21, 31, 31), **layers)
    assert side * made.info["focus_shift"] > 1
    held = made.info["energy_per_plane"]
    assert held[10 + 5 * side] > 1.2 * held[10 - 5 * side]
