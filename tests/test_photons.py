"""Photons: counted, parted at random, and where they cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from backends import EVERY_BACKEND, home, on
from napari_deconv import psf
from napari_deconv.camera import Camera
from napari_deconv.operators import Blur
from napari_deconv.photons import Scale, put_aside, scale_of, uncountable

KERNEL = psf.gaussian(1.0, shape=(5, 5))


@pytest.mark.parametrize(("gain", "offset", "noise"), [(1.0, 0.0, 0.0), (0.46, 100.0, 1.6), (3.3, 0.0, 0.0)])
def test_photons_put_aside_are_independent_of_those_seen(gain, offset, noise):
    rng = np.random.default_rng(4)
    counted = rng.poisson(3.0, (400, 500)) + rng.normal(0, noise, (400, 500)) * (noise > 0)
    y = np.rint(counted / gain + offset) if noise else counted / gain + offset
    parted = put_aside(y, Blur(KERNEL, y.shape), scale_of(Camera(gain, offset, noise)), 0.1, rng)
    seen, aside = parted.seen - parted.lift, parted.aside
    assert abs(np.corrcoef(seen.ravel(), aside.ravel())[0, 1]) < 0.015
    assert seen.mean() == pytest.approx(y.mean(), rel=0.01)
    assert aside.mean() == pytest.approx(0.1 * (3.0 + noise**2), rel=0.02)


def test_counts_between_whole_numbers_keep_their_mean():
    n, negative = Scale(0.5, 0.0).counts(np.full((300, 300), 4.7), np.random.default_rng(5))
    assert n.mean() == pytest.approx(2.35, abs=0.01)
    assert set(np.unique(n)) == {2, 3}
    assert not negative.any()


@EVERY_BACKEND
def test_masked_pixels_hold_nothing_and_are_not_below_the_offset(backend):
    rng = np.random.default_rng(6)
    y = rng.poisson(20.0, (40, 40)) + 100.0
    mask = rng.random(y.shape) < 0.25
    H = Blur(KERNEL, y.shape, mask=mask, backend=backend)
    camera = Camera(gain=1.0, offset=100.0, read_noise=2.0)
    clean, wild = (
        put_aside(on(backend, np.where(mask, v, y)), H, scale_of(camera), 0.1, np.random.default_rng(1))
        for v in (0.0, np.inf)
    )
    assert clean.below == wild.below == 0
    for parted in (clean, wild):
        assert not home(backend, parted.aside)[mask].any()
        assert not home(backend, parted.seen)[mask].any()
    assert np.array_equal(home(backend, clean.aside), home(backend, wild.aside))
    assert not uncountable([(on(backend, np.where(mask, np.inf, y)), H)], camera)


def test_pixels_below_the_offset_are_a_share_of_those_that_count():
    y, mask = np.full((40, 40), 50.0), np.zeros((40, 40), bool)
    y[:, 20:], mask[:, 10:20] = 200.0, True
    found = put_aside(y, Blur(KERNEL, y.shape, mask=mask), Scale(1.0, -100.0), 0.1, np.random.default_rng(2))
    assert found.below == pytest.approx(1 / 3)


@pytest.mark.parametrize("noise", [0.0, 5.0])
def test_a_prediction_is_compared_with_what_it_expects_of_the_photons_put_aside(noise):
    rng, camera = np.random.default_rng(3), Camera(gain=2.0, offset=3.0, read_noise=noise)
    y = (rng.poisson(40.0, (200, 200)) + rng.normal(0, noise, (200, 200))) / 2 + 3
    parted = put_aside(np.maximum(y, 0), Blur(KERNEL, y.shape), scale_of(camera), 0.1, rng)
    assert parted.seen.min() >= 0
    assert parted.expected(23.0 + parted.lift) == pytest.approx(parted.aside.mean(), rel=0.02)


@pytest.mark.parametrize(
    ("camera", "said"),
    [
        (Camera(), "gain is not known"),
        (Camera(gain=1e20), "a pixel would hold 1e+21 photons"),
        (Camera(gain=1.0, read_noise=1e10), "a pixel would hold 1e+20 photons"),
        (Camera(gain=1e-4), "1.6 photons above"),
        (Camera(gain=1.0, offset=50.0), "holds 0 photons above"),
    ],
)
def test_photons_that_cannot_be_counted_are_not(camera, said):
    y = np.full((40, 40), 10.0)
    assert said in uncountable([(y, Blur(KERNEL, y.shape))], camera)
    assert not uncountable([(y, Blur(KERNEL, y.shape))], Camera(gain=2.0, offset=1.0, read_noise=3.0))
