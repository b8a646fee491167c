"""Kernels are what the training takes them for: odd, normalised, in their place, mild where they are called so."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from napari_deconv import psf
from napari_deconv.network.synthesis import kernels
from napari_deconv.network.synthesis.kernels import KINDS, LARGEST, any_kernel, mild, none, of_instrument, wrong

DRAWN = pytest.mark.parametrize("draw", [*KINDS, any_kernel, mild], ids=lambda draw: draw.__name__)
PATHS = (kernels.smooth_path, kernels.turning_path)


@cache
def many(draw, count=100):
    return [draw(np.random.default_rng(seed)) for seed in range(count)]


def off_centre(kernel):
    """Centre of mass, from the middle pixel ``n // 2``."""
    places = [np.arange(n) - n // 2 for n in kernel.shape]
    return np.array([kernel.sum(axis=1, dtype=float) @ places[0], kernel.sum(axis=0, dtype=float) @ places[1]])


def assert_kernel(kernel):
    assert kernel.dtype == np.float32
    assert all(n % 2 == 1 and n <= LARGEST for n in kernel.shape)
    assert kernel.min() >= 0
    assert kernel.sum(dtype=float) == pytest.approx(1, abs=1e-6)


@DRAWN
def test_every_kernel_is_odd_non_negative_and_sums_to_one(draw):
    for kernel in many(draw):
        assert_kernel(kernel)


@DRAWN
def test_the_same_chance_draws_the_same_kernel(draw):
    for seed, kernel in enumerate(many(draw)[:5]):
        np.testing.assert_array_equal(kernel, draw(np.random.default_rng(seed)))


@pytest.mark.parametrize("draw", [kernels.bell, kernels.disk, none, mild], ids=lambda draw: draw.__name__)
def test_symmetric_blurs_are_centred(draw):
    for kernel in many(draw):
        assert np.abs(off_centre(kernel)).max() < 0.05


@pytest.mark.parametrize("draw", PATHS, ids=lambda draw: draw.__name__)
def test_paths_that_are_not_cut_have_their_centre_of_mass_within_half_a_pixel(draw):
    whole = [kernel for kernel in many(draw) if max(kernel.shape) < LARGEST]
    assert len(whole) > 30
    for kernel in whole:
        assert np.abs(off_centre(kernel)).max() <= 0.5


@DRAWN
def test_no_blur_leans_to_one_side_on_average(draw):
    """A middle that is off by half a pixel, as that of even kernels is when mirrored, would show."""
    found = np.array([off_centre(kernel) for kernel in many(draw)])
    assert np.abs(found).max() < 1.5
    assert np.abs(found.mean(axis=0)).max() < 0.15


def test_a_lens_without_aberrations_is_its_own_mirror_image():
    class Flawless:
        def __init__(self, seed):
            self.rng = np.random.default_rng(seed)

        def uniform(self, *args):
            return self.rng.uniform(*args)

        def normal(self, *args):
            return 0.0

        def integers(self, *args):
            return 0

    for seed in range(5):
        kernel = kernels.lens(Flawless(seed))
        inner = kernel[1:-1, 1:-1]  # the pupil was sampled on 32 x 32 points: row 0 has no counterpart
        np.testing.assert_allclose(inner, inner[::-1, ::-1], atol=1e-6)
        assert np.unravel_index(kernel.argmax(), kernel.shape) == (LARGEST // 2, LARGEST // 2)


def test_mild_blurs_keep_their_light_together():
    line = np.arange(LARGEST) - LARGEST // 2
    near = np.hypot(line[:, None], line) <= 5.5
    for kernel in many(mild):
        rows, columns = ((LARGEST - n) // 2 for n in kernel.shape)
        inside = near[rows : rows + kernel.shape[0], columns : columns + kernel.shape[1]]
        assert kernel[inside].sum() > 0.9


def test_one_mild_blur_in_ten_is_none():
    share = np.mean([kernel.shape == (1, 1) for kernel in many(mild, 300)])
    assert 0.05 < share < 0.15


def test_a_wrong_kernel_is_noisy_and_out_of_place_by_up_to_half_a_pixel():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        right = any_kernel(rng)
        kept = right.copy()
        found = wrong(rng, right)
        assert_kernel(found)
        np.testing.assert_array_equal(right, kept)
        assert np.abs(off_centre(found) - off_centre(right)).max() < 0.9
        assert found.shape != right.shape or not np.array_equal(found, right)


def test_even_no_blur_can_be_out_of_place():
    found = wrong(np.random.default_rng(0), none(np.random.default_rng(0)))
    assert found.shape == (3, 3)
    assert 0 < np.abs(off_centre(found)).max() < 0.5


def test_an_instruments_odd_kernel_stays_as_it_is():
    own = psf.gaussian(1.5).data
    np.testing.assert_allclose(of_instrument(3 * own), own, atol=1e-7)


@pytest.mark.parametrize("shape", [(10, 12), (9, 12), (32, 32), (34, 33), (40, 64)])
def test_an_instruments_kernel_of_any_size_is_odd_with_the_same_middle(shape):
    own = np.zeros(shape)
    own[shape[0] // 2, shape[1] // 2] = 0.75
    own[shape[0] // 2 - 1, shape[1] // 2] = 0.25
    found = of_instrument(own)
    assert_kernel(found)
    np.testing.assert_allclose(off_centre(found), (-0.25, 0), atol=1e-6)


def test_a_stacks_kernel_is_its_middle_plane():
    stack = psf.gaussian((2.0, 1.0, 1.5)).data
    found = of_instrument(stack)
    middle = stack[len(stack) // 2]
    np.testing.assert_allclose(found, middle / middle.sum(), atol=1e-7)


def test_a_line_is_a_kernel_of_one_row():
    assert of_instrument(np.array([1.0, 2.0, 1.0])).tolist() == [[0.25, 0.5, 0.25]]


def test_what_reaches_too_far_is_cut():
    found = of_instrument(np.ones((101, 101)))
    assert found.shape == (LARGEST, LARGEST)
    assert_kernel(found)


def test_a_kernel_without_light_where_it_should_be_is_refused():
    lost = np.zeros((101, 101))
    lost[0, 0] = 1
    with pytest.raises(ValueError, match=r"no light within 33 x 33 pixels of its middle; move its peak to n // 2"):
        of_instrument(lost)
