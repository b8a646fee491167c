"""The voxel size: from the layer, from its file, or typed; never guessed."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from .number import NumberEdit
from .qt import Signal, Slot

TIP = (
    "Distance between neighbouring {what} in micrometres. Taken from the layer's scale if that has a unit of length, "
    "else from the file, else empty."
)
WHAT = {"Z": "planes", "Y": "rows", "X": "columns"}
PLAUSIBLE = (1e-3, 100.0)  # micrometres


class VoxelField(QWidget):
    """One number for each spatial axis, and a badge that says where they come from."""

    changed = Signal()
    applied = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.edits = {a: NumberEdit(f"Voxel size {a.lower()} (µm)", tip=TIP.format(what=w)) for a, w in WHAT.items()}
        self.badge, self.warning = QLabel(), QLabel()
        self.apply = QPushButton("Apply to layer")
        self._axes = self._remark = ""
        self._lay_out()
        for edit in self.edits.values():
            edit.changed.connect(self._edited)
        self.apply.clicked.connect(self.applied)

    def _lay_out(self) -> None:
        self.badge.setAccessibleName("Where the voxel size comes from")
        self.warning.setWordWrap(True)
        self.apply.setToolTip("Write this voxel size into the layer: its scale and units")
        head, row, column = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        head.addWidget(QLabel("Voxel size (µm)"))
        head.addStretch(1)
        head.addWidget(self.badge)
        head.addWidget(self.apply)
        self.letters = {a: QLabel(a.lower()) for a in self.edits}
        for a, edit in self.edits.items():
            row.addWidget(self.letters[a])
            row.addWidget(edit, 1)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addLayout(row)
        column.addWidget(self.warning)

    def show_axes(self, axes: str) -> None:
        """Show the fields of these spatial letters only."""
        self._axes = "".join(a for a in axes if a in WHAT)
        for a, edit in self.edits.items():
            edit.setVisible(a in self._axes)
            self.letters[a].setVisible(a in self._axes)
        self._edited()

    def put(self, known: Mapping[str, tuple[float, str]], remark: str = "") -> None:
        """Show what is known about the axes shown, with its origin; the others become empty, and `remark` is shown."""
        self._remark = remark
        for a, edit in self.edits.items():
            value, origin = known.get(a, (None, "")) if a in self._axes else (None, "")
            edit.put(*([] if value is None else [value]), origin=origin)

    @property
    def spacing(self) -> tuple[float, ...] | None:
        """Micrometres per sample, order ZYX; None unless all are known."""
        values = [self.edits[a].value for a in self._ordered]
        known = tuple(v for v in values if v is not None and v > 0)
        return known if len(known) == len(values) and known else None

    @property
    def problem(self) -> str:
        """What is missing or wrong, in words."""
        for a in self._ordered:
            edit = self.edits[a]
            if edit.problem or len(edit.values) > 1:
                return edit.problem or f"{edit.accessibleName()}: one number, please"
            if edit.value is not None and edit.value <= 0:
                return f"{edit.accessibleName()} must be positive"
        missing = [a.lower() for a in self._ordered if self.edits[a].value is None]
        return f"type the voxel size {', '.join(missing)} (µm) in section 1" if missing else ""

    @property
    def origin(self) -> str:
        """Where the numbers come from: "layer", "file", "typed", several of them, or "unknown"."""
        found = [self.edits[a].origin for a in self._ordered if self.edits[a].origin]
        return " + ".join(dict.fromkeys(found)) or "unknown"

    @property
    def _ordered(self) -> str:
        return "".join(a for a in "ZYX" if a in self._axes)

    @Slot()
    def _edited(self) -> None:
        self.badge.setText(self.origin)
        self.apply.setVisible(self.spacing is not None and self.origin != "layer")
        self.warning.setText(self._doubt())
        self.warning.setVisible(bool(self.warning.text()))
        self.changed.emit()

    def _doubt(self) -> str:
        """What looks like a mistake."""
        if self.spacing is None:
            return self._remark
        known = dict(zip(self._ordered, self.spacing, strict=True))
        odd = [f"{a.lower()} = {v:.6g}" for a, v in known.items() if not PLAUSIBLE[0] <= v <= PLAUSIBLE[1]]
        if odd:
            return f"{', '.join(odd)} µm is unusual for a microscope: micrometres, not nanometres?"
        if abs(known["X"] / known["Y"] - 1) > 0.01:
            return f"x and y differ by {abs(known['X'] / known['Y'] - 1):.0%}: is that so?"
        return ""
