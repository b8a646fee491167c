"""Pictures of the dock Deblur photo, in both themes: every kind of blur, before, preview, after.

Called by screenshot.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import Qt

WIDTH, PATIENCE = 330, 180  # pixels, seconds
LINE = [[150, 182], [149, 218]]  # over the clock, as somebody might draw it

Settle = Callable[[float], None]


def take(viewer: Any, folder: Path, settle: Settle) -> None:
    """Open the dock beside the samples and photograph every kind of blur, then a run with a drawn line."""
    outside, dock = viewer.window.add_plugin_dock_widget("napari-deconv", "Deblur photo")
    viewer.window._qt_window.resizeDocks([outside], [WIDTH], Qt.Orientation.Horizontal)
    for kind in ("gaussian", "defocus", "layer"):
        _blurred(viewer, dock, kind, settle)
        photograph(viewer, dock, folder, kind, settle)
    for kind in ("motion", "camera_shake"):
        _estimated(viewer, dock, kind, settle)
        photograph(viewer, dock, folder, f"{kind}-estimated", settle)
        _run(viewer, dock, settle)
        photograph(viewer, dock, folder, f"{kind}-estimated-after", settle)
    _drawn(viewer, dock, folder, settle)


def photograph(viewer: Any, dock: Any, folder: Path, name: str, settle: Settle) -> None:
    """The window and the dock in both themes."""
    for theme in ("light", "dark"):
        viewer.theme = theme
        settle(0.5)
        dock.grab().save(str(folder / f"photo-{name}-{theme}.png"))
        viewer.screenshot(str(folder / f"photo-{name}-window-{theme}.png"), canvas_only=False, flash=False)


def _open(viewer: Any, dock: Any, sample: str) -> None:
    viewer.layers.clear()
    layer = viewer.open_sample("napari-deconv", sample)[0]
    viewer.layers.selection.active = layer
    dock.picker.pick(layer)


def _blurred(viewer: Any, dock: Any, kind: str, settle: Settle) -> None:
    """The photograph out of focus, previewed."""
    _open(viewer, dock, "defocus")
    dock.blur.choose(kind)
    for name, text in {"defocus": {"radius": "4"}, "gaussian": {"sigma": "2"}}.get(kind, {}).items():
        dock.blur.numbers[kind].edits[name].type(text)
    _wait(lambda: dock.state == "ready" and not dock.preview.busy and dock.preview.layer is not None, settle)


def _estimated(viewer: Any, dock: Any, kind: str, settle: Settle) -> None:
    """The clock, its blur estimated, and used even if the estimate is not sure of itself."""
    _open(viewer, dock, "clock")
    dock.blur.choose(kind)
    dock.blur.estimate.button.click()
    _wait(lambda: not dock.blur.estimate.busy, settle)
    if dock.blur.estimate.use.isVisible():
        dock.blur.estimate.use.click()
    _wait(lambda: dock.state == "ready" and not dock.preview.busy and dock.preview.layer is not None, settle)


def _drawn(viewer: Any, dock: Any, folder: Path, settle: Settle) -> None:
    """The clock before; the preview after a line has been drawn; the result of Richardson-Lucy."""
    _open(viewer, dock, "clock")
    dock.blur.choose("motion")
    for edit in dock.blur.numbers["motion"].edits.values():
        edit.type("")
    settle(1.0)
    photograph(viewer, dock, folder, "motion-before", settle)
    dock.blur.draw.click()
    dock.blur.line.layer.add(np.array(LINE), shape_type="line")
    _wait(lambda: dock.state == "ready" and not dock.preview.busy and dock.preview.layer is not None, settle)
    photograph(viewer, dock, folder, "motion-preview", settle)
    dock.strength.choose("richardson_lucy")
    dock.strength.slider.setValue(12)
    _run(viewer, dock, settle)
    dock.blur.line.layer.visible = False
    photograph(viewer, dock, folder, "motion-after", settle)


def _run(viewer: Any, dock: Any, settle: Settle) -> None:
    settle(0.5)
    dock.start()
    _wait(lambda: dock.state not in ("running", "cancelling"), settle)


def _wait(done: Callable[[], bool], settle: Settle) -> None:
    for _ in range(2 * PATIENCE):
        settle(0.5)
        if done():
            return
