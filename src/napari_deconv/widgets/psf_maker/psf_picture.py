"""A small picture of a PSF: its XY and XZ sections through the centre, and their profiles."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from ...psf import PSF
from ...psf.width import fwhm
from ..fold import Fold
from .profile import Curve, ProfilePlot, legend

PROFILE = "Profile"
GAMMA = 0.4
SIDE = 96  # pixels
DARK = 2e-3  # of the maximum: hardly visible after gamma
LEAST = 7  # samples on either side of the centre that are shown in any case
SHORT = 120  # letters of remarks that are shown without being asked for
TALLEST = 90  # pixels
LEAST_SHIFT = 5e-3  # micrometres worth telling
ROUND = ("gaussian", "defocus", "measured")  # photo blurs with a width
UNITS = {"um": "µm", "px": "px"}


class PSFPicture(QWidget):
    """Two sections, brightened by gamma 0.4 so that the rings are seen, the profiles, and a line of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.sections = {name: QLabel() for name in ("XY", "XZ")}
        self.profile, self.caption, self.remarks = ProfilePlot(), QLabel(), QLabel()
        self.fold = Fold("What was done to it", _scrolled(self.remarks))
        self.caption.setWordWrap(True)
        self.caption.setAccessibleName("About the PSF")
        self.caption.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.remarks.setWordWrap(True)
        self.remarks.setAccessibleName("What was done to the PSF")
        self._captions = {name: QLabel(name) for name in (*self.sections, PROFILE)}
        grid, column = QGridLayout(), QVBoxLayout(self)
        for i, (name, label) in enumerate(self.sections.items()):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setAccessibleName(f"{name} section of the PSF")
            grid.addWidget(self._captions[name], 0, i, Qt.AlignmentFlag.AlignHCenter)
            grid.addWidget(label, 1, i)
        grid.addWidget(self._captions[PROFILE], 0, 2, Qt.AlignmentFlag.AlignHCenter)
        grid.addWidget(self.profile, 1, 2)
        grid.setColumnStretch(2, 1)
        grid.setSpacing(4)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(2)
        column.addLayout(grid)
        column.addWidget(self.caption)
        column.addWidget(self.fold)
        self.clear("")

    def clear(self, reason: str) -> None:
        """Show no picture but a reason."""
        self.setEnabled(True)
        for name in self.sections:
            self._show(name, None)
        self.profile.hide()
        self._captions[PROFILE].hide()
        self.caption.setText(reason)
        self.caption.setVisible(bool(reason))
        self.fold.hide()

    def wait(self, reason: str) -> None:
        """Keep the old picture, greyed, until the next one comes: so that nothing jumps."""
        self.setEnabled(False)
        self.caption.setText(reason)
        self.caption.show()
        self.fold.hide()

    def draw(self, psf: PSF) -> None:
        """Show `psf` and its numbers."""
        self.setEnabled(True)
        centre = tuple(n // 2 for n in psf.shape)
        data, steps = psf.data, psf.spacing
        self._show("XY", section(data[centre[0]] if psf.ndim == 3 else np.atleast_2d(data), steps[-2:]))
        self._show("XZ", section(data[:, centre[1]], (steps[0], steps[-1])) if psf.ndim == 3 else None)
        shown = curves(psf)
        self.profile.draw(shown, UNITS[psf.unit], reach(psf))
        self._captions[PROFILE].setText(f"{PROFILE if psf.unit == 'um' else 'Sum'} {legend(shown)}")
        self.profile.setFixedHeight(SIDE)
        self.profile.show()
        self._captions[PROFILE].show()
        said = remarks(psf)
        folded = sum(map(len, said)) > SHORT
        self.caption.setText("\n".join([facts(psf), *([] if folded else [" ".join(said)] if said else [])]))
        self.caption.show()
        self.remarks.setText("\n".join(f"• {r}" for r in said))
        self.fold.retitle(f"What was done to it ({len(said)})")
        self.fold.setVisible(folded)

    def _show(self, name: str, picture: QPixmap | None) -> None:
        label = self.sections[name]
        label.setPixmap(picture or QPixmap())
        label.setVisible(picture is not None)
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
    """The part around the centre outside which everything is darker than `DARK` times the maximum, no mere line."""
    plane = np.pad(plane, [(max(0, LEAST - n // 2),) * 2 for n in plane.shape])
    centre = [n // 2 for n in plane.shape]
    bright = np.argwhere(plane >= DARK * plane.max())
    found = [max(LEAST, int(abs(bright[:, i] - c).max())) for i, c in enumerate(centre)]
    return plane[tuple(slice(max(0, c - r), c + r + 1) for c, r in zip(centre, found, strict=True))]


def curves(psf: PSF) -> list[Curve]:
    """Profiles along x and, dashed, along z (of a plane: along y), relative to their maximum.

    Those of a microscope go through the centre; those of a photograph's blur are sums over the other axis, as the
    centre of a curved motion may be dark.
    """
    shown = [("x", psf.ndim - 1, False)]
    if psf.ndim > 1:
        shown.append(("z" if psf.ndim == 3 else "y", 0, True))
    return [Curve(name, *_line(psf, axis), dashed) for name, axis, dashed in shown]


def reach(psf: PSF) -> float:
    """How far from the centre the profiles are shown: three half widths, at least four samples; all of a photo's."""
    if psf.unit == "px":
        return max(4.0, max(psf.shape) / 2 + 1)
    widths = [w for w in fwhm(psf) if w is not None]
    return max(1.5 * max(widths, default=0.0), 4 * psf.spacing[-1])


def _line(psf: PSF, axis: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions and values along one axis."""
    others = tuple(i for i in range(psf.ndim) if i != axis)
    if psf.unit == "px":  # it ends where its array ends
        values = np.pad(psf.data.sum(axis=others, dtype=np.float64), 1)
    else:
        middle = tuple(slice(None) if i == axis else n // 2 for i, n in enumerate(psf.shape))
        values = psf.data[middle].astype(np.float64)
    position = (np.arange(len(values), dtype=np.float64) - len(values) // 2) * psf.spacing[axis]
    return position, values / (float(values.max()) or 1.0)


def widths_in_words(psf: PSF) -> str:
    """The full widths at half maximum: "FWHM z 0.51 · y 0.21 · x 0.21 µm"; nothing where that is not what it has."""
    if psf.unit == "px" and psf.info.get("model") not in ROUND:
        return ""
    named = zip("zyx"[-psf.ndim :], fwhm(psf), strict=True)
    digits = 3 if psf.unit == "um" else 1
    known = [f"{a} {w:.{digits}f}" for a, w in named if w is not None]
    return f"FWHM {' · '.join(known)} {UNITS[psf.unit]}" if known else ""


def facts(psf: PSF) -> str:
    """Its widths, its size and its energy."""
    samples = " × ".join(map(str, psf.shape))
    steps = " × ".join(f"{s:.4g}" for s in psf.spacing)
    head = f"{samples} pixels" if psf.unit == "px" else f"{samples} samples of {steps} µm"
    share = psf.info.get("energy", 1)
    energy = f"holds {share:.1%} of the light in focus" if share < 1 else ""
    return "\n".join(line for line in (widths_in_words(psf), ", ".join(p for p in (head, energy) if p) + ".") if line)


def remarks(psf: PSF) -> list[str]:
    """What was done to it, and what else is known, as sentences."""
    shift = psf.info.get("focus_shift") or 0
    moved = [f"the sharpest plane lies {shift:+.2f} µm from the nominal focus; it was put in the middle"]
    notes = [note for note in psf.info.get("notes", ()) if "Nyquist" not in note]  # the examination says that
    said = [*(moved if abs(shift) >= LEAST_SHIFT else []), *psf.info.get("repairs", ()), *notes]
    return [as_sentence(remark) for remark in said]


def as_sentence(text: str) -> str:
    """`text` with a capital, a full stop and µm."""
    text = re.sub(r"\bum\b", "µm", text.strip())
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}" if text else ""


def _scrolled(label: QLabel) -> QScrollArea:
    """A label of many lines in little room."""
    area = QScrollArea()
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    area.setWidget(label)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFixedHeight(TALLEST)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
