"""Rows of the Jacobian, and features seen in the pixels that called them forth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dead_leaves import photographed
from napari_deconv import restore
from napari_deconv.network import models
from napari_deconv.network.executor import Executor
from napari_deconv.network.explain import Explanation, equivalent_filter, layers, project
from napari_deconv.network.graph import check
from napari_deconv.psf import gaussian, motion

Array = NDArray[Any]
PSF = motion(7, 30)


@pytest.fixture(scope="module")
def picture() -> Array:
    return photographed(PSF, 56, 3).astype(np.float32)


def explained(found: Explanation, y: Array) -> float:
    return float((found.weights * y).sum(dtype=np.float64)) + found.share_of_sigma + found.share_of_surroundings


@pytest.mark.parametrize("boundary", ["extended", "periodic"])
@pytest.mark.parametrize("position", [(20, 31), (0, 0), (55, 40)])
def test_weights_times_image_are_the_restored_pixel(picture, boundary, position):
    found = equivalent_filter(picture, PSF, position, sigma=0.01, boundary=boundary)
    restored = restore(picture, PSF, 0.01, boundary=boundary)
    assert found.value == pytest.approx(float(restored[position]), abs=1e-4)
    assert explained(found, picture) == pytest.approx(found.value, abs=1e-4)


def test_many_points_one_step(picture):
    rng = np.random.default_rng(0)
    for position in rng.integers(0, 56, (12, 2)):
        found = equivalent_filter(picture, PSF, (int(position[0]), int(position[1])), sigma=0.01, num_iter=1)
        assert explained(found, picture) == pytest.approx(found.value, rel=1e-4, abs=1e-5)


def test_weights_are_the_derivative(picture):
    y, at = picture.copy(), (28, 28)
    found = equivalent_filter(y, PSF, at, sigma=0.01, num_iter=3, boundary="periodic")
    direction = np.random.default_rng(1).normal(0, 1e-4, y.shape).astype(np.float32)
    more, less = (
        equivalent_filter(y + s * direction, PSF, at, sigma=0.01, num_iter=3, boundary="periodic") for s in (1, -1)
    )
    slope = (more.value - less.value) / 2
    assert slope == pytest.approx(float((found.weights * direction).sum()), rel=0.05, abs=2e-5)


def test_the_network_adds_no_light(picture):
    found = equivalent_filter(picture, PSF, (28, 28), sigma=0.01, boundary="periodic")
    assert found.total == pytest.approx(1, abs=1e-3)


def test_without_blur_and_noise_the_row_is_the_pixel_itself(picture):
    found = equivalent_filter(picture, np.ones((1, 1)), (28, 28), sigma=0.0, boundary="periodic")
    assert found.weights[28, 28] > 0.7  # a last step asks for noise of 0.3/255 in any case
    assert found.width < 1


def test_the_classical_row_is_that_of_the_wiener_filter(picture):
    from napari_deconv import wiener

    found = equivalent_filter(picture, PSF, (28, 28), sigma=0.01, boundary="periodic", num_iter=1)
    expected = wiener(picture, PSF, boundary="periodic")[28, 28]
    assert float((found.classical * picture).sum()) == pytest.approx(float(expected), abs=1e-3)


def test_far_pixels_do_not_matter():
    """One pass of the network, no fit: its receptive field."""
    y = np.random.default_rng(0).random((512, 512)).astype(np.float32)
    seen = project(y, "mix.0", unit=0, position=(128, 128))
    assert not seen[:100].any()
    assert seen[230:280, 230:280].any()


def test_words_tell_width_and_sum(picture):
    words = equivalent_filter(picture, PSF, (20, 31), sigma=0.01, num_iter=1).words
    assert "(20, 31)" in words
    assert "sum to" in words


@pytest.mark.parametrize("rule", ["gradient", "deconvnet", "guided"])
def test_a_feature_is_seen_in_the_image(picture, rule):
    seen = project(picture, "encode.0.0.relu", rule=rule, sigma=0.01)
    assert seen.shape == picture.shape
    assert np.abs(seen).max() > 0


def test_the_gradient_of_a_feature_is_exact(picture):
    graph = check(*models.find("small").file(colours=1))
    run = Executor(graph, dtype="float64")
    sigma = np.full((1, 1, 56, 56), 0.01)
    y = picture.astype(np.float64)[None, None]
    tape = run.tape(y, y, sigma)
    start = np.zeros_like(y)
    start[0, 0, 20, 20] = 1
    gradients = tape.back(start)
    values = (y, y, sigma)
    total = sum(float((g * v).sum()) for g, v in zip(gradients, values, strict=True))
    assert total == pytest.approx(float(tape.output[0, 0, 20, 20]), rel=1e-10)


def test_layers_have_names():
    assert {"down.0", "up.0", "encode.0.0.relu", "denoised"} <= set(layers())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda y: equivalent_filter(y[None], PSF, (1, 1)), "two axes"),
        (lambda y: equivalent_filter(y, PSF, (56, 1)), "56 rows"),
        (lambda y: equivalent_filter(y, PSF, (-1, 1)), "not in the image"),
        (lambda y: project(y, "nowhere"), "nowhere"),
        (lambda y: project(y, "down.0", unit=99), "numbered from 0"),
        (lambda y: project(y, "down.0", rule="other"), "rule"),
    ],
)
def test_what_makes_no_sense_is_refused(picture, call, words):
    with pytest.raises(ValueError, match=words):
        call(picture)


def test_an_even_psf_is_explained_too(picture):
    found = equivalent_filter(picture, gaussian((1.0, 1.0), shape=(6, 8)).data, (9, 9), sigma=0.01, num_iter=1)
    assert explained(found, picture) == pytest.approx(found.value, abs=1e-4)
