"""PSFs in the shell: computed, measured, estimated, examined."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from napari_deconv import cli, psf, read, write
from napari_deconv.io import Image

WORDS = "widefield:na=1.2,wavelength=0.52,ri=1.33"
STEP = (0.3, 0.09, 0.09)


def shell(*args: object) -> Result:
    """What the command line does with these words."""
    return CliRunner().invoke(cli.app, [str(arg) for arg in ("psf", *args)])


def answer(*args: object) -> dict[str, Any]:
    """The one JSON object that the command prints."""
    result = shell(*args, "--json")
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["ok"] == (result.exit_code == 0)
    return found


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def beads() -> Image:
    """Six beads, two of them nearly on top of each other."""
    rng = np.random.default_rng(4)
    kernel = psf.widefield(STEP, na=1.2, wavelength=0.52, ri=1.33, theory="scalar", shape=(13, 25, 25))
    field = np.zeros((15, 96, 96))
    for y, x in ((20, 20), (20, 70), (50, 44), (74, 22), (74, 72), (74, 78)):
        field[1:14, y - 12 : y + 13, x - 12 : x + 13] += 4e4 * kernel.data
    return Image(rng.poisson(field + 50).astype("uint16"), "ZYX", STEP)


def test_theory_takes_voxel_size_and_microscope_of_the_image_it_is_for(here: Path) -> None:
    told = {"na": 1.2, "ri": 1.33, "wavelengths": (0.52,)}
    write("stack.ome.tif", Image(np.ones((6, 20, 21), "uint16"), "ZYX", STEP, "linear", told))
    found = answer("theory", "widefield", "-o", "psf.ome.tif", "--image", "stack.ome.tif")
    expected = psf.widefield(STEP, na=1.2, wavelength=0.52, ri=1.33, image_shape=(6, 20, 21))
    assert found["sha256"] == expected.sha256
    assert "na 1.2 of the PSF was taken from the image's file" in found["notes"]


def test_a_computed_psf_comes_back_from_its_file_with_its_parameters(here: Path) -> None:
    assert answer("theory", WORDS, "-o", "psf.ome.tif", "--spacing", "0.3,0.09,0.09", "--shape", "9,21,21")["ok"]
    found = psf.from_file("psf.ome.tif")
    assert (found.info["parameters"]["na"], found.info["parameters"]["wavelength"]) == (1.2, 0.52)
    assert read("psf.ome.tif").metadata["modality"] == "widefield"


def test_one_file_holds_one_wavelength(here: Path) -> None:
    result = shell(
        "theory", "widefield:na=1.2,wavelength=0.461x0.509,ri=1.33", "-o", "psf.tif", "--spacing", "0.2,0.1,0.1"
    )
    assert result.exit_code == 2
    assert "one PSF for each of 2 wavelengths" in result.stderr


def test_what_a_model_needs_and_nobody_tells_is_asked_for(here: Path) -> None:
    result = shell("theory", "widefield:na=1.2", "-o", "psf.tif", "--spacing", "0.3,0.09,0.09")
    assert result.exit_code == 2
    assert "widefield needs wavelength" in result.stderr


@pytest.mark.parametrize("given", [(), ("--points", "points.csv")])
def test_beads_are_averaged_and_the_bad_ones_named(here: Path, given: tuple[str, ...]) -> None:
    write("beads.ome.tif", beads())
    Path("points.csv").write_text("index,axis-0,axis-1,axis-2\n0,7,20,20\n1,7,20,70\n2,7,50,44\n3,7,74,22\n4,7,74,72\n")
    result = shell("beads", "beads.ome.tif", "-o", "psf.ome.tif", *given)
    assert result.exit_code == 0, result.output
    assert "4 of " in result.stdout
    assert "not used: beads.ome.tif at (" in result.stdout
    assert psf.from_file("psf.ome.tif").spacing == pytest.approx(STEP)


def test_points_that_are_no_table_are_refused(here: Path) -> None:
    write("beads.ome.tif", beads())
    Path("points.csv").write_text("here and there\n")
    result = shell("beads", "beads.ome.tif", "-o", "psf.ome.tif", "--points", "points.csv")
    assert result.exit_code == 2
    assert "columns axis-0, axis-1" in result.stderr


def test_examine_names_what_is_wrong_and_repairs_it(here: Path) -> None:
    kernel = psf.gaussian(2.0, shape=(41, 41)).data
    write("psf.tif", Image((np.roll(kernel, 3, 1) + 0.01 * kernel.max()).astype("float32"), "YX"))
    assert {f["name"] for f in answer("examine", "psf.tif")["findings"]} >= {"pedestal", "not_centred"}
    assert shell("examine", "psf.tif", "-o", "good.tif").exit_code == 0
    assert answer("examine", "good.tif")["findings"] == []


def test_findings_end_before_their_remedy_begins(here: Path) -> None:
    write("psf.tif", Image(np.roll(psf.gaussian(2.0, shape=(21, 21)).data, 3, 1), "YX"))
    assert "displaced by as much; mended with -o: rolls a wrapped PSF;" in shell("examine", "psf.tif").stdout
    write("cut.tif", Image(psf.gaussian(8.0, shape=(21, 21)).data, "YX"))
    assert "; to do: record or cut out a larger PSF" in shell("examine", "cut.tif").stdout


def test_examine_sees_negative_values(here: Path) -> None:
    kernel = psf.gaussian(2.0, shape=(21, 21)).data.copy()
    kernel[0, 0] = -0.3 * kernel.max()
    write("psf.tif", Image(kernel, "YX"))
    assert "negative" in shell("examine", "psf.tif").stdout


def test_a_healthy_psf_is_not_accused(here: Path) -> None:
    write("psf.tif", Image(psf.gaussian(2.0).data, "YX"))
    assert shell("examine", "psf.tif").stdout == "psf.tif: nothing wrong was found\n"


def photograph() -> Image:
    """Overlapping disks, as light falls in the world, blurred by motion."""
    from scipy.signal import fftconvolve

    rng = np.random.default_rng(8)
    y, x = np.indices((330, 330))
    picture = np.full((330, 330), 0.5)
    for _ in range(500):
        radius = 4 / np.sqrt(rng.uniform(0.003, 1))
        at = rng.uniform(0, 330, 2)
        picture[(y - at[0]) ** 2 + (x - at[1]) ** 2 < radius**2] = rng.uniform(0.05, 0.95)
    blurred = fftconvolve(picture, psf.motion(13, 25).data, mode="valid")
    return Image((blurred + rng.normal(0, 0.004, blurred.shape)).astype("float32"), "YX")


def test_an_estimate_says_its_numbers_and_the_words_for_them(here: Path) -> None:
    write("photo.tif", photograph())
    result = answer("estimate", "motion", "photo.tif", "-o", "psf.tif")
    assert result["values"]["length"] == pytest.approx(13, abs=1.5)
    assert result["values"]["angle"] == pytest.approx(25, abs=3)
    assert psf.parse(result["words"])[0] == "motion"
    assert answer("examine", "psf.tif")["findings"] == []


def test_an_estimate_that_failed_is_not_written_unless_asked_for(here: Path) -> None:
    noise = np.random.default_rng(3).normal(100, 5, (256, 256)).astype("float32")
    write("noise.tif", Image(noise, "YX"))
    result = shell("estimate", "defocus", "noise.tif", "-o", "psf.tif")
    assert result.exit_code == 1
    assert "--keep-failed" in result.stderr
    assert not Path("psf.tif").exists()
    kept = answer("estimate", "defocus", "noise.tif", "-o", "psf.tif", "--keep-failed")
    assert kept["failure"]
    assert Path("psf.tif").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("wobble", "photo.tif"), "unknown kind of blur 'wobble'"),
        (("refine", "photo.tif"), "starts from a theory"),
        (("motion", "photo.tif", "--psf", WORDS), "starts from the image alone"),
        (("motion", "photo.tif", "--size", 31), "--size is for camera_shake"),
        (("refine", "photo.tif", "--psf", "psf.tif"), "no theory in words"),
    ],
)
def test_what_does_not_go_together_is_refused(here: Path, given: tuple[object, ...], said: str) -> None:
    result = shell("estimate", *given, "-o", "psf.ome.tif")
    assert result.exit_code == 2
    assert said in result.stderr
