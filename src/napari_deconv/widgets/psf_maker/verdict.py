"""What an estimate found, how sure it is, and whether it is to be trusted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ..fold import Fold
from ..form import tidy
from .entries import FIRST, ZERNIKE
from .findings import badge
from .psf_picture import as_sentence

if TYPE_CHECKING:
    from ...psf.estimate import Estimate

QUANTITIES = {  # names, units
    "length": ("Length", " pixels"),
    "angle": ("Angle", "°"),
    "radius": ("Radius", " pixels"),
    "sigma": ("Sigma", " pixels"),
    "width": ("Width", " pixels"),
    "na": ("Numerical aperture", ""),
    "spherical": ("Spherical aberration", " waves"),
    "rms": ("All together", " waves"),
    **{f"noll_{i}": (name, " waves") for i, name in enumerate(ZERNIKE, FIRST)},
}


class Verdict(QWidget):
    """The numbers with their uncertainty, whether to trust them, what else is known, and how they were found."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers, self.notes, self.method = QFormLayout(), QLabel(), QLabel()
        self.fold = Fold("How it was found", self.method)
        for label, name in ((self.notes, "Notes on the estimate"), (self.method, "How it was found")):
            label.setWordWrap(True)
            label.setAccessibleName(name)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        tidy(self.numbers)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addLayout(self.numbers)
        column.addWidget(self.notes)
        column.addWidget(self.fold)

    def show_estimate(self, found: Estimate) -> None:
        """Show what was found."""
        while self.numbers.rowCount():
            self.numbers.removeRow(0)
        for name, text in quantities(found).items():
            value = QLabel(text)
            value.setAccessibleName(name)
            self.numbers.addRow(name, value)
        row = QHBoxLayout()
        row.addWidget(QLabel(f"{found.confidence:.0%}"))
        row.addWidget(badge("info", "trusted") if found.ok else badge("warning", "not trusted"))
        row.addStretch(1)
        self.numbers.addRow("Confidence", row)
        self.notes.setText(" ".join(as_sentence(note) for note in (found.failure, *found.notes) if note))
        self.notes.setVisible(bool(self.notes.text()))
        self.method.setText(as_sentence(found.method))
        self.fold.setVisible(bool(found.method))


def quantities(found: Estimate) -> dict[str, str]:
    """Each number with its uncertainty: {"Length": "14.2 ± 0.3 pixels"}."""
    lines = {}
    for name, value in found.values.items():
        label, unit = QUANTITIES.get(name, (name.replace("_", " ").capitalize(), ""))
        error = found.uncertainty.get(name, math.nan)
        lines[label] = f"{with_error(value, error)}{unit}"
    return lines


def with_error(value: float, error: float) -> str:
    """A number and its uncertainty, with no more decimals than that is worth: "14.20 ± 0.31"."""
    digits = _digits(value, error)
    return f"{value:.{digits}f}" + (f" ± {error:.{digits}f}" if math.isfinite(error) else "")


def _digits(value: float, error: float) -> int:
    """Decimals worth showing: two figures of the uncertainty, else four of the value."""
    size = error if math.isfinite(error) and error > 0 else abs(value) / 100
    return min(6, max(0, 1 - math.floor(math.log10(size)))) if size > 0 else 1
