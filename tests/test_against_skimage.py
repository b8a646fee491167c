"""scikit-image's Richardson-Lucy beside ours: equal where it is right; where it is wrong ours is not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import center_of_mass, gaussian_filter
from scipy.signal import fftconvolve
from skimage.restoration import richardson_lucy as skimage_rl

from backends import kernel
from napari_deconv import PSF, psf, richardson_lucy
from napari_deconv.operators import Blur

BOX = PSF(np.full((9, 9), 1 / 81, np.float32), (1, 1))


def theirs(y, blur, count=30):
    """scikit-image in double precision, not clipped."""
    return skimage_rl(y.astype(float), blur.astype(float), count, clip=False)


def blobs(shape, blur, seed):
    """Blobs in a haze, those just outside the view included: the truth and what the camera sees of it."""
    rng = np.random.default_rng(seed)
    margin = [p // 2 for p in blur.shape]
    wide = tuple(n + p - 1 for n, p in zip(shape, blur.shape, strict=True))
    truth = 20 + 3000 * gaussian_filter((rng.random(wide) > 0.99).astype(float), 1.5)
    seen = rng.poisson(np.maximum(fftconvolve(truth, blur.astype(float), "valid"), 0))
    view = tuple(slice(m, m + n) for m, n in zip(margin, shape, strict=True))
    return truth[view], seen.astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "blur"),
    [
        ((100, 101), psf.gaussian((1.5, 1.5)).data),
        ((100, 85), kernel((11, 7))),
        ((52, 53, 52), psf.gaussian((0.7, 0.8, 0.8)).data),
        ((48, 50, 49), kernel((5, 7, 7))),
    ],
)
def test_three_psf_sides_from_the_border_both_agree_after_thirty_iterations(shape, blur):
    _, y = blobs(shape, blur, 0)
    inside = (slice(3 * max(blur.shape), -3 * max(blur.shape)),) * blur.ndim
    a, b = richardson_lucy(y, blur, 30)[inside], theirs(y, blur)[inside]
    assert np.abs(a - b).max() < 1e-4 * b.max()


def test_where_they_differ_further_in_it_is_the_border_of_theirs():
    """A disk has no soft rim: scikit-image's border creeps deep into its result; given a wider picture it agrees."""
    blur = psf.defocus(4).data
    _, wide = blobs((172, 172), blur, 0)
    y, inside = wide[36:-36, 36:-36], np.s_[27:-27, 27:-27]
    right = theirs(wide, blur)[36:-36, 36:-36][inside]
    assert (
        np.abs(richardson_lucy(y, blur, 30)[inside] - right).max() < 0.5 * np.abs(theirs(y, blur)[inside] - right).max()
    )


def test_a_flat_image_stays_flat_only_with_ours():
    y = np.full((40, 41), 0.5)
    assert np.abs(theirs(y, BOX.data, 50) / 0.5 - 1).max() > 10
    assert np.abs(richardson_lucy(y, BOX, 50) / 0.5 - 1).max() < 1e-4


def test_the_border_gets_worse_with_theirs_and_better_with_ours():
    blur = psf.gaussian((3.0, 3.0)).data
    truth, y = blobs((96, 96), blur, 1)
    frame = np.ones(y.shape, bool)
    frame[16:-16, 16:-16] = False
    before, after_theirs, after_ours = (
        np.sqrt(np.mean((x - truth)[frame] ** 2)) for x in (y, theirs(y, blur), richardson_lucy(y, blur, 30))
    )
    assert after_ours < 0.9 * before < 0.9 * after_theirs


def test_an_even_psf_moves_and_brightens_a_point_only_with_theirs():
    blur = np.pad(psf.gaussian((1.2, 1.2), shape=(7, 7)).data, ((1, 0), (1, 0)))
    truth = np.full((49, 49), 0.01)
    truth[24, 24] = 1000
    y = Blur(blur, truth.shape, boundary="periodic", dtype="float64").forward(truth)
    far, here = theirs(y, blur), richardson_lucy(y, blur, 30)
    assert np.abs(np.subtract(center_of_mass(far), 24)).max() > 0.5
    assert far.sum() > 1.05 * y.sum()
    assert np.abs(np.subtract(center_of_mass(np.maximum(here - 0.02, 0)), 24)).max() < 0.02
    assert here.sum() == pytest.approx(y.sum(), rel=1e-3)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32"])
def test_integer_counts_are_clipped_to_one_by_theirs_and_kept_by_ours(dtype):
    y = np.random.default_rng(0).poisson(120, (32, 33)).clip(0, 255).astype(dtype)
    blur = psf.gaussian((1.5, 1.5)).data
    assert skimage_rl(y, blur.astype(float), 10).max() == 1
    found = richardson_lucy(y, blur, 10)
    assert found.dtype == np.float32
    assert found.mean() == pytest.approx(y.mean(), rel=0.01)
