"""The dock Deblur photo in a real napari window: drawn, watched, closed in the middle of things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from npe2 import PluginManager, PluginManifest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt, QThreadPool
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

from napari_deconv import psf
from napari_deconv.widgets.layers import role
from napari_deconv.widgets.photo.dock import DeblurPhoto
from widgets.photo_scenes import Finish, add_photo, blurred, encoded, restored, use_motion

NAME, TITLE = "napari-deconv", "Deblur photo"
MOTION = psf.motion(9, 20)


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any]) -> Any:
    PluginManager.instance().discover()
    return make_napari_viewer()


@pytest.fixture
def shown(make_napari_viewer: Callable[..., Any]) -> Any:
    """A window on the screen: its canvas is drawn."""
    PluginManager.instance().discover()
    return make_napari_viewer(show=True)


def opened(window: Any) -> tuple[Any, DeblurPhoto]:
    """The frame and the dock in it, as Plugins > … opens them."""
    frame, dock = window.window.add_plugin_dock_widget(NAME, TITLE)
    return frame, dock


def test_the_manifest_offers_the_dock_in_the_filter_menu() -> None:
    given = PluginManifest.from_distribution(NAME).contributions
    command = next(w.command for w in given.widgets or () if w.display_name == TITLE)
    entries = given.menus["napari-deconv.filter"]
    assert any(entry.command == command and entry.group == "1_run@2" for entry in entries)


def begun(dock: DeblurPhoto, qtbot: Any) -> None:
    """Wait for the first steps of a run."""
    qtbot.waitUntil(lambda: dock.footer.bar.value() > 0, timeout=20_000)


def drag(canvas: Any, start: QPoint, end: QPoint, qtbot: Any) -> None:
    """What a mouse does; pytest-qt's moves have no button down."""
    none, left, kinds = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, QEvent.Type
    steps = [(kinds.MouseMove, start, none, none), (kinds.MouseButtonPress, start, left, left)]
    steps += [(kinds.MouseMove, start + (end - start) * (i / 4), none, left) for i in range(1, 5)]
    for kind, point, button, down in [*steps, (kinds.MouseButtonRelease, end, left, none)]:
        place, no_key = QPointF(canvas.mapToGlobal(point)), Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(canvas, QMouseEvent(kind, QPointF(point), place, button, down, no_key))
        qtbot.wait(20)


def test_a_line_drawn_with_the_mouse_is_the_motion(shown: Any, qtbot: Any) -> None:
    _, dock = opened(shown)
    dock.live.setChecked(False)
    add_photo(dock, encoded(blurred(MOTION)[1]), scale=(2, 2))
    shown.reset_view()
    dock.blur.draw.click()
    qtbot.wait(200)
    canvas = shown.window._qt_viewer.canvas.native
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    drag(canvas, middle, middle + QPoint(80, -60), qtbot)
    edits = dock.blur.numbers["motion"].edits
    pixels = 100 / shown.scene.camera.zoom / 2  # of the screen, of the world, of the photograph
    assert edits["length"].value == pytest.approx(pixels, abs=0.06 * pixels)
    assert edits["angle"].value == pytest.approx(np.degrees(np.arctan2(60, 80)), abs=3)


def test_the_preview_is_of_what_the_canvas_shows_and_follows_it(shown: Any, qtbot: Any) -> None:
    _, dock = opened(shown)
    dock.live.setChecked(False)
    source = add_photo(dock, encoded(blurred(MOTION, 200, 260)[1], colours=3))
    use_motion(dock)
    shown.reset_view()
    shown.scene.camera.zoom = 20
    qtbot.waitUntil(lambda: source.corner_pixels[1][0] - source.corner_pixels[0][0] < 100, timeout=20_000)
    with qtbot.waitSignal(dock.preview.shown, timeout=20_000):
        dock.live.setChecked(True)
    first = dock.preview.layer.data.shape
    np.testing.assert_array_equal(first[:2], np.diff(source.corner_pixels, axis=0)[0] + 1)
    with qtbot.waitSignal(dock.preview.shown, timeout=20_000):
        shown.scene.camera.zoom = 40
    assert dock.preview.layer.data.shape[0] < first[0]
    corner = dock.preview.layer.data_to_world((0, 0))
    np.testing.assert_allclose(corner, source.corner_pixels[0], atol=1)


def test_closing_the_dock_takes_the_preview_away(window: Any, qtbot: Any, destroyed: Any) -> None:
    frame, dock = opened(window)
    source = add_photo(dock, encoded(blurred(MOTION)[1]))
    with qtbot.waitSignal(dock.preview.shown, timeout=20_000):
        use_motion(dock)
    assert [role(layer) for layer in window.layers] == ["", "preview"]
    with destroyed(dock):
        window.window.remove_dock_widget(frame)
    assert list(window.layers) == [source]
    window.add_image(np.zeros((4, 4)))
    window.scene.camera.zoom = 3


def test_closing_the_dock_mid_preview_is_safe(window: Any, qtbot: Any, destroyed: Any) -> None:
    frame, dock = opened(window)
    source = add_photo(dock, encoded(blurred(MOTION, 300, 400)[1], colours=3))
    use_motion(dock)
    dock.strength.choose("richardson_lucy")
    dock.strength.slider.setValue(20)
    dock.preview_once()
    assert dock.preview.busy
    with destroyed(dock):
        window.window.remove_dock_widget(frame)
    assert QThreadPool.globalInstance().waitForDone(20_000)
    qtbot.wait(50)
    assert list(window.layers) == [source]


def test_closing_the_dock_mid_run_keeps_what_is_there(window: Any, qtbot: Any, destroyed: Any, finish: Finish) -> None:
    frame, dock = opened(window)
    dock.live.setChecked(False)
    add_photo(dock, encoded(blurred(MOTION, 300, 400)[1], colours=3))
    use_motion(dock)
    dock.strength.choose("richardson_lucy")
    dock.strength.slider.setValue(20)
    dock.start()
    begun(dock, qtbot)
    with destroyed(dock):
        window.window.remove_dock_widget(frame)
    assert " of 540" in window.layers[-1].name
    _, again = opened(window)
    again.live.setChecked(False)
    again.strength.choose("wiener")
    restored(again, finish)


def test_closing_the_window_mid_run_and_mid_preview_is_safe(window: Any, qtbot: Any) -> None:
    _, dock = opened(window)
    add_photo(dock, encoded(blurred(MOTION, 300, 400)[1], colours=3))
    use_motion(dock)
    dock.strength.choose("richardson_lucy")
    dock.strength.slider.setValue(20)
    dock.preview_once()
    dock.start()
    stop = dock._stop
    begun(dock, qtbot)
    del dock
    window.close()
    qtbot.waitUntil(stop.is_set, timeout=20_000)
    assert QThreadPool.globalInstance().waitForDone(20_000)


def test_the_sample_is_restored_with_its_psf_layer(window: Any, finish: Finish) -> None:
    image, kernel = window.open_sample(NAME, "defocus")
    _, dock = opened(window)
    dock.live.setChecked(False)
    assert dock.picker.layer is image
    dock.blur.choose("layer")
    assert dock.blur.layer.layer is kernel
    result = restored(dock, finish)
    assert result.dtype == image.data.dtype
    assert dock.result is not None
    assert dock.result.rgb
    assert dock.result.name.endswith(" · PSF layer, Wiener")
