"""A training learns, averages, examines, stops, is kept whatever happens, and goes on as if nothing had."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from napari_deconv.network import lessons, train  # noqa: E402
from napari_deconv.network.lessons import Deconvolving, Denoising  # noqa: E402
from napari_deconv.network.train import KEEP, WARM_UP, Settings, begin, fit  # noqa: E402
from network.training_scenes import one_thread, pictures  # noqa: E402

pytestmark = pytest.mark.torch
alone = pytest.fixture(scope="module", autouse=True)(one_thread)


def denoising(**how):
    return Denoising(pictures(colours=3), **{"seed": 0, "count": 2, "side": 32, **how})


class Always:
    """The same batch again and again."""

    def __init__(self, lesson, number=0):
        self._lesson, self._batch = lesson, lesson.batch(number)

    def batch(self, number):
        return self._batch

    def loss(self, network, batch):
        return self._lesson.loss(network, batch)


class Turns:
    """Grey and colour, by number: the door of the one learns nothing from the other."""

    def __init__(self, *lessons):
        self._lessons = lessons

    def batch(self, number):
        return self._lessons[number].batch(number)

    def loss(self, network, batch):
        return self._lessons[0].loss(network, batch)


class Scripted:
    """Losses that were thought out."""

    def __init__(self, *losses):
        self.losses, self.asked = iter(losses), []

    def batch(self, number):
        self.asked.append(number)
        return {}

    def loss(self, network, batch):
        return torch.tensor(next(self.losses))


def settings(steps, **how):
    return Settings(**{"size": "tiny", "rate": 2e-3, "cooldown": 0.5, "steps": steps, **how})


def trained(steps, path, lesson=None, **how):
    """A state after so many steps, and what was said meanwhile."""
    plan = settings(steps)
    state = begin(plan)
    return state, list(fit(state, plan, lesson or denoising(), path, **how))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "training.safetensors"


def test_the_rate_rises_stays_and_falls_to_a_thousandth():
    plan = Settings(steps=10_000, rate=1e-3, cooldown=0.3)
    rates = [plan.rate_at(step) for step in range(10_000)]
    np.testing.assert_allclose(rates[:WARM_UP], 1e-3 * np.arange(1, WARM_UP + 1) / WARM_UP)
    np.testing.assert_allclose(rates[WARM_UP:7000], 1e-3)
    assert all(later <= earlier for earlier, later in itertools.pairwise(rates[7000:]))
    assert rates[8500] == pytest.approx(5e-4, rel=1e-3)  # half-way down half a cosine
    assert rates[-1] == pytest.approx(1e-6, rel=1e-3)


def test_a_short_training_reaches_its_rate_after_a_tenth():
    plan = Settings(steps=50, rate=1e-3, cooldown=0.5)
    rates = [plan.rate_at(step) for step in range(50)]
    assert rates[:6] == pytest.approx([2e-4, 4e-4, 6e-4, 8e-4, 1e-3, 1e-3])
    assert all(0 < rate <= 1e-3 for rate in rates)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_even_a_training_of_no_length_has_a_rate(steps):
    assert 0 < Settings(steps=steps, rate=1e-3).rate_at(0) <= 1e-3


def test_the_seed_decides_the_weights_and_nobody_elses_chance_is_touched():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, same, other = (begin(settings(1, seed=seed)).network.state_dict() for seed in (3, 3, 4))
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_given_weights_are_taken_and_those_that_are_missing_drawn():
    plan = settings(1)
    fresh = begin(plan).network.state_dict()
    given = {name: value + 1 for name, value in fresh.items() if not name.startswith("doors.3")}
    found = begin(plan, given)
    for name, value in found.network.state_dict().items():
        assert torch.equal(value, given.get(name, fresh[name]))
        assert torch.equal(found.average[name], value)


def test_weights_of_another_network_are_refused():
    with pytest.raises(RuntimeError, match=r"trunk\.foreign"):
        begin(settings(1), {"trunk.foreign": torch.ones(1)})


@pytest.mark.parametrize("kind", [Denoising, Deconvolving], ids=lambda kind: kind.__name__)
def test_the_loss_falls_within_a_few_dozen_steps(path, kind):
    side, steps = (32, 60) if kind is Denoising else (64, 16)
    lesson = Always(kind(pictures(), seed=0, count=2, side=side))
    _, told = trained(steps, path, lesson)
    assert told[-1].loss < 0.9 * told[0].loss


def test_every_step_is_told(path):
    state, told = trained(4, path)
    assert [(one.step, one.steps) for one in told] == [(n, 4) for n in (1, 2, 3, 4)]
    assert [one.rate for one in told] == [settings(4).rate_at(step) for step in range(4)]
    assert state.facts["losses"] == [float(f"{one.loss:.4g}") for one in told]
    assert state.step == 4
    assert all(math.isfinite(one.loss) and one.score is None for one in told)
    assert [one.seconds for one in told] == sorted(one.seconds for one in told)


def test_steps_are_asked_for_in_order_from_where_it_stands(path):
    asked = []

    class Listening(Always):
        def batch(self, number):
            asked.append(number)
            return self._batch

    plan = settings(5)
    state = begin(plan)
    list(itertools.islice(fit(state, plan, Listening(denoising()), path), 2))
    assert asked[:3] == [0, 1, 2]
    asked.clear()
    list(fit(state, plan, Listening(denoising()), path))
    assert asked[:3] == [2, 3, 4]


def test_the_average_follows_the_weights_closely_at_first(path):
    plan = settings(3)
    state = begin(plan)
    name = "trunk.encode.0.0.first.weight"
    expected = state.network.state_dict()[name].clone()
    for step, _ in enumerate(fit(state, plan, denoising(), path)):
        keep = (1 + step) / (10 + step)
        expected = keep * expected + (1 - keep) * state.network.state_dict()[name]
        assert torch.allclose(state.average[name], expected, atol=1e-7)


def test_the_average_is_slow_in_the_end():
    assert min(KEEP, (1 + 10**6) / (10 + 10**6)) == KEEP


def test_the_best_average_of_all_examinations_is_kept(path, monkeypatch):
    monkeypatch.setattr(train, "EXAMINE_EVERY", 2)
    monkeypatch.setattr(train, "QUESTIONS", 2)
    exam = Scripted(0.5, 0.7, 0.2, 0.4, 0.9, 0.1, 0.35, 0.35)
    plan = settings(7)
    state = begin(plan)
    averages, scores = {}, {}
    for told in fit(state, plan, denoising(), path, exam=exam):
        averages[told.step] = {name: value.clone() for name, value in state.average.items()}
        if told.score is not None:
            scores[told.step] = told.score
    assert scores == pytest.approx({2: 0.6, 4: 0.3, 6: 0.5, 7: 0.35})
    assert state.facts["scores"] == [[2, 0.6], [4, 0.3], [6, 0.5], [7, 0.35]]
    assert all(torch.equal(value, averages[4][name]) for name, value in state.best.items())
    assert state.best.keys() == state.average.keys()
    assert exam.asked == [train.FIRST_QUESTION, train.FIRST_QUESTION + 1] * 4


def test_what_is_examined_is_the_average(path, monkeypatch):
    monkeypatch.setattr(train, "QUESTIONS", 1)
    state, told = trained(3, path, exam=denoising(seed=9))
    network = begin(settings(3)).network
    network.load_state_dict(state.average)
    exam = denoising(seed=9)
    with torch.no_grad():
        expected = float(exam.loss(network, exam.batch(train.FIRST_QUESTION)))
    assert told[-1].score == pytest.approx(expected, rel=1e-5)


def test_minutes_end_a_training_with_an_examination(path, monkeypatch):
    monkeypatch.setattr(train, "QUESTIONS", 1)
    state, told = trained(1000, path, minutes=1e-9, exam=Scripted(0.5))
    assert [one.step for one in told] == [1]
    assert told[-1].score == 0.5
    loaded = begin(settings(1000))
    loaded.load(path)
    assert loaded.step == state.step == 1


def test_a_finished_training_has_no_steps_left(path):
    state, _ = trained(2, path)
    path.unlink()
    assert list(fit(state, settings(2), denoising(), path)) == []
    assert not path.exists()


def test_a_training_that_is_given_up_is_kept(path):
    plan = settings(50)
    state = begin(plan)
    steps = fit(state, plan, denoising(), path)
    next(steps), next(steps)
    assert not path.exists()
    steps.close()
    loaded = begin(plan)
    loaded.load(path)
    assert loaded.step == 2
    assert loaded.facts == state.facts


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_training_that_fails_is_kept(path, error):
    class Failing(Always):
        def loss(self, network, batch):
            if state.step == 2:
                raise error("now")
            return super().loss(network, batch)

    plan = settings(50)
    state = begin(plan)
    with pytest.raises(error, match="now"):
        list(fit(state, plan, Failing(denoising()), path))
    loaded = begin(plan)
    loaded.load(path)
    assert loaded.step == 2


def test_an_error_while_examples_are_made_arrives(path):
    class Failing(Always):
        def batch(self, number):
            if number == 2:
                raise ValueError("no more examples")
            return self._batch

    plan = settings(50)
    state = begin(plan)
    with pytest.raises(ValueError, match="no more examples"):
        list(fit(state, plan, Failing(denoising()), path))
    assert path.exists()


def test_a_loss_that_is_not_finite_ends_the_training_before_it_does_harm(path):
    class Spoilt(Always):
        def loss(self, network, batch):
            return super().loss(network, batch) * (float("nan") if state.step == 2 else 1)

    plan = settings(50)
    state = begin(plan)
    with pytest.raises(RuntimeError, match="step 3 has loss nan and gradient nan, which must be finite; the state"):
        list(fit(state, plan, Spoilt(denoising()), path))
    loaded = begin(plan)
    loaded.load(path)
    assert loaded.step == 2
    assert all(value.isfinite().all() for value in loaded.tensors().values())


def test_the_state_is_saved_on_the_way(path, monkeypatch):
    monkeypatch.setattr(train, "SAVE_EVERY", 0.0)
    plan = settings(50)
    steps = fit(begin(plan), plan, denoising(), path)
    next(steps), next(steps)
    loaded = begin(plan)
    loaded.load(path)
    assert loaded.step == 1
    steps.close()


def test_a_training_that_was_interrupted_goes_on_bit_by_bit_as_one_that_was_not(path, monkeypatch):
    monkeypatch.setattr(train, "EXAMINE_EVERY", 2)
    monkeypatch.setattr(train, "QUESTIONS", 1)
    monkeypatch.setattr(lessons, "COLOURED", 1.0)
    grey, colour = Denoising(pictures(), seed=0, count=2, side=32), denoising()
    lesson = Turns(grey, colour, grey, grey, colour, grey, grey)
    plan, exam = settings(6), denoising(seed=3)
    straight = begin(plan)
    list(fit(straight, plan, lesson, path, exam=exam))
    broken = begin(plan)
    list(itertools.islice(fit(broken, plan, lesson, path, exam=exam), 3))
    resumed = begin(settings(6, seed=77))
    resumed.load(path)
    list(fit(resumed, plan, lesson, path, exam=exam))
    found, expected = resumed.tensors(), straight.tensors()
    assert found.keys() == expected.keys()
    assert [name for name, value in expected.items() if not torch.equal(found[name], value)] == []
    assert resumed.facts == straight.facts
    assert resumed.step == straight.step == 6
