"""Dark rims: none on sharp and on smooth pictures, deeper the harder the cut in frequency."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import fftfreq, fftn, ifftn
from scipy.ndimage import gaussian_filter

from napari_deconv import psf
from napari_deconv.operators import Blur
from napari_deconv.quality import ringing
from napari_deconv.solvers import wiener
from quality.scenes import lines


def cut(picture, highest):
    """Nothing above a frequency: Gibbs's overshoot."""
    radius = np.sqrt(sum(f**2 for f in np.meshgrid(*map(fftfreq, picture.shape), indexing="ij")))
    return np.real(ifftn(fftn(picture) * (radius < highest)))


def disks(rng, shape=(200, 200)):
    """Bright even disks, apart from each other."""
    grid = np.indices(shape)
    picture = np.zeros(shape)
    for row in range(25, shape[0], 50):
        for column in range(25, shape[1], 50):
            centre = np.array([row, column]) + rng.uniform(-3, 3, 2)
            picture[np.hypot(*(g - c for g, c in zip(grid, centre, strict=True))) < rng.uniform(8, 11)] = 1
    return picture


def points(rng, shape=(200, 200)):
    picture = np.zeros(shape)
    picture[tuple(rng.integers(10, n - 10, 60) for n in shape)] = 1
    return gaussian_filter(picture, 0.7)


@pytest.mark.parametrize("scene", [disks, points, lambda rng: lines((200, 200), rng)])
def test_sharp_and_blurred_pictures_have_no_rims(scene):
    truth = scene(np.random.default_rng(0))
    assert ringing(truth).rim < 0.005
    assert ringing(gaussian_filter(truth, 2)).rim < 0.005


@pytest.mark.parametrize("scene", [disks, points, lambda rng: lines((200, 200), rng)])
def test_rims_grow_with_the_strength_of_the_ringing(scene):
    truth = scene(np.random.default_rng(1))
    soft, hard = gaussian_filter(truth, 2), cut(truth, 0.15)
    rims = [ringing((1 - share) * soft + share * hard).rim for share in (0, 0.25, 0.5, 0.75, 1)]
    assert rims == sorted(rims)
    assert rims[0] < 0.005
    assert rims[-1] > 0.05


def test_an_edge_cut_off_in_frequency_has_gibbs_overshoot():
    """By the textbook 8.95 % of the step below, then 4.86 % above: measured from the one to the other."""
    edge = np.zeros((256, 64))
    edge[64:192] = 1
    spectrum = np.fft.fft(edge, axis=0)
    spectrum[np.abs(np.fft.fftfreq(256)) > 0.1] = 0
    assert ringing(np.real(np.fft.ifft(spectrum, axis=0))).rim == pytest.approx(0.138, abs=0.01)


def test_noise_is_not_ringing():
    rng = np.random.default_rng(2)
    found = ringing(gaussian_filter(disks(rng), 2) + 0.1 * rng.normal(size=(200, 200)))
    assert found.rim < 4 * found.error
    assert found.rim < 0.02


def test_scale_offset_and_height_do_not_matter():
    picture = cut(disks(np.random.default_rng(3)), 0.15)
    assert ringing(50 * picture + 7).rim == pytest.approx(ringing(picture).rim, rel=1e-6)


def test_wiener_rings_more_with_less_smoothing():
    rng = np.random.default_rng(4)
    truth = 500 * disks(rng) + 20
    blur = psf.gaussian((2.0, 2.0))
    H = Blur(blur, truth.shape, boundary="reflect")
    y = H.forward(truth.astype(np.float32))
    assert ringing(y).rim < 0.005
    assert ringing(wiener(y, H, balance=1e-3)[0]).rim > 0.03


def test_planes_lie_as_far_apart_as_they_do():
    rng = np.random.default_rng(5)
    stack = np.stack([cut(disks(rng), 0.15)] * 6)
    found = ringing(stack, spacing=(1.0, 0.1, 0.1))
    assert found.rim > 0.05
    assert found.distance.max() <= 12


@pytest.mark.parametrize(
    ("result", "options", "sentence"),
    [
        (np.ones((20, 20)), {}, "1 everywhere"),
        (np.full((20, 20), np.nan), {}, "result has 400 NaN"),
        (np.zeros((0, 3)), {}, "empty"),
        (np.eye(20), {"spacing": (1.0,)}, "spacing needs 2 positive numbers"),
    ],
)
def test_bad_input_is_refused_in_words(result, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        ringing(result, **options)


def test_hardly_any_pixels_say_nothing():
    assert ringing(np.eye(4)).error == np.inf
