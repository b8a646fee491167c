"""The dock PSF in a real napari window: opened, closed in the middle of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from npe2 import PluginManager
from qtpy.QtCore import QThreadPool

from napari_deconv.psf import beads as beads_module
from napari_deconv.widgets.psf_maker.dock import PSFDock
from widgets.psf_scenes import PLACE, bead_field, fill_theory

NAME, TITLE = "napari-deconv", "PSF"


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any]) -> Any:
    PluginManager.instance().discover()
    return make_napari_viewer()


def opened(window: Any) -> tuple[Any, PSFDock]:
    """The frame and the dock in it, as Plugins > … opens them."""
    frame, dock = window.window.add_plugin_dock_widget(NAME, TITLE)
    return frame, dock


def measuring(window: Any, dock: PSFDock, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a measurement that nobody would wait for."""

    def endless(*_: Any, progress: Callable[[int, int], None], **__: Any) -> None:
        for i in range(10_000_000):
            progress(i, 10_000_000)

    monkeypatch.setattr(beads_module, "measure", endless)
    window.add_image(bead_field(), name="beads", **PLACE)
    dock.show_tab("Beads")
    dock.start()
    qtbot.waitUntil(lambda: dock.footer.bar.value() > 0, timeout=20_000)


def test_button_in_deconvolve_opens_the_dock(window: Any) -> None:
    _, deconvolve = window.window.add_plugin_dock_widget(NAME, "Deconvolve (microscopy)")
    deconvolve.psf.maker.click()
    deconvolve.psf.maker.click()  # it is open already
    assert deconvolve.footer.message.text() == ""
    assert any(TITLE in title for title in window.window.dock_widgets)


def test_theory_in_a_window_becomes_a_layer(window: Any, settled: Callable[[PSFDock], str]) -> None:
    _, dock = opened(window)
    window.add_image(bead_field(), name="cells", **PLACE)
    fill_theory(dock)
    settled(dock)
    dock.add()
    assert [layer.name for layer in window.layers] == ["cells", "PSF · widefield NA 1.2, 520 nm"]


def test_path_drawn_in_a_window_becomes_a_layer(window: Any, settled: Callable[[PSFDock], str]) -> None:
    _, dock = opened(window)
    window.add_image(bead_field()[12], name="photo")
    dock.show_tab("Draw")
    dock.drawing.path.click()
    shapes = window.layers[-1]
    assert shapes.mode == "add_polyline"
    shapes.add_paths([[[10, 10], [20, 15], [22, 30]]])
    settled(dock)
    dock.add()
    assert window.layers[-1].name == "PSF · drawn path"


def test_window_closed_mid_run_ends_the_work(window: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, dock = opened(window)
    measuring(window, dock, qtbot, monkeypatch)
    note = dock.errand._note
    del dock
    window.close()
    qtbot.waitUntil(note.stop.is_set, timeout=20_000)
    assert QThreadPool.globalInstance().waitForDone(20_000)  # type: ignore[union-attr]


def test_dock_closed_mid_run_ends_the_work_and_another_one_opens(
    window: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch, destroyed: Any
) -> None:
    frame, dock = opened(window)
    measuring(window, dock, qtbot, monkeypatch)
    with destroyed(dock):
        window.window.remove_dock_widget(frame)
    assert QThreadPool.globalInstance().waitForDone(20_000)  # type: ignore[union-attr]
    _, again = opened(window)
    assert again.state == "empty"
