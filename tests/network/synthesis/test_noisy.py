"""The noise has the standard deviation that the network is told."""

from __future__ import annotations

import numpy as np
import pytest

from napari_deconv.network.synthesis import noisy as module
from napari_deconv.network.synthesis.noisy import LOUDEST, QUIETEST, noisy, sharp_piece
from network.training_scenes import pictures

SIDE = 96


def batch(seed=0, count=4, colours=1):
    return noisy(np.random.default_rng(seed), pictures(colours=colours), count=count, side=SIDE, colours=colours)


def unit(found):
    return (found.noisy - found.sharp) / np.maximum(found.sigma, 1e-9)


@pytest.mark.parametrize("colours", [1, 3])
def test_a_batch_has_its_shapes(colours):
    found = batch(colours=colours)
    assert found.sharp.shape == found.noisy.shape == (4, colours, SIDE, SIDE)
    assert found.sigma.shape == (4, 1, SIDE, SIDE)
    assert {found.sharp.dtype, found.noisy.dtype, found.sigma.dtype} == {np.dtype(np.float32)}


def test_the_same_chance_makes_the_same_batch():
    for name, value in vars(batch()).items():
        np.testing.assert_array_equal(value, getattr(batch(), name))


@pytest.mark.parametrize("shot", [0.0, 1.0])
@pytest.mark.parametrize("colours", [1, 3])
def test_noise_is_white_with_the_sigma_that_it_claims(monkeypatch, shot, colours):
    monkeypatch.setattr(module, "SHOT", shot)
    found = batch(count=6, colours=colours)
    seen = np.where(found.sigma > 1e-4, unit(found), 0)[np.broadcast_to(found.sigma > 1e-4, found.noisy.shape)]
    assert seen.size > 40_000
    assert seen.std() == pytest.approx(1, abs=0.015)
    assert abs(seen.mean()) < 0.015
    for one, sigma in zip(unit(found), found.sigma, strict=True):
        if sigma.min() > 1e-4:
            assert one.std() == pytest.approx(1, abs=0.04)
            assert abs(np.mean(one[..., 1:] * one[..., :-1])) < 0.04


def test_plain_noise_is_the_same_everywhere_and_of_a_level_that_is_trained(monkeypatch):
    monkeypatch.setattr(module, "SHOT", 0.0)
    sigma = batch(count=20).sigma
    assert np.ptp(sigma, axis=(1, 2, 3)).max() == 0
    assert sigma.min() >= 0.999 * QUIETEST
    assert sigma.max() <= 1.001 * LOUDEST
    assert sigma.max() > 10 * sigma.min()


def test_shot_noise_has_a_variance_that_grows_with_the_light(monkeypatch):
    monkeypatch.setattr(module, "SHOT", 1.0)
    monkeypatch.setattr(module, "DRAWN", 0.0)
    for colours in (1, 3):
        found = batch(colours=colours)
        for sharp, sigma in zip(found.sharp, found.sigma, strict=True):
            light, variance = sharp.mean(axis=0).ravel(), sigma.ravel() ** 2
            slope, offset = np.polyfit(light, variance, 1)
            assert slope > 0
            np.testing.assert_allclose(variance, offset + slope * light, rtol=1e-3, atol=1e-3 * variance.max())
            assert QUIETEST * 0.99 < np.sqrt(variance.mean()) < LOUDEST * 1.01


def test_some_pictures_have_an_offset(monkeypatch):
    monkeypatch.setattr(module, "RAISED", 1.0)
    lowest = [sharp_piece(np.random.default_rng(seed), pictures(), 32, 1).min() for seed in range(20)]
    assert max(lowest) > 1.5
    assert min(lowest) >= 0


def test_as_many_pictures_are_drawn_as_is_said(monkeypatch):
    monkeypatch.setattr(module, "drawing", lambda rng, side, colours: np.full((colours, side, side), 0.123, np.float32))
    monkeypatch.setattr(module, "RAISED", 0.0)
    found = [sharp_piece(np.random.default_rng(seed), pictures(), 32, 1) for seed in range(200)]
    assert np.mean([np.ptp(one) == 0 for one in found]) == pytest.approx(module.DRAWN, abs=0.08)
