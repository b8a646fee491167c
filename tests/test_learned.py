"""Learned restorations through the doors that people use."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dead_leaves import dead_leaves, photographed
from napari_deconv import Image, Recipe, deconvolve, restore, run
from napari_deconv.camera import Camera
from napari_deconv.network import models
from napari_deconv.psf import PSF, gaussian, motion
from napari_deconv.recipe import METADATA_KEY

Array = NDArray[Any]
BLUR = motion(7, 30)
SIGMA = 0.01


def error(found: Array, truth: Array, margin: int = 0) -> float:
    inner = np.s_[margin : truth.shape[0] - margin, margin : truth.shape[1] - margin]
    return float(np.sqrt(np.mean((found[inner] - truth[inner]) ** 2)))


@pytest.fixture(scope="module")
def picture() -> Array:
    return photographed(BLUR, 96, 1, SIGMA)


@pytest.fixture(scope="module")
def truth() -> Array:
    around = max(BLUR.shape) - 1
    rows, columns = ((n - 1) - n // 2 for n in BLUR.shape)
    return dead_leaves(96 + around, 1)[rows : rows + 96, columns : columns + 96]


def test_it_comes_nearer_to_the_truth_than_the_wiener_filter(picture, truth):
    learned, classical = (error(deconvolve(picture, BLUR, m), truth, 4) for m in ("learned", "wiener"))
    assert learned < 0.8 * classical < 0.8 * error(picture, truth, 4)


def test_more_steps_are_better(picture, truth):
    one, eight = (error(restore(picture, BLUR, SIGMA, num_iter=n), truth) for n in (1, 8))
    assert eight < one


@pytest.mark.parametrize("side", [*range(1, 41, 3), 40])
@pytest.mark.parametrize("psf", [BLUR, None], ids=["known", "blind"])
def test_every_size_from_one_pixel_is_restored(side, psf):
    y = np.random.default_rng(0).random((side, 41 - side)).astype(np.float32)
    found = restore(y, psf, 0.05, num_iter=3) if psf is not None else restore(y, sigma=0.05)
    assert found.shape == y.shape
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.ptp(found) < 12 * max(float(np.ptp(y)), 0.3)


@pytest.mark.parametrize("level", [0.0, 1.0, -3.0, 5000.0])
@pytest.mark.parametrize("psf", [BLUR, None], ids=["known", "blind"])
def test_flat_images_stay_flat(level, psf):
    found = restore(np.full((40, 48), level), psf, sigma=0.1)
    assert np.abs(found - level).max() < 1e-4 * abs(level) + 1e-2 * 0.1  # a hundredth of the noise


def test_noise_alone_gains_no_structure():
    y = 100 + np.random.default_rng(0).normal(0, 5, (128, 128))
    found = restore(y, gaussian(1.5), sigma=5.0)
    assert found.mean() == pytest.approx(y.mean(), rel=1e-2)
    assert np.percentile(np.abs(found - y.mean()), 99.9) < 3 * 5


def test_without_blur_and_noise_the_image_comes_back(picture):
    found = restore(picture, np.ones((1, 1)), sigma=1e-9)
    assert error(found, picture) < 3.5e-3 * np.ptp(picture)  # a last step asks for noise of 0.3/255 in any case


@pytest.mark.parametrize("factor", [0.1, 10, 1000])
@pytest.mark.parametrize("psf", [BLUR, None], ids=["known", "blind"])
def test_scale_of_the_image_is_that_of_the_result(picture, factor, psf):
    expected = restore(picture, psf, SIGMA)
    found = restore(factor * picture, psf, factor * SIGMA)
    assert np.abs(found / factor - expected).max() < 1e-4 * np.ptp(expected)


def test_the_same_twice_is_the_same_bits(picture):
    assert np.array_equal(restore(picture, BLUR), restore(picture, BLUR))


def test_without_onnxruntime_the_same_comes_out(picture, monkeypatch):
    from napari_deconv.network import engine

    expected = restore(picture, BLUR, SIGMA)
    engine.load.cache_clear()
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    found = restore(picture, BLUR, SIGMA)
    engine.load.cache_clear()
    assert np.abs(found - expected).max() < 1e-4 * np.ptp(expected)


def test_red_green_and_blue_are_restored_together(picture):
    rng = np.random.default_rng(2)
    colours = np.stack([picture, 0.8 * picture, 0.6 * picture], -1) + rng.normal(0, 0.03, (96, 96, 3))
    image = Image(colours.astype(np.float32), "YXS")
    together = run(Recipe.build(method="learned", noise=0.03), image, psf=BLUR)
    alone = np.stack([restore(colours[..., i], BLUR, 0.03) for i in range(3)], -1)
    assert together.data.shape == colours.shape
    truth = dead_leaves(96 + max(BLUR.shape) - 1, 1)[:96, :96]
    assert truth.shape == (96, 96)
    assert error(together.data[..., 2], 0.6 / 0.8 * together.data[..., 1]) < error(
        alone[..., 2], 0.6 / 0.8 * alone[..., 1]
    )


def test_photographs_keep_dtype_and_encoding(picture):
    photo = Image((np.stack([picture] * 3, -1).clip(0, 1) * 255).astype(np.uint8), "YXS", encoding="srgb")
    for recipe in (Recipe.build(method="learned"), Recipe.build(method="learned_blind")):
        found = run(recipe, photo, psf=BLUR if recipe.method == "learned" else None)
        assert found.data.dtype == np.uint8
        assert found.encoding == "srgb"
        assert found.data.shape == photo.data.shape


def test_time_channels_and_depth_are_kept():
    stack = np.random.default_rng(0).random((2, 3, 20, 24)).astype(np.float32)
    image = Image(stack, "TCYX", (0.1, 0.2))
    found = run(Recipe.build(method="learned", num_iter=3), image, psf=PSF(gaussian(1.0).data, (0.1, 0.2), "um"))
    assert (found.axes, found.spacing, found.data.shape) == (image.axes, image.spacing, stack.shape)


def test_stacks_are_fitted_in_depth():
    rng = np.random.default_rng(0)
    stack = rng.random((9, 24, 26)).astype(np.float32)
    found = restore(stack, gaussian((1.5, 1.0, 1.0)), 0.02, num_iter=3)
    assert found.shape == stack.shape
    assert np.isfinite(found).all()


def test_masked_pixels_do_not_matter(picture):
    mask = np.zeros(picture.shape, bool)
    mask[40:43, 50:52] = True
    spoilt = np.where(mask, 1e6, picture)
    one, other = (restore(np.where(mask, v, picture), BLUR, SIGMA, mask=mask) for v in (0.5, 7.0))
    assert np.array_equal(one, other)
    assert np.abs(restore(spoilt, BLUR, SIGMA, mask=mask)).max() < 10


def test_tiles_agree_with_the_whole():
    y = photographed(gaussian(1.2), 300, 5, SIGMA)
    whole, cut = (restore(y, gaussian(1.2), SIGMA, tile=tile) for tile in ("auto", (300, 150)))
    assert error(whole, cut) < 5e-3 * np.ptp(whole)  # coarse steps see other pixels as one


def test_steps_can_be_watched_and_stopped(picture):
    seen = []

    def watch(step: Any) -> bool:
        seen.append((step.iteration, step.done, step.total, step.snapshot().shape))
        return len(seen) < 3

    found = run(Recipe.build(method="learned"), picture, psf=BLUR, callback=watch)
    assert seen == [(i, i, 8, picture.shape) for i in (1, 2, 3)]
    assert found.metadata[METADATA_KEY]["stopped"] == "early"


def test_provenance_names_the_weights_and_the_recipe_repeats_the_result(picture, tmp_path):
    first = run(Recipe.build(method="learned"), picture, psf=BLUR)
    told = first.metadata[METADATA_KEY]
    assert told["model"]["sha256"] == models.find().sha256
    assert told["recipe"]["model"] == models.find().name
    Recipe.build(**told["recipe"]).to_file(tmp_path / "again.yaml")
    again = run(Recipe.from_file(tmp_path / "again.yaml"), picture, psf=BLUR)
    assert np.array_equal(first.data, again.data)


def test_a_known_camera_tells_the_noise():
    rng = np.random.default_rng(0)
    y = rng.poisson(50 * np.ones((64, 64))) + 100.0
    told = restore(y, gaussian(1.0), camera=Camera(gain=1.0, offset=100.0, read_noise=0.0))
    assert np.allclose(told, restore(y, gaussian(1.0), sigma=float(np.sqrt(np.maximum(y - 100, 0).mean()))), atol=0.05)


def test_an_uncertain_psf_is_trusted_less(picture):
    sure, unsure = (PSF(BLUR.data, BLUR.spacing, "px", {"confidence": c}) for c in (1.0, 0.2))
    rough = [np.abs(np.diff(restore(picture, p, SIGMA), axis=0)).mean() for p in (sure, unsure)]
    assert rough[1] < rough[0]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"method": "learned", "num_iter": "auto"}, "number of steps"),
        ({"method": "learned", "boundary": "reflect"}, "extended"),
        ({"method": "learned", "model": "../x"}, "model"),
        ({"method": "learned", "balance": 0.1}, "takes no 'balance'"),
        ({"method": "wiener", "model": "small"}, "takes no 'model'"),
    ],
)
def test_recipes_that_make_no_sense_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        Recipe.build(**settings)


def test_blind_takes_no_psf_and_learned_needs_one(picture):
    with pytest.raises(ValueError, match="takes no PSF"):
        run(Recipe.build(method="learned_blind"), picture, psf=BLUR)
    with pytest.raises(ValueError, match="no PSF"):
        run(Recipe.build(method="learned"), picture)


def test_unknown_models_are_refused_before_any_work(picture):
    with pytest.raises(ValueError, match="unknown model 'smal'"):
        restore(picture, BLUR, model="smal")


def test_nothing_is_said_that_nobody_asked(picture):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        restore(picture, BLUR, SIGMA)
