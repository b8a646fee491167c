"""The camera found in simulated images, and the images in which it cannot be found."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from scipy import ndimage

from napari_deconv.camera import Camera, estimate
from napari_deconv.camera.assumptions import in_blocks
from napari_deconv.io.image import Image

Array = NDArray[Any]
SENSOR = Camera(gain=2.1, offset=100, read_noise=1.6)


def light(shape: tuple[int, ...] = (192, 192), peak: float = 400, haze: float = 4) -> Array:
    """Blobs, lines and points seen through a lens, on a haze."""
    rng = np.random.default_rng(5)
    x = np.zeros(shape)
    x[tuple(rng.integers(0, n, 150) for n in shape)] = 20
    grid = np.indices(shape)
    for _ in range(6):
        place, width = rng.uniform(0, 1, len(shape)) * shape, rng.uniform(5, 15)
        x += rng.uniform(0.3, 1) * (sum((g - p) ** 2 for g, p in zip(grid, place, strict=True)) < width**2)
    x = ndimage.gaussian_filter(x, 1.5)
    return peak * x / x.max() + haze


def recorded(photons: Array, camera: Camera = SENSOR, seed: int = 1) -> Array:
    rng, known = np.random.default_rng(seed), camera.to_dict()
    electrons = rng.poisson(photons) + known["read_noise"] * rng.normal(size=photons.shape)
    return np.rint(electrons / known["gain"] + known["offset"])


def assert_found(y: Array, gain: float, **given: float) -> Camera:
    found = estimate(y, **given)
    assert found.ok, found.failure
    assert found.camera.gain == pytest.approx(gain, rel=0.2)
    assert abs(found.camera.gain - gain) < 4 * found.uncertainty["gain"]
    return found.camera


@pytest.mark.parametrize("gain", [0.2, 1.0, 10.0])
def test_gain_of_photons_and_read_noise(gain: float) -> None:
    assert_found(recorded(light(), replace(SENSOR, gain=gain)), gain)


def test_photons_alone_have_no_offset_and_no_read_noise() -> None:
    found = estimate(np.random.default_rng(2).poisson(light()))
    assert found.camera.gain == pytest.approx(1, rel=0.15)
    assert found.camera.offset == 0
    assert found.camera.read_noise < 1.5
    assert found.uncertainty["offset"] < 1.5


def test_stack_of_planes() -> None:
    assert_found(recorded(light((12, 96, 96))), 2.1)


def test_large_stack_is_looked_at_in_bands() -> None:
    row = 200 + 150 * np.sin(np.arange(600) / 40)
    photons = np.random.default_rng(7).poisson(np.broadcast_to(row, (8, 300, 600)))
    found = estimate(photons.astype(np.uint16))
    assert found.camera.gain == pytest.approx(1, rel=0.1)


def test_unit_of_the_counts_does_not_matter() -> None:
    y = recorded(light())
    one, other = estimate(y), estimate((y / 65535).astype(np.float32))
    assert other.camera.gain == pytest.approx(one.camera.gain * 65535, rel=1e-3)
    assert other.camera.read_noise == pytest.approx(one.camera.read_noise, rel=1e-2)


def test_mean_of_frames_has_their_gains_together() -> None:
    assert_found(np.mean([recorded(light(), seed=s) for s in range(4)], axis=0), 8.4)


def test_electron_multiplying_gain_counts_half() -> None:
    rng = np.random.default_rng(3)
    assert_found(np.rint(20 * rng.gamma(np.maximum(rng.poisson(light()), 1e-9)) + 300), 1 / 40)


def test_what_is_given_is_kept_and_helps() -> None:
    y = recorded(light())
    with_offset, with_read = estimate(y, offset=100), estimate(y, read_noise=1.6)
    assert with_offset.camera.offset == 100
    assert set(with_offset.uncertainty) == {"gain", "read_noise"}
    assert with_offset.camera.read_noise == pytest.approx(1.7, abs=0.7)
    assert with_read.camera.offset == pytest.approx(100, abs=1.5)
    assert with_read.uncertainty["offset"] < estimate(y).uncertainty["offset"]
    assert estimate(y, gain=2.1).camera.gain == 2.1


def test_offset_that_is_open_is_said_to_be_open() -> None:
    found = estimate(recorded(light(haze=40)))
    assert "the image allows offsets from" in found.notes[0]
    assert abs(found.camera.offset - 100) < 3 * found.uncertainty["offset"]


def test_noise_of_the_estimate_is_that_of_the_image_whatever_the_offset() -> None:
    found = estimate(recorded(light(haze=40)))
    levels = np.array([130.0, 200.0])
    np.testing.assert_allclose(found.camera.sigma(levels), SENSOR.sigma(levels), rtol=0.1)


def test_offset_too_low_for_the_noise_is_told() -> None:
    assert any("or more, not 60" in note for note in estimate(recorded(light()), offset=60).notes)


def test_saturated_pixels_do_not_count() -> None:
    found = estimate(np.minimum(recorded(light()), 230))
    assert found.camera.saturation == 230
    assert found.ok, found.failure
    assert found.camera.gain == pytest.approx(2.1, rel=0.25)


def test_masked_pixels_do_not_count() -> None:
    y = recorded(light())
    mask = np.zeros(y.shape, dtype=bool)
    mask[:, 120:] = True
    spoilt = np.where(mask, 3000 * np.random.default_rng(4).random(y.shape), y)
    assert estimate(spoilt, mask=mask).camera.gain == pytest.approx(estimate(y, mask=mask).camera.gain, rel=1e-6)


def test_hot_pixels_hardly_count() -> None:
    y = recorded(light())
    y[7::31, 11::29] += 3000
    assert_found(y, 2.1)


def test_points_lie_on_the_line() -> None:
    found = estimate(recorded(light()))
    level, variance = np.array(found.points).T
    assert len(level) > 5
    assert np.median(np.abs(variance / SENSOR.sigma(level) ** 2 - 1)) < 0.15


def jpeg(y: Array, quality: int) -> Array:
    file = io.BytesIO()
    Picture.fromarray((255 * y / y.max()).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Picture.open(file))


Y = recorded(light())
NOT_OF_A_CAMERA = {
    "JPEG 75": (jpeg(Y, 75), "JPEG"),
    "JPEG 90": (jpeg(Y, 90), "JPEG|more alike"),
    "bilinear": (ndimage.zoom(Y, 1.3, order=1), "more alike"),
    "cubic": (ndimage.zoom(Y, 1.3, order=3), "more alike"),
    "twice as large": (ndimage.zoom(Y, 2, order=1), "more alike"),
    "Gaussian": (ndimage.gaussian_filter(Y, 1.0), "more alike"),
    "Gaussian, narrow": (ndimage.gaussian_filter(Y, 0.5), "more alike"),
    "median": (ndimage.median_filter(Y, 3), "differ more|more alike"),
    "without noise": (light(), "more alike|no noise"),
    "rounded": (np.rint(light(peak=50)), "as far apart|more alike"),
    "sharpened": (Y + 3 * (Y - ndimage.gaussian_filter(Y, 0.6)), "sharpened"),
    "constant": (np.full((64, 64), 3.0), "constant"),
    "tiny": (Y[:8, :8], "8 x 8 pixels"),
    "constant integers": (np.full((40, 40), 7), "constant"),
}


@pytest.mark.parametrize("name", NOT_OF_A_CAMERA)
def test_images_without_the_noise_of_a_camera_are_refused(name: str) -> None:
    y, said = NOT_OF_A_CAMERA[name]
    found = estimate(y, offset=0)
    assert not found.ok
    assert np.any([word in found.failure for word in said.split("|")]), found.failure
    assert "plateau" in found.fallback
    assert found.camera.to_dict() == {"offset": 0}
    assert found.failure in found.describe()


@pytest.mark.parametrize(
    "y",
    [
        recorded(np.zeros((128, 128))),
        np.sqrt(np.maximum(Y - 100, 0)),
        np.maximum(Y - 100, 0) ** (1 / 2.2),
        np.minimum(Y, np.median(Y)),
        recorded(light(peak=5), replace(SENSOR, read_noise=9.0)),
    ],
    ids=["dark", "square root", "gamma", "half saturated", "drowned in read noise"],
)
def test_noise_that_does_not_grow_with_the_light_is_no_cameras(y: Array) -> None:
    found = estimate(y)
    assert not found.ok
    assert found.camera.gain is None
    assert "plateau" in found.fallback


def test_flat_image_has_no_range_of_brightness() -> None:
    failures = {estimate(np.random.default_rng(s).poisson(100, (128, 128))).failure for s in range(4)}
    assert not any("gamma" in failure for failure in failures)
    assert all("range of brightness" in failure for failure in failures)


def test_photograph_is_said_to_be_one() -> None:
    found = estimate(Image(Y.astype(np.uint8), "YX", encoding="srgb"))
    assert found.failure.startswith("photographs are gamma-encoded")


@pytest.mark.parametrize("true", [0.5, 2.1])
def test_gain_that_the_noise_contradicts_is_told(true: float) -> None:
    y = recorded(light(), replace(SENSOR, gain=true))
    right, wrong = (estimate(y, gain=gain, offset=100) for gain in (true, 10 * true))
    assert right.ok
    assert not right.notes
    assert wrong.ok
    assert wrong.camera.gain == 10 * true
    assert f"electrons per count, not {10 * true:g}" in wrong.notes[-1]


def test_line_of_pixels_is_no_plane() -> None:
    y = recorded(200 * (1 + np.sin(np.arange(500) / 20)))
    found = estimate(y, mask=np.zeros(500, dtype=bool))
    assert "one line of pixels holds no flat patches" in found.failure
    assert "plateau" in found.fallback
    assert estimate(y, gain=2.1, offset=100, read_noise=1.6).ok


def test_whoever_knows_the_camera_needs_no_flat_patches() -> None:
    found = estimate(np.ones((4, 4)), gain=2, offset=0, read_noise=1)
    assert found.ok
    assert found.camera == Camera(gain=2, offset=0, read_noise=1)


def test_blocks_are_those_of_jpeg_only() -> None:
    rng = np.random.default_rng(6)
    assert in_blocks(jpeg(Y, 75).astype(float))
    assert not in_blocks(Y)
    assert not in_blocks(np.kron(rng.normal(size=(60, 60)), np.ones((2, 2))) + 0.1 * rng.normal(size=(120, 120)))
    assert not in_blocks(np.zeros((64, 64)))


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.full((32, 32), np.nan), "NaN"),
        (np.ones((32, 32)) * 1j, "real numbers"),
        (np.zeros((0, 32)), "one at least"),
        (np.float64(3), "YX or ZYX"),
        (np.ones((2, 2, 32, 32)), "YX or ZYX"),
        (Image(np.ones((2, 32, 32)), "CYX"), "one channel"),
        (np.ma.masked_less(np.ones((32, 32)), 2), "mask=image.mask"),
    ],
)
def test_what_is_no_plane_or_stack_is_refused(image: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        estimate(image)


def test_mask_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="mask has shape"):
        estimate(Y, mask=np.zeros((3, 3), dtype=bool))


def test_image_is_not_changed() -> None:
    y = Y.copy()
    estimate(y)
    np.testing.assert_array_equal(y, Y)
