"""Pictures on finer and coarser rings."""

from __future__ import annotations

import numpy as np
import pytest

from napari_deconv.backend import numpy_backend
from napari_deconv.solvers.spectra import Ring, resampled


def ring(*shape: int) -> Ring:
    fft = numpy_backend().fft
    return Ring(np, shape, fft.rfftn, fft.irfftn)


def wave(shape: tuple[int, ...]) -> np.ndarray:
    """Two periods down and three across, sampled on a ring."""
    grids = np.meshgrid(*(np.arange(n) / n for n in shape), indexing="ij")
    return 1.5 + np.cos(2 * np.pi * 2 * grids[0] + 0.3) * np.sin(2 * np.pi * 3 * grids[-1])


@pytest.mark.parametrize(
    ("old", "new"), [((32, 40), (16, 20)), ((33, 41), (16, 20)), ((16, 20), (33, 40)), ((24,), (12,))]
)
def test_low_frequencies_are_the_same_on_every_ring(old, new):
    before, after = ring(*old), ring(*new)
    found = after.backward(resampled(before.forward(wave(old)), before, after))
    assert np.abs(found - wave(new)).max() < 1e-12


@pytest.mark.parametrize(("old", "new"), [((32, 40), (16, 20)), ((9, 33, 41), (9, 16, 20))])
def test_unscaled_resampling_backwards_is_the_transpose(old, new):
    before, after, rng = ring(*old), ring(*new), np.random.default_rng(0)
    x, z = rng.random(old), rng.random(new)
    there = after.backward(resampled(before.forward(x), before, after))
    back = before.backward(resampled(after.forward(z), after, before, scaled=False))
    assert (there * z).sum() == pytest.approx((x * back).sum(), rel=1e-12)


def test_coarser_rings_keep_depth_have_even_sides_and_never_vanish():
    assert ring(31, 100, 9).coarser(4).shape == (31, 24, 8)
    assert ring(5, 5).coarser(4).shape == (5, 5)
    assert ring(64, 64).coarser(1) == ring(64, 64)


def test_noise_on_a_coarser_ring_is_what_is_said():
    fine = ring(256, 256)
    coarse = fine.coarser(4)
    noise = np.random.default_rng(0).normal(0, 1, fine.shape)
    found = coarse.backward(resampled(fine.forward(noise), fine, coarse)).std()
    assert found == pytest.approx(coarse.noise / fine.noise, rel=0.05)


def test_several_pictures_are_transformed_each_on_its_own():
    both = np.stack([wave((16, 18)), 2 * wave((16, 18))])
    spectra = ring(16, 18).forward(both)
    assert np.allclose(spectra[1], ring(16, 18).forward(both[1]))
    assert np.allclose(ring(16, 18).backward(spectra), both)
