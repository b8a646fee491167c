"""Train on your own images: a process beside the window, its progress, its end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from qtpy.QtCore import QCoreApplication, QProcess
from qtpy.QtWidgets import QApplication

from napari_deconv.network import models
from napari_deconv.widgets.deconvolve import Deconvolve, train_panel, training
from napari_deconv.widgets.deconvolve.training import Wish
from widgets.learned_scenes import own_model, ready

FAKE = """
import json, signal, sys, time
from pathlib import Path
out = Path(sys.argv[sys.argv.index("--out") + 1])
steps = {steps}
def stop(*_):
    (out / "training.safetensors").write_text("kept")
    print(json.dumps({{"ok": False, "error": {{"type": "Stopped", "message": "stopped"}}, "exit_code": 1}}))
    sys.exit(1)
signal.signal(signal.SIGINT, {on_stop})
signal.signal(signal.SIGTERM, {on_stop})
print("a line that is none of ours", flush=True)
for step in range(1, steps + 1):
    print(json.dumps({{"step": step, "steps": steps, "loss": 1 / step, "rate": 0.1, "seconds": step}}), flush=True)
    time.sleep({pause})
{end}
"""
GOOD = """
(out / "curve.png").write_bytes(Path({picture!r}).read_bytes())
print(json.dumps({{"ok": True, "step": steps, "networks": {{}}, "name": "mine", "notes": []}}))
"""
REFUSED = """
print(json.dumps({"ok": False, "error": {"type": "ValueError", "message": "found 0 images; give two or more"}}))
sys.exit(2)
"""
CRASHED = "sys.stderr.write('Segmentation fault'); sys.exit(139)"


@pytest.fixture
def sharp(tmp_path: Path) -> Path:
    """A folder of sharp images."""
    folder = tmp_path / "sharp images"
    folder.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (160, 160), dtype=np.uint8)
        Pillow.fromarray(pixels).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a few lines of Python instead of a training."""

    def write(end: str, steps: int = 3, pause: float = 0.05, on_stop: str = "stop") -> None:
        picture = tmp_path / "picture.png"
        Pillow.new("RGB", (96, 54), "white").save(picture)
        path = tmp_path / "fake.py"
        text = FAKE.format(steps=steps, pause=pause, on_stop=on_stop, end=end.replace("PICTURE", str(picture)))
        path.write_text(text)
        monkeypatch.setattr(training, "COMMAND", (str(path),))

    return write


def good(tmp_path: Path) -> str:
    return GOOD.format(picture=str(tmp_path / "picture.png"))


def panel(dock: Deconvolve, sharp: Path) -> train_panel.TrainPanel:
    ready(dock)
    dock.method.teach.button.setChecked(True)
    dock.method.train.add_folder(sharp)
    return dock.method.train


def ended(train: train_panel.TrainPanel, qtbot: Any) -> str:
    qtbot.waitUntil(lambda: train._wish is None, timeout=60_000)
    return str(train.words.text())


def test_what_is_missing_is_said_in_words(dock: Deconvolve, sharp: Path) -> None:
    ready(dock)
    train = dock.method.train
    assert train.words.text() == "To train: add a folder of sharp images."
    assert not train.start.isEnabled()
    train.add_folder(sharp)
    assert (train.words.text(), train.start.isEnabled()) == ("", True)
    for name, words in {
        "": "a name of letters",
        "a/b": "a name of letters",
        models.find().name: "another name",
    }.items():
        train.name.setText(name)
        train.name.textEdited.emit(name)
        assert words in train.words.text()
        assert not train.start.isEnabled()
    train.clear.click()
    assert train.folders == []


def test_without_torch_it_says_what_to_install(dock: Deconvolve, sharp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "find_spec", lambda name: None if name == "torch" else name)
    train = panel(dock, sharp)
    assert train.words.text() == (
        "Training needs torch, not installed here. In a terminal: pip install 'napari-deconv[train]'"
    )
    assert not train.start.isEnabled()
    train.begin()
    assert not train.training.busy


def test_the_fold_is_there_while_learned_is_chosen(dock: Deconvolve) -> None:
    ready(dock)
    dock.show()
    assert dock.method.teach.isVisible()
    assert not dock.method.train.isVisible()
    dock.method.teach.button.setChecked(True)
    assert dock.method.train.isVisible()
    dock.method.choose("wiener")
    assert not dock.method.teach.isVisible()


def test_the_command_line_is_that_of_the_shell(tmp_path: Path) -> None:
    wish = Wish((tmp_path / "a b", tmp_path / "c"), "mine", 2.5, tmp_path / "out", psf=tmp_path / "psf.tif")
    assert wish.arguments == [
        *("-m", "napari_deconv.cli", "train", "--data", str(tmp_path / "a b"), "--data", str(tmp_path / "c")),
        *("--name", "mine", "--minutes", "2.5", "--out", str(tmp_path / "out"), "--json"),
        *("--psf", str(tmp_path / "psf.tif"), "--start", "small"),
    ]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / training.STATE).touch()
    assert wish.arguments[-1] == "--resume"
    assert "--start" not in wish.arguments


def test_the_new_model_is_in_the_list_and_chosen(
    dock: Deconvolve, sharp: Path, instead: Any, tmp_path: Path, qtbot: Any
) -> None:
    instead(good(tmp_path))
    train = panel(dock, sharp)
    heard: list[dict[str, Any]] = []
    train.training.told.connect(heard.append)
    train.start.click()
    assert train.bar.isHidden() is False
    assert not train.start.isEnabled()
    own_model("mine")
    assert ended(train, qtbot).startswith("Trained: 'mine' is in the list of models now.")
    assert [one["step"] for one in heard] == [1, 2, 3]
    assert dock.recipe().model == "mine"
    assert dock.state == "ready"
    assert not train.curve.isHidden()
    assert train.curve.pixmap().width() == train_panel.WIDTH
    assert train.bar.isHidden()
    assert train.start.isEnabled()


def test_progress_and_loss_are_shown(dock: Deconvolve, sharp: Path, instead: Any, tmp_path: Path, qtbot: Any) -> None:
    instead(good(tmp_path), steps=40)
    train = panel(dock, sharp)
    train.start.click()
    qtbot.waitUntil(lambda: train.bar.value() >= 2, timeout=20_000)
    assert train.bar.maximum() == 40
    assert train.bar.format().startswith("step %v of %m · loss 0.")
    train.cancel.click()
    ended(train, qtbot)


def test_cancel_lets_it_keep_its_state_and_it_goes_on(
    dock: Deconvolve, sharp: Path, instead: Any, tmp_path: Path, qtbot: Any
) -> None:
    instead(good(tmp_path), steps=10_000)
    train = panel(dock, sharp)
    train.start.click()
    qtbot.waitUntil(lambda: train.bar.value() >= 2, timeout=20_000)
    train.cancel.click()
    assert ended(train, qtbot) == "Cancelled; with the same name it goes on where it was."
    assert (train.wish.out / training.STATE).read_text() == "kept"
    assert dock.recipe().model == "auto"
    instead(good(tmp_path))
    train.start.click()
    assert train.words.text() == "Goes on where it was."
    assert "--resume" in train.wish.arguments
    assert ended(train, qtbot).startswith("Trained")


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be ignored there")
def test_who_does_not_listen_is_ended(
    dock: Deconvolve, sharp: Path, instead: Any, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "PATIENCE", 200)
    instead(good(tmp_path), steps=10_000, on_stop="signal.SIG_IGN")
    train = panel(dock, sharp)
    train.start.click()
    qtbot.waitUntil(lambda: train.bar.value() >= 2, timeout=20_000)
    train.cancel.click()
    assert ended(train, qtbot).startswith("Cancelled")


def test_what_the_command_refuses_is_shown(dock: Deconvolve, sharp: Path, instead: Any, qtbot: Any) -> None:
    instead(REFUSED)
    train = panel(dock, sharp)
    train.start.click()
    assert ended(train, qtbot) == "Not trained: Found 0 images. Give two or more."
    assert train.start.isEnabled()


def test_a_crash_is_shown_with_its_last_words(dock: Deconvolve, sharp: Path, instead: Any, qtbot: Any) -> None:
    instead(CRASHED)
    train = panel(dock, sharp)
    train.start.click()
    said = ended(train, qtbot)
    assert said.startswith("Not trained: the training ended with exit code 139")
    assert said.endswith("Segmentation fault")


def test_what_cannot_be_started_is_shown(
    dock: Deconvolve, sharp: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = panel(dock, sharp)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    train.start.click()
    assert ended(train, qtbot).startswith("Not trained: /no/such/python could not be started")


def test_the_psf_of_the_dock_goes_along_as_a_file(
    dock: Deconvolve, sharp: Path, instead: Any, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_deconv import psf

    instead(good(tmp_path))
    train = panel(dock, sharp)
    qtbot.waitUntil(lambda: dock.psf.psf is not None, timeout=20_000)
    train.own.setChecked(True)
    asked: list[Wish] = []
    monkeypatch.setattr(Wish, "arguments", property(lambda wish: asked.append(wish) or ["-c", ""]))
    train.start.click()
    ended(train, qtbot)
    assert asked[0].psf is not None
    np.testing.assert_array_equal(psf.from_file(asked[0].psf).data, psf.gaussian(1.4).data)


def test_with_the_dock_ends_the_training(
    viewer: Any, sharp: Path, instead: Any, tmp_path: Path, qtbot: Any, destroyed: Any
) -> None:
    instead(good(tmp_path), steps=10_000)
    dock = Deconvolve(viewer)
    dock.live.box.setChecked(False)
    train = panel(dock, sharp)
    train.start.click()
    qtbot.waitUntil(lambda: train.bar.value() >= 2, timeout=20_000)
    state = train.wish.out / training.STATE
    with destroyed(dock):
        dock.deleteLater()
    application = QCoreApplication.instance()
    assert isinstance(application, QApplication)
    qtbot.waitUntil(lambda: not application.findChildren(QProcess), timeout=20_000)
    assert state.read_text() == "kept"


@pytest.mark.slow
def test_a_real_training_makes_a_model_that_restores(
    dock: Deconvolve, sharp: Path, qtbot: Any, finish: Callable[[Any], str]
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    pytest.importorskip("onnx")
    train = panel(dock, sharp)
    train.minutes.setValue(0.1)
    train.start.click()
    qtbot.waitUntil(lambda: train._wish is None, timeout=600_000)
    assert train.words.text().startswith("Trained: 'mine'"), train.words.text()
    assert "mine" in models.names()
    assert not train.curve.pixmap().isNull()
    dock.start()
    assert finish(dock) == "done"
    assert dock.result is not None
    assert dock.result.metadata["napari-deconv"]["model"]["name"] == "mine"
