"""The contract of every PSF, kept by every microscope: any aperture, theory, voxel, size and mismatch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from microscopes import IMMERSION, MODELS, OIL, quiet
from napari_deconv import psf
from napari_deconv.psf import PSF
from napari_deconv.psf.theory.zernike import zernike

THEORIES = ("vectorial", "scalar")


def assert_contract(made: PSF) -> None:
    assert made.data.dtype == np.float32
    assert made.data.min() >= 0
    assert abs(float(made.data.sum(dtype=np.float64)) - 1) < 1e-6
    assert made.unit == "um"
    assert 0 < made.info["energy"] <= 1
    assert all(0 < e <= 1 + 1e-9 for e in made.info.get("energy_per_plane", ()))


def assert_peak_in_the_middle(made: PSF) -> None:
    middle = tuple(n // 2 for n in made.shape)
    assert made.data[middle] == made.data.max()
    sideways = made.data[..., ::-1, ::-1]
    if all(n % 2 for n in made.shape[-2:]):
        np.testing.assert_array_equal(made.data, sideways)


def nyquist(model: str, na: float, ri: float) -> tuple[float, ...]:
    """Half the finest periods: frequencies of lights that are multiplied add up."""
    waves = [1 / length for name, length in MODELS[model].items() if name in ("wavelength", "excitation")]
    waves *= 2 if model == "two_photon" else 1
    axial = sum(waves) * (ri - math.sqrt(ri**2 - na**2)) + (1.14 / 2.0 if model == "light_sheet" else 0)
    return 0.5 / axial, *[0.25 / (na * sum(waves))] * 2


@pytest.mark.parametrize("na", IMMERSION)
@pytest.mark.parametrize("model", MODELS)
def test_contract_at_every_aperture_with_oblong_voxels(model: str, na: float) -> None:
    theory = THEORIES[(list(IMMERSION).index(na) + list(MODELS).index(model)) % 2]
    z, y, x = nyquist(model, na, IMMERSION[na])
    made = quiet(
        model, (z, 0.9 * y, 0.6 * x), na=na, ri=IMMERSION[na], theory=theory, image_shape=(9, 30, 40), **MODELS[model]
    )
    assert_contract(made)
    assert_peak_in_the_middle(made)
    np.testing.assert_array_equal(made.data, made.data[::-1])
    assert all(n % 2 == 1 and n <= m for n, m in zip(made.shape, (17, 59, 79), strict=True))
    assert made.info["focus_shift"] == 0
    assert made.info["notes"] == []


@hypothesis_settings(max_examples=25)
@given(
    model=st.sampled_from(sorted(MODELS)),
    theory=st.sampled_from(THEORIES),
    na=st.sampled_from(sorted(IMMERSION)),
    ri_sample=st.floats(1.0, 1.52),
    depth=st.one_of(st.just(0.0), st.floats(0, 8)),
    ndim=st.integers(2, 3),
    scale=st.tuples(*[st.floats(0.2, 2)] * 3),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 20), st.integers(1, 20)),
)
def test_contract_behind_any_layer(
    model: str,
    theory: str,
    na: float,
    ri_sample: float,
    depth: float,
    ndim: int,
    scale: tuple[float, ...],
    shape: tuple[int, ...],
) -> None:
    spacing = tuple(s * n for s, n in zip(scale, nyquist(model, na, IMMERSION[na]), strict=True))[-ndim:]
    layers = {"na": na, "ri": IMMERSION[na], "ri_sample": ri_sample, "depth": depth}
    made = quiet(model, spacing, theory=theory, shape=shape[-ndim:], **layers, **MODELS[model])
    assert_contract(made)
    assert made.shape == shape[-ndim:]
    assert_peak_in_the_middle(made)


@pytest.mark.parametrize("theory", THEORIES)
@pytest.mark.parametrize("model", MODELS)
def test_all_lengths_twice_as_long_give_the_same_psf(model: str, theory: str) -> None:
    lengths = {**MODELS[model], "depth": 3.0, "coverslip": 165.0, "coverslip_design": 170.0}
    pinhole = {"pinhole": lengths.pop("pinhole")} if "pinhole" in lengths else {}
    rest = {"na": 1.2, "ri": 1.33, "ri_sample": 1.37, "theory": theory, "shape": (5, 11, 9), **pinhole}
    step = (0.2, 0.08, 0.1)
    once = quiet(model, step, **lengths, **rest)
    twice = quiet(model, tuple(2 * s for s in step), **{k: 2 * v for k, v in lengths.items()}, **rest)
    np.testing.assert_allclose(once.data, twice.data, rtol=1e-5)
    assert twice.info["focus_shift"] == pytest.approx(2 * once.info["focus_shift"], rel=1e-4)
    assert twice.info["nyquist"] == pytest.approx(np.multiply(2, once.info["nyquist"]))


@pytest.mark.parametrize("model", MODELS)
def test_two_numbers_give_the_plane_in_focus(model: str) -> None:
    layers = {"na": 1.2, "ri": 1.33, "ri_sample": 1.36, "depth": 4.0, **MODELS[model]}
    flat = quiet(model, (0.065, 0.065), shape=(21, 21), **layers)
    deep = quiet(model, (0.2, 0.065, 0.065), shape=(5, 21, 21), **layers)
    np.testing.assert_allclose(flat.data, deep.plane().data, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_even_shape_has_its_peak_at_half(model: str) -> None:
    layers = {"na": 1.2, "ri": 1.33, "ri_sample": 1.36, "depth": 4.0, **MODELS[model]}
    even = quiet(model, (0.2, 0.065, 0.065), shape=(8, 16, 10), **layers)
    assert np.unravel_index(even.data.argmax(), even.shape) == (4, 8, 5)
    odd = quiet(model, (0.2, 0.065, 0.065), shape=(9, 17, 11), **layers).data[:-1, :-1, :-1].astype(np.float64)
    np.testing.assert_allclose(even.data, odd / odd.sum(), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize(("model", "na", "ri", "step"), [
    ("confocal", 1.4, 1.515, (0.13, 0.06, 0.08)),
    ("spinning_disk", 0.8, 1.0, (0.5, 0.1, 0.1)),
    ("two_photon", 1.05, 1.33, (0.4, 0.1, 0.15)),
    ("light_sheet", 0.8, 1.33, (0.4, 0.16, 0.16)),
])  # fmt: skip
def test_default_size_holds_what_it_says(model: str, na: float, ri: float, step: tuple[float, ...]) -> None:
    """Against the sum over a box of more than twice the size."""
    made = quiet(model, step, na=na, ri=ri, energy=0.95, **MODELS[model])
    assert all(n % 2 for n in made.shape)
    assert 0.95 <= made.info["energy"] < 0.975
    larger = quiet(model, step, na=na, ri=ri, shape=[2 * n + 1 for n in made.shape], **MODELS[model])
    ratio = float(larger.data.max() / made.data.max())  # the same light at the centre, of more light in all
    assert made.info["energy"] == pytest.approx(larger.info["energy"] * ratio, rel=2e-3)


@pytest.mark.parametrize("model", ["confocal", "two_photon", "light_sheet"])
def test_default_size_holds_99_percent(model: str) -> None:
    step = tuple(np.multiply((1.6, 1.4, 1.4), nyquist(model, 1.0, 1.33)))
    assert quiet(model, step, na=1.0, ri=1.33, **MODELS[model]).info["energy"] >= 0.99
    assert quiet(model, step[1:], na=1.0, ri=1.33, **MODELS[model]).info["energy"] >= 0.99


@pytest.mark.parametrize("model", MODELS)
def test_aberration_is_centred_where_the_ideal_focus_was(model: str) -> None:
    told = {"na": 1.2, "ri": 1.33, "shape": (9, 21, 21), **MODELS[model]}
    step = (0.15, 0.06, 0.06)
    for aberrations in ((0.1,), (0, 0, 0, 0.08), (0, 0, 0, 0, 0, 0, 0, 0.1)):  # defocus, coma, spherical
        made = quiet(model, step, aberrations=aberrations, **told)
        assert_contract(made)
        assert made.info["focus_shift"] == 0
        assert made.data[4, 10, 10] < quiet(model, step, **told).data[4, 10, 10]
    defocus = quiet(model, step, aberrations=(0.1,), **told)
    assert defocus.data[:, 10, 10].argmax() > 4


@pytest.mark.parametrize("theory", THEORIES)
@pytest.mark.parametrize("model", MODELS)
def test_general_pupil_agrees_with_the_round_focus(model: str, theory: str) -> None:
    """An aberration too small to see takes the other way through the code, mismatch and pinhole included."""
    told = {"na": 1.1, "ri": 1.33, "ri_sample": 1.37, "depth": 3.0, "shape": (7, 15, 17), **MODELS[model]}
    step = (0.25, 0.07, 0.09)
    round_one = quiet(model, step, theory=theory, **told)
    other = quiet(model, step, theory=theory, aberrations=(0, 1e-9), **told)
    np.testing.assert_allclose(other.data, round_one.data, atol=5e-6 * round_one.data.max())
    assert other.info["energy"] == pytest.approx(round_one.info["energy"], rel=1e-4)


def test_signs_of_aberrations_are_those_of_the_pupil() -> None:
    from napari_deconv.psf.theory.pupil import planes

    aberrations = (0.0, 0.05, -0.04, 0.06, 0.03, 0, 0, 0.07)
    step = (0.2, 0.06, 0.07)
    made = quiet("widefield", step, theory="scalar", aberrations=aberrations, shape=(5, 15, 13), **OIL)
    expected = planes(0.2 * np.arange(-2, 3), (15, 13), step[1:], aberrations=aberrations, **OIL)
    np.testing.assert_allclose(made.data, expected / expected.sum(), atol=1e-6 * made.data.max())
    assert zernike(11, 0, 0) > 0


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments: dict[str, Any] = {"shape": (9, 33, 31), "ri_sample": 1.4, "depth": 1.0, **OIL}
    whole = [psf.widefield((0.2, 0.065, 0.07), **arguments, **a) for a in ({}, {"aberrations": (0, 0.1)})]
    for module in ("pixels", "scalar", "vectorial", "aberrated"):
        monkeypatch.setattr(f"napari_deconv.psf.theory.{module}.BLOCK", 500)
    again = [psf.widefield((0.2, 0.065, 0.07), **arguments, **a) for a in ({}, {"aberrations": (0, 0.1)})]
    for one, other in zip(whole, again, strict=True):
        np.testing.assert_allclose(other.data, one.data, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("model", ["widefield", "confocal", "two_photon"])
def test_peak_of_glycerol_under_oil_is_found_between_planes(model: str) -> None:
    """The shift does not depend on where planes lie, and planes on both sides of the middle are darker."""
    told = {"na": 1.3, "ri": 1.515, "ri_sample": 1.45, "depth": 6.0, **MODELS[model]}
    shifts = []
    for step in (0.05, 0.13, 0.31):
        made = quiet(model, (step, 0.06, 0.06), shape=(3, 5, 5), **told)
        shifts.append(made.info["focus_shift"])
        assert made.data[1, 2, 2] > made.data[[0, 2], 2, 2].max()
    assert max(shifts) - min(shifts) < 1e-4
    assert 6 * (1.515 / 1.45 - 1) < shifts[0] < 6 * (math.sqrt(1.515**2 - 1.69) / math.sqrt(1.45**2 - 1.69) - 1)
