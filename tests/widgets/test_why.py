"""Why here? Shift-click on a learned result, and the weights that made the pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from npe2 import PluginManager
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

from napari_deconv import psf
from napari_deconv.light import luminance, to_linear
from napari_deconv.network.explain import equivalent_filter
from napari_deconv.widgets import why
from napari_deconv.widgets.deconvolve import Deconvolve
from napari_deconv.widgets.layers import role
from napari_deconv.widgets.photo.dock import DeblurPhoto
from widgets.learned_scenes import own_model, ready
from widgets.photo_scenes import add_photo, blurred, encoded
from widgets.scenes import MICROMETRES, spots

Finish = Callable[[Any], str]


def restored(dock: Any, finish: Finish) -> Any:
    dock.start()
    assert finish(dock) == "done", dock.footer.message.text()
    return dock.result


def answer(dock: Any, qtbot: Any) -> tuple[Any, Any]:
    """The two layers, when they have come: the network's row and the Wiener filter's."""
    qtbot.waitUntil(lambda: not dock.why._work.busy, timeout=60_000)
    found = [layer for layer in dock.viewer.layers if role(layer) == "why"]
    assert len(found) == 2, dock.footer.message.text()
    return found[1], found[0]


def test_the_weights_are_those_of_the_function(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    layer = ready(dock, 60, 72, scale=(2, 3), translate=(5, 6), rotate=turn)
    result = restored(dock, finish)
    dock.why.ask(result, (21.2, 33.4))
    mine, wiener = answer(dock, qtbot)
    expected = equivalent_filter(layer.data, psf.gaussian(1.4), (21, 33), num_iter=3)
    assert (mine.name, wiener.name) == ("why here? (21, 33)", "Wiener's row (21, 33)")
    np.testing.assert_allclose(mine.data, expected.weights, atol=1e-6)
    np.testing.assert_allclose(wiener.data, expected.classical, atol=1e-6)
    for one in (mine, wiener):
        low, high = one.contrast_limits
        assert low == -high < 0
        assert one.colormap.name == "PiYG"
        np.testing.assert_allclose(one.data_to_world((3, 5)), layer.data_to_world((3, 5)))
    assert (mine.visible, wiener.visible) == (True, False)
    assert dock.footer.message.text().startswith("Pixel (21, 33): made of pixels up to ")
    assert dock.viewer.layers.selection.active is result


def test_the_weights_make_the_pixel(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    layer = ready(dock, 60, 72)
    result = restored(dock, finish)
    dock.why.ask(result, (30.0, 36.0))
    mine, _ = answer(dock, qtbot)
    assert (mine.data * layer.data).sum() == pytest.approx(result.data[30, 36], abs=0.02 * float(np.ptp(result.data)))


def test_of_a_large_picture_the_surroundings_are_looked_at(
    dock: Deconvolve, finish: Finish, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(why, "SIDE", 48)
    layer = ready(dock, 100, 120)
    result = restored(dock, finish)
    dock.why.ask(result, (40.0, 110.0))
    mine, _ = answer(dock, qtbot)
    assert mine.data.shape == (48, 48)
    np.testing.assert_array_equal(mine.data_to_world((0, 0)), layer.data_to_world((16, 72)))
    assert "(40, 110)" in dock.footer.message.text()
    assert np.unravel_index(np.abs(mine.data).argmax(), mine.data.shape) == pytest.approx((24, 38), abs=3)


def test_the_plane_that_was_clicked_is_explained(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    layer = ready(dock, 3, 40, 48, axis_labels=("z", "y", "x"))
    dock.psf.choose("defocus")
    dock.psf.models["defocus"].edits["radius"].type("2")
    result = restored(dock, finish)
    dock.why.ask(result, (2.0, 20.0, 24.0))
    mine, _ = answer(dock, qtbot)
    expected = equivalent_filter(layer.data[2], psf.defocus(2), (20, 24), num_iter=3)
    np.testing.assert_allclose(mine.data[0], expected.weights, atol=1e-6)
    np.testing.assert_array_equal(mine.data_to_world((0, 0, 0)), (2, 0, 0))


def test_a_photograph_is_explained_by_its_luminance(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    pixels = encoded(blurred(psf.gaussian(1.5), 60, 72)[1], colours=3)
    add_photo(photo_dock, pixels)
    photo_dock.blur.choose("gaussian")
    photo_dock.blur.numbers["gaussian"].edits["sigma"].type("1.5")
    photo_dock.strength.choose("learned")
    photo_dock.strength.learned.put({"num_iter": 1})
    result = restored(photo_dock, finish)
    assert photo_dock.footer.message.text().endswith(why.HINT)
    photo_dock.why.ask(result, (30.0, 36.0))
    mine, _ = answer(photo_dock, qtbot)
    from napari_deconv import Image

    light = luminance(to_linear(Image(pixels, "YXS", None, "srgb")).data)
    expected = equivalent_filter(light, psf.gaussian(1.5), (30, 36), num_iter=1)
    np.testing.assert_allclose(mine.data, expected.weights, atol=1e-5)
    assert not mine.rgb
    assert photo_dock.footer.message.text().endswith("of the luminance.")


def test_what_cannot_be_explained_is_said_with_what_to_do(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    place = {"scale": (0.3, 0.1, 0.1), "units": MICROMETRES, "axis_labels": ("z", "y", "x")}
    ready(dock, 4, 24, 28, steps=1, **place)
    for edit, text in zip(dock.psf.models["gaussian"].edits.values(), ("0.14", "0.3"), strict=False):
        edit.type(text)
    result = restored(dock, finish)
    assert why.HINT not in dock.footer.message.text()
    dock.why.ask(result, (1.0, 12.0, 14.0))
    qtbot.waitUntil(lambda: not dock.why._work.busy, timeout=20_000)
    assert dock.footer.message.text().startswith("Not explained: A result of a 3-D PSF is not explained.")


def test_without_a_psf_nothing_is_explained(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    own_model("mild")
    add_photo(photo_dock, encoded(blurred(psf.gaussian(1.5), 40, 48)[1]))
    photo_dock.blur.choose("unknown")
    photo_dock.strength.learned.refill("mild")
    result = restored(photo_dock, finish)
    photo_dock.why.ask(result, (20.0, 20.0))
    qtbot.waitUntil(lambda: not photo_dock.why._work.busy, timeout=20_000)
    assert photo_dock.footer.message.text().startswith("Not explained: What was restored without a PSF")


def test_clicks_beside_the_picture_are_none(dock: Deconvolve, finish: Finish) -> None:
    ready(dock, steps=1)
    result = restored(dock, finish)
    said = dock.footer.message.text()
    for position in ((-1.0, 5.0), (5.0, 56.0), (48.0, 5.0)):
        dock.why.ask(result, position)
    assert not dock.why._work.busy
    assert dock.footer.message.text() == said


def test_only_learned_results_listen_and_each_once(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    layer = ready(dock, steps=1)
    learned = restored(dock, finish)
    dock.method.put({"method": "wiener"})
    classical = restored(dock, finish)
    assert [len(one.mouse_drag_callbacks) for one in (layer, classical, learned)] == [0, 0, 1]
    again = Deconvolve(dock.viewer)
    qtbot.addWidget(again)
    assert len(learned.mouse_drag_callbacks) == 1


def test_with_the_dock_goes_the_listening(viewer: Any, finish: Finish, destroyed: Any) -> None:
    dock = Deconvolve(viewer)
    dock.live.box.setChecked(False)
    ready(dock, steps=1)
    result = restored(dock, finish)
    with destroyed(dock):
        dock.deleteLater()
    assert result.mouse_drag_callbacks == []
    again = Deconvolve(viewer)
    again.live.box.setChecked(False)
    assert len(result.mouse_drag_callbacks) == 1
    with destroyed(again):
        again.deleteLater()


def test_a_removed_result_is_let_go(dock: Deconvolve, finish: Finish) -> None:
    ready(dock, steps=1)
    result = restored(dock, finish)
    dock.viewer.layers.remove(result)
    click = result.mouse_drag_callbacks[0]
    assert [known() for known, _ in dock.why._watched] == [result]
    assert all(one is click for _, one in dock.why._watched)
    dock.result = None


def press(canvas: Any, point: QPoint, key: Qt.KeyboardModifier, qtbot: Any) -> None:
    """A click with a key held down."""
    none, left, kinds = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, QEvent.Type
    steps = (
        (kinds.MouseMove, none, none),
        (kinds.MouseButtonPress, left, left),
        (kinds.MouseButtonRelease, left, none),
    )
    for kind, button, down in steps:
        place = QPointF(canvas.mapToGlobal(point))
        QApplication.sendEvent(canvas, QMouseEvent(kind, QPointF(point), place, button, down, key))
        qtbot.wait(20)


def test_shift_click_in_the_window_asks_and_a_plain_click_does_not(
    make_napari_viewer: Callable[..., Any], finish: Finish, qtbot: Any
) -> None:
    PluginManager.instance().discover()
    shown = make_napari_viewer(show=True)
    _, dock = shown.window.add_plugin_dock_widget("napari-deconv", "Deconvolve (microscopy)")
    dock.live.box.setChecked(False)
    shown.add_image(spots(60, 72), name="spots")
    dock.psf.choose("gaussian")
    dock.psf.models["gaussian"].edits["sigma"].type("1.4")
    dock.method.put({"method": "learned", "num_iter": 1})
    result = restored(dock, finish)
    shown.reset_view()
    qtbot.wait(200)
    canvas = shown.window._qt_viewer.canvas.native
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    press(canvas, middle, Qt.KeyboardModifier.NoModifier, qtbot)
    assert not dock.why._work.busy
    press(canvas, middle, Qt.KeyboardModifier.ShiftModifier, qtbot)
    mine, _ = answer(dock, qtbot)
    row, column = (int(part) for part in mine.name.removeprefix("why here? (").rstrip(")").split(","))
    assert (row, column) == pytest.approx((30, 36), abs=2)
    assert shown.layers.selection.active is result
