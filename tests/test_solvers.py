"""Richardson-Lucy and Wiener on arrays: the contracts of docs/architecture.md."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import center_of_mass

from backends import EVERY_BACKEND, EVERY_BOUNDARY, home, kernel, on, scene
from napari_deconv import psf
from napari_deconv.operators import Blur
from napari_deconv.solvers import richardson_lucy, wiener

CASES = pytest.mark.parametrize(("shape", "size"), [((33, 40), (7, 8)), ((12, 17, 16), (5, 6, 7)), ((64,), (9,))])


def after(y, H, steps, **options):
    """The estimate after some steps."""
    return next(itertools.islice(richardson_lucy(y, H, **options), steps - 1, None)).snapshot()


@EVERY_BACKEND
@EVERY_BOUNDARY
@CASES
def test_flat_stays_flat_in_every_voxel_for_thirty_steps(backend, boundary, shape, size):
    H = Blur(kernel(size), shape, boundary=boundary, backend=backend)
    y = on(backend, np.full(shape, 7.0, np.float32))
    for estimate in (H.crop(after(y, H, 30)), wiener(y, H)[0]):
        assert np.abs(home(backend, estimate) / 7 - 1).max() < 1e-4


@EVERY_BACKEND
@pytest.mark.parametrize(("boundary", "within"), [("extended", 1e-3), ("reflect", 1e-3), ("periodic", 1e-5)])
@CASES
def test_flux_is_kept(backend, boundary, within, shape, size):
    H = Blur(kernel(size), shape, boundary=boundary, backend=backend)
    y = scene(shape)
    sensitivity = home(backend, H.adjoint(on(backend, np.ones(shape, np.float32)))).astype(float)
    for iterate in itertools.islice(richardson_lucy(on(backend, y), H), 10):
        flux = float((sensitivity * home(backend, iterate.snapshot())).sum())
        assert abs(flux / y.sum(dtype=float) - 1) < within


@EVERY_BOUNDARY
@CASES
def test_divergence_never_rises(boundary, shape, size):
    H = Blur(kernel(size), shape, boundary=boundary)
    y = scene(shape)
    found = [iterate.divergence for iterate in itertools.islice(richardson_lucy(y, H), 40)]
    assert max(np.diff(found)) <= 1e-6 * y.sum()
    assert found[-1] < found[0]


def test_divergence_is_that_of_the_estimate_that_entered():
    y, H = scene((20, 21)), Blur(kernel((5, 5)), (20, 21), dtype="float64")
    first, second = itertools.islice(richardson_lucy(y.astype(float), H, background=2.0), 2)
    estimate = next(richardson_lucy(y.astype(float), H, background=2.0)).snapshot()
    m = H.forward(estimate) + 2
    expected = float((m - y + np.where(y > 0, y * np.log(np.maximum(y, 1) / m), 0)).sum())
    assert second.divergence == pytest.approx(expected, rel=1e-9)
    assert first.iteration == 1


@pytest.mark.parametrize("size", [(7, 7), (6, 8), (5, 4)])
@EVERY_BOUNDARY
def test_nothing_moves_odd_or_even_psf(boundary, size):
    truth = np.full((41, 43), 1.0)
    truth[20, 21] = 5000
    even = np.zeros(size)
    even[size[0] // 2, size[1] // 2] = 1
    blur = even + np.roll(even, 1, 0) + np.roll(even, -1, 0) + np.roll(even, 1, 1) + np.roll(even, -1, 1)
    H = Blur(blur / 5, truth.shape, boundary=boundary)
    y = Blur(blur / 5, truth.shape, boundary="periodic").forward(truth.astype(np.float32))
    for estimate in (H.crop(after(y, H, 30)), wiener(y, H, balance=1e-4)[0]):
        peak = np.maximum(estimate - 2, 0)[10:31, 10:33]
        assert np.abs(np.array(center_of_mass(peak)) - (10, 11)).max() < 0.02


@pytest.mark.parametrize(
    ("blur", "shape", "view"),
    [
        (psf.gaussian((6.0, 6.0)), (200, 200), np.s_[24:150, 24:150]),
        (psf.gaussian((2.0, 3.0, 3.0)), (24, 100, 100), np.s_[6:18, 14:82, 14:82]),
    ],
)
def test_dark_corner_of_a_bright_image_keeps_its_value(blur, shape, view):
    """True 5 in the corner, mean 65 to 80, wide PSF, no noise: the corner comes back within 10 %."""
    truth = np.full(shape, 100, np.float32)
    truth[..., : shape[-2] // 2, : shape[-1] // 2] = 5
    y = Blur(blur, shape, boundary="reflect").forward(truth)[view]
    H = Blur(blur, y.shape)
    assert y.mean() > 60
    assert np.abs(H.crop(after(y, H, 30))[..., :6, :6] / 5 - 1).max() < 0.1


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 10))
@settings(max_examples=40)
def test_any_small_size_works(rows, columns, seed):
    y = scene((rows, columns), seed)
    H = Blur(kernel((5, 4)), y.shape)
    assert np.isfinite(H.crop(after(y, H, 3))).all()
    assert np.isfinite(wiener(y, H)[0]).all()


@EVERY_BOUNDARY
@pytest.mark.parametrize("picture", ["zero", "one photon", "half zero"])
def test_empty_and_nearly_empty_images_give_no_nan(boundary, picture):
    y = np.zeros((16, 17), np.float32)
    y[8, 8] = picture == "one photon"
    y[:, :8] = 50 * (picture == "half zero")
    H = Blur(kernel((5, 5)), y.shape, boundary=boundary)
    estimate = after(y, H, 50)
    assert np.isfinite(estimate).all()
    assert estimate.min() >= 0
    assert np.isfinite(wiener(y, H)[0]).all()


def test_background_is_part_of_the_model():
    """With a camera offset of 100 in image and model the object keeps its flux, and the true object stays as it is."""
    truth = np.zeros((40, 40), np.float32)
    truth[10:30, 12:18] = 400
    H = Blur(psf.gaussian((2.0, 2.0)), truth.shape, boundary="periodic")
    y = np.maximum(H.forward(truth), 0) + 100
    assert after(y, H, 50, background=100.0).sum() == pytest.approx(truth.sum(), rel=0.1)
    assert after(y, H, 50).sum() == pytest.approx(y.sum(), rel=1e-4)
    assert np.allclose(after(y, H, 20, background=100.0, x0=truth), truth, atol=0.05)


def test_a_masked_saturated_spot_does_no_harm():
    truth = scene((48, 48)) + 0
    H = Blur(psf.gaussian((2.0, 2.0)), truth.shape, boundary="periodic")
    clean = H.forward(truth)
    broken, mask = clean.copy(), np.zeros(truth.shape, bool)
    broken[20:23, 20:23], mask[20:23, 20:23] = 65535, True
    masked = Blur(psf.gaussian((2.0, 2.0)), truth.shape, boundary="periodic", mask=mask)
    y = np.where(mask, 0, broken).astype(np.float32)
    for solve in (lambda y, H: after(y, H, 20), lambda y, H: wiener(y, H, balance=0.01)[0]):
        expected = solve(clean, H)
        away = np.abs(np.indices(truth.shape) - 21).max(0) > 12
        assert np.abs(solve(y, masked) - expected)[away].max() < 0.02 * clean.max()


def test_a_snapshot_is_a_copy_and_dies_with_the_next_step():
    y = scene((12, 12))
    steps = richardson_lucy(y, Blur(kernel((3, 3)), y.shape, boundary="periodic"))
    first = next(steps)
    kept = first.snapshot()
    before = kept.copy()
    next(steps)
    assert (kept == before).all()
    with pytest.raises(RuntimeError, match="iterate 1 is gone"):
        first.snapshot()


def test_a_start_is_used_and_not_changed():
    y = scene((12, 12))
    H = Blur(kernel((3, 3)), y.shape, boundary="periodic")
    tenth = after(y, H, 10)
    start = tenth.copy()
    assert np.allclose(after(y, H, 5, x0=start), after(y, H, 15), rtol=1e-4)
    assert (start == tenth).all()


def test_the_exact_object_is_a_fixed_point():
    x = scene((20, 20)) + 5
    H = Blur(kernel((5, 5)), x.shape, boundary="periodic")
    assert np.allclose(after(H.forward(x), H, 20, x0=x), x, rtol=1e-4)


@EVERY_BACKEND
@EVERY_BOUNDARY
def test_backends_agree(backend, boundary):
    y = scene((30, 41))
    reference = Blur(kernel((7, 6)), y.shape, boundary=boundary)
    H = Blur(kernel((7, 6)), y.shape, boundary=boundary, backend=backend)
    expected, found = (V.crop(after(data, V, 10)) for V, data in ((reference, y), (H, on(backend, y))))
    found = home(backend, found)
    assert np.abs(found - expected).max() < 1e-4 * expected.max()
    expected, found = wiener(y, reference)[0], home(backend, wiener(on(backend, y), H)[0])
    assert np.abs(found - expected).max() < 1e-4 * expected.max()


def test_wiener_scales_with_its_image():
    y = scene((64, 64))
    H = Blur(psf.gaussian((1.5, 1.5)), y.shape)
    assert np.allclose(wiener(y * 1000, H)[0], wiener(y, H)[0] * 1000, rtol=1e-3, atol=1)
    assert np.allclose(wiener(y + 500, H)[0], wiener(y, H)[0] + 500, atol=0.5)


def test_wiener_without_noise_and_balance_is_nearly_the_truth():
    x = scene((64, 64))
    H = Blur(psf.gaussian((0.5, 0.5)), x.shape, boundary="periodic")
    estimate, balance = wiener(H.forward(x), H, balance=1e-7)
    assert balance == 1e-7
    assert np.abs(estimate - x).max() < 0.02 * x.max()


def test_wiener_smooths_more_when_told_of_more_noise():
    y = scene((64, 64))
    H = Blur(psf.gaussian((1.5, 1.5)), y.shape)
    rough = [float(np.abs(np.diff(wiener(y, H, noise=sigma)[0])).mean()) for sigma in (0.5, 5, 50)]
    assert rough[0] > rough[1] > rough[2]
