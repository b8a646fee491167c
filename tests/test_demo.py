"""The demo: every sample gives a result, a recipe, and a picture in which both sides are shown alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from napari_deconv import Recipe, demo, read, samples

ENDINGS = {
    "widefield_stack": [".ome.tif", ".recipe.yaml", "_before_after.png"],
    "clock_motion": [".ome.tif", ".png", ".recipe.yaml", "_before_after.png"],
    "defocused_coffee": [".ome.tif", ".png", ".recipe.yaml", "_before_after.png"],
}
load = samples.load


def hasty(name: str) -> samples.Sample:
    """The sample with a recipe that takes no time."""
    sample = load(name)
    return replace(sample, recipe=sample.recipe.changed(num_iter=2))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[demo.Row], list[tuple[str, int, int]]]:
    folder = tmp_path_factory.mktemp("demo")
    seen: list[tuple[str, int, int]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(samples, "load", hasty)
        rows = demo.make(folder / "new", progress=lambda *step: seen.append(step))
    return folder / "new", rows, seen


def test_every_sample_gives_result_recipe_and_picture(made: tuple[Path, list[demo.Row], object]) -> None:
    folder, rows, _ = made
    expected = [folder / f"{name}{ending}" for name, endings in ENDINGS.items() for ending in endings]
    assert [file for row in rows for file in row.files] == expected
    assert sorted(folder.iterdir()) == sorted(expected)


def test_recipe_beside_a_result_is_the_one_inside_it(made: tuple[Path, list[demo.Row], object]) -> None:
    for name in samples.NAMES:
        beside, inside = (Recipe.from_file(made[0] / f"{name}{ending}") for ending in (".recipe.yaml", ".ome.tif"))
        assert beside == inside
        assert beside.num_iter == 2


def test_result_keeps_axes_voxel_size_and_encoding(made: tuple[Path, list[demo.Row], object]) -> None:
    for name in samples.NAMES:
        image, result = samples.load(name).image, read(made[0] / f"{name}.ome.tif")
        assert (result.axes, result.encoding, result.data.shape) == (image.axes, image.encoding, image.data.shape)
        assert result.spacing == (None if image.spacing is None else pytest.approx(image.spacing))


def test_psnr_is_given_where_the_truth_is_known_with_the_offset_taken_off(
    made: tuple[Path, list[demo.Row], object],
) -> None:
    rows = {row.name: row for row in made[1]}
    assert (rows["clock_motion"].before, rows["clock_motion"].after) == (None, None)
    for name in ("widefield_stack", "defocused_coffee"):
        sample = samples.load(name)
        assert sample.truth is not None
        truth = sample.truth.data.astype(float)
        pictures = (sample.image.data - sample.recipe.background, read(made[0] / f"{name}.ome.tif").data)
        expected = [10 * np.log10(np.ptp(truth) ** 2 / np.mean((picture - truth) ** 2)) for picture in pictures]
        assert [rows[name].before, rows[name].after] == pytest.approx(expected)


def test_progress_runs_to_the_end_of_every_sample(made: tuple[Path, object, list[tuple[str, int, int]]]) -> None:
    assert [name for name, done, total in made[2] if done == total] == list(samples.NAMES)


def test_second_run_replaces_its_own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "load", hasty)
    (tmp_path / "clock_motion.png").write_bytes(b"old")
    demo.make(tmp_path, ["clock_motion"])
    demo.make(tmp_path, ["clock_motion"])
    assert read(tmp_path / "clock_motion.png").data.shape == (300, 400)


@pytest.mark.parametrize("name", samples.NAMES)
def test_both_sides_are_drawn_alike(name: str) -> None:
    """With the picture itself as its own result, before and after are the same, pixel by pixel."""
    sample = load(name)
    flat = replace(sample, recipe=sample.recipe.changed(background=0.0), truth=None)
    sheet = np.asarray(demo.before_after(name, flat, sample.image))
    width = (sheet.shape[1] - 2 * demo.MARGIN - demo.GAP) // 2
    below = slice(demo.MARGIN + demo.TEXT + demo.GAP, None)
    left = sheet[below, demo.MARGIN : demo.MARGIN + width]
    right = sheet[below, demo.MARGIN + width + demo.GAP : -demo.MARGIN]
    assert np.array_equal(left, right)
    assert left.std() > 5


def test_picture_of_a_stack_has_square_micrometres(made: tuple[Path, list[demo.Row], object]) -> None:
    with Pillow.open(made[0] / "widefield_stack_before_after.png") as picture:
        width, height = picture.size
    assert width == 2 * demo.MARGIN + 3 * 4 * 96 + 2 * demo.GAP
    assert height == 2 * demo.MARGIN + demo.TEXT + 2 * demo.GAP + 4 * 96 + 4 * 3 * 24
