"""What a Wiener filter is given around the image."""

from __future__ import annotations

import numpy as np
import pytest

from backends import EVERY_BACKEND, home, kernel, on, scene
from dead_leaves import dead_leaves
from napari_deconv import psf
from napari_deconv.operators import Blur, dot_error
from napari_deconv.solvers import wiener
from napari_deconv.solvers.margins import Coarse, filled


def view(blur, side=96, seed=3):
    """A view of a wider scene: what is seen on all of the grid around it, and the blur of the view."""
    H = Blur(blur, (side, side))
    wide = dead_leaves(max(H.grid), seed)[: H.grid[0], : H.grid[1]].astype(np.float32)
    whole = Blur(blur, H.grid, boundary="periodic").forward(wide)
    return wide, whole, H


@pytest.mark.parametrize(
    ("blur", "factors"), [(psf.gaussian((3.0, 3.0)), 3), (psf.defocus(7), 2), (psf.motion(15, 30), 2)]
)
def test_voxels_are_as_coarse_as_the_blur_allows(blur, factors):
    H = Blur(blur, (96, 96))
    assert max(n // m for n, m in zip(H.grid, Coarse(H).in_shape, strict=True)) >= factors


@pytest.mark.parametrize("blur", [psf.gaussian((3.0, 3.0)), psf.defocus(7), psf.motion(15, 30)])
def test_margins_are_nearer_to_what_is_there_than_the_mirrored_image(blur):
    _, whole, H = view(blur)
    near = np.zeros(H.grid, bool)
    near[:100, :100] = True  # the outer side of two edges
    near[:96, :96] = False
    found, mirrored = (np.abs(v - whole)[near].mean() for v in (filled(H.crop(whole), H), H.mirror(H.crop(whole))))
    assert found < 0.8 * mirrored


def test_the_image_itself_is_kept():
    y = scene((40, 50))
    H = Blur(kernel((7, 8)), y.shape)
    assert (H.crop(filled(y, H)) == y).all()


@EVERY_BACKEND
def test_a_flat_image_goes_on_flat(backend):
    H = Blur(kernel((7, 8)), (30, 41), backend=backend)
    found = home(backend, filled(on(backend, np.full((30, 41), 7, np.float32)), H))
    assert np.allclose(found, 7, rtol=1e-4)


def test_the_coarse_adjoint_is_the_transpose():
    mask = np.random.default_rng(0).random((31, 40)) < 0.2
    coarse = Coarse(Blur(psf.gaussian((2.5, 2.5)), mask.shape, mask=mask, dtype="float64"))
    rng = np.random.default_rng(1)
    assert dot_error(coarse, rng.random(coarse.in_shape), rng.random(coarse.in_shape)) < 1e-12


def test_a_masked_hole_is_filled_like_its_surroundings():
    blur = psf.gaussian((3.0, 3.0))
    _, whole, _ = view(blur)
    y, mask = whole[:96, :96].copy(), np.zeros((96, 96), bool)
    mask[40:44, 50:54] = True
    hidden, y[mask] = y[mask].copy(), 0
    H = Blur(blur, y.shape, mask=mask)
    assert np.abs(H.crop(filled(y, H))[mask] - hidden).max() < 0.1


def test_light_from_outside_does_not_ring():
    """Against the same filter that knows all around the view, the border loses little; mirrored it loses much."""
    wide, whole, H = view(psf.defocus(7))
    known = wiener(whole, Blur(psf.defocus(7), H.grid, boundary="periodic"), balance=1e-2)[0][:96, :96]
    frame = np.ones((96, 96), bool)
    frame[16:-16, 16:-16] = False
    y = H.crop(whole)
    mirrored = wiener(H.mirror(y), Blur(psf.defocus(7), H.grid, boundary="periodic"), balance=1e-2)[0][:96, :96]
    ours = wiener(y, H, balance=1e-2)[0]
    truth = wide[:96, :96]
    best, found, worse = (np.sqrt(np.mean((v - truth)[frame] ** 2)) for v in (known, ours, mirrored))
    assert found < 0.8 * worse
    assert found < 1.5 * best
