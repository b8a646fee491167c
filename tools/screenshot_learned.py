"""Pictures of learned restorations in both docks and both themes, with layers of trust and of reasons.

Called by screenshot.py. learned.png is the README's picture: the photograph out of focus, its classical and its learned
restoration, and what is asked of the latter: where it contradicts the photograph, what the data cannot have told, and
which pixels made one of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QScrollArea

WIDTH, PATIENCE = 330, 1800  # pixels, seconds: eight turns of a stack take their time
CLICKED = (215, 190)  # row and column that are explained

Settle = Callable[[float], None]


def take(viewer: Any, folder: Path, settle: Settle) -> None:
    """The stack in the dock Deconvolve, then the photograph in the dock Deblur photo."""
    frame = _stack(viewer, folder, settle)
    viewer.window.remove_dock_widget(frame)
    viewer.layers.clear()
    settle(0.5)
    _photo(viewer, folder, settle)


def _stack(viewer: Any, folder: Path, settle: Settle) -> Any:
    """Preview, run, trust."""
    viewer.open_sample("napari-deconv", "widefield")
    frame, dock = _dock(viewer, "Deconvolve (microscopy)")
    dock.live.box.setChecked(False)
    dock.method.put({"method": "learned"})
    settle(1.0)
    photograph(viewer, dock, folder, "stack-before", settle)
    dock.live.now()
    _wait(lambda: len(dock.live.preview.frames) > 8 and not dock.live.busy, settle)
    photograph(viewer, dock, folder, "stack-preview", settle)
    _run(dock, settle)
    dock.trust.turns.setChecked(True)
    photograph(viewer, dock, folder, "stack-after", settle)
    dock.trust.button.click()
    settle(2.0)
    photograph(viewer, dock, folder, "stack-judging", settle)
    _wait(lambda: not dock.trust.busy, settle)
    photograph(viewer, dock, folder, "stack-trust", settle)
    dock.method.teach.button.setChecked(True)
    dock.method.train.add_folder(Path("sharp"))
    dock.live.remove()
    settle(0.5)
    dock.findChild(QScrollArea).ensureWidgetVisible(dock.method.train)
    photograph(viewer, dock, folder, "stack-train", settle)
    return frame


def _photo(viewer: Any, folder: Path, settle: Settle) -> None:
    """Preview, run, trust and reasons; then without a PSF."""
    image, kernel = viewer.open_sample("napari-deconv", "defocus")
    _, dock = _dock(viewer, "Deblur photo")
    dock.picker.pick(image)
    dock.blur.choose("layer")
    dock.blur.layer.pick(kernel)
    dock.strength.choose("learned")
    _wait(lambda: dock.preview.layer is not None and not dock.preview.busy, settle)
    photograph(viewer, dock, folder, "photo-preview", settle)
    dock.live.setChecked(False)
    dock.strength.choose("richardson_lucy")
    _run(dock, settle)
    classical = dock.result
    dock.strength.choose("learned")
    _run(dock, settle)
    learned = dock.result
    photograph(viewer, dock, folder, "photo-after", settle)
    dock.trust.button.click()
    _wait(lambda: not dock.trust.busy, settle)
    photograph(viewer, dock, folder, "photo-trust", settle)
    dock.why.ask(learned, CLICKED)
    _wait(lambda: any(layer.name.startswith("why") for layer in viewer.layers), settle)
    photograph(viewer, dock, folder, "photo-why", settle)
    _side_by_side(viewer, (image, classical, learned), folder, settle)
    dock.blur.choose("unknown")
    settle(1.0)
    photograph(viewer, dock, folder, "photo-unknown", settle)


def photograph(viewer: Any, dock: Any, folder: Path, name: str, settle: Settle) -> None:
    """The window and the dock in both themes."""
    for theme in ("light", "dark"):
        viewer.theme = theme
        settle(0.5)
        dock.grab().save(str(folder / f"learned-{name}-{theme}.png"))
        viewer.screenshot(str(folder / f"learned-{name}-window-{theme}.png"), canvas_only=False, flash=False)


def _side_by_side(viewer: Any, shown: tuple[Any, ...], folder: Path, settle: Settle) -> None:
    """What was made, and what speaks against the learned one, in three rows of two."""
    rows, columns = shown[0].data.shape[:2]
    maps = [next(one for one in viewer.layers if one.name.startswith(name)) for name in ("contra", "not supp", "why")]
    pictures = (*shown, *maps)
    for layer in viewer.layers:
        layer.visible = layer in pictures
    for number, layer in enumerate(pictures):
        offset = (1.03 * rows * (number // 2), 1.03 * columns * (number % 2))
        layer.translate = [t + o for t, o in zip(layer.translate, offset, strict=True)]
    viewer.reset_view(margin=0.01)
    settle(1.0)
    viewer.screenshot(str(folder / "learned.png"), canvas_only=False, flash=False)


def _dock(viewer: Any, title: str) -> tuple[Any, Any]:
    frame, dock = viewer.window.add_plugin_dock_widget("napari-deconv", title)
    viewer.window._qt_window.resizeDocks([frame], [WIDTH], Qt.Orientation.Horizontal)
    return frame, dock


def _run(dock: Any, settle: Settle) -> None:
    settle(0.5)
    dock.start()
    _wait(lambda: dock.state not in ("running", "cancelling"), settle)


def _wait(done: Callable[[], bool], settle: Settle) -> None:
    for _ in range(2 * PATIENCE):
        settle(0.5)
        if done():
            return
