"""Pictures of the dock PSF: every tab with something in it, in both themes. Called by screenshot.py.

The beads are simulated: a known PSF, photons, two of them too close to each other.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt

from napari_deconv import psf

WIDTH, PATIENCE = 330, 120  # pixels, seconds
SPACING = (0.2, 0.1, 0.1)
OPTICS = {"na": "1.2", "wavelength": "520", "ri": "1.33"}

Settle = Callable[[float], None]


def take(viewer: Any, folder: Path, settle: Settle) -> None:
    """Open the dock beside a sample and photograph its tabs."""
    outside, dock = viewer.window.add_plugin_dock_widget("napari-deconv", "PSF")
    viewer.window._qt_window.resizeDocks([outside], [WIDTH], Qt.Orientation.Horizontal)
    for name, scene in {"theory": _theory, "beads": _beads, "image": _image, "draw": _draw}.items():
        viewer.layers.clear()
        scene(viewer, dock, settle)
        for _ in range(PATIENCE):
            settle(1.0)
            if dock.panel.findings.summary.text().startswith("Examined"):
                break
        photograph(viewer, dock, folder, name, settle)


def photograph(viewer: Any, dock: Any, folder: Path, name: str, settle: Settle) -> None:
    """The window and the dock in both themes."""
    for theme in ("light", "dark"):
        viewer.theme = theme
        settle(0.5)
        dock.grab().save(str(folder / f"psf-{name}-{theme}.png"))
        viewer.screenshot(str(folder / f"psf-{name}-window-{theme}.png"), canvas_only=False, flash=False)


def _theory(viewer: Any, dock: Any, settle: Settle) -> None:
    viewer.open_sample("napari-deconv", "widefield")
    viewer.layers.selection.active = viewer.layers[0]
    dock.show_tab("Theory")
    dock.theory.choose("confocal" if dock.theory.kind_box.findData("confocal") >= 0 else "widefield")
    for name, text in {**OPTICS, "excitation": "488", "pinhole": "1"}.items():
        dock.theory.forms["widefield"].edits[name].type(text)


def _beads(viewer: Any, dock: Any, settle: Settle) -> None:
    layer = viewer.add_image(field(), name="beads", scale=SPACING, units=["micrometer"] * 3, axis_labels=tuple("zyx"))
    viewer.layers.selection.active = layer
    dock.show_tab("Beads")
    dock.beads.diameter.type("100")
    _run(dock, settle)


def _image(viewer: Any, dock: Any, settle: Settle) -> None:
    viewer.layers.selection.active = viewer.open_sample("napari-deconv", "clock")[0]
    dock.show_tab("From image")
    dock.estimate.choose("motion")
    _run(dock, settle)


def _draw(viewer: Any, dock: Any, settle: Settle) -> None:
    viewer.layers.selection.active = viewer.open_sample("napari-deconv", "clock")[0]
    dock.show_tab("Draw")
    strokes = dock.drawing.draw("polyline")
    strokes.add_paths([np.array([[120, 150], [110, 165], [118, 185], [135, 200]])])
    strokes.mode = "pan_zoom"
    dock.drawing.profile_box.setCurrentIndex(1)


def _run(dock: Any, settle: Settle) -> None:
    dock.start()
    for _ in range(PATIENCE):
        settle(1.0)
        if not dock.errand.busy:
            return


def field(seed: int = 1) -> NDArray[Any]:
    """A field of 30 beads, blurred and with photon noise."""
    rng = np.random.default_rng(seed)
    kernel = psf.gaussian((0.3, 0.12, 0.12), spacing=SPACING).data
    stack = np.zeros((40, 256, 256))
    half = [n // 2 for n in kernel.shape]
    for z, y, x in zip(rng.integers(15, 25, 30), *rng.integers(12, 244, (2, 30)), strict=True):
        place = tuple(slice(c - h, c + h + 1) for c, h in zip((z, y, x), half, strict=True))
        stack[place] += 20000 * rng.uniform(0.7, 1.3) * kernel
    return rng.poisson(stack + 20).astype(np.uint16)
