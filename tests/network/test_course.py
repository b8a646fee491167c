"""A whole training: state, curve, networks, a name; it starts from a model, goes on, and refuses what would do harm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from napari_deconv import psf, restore  # noqa: E402
from napari_deconv.network import compact, course, models, train  # noqa: E402
from napari_deconv.network.checkpoint import read, write  # noqa: E402
from napari_deconv.network.course import CURVE, LESSONS, STATE, Course, networks, run, size_of, weights_of  # noqa: E402
from napari_deconv.network.export import export  # noqa: E402
from napari_deconv.network.graph import check  # noqa: E402
from napari_deconv.network.model import Network  # noqa: E402
from napari_deconv.network.train import Settings, begin  # noqa: E402
from network.training_scenes import files, one_thread  # noqa: E402

pytestmark = pytest.mark.torch
alone = pytest.fixture(scope="module", autouse=True)(one_thread)

SOON = 0.02  # minutes


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    """Tiny batches, short examinations, and a place of its own for models."""
    plans = {subject: replace(plan, count=1, side=64) for subject, plan in LESSONS.items()}
    plans["denoising"] = replace(plans["denoising"], side=32)
    monkeypatch.setattr(course, "LESSONS", plans)
    monkeypatch.setattr(train, "QUESTIONS", 1)
    monkeypatch.setenv(models.HOME, str(tmp_path / "models"))


@pytest.fixture
def steps(monkeypatch):
    """As many steps as are said, however long they take."""

    def choose(count):
        monkeypatch.setattr(course, "_affordable", lambda *args: count)

    choose(2)
    return choose


@pytest.fixture
def wish(tmp_path):
    """The least that must be said, and what is quickest."""
    return Course([files(tmp_path / "sharp")], tmp_path / "out", minutes=1, subject="denoising", size="tiny")


def random_network(seed=0):
    torch.manual_seed(seed)
    made = Network("tiny")
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(std=0.3 * parameter[0].numel() ** -0.5)
    return made


@pytest.fixture
def mine(tmp_path):
    """A model with a name, and its network."""
    network = random_network()
    paths = {job: tmp_path / f"mine-{job}.onnx" for job in ("grey", "colour")}
    for (_, path), colours in zip(paths.items(), (1, 3), strict=True):
        export(network, path, colours)
    models.register("mine", paths)
    return network


def state_of(folder):
    tensors, facts = read(folder / STATE)
    state = begin(Settings(**facts["settings"]))
    state.restore(tensors, facts)
    return state


def close(found, expected):
    """Equal to half precision."""
    return all(torch.allclose(found[name], value, rtol=1e-3, atol=1e-3) for name, value in expected.items())


def used(network):
    """Weights as the network uses them, after all that is done to its free parameters."""
    shared = {f"{name}.free": module.weight for name, module in network.named_modules() if hasattr(module, "free")}
    return {**network.state_dict(), **shared}


def test_a_whole_course_leaves_state_curve_and_networks(wish):
    told = list(run(replace(wish, minutes=SOON, subject=None)))
    assert sorted(path.name for path in wish.out.iterdir()) == sorted([STATE, CURVE, "grey.onnx", "colour.onnx"])
    assert networks(wish.out) == {job: wish.out / f"{job}.onnx" for job in ("grey", "colour")}
    state = state_of(wish.out)
    assert state.step == told[-1].step >= 1
    assert state.facts["subject"] == "deconvolving"
    assert told[-1].score == pytest.approx(state.facts["scores"][-1][1], rel=1e-4)
    expected = state.best
    for job, colours in (("grey", 1), ("colour", 3)):
        graph = check(wish.out / f"{job}.onnx")
        assert graph.inputs["image"][1] == colours
        network = Network("tiny")
        network.load_state_dict(expected)
        assert close(weights_of(graph), {n: w for n, w in used(network).items() if n in weights_of(graph)})


def test_nothing_is_trained_before_it_is_asked_for(wish, steps):
    told = run(wish)
    assert not (wish.out / STATE).exists()
    next(told)
    told.close()
    assert state_of(wish.out).step == 1
    assert not networks(wish.out)


def test_a_name_makes_it_a_model_that_restores(wish, steps):
    list(run(replace(wish, name="mine")))
    assert "mine" in models.names()
    y = np.random.default_rng(0).random((32, 40)).astype(np.float32)
    found = restore(y, psf.gaussian(1.0), model="mine", num_iter=3)
    assert found.shape == y.shape
    assert np.isfinite(found).all()


@pytest.mark.parametrize("subject", ["denoising", "deconvolving", "sharpening"])
def test_every_subject_can_be_taught(wish, steps, subject):
    list(run(replace(wish, subject=subject)))
    prefix = "blind-" if subject == "sharpening" else ""
    assert [path.name for path in networks(wish.out).values()] == [f"{prefix}grey.onnx", f"{prefix}colour.onnx"]
    assert state_of(wish.out).facts["settings"]["rate"] == LESSONS[subject].rate


def test_a_model_that_sharpens_keeps_the_networks_that_it_started_from(wish, steps, mine):
    list(run(replace(wish, subject="sharpening", size=None, start="mine", name="both")))
    found, before = models.find("both"), models.find("mine")
    assert set(found.files) == {"grey", "colour", "blind-grey", "blind-colour"}
    assert found.files["grey"][1] == before.files["grey"][1]
    assert found.files["blind-grey"][1] != before.files["grey"][1]


def test_sharpening_starts_from_the_network_that_sharpens(wish, mine, tmp_path):
    blind = random_network(seed=1)
    export(blind, tmp_path / "blind.onnx", 1)
    before = models.find("mine")
    known = {job: before.folder / file for job, (file, _) in before.files.items()}
    models.register("both", {**known, "blind-grey": tmp_path / "blind.onnx"})
    found = course._begun(replace(wish, subject="sharpening", size=None, start="both"))
    assert close(used(found.network), {n: w for n, w in used(blind).items() if not n.startswith("doors.3")})
    assert close(used(course._begun(replace(wish, size=None, start="both")).network), used(mine))


def test_grey_images_make_no_network_for_colour(tmp_path, steps):
    data = files(tmp_path / "grey", colours=1)
    list(run(Course([data], tmp_path / "out", 1, subject="denoising", size="tiny", name="mine")))
    assert list(networks(tmp_path / "out")) == ["grey"]
    with pytest.raises(ValueError, match="model 'mine' has no colour network; it has grey"):
        models.find("mine").file(colours=3)


def test_grey_images_keep_the_door_for_colour_of_the_model_they_start_from(tmp_path, steps, mine):
    data = files(tmp_path / "grey", colours=1)
    list(run(Course([data], tmp_path / "out", 1, subject="denoising", start="mine")))
    found = weights_of(check(networks(tmp_path / "out")["colour"]))
    assert torch.allclose(found["doors.3.free"], used(mine)["doors.3.free"], atol=1e-6)
    list(run(Course([data], tmp_path / "out", 1, resume=True)))
    assert set(networks(tmp_path / "out")) == {"grey", "colour"}


def test_a_model_for_grey_only_can_be_started_from(tmp_path, steps):
    grey = files(tmp_path / "grey", colours=1)
    list(run(Course([grey], tmp_path / "first", 1, subject="denoising", size="tiny", name="mine")))
    list(run(Course([files(tmp_path / "colour")], tmp_path / "second", 1, subject="denoising", start="mine")))
    assert set(networks(tmp_path / "second")) == {"grey", "colour"}


def test_fine_tuning_starts_with_the_very_weights_of_the_model(wish, mine):
    found = course._begun(replace(wish, size=None, start="mine"))
    assert found.facts["settings"]["size"] == "tiny"
    expected = used(mine)
    for name, value in used(found.network).items():
        stored = value if name.startswith("doors.") else expected[name].half().float()
        assert torch.allclose(value, stored, atol=2e-4), name
    assert close(found.average, found.network.state_dict())


@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_weights_go_out_and_come_back(tmp_path, colours, dtype):
    network = random_network()
    export(network, tmp_path / "n.onnx", colours, dtype=dtype)
    found = weights_of(check(tmp_path / "n.onnx"))
    expected = {name: value for name, value in used(network).items() if not name.startswith(f"doors.{4 - colours}")}
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        exact = dtype == "float32" or name.startswith("doors.")
        assert torch.equal(found[name], value if exact else value.half().float())


def test_exporting_what_came_back_gives_the_same_weights(tmp_path):
    network = random_network()
    export(network, tmp_path / "1.onnx", 1, dtype="float32")
    again = Network("tiny")
    again.load_state_dict({**again.state_dict(), **weights_of(check(tmp_path / "1.onnx"))})
    export(again, tmp_path / "2.onnx", 1, dtype="float32")
    one, other = (weights_of(check(tmp_path / f"{n}.onnx")) for n in (1, 2))
    assert all(torch.allclose(one[name], other[name], atol=1e-6) for name in one)


@pytest.mark.parametrize("size", ["tiny", "small"])
def test_the_size_is_found_by_the_weights(size):
    weights = Network(size).state_dict()
    assert size_of(weights, "mine") == size
    weights.pop("doors.3.free")
    assert size_of(weights, "mine") == size
    weights.pop("trunk.mix.0.weight")
    with pytest.raises(ValueError, match="model 'mine' is no network of size tiny, small, base; start from another"):
        size_of(weights, "mine")


def test_the_psf_of_an_instrument_is_used(wish, steps, monkeypatch):
    taught = []
    kind = LESSONS["deconvolving"].lesson

    class Listening(kind):
        def __init__(self, *args, **how):
            taught.append(how["own"])
            super().__init__(*args, **how)

    plan = replace(course.LESSONS["deconvolving"], lesson=Listening)
    monkeypatch.setitem(course.LESSONS, "deconvolving", plan)
    own = psf.gaussian((2.0, 1.0, 1.0)).data
    list(run(replace(wish, subject=None, psf=own)))
    middle = own[len(own) // 2] / own[len(own) // 2].sum()
    assert len(taught) == 2  # to train and to examine
    for kernel in taught:
        np.testing.assert_allclose(kernel, middle, atol=1e-7)


def test_a_training_that_was_stopped_goes_on(wish, steps):
    steps(5)
    told = run(wish)
    next(told), next(told)
    told.close()
    rest = list(run(replace(wish, size=None, resume=True)))
    assert [(one.step, one.steps) for one in rest] == [(3, 5), (4, 5), (5, 5)]
    assert len(state_of(wish.out).facts["losses"]) == 5
    assert set(networks(wish.out)) == {"grey", "colour"}


def test_a_training_that_was_done_goes_on_for_as_long_again(wish, steps):
    list(run(wish))
    steps(3)
    rest = list(run(replace(wish, resume=True)))
    assert [(one.step, one.steps) for one in rest] == [(3, 5), (4, 5), (5, 5)]


def test_what_is_resumed_keeps_its_size_seed_and_subject(wish, steps):
    list(run(replace(wish, seed=7)))
    list(run(replace(wish, size=None, subject=None, resume=True)))
    facts = state_of(wish.out).facts
    assert (facts["settings"]["seed"], facts["settings"]["size"], facts["subject"]) == (7, "tiny", "denoising")


@pytest.mark.parametrize(("key", "value"), [("size", "small"), ("seed", 1), ("subject", "sharpening")])
def test_what_is_resumed_cannot_be_changed(wish, steps, key, value):
    list(run(wish))
    with pytest.raises(ValueError, match=rf"the training in .*out has {key} .*, not {value!r}; leave {key} out"):
        run(replace(wish, resume=True, **{key: value}))


def test_a_compact_state_can_be_resumed(wish, steps):
    list(run(wish))
    state = state_of(wish.out)
    folder = wish.out.parent / "compact"
    folder.mkdir()
    compact.compact(state, folder, "small")
    rest = list(run(replace(wish, out=folder, resume=True)))
    assert [one.step for one in rest] == [3, 4]
    assert {STATE, CURVE, "grey.onnx", "colour.onnx"} <= {path.name for path in folder.iterdir()}
    compact.compact(state, folder, "other")
    assert [one.step for one in run(replace(wish, out=folder, resume=True))] == [5, 6]  # the whole one counts
    (folder / STATE).unlink()
    with pytest.raises(ValueError, match=r"compact holds 2 compact states \(other, small\); keep one"):
        run(replace(wish, out=folder, resume=True))


def test_a_state_from_before_subjects_were_kept_can_be_resumed(wish, steps):
    list(run(wish))
    tensors, facts = read(wish.out / STATE)
    write(wish.out / STATE, tensors, {key: facts[key] for key in ("settings", "step")})
    assert len(list(run(replace(wish, resume=True)))) == 2
    assert set(networks(wish.out)) == {"grey", "colour"}


@pytest.mark.parametrize(
    "change", [{}, {"settings": {}}, {"settings": {"size": "huge"}}, {"settings": {"depth": 3}}, {"settings": 3}]
)
def test_a_state_without_proper_settings_is_refused(wish, steps, change):
    list(run(wish))
    tensors, facts = read(wish.out / STATE)
    facts.pop("settings")
    write(wish.out / STATE, tensors, {**facts, **change})
    with pytest.raises(ValueError, match="out holds a training that cannot be resumed: "):
        run(replace(wish, size=None, resume=True))


def test_images_in_the_folder_of_the_training_are_not_trained_on(wish, steps):
    inside = wish.data[0] / "out"
    list(run(replace(wish, out=inside)))
    assert (inside / CURVE).is_file()
    with pytest.raises(ValueError, match="found 0 images"):
        run(replace(wish, data=[inside], out=inside, resume=True))


def test_a_training_is_not_replaced_by_accident(wish, steps):
    list(run(wish))
    with pytest.raises(ValueError, match=r"out holds a training already \(training.*\); go on with it by .*--resume"):
        run(wish)
    (wish.out / STATE).unlink()
    with pytest.raises(ValueError, match=r"out holds a training already \(grey\.onnx, colour\.onnx\)"):
        run(wish)


def test_what_else_is_in_the_folder_does_not_matter(wish, steps):
    wish.out.mkdir()
    (wish.out / "psf.tif").write_bytes(b"")
    assert list(run(wish))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"subject": "cooking"}, "unknown subject 'cooking'; known: denoising, deconvolving, sharpening"),
        ({"size": "huge"}, "unknown size 'huge'; known: tiny, small, base"),
        ({"start": "nobody"}, "unknown model 'nobody'"),
        ({"minutes": 0.0}, "minutes is 0.0; give a number above 0"),
        ({"minutes": float("nan")}, "minutes is nan; give a number"),
        ({"name": "../mine"}, r"a model cannot be called '\.\./mine'; begin with a letter"),
        ({"name": "auto"}, "a model cannot be called 'auto'"),
        ({"name": ""}, "a model cannot be called ''"),
        ({"resume": True}, r"holds no training\.safetensors to go on with; start without resume"),
        ({"resume": True, "start": "auto"}, "start begins a training and resume goes on with one"),
        ({"subject": "denoising", "psf": np.ones((3, 3))}, "a psf is of use to deconvolving only, and this is"),
        ({"subject": None, "psf": np.zeros((3, 3))}, "psf has no light"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(wish, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        run(replace(wish, **change))
    assert not wish.out.exists()


def test_a_name_of_the_package_is_refused(wish):
    with pytest.raises(ValueError, match="is a model of the package; choose another name"):
        run(replace(wish, name=models.find("auto").name))


def test_a_name_of_ones_own_may_be_given_again(wish, steps, mine):
    before = models.find("mine").sha256
    list(run(replace(wish, name="mine")))
    assert models.find("mine").sha256 != before


def test_another_size_than_that_of_the_model_is_refused(wish, mine):
    with pytest.raises(ValueError, match="model 'mine' is of size 'tiny', not 'small'; leave size out"):
        run(replace(wish, start="mine", size="small"))


def test_a_file_in_place_of_the_folder_is_refused(wish):
    wish.out.write_text("")
    with pytest.raises(ValueError, match="out is no folder; choose another"):
        run(wish)


def test_images_that_are_missing_or_too_few_are_refused(wish, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere is not there"):
        run(replace(wish, data=[tmp_path / "nowhere"]))
    with pytest.raises(ValueError, match="found 1 images to train on"):
        run(replace(wish, data=[files(tmp_path / "one", count=1)]))
    assert not wish.out.exists()
