"""The state of a training comes back as it was; whatever else comes is refused in words, and changes nothing."""

from __future__ import annotations

import json
import struct

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

from napari_deconv.network.checkpoint import MOMENTS, read, under, write  # noqa: E402
from napari_deconv.network.train import Settings, begin  # noqa: E402
from network.training_scenes import one_thread  # noqa: E402

pytestmark = pytest.mark.torch
alone = pytest.fixture(scope="module", autouse=True)(one_thread)

GREY = "doors.1.free"
COLOUR = "doors.3.free"


def state(size="tiny", seed=0, steps=0, skipped=()):
    """A training after steps with made-up gradients; some parameters may have had none."""
    made = begin(Settings(size, steps=100, seed=seed))
    torch.manual_seed(seed)
    for _ in range(steps):
        for name, parameter in made.network.named_parameters():
            parameter.grad = None if name in skipped else torch.randn_like(parameter)
        made.optimiser.step()
        made.step += 1
    for name, value in made.network.state_dict().items():
        made.average[name] = value + 0.01
        if steps:
            made.best[name] = value - 0.01
    made.facts |= {"losses": [0.5] * steps, "scores": [[1, 0.25]] * bool(steps)}
    return made


def same(one, other):
    found, expected = one.tensors(), other.tensors()
    return found.keys() == expected.keys() and all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "training.safetensors"


@pytest.mark.parametrize("steps", [0, 1, 3])
@pytest.mark.parametrize("skipped", [(), (COLOUR,)])
def test_a_state_comes_back_as_it_was(path, steps, skipped):
    kept = state(steps=steps, skipped=skipped)
    kept.save(path)
    found = state(seed=1, steps=2)
    found.load(path)
    assert same(found, kept)
    assert (found.step, found.facts) == (kept.step, kept.facts)


def test_a_parameter_that_learned_in_fewer_steps_remembers_how_many(path):
    kept = state(steps=2)
    for name, parameter in kept.network.named_parameters():
        parameter.grad = None if name == COLOUR else torch.ones_like(parameter)
    kept.optimiser.step()
    kept.step += 1
    kept.save(path)
    found = state()
    found.load(path)
    steps = under("step", found.tensors())
    assert (float(steps[GREY]), float(steps[COLOUR])) == (3, 2)


def test_the_next_step_is_the_same_bit_by_bit(path):
    kept = state(steps=3)
    kept.save(path)
    found = state(seed=1)
    found.load(path)
    for each in (kept, found):
        torch.manual_seed(9)
        for parameter in each.network.parameters():
            parameter.grad = torch.randn_like(parameter)
        each.optimiser.step()
    assert same(found, kept)


def test_files_from_before_steps_were_kept_can_be_read(path):
    kept = state(steps=2)
    older = {name: value for name, value in kept.tensors().items() if not name.startswith(("step.", "best."))}
    write(path, older, {"settings": {"size": "tiny"}, "step": 2})
    found = state()
    found.load(path)
    assert set(map(float, under("step", found.tensors()).values())) == {2.0}
    assert found.best == {}


def test_what_was_kept_is_a_copy(path):
    kept = state(steps=1)
    kept.save(path)
    tensors, facts = read(path)
    found = state()
    found.restore(tensors, {**facts})
    for value in tensors.values():
        value.zero_()
    assert same(found, kept)


def test_the_file_is_safetensors_with_its_facts_in_json(path):
    state(steps=1).save(path)
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    facts = json.loads(header.pop("__metadata__")["facts"])
    assert facts["step"] == 1
    assert facts["settings"]["size"] == "tiny"
    assert {entry["dtype"] for entry in header.values()} == {"F32"}
    assert {name.partition(".")[0] for name in header} == {"weight", "average", "best", "step", *MOMENTS}


def test_nothing_that_could_run_is_written_or_read(path, monkeypatch):
    def never(*args, **how):
        raise AssertionError("torch's own files hold code")

    for name in ("load", "save"):
        monkeypatch.setattr(torch, name, never)
        monkeypatch.setattr(torch.serialization, name, never)
    kept = state(steps=1)
    kept.save(path)
    assert b"PK\x03\x04" not in path.read_bytes()[:4]
    found = state(seed=1)
    found.load(path)
    assert same(found, kept)


def test_an_older_file_is_replaced_and_nothing_else_is_left(path):
    state(steps=1).save(path)
    state(steps=2).save(path)
    assert read(path)[1]["step"] == 2
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_an_older_file_stays_when_writing_fails(path):
    kept = state(steps=1)
    kept.save(path)
    broken = state(steps=2)
    broken.facts["odd"] = {1, 2}  # no JSON
    with pytest.raises(TypeError, match="JSON"):
        broken.save(path)
    assert read(path)[1]["step"] == 1
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def damage(path, how):
    data = path.read_bytes()
    if how == "empty":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif how == "header":
        path.write_bytes(data[:8] + b"\xff" * 100 + data[108:])
    elif how == "other":
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))


@pytest.mark.parametrize("how", ["empty", "cut", "header", "other"])
def test_a_damaged_file_is_refused(path, how):
    state(steps=1).save(path)
    damage(path, how)
    with pytest.raises(ValueError, match=r"^training\.safetensors is damaged or no safetensors file \(.*; give the"):
        state().load(path)


@pytest.mark.parametrize("metadata", [None, {}, {"facts": "null"}, {"facts": "[1]"}, {"facts": '{"step": "3"}'}])
def test_a_file_of_something_else_is_refused(path, metadata):
    save_file({"weight": torch.ones(3)}, path, metadata)
    with pytest.raises(ValueError, match=r"^training\.safetensors is a safetensors file, but tells of no training;"):
        state().load(path)


def test_facts_that_are_no_json_are_refused(path):
    save_file({"weight": torch.ones(3)}, path, {"facts": "step 3"})
    with pytest.raises(ValueError, match="is damaged or no safetensors file"):
        state().load(path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.pop(f"weight.{GREY}"), rf"lacks 1 tensors that the network has, weight\.{GREY}"),
        (lambda t: t.pop(f"average.{GREY}"), rf"lacks .* average\.{GREY}"),
        (lambda t: t.pop(f"best.{GREY}"), rf"lacks .* best\.{GREY}"),
        (lambda t: t.update({"weight.foreign": torch.ones(1)}), r"holds a tensor weight\.foreign, which the network"),
        (lambda t: t.update({f"weight.{GREY}": torch.ones(2)}), rf"holds weight\.{GREY} with shape \(2,\), the"),
        (lambda t: t.update({f"step.{GREY}": torch.ones(2)}), rf"holds step\.{GREY} with shape \(2,\)"),
        (lambda t: t[f"exp_avg.{GREY}"].fill_(float("nan")), rf"holds NaN or infinity in exp_avg\.{GREY}"),
        (lambda t: t.pop(f"exp_avg.{GREY}"), r"holds \d+ first and \d+ second moments; they come in pairs"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_nothing_changes(path, change, sentence):
    tensors = {name: value.clone() for name, value in state(steps=1).tensors().items()}
    change(tensors)
    write(path, tensors, {"settings": {}, "step": 1})
    found, before = state(seed=1, steps=2), state(seed=1, steps=2)
    with pytest.raises(ValueError, match=rf"^training\.safetensors: {sentence}.*; give the file that a training keeps"):
        found.load(path)
    assert same(found, before)
    assert (found.step, found.facts) == (before.step, before.facts)


def test_a_state_of_another_size_is_refused(path):
    state("small").save(path)
    with pytest.raises(ValueError, match=r"training\.safetensors: holds .*, .*size; give"):
        state("tiny").load(path)


def test_a_file_that_is_not_there_is_an_oserror(path):
    with pytest.raises(OSError, match=r"training\.safetensors"):
        state().load(path)
