"""The dock Deblur photo: what its form says is done to the photograph, and nothing else happens to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from qtpy.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton, QSlider, QSpinBox, QWidget

from napari_deconv import Image, Recipe, psf, run
from napari_deconv.light import to_linear
from napari_deconv.widgets.layers import role
from napari_deconv.widgets.photo import photo_section
from napari_deconv.widgets.photo.blur_form import KINDS
from napari_deconv.widgets.photo.dock import DeblurPhoto
from napari_deconv.widgets.task import MINIMUM_WIDTH
from widgets.photo_scenes import Finish, add_photo, blurred, encoded, restored, use_motion

KERNELS = {
    "motion": (psf.motion(9, 20), {"length": "9", "angle": "20"}, "motion:length=9,angle=20"),
    "defocus": (psf.defocus(3), {"radius": "3"}, "defocus:radius=3"),
    "gaussian": (psf.gaussian(1.5), {"sigma": "1.5"}, "gaussian:sigma=1.5"),
}


def use(dock: DeblurPhoto, kind: str) -> None:
    dock.blur.choose(kind)
    for name, text in KERNELS[kind][1].items():
        dock.blur.numbers[kind].edits[name].type(text)


@pytest.mark.parametrize("method", ["wiener", "richardson_lucy"])
@pytest.mark.parametrize("kind", KERNELS)
def test_each_typed_blur_is_undone(photo_dock: DeblurPhoto, finish: Finish, kind: str, method: str) -> None:
    sharp, smeared = blurred(KERNELS[kind][0], 120, 140)
    add_photo(photo_dock, encoded(smeared))
    use(photo_dock, kind)
    photo_dock.strength.choose(method)
    photo_dock.strength.slider.setValue(0 if method == "wiener" else 10)
    found = restored(photo_dock, finish)
    off = [np.abs(to_linear(Image(p, "YX", None, "srgb")).data - sharp) for p in (encoded(smeared), found)]
    before, after = (float(o[20:-20, 20:-20].mean()) for o in off)
    assert after < 0.8 * before
    assert photo_dock.result is not None
    told = photo_dock.result.metadata["napari-deconv"]["recipe"]
    assert told["psf"] == KERNELS[kind][2]
    assert (told["method"], told["light"]) == (method, "linear")


@pytest.mark.parametrize("kind", ["motion", "layer"])
def test_dock_and_recipe_give_the_same_bits(photo_dock: DeblurPhoto, finish: Finish, kind: str) -> None:
    kernel, _, words = KERNELS["motion"]
    pixels = encoded(blurred(kernel)[1], colours=3)
    photo_dock.viewer.add_image(kernel.data, name="PSF", metadata={"napari-deconv": {"role": "psf"}})
    add_photo(photo_dock, pixels)
    use(photo_dock, "motion")
    photo_dock.blur.choose(kind)
    photo_dock.strength.choose("richardson_lucy")
    photo_dock.strength.slider.setValue(-20)
    recipe = Recipe.build(psf=words, num_iter=5, negative="clip")
    expected = run(recipe, Image(pixels, "YXS", None, "srgb"), psf=None if kind == "motion" else kernel)
    np.testing.assert_array_equal(restored(photo_dock, finish), expected.data)


def test_the_middle_of_the_slider_is_the_automatic_balance(photo_dock: DeblurPhoto, finish: Finish) -> None:
    pixels = encoded(blurred(KERNELS["motion"][0])[1])
    add_photo(photo_dock, pixels)
    use(photo_dock, "motion")
    recipe = Recipe.build(method="wiener", psf=KERNELS["motion"][2])
    expected = run(recipe, Image(pixels, "YX", None, "srgb"))
    found = restored(photo_dock, finish)
    assert photo_dock.result is not None
    told = photo_dock.result.metadata["napari-deconv"]["recipe"]["balance"]
    assert told == pytest.approx(expected.metadata["napari-deconv"]["recipe"]["balance"], rel=1e-3)
    assert np.abs(found.astype(int) - expected.data).max() <= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("colours", [0, 3, 4])
def test_the_result_is_of_the_type_of_the_photograph(
    photo_dock: DeblurPhoto, finish: Finish, dtype: Any, colours: int
) -> None:
    smeared = blurred(KERNELS["defocus"][0])[1]
    integers = np.dtype(dtype).kind == "u"
    pixels = encoded(smeared, dtype if integers else np.uint8, colours)
    pixels = pixels if integers else (pixels / 255).astype(dtype)
    before = pixels.copy()
    add_photo(photo_dock, pixels)
    use(photo_dock, "defocus")
    assert photo_dock.photo.light_box.isChecked() == integers
    found = restored(photo_dock, finish)
    assert (found.dtype, found.shape) == (pixels.dtype, pixels.shape)
    assert found.min() >= 0
    assert found.max() <= (np.iinfo(dtype).max if integers else 1)
    assert not np.array_equal(found[..., :3], pixels[..., :3])
    np.testing.assert_array_equal(pixels, before)
    if colours == 4:
        np.testing.assert_array_equal(found[..., 3], pixels[..., 3])
    assert photo_dock.result is not None
    assert photo_dock.result.rgb == bool(colours)


@pytest.mark.parametrize("encoding", ["linear light", "as stored"])
def test_the_share_of_clipped_values_is_told(photo_dock: DeblurPhoto, finish: Finish, encoding: str) -> None:
    pixels = np.zeros((40, 50), np.uint8)
    pixels[:, 20:30] = 255
    add_photo(photo_dock, pixels)
    use(photo_dock, "motion")
    photo_dock.photo.light_box.setChecked(encoding == "linear light")
    photo_dock.photo.light_box.clicked.emit()
    found = restored(photo_dock, finish)
    assert photo_dock.result is not None
    told = photo_dock.result.metadata["napari-deconv"]
    assert told["recipe"]["light"] == ("linear" if encoding == "linear light" else "stored")
    share = next(note for note in told["notes"] if "clipped" in note)
    assert 0 < float(share.split("%")[0]) < 100
    assert share in photo_dock.footer.message.text()
    assert {int(found.min()), int(found.max())} == {0, 255}


def test_floats_beyond_one_are_not_clipped(photo_dock: DeblurPhoto, finish: Finish) -> None:
    add_photo(photo_dock, 100 * blurred(KERNELS["gaussian"][0])[1])
    use(photo_dock, "gaussian")
    found = restored(photo_dock, finish)
    assert found.max() > 1
    assert "clipped" not in photo_dock.footer.message.text()


def test_the_luminance_alone_keeps_the_hues(photo_dock: DeblurPhoto, finish: Finish) -> None:
    pixels = encoded(blurred(KERNELS["gaussian"][0])[1], colours=3)
    add_photo(photo_dock, pixels)
    use(photo_dock, "gaussian")
    photo_dock.photo.colour_box.setCurrentIndex(1)
    found = to_linear(Image(restored(photo_dock, finish), "YXS", None, "srgb")).data
    middle = found[10:-10, 10:-10]
    np.testing.assert_allclose(middle[..., 1] / middle[..., 0], 0.8, atol=0.05)
    assert photo_dock.result is not None
    assert photo_dock.result.metadata["napari-deconv"]["recipe"]["colour"] == "luminance"
    photo_dock.picker.pick(add_photo(photo_dock, pixels[..., 0], name="grey"))
    assert photo_dock.photo.colour_box.isHidden()
    assert "colour" not in photo_dock.photo.values()


def test_the_result_is_a_new_layer_in_its_place(photo_dock: DeblurPhoto, finish: Finish) -> None:
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    place = {"scale": (2.0, 3.0), "translate": (5.0, 6.0), "rotate": turn, "units": ("micrometer",) * 2}
    source = add_photo(photo_dock, encoded(blurred(KERNELS["motion"][0])[1], colours=3), **place)
    above = photo_dock.viewer.add_points(np.zeros((1, 2)), name="above", units=("micrometer",) * 2)
    use(photo_dock, "motion")
    restored(photo_dock, finish)
    result = photo_dock.result
    assert result is not None
    assert [layer.name for layer in photo_dock.viewer.layers] == ["cat", "cat · motion, Wiener", "above"]
    assert photo_dock.viewer.layers[-1] is above
    assert result.rgb
    corner = (11.0, 13.0)
    np.testing.assert_allclose(result.data_to_world(corner), source.data_to_world(corner))
    assert result.units == source.units
    assert photo_dock.picker.layer is source
    restored(photo_dock, finish)
    assert photo_dock.result is not None
    assert photo_dock.result.name == "cat · motion, Wiener [1]"


def test_a_grey_result_is_shown_like_its_source(photo_dock: DeblurPhoto, finish: Finish) -> None:
    pixels = encoded(blurred(KERNELS["motion"][0])[1])
    source = add_photo(photo_dock, pixels, contrast_limits=(10, 200), gamma=0.7, colormap="magma")
    use(photo_dock, "motion")
    restored(photo_dock, finish)
    result = photo_dock.result
    assert result is not None
    assert tuple(result.contrast_limits) == tuple(source.contrast_limits) == (10, 200)
    assert (result.gamma, result.colormap.name) == (0.7, "magma")


def test_dask_and_pyramids_give_the_same_bits(photo_dock: DeblurPhoto, finish: Finish) -> None:
    pixels = encoded(blurred(KERNELS["motion"][0])[1], colours=3)
    use(photo_dock, "motion")
    add_photo(photo_dock, pixels)
    expected = restored(photo_dock, finish)
    lazy = da.from_array(pixels, chunks=32)
    for data, multiscale in ((lazy, False), ([pixels, pixels[::2, ::2]], True)):
        layer = photo_dock.viewer.add_image(data, rgb=True, multiscale=multiscale)
        photo_dock.picker.pick(layer)
        np.testing.assert_array_equal(restored(photo_dock, finish), expected)


def test_what_does_not_fit_is_refused_with_a_hint_to_crop(
    photo_dock: DeblurPhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_section, "host_free_bytes", lambda: 2**20)
    photo_dock.viewer.add_image(da.zeros((4000, 5000, 3), chunks=500, dtype=np.uint8), rgb=True)
    use(photo_dock, "motion")
    assert photo_dock.state == "invalid"
    assert photo_dock.footer.hint.text().endswith("1 MiB are free: crop it first.")


@pytest.mark.parametrize("shape", [(4, 20, 20), (20, 20, 2)])
def test_stacks_are_sent_to_the_other_dock(photo_dock: DeblurPhoto, shape: tuple[int, ...]) -> None:
    photo_dock.viewer.add_image(np.zeros(shape, np.uint8))
    use(photo_dock, "motion")
    assert photo_dock.state == "invalid"
    assert "Deconvolve (microscopy)" in photo_dock.footer.hint.text()


def test_what_is_missing_is_said_in_words(photo_dock: DeblurPhoto) -> None:
    assert photo_dock.state == "empty"
    add_photo(photo_dock, encoded(blurred(KERNELS["motion"][0])[1]))
    hints = {
        "motion": "To run: type, draw or estimate Length (pixels) and Angle (degrees) in section 2.",
        "defocus": "To run: type or estimate Radius (pixels) in section 2.",
        "gaussian": "To run: type or estimate Sigma (pixels) in section 2.",
        "camera_shake": "To run: estimate the camera shake in section 2.",
        "layer": "To run: choose the PSF layer in section 2.",
    }
    for kind, hint in hints.items():
        photo_dock.blur.choose(kind)
        assert photo_dock.state == "invalid"
        assert photo_dock.footer.hint.text() == hint


@pytest.mark.parametrize(("text", "words"), [("-1", "at least 0"), ("a", "not a number"), ("1 2", "one number")])
def test_impossible_numbers_are_refused(photo_dock: DeblurPhoto, text: str, words: str) -> None:
    add_photo(photo_dock, encoded(blurred(KERNELS["motion"][0])[1]))
    use_motion(photo_dock, length=text)
    assert photo_dock.state == "invalid"
    assert words in photo_dock.footer.hint.text()


def test_what_the_model_refuses_is_shown(photo_dock: DeblurPhoto, qtbot: Any) -> None:
    add_photo(photo_dock, encoded(blurred(KERNELS["motion"][0])[1]))
    use_motion(photo_dock, length="5000")
    qtbot.waitUntil(lambda: photo_dock.state == "invalid", timeout=20_000)
    assert "2000" in photo_dock.blur.picture.caption.text()


def test_the_kernel_is_shown_with_its_numbers(photo_dock: DeblurPhoto, qtbot: Any) -> None:
    add_photo(photo_dock, encoded(blurred(KERNELS["motion"][0])[1]))
    use(photo_dock, "defocus")
    photo_dock.blur.numbers["defocus"].edits["blades"].type("6")
    qtbot.waitUntil(lambda: photo_dock.blur.psf is not None, timeout=20_000)
    assert photo_dock.blur.picture.picture.pixmap().width() == pytest.approx(104, abs=2)
    assert photo_dock.blur.picture.caption.text().endswith("sum 1, centred.")
    assert photo_dock.blur.psf is not None
    np.testing.assert_array_equal(photo_dock.blur.psf.data, psf.defocus(3, blades=6).data)


def test_a_kernel_can_be_kept_as_a_layer(photo_dock: DeblurPhoto, qtbot: Any) -> None:
    source = add_photo(photo_dock, encoded(blurred(KERNELS["motion"][0])[1]))
    use(photo_dock, "motion")
    qtbot.waitUntil(lambda: photo_dock.blur.psf is not None, timeout=20_000)
    photo_dock.blur.keep.click()
    kept = photo_dock.viewer.layers[-1]
    assert (kept.name, role(kept), kept.visible) == ("PSF · motion", "psf", False)
    assert photo_dock.picker.layer is source
    photo_dock.blur.choose("layer")
    assert photo_dock.blur.layer.layer is kept
    assert photo_dock.state == "ready"


def test_cancel_keeps_what_is_there_with_its_count(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    add_photo(photo_dock, encoded(blurred(KERNELS["motion"][0], 200, 260)[1]))
    use(photo_dock, "motion")
    photo_dock.strength.choose("richardson_lucy")
    photo_dock.strength.slider.setValue(20)
    photo_dock.start()
    qtbot.waitUntil(lambda: photo_dock.footer.bar.value() > 0, timeout=20_000)
    photo_dock.stop()
    assert finish(photo_dock) == "done"
    assert photo_dock.result is not None
    steps = photo_dock.result.metadata["napari-deconv"]["steps"]
    assert 0 < steps < 180
    assert photo_dock.result.name == f"cat · motion, Richardson-Lucy {steps} of 180"


def test_colours_not_reached_by_a_cancelled_run_stay_as_they_were(
    photo_dock: DeblurPhoto, finish: Finish, qtbot: Any
) -> None:
    pixels = encoded(blurred(KERNELS["motion"][0], 200, 260)[1], colours=4)
    add_photo(photo_dock, pixels)
    use(photo_dock, "motion")
    photo_dock.photo.put({"colour": "per_channel"})
    photo_dock.strength.choose("richardson_lucy")
    photo_dock.strength.slider.setValue(20)
    photo_dock.start()
    qtbot.waitUntil(lambda: photo_dock.footer.bar.value() > 0, timeout=20_000)
    photo_dock.stop()
    assert finish(photo_dock) == "done"
    assert photo_dock.result is not None
    steps = photo_dock.result.metadata["napari-deconv"]["steps"]
    reached = -(-steps // 180)
    assert 0 < reached < 3
    found: Any = photo_dock.result.data
    assert (found[..., :reached] != pixels[..., :reached]).any()
    np.testing.assert_array_equal(found[..., reached:], pixels[..., reached:])
    assert "colours not reached are as they were" in photo_dock.footer.message.text()


def test_bad_pixels_are_told_and_another_run_works(photo_dock: DeblurPhoto, finish: Finish) -> None:
    pixels = blurred(KERNELS["motion"][0])[1].copy()
    source = add_photo(photo_dock, pixels)
    use(photo_dock, "motion")
    source.data = np.full_like(pixels, np.nan)
    photo_dock.start()
    assert finish(photo_dock) == "failed"
    assert photo_dock.footer.message.text().startswith("Failed: Image has ")
    source.data = pixels
    restored(photo_dock, finish)


def test_values_come_back_at_the_next_opening(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    add_photo(photo_dock, encoded(blurred(KERNELS["defocus"][0])[1], colours=3))
    use(photo_dock, "defocus")
    photo_dock.strength.slider.setValue(-7)
    photo_dock.photo.colour_box.setCurrentIndex(1)
    restored(photo_dock, finish)
    again = DeblurPhoto(photo_dock.viewer)
    qtbot.addWidget(again)
    assert again.blur.kind == "defocus"
    assert again.blur.numbers["defocus"].values == {"radius": 3.0}
    assert again.blur.numbers["defocus"].badges["radius"].text() == "last used"
    assert again.strength.slider.value() == -7
    assert again.photo.colour_box.currentData() == "luminance"
    assert not again.live.isChecked()


def test_every_field_has_a_name_and_a_tooltip(photo_dock: DeblurPhoto) -> None:
    add_photo(photo_dock, encoded(blurred(KERNELS["motion"][0])[1], colours=3))
    for kind in (QComboBox, QLineEdit, QPushButton, QSlider, QSpinBox, QCheckBox):
        for field in photo_dock.findChildren(kind):
            if field.objectName() == "qt_spinbox_lineedit":
                continue  # its spin box has both
            assert field.accessibleName() or field.text(), field
            assert field.toolTip(), field.accessibleName() or field.text()


def test_mnemonics_avoid_those_of_napari_and_each_other(photo_dock: DeblurPhoto) -> None:
    add_photo(photo_dock, encoded(blurred(KERNELS["motion"][0])[1], colours=3))
    photo_dock.show()
    for kind in KINDS:
        photo_dock.blur.choose(kind)
        shown = [w for w in photo_dock.findChildren(QWidget) if w.isVisible() and isinstance(w, QLabel | QPushButton)]
        marked = [*shown, photo_dock.photo.light_box]
        letters = [w.text()[w.text().index("&") + 1].upper() for w in marked if "&" in w.text()]
        assert not set(letters) & set("FVLPWH")
        assert len(set(letters)) == len(letters), (kind, letters)


def test_it_fits_a_narrow_dock(photo_dock: DeblurPhoto) -> None:
    add_photo(photo_dock, encoded(blurred(KERNELS["motion"][0])[1], colours=3))
    photo_dock.show()
    for kind in KINDS:
        photo_dock.blur.choose(kind)
        assert photo_dock.minimumSizeHint().width() <= MINIMUM_WIDTH
        assert photo_dock.page.parentWidget().minimumSizeHint().width() <= MINIMUM_WIDTH


def test_the_dock_closed_mid_run_ends_it(viewer: Any, qtbot: Any, destroyed: Any, tmp_path: Path) -> None:
    dock = DeblurPhoto(viewer)
    add_photo(dock, encoded(blurred(KERNELS["motion"][0], 200, 260)[1], colours=3))
    use_motion(dock)
    dock.strength.choose("richardson_lucy")
    dock.strength.slider.setValue(20)
    dock.start()
    qtbot.waitUntil(lambda: dock.footer.bar.value() > 0, timeout=20_000)
    stop = dock._stop
    with destroyed(dock):
        dock.deleteLater()
    assert stop.is_set()
    viewer.add_image(np.zeros((4, 4)))
    qtbot.wait(50)
