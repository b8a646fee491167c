"""Motion and defocus: exact coverage, centred, sum 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from napari_deconv.psf import PSF, defocus, motion


def centre_of_mass(psf: PSF) -> np.ndarray[Any, np.dtype[np.float64]]:
    data = psf.data.astype(np.float64)
    grids = np.indices(data.shape)
    return np.array([(g * data).sum() / data.sum() - n // 2 for g, n in zip(grids, data.shape, strict=True)])


def assert_photo_contract(psf: PSF) -> None:
    assert psf.data.dtype == np.float32
    assert psf.data.min() >= 0
    assert abs(float(psf.data.sum(dtype=np.float64)) - 1) < 1e-6
    assert psf.ndim == 2
    assert all(n % 2 for n in psf.shape)
    assert psf.unit == "px"
    assert np.abs(centre_of_mass(psf)).max() < 0.02


@hypothesis_settings(max_examples=150)
@given(length=st.floats(0, 60), angle=st.floats(-720, 720))
def test_every_motion_keeps_the_contract(length: float, angle: float) -> None:
    psf = motion(length, angle)
    assert_photo_contract(psf)
    assert max(psf.shape) <= length + 2


@hypothesis_settings(max_examples=80)
@given(radius=st.floats(0, 40))
def test_every_defocus_keeps_the_contract(radius: float) -> None:
    psf = defocus(radius)
    assert_photo_contract(psf)
    np.testing.assert_allclose(psf.data, psf.data.T, atol=1e-9)
    assert psf.shape[0] <= 2 * radius + 2


def test_whole_length_along_a_row_is_a_box() -> None:
    np.testing.assert_allclose(motion(15).data, np.full((1, 15), 1 / 15), rtol=1e-6)
    np.testing.assert_allclose(motion(15, 90).data, np.full((15, 1), 1 / 15), rtol=1e-6)
    np.testing.assert_array_equal(motion(15, 180).data, motion(15).data)
    np.testing.assert_allclose(motion(4.5).data[0], np.array([0.75, 1, 1, 1, 0.75]) / 4.5, rtol=1e-6)


@pytest.mark.parametrize("length", [0, 0.3, 1.0])
def test_no_more_than_a_pixel_is_no_blur(length: float) -> None:
    for angle in (0, 30, 90):
        assert motion(length, angle).data.tolist() == [[1.0]]


def test_angle_is_counter_clockwise_on_screen() -> None:
    rising = motion(11, 45).data
    assert rising[-1, 0] > 0
    assert rising[0, -1] > 0  # row 0 is the top: lower left to upper right
    assert rising[0, 0] == rising[-1, -1] == 0
    flat = motion(21, 20).data
    assert flat.shape[1] > flat.shape[0]
    assert flat[0, -1] + flat[1, -1] > 0


def test_second_moments_are_those_of_the_line() -> None:
    length, angle = 40.0, 25.0
    data = motion(length, angle).data.astype(np.float64)
    rows, columns = np.indices(data.shape) - (np.array(data.shape) // 2)[:, None, None]
    along = columns * math.cos(math.radians(angle)) - rows * math.sin(math.radians(angle))
    across = columns * math.sin(math.radians(angle)) + rows * math.cos(math.radians(angle))
    assert (data * along**2).sum() == pytest.approx(length**2 / 12, rel=0.005)
    assert (data * across**2).sum() < 0.2


def test_motion_equals_a_finely_sampled_line() -> None:
    length, angle = 17.3, 37.0
    psf = motion(length, angle)
    t = (np.arange(400_000) + 0.5) / 400_000 - 0.5
    rows = np.rint(-t * length * math.sin(math.radians(angle))).astype(int) + psf.shape[0] // 2
    columns = np.rint(t * length * math.cos(math.radians(angle))).astype(int) + psf.shape[1] // 2
    counted = np.zeros(psf.shape)
    np.add.at(counted, (rows, columns), 1 / t.size)
    np.testing.assert_allclose(psf.data, counted, atol=1e-5)


def test_defocus_equals_a_finely_sampled_disk() -> None:
    radius = 3.37
    psf = defocus(radius)
    n, fine = psf.shape[0], 400
    axis = (np.arange(n * fine) + 0.5) / fine - n / 2
    inside = (axis[:, None] ** 2 + axis**2) <= radius**2
    shares = inside.reshape(n, fine, n, fine).mean(axis=(1, 3)) / (math.pi * radius**2)
    np.testing.assert_allclose(psf.data, shares, atol=2e-5)


def test_pixels_inside_the_disk_are_equal() -> None:
    data = defocus(8).data
    np.testing.assert_allclose(data[3:-3, 3:-3].ravel()[0], 1 / (math.pi * 64), rtol=1e-6)
    assert np.ptp(data[5:-5, 5:-5]) < 1e-8


@pytest.mark.parametrize("radius", [0, 0.2, 0.5])
def test_disk_within_a_pixel_is_no_blur(radius: float) -> None:
    assert defocus(radius).data.tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("model", "arguments", "words"),
    [
        (motion, {"length": -1}, "length must be zero or a positive number"),
        (motion, {"length": math.nan}, "length must be"),
        (motion, {"length": math.inf}, "length must be"),
        (motion, {"length": 2001}, "at most 2000"),
        (motion, {"length": "15"}, "length must be"),
        (motion, {"length": 5, "angle": math.nan}, "angle must be a finite number of degrees"),
        (motion, {"length": 5, "angle": "up"}, "angle must be a finite number of degrees"),
        (defocus, {"radius": -0.1}, "radius must be zero or a positive number"),
        (defocus, {"radius": math.inf}, "radius must be"),
        (defocus, {"radius": 1e6}, "at most 2000"),
        (defocus, {"radius": True}, "radius must be"),
    ],
)
def test_photo_models_refuse(model: Any, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        model(**arguments)
