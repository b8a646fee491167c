"""Parts of the photo dock: the drawn line, the strength, the preview, before and after."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QShortcut

from napari_deconv import Image, psf
from napari_deconv.light import to_linear
from napari_deconv.widgets.layers import role
from napari_deconv.widgets.order import Words
from napari_deconv.widgets.photo.dock import DeblurPhoto
from napari_deconv.widgets.photo.photo_layer import Photo
from napari_deconv.widgets.photo.photo_order import photo_order
from napari_deconv.widgets.photo.preview import SIDE, in_view, padded, restored
from napari_deconv.widgets.photo.strength import balance_factor, iterations
from widgets.photo_scenes import Finish, add_photo, blurred, encoded, use_motion
from widgets.photo_scenes import restored as whole

MOTION = psf.motion(9, 20)


def line(dock: DeblurPhoto, *ends: tuple[float, float]) -> None:
    """What drawing with the mouse does, in pixels of the photograph."""
    dock.blur.draw.click()
    assert dock.blur.line.layer is not None
    dock.blur.line.layer.add(np.array(ends), shape_type="line")


def numbers(dock: DeblurPhoto) -> tuple[float | None, float | None]:
    edits = dock.blur.numbers["motion"].edits
    return edits["length"].value, edits["angle"].value


@pytest.mark.parametrize(
    ("ends", "length", "angle"),
    [
        (((20, 10), (20, 40)), 30.0, 0.0),
        (((40, 10), (10, 10)), 30.0, 90.0),
        (((40, 10), (10, 40)), 42.4, 45.0),
        (((10, 40), (40, 10)), 42.4, 45.0),
        (((10, 10), (40, 40)), 42.4, 135.0),
    ],
)
@pytest.mark.parametrize("scale", [(1, 1), (0.2, 0.2), (2, 3)])
def test_a_drawn_line_is_measured_in_pixels_as_the_motion_counts_them(
    photo_dock: DeblurPhoto, scale: tuple[float, float], ends: Any, length: float, angle: float
) -> None:
    add_photo(photo_dock, encoded(blurred(MOTION)[1]), scale=scale, translate=(5, 7))
    line(photo_dock, *ends)
    assert numbers(photo_dock) == (length, angle)
    assert photo_dock.blur.numbers["motion"].badges["length"].text() == "drawn"
    drawn = psf.motion(length, angle).data
    rows, columns = np.nonzero(drawn > drawn.max() / 2)
    along = np.array(ends[1]) - np.array(ends[0])
    spread = np.array([np.ptp(rows) * np.sign(np.corrcoef(rows, columns)[0, 1] if angle % 90 else 1), np.ptp(columns)])
    np.testing.assert_allclose(np.abs(spread), np.abs(along), atol=2)
    assert angle % 90 == 0 or np.sign(spread[0] * spread[1]) == np.sign(along[0] * along[1])


def test_the_line_of_a_turned_picture_is_measured_in_its_pixels(photo_dock: DeblurPhoto) -> None:
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    source = add_photo(photo_dock, encoded(blurred(MOTION)[1]), rotate=turn, scale=(2, 2))
    line(photo_dock, (20, 10), (20, 40))
    assert numbers(photo_dock) == (30.0, 0.0)
    layer = photo_dock.blur.line.layer
    assert layer is not None
    np.testing.assert_allclose(layer.data_to_world((20, 10)), source.data_to_world((20, 10)))


def test_moving_the_line_updates_the_numbers_and_typing_moves_nothing(photo_dock: DeblurPhoto) -> None:
    add_photo(photo_dock, encoded(blurred(MOTION)[1]))
    line(photo_dock, (20, 10), (20, 40))
    layer = photo_dock.blur.line.layer
    assert layer is not None
    layer.data = [np.array([[20, 10], [20, 30]])]
    assert numbers(photo_dock) == (20.0, 0.0)
    use_motion(photo_dock, "50", "10")
    np.testing.assert_array_equal(layer.data[0], [[20, 10], [20, 30]])
    assert numbers(photo_dock) == (50.0, 10.0)
    assert photo_dock.blur.numbers["motion"].badges["length"].text() == "typed"


def test_there_is_one_line_layer_and_a_new_line_counts(photo_dock: DeblurPhoto) -> None:
    source = add_photo(photo_dock, encoded(blurred(MOTION)[1]))
    line(photo_dock, (20, 10), (20, 40))
    line(photo_dock, (20, 10), (20, 20))
    layers = [layer for layer in photo_dock.viewer.layers if role(layer) == "motion line"]
    assert len(layers) == 1
    assert layers[0].mode == "add_line"
    assert numbers(photo_dock) == (10.0, 0.0)
    assert photo_dock.picker.layer is source
    photo_dock.viewer.layers.remove(layers[0])
    line(photo_dock, (20, 10), (20, 25))
    assert numbers(photo_dock) == (15.0, 0.0)


def test_more_strength_is_less_balance_and_more_iterations(photo_dock: DeblurPhoto) -> None:
    steps = np.linspace(-1, 1, 41)
    assert (np.diff([balance_factor(s) for s in steps]) < 0).all()
    assert (np.diff([iterations(s) for s in steps]) >= 0).all()
    assert (balance_factor(-1), balance_factor(0), balance_factor(1)) == (100.0, 1.0, 0.01)
    assert (iterations(-1), iterations(0), iterations(1)) == (5, 30, 180)
    slider = photo_dock.strength.slider
    said = []
    for value in (slider.minimum(), 0, slider.maximum()):
        slider.setValue(value)
        said.append(photo_dock.strength.numbers.text())
    assert said == ["balance automatic × 100", "balance automatic", "balance automatic × 0.01"]
    photo_dock.strength.choose("richardson_lucy")
    assert photo_dock.strength.numbers.text() == "180 iterations"
    assert "100 times" in slider.toolTip()
    assert "180 (right)" in slider.toolTip()


def test_more_strength_gives_more_detail_and_more_noise(photo_dock: DeblurPhoto, finish: Finish) -> None:
    noisy = blurred(MOTION)[1] + np.random.default_rng(0).normal(0, 0.01, (60, 72)).astype(np.float32)
    add_photo(photo_dock, encoded(noisy))
    use_motion(photo_dock)
    for method in ("wiener", "richardson_lucy"):
        photo_dock.strength.choose(method)
        rough = []
        for value in (-20, 0, 20):
            photo_dock.strength.slider.setValue(value)
            rough.append(np.abs(np.diff(whole(photo_dock, finish).astype(float), axis=1)).mean())
        assert rough[0] < rough[1] < rough[2]


@pytest.mark.parametrize("colour", ["per_channel", "luminance"])
@pytest.mark.parametrize("method", ["wiener", "richardson_lucy"])
def test_a_preview_is_a_part_of_the_full_run(method: str, colour: str) -> None:
    pixels = encoded(blurred(MOTION, 240, 300)[1], colours=3)
    photo = Photo(pixels, True, "cat", "srgb")
    parameters = {"num_iter": 30} if method == "richardson_lucy" else {}
    from napari_deconv import Recipe

    recipe = Recipe.build(method=method, psf="motion:length=9,angle=20", colour=colour, **parameters)
    order = photo_order(photo, recipe, Words(("motion:length=9,angle=20",)), factor=0.5)
    wanted = (slice(60, 140), slice(100, 190))
    shown = restored(order, wanted, threading.Event())
    full = restored(order, (slice(0, 240), slice(0, 300)), threading.Event())
    assert shown is not None
    assert full is not None
    assert shown.start == (60, 100)
    off = to_linear(Image(shown.data, "YXS", None, "srgb")).data
    off = off - to_linear(Image(np.ascontiguousarray(full.data[wanted]), "YXS", None, "srgb")).data
    contrast = np.ptp(to_linear(Image(full.data, "YXS", None, "srgb")).data)
    if method == "wiener":
        np.testing.assert_array_equal(off, 0)  # all of a small picture is computed
        assert shown.automatic == full.automatic
    assert np.abs(off).max() < 0.03 * contrast
    assert np.sqrt((off**2).mean()) < 0.005 * contrast


def test_a_preview_that_is_told_to_stop_does() -> None:
    from napari_deconv import Recipe

    stop = threading.Event()
    stop.set()
    recipe = Recipe.build(psf="motion:length=9,angle=20", num_iter=100_000)
    order = photo_order(Photo(blurred(MOTION)[1], False, ""), recipe, Words(("motion:length=9,angle=20",)))
    assert restored(order, (slice(0, 60), slice(0, 72)), stop) is None


def test_what_is_computed_holds_what_is_shown() -> None:
    for shape in ((100, 120), (3000, 4000)):
        for wanted in ((slice(0, 60), slice(60, 120)), (slice(40, 100), slice(0, 120))):
            for method in ("wiener", "richardson_lucy"):
                region = padded(wanted, shape, MOTION, method)
                for part, outer, inner, n in zip(wanted, region.outer, region.inner, shape, strict=True):
                    assert 0 <= outer.start <= part.start < part.stop <= outer.stop <= n
                    assert (outer.start + inner.start, outer.start + inner.stop) == (part.start, part.stop)
                assert region.start == tuple(part.start for part in wanted)


def test_the_part_in_view_is_at_most_the_middle_of_the_canvas(photo_dock: DeblurPhoto) -> None:
    layer = add_photo(photo_dock, np.zeros((2000, 3000), np.uint8))
    layer.corner_pixels = np.array([[100, 200], [1899, 2799]])
    rows, columns = in_view(layer)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (SIDE, SIDE)
    assert (rows.start + rows.stop, columns.start + columns.stop) == (2000, 3000)
    layer.corner_pixels = np.array([[0, 0], [99, 199]])
    assert in_view(layer) == (slice(0, 100), slice(0, 200))
    layer.corner_pixels = np.array([[5, 5], [5, 5]])
    assert in_view(layer) == (slice(744, 1256), slice(1244, 1756))


def preview(dock: DeblurPhoto, qtbot: Any) -> Any:
    with qtbot.waitSignal(dock.preview.shown, timeout=20_000):
        dock.preview_once()
    return dock.preview.layer


def test_one_preview_layer_in_its_place(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    source = add_photo(photo_dock, encoded(blurred(MOTION, 90, 110)[1], colours=3), scale=(2, 3), translate=(5, 6))
    above = photo_dock.viewer.add_points(np.zeros((1, 2)))
    use_motion(photo_dock)
    source.corner_pixels = np.array([[30, 40], [69, 89]])
    layer = preview(photo_dock, qtbot)
    assert [role(one) for one in photo_dock.viewer.layers] == ["", "preview", ""]
    assert photo_dock.viewer.layers.selection.active is above
    assert photo_dock.picker.layer is source
    assert layer.rgb
    np.testing.assert_allclose(layer.data_to_world((0, 0)), source.data_to_world((30, 40)))
    source.corner_pixels = np.array([[20, 10], [59, 59]])
    assert preview(photo_dock, qtbot) is layer
    np.testing.assert_allclose(layer.data_to_world((0, 0)), source.data_to_world((20, 10)))
    source.corner_pixels = np.array([[0, 0], [29, 59]])
    assert preview(photo_dock, qtbot) is not layer
    assert [role(one) for one in photo_dock.viewer.layers] == ["", "preview", ""]
    seen = photo_dock.preview.layer.data.copy()
    full = whole(photo_dock, finish)
    np.testing.assert_array_equal(full[:30, :60], seen)
    assert [role(one) for one in photo_dock.viewer.layers] == ["", "result", ""]


def test_the_preview_tells_the_exact_balance(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    add_photo(photo_dock, encoded(blurred(MOTION)[1]))
    use_motion(photo_dock)
    photo_dock.strength.slider.setValue(10)
    preview(photo_dock, qtbot)
    said = photo_dock.strength.numbers.text()
    assert said.endswith("× 0.1")
    whole(photo_dock, finish)
    assert photo_dock.result is not None
    used = photo_dock.result.metadata["napari-deconv"]["recipe"]["balance"]
    assert said.startswith(f"balance {used:.3g} = automatic {10 * used:.3g}")
    photo_dock.strength.slider.setValue(0)
    preview(photo_dock, qtbot)
    assert photo_dock.strength.numbers.text() == f"balance {10 * used:.3g}, automatic"


def test_a_number_without_an_origin_leaves_no_gap_beside_it(photo_dock: DeblurPhoto) -> None:
    photo_dock.blur.choose("defocus")
    photo_dock.blur.numbers["defocus"].edits["radius"].type("4")
    badges = photo_dock.blur.numbers["defocus"].badges
    assert {name: badge.isHidden() for name, badge in badges.items()} == {
        "radius": False,
        "blades": True,
        "rotation": True,
    }


def test_live_previews_follow_the_form_and_end_with_the_checkbox(photo_dock: DeblurPhoto, qtbot: Any) -> None:
    add_photo(photo_dock, encoded(blurred(MOTION)[1]))
    photo_dock.live.setChecked(True)
    with qtbot.waitSignal(photo_dock.preview.shown, timeout=20_000):
        use_motion(photo_dock)
    first = photo_dock.preview.layer.data.copy()
    with qtbot.waitSignal(photo_dock.preview.shown, timeout=20_000):
        photo_dock.strength.slider.setValue(-20)
    assert not np.array_equal(photo_dock.preview.layer.data, first)
    assert photo_dock.state == "ready"
    photo_dock.live.setChecked(False)
    assert [role(one) for one in photo_dock.viewer.layers] == [""]


def test_a_preview_is_a_state_and_esc_ends_it(photo_dock: DeblurPhoto, qtbot: Any) -> None:
    add_photo(photo_dock, encoded(blurred(MOTION, 300, 300)[1], colours=3))
    use_motion(photo_dock)
    photo_dock.strength.choose("richardson_lucy")
    photo_dock.strength.slider.setValue(20)
    seen: list[str] = []
    photo_dock.state_changed.connect(seen.append)
    keys = {shortcut.key().toString(): shortcut for shortcut in photo_dock.findChildren(QShortcut)}
    assert set(keys) == {"Ctrl+Return", "Ctrl+Enter", "Esc", "Ctrl+Shift+Return", "Ctrl+Shift+Enter"}
    keys["Ctrl+Shift+Return"].activated.emit()
    assert photo_dock.state == "previewing"
    keys["Esc"].activated.emit()
    assert seen == ["previewing", "ready"]
    qtbot.wait(100)
    assert photo_dock.preview.layer is None


def test_a_removed_preview_stays_away(photo_dock: DeblurPhoto, qtbot: Any) -> None:
    add_photo(photo_dock, encoded(blurred(MOTION)[1]))
    use_motion(photo_dock)
    photo_dock.live.setChecked(True)
    photo_dock.viewer.layers.remove(preview(photo_dock, qtbot))
    with qtbot.waitSignal(photo_dock.preview.closed, timeout=20_000):
        photo_dock.preview_once()
    assert not photo_dock.live.isChecked()
    assert len(photo_dock.viewer.layers) == 1


def test_another_picture_takes_the_preview_away(photo_dock: DeblurPhoto, qtbot: Any) -> None:
    add_photo(photo_dock, encoded(blurred(MOTION)[1]))
    use_motion(photo_dock)
    preview(photo_dock, qtbot)
    photo_dock.picker.pick(add_photo(photo_dock, encoded(blurred(MOTION, seed=3)[1])))
    assert not [one for one in photo_dock.viewer.layers if role(one) == "preview"]
    assert photo_dock.strength.numbers.text() == "balance automatic"


def test_before_is_seen_as_long_as_the_button_is_held(photo_dock: DeblurPhoto, finish: Finish) -> None:
    source = add_photo(photo_dock, encoded(blurred(MOTION)[1]), visible=False)
    use_motion(photo_dock)
    assert not photo_dock.compare.button.isEnabled()
    whole(photo_dock, finish)
    result = photo_dock.result
    assert result is not None
    photo_dock.compare.button.pressed.emit()
    assert (source.visible, result.visible) == (True, False)
    photo_dock.compare.button.released.emit()
    assert (source.visible, result.visible) == (False, True)
    photo_dock.viewer.layers.remove(result)
    assert not photo_dock.compare.button.isEnabled()
    assert not photo_dock.save.isEnabled()


def test_the_space_bar_shows_before(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    source = add_photo(photo_dock, encoded(blurred(MOTION)[1]))
    use_motion(photo_dock)
    whole(photo_dock, finish)
    result = photo_dock.result
    assert result is not None
    photo_dock.show()
    photo_dock.strength.slider.setFocus()
    for _ in range(2):
        qtbot.keyPress(photo_dock.strength.slider, Qt.Key.Key_Space)
        assert (source.visible, result.visible) == (True, False)
        qtbot.keyRelease(photo_dock.strength.slider, Qt.Key.Key_Space)
        assert (source.visible, result.visible) == (True, True)
    assert "space bar" in photo_dock.compare.button.toolTip()
    qtbot.keyPress(photo_dock.strength.slider, Qt.Key.Key_Space)
    photo_dock.hide()
    photo_dock.compare.end()
    assert result.visible
