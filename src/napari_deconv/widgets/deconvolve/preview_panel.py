"""Small pictures of the preview, and a slider through its iterations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from ..qt import Signal, Slot
from .previewing import QUICK, Frame

SIDE = 128  # pixels of the longer side of a picture


class PreviewPanel(QWidget):
    """XY and, of stacks, XZ sections; which iteration is shown."""

    chosen = Signal(object)  # the Frame that the slider is at
    wanted = Signal(int)  # that number of iterations is to be used

    def __init__(self) -> None:
        super().__init__()
        self.pictures = {name: QLabel() for name in ("XY", "XZ")}
        self.titles = {name: QLabel(name) for name in self.pictures}
        self.slider, self.words = QSlider(Qt.Orientation.Horizontal), QLabel()
        self.use = QPushButton("Use it")
        self._frames: tuple[Frame, ...] = ()
        self._lay_out()
        self.slider.valueChanged.connect(self._moved)
        self.use.clicked.connect(self._used)
        self.show_frames(())

    def _lay_out(self) -> None:
        column, grid, row = QVBoxLayout(self), QGridLayout(), QHBoxLayout()
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(2)
        for i, (name, picture) in enumerate(self.pictures.items()):
            picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
            picture.setAccessibleName(f"{name} section of the preview")
            grid.addWidget(self.titles[name], 0, i, Qt.AlignmentFlag.AlignHCenter)
            grid.addWidget(picture, 1, i, Qt.AlignmentFlag.AlignCenter)
        self.slider.setAccessibleName("Iteration of the preview")
        self.slider.setToolTip("Go through the iterations that were kept; the canvas shows the same one")
        self.slider.setPageStep(1)
        self.words.setAccessibleName("Which iteration is shown")
        self.use.setToolTip("Stop after this number of iterations")
        row.addWidget(self.slider, 1)
        row.addWidget(self.words)
        row.addWidget(self.use)
        column.addLayout(grid, 1)
        column.addLayout(row)

    @property
    def frame(self) -> Frame | None:
        """What is shown."""
        return self._frames[self.slider.value()] if self._frames else None

    def show_frames(self, frames: Sequence[Frame]) -> None:
        """Offer these; the slider goes to the last one, unless it was moved back to one that is still there."""
        before, at_end = self.frame, self.slider.value() == self.slider.maximum()
        self._frames = tuple(frames)
        kept = [i for i, f in enumerate(self._frames) if f is before]
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(self._frames) - 1))
        self.slider.setValue(self.slider.maximum() if at_end or not kept else kept[0])
        self.slider.blockSignals(False)
        self.slider.setEnabled(len(self._frames) > 1)
        self._say()
        if self.frame is not None and self.frame is not before:
            self.chosen.emit(self.frame)

    def draw(self, planes: dict[str, tuple[NDArray[np.float32], tuple[float, float]]], limits: Sequence[float]) -> None:
        """Show sections: each with the size of its samples (rows, columns), black and white at `limits`."""
        for name, label in self.pictures.items():
            shown = name in planes
            label.setPixmap(pixmap(*planes[name], limits) if shown else QPixmap())
            label.setVisible(shown)
            self.titles[name].setVisible(shown)

    def _say(self) -> None:
        frame = self.frame
        self.words.setText("" if frame is None else _in_words(frame))
        self.use.setEnabled(frame is not None and frame.iteration != QUICK and not frame.steps)

    @Slot()
    def _moved(self) -> None:
        self._say()
        if self.frame is not None:
            self.chosen.emit(self.frame)

    @Slot()
    def _used(self) -> None:
        if self.frame is not None:
            self.wanted.emit(self.frame.iteration)


def _in_words(frame: Frame) -> str:
    """Which one it is."""
    if frame.iteration == QUICK:
        return "Wiener"
    return f"step {frame.iteration} of {frame.steps}" if frame.steps else f"iteration {frame.iteration}"


def pixmap(plane: NDArray[np.float32], steps: tuple[float, float], limits: Sequence[float]) -> QPixmap:
    """A plane in grey, in true proportions, its longer side of `SIDE` pixels."""
    low, high = (float(v) for v in limits)
    grey = np.ascontiguousarray(255 * np.clip((plane - low) / ((high - low) or 1), 0, 1)).astype(np.uint8)
    rows, columns = grey.shape
    image = QImage(grey.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8)
    height, width = rows * steps[0], columns * steps[1]
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    ratio, way = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    return QPixmap.fromImage(image.scaled(*size, ratio, way))


def sections(
    frame: Frame, axes: str, at: Sequence[float], scale: Sequence[float]
) -> dict[str, tuple[NDArray[np.float32], tuple[float, float]]]:
    """The XY section at the sliders and, of stacks, the XZ section through the middle, each with its sample sizes.

    Parameters
    ----------
    frame : Frame
        The preview.
    axes : str
        Letters of its axes.
    at : sequence of float
        Where the sliders are, in samples of the layer.
    scale : sequence of float
        Sizes of its samples.
    """
    places = zip(axes, at, frame.start, frame.data.shape, strict=True)
    index = {a: int(np.clip(round(float(p)) - first, 0, n - 1)) for a, p, first, n in places}
    sizes, step = dict(zip(axes, frame.data.shape, strict=True)), dict(zip(axes, scale, strict=True))
    index["Y"] = sizes["Y"] // 2  # for the XZ section: the sliders do not tell
    found = {}
    for name, (rows, columns) in {"XY": ("Y", "X"), "XZ": ("Z", "X")}.items():
        if sizes.get(rows, 1) > 1 or name == "XY":
            plane = np.asarray(frame.data[tuple(slice(None) if a in (rows, columns) else index[a] for a in axes)])
            in_order = plane if axes.index(rows) < axes.index(columns) else plane.T
            found[name] = in_order.astype(np.float32), (float(step[rows]), float(step[columns]))
    return found
