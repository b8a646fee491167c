"""A state that is small enough to be kept with the code, and good enough to go on from."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from napari_deconv.network.checkpoint import under  # noqa: E402
from napari_deconv.network.compact import BEST, MOMENTS, WEIGHTS, compact, expand, names  # noqa: E402
from napari_deconv.network.lessons import Denoising  # noqa: E402
from napari_deconv.network.train import Settings, begin, fit  # noqa: E402
from network.training_scenes import one_thread, pictures  # noqa: E402

pytestmark = pytest.mark.torch
alone = pytest.fixture(scope="module", autouse=True)(one_thread)

LIMIT = 1_900_000  # bytes
PLAN = Settings("tiny", steps=40, rate=2e-3, cooldown=0.5)


def lesson():
    return Denoising(pictures(colours=3), seed=0, count=2, side=32)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A short training, with an older average that was better."""
    state = begin(PLAN)
    for told in fit(state, PLAN, lesson(), tmp_path_factory.mktemp("state") / "s.safetensors"):
        if told.step == 30:
            state.best = {name: value.clone() for name, value in state.average.items()}
    state.facts["scores"] = [[30, 0.5]]
    return state


def expanded(folder, name="small", plan=PLAN):
    state = begin(plan)
    state.restore(*expand(folder, name))
    return state


def loss(weights):
    network = begin(PLAN).network
    network.load_state_dict(weights)
    exam = lesson()
    with torch.no_grad():
        return sum(float(exam.loss(network, exam.batch(number))) for number in range(100, 108))


def test_the_files_of_a_small_network_may_be_kept_with_the_code(tmp_path):
    state = begin(Settings("small", steps=10))
    for parameter in state.network.parameters():
        parameter.grad = torch.ones_like(parameter)
    state.optimiser.step()
    state.step = 20_000
    state.facts["losses"] = [0.1234] * state.step
    state.best = {name: value + 1 for name, value in state.average.items()}
    written = compact(state, tmp_path, "small")
    assert [path.name for path in written] == [f"small{ending}" for ending in (WEIGHTS, BEST, MOMENTS)]
    assert sorted(tmp_path.iterdir()) == sorted(written)
    assert all(path.stat().st_size <= LIMIT for path in written)


def test_the_average_is_as_good_as_before(trained, tmp_path):
    compact(trained, tmp_path, "small")
    found = expanded(tmp_path)
    assert loss(found.average) == pytest.approx(loss(trained.average), rel=0.01)
    assert loss(found.best) == pytest.approx(loss(trained.best), rel=0.01)
    assert loss(found.network.state_dict()) == pytest.approx(loss(trained.average), rel=0.01)


def test_everything_but_the_weights_in_training_and_the_first_moments_is_kept(trained, tmp_path):
    compact(trained, tmp_path, "small")
    found = expanded(tmp_path)
    assert (found.step, found.facts) == (trained.step, trained.facts)
    kept, expected = found.tensors(), trained.tensors()
    assert kept.keys() == expected.keys()
    for name, value in expected.items():
        part = name.partition(".")[0]
        if part in ("average", "best"):
            assert torch.equal(kept[name], value.half().float())
        elif part == "exp_avg_sq":
            assert torch.allclose(kept[name], value, rtol=2**-8, atol=0)
        elif part == "step":
            assert torch.equal(kept[name], value)
        elif part == "exp_avg":
            assert not kept[name].any()


def test_a_training_goes_on_from_it_about_as_well(trained, tmp_path):
    trained.save(tmp_path / "whole.safetensors")
    compact(trained, tmp_path, "small")
    whole, small = begin(PLAN), expanded(tmp_path)
    whole.load(tmp_path / "whole.safetensors")
    longer = Settings("tiny", steps=60, rate=2e-3, cooldown=0.5)
    for state in (whole, small):
        list(fit(state, longer, lesson(), tmp_path / "s.safetensors"))
    assert small.step == 60
    assert loss(small.average) == pytest.approx(loss(whole.average), rel=0.05)
    assert loss(small.average) < 1.02 * loss(trained.average)


def test_a_best_that_is_the_average_needs_no_file(trained, tmp_path):
    state = begin(PLAN)
    state.restore(trained.tensors(), {**trained.facts, "step": trained.step})
    state.best = {name: value.clone() for name, value in state.average.items()}
    compact(trained, tmp_path, "small")
    assert [path.name for path in compact(state, tmp_path, "small")] == [f"small{WEIGHTS}", f"small{MOMENTS}"]
    assert not (tmp_path / f"small{BEST}").exists()  # that of the other state is gone
    found = expanded(tmp_path)
    assert all(torch.equal(found.best[name], value) for name, value in found.average.items())


def test_without_an_examination_there_is_no_best(tmp_path):
    compact(begin(PLAN), tmp_path, "new")
    found = expanded(tmp_path, "new")
    assert found.best == {}
    assert found.step == 0
    assert not under("exp_avg_sq", found.tensors())


def test_a_compact_state_stays_the_same_when_it_is_written_again(trained, tmp_path):
    first = [path.read_bytes() for path in compact(trained, tmp_path, "small")]
    assert [path.read_bytes() for path in compact(expanded(tmp_path), tmp_path, "small")] == first


def test_names_are_those_of_whole_sets(trained, tmp_path):
    assert names(tmp_path) == []
    compact(trained, tmp_path, "small")
    compact(trained, tmp_path, "a.b")
    assert names(tmp_path) == ["a.b", "small"]


def test_files_of_two_states_are_not_mixed(trained, tmp_path):
    compact(trained, tmp_path, "small")
    other = begin(PLAN)
    compact(other, tmp_path, "other")
    (tmp_path / f"other{MOMENTS}").replace(tmp_path / f"small{MOMENTS}")
    with pytest.raises(ValueError, match=r"small\.moments\.safetensors is of step 0, the weights are of step 40; give"):
        expand(tmp_path, "small")


def test_a_missing_file_is_an_oserror(trained, tmp_path):
    compact(trained, tmp_path, "small")
    (tmp_path / f"small{MOMENTS}").unlink()
    with pytest.raises(OSError, match=r"small\.moments"):
        expand(tmp_path, "small")


def test_a_damaged_file_is_named(trained, tmp_path):
    compact(trained, tmp_path, "small")
    path = tmp_path / f"small{WEIGHTS}"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"small\.weights\.safetensors is damaged"):
        expand(tmp_path, "small")
