"""What is known of a camera, in numbers, words and mappings."""

from __future__ import annotations

import doctest
import json

import numpy as np
import pytest

import strict
from napari_deconv import camera as camera_module
from napari_deconv.camera import Camera
from napari_deconv.camera import type as camera_type

SENSOR = Camera(gain=2.1, offset=100, read_noise=1.6, saturation=65535)


def test_examples_run() -> None:
    assert doctest.testmod(camera_type).failed == 0
    assert doctest.testmod(camera_module.estimating).failed == 0


def test_variance_is_that_of_photons_and_read_noise() -> None:
    rng = np.random.default_rng(0)
    counts = (rng.poisson(400.0, 200_000) + 1.6 * rng.normal(size=200_000)) / 2.1 + 100
    assert float(SENSOR.sigma(counts.mean())) == pytest.approx(counts.std(), rel=0.01)
    assert SENSOR.electrons(counts).mean() == pytest.approx(400, rel=0.001)


def test_sigma_below_the_offset_is_the_read_noise() -> None:
    assert SENSOR.sigma(np.array([0.0, 100.0])) == pytest.approx(1.6 / 2.1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32])
def test_images_become_float32_and_stay_as_they_were(dtype: type) -> None:
    y = np.array([[90, 100], [150, 200]], dtype=dtype)
    before = y.copy()
    assert SENSOR.electrons(y).dtype == SENSOR.sigma(y).dtype == np.float32
    assert SENSOR.electrons(y)[0, 0] == pytest.approx(-21)
    np.testing.assert_array_equal(y, before)


def test_arrays_of_another_library_stay_there() -> None:
    y = strict.BACKEND.asarray(np.array([120.0, 250.0], dtype=np.float32), strict.strict.float32)
    for found, expected in ((SENSOR.electrons(y), [42.0, 315.0]), (SENSOR.sigma(y), SENSOR.sigma([120.0, 250.0]))):
        assert found.dtype == strict.strict.float32
        np.testing.assert_allclose(strict.BACKEND.to_host(found), expected, rtol=1e-6)


@pytest.mark.parametrize("camera", [SENSOR, Camera(), Camera(gain=1.3e5, offset=-0.25)])
def test_words_and_mappings_give_the_same_camera_back(camera: Camera) -> None:
    assert Camera.parse(camera.words) == camera
    assert Camera.from_dict(json.loads(json.dumps(camera.to_dict()))) == camera


def test_numpy_numbers_become_plain_ones() -> None:
    assert type(Camera(gain=np.float32(0.5)).gain) is float
    assert Camera.parse(" gain = 2 , offset=1e2,") == Camera(gain=2, offset=100)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"gain": 0}, "positive"),
        ({"gain": -1.0}, "positive"),
        ({"gain": float("nan")}, "finite"),
        ({"gain": True}, "finite"),
        ({"offset": "100"}, "finite"),
        ({"offset": float("inf")}, "finite"),
        ({"read_noise": -0.1}, "0 or more"),
        ({"offset": 100, "saturation": 100}, "not above the offset"),
    ],
)
def test_impossible_numbers_are_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Camera.from_dict(values)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gain", "not name=value"),
        ("gain=two", "not a number"),
        ("gain=nan", "finite"),
        ("gain=1,gain=2", "twice"),
        ("readnoise=2", "did you mean 'read_noise'"),
        ("iso=100", "it has gain, offset, read_noise, saturation"),
    ],
)
def test_words_that_say_nothing_are_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Camera.parse(text)


def test_what_is_not_known_is_named() -> None:
    with pytest.raises(ValueError, match="offset and read_noise must be known"):
        Camera(gain=2).sigma(np.ones(3))
    with pytest.raises(ValueError, match="camera's gain must be known"):
        Camera(offset=2).electrons(np.ones(3))
