"""Noise and range of an image, as a learned restoration is told of them."""

from __future__ import annotations

import numpy as np
import pytest

from dead_leaves import photographed
from napari_deconv.network.noise_level import noise_level, span


@pytest.mark.parametrize("sigma", [0.005, 0.02, 0.08])
def test_noise_of_a_blurred_scene_is_found(sigma):
    from napari_deconv.psf import gaussian

    assert noise_level(photographed(gaussian(2.0), 200, 0, sigma)) == pytest.approx(sigma, rel=0.12)


@pytest.mark.parametrize("shape", [(4096,), (64, 64), (5, 64, 64)])
def test_white_noise_is_found_in_every_number_of_axes(shape):
    y = np.random.default_rng(0).normal(7, 0.3, shape)
    assert noise_level(y) == pytest.approx(0.3, rel=0.1)


def test_noise_that_grows_with_the_light_is_averaged_over_the_pixels():
    light = np.repeat(np.linspace(10, 400, 256)[None], 256, 0)
    y = np.random.default_rng(0).poisson(light)
    assert noise_level(y) == pytest.approx(np.sqrt(light.mean()), rel=0.1)


@pytest.mark.parametrize("shape", [(1,), (1, 1), (2, 3), (1, 40)])
def test_small_and_flat_images_have_no_noise_and_a_range(shape):
    y = np.full(shape, 4.0)
    assert noise_level(y) == 0
    assert span(y) > 0


def test_black_images_have_a_range():
    assert span(np.zeros((5, 5))) > 0


def test_single_pixels_do_not_make_the_range():
    y = np.random.default_rng(0).random((100, 100))
    y[3, 4] = 1e6
    assert span(y) < 1.1


def test_the_middle_stands_for_a_large_image():
    y = np.random.default_rng(0).normal(0, 1, (1, 2**23)).astype(np.float32)
    assert noise_level(y) == pytest.approx(1, rel=0.05)
