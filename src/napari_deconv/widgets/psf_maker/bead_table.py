"""The list of beads: where each is, how wide, and why it was left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from ..qt import Signal, Slot

if TYPE_CHECKING:
    from ...psf.beads import Bead

COLUMNS = ("Bead", "Position", "FWHM (µm)", "State")
HEIGHT = 132  # pixels: four rows and the head


class BeadTable(QTableWidget):
    """One row per bead; choosing one tells `picked`."""

    picked = Signal(object)  # a Bead

    def __init__(self) -> None:
        super().__init__(0, len(COLUMNS))
        self.beads: tuple[Bead, ...] = ()
        self.setHorizontalHeaderLabels(COLUMNS)
        self.setAccessibleName("Beads")
        self.setToolTip("Click a bead to see it; position and widths in the order z, y, x")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setFixedHeight(HEIGHT)
        head, side = self.horizontalHeader(), self.verticalHeader()
        assert head is not None
        assert side is not None
        side.hide()
        side.setDefaultSectionSize(22)
        for column in range(len(COLUMNS) - 1):
            head.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(len(COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
        self.currentCellChanged.connect(self._moved)

    def show_beads(self, beads: Sequence[Bead]) -> None:
        """Show these; the ones that were used come first."""
        self.beads = tuple(sorted(beads, key=lambda bead: not bead.accepted))
        several = len({bead.image for bead in beads}) > 1
        self.blockSignals(True)
        self.setRowCount(len(self.beads))
        for row, bead in enumerate(self.beads):
            place = f"{bead.image + 1}: {row + 1}" if several else str(row + 1)
            state = "used" if bead.accepted else bead.reason
            texts = (place, _numbers(bead.position, 0), _numbers(bead.fwhm or (), 2), state)
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(_whole(bead))
                self.setItem(row, column, item)
        self.setCurrentCell(-1, -1)
        self.blockSignals(False)

    @Slot(int, int, int, int)
    def _moved(self, row: int, column: int, before: int, before_column: int) -> None:
        if 0 <= row < len(self.beads) and row != before:
            self.picked.emit(self.beads[row])


def _numbers(values: Sequence[float], digits: int) -> str:
    """Numbers side by side, in the order ZYX: "12 30 41"."""
    return " ".join("–" if math.isnan(v) else f"{v:.{digits}f}" for v in values)


def _whole(bead: Bead) -> str:
    """Everything about one bead."""
    lines = [f"at {', '.join(f'{p:.1f}' for p in bead.position)} (voxels)"]
    if bead.fwhm is not None:
        lines.append(f"FWHM {', '.join(f'{w:.3f}' for w in bead.fwhm)} µm")
    if bead.r2 is not None:
        lines.append(f"the fit explains {bead.r2:.1%}")
    return "; ".join([*lines, "used" if bead.accepted else bead.reason])
