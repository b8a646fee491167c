"""A small picture of a PSF: its XY and XZ sections through the centre."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ..psf import PSF

GAMMA = 0.4
SIDE = 104  # pixels
DARK = 2e-3  # of the maximum: hardly visible after gamma
LEAST = 7  # samples on either side of the centre that are shown in any case


class PSFPicture(QWidget):
    """Two sections, brightened by gamma 0.4 so that the rings are seen, and a line of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.sections = {name: QLabel() for name in ("XY", "XZ")}
        self.caption = QLabel()
        self.caption.setWordWrap(True)
        self.caption.setAccessibleName("About the PSF")
        self._captions = {name: QLabel(name) for name in self.sections}
        row, column = QHBoxLayout(), QVBoxLayout(self)
        row.addStretch(1)
        for name, label in self.sections.items():
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._captions[name].setAlignment(Qt.AlignmentFlag.AlignTop)
            row.addWidget(self._captions[name])
            row.addWidget(label)
        row.addStretch(1)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.caption)
        self.clear("")

    def clear(self, reason: str) -> None:
        """Show no picture but a reason."""
        for name in self.sections:
            self._show(name, None)
        self.caption.setText(reason)
        self.caption.setVisible(bool(reason))

    def draw(self, psf: PSF) -> None:
        """Show `psf` and its numbers."""
        centre = tuple(n // 2 for n in psf.shape)
        data, steps = psf.data, psf.spacing
        self._show("XY", section(data[centre[0]] if psf.ndim == 3 else np.atleast_2d(data), steps[-2:]))
        self._show("XZ", section(data[:, centre[1]], (steps[0], steps[-1])) if psf.ndim == 3 else None)
        self.caption.setText(in_words(psf))
        self.caption.show()

    def _show(self, name: str, picture: QPixmap | None) -> None:
        label = self.sections[name]
        label.setPixmap(picture or QPixmap())
        label.setVisible(picture is not None)
        label.setAccessibleName(f"{name} section of the PSF")
        self._captions[name].setVisible(picture is not None)


def section(plane: NDArray[np.float32], steps: tuple[float, ...]) -> QPixmap:
    """A plane as a picture of at most `SIDE` pixels in true proportions."""
    plane = bright_part(plane)
    peak = float(plane.max()) or 1.0
    grey = np.ascontiguousarray(255 * (np.clip(plane, 0, None) / peak) ** GAMMA).astype(np.uint8)
    rows, columns = grey.shape
    image = QImage(grey.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8)
    height, width = rows * steps[0], columns * steps[-1]
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    ratio, way = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.FastTransformation
    return QPixmap.fromImage(image.scaled(*size, ratio, way))


def bright_part(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """The part around the centre outside which everything is darker than `DARK` times the maximum."""
    centre = [n // 2 for n in plane.shape]
    bright = np.argwhere(plane >= DARK * plane.max())
    reach = [max(LEAST, int(abs(bright[:, i] - c).max())) for i, c in enumerate(centre)]
    return plane[tuple(slice(max(0, c - r), c + r + 1) for c, r in zip(centre, reach, strict=True))]


def in_words(psf: PSF) -> str:
    """Its size, its energy and what was done to it."""
    samples = " × ".join(map(str, psf.shape))
    unit = {"um": "µm", "px": "px"}[psf.unit]
    lines = [f"{samples} samples of {' × '.join(f'{s:.4g}' for s in psf.spacing)} {unit}"]
    if psf.unit == "px":
        lines = [f"{samples} pixels"]
    if "energy" in psf.info:
        lines.append(f"holds {psf.info['energy']:.1%} of the light in focus")
    remarks = [*psf.info.get("repairs", ()), *psf.info.get("notes", ())]
    return ", ".join(lines) + "." + "".join(f" {r[:1].upper()}{r[1:].rstrip('.')}." for r in remarks)
