"""Gaussian and widefield PSFs against quadrature, closed forms and the contract of every PSF."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.integrate import dblquad, quad
from scipy.optimize import brentq
from scipy.special import j0, j1

from napari_deconv.psf import PSF, gaussian, widefield
from napari_deconv.psf.theory import scalar_intensity

OIL = {"na": 1.4, "wavelength": 0.52, "ri": 1.515}
APERTURES = (0.3, 0.5, 0.75, 0.95, 1.2, 1.33, 1.4, 1.45)


def intensity(radius: float, z: float, **optics: float) -> float:
    return float(scalar_intensity(np.array([radius]), np.array([z]), **{**OIL, **optics})[0, 0])


def by_quad(radius: float, z: float, na: float, wavelength: float, ri: float) -> float:
    k = 2 * math.pi / wavelength

    def wave(rho: float) -> complex:
        phase = k * z * (math.sqrt(ri**2 - (na * rho) ** 2) - ri)
        return complex(j0(k * na * radius * rho) * np.exp(1j * phase) * rho)

    real = quad(lambda rho: wave(rho).real, 0, 1, epsabs=1e-11, limit=400)[0]
    imaginary = quad(lambda rho: wave(rho).imag, 0, 1, epsabs=1e-11, limit=400)[0]
    return 4 * float(real**2 + imaginary**2)


def quiet_widefield(spacing: tuple[float, ...], **arguments: Any) -> PSF:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # coarse sampling is on purpose
        return widefield(spacing, **arguments)


def assert_contract(psf: PSF) -> None:
    assert psf.data.dtype == np.float32
    assert psf.data.min() >= 0
    assert abs(float(psf.data.sum(dtype=np.float64)) - 1) < 1e-6


def assert_symmetric_peak(psf: PSF) -> None:
    middle = tuple(n // 2 for n in psf.shape)
    assert psf.data[middle] == psf.data.max()
    np.testing.assert_array_equal(psf.data, psf.data[tuple(slice(None, None, -1) for _ in psf.shape)])


@pytest.mark.parametrize("na", APERTURES)
def test_point_sampled_profile_equals_quadrature(na: float) -> None:
    rng = np.random.default_rng(1)
    depth = 0.52 / (1.515 - math.sqrt(1.515**2 - na**2))
    for _ in range(8):
        radius, z = rng.uniform(0, 6 * 0.52 / na), rng.uniform(-5, 5) * depth
        assert intensity(radius, z, na=na) == pytest.approx(by_quad(radius, z, na, 0.52, 1.515), abs=1e-8)


def test_axial_fwhm_of_an_oil_objective() -> None:
    half = brentq(lambda z: intensity(0, z) - 0.5, 0, 0.4)
    assert 2 * half == pytest.approx(0.514, rel=0.01)


def test_lateral_fwhm_of_an_oil_objective() -> None:
    half = brentq(lambda r: intensity(r, 0) - 0.5, 0, 0.2)
    assert 2 * half == pytest.approx(0.193, rel=0.015)


def test_focus_is_the_airy_disk() -> None:
    radius = np.linspace(1e-3, 2, 50)
    v = 2 * math.pi * 1.4 / 0.52 * radius
    np.testing.assert_allclose(scalar_intensity(radius, np.zeros(1), **OIL)[0], (2 * j1(v) / v) ** 2, atol=1e-10)


def test_paraxial_axis_is_a_squared_sinc() -> None:
    z = np.linspace(-200, 200, 81)
    found = scalar_intensity(np.zeros(1), z, na=0.1, wavelength=0.5, ri=1.0)[:, 0]
    period = 0.5 / (1 - math.sqrt(1 - 0.01))
    np.testing.assert_allclose(found, np.sinc(z / period) ** 2, atol=1e-4)


@pytest.mark.parametrize(("z", "y", "x"), [(0, 0, 0), (0, 3, 5), (2, 0, 4), (4, 6, 1)])
def test_voxel_is_the_integral_over_its_pixel(z: int, y: int, x: int) -> None:
    dz, dy, dx = 0.2, 0.09, 0.06
    psf = widefield((dz, dy, dx), shape=(9, 15, 15), **OIL)
    area = dblquad(
        lambda a, b: intensity(math.hypot(a, b), z * dz),
        (y - 0.5) * dy,
        (y + 0.5) * dy,
        (x - 0.5) * dx,
        (x + 0.5) * dx,
        epsabs=1e-10,
    )[0]
    peak = dblquad(lambda a, b: intensity(math.hypot(a, b), 0), -dy / 2, dy / 2, -dx / 2, dx / 2, epsabs=1e-10)[0]
    ratio = psf.data[4 + z, 7 + y, 7 + x] / psf.data[4, 7, 7]
    assert ratio == pytest.approx(area / peak, abs=3e-6)


def test_energy_in_focus_is_rayleighs_formula() -> None:
    # a disk of the encircled energy lies between the squares inside and around it
    pixel = 0.02
    for n in (11, 41, 91):
        held = widefield((pixel, pixel), shape=(n, n), **OIL).info["energy"]
        v = 2 * math.pi * 1.4 / 0.52 * n * pixel / 2
        assert 1 - j0(v) ** 2 - j1(v) ** 2 < held < 1 - j0(v * math.sqrt(2)) ** 2 - j1(v * math.sqrt(2)) ** 2


def test_planes_carry_the_same_flux_before_truncation() -> None:
    psf = widefield((0.1, 0.09, 0.09), shape=(9, 501, 501), **OIL)
    held = np.array(psf.info["energy_per_plane"])
    # 1 - 2/(pi v) of a plane lies within the radius: 0.995 in a square of 22 um
    assert held.min() > 0.994
    assert np.ptp(held) < 5e-4


def test_planes_are_not_renormalised() -> None:
    psf = widefield((0.2, 0.065, 0.065), shape=(31, 25, 25), **OIL)
    held = np.array(psf.info["energy_per_plane"])
    sums = psf.data.sum(axis=(1, 2), dtype=np.float64)
    np.testing.assert_allclose(sums, held / held.sum(), rtol=1e-5)
    assert held[0] < 0.2 < 0.9 < held[15]


def test_default_size_follows_the_image() -> None:
    psf = widefield((0.2, 0.065, 0.065), image_shape=(16, 64, 8), **OIL)
    assert psf.shape == (31, 117, 15)
    assert widefield((0.2, 0.065, 0.065), image_shape=(16, 64, 64), **OIL).info["energy"] >= 0.99
    narrow = widefield((0.2, 0.065, 0.065), image_shape=(16, 64, 64), energy=0.95, **OIL)
    assert 0.95 <= narrow.info["energy"] < 0.99
    assert narrow.shape == (31, 23, 23)


def test_default_size_without_an_image_reaches_the_fourth_axial_zero() -> None:
    psf = widefield((0.1, 0.05, 0.05), **OIL)
    zero = 4 * 0.52 / (1.515 - math.sqrt(1.515**2 - 1.4**2))
    assert zero <= psf.shape[0] * 0.1 / 2 < zero + 0.1
    assert all(n % 2 for n in psf.shape)


def test_two_numbers_give_the_plane_in_focus() -> None:
    flat = widefield((0.065, 0.065), shape=(21, 21), **OIL)
    deep = widefield((0.2, 0.065, 0.065), shape=(5, 21, 21), **OIL)
    np.testing.assert_allclose(flat.data, deep.plane().data, rtol=1e-5)


def test_even_shape_has_its_peak_at_half() -> None:
    psf = widefield((0.2, 0.065, 0.065), shape=(8, 16, 10), **OIL)
    assert np.unravel_index(psf.data.argmax(), psf.shape) == (4, 8, 5)
    odd = widefield((0.2, 0.065, 0.065), shape=(9, 17, 11), **OIL).data[:-1, :-1, :-1].astype(np.float64)
    np.testing.assert_allclose(psf.data, odd / odd.sum(), rtol=1e-5)


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = widefield((0.2, 0.065, 0.07), shape=(9, 33, 31), **OIL)
    monkeypatch.setattr("napari_deconv.psf.pixels.BLOCK", 500)
    monkeypatch.setattr("napari_deconv.psf.theory.BLOCK", 500)
    np.testing.assert_allclose(widefield((0.2, 0.065, 0.07), shape=(9, 33, 31), **OIL).data, whole.data, rtol=1e-6)


@hypothesis_settings(max_examples=40)
@given(
    na=st.floats(0.3, 1.45),
    wavelength=st.floats(0.4, 0.8),
    ndim=st.integers(2, 3),
    scale=st.tuples(*[st.floats(0.1, 3)] * 3),
    image=st.tuples(*[st.integers(1, 40)] * 3),
)
def test_every_widefield_psf_keeps_the_contract(
    na: float, wavelength: float, ndim: int, scale: tuple[float, ...], image: tuple[int, ...]
) -> None:
    nyquist = np.array([wavelength / (1.515 - math.sqrt(1.515**2 - na**2)) / 2, *[wavelength / (4 * na)] * 2])
    spacing = tuple((nyquist * scale)[-ndim:])
    psf = quiet_widefield(spacing, na=na, wavelength=wavelength, image_shape=image[-ndim:])
    assert_contract(psf)
    assert_symmetric_peak(psf)
    assert all(n % 2 == 1 and n <= 2 * m - 1 for n, m in zip(psf.shape, image[-ndim:], strict=True))
    assert all(0 < e <= 1 for e in psf.info["energy_per_plane"])
    assert psf.unit == "um"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"na": 1.7, "ri": 1.33}, "NA cannot reach the refractive index"),
        ({"na": 1.515}, "NA cannot reach the refractive index"),
        ({"na": 0}, "na must be a positive number, got 0"),
        ({"na": -1.4}, "na must be a positive number"),
        ({"na": math.nan}, "na must be a positive number"),
        ({"na": "1.4"}, "na must be a positive number"),
        ({"na": True}, "na must be a positive number"),
        ({"ri": 0}, "ri must be a positive number"),
        ({"wavelength": 520}, "in micrometres; did you mean 0.52"),
        ({"wavelength": 0}, "wavelength must be a positive number"),
        ({"wavelength": -0.5}, "wavelength must be a positive number"),
        ({"spacing": (200, 65, 65)}, r"did you mean \(0.2, 0.065, 0.065\)"),
        ({"spacing": (0.2, 65, 65)}, "spacing is in micrometres"),
        ({"spacing": (0.2, 0.065)}, "shape needs 2 numbers"),
        ({"spacing": (0.2,)}, "spacing needs 2 or 3 numbers"),
        ({"spacing": 0.1}, "spacing needs one number per axis"),
        ({"spacing": (0.2, 0.065, 0)}, "spacing must be a positive number"),
        ({"shape": (9, 9.5, 9)}, "whole numbers"),
        ({"shape": (9, 0, 9)}, "shape must be a positive number"),
        ({"shape": None, "image_shape": (9, 9)}, "image_shape needs 3 numbers"),
        ({"shape": None, "energy": 95}, "energy is a share"),
    ],
)
def test_widefield_refuses(changed: dict[str, Any], words: str) -> None:
    arguments = {"spacing": (0.2, 0.065, 0.065), "shape": (9, 9, 9), **OIL, **changed}
    with pytest.raises(ValueError, match=words):
        widefield(arguments.pop("spacing"), **arguments)


def test_a_shape_for_no_computer_is_refused_before_it_is_allocated() -> None:
    with pytest.raises(MemoryError, match="GiB"):
        widefield((0.2, 0.065, 0.065), shape=(1001, 100_001, 100_001), **OIL)


def test_coarse_voxels_warn_with_the_spacing_needed() -> None:
    with pytest.warns(UserWarning, match=r"larger than Nyquist's \(0.278, 0.0929, 0.0929\)"):
        psf = widefield((0.2, 0.2, 0.2), shape=(5, 5, 5), **OIL)
    assert psf.info["notes"]
    assert widefield((0.2, 0.09, 0.09), shape=(5, 5, 5), **OIL).info["notes"] == []


@hypothesis_settings(max_examples=60)
@given(
    sigma=st.one_of(st.floats(0, 8), st.lists(st.floats(0, 4), min_size=1, max_size=3)),
    micrometres=st.booleans(),
    spacing=st.floats(0.05, 2),
)
def test_every_gaussian_keeps_the_contract(sigma: float | list[float], micrometres: bool, spacing: float) -> None:
    ndim = len(sigma) if isinstance(sigma, list) else 2
    psf = gaussian(sigma, spacing=(spacing,) * ndim if micrometres else None)
    assert_contract(psf)
    assert_symmetric_peak(psf)
    assert all(n % 2 for n in psf.shape)
    assert psf.info["energy"] >= 0.999
    assert psf.unit == ("um" if micrometres else "px")


def test_gaussian_is_integrated_over_the_pixel() -> None:
    line = gaussian((1.5,), shape=(13,)).data.astype(np.float64)
    share = [quad(lambda t: math.exp(-(t**2) / 4.5), i - 0.5, i + 0.5)[0] for i in range(-6, 7)]
    np.testing.assert_allclose(line, np.array(share) / sum(share), rtol=1e-6)


def test_gaussian_in_micrometres_equals_the_one_in_samples() -> None:
    a = gaussian((0.4, 0.1, 0.2), spacing=(0.2, 0.05, 0.05))
    np.testing.assert_array_equal(a.data, gaussian((2, 2, 4)).data)
    assert a.info["sigma_samples"] == pytest.approx([2, 2, 4])


def test_one_sigma_takes_its_axes_from_what_is_known() -> None:
    assert gaussian(1).ndim == 2
    assert gaussian(1, shape=(5,)).ndim == 1
    assert gaussian(1, spacing=(1, 1, 1)).ndim == 3
    assert gaussian(2, image_shape=(2, 40, 40)).shape == (3, 15, 15)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sigma": -1}, "sigma must be zero or a positive number"),
        ({"sigma": math.inf}, "sigma must be"),
        ({"sigma": "1"}, "sigma"),
        ({"sigma": (1, 1, 1, 1)}, "sigma needs 1 or 2 or 3 numbers"),
        ({"sigma": 1, "shape": (5, 5, 5, 5)}, "1 to 3 axes"),
        ({"sigma": (1, 1), "spacing": (1, 1, 1)}, "spacing needs 2 numbers"),
        ({"sigma": (1, 1), "shape": (5,)}, "shape needs 2 numbers"),
        ({"sigma": 500}, "sigma is in samples, or in micrometres when spacing is given"),
        ({"sigma": 20, "spacing": (0.05, 0.05)}, "in micrometres when spacing is given"),
    ],
)
def test_gaussian_refuses(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        gaussian(**arguments)
