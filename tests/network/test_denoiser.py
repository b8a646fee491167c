"""The network on pictures of any shape: rings, tiles, planes, colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_deconv.backend import numpy_backend
from napari_deconv.network import models
from napari_deconv.network.denoiser import LARGEST, NEAR, REACH, STEP, Denoiser
from napari_deconv.network.engine import load

Array = NDArray[Any]


def shipped(ndim: int, colours: int = 1) -> Denoiser:
    return Denoiser(load(*models.find("small").file(colours=colours), numpy_backend()), np, ndim)


def noisy(shape: tuple[int, ...], seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    return (np.linspace(0, 1, shape[-1]) + rng.normal(0, 0.1, shape)).astype(np.float32)


def through(denoise: Denoiser, x: Array, level: float = 0.1) -> Array:
    """The picture, which comes last."""
    *before, found = denoise(x, x, level)
    assert all(piece is None for piece in before)
    return found


class Seen:
    """A network that does nothing, and remembers what it was shown."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, image: Array, prior: Array, sigma: Array) -> Array:
        assert image.shape == prior.shape
        assert sigma.shape == (1, 1, *image.shape[-2:])
        self.shapes.append(image.shape)
        return image


@pytest.mark.parametrize("shape", [(1,), (7,), (40,), (1, 1), (5, 9), (24, 31), (4, 12, 10), (2, 3, 4)])
def test_every_shape_comes_back_as_it_was(shape):
    x = noisy(shape)
    assert np.allclose(through(Denoiser(Seen(), np, len(shape)), x), x, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 24, 31), (3, 4, 12, 10)])
def test_colours_are_shown_together_and_come_back_as_they_were(shape):
    x, run = noisy(shape), Seen()
    assert np.allclose(through(Denoiser(run, np, len(shape) - 1), x), x, atol=1e-6)
    assert {shown[1] for shown in run.shapes} == {3}
    assert len(run.shapes) == (shape[1] if len(shape) == 4 else 1)


def test_what_the_network_is_shown_has_sides_that_it_takes():
    run = Seen()
    through(Denoiser(run, np, 2), noisy((23, 50)))
    assert all(n % STEP == 0 and n >= 2 * NEAR for shape in run.shapes for n in shape[-2:])


def test_the_picture_is_a_ring():
    x = noisy((40, 48))
    denoise = shipped(2)
    moved = through(denoise, np.roll(x, (16, -8), (0, 1)))
    assert np.abs(np.roll(moved, (-16, 8), (0, 1)) - through(denoise, x)).max() < 2e-2  # `NEAR` is not `REACH`


def test_large_pictures_are_cut_without_a_seam(monkeypatch):
    x = noisy((150, 600))
    whole = through(shipped(2), x)
    monkeypatch.setattr("napari_deconv.network.denoiser.LARGEST", 200)
    cut = through(shipped(2), x)
    assert np.abs(cut - whole)[:, REACH:-REACH].max() < 1e-3 * np.ptp(whole)


def test_no_piece_is_larger_than_memory_was_predicted_for():
    run = Seen()
    x = noisy((40, 2 * LARGEST + 10))
    through(Denoiser(run, np, 2), x)
    assert len(run.shapes) == 3
    assert max(shape[-1] for shape in run.shapes) <= LARGEST + 2 * REACH + STEP


def test_a_constant_is_left_as_it_is_whatever_its_height():
    x = np.full((40, 48), 5000.0, np.float32)
    assert np.abs(through(shipped(2), x) - x).max() < 1e-2


def test_planes_of_a_stack_are_worked_on_alone():
    x = noisy((3, 24, 32))
    flat = shipped(2)
    assert np.allclose(through(shipped(3), x), np.stack([through(flat, one) for one in x]), atol=1e-5)


def test_noise_is_less_afterwards():
    truth = np.broadcast_to(np.linspace(0, 1, 96), (96, 96)).astype(np.float32)
    x = truth + np.random.default_rng(1).normal(0, 0.1, truth.shape).astype(np.float32)
    found = through(shipped(2), x)[16:-16, 16:-16]
    assert (found - truth[16:-16, 16:-16]).std() < 0.03
