"""The shell trains: lines for machines, answers, refusals, and Ctrl-C keeps what was learned."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from napari_deconv import cli, psf, write
from napari_deconv.io import Image
from network.training_scenes import files


def shell(*args: object) -> Result:
    """What ``napari-deconv train`` does with these words."""
    return CliRunner().invoke(cli.app, ["train", *map(str, args)])


def said(*args: object) -> list[dict[str, Any]]:
    """The JSON objects that it prints, which must be all it prints."""
    result = shell(*args, "--json")
    assert result.stderr == ""
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert found[-1]["ok"] == (result.exit_code == 0)
    return found


def refusal(*args: object) -> str:
    """Why it does not begin."""
    (only,) = said(*args)
    assert only["exit_code"] == 2
    return str(only["error"]["message"])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with sharp images, and a place of its own for models."""
    monkeypatch.setenv("NAPARI_DECONV_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    files(tmp_path / "sharp")
    return tmp_path


@pytest.mark.parametrize("missing", ["torch", "safetensors", "onnx"])
def test_without_its_tools_it_says_how_to_get_them(here: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    find = importlib.util.find_spec

    def found(name: str, *rest: Any) -> Any:
        return None if name == missing else find(name, *rest) or object()

    monkeypatch.setattr(importlib.import_module("napari_deconv.cli.train"), "find_spec", found)
    message = refusal("--data", "sharp")
    assert message == f"training needs {missing}, not installed here: pip install 'napari-deconv[train]'"


def test_the_help_tells_of_every_option() -> None:
    text = CliRunner().invoke(cli.app, ["train", "--help"], env={"COLUMNS": "200"}).stdout
    for option in ("data", "minutes", "name", "out", "subject", "size", "start", "psf", "seed", "resume", "json"):
        assert f"--{option}" in text


@pytest.mark.torch
class TestTraining:
    """What needs the extra `train`."""

    @pytest.fixture(autouse=True)
    def quick(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        torch = pytest.importorskip("torch")
        pytest.importorskip("onnx")
        from napari_deconv.network import course, train

        plans = {subject: replace(plan, count=1, side=32) for subject, plan in course.LESSONS.items()}
        plans["deconvolving"] = replace(plans["deconvolving"], side=64)
        monkeypatch.setattr(course, "LESSONS", plans)
        monkeypatch.setattr(course, "_affordable", lambda *args: 3)
        monkeypatch.setattr(train, "QUESTIONS", 1)
        torch.set_num_threads(1)

    TINY = ("--data", "sharp", "--size", "tiny", "--out", "out", "--subject", "denoising")

    def test_json_is_a_line_of_progress_now_and_then_and_the_answer(self) -> None:
        *told, answer = said(*self.TINY, "--name", "mine")
        assert told
        assert all({"step", "steps", "loss", "rate", "seconds"} <= line.keys() for line in told)
        assert told[-1]["step"] == told[-1]["steps"] == 3
        assert "score" in told[-1]
        assert answer == {
            "ok": True, "step": 3, "steps": 3, "loss": told[-1]["loss"], "name": "mine", "notes": [],
            "networks": {job: str(Path("out") / f"{job}.onnx") for job in ("grey", "colour")},
        }  # fmt: skip

    def test_people_are_told_where_everything_is(self) -> None:
        result = shell(*self.TINY, "--name", "mine")
        assert result.exit_code == 0, result.output
        assert result.stdout == "trained 3 steps; state, curve and networks (grey, colour) are in out; --model mine\n"
        assert result.stderr == "training\n"
        assert sorted(path.name for path in Path("out").iterdir()) == [
            "colour.onnx", "curve.png", "grey.onnx", "training.safetensors",
        ]  # fmt: skip

    def test_the_model_restores_from_the_shell(self, here: Path) -> None:
        assert shell(*self.TINY, "--name", "mine").exit_code == 0
        write(here / "image.tif", Image(np.random.default_rng(0).integers(0, 999, (24, 32), dtype=np.uint16), "YX"))
        args = ["run", "image.tif", "-o", "out.tif", "--psf", "gaussian:sigma=1", "--num-iter", "2"]
        result = CliRunner().invoke(cli.app, [*args, "--method", "learned", "--model", "mine"])
        assert result.exit_code == 0, result.output
        assert (here / "out.tif").is_file()

    def test_a_model_can_be_taught_on_and_a_training_resumed(self) -> None:
        assert said(*self.TINY, "--name", "mine")[-1]["ok"]
        tuned = said("--data", "sharp", "--out", "tuned", "--start", "mine")[-1]
        assert (tuned["ok"], tuned["step"]) == (True, 3)
        assert said("--data", "sharp", "--out", "tuned", "--resume")[-1]["step"] == 6

    def test_a_psf_file_is_used(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from napari_deconv.network import course

        asked: list[Any] = []
        before = course.of_instrument
        monkeypatch.setattr(course, "of_instrument", lambda psf: asked.append(psf) or before(psf))
        own = psf.gaussian(1.5)
        write(here / "psf.tif", Image(own.data, "YX"))
        assert said("--data", "sharp", "--size", "tiny", "--psf", "psf.tif")[-1]["ok"]
        np.testing.assert_allclose(asked[0], own.data, atol=1e-6)

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--data", "nowhere"), "nowhere is not there"),
            (("--data", "sharp", "--psf", "nothing.tif"), "nothing.tif is not there"),
            (("--data", "sharp", "--subject", "cooking"), "unknown subject 'cooking'; known: denoising, "),
            (("--data", "sharp", "--size", "huge"), "unknown size 'huge'; known: tiny, small, base"),
            (("--data", "sharp", "--start", "nobody"), "unknown model 'nobody'"),
            (("--data", "sharp", "--resume"), "holds no training.safetensors to go on with"),
            (("--data", "sharp", "--name", "a/b"), "a model cannot be called 'a/b'"),
            (("--data", "models"), "found 0 images to train on among 0 files in models"),
        ],
    )
    def test_what_cannot_be_done_is_refused(self, here: Path, words: tuple[str, ...], message: str) -> None:
        (here / "models").mkdir()
        assert message in refusal(*words)
        assert not (here / "napari-deconv-training").exists()

    def test_a_training_is_not_replaced_by_accident(self) -> None:
        assert shell(*self.TINY).exit_code == 0
        kept = Path("out/training.safetensors").read_bytes()
        assert "out holds a training already" in refusal(*self.TINY)
        assert Path("out/training.safetensors").read_bytes() == kept

    def test_a_loss_that_is_lost_is_told_and_the_state_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from napari_deconv.network.lessons import Denoising

        losses = iter([1.0, float("nan")])
        before = Denoising.loss
        monkeypatch.setattr(Denoising, "loss", lambda *args: before(*args) * next(losses))
        found = said(*self.TINY)[-1]
        assert (found["ok"], found["exit_code"]) == (False, 1)
        assert "step 2 has loss nan" in found["error"]["message"]
        assert Path("out/training.safetensors").is_file()

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send to one process")
    def test_stopping_keeps_what_was_learned(self) -> None:
        command = [sys.executable, "-c", PROGRAM, "train", "--data", "sharp", "--size", "tiny", "--out", "out"]
        more = ["--subject", "denoising", "--minutes", "5", "--json"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        with subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            first = json.loads(process.stdout.readline())
            assert first["step"] == 1
            process.send_signal(signal.SIGINT)
            *_, last = map(json.loads, process.stdout)
            code = process.wait(60)
        assert code == 1
        sentence = "stopped; what was learned so far is in out, and --resume goes on with it"
        assert last["error"] == {"type": "Stopped", "message": sentence}
        assert [path.name for path in Path("out").iterdir()] == ["training.safetensors"]
        rest = said("--data", "sharp", "--out", "out", "--resume", "--minutes", "0.01")
        assert rest[-1]["ok"]
        assert rest[-1]["step"] >= 2

    def test_the_package_is_a_program(self) -> None:
        command = [sys.executable, "-W", "error", "-m", "napari_deconv.cli", "train", "--data", "nowhere", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (2, "")
        assert "nowhere is not there" in json.loads(done.stdout)["error"]["message"]


PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs us in the background ignores it
from napari_deconv.cli import main
main()
"""
