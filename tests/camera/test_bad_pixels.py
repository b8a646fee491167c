"""Saturated pixels and hot ones: found where they are, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from napari_deconv.camera import Camera, hot_pixels, saturated, saturation_level

Array = NDArray[Any]


def light(shape: tuple[int, ...], peak: float, haze: float, sigma: float = 1.0, seed: int = 0) -> Array:
    """Points anywhere between pixels, seen through a Gaussian PSF integrated over the pixels, on a haze."""
    rng, fine = np.random.default_rng(seed), 5
    x = np.zeros(np.array(shape) * fine)
    count = int(np.prod(shape)) // 120
    x[tuple(rng.integers(0, n, count) for n in x.shape)] = rng.uniform(0.05, 1, count)
    x = ndimage.gaussian_filter(x, fine * sigma).reshape(shape[0], fine, shape[1], fine).mean((1, 3))
    return peak * x / x.max() + haze


SMOOTH = light((128, 128), 3000, 50, 3.0)
NOISY = np.random.default_rng(1).poisson(SMOOTH)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize("level", [1023, 1500])
def test_pile_at_the_maximum_is_found(dtype: type, level: int) -> None:
    y = np.minimum(NOISY, level).astype(dtype)
    np.testing.assert_array_equal(saturated(y), level <= NOISY)
    assert saturation_level(y) == level


def test_few_pixels_at_the_end_of_the_converter_are_enough() -> None:
    y = NOISY.copy()
    y[60:62, 60:63] = 4095
    assert saturation_level(y) == 4095
    y[60:62, 60:63] = 4000
    assert saturation_level(y) is None


def test_level_that_is_known_is_used() -> None:
    mask = saturated(NOISY, Camera(saturation=2000))
    assert mask is not None
    np.testing.assert_array_equal(mask, NOISY >= 2000)
    assert saturated(NOISY, Camera(saturation=1e6)) is None


def test_stack_is_looked_at_as_one() -> None:
    y = np.stack([NOISY, np.minimum(NOISY, 1023), NOISY // 4])
    y = np.minimum(y, 1023)
    assert saturation_level(y) == 1023


def labels() -> Array:
    rng = np.random.default_rng(2)
    seeds = rng.integers(0, 128, (60, 2))
    away = ((np.indices((128, 128))[:, None] - seeds.T[..., None, None]) ** 2).sum(0)
    return np.argmin(away, axis=0)


ORDINARY = {
    "float": SMOOTH,
    "photons": NOISY,
    "few photons": np.random.default_rng(3).poisson(light((128, 128), 3, 0.2)),
    "one photon at most": np.random.default_rng(4).poisson(np.full((128, 128), 0.01)),
    "rounded": np.rint(SMOOTH / 100),
    "labels": labels(),
    "labels of 8 bits": (labels() * 4 + 19).astype(np.uint8),
    "binary": (SMOOTH > 500) * np.uint8(255),
    "boolean": SMOOTH > 500,
    "constant": np.full((64, 64), 65535, dtype=np.uint16),
    "gradient": np.add.outer(np.arange(64), np.zeros(64)),
    "stretched": np.rint((NOISY - NOISY.min()) * (255 / np.ptp(NOISY))).astype(np.uint8),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_images_are_not_saturated(name: str) -> None:
    assert saturated(ORDINARY[name]) is None


@pytest.mark.parametrize(("peak", "haze"), [(20, 0.5), (200, 2), (2000, 20)])
def test_points_of_light_are_not_hot(peak: float, haze: float) -> None:
    for seed in range(3):
        y = np.random.default_rng(seed).poisson(light((160, 160), peak, haze, seed=seed))
        assert hot_pixels(y).sum() == 0


@pytest.mark.parametrize("known", [True, False])
def test_pixels_ten_sigma_above_their_surroundings_are_hot(known: bool) -> None:
    rng, camera = np.random.default_rng(5), Camera(gain=2.1, offset=100, read_noise=1.6)
    y = (rng.poisson(np.full((192, 192), 60)) + 1.6 * rng.normal(size=(192, 192))) / 2.1 + 100
    hot = np.zeros(y.shape, dtype=bool)
    hot[4::23, 4::23] = True
    y[hot] += 10 * float(camera.sigma(100 + 60 / 2.1))
    found = hot_pixels(y, camera if known else None)
    assert found[hot].mean() >= 0.95
    assert not found[~hot].any()


def test_hot_pixels_at_the_edges_are_found_and_corners_left_alone() -> None:
    y = np.random.default_rng(6).poisson(np.full((64, 64), 100.0))
    y[0, 20] = y[63, 30] = y[20, 0] = y[30, 63] = y[0, 0] = 2000
    found = hot_pixels(y)
    assert found[[0, 63, 20, 30], [20, 30, 0, 63]].all()
    assert found.sum() == 4


def test_points_beyond_the_edge_are_not_hot() -> None:
    y = light((60, 60), 2000, 20, seed=7)[5:-5, 5:-5]
    assert not hot_pixels(np.random.default_rng(7).poisson(y)).any()


def test_pixel_that_is_warm_in_every_plane_is_hot_in_all() -> None:
    y = np.random.default_rng(8).poisson(np.full((16, 48, 48), 100.0)).astype(float)
    y[:, 20, 21] += 30
    y[5, 40, 40] += 200
    found = hot_pixels(y)
    assert found[:, 20, 21].all()
    assert list(np.flatnonzero(found[:, 40, 40])) == [5]
    assert found.sum() == 17


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (8, 8), (2, 9, 9)])
def test_small_and_constant_images_have_no_hot_pixels(shape: tuple[int, ...]) -> None:
    found = hot_pixels(np.full(shape, 7))
    assert found.shape == shape
    assert not found.any()


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        hot_pixels(np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match="planes, YX or ZYX; the image is one line of 5 pixels"):
        hot_pixels(np.ones(5))
