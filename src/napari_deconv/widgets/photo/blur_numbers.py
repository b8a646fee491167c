"""The numbers of a photograph's blur: typed, drawn or estimated; never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QWidget

from ..form import tidy
from ..number import NumberEdit
from ..qt import Signal, Slot


@dataclass(frozen=True)
class Entry:
    """One number: its label, what it is, and its default where it may be left empty."""

    label: str
    tip: str
    least: float = 0.0
    default: float | None = None


ENTRIES: dict[str, dict[str, Entry]] = {
    "motion": {
        "length": Entry("Le&ngth (pixels)", "Pixels that a point has travelled during the exposure"),
        "angle": Entry(
            "&Angle (degrees)", "0 is horizontal, 90 vertical, counter-clockwise as seen on the screen", -360.0
        ),
    },
    "defocus": {
        "radius": Entry("&Radius (pixels)", "Radius of the disk that a point has become"),
        "blades": Entry("Bl&ades", "Blades of the aperture, if points have become polygons; empty: a disk", 0.0, 0.0),
        "rotation": Entry("Rotatio&n (degrees)", "Turn of that polygon; empty: 0", -360.0, 0.0),
    },
    "gaussian": {"sigma": Entry("Sigm&a (pixels)", "Standard deviation of the blur")},
}


class BlurNumbers(QWidget):
    """One field with a badge (typed, drawn, estimated) for each number of a blur.

    Parameters
    ----------
    kind : str
        A key of `ENTRIES`, which is the name of the PSF model too.
    """

    changed = Signal()

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.edits = {n: NumberEdit(e.label.replace("&", ""), tip=e.tip) for n, e in ENTRIES[kind].items()}
        self.badges = {n: QLabel() for n in self.edits}
        layout = QFormLayout(self)
        tidy(layout)
        for name, edit in self.edits.items():
            row, label = QHBoxLayout(), QLabel(ENTRIES[kind][name].label)
            row.addWidget(edit, 1)
            row.addWidget(self.badges[name])
            self.badges[name].hide()
            self.badges[name].setAccessibleName(f"Where {edit.accessibleName()} comes from")
            label.setBuddy(edit)
            layout.addRow(label, row)
            edit.changed.connect(self._edited)
        for name, entry in ENTRIES[kind].items():
            self.edits[name].setPlaceholderText("" if entry.default is None else "none")

    @property
    def values(self) -> dict[str, float]:
        """The numbers that are there."""
        return {n: e.value for n, e in self.edits.items() if e.value is not None}

    @property
    def problem(self) -> str:
        """What is missing or wrong, in words."""
        for name, edit in self.edits.items():
            entry = ENTRIES[self.kind][name]
            if edit.problem or len(edit.values) > 1:
                return edit.problem or f"{edit.accessibleName()}: one number, please"
            if edit.value is not None and edit.value < entry.least:
                return f"{edit.accessibleName()} must be at least {entry.least:g}"
        missing = [e.accessibleName() for n, e in self.edits.items() if not e.values and self._needed(n)]
        return f"{' and '.join(missing)} in section 2" if missing else ""

    def _needed(self, name: str) -> bool:
        return ENTRIES[self.kind][name].default is None

    def put(self, values: Mapping[str, Any], origin: str) -> None:
        """Fill in the numbers that are known."""
        for name, edit in self.edits.items():
            if name in values:
                edit.put(float(values[name]), origin=origin)

    @property
    def words(self) -> str:
        """The blur as a recipe names it; only where there is no `problem`."""
        said = {n: v for n, v in self.values.items() if self._needed(n) or v}
        if "blades" not in said:
            said.pop("rotation", None)
        return f"{self.kind}:" + ",".join(f"{n}={v:.12g}" for n, v in said.items())

    @Slot()
    def _edited(self) -> None:
        for name, edit in self.edits.items():
            self.badges[name].setText(edit.origin)
            self.badges[name].setVisible(bool(edit.origin))
        self.changed.emit()
