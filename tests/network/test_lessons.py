"""Lessons repeat themselves by number, teach the loop of the solver itself, and ask only for what was recorded."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from napari_deconv.network.lessons import COLOURED, Deconvolving, Denoising, Sharpening  # noqa: E402
from napari_deconv.network.model import Network  # noqa: E402
from napari_deconv.network.synthesis import blurred  # noqa: E402
from napari_deconv.network.synthesis.kernels import LARGEST, of_instrument  # noqa: E402
from napari_deconv.operators import Blur  # noqa: E402
from napari_deconv.solvers.half_quadratic import estimates, fit_of, half_quadratic, levels, stages  # noqa: E402
from network.training_scenes import one_thread, pictures  # noqa: E402

pytestmark = pytest.mark.torch
alone = pytest.fixture(scope="module", autouse=True)(one_thread)

LESSONS = (Denoising, Deconvolving, Sharpening)
EVERY = pytest.mark.parametrize("kind", LESSONS, ids=lambda kind: kind.__name__)
SIDE = 64
FRAME = SIDE - LARGEST + 1


def lesson(kind, colours=1, count=2, seed=1, **how):
    return kind(pictures(colours=colours, encoded=True), seed=seed, count=count, side=SIDE, **how)


@pytest.fixture
def network():
    """Small random weights everywhere, also where a new network has zeros."""
    torch.manual_seed(0)
    made = Network("tiny")
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(std=0.5 * parameter[0].numel() ** -0.5)
    return made


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one.keys() | other.keys())


@EVERY
def test_a_batch_is_the_same_every_time_and_in_any_order(kind):
    first = [lesson(kind).batch(number) for number in (0, 1, 2**31)]
    again = [lesson(kind).batch(number) for number in (2**31, 0, 1)]
    assert all(same(one, other) for one, other in zip(first, (*again[1:], again[0]), strict=True))


@EVERY
def test_another_number_and_another_seed_give_another_batch(kind):
    batch = lesson(kind).batch(3)
    assert not same(batch, lesson(kind).batch(4))
    assert not same(batch, lesson(kind, seed=2).batch(3))


@EVERY
def test_grey_pictures_never_ask_for_colour(kind):
    grey = [lesson(kind, count=1).batch(number)["sharp"].shape[1] for number in range(12)]
    assert set(grey) == {1}


def test_pictures_in_colour_ask_for_both():
    taught = Denoising(pictures(colours=3), seed=0, count=1, side=32)
    found = [taught.batch(number)["sharp"].shape[1] for number in range(60)]
    assert set(found) == {1, 3}
    assert found.count(3) / 60 == pytest.approx(COLOURED, abs=0.2)


@EVERY
@pytest.mark.parametrize("number", [0, 1, 2])
def test_loss_is_positive_and_its_gradients_are_finite(kind, number, network):
    taught = lesson(kind, colours=3)
    batch = taught.batch(number)
    loss = taught.loss(network, batch)
    assert 0 < float(loss.detach()) < 1e3
    loss.backward()
    colours = str(batch["sharp"].shape[1])
    for name, parameter in network.named_parameters():
        if name.startswith("doors.") and not name.startswith(f"doors.{colours}."):
            assert parameter.grad is None
        else:
            assert parameter.grad.isfinite().all()
            assert parameter.grad.abs().max() > 0


@EVERY
def test_whoever_knows_the_truth_makes_no_mistake(kind):
    taught = lesson(kind)
    batch = {**taught.batch(0), **({"num_iter": 3} if kind is Deconvolving else {})}
    truth = torch.from_numpy(batch["sharp"])
    assert float(taught.loss(lambda *_: truth, batch)) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("kind", [Deconvolving, Sharpening], ids=lambda kind: kind.__name__)
def test_the_truth_where_nothing_was_recorded_is_not_asked_for(kind, network, monkeypatch):
    monkeypatch.setattr(blurred, "REAL_EDGES", 1.0)
    taught = lesson(kind)
    batch = taught.batch(0)
    expected = float(taught.loss(network, batch).detach())
    other = {**batch, "sharp": np.where(batch["recorded"] > 0, batch["sharp"], 1e3).astype(np.float32)}
    assert float(taught.loss(network, other).detach()) == pytest.approx(expected, rel=1e-6)
    inside = {**batch, "sharp": np.where(batch["recorded"] > 0, 1e3, batch["sharp"]).astype(np.float32)}
    assert float(taught.loss(network, inside).detach()) > 10 * expected


def test_pictures_with_less_noise_count_as_much():
    taught = lesson(Denoising)
    sharp = taught.batch(0)["sharp"]
    noise = np.random.default_rng(0).normal(size=sharp.shape).astype(np.float32)

    def loss(sigma):
        batch = {"sharp": sharp, "noisy": sharp + sigma * noise, "sigma": np.full_like(sharp, sigma)}
        return float(taught.loss(lambda x, *_: x, batch))

    quiet, loud = loss(np.float32(0.01)), loss(np.float32(0.04))
    assert loud == pytest.approx(2 * quiet, rel=1e-3)  # four times the noise


def test_a_kernel_of_ones_own_blurs_half_of_the_pictures(monkeypatch):
    monkeypatch.setattr(blurred, "MISTAKEN", 0.0)
    own = of_instrument(np.eye(5))
    found = lesson(Deconvolving, count=60, own=own).batch(0)["kernels"][:, 0]
    mine = np.isclose(found, blurred.on_ring(own, SIDE)).all(axis=(1, 2))
    assert 18 < mine.sum() < 42
    assert len(np.unique(found.reshape(60, -1), axis=0)) > 10


def on_arrays(network):
    """What the solver calls: pictures without a batch, in arrays."""

    def denoise(x, prior, level):
        image, before = (torch.from_numpy(np.ascontiguousarray(a, np.float32))[None] for a in (x, prior))
        sigma = torch.full((1, 1, *x.shape[-2:]), float(level))
        yield network(image, sigma, before)[0].detach().numpy()

    return denoise


@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("edges", [0.0, 1.0])
@pytest.mark.parametrize("num_iter", [1, 3, 8])
def test_the_loop_of_the_lesson_is_the_loop_of_the_solver(network, monkeypatch, colours, edges, num_iter):
    monkeypatch.setattr(blurred, "REAL_EDGES", edges)
    made = blurred.blurred(np.random.default_rng(4), pictures(colours=colours), count=2, side=SIDE, colours=colours)
    batch = {**vars(made), "num_iter": num_iter}
    taught = list(lesson(Deconvolving)._steps(network, batch))
    middle = LARGEST // 2
    frame = FRAME if edges else SIDE
    for number in range(2):
        kernel = np.roll(made.kernels[number, 0], (middle, middle), (0, 1))[:LARGEST, :LARGEST]
        H = Blur(kernel, (frame, frame), boundary="extended" if edges else "periodic")
        y = np.ascontiguousarray(made.seen[number, :, :frame, :frame])
        sigma, span = made.sigma[number].item(), float(np.ptp(made.seen[number]))
        steps = stages(num_iter, *levels(sigma, span))
        solved = list(estimates(fit_of(y, H, sigma, span), on_arrays(network), steps))
        assert len(solved) == len(taught) == num_iter
        for z, expected in zip(taught, solved, strict=True):
            assert z[number].shape == expected.shape
            assert np.abs(z[number].detach().numpy() - expected).max() < 1e-4 * max(1, span)
        last = list(half_quadratic(y, H, on_arrays(network), sigma=sigma, span=span, num_iter=num_iter))[-1]
        seen = taught[-1][number, :, :frame, :frame].detach().numpy()
        assert np.abs(last.snapshot() - seen).max() < 1e-4 * max(1, span)


def test_noise_that_the_solver_would_not_believe_is_raised_as_there(network):
    """Without noise, frequencies that the blur stops would be divided by nothing."""
    made = blurred.blurred(np.random.default_rng(4), pictures(), count=1, side=SIDE, colours=1)
    batch = {**vars(made), "sigma": 0 * made.sigma, "num_iter": 3}
    taught = lesson(Deconvolving)
    loss = taught.loss(network, batch)
    loss.backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in network.parameters())
