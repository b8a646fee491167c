"""H and its transpose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import fftconvolve

from backends import EVERY_BACKEND, EVERY_BOUNDARY, home, kernel, on, scene
from napari_deconv.operators import Blur, dot_error
from napari_deconv.psf.type import PSF

shapes = st.integers(1, 3).flatmap(lambda ndim: st.tuples(*[st.integers(1, 48 if ndim < 3 else 16)] * ndim))


@st.composite
def blurs(draw, dtype="float64"):
    """Operators of every boundary, 1-D to 3-D, odd and even sizes, PSFs smaller and larger than the image, masks."""
    shape = draw(shapes)
    size = draw(st.tuples(*[st.integers(1, 40 if len(shape) < 3 else 12)] * len(shape)))
    seed = draw(st.integers(0, 1000))
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < 0.2 if draw(st.booleans()) else None
    mask = None if mask is None or mask.all() else mask
    boundary = draw(st.sampled_from(["extended", "reflect", "periodic"]))
    return Blur(rng.random(size) / np.prod(size), shape, boundary=boundary, mask=mask, dtype=dtype), rng


@given(blurs())
@settings(max_examples=300)
def test_adjoint_is_the_transpose_in_double_precision(case):
    H, rng = case
    assert dot_error(H, rng.normal(size=H.in_shape), rng.normal(size=H.out_shape)) < 1e-12


@given(blurs(dtype="float32"))
@settings(max_examples=100)
def test_adjoint_is_the_transpose_in_single_precision(case):
    H, rng = case
    x, y = (rng.random(shape).astype(np.float32) for shape in (H.in_shape, H.out_shape))
    assert dot_error(H, x, y) < 1e-5


@EVERY_BACKEND
@EVERY_BOUNDARY
@pytest.mark.parametrize(("shape", "size"), [((12, 15), (5, 6)), ((6, 7, 9), (3, 4, 5))])
def test_adjoint_on_every_backend(backend, boundary, shape, size):
    H = Blur(kernel(size), shape, boundary=boundary, backend=backend)
    x, y = (on(backend, scene(s, 1)) for s in (H.in_shape, H.out_shape))
    assert dot_error(H, x, y) < 1e-5


@pytest.mark.parametrize("size", [(5, 7), (6, 8), (1, 4), (25, 3)])
def test_extended_is_the_linear_convolution_of_a_wider_object(size):
    shape, k = (17, 20), kernel(size)
    H = Blur(k, shape, dtype="float64")
    x = np.random.default_rng(0).random(H.in_shape)
    reach = [np.r_[-(p - 1 - p // 2) : n + p // 2] % g for n, p, g in zip(shape, size, H.grid, strict=True)]
    assert np.allclose(H.forward(x), fftconvolve(x[np.ix_(*reach)], k, "valid"), atol=1e-12)


@pytest.mark.parametrize("size", [(5, 7), (6, 8), (1, 4), (15, 3)])
def test_reflect_is_the_linear_convolution_of_the_mirrored_object(size):
    shape, k = (17, 20), kernel(size)
    x = np.random.default_rng(0).random(shape)
    wide = np.pad(x, [(p - 1 - p // 2, p // 2) for p in size], mode="symmetric")
    assert np.allclose(Blur(k, shape, boundary="reflect", dtype="float64").forward(x), fftconvolve(wide, k, "valid"))


def test_reflect_with_a_psf_many_times_larger_than_the_image():
    k, x = kernel((41,)), np.random.default_rng(0).random(5)
    wide = np.pad(x, (20, 20), mode="symmetric")
    assert np.allclose(Blur(k, (5,), boundary="reflect", dtype="float64").forward(x), fftconvolve(wide, k, "valid"))


def test_periodic_rolls_with_its_object():
    H = Blur(kernel((6, 5)), (12, 15), boundary="periodic", dtype="float64")
    x = np.random.default_rng(0).random((12, 15))
    assert np.allclose(H.forward(np.roll(x, (3, -4), (0, 1))), np.roll(H.forward(x), (3, -4), (0, 1)))


def test_periodic_folds_a_psf_larger_than_the_image():
    k, x = kernel((9,)), np.random.default_rng(0).random(4)
    expected = sum(weight * np.roll(x, i - 4) for i, weight in enumerate(k))
    assert np.allclose(Blur(k, (4,), boundary="periodic", dtype="float64").forward(x), expected)


@EVERY_BOUNDARY
@pytest.mark.parametrize("size", [(7, 7), (6, 8)])
def test_a_flat_object_stays_flat(boundary, size):
    H = Blur(kernel(size), (10, 11), boundary=boundary)
    assert np.allclose(H.forward(np.full(H.in_shape, 3.0, np.float32)), 3, rtol=1e-5)


@EVERY_BOUNDARY
def test_a_delta_at_half_size_is_the_identity(boundary):
    delta = np.zeros((4, 5))
    delta[2, 2] = 1
    H = Blur(delta, (9, 8), boundary=boundary)
    x = scene(H.in_shape)
    assert np.allclose(H.forward(x), H.crop(x), rtol=1e-5)


def test_masked_pixels_are_neither_seen_nor_projected():
    mask = np.zeros((8, 9), bool)
    mask[2, 3] = True
    H = Blur(kernel((3, 3)), (8, 9), mask=mask)
    assert H.forward(scene(H.in_shape))[2, 3] == 0
    only = np.zeros((8, 9), np.float32)
    only[2, 3] = 1
    assert np.allclose(H.adjoint(only), 0)


def test_arguments_are_not_changed():
    k, x = kernel((5, 5)), scene((8, 9))
    H = Blur(k, (8, 9), boundary="periodic")
    before = x.copy()
    H.forward(x)
    H.adjoint(x)
    assert (x == before).all()


@EVERY_BACKEND
def test_results_of_two_calls_do_not_share_memory(backend):
    H = Blur(kernel((5, 5)), (8, 9), boundary="reflect", backend=backend)
    first = H.adjoint(on(backend, scene((8, 9))))
    kept = home(backend, first)
    H.adjoint(on(backend, scene((8, 9), 5)))
    assert (home(backend, first) == kept).all()


def test_psf_and_plain_array_give_the_same():
    k = kernel((5, 5)).astype(np.float32)
    k /= k.sum()
    x = scene((8, 9))
    a, b = (Blur(p, (8, 9), boundary="periodic").forward(x) for p in (k, PSF(k, (1, 1))))
    assert np.array_equal(a, b)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Blur(np.ones((3, 3)), (8, 8, 8)), "psf has 2 axes"),
        (lambda: Blur(np.ones((3, 3)), (8, 8), boundary="mirror"), "unknown boundary 'mirror'"),
        (lambda: Blur(np.ones((3, 3)), (8, 8), mask=np.zeros((8, 9))), "mask has shape"),
        (lambda: Blur(np.ones((3, 3)), (8, 8), mask=np.ones((8, 8))), "ignores every pixel"),
        (lambda: Blur(-np.ones((3, 3)), (8, 8)), "negative"),
        (lambda: Blur(np.full((3, 3), np.nan), (8, 8)), "NaN"),
    ],
)
def test_errors_say_what_and_how_to_mend(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_dot_error_finds_an_adjoint_made_by_flipping():
    class Flipped(Blur):
        def adjoint(self, y):
            return fftconvolve(y, kernel((6, 8))[::-1, ::-1], "same")

    H = Flipped(kernel((6, 8)), (20, 20), boundary="periodic", dtype="float64")
    rng = np.random.default_rng(0)
    assert dot_error(H, rng.random((20, 20)), rng.random((20, 20))) > 1e-4
