"""What was recorded is the truth, blurred, with the noise that is claimed: on a ring, and in a frame."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage, signal

from napari_deconv.network.synthesis import blurred as module
from napari_deconv.network.synthesis.blurred import blurred, on_ring
from napari_deconv.network.synthesis.kernels import LARGEST, any_kernel, none
from napari_deconv.operators import Blur
from napari_deconv.solvers.margins import filled
from network.training_scenes import pictures

SIDE, COUNT = 96, 4
FRAME = SIDE - LARGEST + 1
SHARES = ("REAL_EDGES", "MISTAKEN", "STEPS_OF_8_BITS")


@pytest.fixture
def always(monkeypatch):
    """Make something happen always, and the rest never."""

    def choose(*names):
        for share in SHARES:
            monkeypatch.setattr(module, share, float(share in names))

    return choose


@pytest.fixture
def even(monkeypatch):
    """Fine grain everywhere: then noise that grows with the light is the same in every part of a picture."""
    monkeypatch.setattr(
        module, "sharp_piece", lambda rng, _, side, colours: rng.random((colours, side, side)).astype(np.float32)
    )


def batch(seed=0, colours=1, **how):
    rng = np.random.default_rng(seed)
    return blurred(rng, pictures(colours=colours), count=COUNT, side=SIDE, colours=colours, **how)


def believed(found, number):
    """The kernel in a batch as a small array again."""
    middle = LARGEST // 2
    return np.roll(found.kernels[number, 0], (middle, middle), (0, 1))[:LARGEST, :LARGEST]


def ringed(sharp, ring):
    return np.fft.irfft2(np.fft.rfft2(sharp) * np.fft.rfft2(ring), ring.shape[-2:], (-2, -1))


def ratios(found):
    """Standard deviation of what the kernel does not explain, where it was recorded, over what is claimed."""
    rest = found.seen - ringed(found.sharp, found.kernels)
    each = zip(rest, found.recorded[:, 0] > 0, found.sigma, strict=True)
    return [one[:, recorded].std() / sigma.item() for one, recorded, sigma in each]


@pytest.mark.parametrize("colours", [1, 3])
def test_a_batch_has_its_shapes(colours):
    found = batch(colours=colours)
    assert found.sharp.shape == found.seen.shape == (COUNT, colours, SIDE, SIDE)
    assert found.recorded.shape == found.kernels.shape == (COUNT, 1, SIDE, SIDE)
    assert found.sigma.shape == (COUNT, 1, 1, 1)
    assert {value.dtype for value in vars(found).values()} == {np.dtype(np.float32)}
    assert all(np.isfinite(value).all() for value in vars(found).values())
    np.testing.assert_allclose(found.kernels.sum(axis=(1, 2, 3)), 1, atol=1e-5)


def test_the_same_chance_makes_the_same_batch():
    for name, value in vars(batch()).items():
        np.testing.assert_array_equal(value, getattr(batch(), name))


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (33, 33), (4, 6)])
def test_a_kernel_on_a_ring_has_its_middle_at_index_0(shape):
    kernel = np.random.default_rng(0).random(shape).astype(np.float32)
    ring = on_ring(kernel, 40)
    assert ring[0, 0] == kernel[shape[0] // 2, shape[1] // 2]
    assert ring.sum() == pytest.approx(kernel.sum())


@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("also", [(), ("STEPS_OF_8_BITS",)])
def test_on_a_ring_the_image_is_the_circular_blur_with_the_noise_that_is_claimed(always, even, colours, also):
    always(*also)
    for seed in (0, 1):
        found = batch(seed, colours)
        assert found.recorded.min() == 1
        np.testing.assert_allclose(ratios(found), 1, atol=0.05)


def test_the_ring_is_a_wrapped_convolution(always):
    always()
    found = batch()
    for number in range(COUNT):
        expected = ndimage.convolve(found.sharp[number, 0], believed(found, number), mode="wrap")
        np.testing.assert_allclose(ringed(found.sharp[number, 0], found.kernels[number, 0]), expected, atol=1e-4)


@pytest.mark.parametrize("colours", [1, 3])
def test_in_a_frame_the_image_is_the_valid_blur_with_the_noise_that_is_claimed(always, even, colours):
    always("REAL_EDGES")
    middle = LARGEST // 2
    for seed in (0, 1):
        found = batch(seed, colours)
        for number in range(COUNT):
            around = np.roll(found.sharp[number], (middle, middle), (1, 2))  # what lies before index 0 is at the end
            expected = [signal.convolve(one, believed(found, number), mode="valid") for one in around]
            rest = found.seen[number, :, :FRAME, :FRAME] - expected
            assert rest.std() == pytest.approx(found.sigma[number].item(), rel=0.05)


def test_a_frame_is_the_first_corner_of_the_ring(always):
    always("REAL_EDGES")
    recorded = batch().recorded
    assert recorded[:, :, :FRAME, :FRAME].min() == 1
    assert recorded.sum() == COUNT * FRAME**2


def test_beyond_the_frame_the_image_goes_on_as_the_solver_fills_it(always):
    always("REAL_EDGES")
    found = batch()
    for number in range(COUNT):
        H = Blur(believed(found, number), (FRAME, FRAME))
        expected = filled(np.ascontiguousarray(found.seen[number, 0, :FRAME, :FRAME]), H)
        np.testing.assert_allclose(found.seen[number, 0], expected, atol=1e-4)


def test_what_a_mistaken_kernel_leaves_unexplained_is_part_of_sigma(always, even):
    always("MISTAKEN")
    found = np.array([ratio for seed in range(3) for ratio in ratios(batch(seed))])
    assert found.min() > 0.95 / 1.4
    assert found.max() < 1.05 / 0.6
    assert found.std() > 0.05


def test_as_many_pictures_have_edges_and_a_mistaken_kernel_as_is_said(monkeypatch):
    calls = []
    monkeypatch.setattr(module, "wrong", lambda rng, kernel: calls.append(0) or kernel.copy())
    found = blurred(np.random.default_rng(0), pictures(), count=100, side=64, colours=1, kernel=none)
    assert np.mean(found.recorded.min(axis=(1, 2, 3)) == 0) == pytest.approx(module.REAL_EDGES, abs=0.12)
    assert len(calls) / 100 == pytest.approx(module.MISTAKEN, abs=0.12)


def test_both_kinds_of_noise_come(always, monkeypatch):
    always()
    dark_and_bright = np.repeat(np.float32([0.0, 1.0]), SIDE // 2)[None, None, :] * np.ones((1, SIDE, 1), np.float32)
    monkeypatch.setattr(module, "sharp_piece", lambda *args: dark_and_bright)
    grows = []
    for seed in range(6):
        found = batch(seed, kernel=none)
        rest = found.seen - found.sharp
        grows += list(rest[..., SIDE // 2 :].std(axis=(1, 2, 3)) / rest[..., : SIDE // 2].std(axis=(1, 2, 3)) > 1.1)
    assert 0.2 < np.mean(grows) < 0.8


def test_kernels_are_drawn_by_the_function_that_is_given(always):
    always()
    own = any_kernel(np.random.default_rng(5))
    found = batch(kernel=lambda rng: own)
    for ring in found.kernels[:, 0]:
        np.testing.assert_array_equal(ring, on_ring(own, SIDE))
