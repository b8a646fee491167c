"""Pictures of the real dock after a run, in both themes. On a machine without a screen:

    xvfb-run -a -s "-screen 0 1400x900x24" python tools/screenshot.py FOLDER

Opens a sample as File > Open Sample does, runs the dock at 330 pixels of width, and saves for each theme the window and
the dock alone, before, with a preview, in the middle of the run with its curve, and after, and side-by-side.png, the
README's picture. The number of iterations is found automatically, or is that of --iterations. With --dock psf:
every tab of the dock PSF, filled in; with --dock photo: every kind of blur in the dock Deblur photo; with --dock
learned: learned restorations in both, with layers of trust, and learned.png. The settings of whoever runs this play
no part.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
import screenshot_learned
import screenshot_photo
import screenshot_psf
from qtpy.QtCore import QEventLoop, Qt, QTimer

from napari_deconv.widgets import memory

WIDTH, PATIENCE = 330, 120  # pixels, seconds
MORE = {"psf": screenshot_psf.take, "photo": screenshot_photo.take, "learned": screenshot_learned.take}
SAMPLES = ("widefield", "clock", "defocus")


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sample", default="widefield", choices=SAMPLES)
    parser.add_argument("--iterations", type=int)
    parser.add_argument("--dock", default="deconvolve", choices=("deconvolve", *MORE))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as settings:
        memory.folder = lambda: Path(settings)
        if given.dock in MORE:
            take_other(given.folder, given.dock)
        else:
            take(given.folder, given.sample, given.iterations)


def take(folder: Path, sample: str, iterations: int | None) -> None:
    """Open, photograph, preview, photograph, run, photograph on the way and at the end."""
    viewer = napari.Viewer(show_welcome_screen=False)
    viewer.window.resize(1400, 900)
    viewer.open_sample("napari-deconv", sample)
    outside, dock = viewer.window.add_plugin_dock_widget("napari-deconv", "Deconvolve (microscopy)")
    viewer.window._qt_window.resizeDocks([outside], [WIDTH], Qt.Orientation.Horizontal)
    dock.method.put({"num_iter": iterations or "auto"})
    dock.live.box.setChecked(False)
    settle(1.0)
    for theme in ("light", "dark"):
        photograph(viewer, dock, folder, "before", theme)
    dock.live.box.setChecked(True)
    wait(lambda: dock.live.preview.frames and not dock.live.busy)
    for theme in ("light", "dark"):
        photograph(viewer, dock, folder, "preview", theme)
    for theme in ("light", "dark"):
        viewer.theme = theme
        if dock.result is not None:  # of the theme before: it would lie over the live picture
            viewer.layers.remove(dock.result)
        settle(0.5)
        dock.start()
        wait(lambda: dock.state != "running" or far(dock.footer.bar), 0.01)
        photograph(viewer, dock, folder, "running", theme)
        wait(lambda: dock.state not in ("running", "cancelling"))
        photograph(viewer, dock, folder, "after", theme)
    sys.stdout.write(f"{dock.width()} x {dock.height()} pixels; {dock.state}: {dock.footer.message.text()}\n")
    state = dock.state
    if state == "done":
        side_by_side(viewer, dock, folder)
    viewer.close()
    if state != "done":
        raise SystemExit(1)


def take_other(folder: Path, dock: str) -> None:
    """Every tab of the dock PSF, every kind of blur of the dock Deblur photo, or learned restorations."""
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


def photograph(viewer: Any, dock: Any, folder: Path, when: str, theme: str) -> None:
    """The window and the dock in a theme."""
    if viewer.theme != theme:
        viewer.theme = theme
        settle(0.5)
    dock.grab().save(str(folder / f"dock-{when}-{theme}.png"))
    viewer.screenshot(str(folder / f"window-{when}-{theme}.png"), canvas_only=False, flash=False)


def wait(done: Callable[[], Any], step: float = 0.5) -> None:
    """Until it is done, or patience ends."""
    began = time.monotonic()
    while not done() and time.monotonic() - began < PATIENCE:
        settle(step)


def far(bar: Any) -> bool:
    """Whether most of a run is done."""
    return bool(0 < 0.7 * bar.maximum() < bar.value())


def settle(seconds: float) -> None:
    """Let Qt do what is due."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


if __name__ == "__main__":
    main()
