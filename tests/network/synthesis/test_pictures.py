"""Files become pictures to train on and pictures held out, the same every time; pieces are as they were asked for."""

from __future__ import annotations

import numpy as np
import pytest

from napari_deconv.io import Image, write
from napari_deconv.light import srgb
from napari_deconv.network.synthesis import pictures
from napari_deconv.network.synthesis.pictures import LUMA, SMALLEST, Picture, load, piece, turned


def grey(path, seed=0, sides=(130, 140)):
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, Image(np.random.default_rng(seed).integers(0, 255, sides, dtype=np.uint8), "YX", None, "srgb"))
    return path


@pytest.fixture
def folder(tmp_path):
    """Ten grey photographs."""
    for number in range(10):
        grey(tmp_path / "many" / f"{number}.png", number)
    return tmp_path / "many"


def names(found):
    return [picture.name for picture in found]


def only(path, **how):
    """The picture of one file; load wants another beside it."""
    training, held_out = load([path, grey(path.parent / "other" / "zz.png")], **how)
    return next(picture for picture in training + held_out if picture.name == path.name)


def test_every_eighth_picture_is_held_out_and_none_is_lost(folder):
    training, held_out = load([folder])
    assert names(held_out) == ["4.png"]
    assert names(training) == [f"{n}.png" for n in range(10) if n != 4]


def test_of_few_pictures_the_last_is_held_out(folder):
    training, held_out = load([folder / "3.png", folder / "1.png"])
    assert (names(training), names(held_out)) == (["1.png"], ["3.png"])


def test_the_split_does_not_depend_on_how_the_files_are_given(folder, monkeypatch):
    first = [names(part) for part in load([folder])]
    assert [names(part) for part in load([folder / f"{n}.png" for n in range(9, -1, -1)])] == first
    monkeypatch.chdir(folder.parent)
    assert [names(part) for part in load([folder, folder / "3.png", folder.parent / "many" / ".." / "many"])] == first


def test_files_of_one_name_in_two_folders_are_two_pictures(tmp_path):
    for where in ("a", "b", "c"):
        grey(tmp_path / where / "same.png", ord(where))
    training, held_out = load([tmp_path / "b", tmp_path / "c", tmp_path / "a"])
    assert len(training) == 2
    order = [picture.scales[0].tobytes() for picture in training + held_out]
    assert order == [load([tmp_path / w, grey(tmp_path / w / "z.png")])[0][0].scales[0].tobytes() for w in "abc"]


def test_a_folder_can_be_left_out(folder):
    grey(folder / "out" / "curve.png")
    assert "curve.png" in names(load([folder])[0])
    training, held_out = load([folder], without=folder / "out")
    assert len(training + held_out) == 10
    assert "curve.png" not in names(training + held_out)


def test_other_files_in_a_folder_are_passed_over(folder):
    (folder / "notes.txt").write_text("not a picture")
    assert sum(map(len, load([folder]))) == 10


def test_small_pictures_are_left_out(folder):
    grey(folder / "small.png", sides=(SMALLEST - 1, 300))
    assert "small.png" not in names(load([folder])[0])


def test_too_few_pictures_are_refused_with_what_is_needed(tmp_path):
    grey(tmp_path / "small.png", sides=(64, 64))
    grey(tmp_path / "large.png")
    with pytest.raises(ValueError, match=r"found 1 images to train on among 2 files in .*; give two or more, 128 pix"):
        load([tmp_path])
    with pytest.raises(ValueError, match="found 0 images to train on among 0 files"):
        load([grey(tmp_path / "empty" / "a.png").parent / ".." / "empty"], without=tmp_path)


def test_a_path_that_is_not_there_is_named(folder):
    with pytest.raises(FileNotFoundError, match="missing is not there; check its name"):
        load([folder, folder / "missing"])


def test_a_damaged_file_is_named(folder):
    (folder / "5.png").write_bytes((folder / "5.png").read_bytes()[:2000])
    with pytest.raises(ValueError, match=r"5\.png"):
        load([folder])


def test_a_photograph_keeps_its_colours_and_its_encoding(tmp_path):
    data = np.random.default_rng(0).integers(0, 255, (150, 200, 3), dtype=np.uint8)
    write(tmp_path / "photo.png", Image(data, "YXS", None, "srgb"))
    found = only(tmp_path / "photo.png")
    assert (found.colours, found.encoded) == (3, True)
    np.testing.assert_array_equal(found.scales[0], data.transpose(2, 0, 1))


def test_scales_end_where_they_would_be_too_small(tmp_path):
    found = only(grey(tmp_path / "large.png", sides=(400, 300)))
    assert [scale.shape for scale in found.scales] == [(1, 400, 300), (1, 284, 213), (1, 200, 150)]


def test_a_stack_becomes_the_brightest_of_each_pixel(tmp_path):
    data = np.random.default_rng(0).integers(100, 4000, (3, 130, 130), dtype=np.uint16)
    write(tmp_path / "stack.ome.tif", Image(data, "ZYX", (1.0, 0.1, 0.1)))
    found = only(tmp_path / "stack.ome.tif")
    assert (found.colours, found.encoded) == (1, False)
    brightest = data.max(axis=0).astype(float)
    top = np.percentile(brightest, 99.9)
    expected = np.clip((brightest - brightest.min()) * 255 / (top - brightest.min()), 0, 255)
    assert np.abs(found.scales[0][0] - expected).max() <= 0.51


def test_every_channel_of_a_microscope_is_stretched_on_its_own(tmp_path):
    data = np.random.default_rng(0).integers(0, 200, (2, 130, 130)) * np.array([1, 50])[:, None, None]
    write(tmp_path / "channels.ome.tif", Image(data.astype(np.uint16), "CYX"))
    found = only(tmp_path / "channels.ome.tif")
    assert found.colours == 2
    assert found.scales[0].max(axis=(1, 2)).tolist() == [255, 255]


def flat(*values, encoded=True):
    return Picture("flat", encoded, (np.full((len(values), 64, 64), np.array(values)[:, None, None], np.uint8),))


@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("side", [16, 40, 64, 100])
def test_a_piece_has_the_size_that_was_asked_for_however_small_the_picture(colours, side):
    found = piece(np.random.default_rng(0), [flat(10, 20, 30)], side, colours)
    assert (found.shape, found.dtype) == ((colours, side, side), np.float32)
    assert np.ptp(found, axis=(1, 2)).max() < 1e-6


def test_half_of_the_pieces_of_photographs_are_in_linear_light():
    found = [float(piece(np.random.default_rng(seed), [flat(100)], 16, 1).max()) for seed in range(200)]
    linear = float(srgb(np.array(100 / 255)))
    assert {round(value, 5) for value in found} == {round(linear, 5), round(100 / 255, 5)}
    assert 70 < sum(value < 0.2 for value in found) < 130


def test_photographs_turn_grey_by_luma_and_channels_one_at_a_time():
    values = np.array([10, 100, 200])
    photo = {float(piece(np.random.default_rng(s), [flat(*values)], 16, 1).max()) for s in range(20)}
    expected = [float(np.dot(LUMA, light)) for light in (values / 255, srgb(values / 255))]
    np.testing.assert_allclose(sorted(photo), sorted(expected), rtol=1e-5)
    stain = [piece(np.random.default_rng(s), [flat(*values, encoded=False)], 16, 1).max() * 255 for s in range(40)]
    np.testing.assert_allclose(np.unique(np.round(stain, 3)), values)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_any_number_of_channels_gives_grey_pieces(count):
    picture = flat(*range(10, 10 + count), encoded=False)
    assert piece(np.random.default_rng(0), [picture], 16, 1).shape == (1, 16, 16)


def test_pieces_in_colour_come_from_pictures_in_colour_only():
    mixed = [flat(1, encoded=False), flat(1, 1, encoded=False), flat(7, 8, 9, encoded=False)]
    for seed in range(20):
        found = piece(np.random.default_rng(seed), mixed, 16, 3)
        np.testing.assert_allclose(found[:, 0, 0] * 255, (7, 8, 9), rtol=1e-5)


def test_large_pictures_are_chosen_more_often():
    both = [flat(0, encoded=False), Picture("large", False, (np.full((1, 256, 256), 200, np.uint8),))]
    found = [piece(np.random.default_rng(seed), both, 16, 1).max() > 0 for seed in range(200)]
    assert 0.7 < np.mean(found) < 0.9  # sides of 256 and 64: 4 to 1


def test_of_two_places_the_one_with_more_detail_is_taken(monkeypatch):
    half = np.zeros((1, 64, 256), np.uint8)
    half[..., 128:] = np.random.default_rng(0).integers(0, 255, (64, 128))
    chosen = [piece(np.random.default_rng(s), [Picture("", False, (half,))], 16, 1).max() > 0 for s in range(100)]
    assert np.mean(chosen) > 0.65
    monkeypatch.setattr(pictures, "TRIES", 1)
    chosen = [piece(np.random.default_rng(s), [Picture("", False, (half,))], 16, 1).max() > 0 for s in range(100)]
    assert np.mean(chosen) < 0.65


def test_all_eight_orientations_come():
    part = np.arange(18, dtype=np.float32).reshape(2, 3, 3)
    found = {turned(np.random.default_rng(seed), part).tobytes() for seed in range(80)}
    assert len(found) == 8
