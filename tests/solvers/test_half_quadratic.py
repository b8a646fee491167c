"""The loop of fitting and denoising: its data step, its edges, its colours."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.fft
from numpy.typing import NDArray

from napari_deconv.operators import Blur
from napari_deconv.psf import gaussian, motion
from napari_deconv.solvers.half_quadratic import COUPLING, Fit, Stage, fit_of, half_quadratic, stages

Array = NDArray[Any]
SIGMA = 0.02


def scene(shape: tuple[int, ...], seed: int = 0) -> Array:
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def unchanged(x: Array, prior: Array, level: float) -> Iterator[Array]:
    yield x


def smoothed(x: Array, prior: Array, level: float) -> Iterator[Array | None]:
    """A linear denoiser of two axes that keeps constants, in two pieces."""
    yield None
    yield sum(np.roll(x, step, axis) for axis in (-2, -1) for step in (-1, 1)) / 8 + x / 2


def last(y: Array, H: Blur, denoise: Any = smoothed, **more: Any) -> Array:
    settings: dict[str, Any] = {"sigma": SIGMA, "span": 1.0, "num_iter": 8, **more}
    *_, final = half_quadratic(y, H, denoise, **settings)
    found: Array = final.snapshot()
    return found


@pytest.mark.parametrize("shape", [(24, 30), (9, 12, 15)])
def test_the_fit_is_the_exact_minimiser(shape):
    H = Blur(gaussian((1.3,) * len(shape)), shape, boundary="periodic", dtype="float64")
    y, z = scene(shape).astype(np.float64), scene(shape, 1).astype(np.float64)
    x = fit_of(y, H, SIGMA, 1.0).near(z, Stage(1, 0.1))
    slope = H.adjoint(H.forward(x) - y) + COUPLING * (SIGMA / 0.1) ** 2 * (x - z)
    assert np.abs(slope).max() < 1e-10


def test_without_a_denoiser_the_loop_is_iterated_tikhonov():
    """x_t = (1 - q^t) inverse + q^t start, with q = a / (|K|² + a): the classical iteration in closed form."""
    H = Blur(gaussian((1.0, 1.0)), (32, 32), boundary="periodic", dtype="float64")
    y = scene((32, 32)).astype(np.float64)
    fit, z = fit_of(y, H, SIGMA, 1.0), y
    for _ in range(5):
        z = fit.near(z, Stage(1, SIGMA))
    q = COUPLING / (np.abs(H.otf) ** 2 + COUPLING)
    spectrum = scipy.fft.rfftn(y)
    expected = scipy.fft.irfftn(spectrum / H.otf * (1 - q**5) + q**5 * spectrum, y.shape)
    assert np.abs(z - expected).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("factor", [1, 2, 4])
@pytest.mark.parametrize("boundary", ["periodic", "extended"])
def test_the_way_back_is_the_transpose_of_the_fit(factor, boundary):
    H = Blur(motion(5, 20), (33, 38), boundary=boundary, dtype="float64")
    rng, y, stage = np.random.default_rng(0), scene((33, 38)).astype(np.float64), Stage(factor, 0.1)
    fit = fit_of(y, H, SIGMA, 1.0)
    z, seen, image = (rng.random(fit.ring.shape) for _ in range(3))
    walked = Fit(fit.ring, H.otf, image, fit._recorded, SIGMA)
    walked.seen = seen
    x = walked.near(z, stage)
    by_x, by_seen = rng.random(x.shape), rng.random(seen.shape)
    from_z, from_seen, from_image = fit.back(by_x, by_seen, stage, z.shape)
    there = (x * by_x).sum() + (walked.seen * by_seen).sum()
    back = (z * from_z).sum() + (seen * from_seen).sum() + (image * from_image).sum()
    assert there == pytest.approx(back, rel=1e-9)


def test_an_estimate_comes_again_while_the_next_is_in_the_making():
    y = scene((24, 24))
    H = Blur(gaussian((1.0, 1.0)), y.shape)
    found = list(half_quadratic(y, H, smoothed, sigma=SIGMA, span=1.0, num_iter=3))
    assert [one.iteration for one in found] == [0, 1, 1, 2, 2, 3]
    assert np.array_equal(found[0].snapshot(), y)


def test_levels_fall_and_the_picture_gets_finer():
    steps = stages(8, 0.2, 0.01)
    assert [step.factor for step in steps] == [4, 4, 2, 2, 1, 1, 1, 1]
    assert steps[0].level == pytest.approx(0.2)
    assert steps[-1].level == pytest.approx(0.01)
    assert all(a.level > b.level for a, b in pairwise(steps))


@pytest.mark.parametrize("num_iter", [1, 2, 3, 5, 16])
def test_there_are_as_many_steps_as_were_asked_for_and_the_last_is_full_size(num_iter):
    steps = stages(num_iter, 0.2, 0.01)
    assert len(steps) == num_iter
    assert steps[-1].factor == 1


@pytest.mark.parametrize("shape", [(31,), (40, 33), (7, 24, 26), (1, 5), (1, 1)])
@pytest.mark.parametrize("boundary", ["periodic", "extended"])
def test_a_flat_image_stays_flat(shape, boundary):
    H = Blur(gaussian((1.0,) * len(shape)), shape, boundary=boundary)
    for iterate in half_quadratic(np.full(shape, 7.0, np.float32), H, unchanged, sigma=0.1, span=1.0):
        found = iterate.snapshot()
        assert found.shape == shape
        assert np.abs(found / 7 - 1).max() < 1e-4


def test_scale_and_offset_of_the_image_are_those_of_the_result():
    H = Blur(motion(5, 20), (40, 36))
    y = scene((40, 36))
    expected = last(y, H)
    found = last(3 * y + 2, H, sigma=3 * SIGMA, span=3.0)
    assert np.abs((found - 2) / 3 - expected).max() < 2e-2 * np.ptp(expected)  # margins are filled by a non-linear rule


def test_scale_of_the_image_is_that_of_the_result():
    H = Blur(motion(5, 20), (40, 36))
    y = scene((40, 36))
    assert np.allclose(last(100 * y, H, sigma=100 * SIGMA, span=100.0) / 100, last(y, H), atol=1e-4)


def test_colours_without_a_common_denoiser_are_restored_as_if_alone():
    H = Blur(motion(5, 20), (40, 36))
    y = np.stack([scene((40, 36), seed) for seed in range(3)])
    assert np.allclose(last(y, H), np.stack([last(one, H) for one in y]), atol=1e-5)


def test_what_a_mask_hides_does_not_matter():
    mask = np.zeros((40, 36), bool)
    mask[10:13, 20:22] = True
    H = Blur(gaussian((1.0, 1.0)), (40, 36), mask=mask)
    y = scene((40, 36))
    hidden = np.where(mask, y.min(), y).astype(np.float32)  # what jobs put there
    restored, whole = last(hidden, H), last(y, Blur(gaussian((1.0, 1.0)), (40, 36)))
    assert np.isfinite(restored).all()
    assert np.abs(restored - whole)[~mask].mean() < 0.05


def test_light_from_outside_does_not_pile_up_at_the_edges():
    wide = np.full((80, 80), 0.2, np.float32)
    wide[:, 40:] = 0.8
    wide[30:50, ::9] = 1.0
    H = Blur(motion(9, 0), wide.shape, boundary="periodic")
    view = (slice(16, 64), slice(16, 64))
    y = H.forward(wide)[view]
    found = last(y, Blur(motion(9, 0), y.shape), unchanged, sigma=0.002)
    inside, border = (np.abs(found - wide[view])[part].mean() for part in (np.s_[8:-8, 8:-8], np.s_[:, :4]))
    assert border < 3 * inside + 0.02


def test_the_image_is_not_changed():
    y = scene((24, 24))
    before = y.copy()
    last(y, Blur(gaussian((1.0, 1.0)), y.shape))
    assert np.array_equal(y, before)


def test_no_noise_at_all_is_no_division_by_zero():
    H = Blur(np.ones((1, 1)), (24, 20))
    y = scene((24, 20))
    assert np.abs(last(y, H, unchanged, sigma=0.0) - y).max() < 3e-3
