"""Pictures of the real dock after a run, in both themes. On a machine without a screen:

    xvfb-run -a -s "-screen 0 1400x900x24" python tools/screenshot.py FOLDER

Opens a sample as File > Open Sample does, runs ten iterations in the dock at 330 pixels of width, and saves for each
theme the window and the dock alone, before and after, and side-by-side.png, the README's picture. With --dock psf:
every tab of the dock PSF, filled in; with --dock photo: every kind of blur in the dock Deblur photo. The settings of
whoever runs this play no part.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import napari
import screenshot_photo
import screenshot_psf
from qtpy.QtCore import QEventLoop, Qt, QTimer

from napari_deconv.widgets import memory

WIDTH, ITERATIONS, PATIENCE = 330, 10, 120  # pixels, steps, seconds
MORE = {"psf": screenshot_psf.take, "photo": screenshot_photo.take}
SAMPLES = ("widefield", "clock", "defocus")


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sample", default="widefield", choices=SAMPLES)
    parser.add_argument("--iterations", type=int, default=ITERATIONS)
    parser.add_argument("--dock", default="deconvolve", choices=("deconvolve", "psf", "photo"))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as settings:
        memory.folder = lambda: Path(settings)
        if given.dock in MORE:
            take_other(given.folder, given.dock)
        else:
            take(given.folder, given.sample, given.iterations)


def take(folder: Path, sample: str, iterations: int) -> None:
    """Open, photograph, run, photograph."""
    viewer = napari.Viewer(show_welcome_screen=False)
    viewer.window.resize(1400, 900)
    viewer.open_sample("napari-deconv", sample)
    outside, dock = viewer.window.add_plugin_dock_widget("napari-deconv", "Deconvolve (microscopy)")
    viewer.window._qt_window.resizeDocks([outside], [WIDTH], Qt.Orientation.Horizontal)
    dock.method.forms["richardson_lucy"].put({"num_iter": iterations})
    settle(1.0)
    photograph(viewer, dock, folder, "before")
    dock.start()
    for _ in range(PATIENCE):
        settle(1.0)
        if dock.state not in ("running", "cancelling"):
            break
    photograph(viewer, dock, folder, "after")
    sys.stdout.write(f"{dock.width()} x {dock.height()} pixels; {dock.state}: {dock.footer.message.text()}\n")
    state = dock.state
    if state == "done":
        side_by_side(viewer, dock, folder)
    viewer.close()
    if state != "done":
        raise SystemExit(1)


def take_other(folder: Path, dock: str) -> None:
    """Every tab of the dock PSF, or every kind of blur of the dock Deblur photo."""
    viewer = napari.Viewer(show_welcome_screen=False)
    viewer.window.resize(1400, 900)
    MORE[dock](viewer, folder, settle)
    viewer.close()


def side_by_side(viewer: Any, dock: Any, folder: Path) -> None:
    """The window with source and result beside each other: the picture of the README."""
    width = dock.result.data.shape[-1] * dock.result.scale[-1]
    dock.result.translate = [*dock.result.translate[:-1], 1.03 * width]
    viewer.dims.set_point(0, dock.result.data.shape[0] * dock.result.scale[0] / 2)
    viewer.reset_view()
    settle(1.0)
    viewer.screenshot(str(folder / "side-by-side.png"), canvas_only=False, flash=False)


def photograph(viewer: Any, dock: Any, folder: Path, when: str) -> None:
    """The window and the dock in both themes."""
    for theme in ("light", "dark"):
        viewer.theme = theme
        settle(0.5)
        dock.grab().save(str(folder / f"dock-{when}-{theme}.png"))
        viewer.screenshot(str(folder / f"window-{when}-{theme}.png"), canvas_only=False, flash=False)


def settle(seconds: float) -> None:
    """Let Qt do what is due."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


if __name__ == "__main__":
    main()
