"""A small picture of a photograph's blur kernel, and its numbers."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from ...psf import PSF

SIDE = 104  # pixels
LEAST = 9  # pixels of the photograph that are shown in any case
GAMMA = 0.6  # so that the faint end of a path is seen


class KernelPicture(QWidget):
    """The kernel, about a hundred pixels wide, and a line of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.picture, self.caption = QLabel(), QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.caption.setWordWrap(True)
        self.caption.setAccessibleName("About the blur")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.picture)
        column.addWidget(self.caption)
        self.clear("")

    def clear(self, reason: str) -> None:
        """Show no picture but a reason."""
        self.picture.setPixmap(QPixmap())
        self.picture.hide()
        self._say(reason)

    def draw(self, psf: PSF) -> None:
        """Show `psf` and its numbers."""
        words = in_words(psf)
        self.picture.setPixmap(pixmap(psf))
        self.picture.setAccessibleName(f"Picture of the blur: {words}")
        self.picture.show()
        self._say(words)

    def _say(self, text: str) -> None:
        self.caption.setText(text)
        self.caption.setVisible(bool(text))


def pixmap(psf: PSF) -> QPixmap:
    """The kernel in grey values, in a square of about `SIDE` pixels."""
    data = psf.data if psf.ndim == 2 else np.atleast_2d(psf.data[psf.shape[0] // 2])
    side = max(*data.shape, LEAST)
    grey = np.pad(
        (255 * (data / data.max()) ** GAMMA).astype(np.uint8),
        [((side - n) // 2, side - n - (side - n) // 2) for n in data.shape],
    )
    image = QImage(grey.tobytes(), side, side, side, QImage.Format.Format_Grayscale8)
    ratio, way = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation
    return QPixmap.fromImage(image.scaled(SIDE, SIDE, ratio, way))


def in_words(psf: PSF) -> str:
    """Its size, how far its centre of mass is from the middle, and what was done to it."""
    off = max(abs(c) for c in off_centre(psf))
    words = f"{' × '.join(map(str, psf.shape))} pixels, sum {psf.data.sum(dtype=np.float64):.3g}, "
    words += f"centre of mass {off:.1f} px from the middle." if off >= 0.05 else "centred."
    remarks = [*psf.info.get("repairs", ()), *psf.info.get("notes", ())]
    return words + "".join(f" {r[:1].upper()}{r[1:].rstrip('.')}." for r in remarks)


def off_centre(psf: PSF) -> list[float]:
    """From n // 2 to the centre of mass, pixels along each axis."""
    data = psf.data.astype(np.float64)
    found = []
    for axis, n in enumerate(psf.shape):
        line = data.sum(axis=tuple(i for i in range(psf.ndim) if i != axis))
        found.append(float(line @ (np.arange(n) - n // 2) / line.sum()))
    return found
