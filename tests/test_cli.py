"""The shell: the same pixels as Python, exit codes 0, 1 and 2, JSON for machines, and no half file ever."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import napari_deconv.io
from napari_deconv import Recipe, cli, job, psf, read, run, samples, write
from napari_deconv.deconvolution import METHODS
from napari_deconv.io import Image

WORDS = "gaussian:sigma=1.2"
NOT_SCALAR = {"image", "psf", "callback"}  # the image is an argument, the callback is the progress bar


def shell(*args: object) -> Result:
    """What the command line does with these words."""
    return CliRunner().invoke(cli.app, [str(arg) for arg in args])


def answer(*args: object) -> dict[str, Any]:
    """The one JSON object that the command prints, which must be all it prints."""
    result = shell(*args, "--json")
    assert result.stderr == ""
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["ok"] == (result.exit_code == 0)
    return found


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an image, a PSF file, a stack, a photograph and a recipe, to work in."""
    rng = np.random.default_rng(7)
    counts = rng.poisson(200, (3, 20, 24)).astype(np.uint16)
    write(tmp_path / "image.tif", Image(counts[0], "YX"))
    write(tmp_path / "stack.ome.tif", Image(counts, "ZYX", (0.3, 0.1, 0.1)))
    write(tmp_path / "channels.ome.tif", Image(counts[:2], "CYX"))
    write(tmp_path / "photo.png", Image(rng.integers(20, 200, (16, 18, 3), dtype=np.uint8), "YXS", None, "srgb"))
    write(tmp_path / "psf.tif", Image(psf.gaussian(1.0).data * 3, "YX"))
    (tmp_path / "recipe.yaml").write_text("method: richardson_lucy\npsf: gaussian:sigma=1.2\nnum_iter: 3\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith((".", "out"))]


def test_run_gives_the_same_bits_as_python(here: Path) -> None:
    result = shell("run", "image.tif", "-o", "out.ome.tif", "--psf", "psf.tif", "--num-iter", 4, "--background", 5)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("wrote out.ome.tif: richardson_lucy, 4 steps in ")
    kernel = psf.from_file("psf.tif")
    with pytest.warns(UserWarning, match="divided by its sum"):
        expected = run(Recipe.build(num_iter=4, background=5.0), read("image.tif"), psf=kernel)
    found = read("out.ome.tif")
    assert np.array_equal(found.data, expected.data)
    recipe = found.metadata["napari-deconv"]["recipe"]
    assert recipe["psf"] == {"file": "psf.tif", "sha256": kernel.sha256}
    assert str(here) not in Path("out.ome.tif").read_bytes().decode("latin-1")


def test_rl_is_an_alias_and_wiener_takes_its_own_parameters(here: Path) -> None:
    first = answer("run", "image.tif", "-o", "out1.tif", "--psf", WORDS, "--method", "rl", "--num-iter", 2)
    assert (first["recipe"]["method"], first["steps"], first["of"]) == ("richardson_lucy", 2, 2)
    second = answer("run", "image.tif", "-o", "out2.tif", "--psf", WORDS, "--method", "wiener", "--balance", 0.5)
    assert (second["recipe"]["method"], second["recipe"]["balance"]) == ("wiener", 0.5)
    third = answer("run", "image.tif", "-o", "out3.tif", "--psf", WORDS, "--method", "wiener", "--balance", "auto")
    assert third["recipe"]["balance"] > 0


def test_every_parameter_of_every_method_and_every_key_of_a_recipe_has_an_option() -> None:
    options = set(inspect.signature(cli.run).parameters)
    for method, function in METHODS.items():
        asked = set(inspect.signature(function).parameters) - NOT_SCALAR
        assert {"noise" if name == "sigma" else name for name in asked} <= options, method
    assert set(Recipe.model_fields) - {"version"} <= options


@pytest.mark.parametrize(
    ("option", "value", "key", "expected"),
    [
        ("--num-iter", "2", "num_iter", 2),
        ("--background", "7.5", "background", 7.5),
        ("--negative", "clip", "negative", "clip"),
        ("--boundary", "reflect", "boundary", "reflect"),
        ("--spacing", "0.1,0.2", "spacing", [0.1, 0.2]),
        ("--light", "stored", "light", "stored"),
        ("--backend", "numpy", "backend", "numpy"),
    ],
)
def test_option_reaches_the_recipe(here: Path, option: str, value: str, key: str, expected: object) -> None:
    found = answer("run", "image.tif", "-o", "out.tif", "--recipe", "recipe.yaml", option, value)
    assert found["recipe"][key] == expected


def test_noise_reaches_the_recipe(here: Path) -> None:
    found = answer("run", "image.tif", "-o", "out.tif", "--psf", WORDS, "--method", "wiener", "--noise", "14")
    assert found["recipe"]["noise"] == 14


def test_options_overrule_the_recipe_and_another_method_leaves_its_parameters_behind(here: Path) -> None:
    plain = answer("run", "image.tif", "-o", "out1.tif", "--recipe", "recipe.yaml")
    assert (plain["steps"], plain["recipe"]["psf"]) == (3, WORDS)
    other = answer(
        "run",
        "image.tif",
        "-o",
        "out2.tif",
        "--recipe",
        "recipe.yaml",
        "--psf",
        "gaussian:sigma=2",
        "--method",
        "wiener",
    )
    assert (other["recipe"]["method"], other["recipe"]["psf"]) == ("wiener", "gaussian:sigma=2")
    assert "num_iter" not in other["recipe"]


def test_result_repeats_itself_from_its_own_recipe(here: Path) -> None:
    assert shell("run", "image.tif", "-o", "out1.ome.tif", "--psf", "psf.tif", "--num-iter", 3).exit_code == 0
    refused = answer("run", "image.tif", "-o", "out2.ome.tif", "--recipe", "out1.ome.tif")
    assert refused["exit_code"] == 2
    assert "--psf psf.tif" in refused["error"]["message"]
    assert shell("recipe", "out1.ome.tif", "-o", "again.yaml").exit_code == 0
    assert shell("run", "image.tif", "-o", "out2.ome.tif", "--recipe", "again.yaml").exit_code == 0
    assert np.array_equal(read("out1.ome.tif").data, read("out2.ome.tif").data)


def test_another_psf_than_the_recipes_is_used_with_a_note(here: Path) -> None:
    shell("run", "image.tif", "-o", "out1.ome.tif", "--psf", "psf.tif", "--num-iter", 1)
    write("other.tif", Image(psf.gaussian(2.0).data, "YX"))
    found = answer("run", "image.tif", "-o", "out2.tif", "--recipe", "out1.ome.tif", "--psf", "other.tif")
    assert any(note.startswith("other.tif: this is not the PSF of the recipe") for note in found["notes"])


def test_psf_may_lie_anywhere_and_be_mixed_with_words_one_per_channel(here: Path) -> None:
    (here / "elsewhere").mkdir()
    (here / "psf.tif").rename(here / "elsewhere/psf.tif")
    given = ["--psf", "elsewhere/../elsewhere/psf.tif", "--psf", WORDS]
    found = answer("run", "channels.ome.tif", "-o", "out.ome.tif", *given, "--num-iter", 2)
    assert [found["recipe"]["psf"][0]["file"], found["recipe"]["psf"][1]] == ["psf.tif", WORDS]
    kernels = [psf.from_file("elsewhere/psf.tif"), psf.gaussian(1.2)]
    with pytest.warns(UserWarning, match="divided by its sum"):
        expected = run(Recipe.build(num_iter=2), read("channels.ome.tif"), psf=kernels)
    assert np.array_equal(read("out.ome.tif").data, expected.data)


def test_channel_axis_says_what_a_file_does_not(here: Path) -> None:
    found = answer("run", "stack.ome.tif", "-o", "out.tif", "--psf", WORDS, "--num-iter", 1, "--channel-axis", 0)
    assert (found["axes"], found["recipe"]["channel_axis"]) == ("CYX", 0)
    named = answer("run", "stack.ome.tif", "-o", "out2.tif", "--psf", WORDS, "--num-iter", 1, "--axes", "TYX")
    assert named["axes"] == "TYX"


def test_photograph_comes_back_as_photograph(here: Path) -> None:
    result = shell("run", "photo.png", "-o", "out.png", "--psf", "defocus:radius=2", "--num-iter", 2)
    assert result.exit_code == 0, result.output
    assert read("out.png").data.dtype == np.uint8
    assert "note: out.png: this kind of file holds no recipe; --save-recipe" in result.stderr
    kept = shell("run", "photo.png", "-o", "out2.png", "--psf", "defocus:radius=2", "--save-recipe", "out.yaml")
    assert kept.exit_code == 0
    assert "--save-recipe" not in kept.stderr
    assert Recipe.from_file("out.yaml").psf == "defocus:radius=2"


def test_masked_pixels_play_no_part(here: Path) -> None:
    image = read("image.tif")
    ignored = np.zeros(image.data.shape, np.uint8)
    ignored[5:7, 8] = 255
    write("mask.tif", Image(ignored, "YX"))
    found = [answer("run", "image.tif", "-o", "out1.tif", "--psf", WORDS, "--num-iter", 2, "--mask", "mask.tif")]
    write(
        "image.tif", image.with_data(np.where(ignored, 60000, image.data).astype(np.uint16), path=None), overwrite=True
    )
    found.append(answer("run", "image.tif", "-o", "out2.tif", "--psf", WORDS, "--num-iter", 2, "--mask", "mask.tif"))
    assert all(one["ok"] for one in found)
    assert np.array_equal(read("out1.tif").data, read("out2.tif").data)


def test_notes_are_single_lines_on_stderr_and_a_list_in_json(here: Path) -> None:
    args = ("run", "image.tif", "--psf", "psf.tif", "--num-iter", 1)
    assert "note: psf psf.tif: normalised: divided by its sum, 3\n" in shell(*args, "-o", "out1.tif").stderr
    assert "psf psf.tif: normalised: divided by its sum, 3" in answer(*args, "-o", "out2.tif")["notes"]


REFUSED: list[tuple[str, str]] = [
    ("run image.tif", "'--output'"),
    ("run image.tif -o out.tif --bogus", "no such option: --bogus"),
    ("bogus", "no such command"),
    ("run gone.tif -o out.tif --psf defocus:radius=2", "gone.tif is not there"),
    ("run - -o out.tif --psf defocus:radius=2", "standard input"),
    ("run image.tif -o - --psf defocus:radius=2", "standard output"),
    ("run image.tif -o out.tif", "no psf"),
    ("run image.tif -o out.tif --psf gone.tif", "gone.tif is not there"),
    ("run image.tif -o out.tif --psf=", "--psf is empty"),
    ("run image.tif -o out.tif --psf widefeld:na=1.4", "did you mean 'widefield'"),
    ("run image.tif -o out.tif --psf widefield:an=1.4,wavelength=0.5", "widefield has no parameter 'an'"),
    ("run image.tif -o out.tif --psf widefield:na=1.7,wavelength=0.5,ri=1.33 --spacing 0.1,0.1", "na=1.7"),
    ("run image.tif -o out.tif --psf widefield:na=1.2,wavelength=520,ri=1.33 --spacing 0.1,0.1", "did you mean 0.52"),
    ("run image.tif -o out.tif --psf widefield:na=1.2,wavelength=0.52,ri=1.33", "voxel size of the image is unknown"),
    ("run image.tif -o out.tif --psf defocus:radius=2 --method richardson", "did you mean 'richardson_lucy'"),
    ("run image.tif -o out.tif --psf defocus:radius=2 --method wiener --num-iter 3", "takes no 'num_iter'"),
    ("run image.tif -o out.tif --psf defocus:radius=2 --num-iter many", "--num-iter"),
    ("run image.tif -o out.tif --psf defocus:radius=2 --num-iter 0", "num_iter"),
    ("run image.tif -o out.tif --psf defocus:radius=2 --background nan", "background"),
    ("run image.tif -o out.tif --psf defocus:radius=2 --negative maybe", "negative"),
    ("run image.tif -o out.tif --psf defocus:radius=2 --balance much --method wiener", "balance"),
    ("run image.tif -o out.tif --psf defocus:radius=2 --boundary none", "boundary"),
    ("run image.tif -o out.tif --psf defocus:radius=2 --backend tpu", "backend"),
    ("run image.tif -o out.tif --psf defocus:radius=2 --spacing 0.1;0.1", "--spacing '0.1;0.1'"),
    ("run image.tif -o out.tif --psf defocus:radius=2 --channel-axis 4", "channel_axis 4"),
    ("run image.tif -o out.tif --psf defocus:radius=2 --channel-axis 0", "channel_axis 0 is the axis y"),
    ("run image.tif -o out.tif --recipe gone.yaml", "gone.yaml is not there"),
    ("run image.tif -o out.tif --recipe misspelt.yaml", "did you mean 'num_iter'"),
    ("run image.tif -o image.tif --psf defocus:radius=2 --overwrite", "one of the inputs"),
    ("run image.tif -o linked.tif --psf defocus:radius=2 --overwrite", "one of the inputs"),
    ("run image.tif -o psf.tif --psf psf.tif --overwrite", "one of the inputs"),
    ("run image.tif -o there.tif --psf defocus:radius=2", "there.tif exists already"),
    ("run image.tif -o dangling.tif --psf defocus:radius=2 --overwrite", "a link, a device"),
    ("run image.tif -o folder.tif --psf defocus:radius=2 --overwrite", "is a folder"),
    ("run image.tif -o gone/out.tif --psf defocus:radius=2", "the folder gone does not exist"),
    ("run image.tif -o out.czi --psf defocus:radius=2", "its ending is none of .ome.tif"),
    ("run image.tif -o out.png --psf defocus:radius=2", "the result is float32; write out.ome.tif instead"),
    ("run photo.png -o out.jpg --psf defocus:radius=2 --light stored", "the result is float32"),
    ("run image.tif -o out.tif --psf defocus:radius=2 --save-recipe out.txt", "its ending is none of .yaml"),
    ("psf theory widefield:na=1.4,wavelength=0.52 -o out.ome.tif", "voxel size"),
    ("psf theory gaussian:sigma=1 -o out.ome.tif --shape 5,b", "--shape '5,b'"),
    ("psf theory gaussian:sigma=1,shape=5x5 -o out.ome.tif --shape 5,5", "shape is given twice"),
    ("psf theory psf.tif -o out.ome.tif", "unknown psf model"),
    ("psf theory gaussian:sigma=1 -o out.png", "its ending is none of"),
    ("recipe gone.tif", "gone.tif is not there"),
    ("demo -o image.tif", "is a file, not a folder"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "words"), REFUSED)
def test_what_cannot_be_done_as_asked_ends_with_2_before_any_work(here: Path, command: str, words: str) -> None:
    (here / "misspelt.yaml").write_text("num_itre: 3\n")
    (here / "there.tif").write_bytes(b"precious")
    (here / "linked.tif").hardlink_to(here / "image.tif")
    (here / "dangling.tif").symlink_to(here / "nowhere.tif")
    (here / "folder.tif").mkdir()
    before = {path.name: path.read_bytes() for path in here.iterdir() if path.is_file()}
    result = shell(*command.split(" "))
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    *notes, message = result.stderr.splitlines()
    assert message.startswith("error: ")
    assert words in message.lower()
    assert all(note.startswith("note: ") for note in notes), "no work began"
    assert {path.name: path.read_bytes() for path in here.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("command", ["run --bogus", "run gone.tif -o out.tif", "bogus", "psf nonsense:x=1 -o out.tif"])
def test_refusal_is_one_json_object_too(here: Path, command: str) -> None:
    found = answer(*command.split())
    assert found["exit_code"] == 2
    assert set(found["error"]) == {"type", "message"}


def test_work_that_fails_ends_with_1(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "text.tif").write_text("no image")
    args = ("-o", "out.tif", "--psf", WORDS)
    unread = shell("run", "text.tif", *args)
    assert (unread.exit_code, "text.tif" in unread.stderr) == (1, True)

    def too_much(*_: object, **__: object) -> None:
        raise MemoryError("needs about 9.1 GiB, 6.0 GiB free on numpy; crop the image")

    with monkeypatch.context() as patch:
        patch.setattr(job, "pieces", too_much)
        assert answer("run", "image.tif", *args)["error"]["type"] == "MemoryError"
        assert shell("run", "image.tif", *args).exit_code == 1

    def disk_full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(napari_deconv.io, "write", disk_full)
    full = shell("run", "image.tif", *args)
    assert (full.exit_code, "No space left" in full.stderr) == (1, True)
    assert leftovers(here) == []


def test_error_of_ours_is_one_sentence_and_a_traceback_only_on_demand(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(napari_deconv.io, "read", broken)
    result = shell("run", "image.tif", "-o", "out.tif", "--psf", WORDS)
    assert result.exit_code == 1
    assert "this should not have happened (KeyError: 'x'); --debug shows where" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in shell("run", "image.tif", "-o", "out.tif", "--psf", WORDS, "--debug").stderr


def test_folder_that_cannot_be_written_is_found_out_before_the_work(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("napari_deconv.arguments.tempfile.TemporaryFile", denied)
    result = shell("run", "image.tif", "-o", "out.tif", "--psf", WORDS)
    assert result.exit_code == 2
    assert "cannot be written (Permission denied)" in result.stderr


def test_overwrite_replaces_an_older_output(here: Path) -> None:
    (here / "out.tif").write_bytes(b"old")
    assert shell("run", "image.tif", "-o", "out.tif", "--recipe", "recipe.yaml", "--overwrite").exit_code == 0
    assert read("out.tif").data.shape == (20, 24)


def test_control_characters_are_shown_not_obeyed(here: Path) -> None:
    name = "evil\x1b[31m\n.tif"
    result = shell("run", name, "-o", "out.tif", "--psf", WORDS)
    assert "\x1b" not in result.stderr
    assert result.stderr.startswith(r"error: evil\x1b[31m\n.tif is not there")
    assert r"\x1b" in answer("run", name, "-o", "out.tif", "--psf", WORDS)["error"]["message"]


def test_psf_is_written_with_its_parameters(here: Path) -> None:
    words = "widefield:na=1.2,wavelength=0.52,ri=1.33"
    result = shell("psf", "theory", words, "-o", "out.ome.tif", "--spacing", "0.3,0.1,0.1", "--image-shape", "8,20,20")
    assert result.exit_code == 0, result.output
    found = read("out.ome.tif")
    expected = psf.widefield((0.3, 0.1, 0.1), na=1.2, wavelength=0.52, ri=1.33, image_shape=(8, 20, 20))
    assert np.array_equal(found.data, expected.data)
    assert found.spacing == pytest.approx((0.3, 0.1, 0.1))
    assert (found.metadata["na"], found.metadata["ri"], found.metadata["wavelengths"]) == (1.2, 1.33, (0.52,))
    assert found.metadata["napari-deconv"]["psf"]["info"]["parameters"]["na"] == 1.2
    assert "15 x 33 x 33 samples" in result.stdout or f"{' x '.join(map(str, expected.shape))} samples" in result.stdout


def test_width_of_a_gaussian_psf_is_2_355_sigma(here: Path) -> None:
    found = answer("psf", "theory", "gaussian:sigma=3", "-o", "out.tif", "--shape", "21,21")
    assert found["fwhm"] == pytest.approx([7.06, 7.06], rel=0.02)
    assert found["shape"] == [21, 21]
    cut = answer("psf", "theory", "gaussian:sigma=3", "-o", "cut.tif", "--shape", "3,21")
    assert cut["fwhm"][0] is None


def test_info_says_why_cupy_is_or_is_not_used() -> None:
    found = answer("info")
    assert found["backends"]["numpy"]["usable"]
    assert found["backends"]["cupy"]["reason"]
    assert {"numpy", "scipy", "tifffile"} <= set(found["packages"])
    assert found["cores"] >= 1
    assert 0 < found["memory"]["free"] <= found["memory"]["total"]
    text = shell("info").stdout
    assert f"CuPy      {'used' if found['backends']['cupy']['usable'] else 'not used'}: " in text


def test_recipe_is_shown_and_saved(here: Path) -> None:
    shell("run", "image.tif", "-o", "out.ome.tif", "--recipe", "recipe.yaml")
    text = shell("recipe", "out.ome.tif")
    assert text.stdout.startswith("version: 1\nmethod: richardson_lucy\npsf: gaussian:sigma=1.2\nnum_iter: 3\n")
    assert answer("recipe", "out.ome.tif")["recipe"]["num_iter"] == 3
    assert shell("recipe", "out.ome.tif", "-o", "saved.yaml").exit_code == 0
    assert Recipe.from_file("saved.yaml") == Recipe.from_file("out.ome.tif")
    assert shell("recipe", "out.ome.tif", "-o", "saved.yaml").exit_code == 2
    none = shell("recipe", "image.tif")
    assert (none.exit_code, "holds no recipe" in none.stderr) == (1, True)


def test_demo_prints_a_table_and_writes_its_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = samples.load

    def hasty(name: str) -> samples.Sample:
        sample = load(name)
        return replace(sample, recipe=sample.recipe.changed(num_iter=1))

    monkeypatch.setattr(samples, "load", hasty)
    result = shell("demo")
    assert result.exit_code == 0, result.output
    for name in samples.NAMES:
        assert name in result.stdout
        assert (here / f"demo/{name}_before_after.png").is_file()
    found = answer("demo", "-o", "demo")
    assert [row["name"] for row in found["samples"]] == list(samples.NAMES)
    assert [row["psnr_before"] is None for row in found["samples"]] == [False, True, False]
    assert all(Path(file).is_file() for row in found["samples"] for file in row["files"])


def test_no_words_show_the_help_and_version_is_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Exit codes" in shell().stdout
    assert shell().exit_code == 0
    assert shell("--version").stdout == f"napari-deconv {napari_deconv.__version__}\n"


def test_entry_point_reads_the_command_line(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["napari-deconv", "recipe", "recipe.yaml", "--json"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 0
    assert json.loads(capsys.readouterr().out)["recipe"]["num_iter"] == 3


def test_signals_are_as_before_after_a_command() -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    shell("--version")
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs us in the background ignores it
from napari_deconv.cli import main
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send to one process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_no_half_file(here: Path, number: signal.Signals) -> None:
    args = ["run", "stack.ome.tif", "-o", "out.ome.tif", "--psf", WORDS, "--num-iter", "100000"]
    with subprocess.Popen([sys.executable, "-c", PROGRAM, *args], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = iter(process.stderr.readline, "")
        assert any(text.startswith("restoring stack.ome.tif") for text in said)
        time.sleep(0.3)
        until = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < until:  # somebody leans on Ctrl-C, also while it leaves
            process.send_signal(number)
            time.sleep(0.001)
        rest = process.stderr.read()
        code = process.wait(30)
    assert code == 1
    assert rest == "error: stopped before it was finished; no half-written file is left\n"
    assert leftovers(here) == []


def test_bare_environment_will_do(here: Path) -> None:
    """No HOME, the C locale, an output that is not a terminal, and nothing heavy loaded for the help."""
    kept = {
        key: os.environ[key] for key in ("PATH", "SYSTEMROOT", "PYTHONPATH", "LD_LIBRARY_PATH") if key in os.environ
    }
    code = (
        "import sys; from napari_deconv import cli\n"
        "try: cli.main()\n"
        "finally: print([m for m in ('numpy', 'scipy', 'tifffile',) if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, "--help"],
        env={**kept, "LC_ALL": "C"}, capture_output=True, text=True, timeout=60, check=False, encoding="utf-8",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip().endswith("[]")
