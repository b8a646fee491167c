"""The map of what a result does not explain: nominal for the truth, more for a wrong PSF."""

from __future__ import annotations

import numpy as np
import pytest

from napari_deconv import psf
from napari_deconv.camera import Camera
from napari_deconv.operators import Blur
from napari_deconv.quality import fidelity
from quality.scenes import PHOTONS_ONLY, lines, restored, seen


@pytest.mark.parametrize("photons", [0.5, 5.0, 500.0])
@pytest.mark.parametrize("shape", [(200, 200), (20, 60, 60), (4000,)])
def test_truth_is_flagged_by_chance_only(shape, photons):
    """An estimate that was not fitted: chi-square 1, the nominal share flagged, at few photons too."""
    rng = np.random.default_rng(0)
    H = Blur(psf.gaussian((1.5,) * len(shape)), shape)
    truth = photons * (1 + 3 * (rng.random(H.in_shape) > 0.7)).astype(np.float32)
    y = rng.poisson(H.forward(truth))
    found = fidelity(y, truth, H, camera=PHOTONS_ONLY)
    assert found.chi_square == pytest.approx(1, abs=0.08)
    assert 0.002 < found.flagged < 0.03
    assert found.map.shape == found.threshold.shape == shape
    assert found.map.dtype == np.float32


@pytest.mark.parametrize("known", [True, False])
def test_a_psf_too_wide_is_flagged_and_the_right_one_is_not(known):
    rng = np.random.default_rng(1)
    truth = lines((128, 128), rng)
    y = seen(truth, psf.gaussian((2.0, 2.0)), 1000, rng)
    shares = {}
    for width in (2.0, 2.4):
        x, H = restored(y, psf.gaussian((width, width)), 150)
        camera = PHOTONS_ONLY if known else None
        shares[width] = fidelity(y, x, H, camera=camera, background=5.0).flagged
    assert shares[2.0] < 0.03
    assert shares[2.4] > 0.2


def test_a_psf_too_narrow_cannot_be_seen():
    """What it leaves is a blurred object, which explains the image as well: the test must not claim to see it."""
    rng = np.random.default_rng(2)
    y = seen(lines((128, 128), rng), psf.gaussian((2.0, 2.0)), 1000, rng)
    x, H = restored(y, psf.gaussian((1.6, 1.6)), 150)
    assert fidelity(y, x, H, camera=PHOTONS_ONLY, background=5.0).flagged < 0.03


def test_more_steps_tell_an_unfinished_estimate_from_a_wrong_psf():
    rng = np.random.default_rng(3)
    y = seen(lines((96, 96), rng), psf.gaussian((2.0, 2.0)), 2000, rng)
    x, H = restored(y, psf.gaussian((2.0, 2.0)), 3)
    assert fidelity(y, x, H, camera=PHOTONS_ONLY, background=5.0).flagged > 0.3
    assert fidelity(y, x, H, camera=PHOTONS_ONLY, background=5.0, steps=200).flagged < 0.05


def test_something_missing_is_flagged_where_it_is_missing():
    rng = np.random.default_rng(4)
    H = Blur(psf.gaussian((1.5, 1.5)), (96, 96))
    truth = np.full(H.in_shape, 50.0, np.float32)
    truth[40, 60] = 3000
    y = rng.poisson(H.forward(truth))
    truth[40, 60] = 50
    found = fidelity(y, truth, H, camera=PHOTONS_ONLY)
    assert found.map.argmax() // 96 == pytest.approx(40, abs=6)
    assert found.map.argmax() % 96 == pytest.approx(60, abs=6)
    assert (found.map > found.threshold)[40, 60]


def test_estimate_of_the_images_shape_gets_its_light_from_outside():
    rng = np.random.default_rng(5)
    y = seen(lines((128, 128), rng), psf.gaussian((3.0, 3.0)), 500, rng, margin=20)
    x, H = restored(y, psf.gaussian((3.0, 3.0)), 60)
    whole = fidelity(y, x, H, camera=PHOTONS_ONLY, background=5.0)
    cut = fidelity(y, H.crop(x), H, camera=PHOTONS_ONLY, background=5.0)
    assert cut.chi_square == pytest.approx(whole.chi_square, abs=0.05)
    assert cut.flagged < 0.03
    assert "outside the view" in cut.notes[0]
    assert whole.notes == ()


def test_masked_pixels_do_not_count():
    rng = np.random.default_rng(6)
    mask = np.zeros((64, 64), bool)
    mask[20:30, 20:30] = True
    H = Blur(psf.gaussian((1.5, 1.5)), mask.shape, mask=mask)
    truth = np.full(H.in_shape, 100.0, np.float32)
    y = rng.poisson(np.full(mask.shape, 100.0)).astype(float)
    y[mask] = 1e5
    found = fidelity(y, truth, H, camera=PHOTONS_ONLY)
    assert found.chi_square == pytest.approx(1, abs=0.1)
    assert found.flagged < 0.03


def test_gain_and_read_noise_are_the_cameras_or_the_residuals():
    rng = np.random.default_rng(7)
    H = Blur(psf.gaussian((1.5, 1.5)), (160, 160))
    truth = 20 + 400 * rng.random(H.in_shape).astype(np.float32)
    light = H.forward(truth)
    y = rng.poisson(light * 4) / 4 + rng.normal(0, 2, light.shape) + 100
    for camera in (Camera(gain=4.0, offset=100.0, read_noise=8.0), Camera(gain=4.0, read_noise=8.0), None):
        found = fidelity(y, truth, H, camera=camera, background=100.0)
        assert found.chi_square == pytest.approx(1, abs=0.04)
        assert found.flagged < 0.03
    assert found.noise.startswith("finest detail of the residual")
    assert len(found.notes) == 1


@pytest.mark.parametrize("sigma", [3.0, "map"])
def test_a_sigma_that_is_given_is_taken(sigma):
    rng = np.random.default_rng(8)
    H = Blur(psf.gaussian((1.5, 1.5)), (120, 120))
    sigma = 1 + 5 * rng.random(H.out_shape) if sigma == "map" else sigma
    truth = np.full(H.in_shape, 50.0, np.float32)
    found = fidelity(rng.normal(50, sigma, H.out_shape), truth, H, camera=PHOTONS_ONLY, sigma=sigma)
    assert found.chi_square == pytest.approx(1, abs=0.04)
    assert found.flagged < 0.03
    np.testing.assert_allclose(found.sigma, np.broadcast_to(sigma, H.out_shape), rtol=1e-3)
    assert "given" in found.noise


@pytest.mark.parametrize(
    ("image", "estimate", "options", "sentence"),
    [
        (np.eye(20), np.eye(20), {}, r"image has shape \(20, 20\) but H makes images of \(24, 24\)"),
        (np.eye(24), np.eye(20), {}, r"estimate has shape \(20, 20\)"),
        (np.full((24, 24), np.nan), np.eye(24), {}, "NaN"),
        (np.eye(24), np.full((24, 24), np.inf), {}, "estimate has 576 NaN or infinite"),
        (np.ones((24, 24)), np.eye(24), {}, "1 everywhere"),
        (np.eye(24), np.eye(24), {"window": 0}, "window is a number of samples"),
        (np.eye(24), np.eye(24), {"chance": 0}, "chance between 0 and 1"),
        (np.eye(24), np.eye(24), {"steps": -1}, "steps is 0 or more"),
        (np.eye(24), np.eye(24), {"sigma": -1.0}, "sigma is the standard deviation of the noise, positive and finite"),
    ],
)
def test_bad_input_is_refused_in_words(image, estimate, options, sentence):
    H = Blur(psf.gaussian((1.5, 1.5)), (24, 24))
    with pytest.raises(ValueError, match=sentence):
        fidelity(image, estimate, H, **options)
