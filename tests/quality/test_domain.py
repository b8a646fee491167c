"""Each kind of image that is foreign to the network has its sentence; the usual ones have none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import fftconvolve

from napari_deconv import psf
from napari_deconv.balance import detail_noise
from napari_deconv.camera import Camera
from napari_deconv.quality import domain
from quality.scenes import lines, seen

BLUR = psf.gaussian(1.5)


def picture(noise=0.02, shape=(96, 96), seed=0):
    """From 0 to 1, blurred, with white noise."""
    rng = np.random.default_rng(seed)
    light = fftconvolve(lines(shape, rng, 20), BLUR.data, mode="same")
    return rng.normal(light / light.max(), noise).astype(np.float32)


def only(found):
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("noise", [0.004, 0.02, 0.1])
@pytest.mark.parametrize("scale", [1.0, 1e-3, 5e4])
@pytest.mark.parametrize("told", [True, False])
def test_a_usual_image_is_at_home(noise, scale, told):
    assert domain(scale * picture(noise), BLUR, scale * noise if told else None) == ()


@pytest.mark.parametrize("photons", [100, 1000])
def test_counts_of_photons_are_at_home(photons):
    rng = np.random.default_rng(1)
    y = seen(lines((12, 64, 64), rng, 20), psf.gaussian((1.5, 1.5, 1.5)), photons, rng)
    assert domain(y.astype(np.uint16), psf.gaussian((1.5, 1.5, 1.5)), np.sqrt(y + 1)) == ()
    assert domain(y.astype(np.uint16), BLUR) == ()


def test_few_photons_are_noise_though_most_pixels_are_equal():
    rng = np.random.default_rng(4)
    y = rng.poisson(fftconvolve(lines((128, 128), rng, 3), BLUR.data, mode="same").clip(0) + 0.005)
    assert detail_noise(y.astype(np.float32), np) == 0
    assert not any("or more" in sentence for sentence in domain(y, BLUR))


def test_clean_fine_detail_is_not_taken_for_noise():
    assert domain(picture(0.003), psf.gaussian(1.5), 0.003) == ()


def test_louder_noise_than_in_the_training_is_named():
    assert only(domain(picture(0.4), BLUR)).startswith("the noise is 3")
    assert "trained on up to 24%" in only(domain(picture(0.4), BLUR, 0.4))


@pytest.mark.parametrize("noise", [0.0, 2e-4])
def test_less_noise_than_in_the_training_is_named(noise):
    assert "trained on 0.16% or more" in only(domain(picture(noise), BLUR))


@pytest.mark.parametrize("shape", [(48, 48), (512, 512), (16, 64, 64)])
@pytest.mark.parametrize("told", [1.0, None])
def test_an_image_of_noise_is_called_one(shape, told):
    y = np.random.default_rng(2).normal(10, 1, shape)
    assert only(domain(y, BLUR, told)).startswith("the image shows hardly more than noise")


def test_a_few_points_in_a_dark_image_are_more_than_noise():
    rng = np.random.default_rng(3)
    points = np.zeros((256, 256))
    points[40:220:60, 50:200:70] = 20
    assert domain(rng.normal(fftconvolve(points, BLUR.data, mode="same"), 0.1), BLUR, 0.1) == ()


@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_a_sigma_that_the_image_contradicts_is_named(factor):
    found = only(domain(picture(), BLUR, 0.02 * factor))
    assert found.startswith(f"sigma {0.02 * factor:.3g} was given, but the noise in the image looks like 0.0")
    assert domain(picture(), BLUR, 0.02 * np.full((96, 96), 1.5)) == ()


def test_a_wide_psf_is_named_and_one_wider_than_the_image_refused():
    y = picture(shape=(128, 128))
    assert only(domain(y, psf.motion(90, 0))).startswith("psf is 87 samples wide (95% of its light), 65 or fewer")
    assert domain(y, psf.motion(60, 30)) == ()
    with pytest.raises(ValueError, match="psf is 1 x 133 samples wide but the image 128 x 128"):
        domain(y, psf.motion(140, 0))


def test_faint_light_far_out_does_not_make_a_psf_wide():
    kernel = np.full((101, 101), 0.03 / 101**2, np.float32)
    kernel[49:52, 49:52] += 0.97 / 9
    assert domain(picture(shape=(128, 128)), kernel) == ()


def test_saturated_pixels_are_named_and_too_many_refused():
    y = np.clip(picture(0.01, (128, 128)) * 4000, 0, 1500).astype(np.uint16)
    assert "of the pixels are saturated, the network knows none" in only(domain(y, BLUR))
    with pytest.raises(ValueError, match="% of the pixels are saturated; at most 50%"):
        domain(y, BLUR, camera=Camera(saturation=20.0))


def test_a_small_image_is_named():
    assert "the image has 24 x 40 samples, 32 x 32 are the least" in only(domain(picture(shape=(24, 40)), BLUR))


@pytest.mark.parametrize("sigma", [None, 3.0])
def test_a_constant_image_is_no_danger(sigma):
    assert domain(np.full((64, 64), 7), BLUR, sigma) == ()


def test_the_image_stays_as_it_was():
    y = picture()
    kept = y.copy()
    domain(y, BLUR)
    np.testing.assert_array_equal(y, kept)


@pytest.mark.parametrize(
    ("image", "kernel", "sigma", "sentence"),
    [
        (np.full((40, 40), np.nan), BLUR, None, "image has 1600 NaN or infinite"),
        (np.eye(40), np.full((3, 3), np.inf), None, "psf has 9 NaN or infinite"),
        (np.eye(40) * 1j, BLUR, None, "real numbers are needed"),
        (np.zeros((0, 4)), BLUR, None, "image is empty"),
        (np.arange(40.0), np.ones(3) / 3, None, "a plane or a stack is needed"),
        (np.eye(40), np.ones((3, 3, 3)) / 27, None, "a plane or a stack is needed"),
        (np.eye(40), BLUR, -1.0, "positive and finite; got -1"),
        (np.eye(40), BLUR, np.inf, "positive and finite; got inf"),
        (np.eye(40), BLUR, np.ones((2, 2)), "sigma has shape"),
    ],
)
def test_what_means_nothing_is_refused_in_words(image, kernel, sigma, sentence):
    with pytest.raises(ValueError, match=sentence):
        domain(image, kernel, sigma)
