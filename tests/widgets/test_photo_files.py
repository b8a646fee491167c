"""Photographs with files: orientation, depth and profile are kept; what is saved is new and upright."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from npe2 import PluginManager
from PIL import Image as Pillow
from PIL import ImageCms
from qtpy.QtWidgets import QFileDialog

from napari_deconv import Image, psf, read, write
from napari_deconv.light import to_linear
from napari_deconv.widgets.photo.dock import DeblurPhoto
from napari_deconv.widgets.photo.save_photo import picture, suggested
from widgets.photo_scenes import Finish, add_photo, blurred, deep_png, encoded, restored, turned_jpeg, use_motion

MOTION = psf.motion(9, 20)


@pytest.fixture
def opened(make_napari_viewer: Callable[..., Any], qtbot: Any) -> Callable[[Path], DeblurPhoto]:
    """A file opened by napari's own reader in a real window, and the dock beside it, which has looked at the file."""
    PluginManager.instance().discover()

    def opener(path: Path) -> DeblurPhoto:
        viewer = make_napari_viewer()
        _, dock = viewer.window.add_plugin_dock_widget("napari-deconv", "Deblur photo")
        dock.live.setChecked(False)
        viewer.open(path, plugin="napari")
        qtbot.waitUntil(lambda: dock.photo.file is not None, timeout=20_000)
        use_motion(dock)
        found: DeblurPhoto = dock
        return found

    return opener


def saved(dock: DeblurPhoto, path: Path, qtbot: Any, overwrite: bool = False) -> str:
    before = dock.footer.message.text()
    dock.save.save_as(path, overwrite)
    qtbot.waitUntil(lambda: dock.footer.message.text() != before, timeout=20_000)
    return dock.footer.message.text()


def test_a_turned_photograph_is_saved_upright_once(opened: Any, finish: Finish, qtbot: Any, tmp_path: Path) -> None:
    upright = encoded(blurred(MOTION, 60, 90)[1], colours=3)
    lying = np.ascontiguousarray(np.rot90(upright))
    turned_jpeg(tmp_path / "turned.jpg", lying, orientation=6)
    dock = opened(tmp_path / "turned.jpg")
    layer = dock.picker.layer
    assert layer.data.shape == lying.shape
    assert "EXIF orientation" in dock.photo.hint.text()
    assert dock.photo.mend.text() == "Open it upright"
    result = restored(dock, finish)
    assert result.shape == lying.shape
    saved(dock, tmp_path / "a.png", qtbot)
    stored = read(tmp_path / "a.png")
    assert stored.data.shape == upright.shape
    assert not any("orientation" in note for note in stored.metadata["notes"])
    np.testing.assert_array_equal(np.rot90(stored.data), result)

    dock.photo.mend.click()
    qtbot.waitUntil(lambda: dock.picker.layer is not layer, timeout=20_000)
    assert dock.photo.hint.isHidden()
    assert dock.picker.layer.data.shape == upright.shape
    again = restored(dock, finish)
    saved(dock, tmp_path / "b.png", qtbot)
    np.testing.assert_array_equal(read(tmp_path / "b.png").data, again)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_every_orientation_is_found_and_undone(
    photo_dock: DeblurPhoto, finish: Finish, qtbot: Any, tmp_path: Path, orientation: int
) -> None:
    from napari_deconv.widgets.photo.photo_layer import look

    lying = encoded(blurred(MOTION, 60, 90)[1], colours=3)
    turned_jpeg(tmp_path / "turned.jpg", lying, orientation)
    as_napari_reads = np.asarray(Pillow.open(tmp_path / "turned.jpg"))
    assert look(tmp_path / "turned.jpg", as_napari_reads).orientation == orientation
    assert look(tmp_path / "turned.jpg", read(tmp_path / "turned.jpg").data).orientation == 1
    assert not look(tmp_path / "turned.jpg", 255 - as_napari_reads).same


def test_a_deep_png_is_told_and_opened_in_full_depth(opened: Any, finish: Finish, qtbot: Any, tmp_path: Path) -> None:
    deep_png(tmp_path / "deep.png", encoded(blurred(MOTION)[1], np.uint16, colours=3))
    dock = opened(tmp_path / "deep.png")
    layer = dock.picker.layer
    assert layer.data.dtype == np.uint8
    assert "16 bits per colour" in dock.photo.hint.text()
    dock.photo.mend.click()
    qtbot.waitUntil(lambda: dock.picker.layer is not layer, timeout=20_000)
    assert restored(dock, finish).dtype == np.uint16
    saved(dock, tmp_path / "out.png", qtbot)
    assert read(tmp_path / "out.png").data.dtype == np.uint16


def test_the_colour_profile_is_used_and_kept(opened: Any, finish: Finish, qtbot: Any, tmp_path: Path) -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = encoded(blurred(MOTION)[1], colours=3)
    Pillow.fromarray(pixels).save(tmp_path / "with.png", icc_profile=icc)
    dock = opened(tmp_path / "with.png")
    assert dock.photo.photo is not None
    assert dock.photo.photo.metadata["icc"] == icc
    assert "colour profile" in dock.photo.light_note.text()
    restored(dock, finish)
    for name in ("out.png", "out.tif", "out.jpg"):
        saved(dock, tmp_path / name, qtbot)
        assert read(tmp_path / name).metadata["icc"] == icc


def test_the_formats_hold_what_they_should(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any, tmp_path: Path) -> None:
    add_photo(photo_dock, encoded(blurred(MOTION)[1], colours=4))
    use_motion(photo_dock)
    result = restored(photo_dock, finish)
    for name in ("out.png", "out.tif"):
        assert saved(photo_dock, tmp_path / name, qtbot) == f"Saved {name}."
        stored = read(tmp_path / name)
        np.testing.assert_array_equal(stored.data, result[..., :3])
        np.testing.assert_array_equal(stored.metadata["alpha"], result[..., 3])
        assert stored.encoding == "srgb"
    assert read(tmp_path / "out.tif").metadata["napari-deconv"]["recipe"]["psf"] == "motion:length=9,angle=20"
    assert "transparency" in saved(photo_dock, tmp_path / "out.jpg", qtbot)
    assert not (tmp_path / "out.jpg").exists()


def test_an_opaque_alpha_does_not_hinder_a_jpeg(
    photo_dock: DeblurPhoto, finish: Finish, qtbot: Any, tmp_path: Path
) -> None:
    pixels = encoded(blurred(MOTION)[1], colours=4)
    pixels[..., 3] = 255
    add_photo(photo_dock, pixels)
    use_motion(photo_dock)
    result = restored(photo_dock, finish)
    assert "left out" in saved(photo_dock, tmp_path / "out.jpg", qtbot)
    assert np.abs(read(tmp_path / "out.jpg").data.astype(int) - result[..., :3]).mean() < 3


def test_files_are_never_replaced_silently_and_the_original_never(
    opened: Any, finish: Finish, qtbot: Any, tmp_path: Path
) -> None:
    original = tmp_path / "cat.png"
    Pillow.fromarray(encoded(blurred(MOTION)[1])).save(original)
    before = original.read_bytes()
    dock = opened(original)
    restored(dock, finish)
    assert suggested(picture(dock.result), "x") == tmp_path / "cat_deblurred.png"
    saved(dock, tmp_path / "cat_deblurred.png", qtbot)
    assert "exists already" in saved(dock, tmp_path / "cat_deblurred.png", qtbot)
    assert suggested(picture(dock.result), "x") == tmp_path / "cat_deblurred_2.png"
    assert "never replaced" in saved(dock, original, qtbot, overwrite=True)
    assert original.read_bytes() == before
    assert saved(dock, tmp_path / "cat_deblurred.png", qtbot, overwrite=True) == "Saved cat_deblurred.png."


@pytest.mark.parametrize(
    ("name", "dtype", "ending"),
    [
        ("a.jpg", "uint8", ".jpg"),
        ("a.jpg", "uint16", ".png"),
        ("a.tiff", "float32", ".tiff"),
        ("a.webp", "uint8", ".png"),
    ],
)
def test_the_suggested_ending_can_hold_the_pixels(tmp_path: Path, name: str, dtype: str, ending: str) -> None:
    image = Image(np.zeros((4, 5), dtype), "YX", metadata={"path": tmp_path / name})
    assert suggested(image, "x") == tmp_path / f"a_deblurred{ending}"


def test_the_dialog_offers_the_suggestion(
    photo_dock: DeblurPhoto, finish: Finish, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cat.png"
    Pillow.fromarray(encoded(blurred(MOTION)[1])).save(path)
    add_photo(
        photo_dock, encoded(blurred(MOTION)[1]), metadata={"napari-deconv": {"encoding": "srgb", "path": str(path)}}
    )
    use_motion(photo_dock)
    restored(photo_dock, finish)
    asked: list[str] = []

    def dialog(parent: Any, title: str, start: str, kinds: str) -> tuple[str, str]:
        asked.append(start)
        return start, kinds

    monkeypatch.setattr(QFileDialog, "getSaveFileName", dialog)
    photo_dock.save.click()
    qtbot.waitUntil(lambda: (tmp_path / "cat_deblurred.png").exists(), timeout=20_000)
    assert asked == [str(tmp_path / "cat_deblurred.png")]


def test_a_deep_grey_png_counts_as_linear(opened: Any, finish: Finish, tmp_path: Path) -> None:
    write(tmp_path / "grey.png", Image((60_000 * blurred(MOTION)[1]).astype(np.uint16), "YX"))
    dock = opened(tmp_path / "grey.png")
    assert not dock.photo.light_box.isChecked()
    assert "linear light" in dock.photo.light_note.text()
    found = restored(dock, finish)
    assert found.dtype == np.uint16
    assert to_linear(picture(dock.result)) is not None
    assert picture(dock.result).encoding == "linear"
