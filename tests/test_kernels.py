"""The arithmetic of a step: what the formulas say, and that the CUDA twins say the same."""

from __future__ import annotations

import numpy as np
import pytest

from backends import EVERY_BACKEND, home, on
from napari_deconv import kernels
from napari_deconv.backend import resolve

RNG = np.random.default_rng(0)
SHAPE = (5, 6, 7)
Y = RNG.poisson(3.0, SHAPE).astype(np.float32)
M = (RNG.random(SHAPE) * 5 + 0.1).astype(np.float32)
X, P, STEP = ((RNG.random(SHAPE) + 0.1).astype(np.float32) for _ in range(3))
GAIN = np.where(RNG.random(SHAPE) < 0.2, -1, RNG.random(SHAPE)).astype(np.float32)


def arrays(backend, *values):
    return [resolve(backend).xp, *(on(backend, value.copy()) for value in values)]


@EVERY_BACKEND
def test_expected_adds_the_background_and_keeps_above_the_floor(backend):
    xp, m = arrays(backend, M)
    assert np.allclose(home(backend, kernels.expected(m, -1.0, 0.5, xp)), np.maximum(M - 1, 0.5))


@EVERY_BACKEND
def test_expected_takes_a_background_of_every_pixel(backend):
    xp, m, b = arrays(backend, M, X)
    assert np.allclose(home(backend, kernels.expected(m, b, 0.5, xp)), np.maximum(M + X, 0.5))


@EVERY_BACKEND
def test_divergence_counts_a_pixel_without_light_as_its_prediction(backend):
    xp, y, m = arrays(backend, Y, M)
    wide_y, wide_m = Y.astype(float), M.astype(float)
    right = np.sum(wide_m - wide_y + wide_y * np.log(np.where(wide_y > 0, wide_y / wide_m, 1)))
    assert (Y == 0).any()
    assert float(kernels.compare(y, m, xp)[1]) == pytest.approx(right, rel=1e-5)


@EVERY_BACKEND
def test_the_ratio_comes_with_its_divergence(backend):
    xp, y, m = arrays(backend, Y, M)
    assert np.allclose(home(backend, kernels.compare(y, m, xp)[0]), Y / M)


@EVERY_BACKEND
def test_update_multiplies_what_is_seen_and_keeps_the_rest(backend):
    xp, x, step, gain = arrays(backend, X, STEP, GAIN)
    kernels.update(x, step, gain, xp)
    assert np.allclose(home(backend, x), np.where(GAIN < 0, X, X * GAIN * STEP))


@EVERY_BACKEND
def test_update_never_goes_below_zero(backend):
    xp, x, step, gain = arrays(backend, X, -STEP, abs(GAIN))
    kernels.update(x, step, gain, xp)
    assert (home(backend, x) == 0).all()


@EVERY_BACKEND
def test_extrapolate_goes_on_beyond_the_new_estimate(backend):
    before = np.where(GAIN < 0, P, X)
    xp, x, p, step, gain = arrays(backend, before, P, STEP, GAIN)
    kernels.extrapolate(x, p, step, gain, 0.5, 0.7, xp)
    now = np.where(GAIN < 0, P, P * GAIN * STEP)
    assert np.allclose(home(backend, x), now)
    assert np.allclose(home(backend, p), np.where(GAIN < 0, P, np.maximum(now + 0.5 * (now - before), 0.7 * now)))


@EVERY_BACKEND
def test_multiply_conjugate(backend):
    found = resolve(backend)
    z, otf = RNG.random((2, *SHAPE)), RNG.random((2, *SHAPE))
    z, otf = (part[0] + 1j * part[1] for part in (z, otf))
    spectrum, transfer = (found.asarray(v, found.xp.complex64) for v in (z, otf))
    kernels.multiply_conjugate(spectrum, transfer, found.xp)
    assert np.allclose(home(backend, spectrum), z * otf.conj(), rtol=1e-5)
