"""The accelerated Richardson-Lucy: the contracts of docs/architecture.md, and what it is for."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.ndimage import center_of_mass

from backends import EVERY_BACKEND, EVERY_BOUNDARY, home, kernel, on, scene
from napari_deconv import psf
from napari_deconv.operators import Blur
from napari_deconv.solvers import richardson_lucy, scaled_heavy_ball

CASES = pytest.mark.parametrize(("shape", "size"), [((33, 40), (7, 8)), ((12, 17, 16), (5, 6, 7)), ((64,), (9,))])


def after(y, H, steps, solver=scaled_heavy_ball, **options):
    """The estimate after some steps."""
    return next(itertools.islice(solver(y, H, **options), steps - 1, None)).snapshot()


def blobs(shape=(64, 64), seed=0):
    """A photon picture of bright specks in a haze, and its blur."""
    rng = np.random.default_rng(seed)
    H = Blur(psf.gaussian((2.0,) * len(shape)), shape)
    truth = 5 + 2000.0 * (rng.random(H.in_shape) > 0.98)
    return rng.poisson(np.maximum(H.forward(truth.astype(np.float32)), 0)).astype(np.float32), H


def textbook(y, k, background, steps):
    """Wang and Miller's algorithm on a ring, its smallest value a share of x, the PSF a matrix in double precision."""
    n = y.size
    matrix = np.array([np.roll(np.pad(k, (0, n - k.size)), i - k.size // 2) for i in range(n)]).T
    seen = matrix.sum(0)
    x = previous = np.full(n, (y - background).mean())
    for step in range(1, steps + 1):
        p = np.maximum(x + (step - 1) / (step + 2) * (x - previous), 0.9 * x)
        previous, x = x, p / seen * (matrix.T @ (y / (matrix @ p + background)))
    return x


@pytest.mark.parametrize("steps", [1, 2, 3, 25])
def test_is_the_published_algorithm(steps):
    y, k = scene((40,)).astype(float), kernel((7,))
    H = Blur(k, y.shape, boundary="periodic", dtype="float64")
    assert np.allclose(after(y, H, steps, background=3.0), textbook(y, k, 3.0, steps), rtol=1e-9)


def test_a_third_of_the_steps_explains_the_image_as_well_as_a_hundred_plain_ones():
    y, H = blobs()
    plain = next(itertools.islice(richardson_lucy(y, H), 99, None)).divergence
    needed = next(it.iteration for it in scaled_heavy_ball(y, H) if it.divergence <= plain)
    assert needed <= 33


@EVERY_BACKEND
@EVERY_BOUNDARY
@CASES
def test_flat_stays_flat_in_every_voxel_for_thirty_steps(backend, boundary, shape, size):
    H = Blur(kernel(size), shape, boundary=boundary, backend=backend)
    estimate = H.crop(after(on(backend, np.full(shape, 7.0, np.float32)), H, 30))
    assert np.abs(home(backend, estimate) / 7 - 1).max() < 1e-4


@pytest.mark.parametrize(("boundary", "within"), [("extended", 1e-3), ("reflect", 1e-3), ("periodic", 1e-5)])
@CASES
def test_flux_is_kept(boundary, within, shape, size):
    H = Blur(kernel(size), shape, boundary=boundary)
    y = scene(shape)
    sensitivity = H.adjoint(np.ones(shape, np.float32)).astype(float)
    for iterate in itertools.islice(scaled_heavy_ball(y, H), 10):
        assert abs(float((sensitivity * iterate.snapshot()).sum()) / y.sum(dtype=float) - 1) < within


@pytest.mark.parametrize("size", [(7, 7), (6, 8), (5, 4)])
@EVERY_BOUNDARY
def test_nothing_moves_odd_or_even_psf(boundary, size):
    truth = np.full((41, 43), 1.0, np.float32)
    truth[20, 21] = 5000
    cross = np.zeros(size)
    for step in ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)):
        cross[size[0] // 2 + step[0], size[1] // 2 + step[1]] = 0.2
    y = Blur(cross, truth.shape, boundary="periodic").forward(truth)
    H = Blur(cross, truth.shape, boundary=boundary)
    peak = np.maximum(H.crop(after(y, H, 15)) - 2, 0)[10:31, 10:33]
    assert np.abs(np.array(center_of_mass(peak)) - (10, 11)).max() < 0.02


def test_dark_corner_of_a_bright_image_keeps_its_value():
    blur = psf.gaussian((6.0, 6.0))
    truth = np.full((200, 200), 100, np.float32)
    truth[:100, :100] = 5
    y = Blur(blur, truth.shape, boundary="reflect").forward(truth)[24:150, 24:150]
    H = Blur(blur, y.shape)
    assert y.mean() > 60
    assert np.abs(H.crop(after(y, H, 15))[:6, :6] / 5 - 1).max() < 0.1


def test_scales_with_its_image():
    y, H = blobs()
    found, expected = (H.crop(v) for v in (after(y * 1000, H, 10), 1000 * after(y, H, 10)))
    assert np.abs(found - expected).max() < 1e-3 * expected.max()


def test_a_number_starts_flat_and_nothing_given_is_changed():
    y, H = blobs()
    start, before = np.full(H.in_shape, 9, np.float32), y.copy()
    H_periodic = Blur(psf.gaussian((2.0, 2.0)), y.shape, boundary="periodic")
    start_periodic = np.full(y.shape, 9, np.float32)
    assert np.array_equal(after(y, H_periodic, 3, x0=start_periodic), after(y, H_periodic, 3, x0=9.0))
    after(y, H, 3, x0=start)
    assert (y == before).all()
    assert (start == 9).all()


def test_a_snapshot_is_a_copy_and_dies_with_the_next_step():
    y, H = blobs()
    steps = scaled_heavy_ball(y, H)
    first = next(steps)
    kept = first.snapshot()
    before = kept.copy()
    next(steps)
    assert (kept == before).all()
    with pytest.raises(RuntimeError, match="iterate 1 is gone"):
        first.snapshot()


def test_watch_sees_the_prediction_whose_divergence_is_told():
    y, H = blobs()
    seen = np.zeros(y.shape)

    def watch(prediction, part):
        seen[part] = prediction

    for iterate in itertools.islice(scaled_heavy_ball(y, H, background=2.0, watch=watch), 5):
        log = np.where(y > 0, y * np.log(np.maximum(y, 1) / seen), 0)
        assert iterate.divergence == pytest.approx(float((seen - y + log).sum()), rel=1e-4)


def test_a_masked_pixel_may_hold_anything():
    y, _ = blobs()
    mask = np.zeros(y.shape, bool)
    mask[20:23, 30:33] = True
    H = Blur(psf.gaussian((2.0, 2.0)), y.shape, mask=mask)
    bright = np.where(mask, 1.5 * y + 1, y).astype(np.float32)
    a, b = (H.crop(after(v, H, 10)) for v in (y, bright))
    far = np.abs(np.indices(y.shape) - np.array([21, 31])[:, None, None]).max(0) > 12
    assert np.abs(a - b)[far].max() < 0.01 * a.max()


@EVERY_BACKEND
@EVERY_BOUNDARY
def test_backends_agree(backend, boundary):
    y = scene((30, 41))
    reference, H = (Blur(kernel((7, 6)), y.shape, boundary=boundary, backend=b) for b in ("numpy", backend))
    expected = reference.crop(after(y, reference, 10))
    found = home(backend, H.crop(after(on(backend, y), H, 10)))
    assert np.abs(found - expected).max() < 1e-4 * expected.max()
