"""What the examination of a PSF found, with a button for each thing that can be repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ..qt import Signal, Slot
from .psf_picture import as_sentence

if TYPE_CHECKING:
    from ...psf.doctor import Finding

BADGES = {  # word, its colour, the colour behind it
    "error": ("error", "white", "#c62828"),
    "warning": ("warning", "black", "#ffb000"),
    "info": ("note", "black", "#3db8ff"),
}
TALLEST = 150


class FindingsList(QWidget):
    """One row for each finding: a badge, a sentence, a button.

    Parameters
    ----------
    repairable : bool
        Whether there are buttons.
    tallest : int
        Pixels; more findings than fit are scrolled.
    """

    wanted = Signal(object)  # findings to be repaired: a tuple

    def __init__(self, repairable: bool = True, tallest: int = TALLEST) -> None:
        super().__init__()
        self.repairable, self._tallest = repairable, tallest
        self.findings: tuple[Finding, ...] = ()
        self.buttons: dict[str, QPushButton] = {}
        self.summary, self.all = QLabel(), QPushButton("&Repair all")
        self.summary.setWordWrap(True)
        self.summary.setAccessibleName("What the examination found")
        self.all.setToolTip("Do all the repairs offered below, one after the other")
        self.all.clicked.connect(self._all)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        head, column = QHBoxLayout(), QVBoxLayout(self)
        head.addWidget(self.summary, 1)
        head.addWidget(self.all)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self._area)
        self.clear("")

    def clear(self, reason: str) -> None:
        """Show no findings but a sentence, or nothing."""
        self.show_findings(())
        self.summary.setText(reason)
        self.summary.setVisible(bool(reason))

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Show these, in their order."""
        self.findings = tuple(findings)
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 4, 0)
        grid.setSpacing(4)
        grid.setColumnStretch(1, 1)
        self.buttons = {}
        for row, finding in enumerate(self.findings):
            self._add_row(grid, row, finding)
        grid.setRowStretch(len(self.findings), 1)
        self._area.setWidget(inside)
        self._area.setVisible(bool(self.findings))
        self.summary.setText(summary(self.findings))
        self.summary.show()
        self.all.setVisible(len(self.buttons) > 1)
        self._fit()

    def _add_row(self, grid: QGridLayout, row: int, finding: Finding) -> None:
        text = QLabel(sentence(finding))
        text.setWordWrap(True)
        text.setToolTip(as_sentence(finding.remedy))
        text.setAlignment(Qt.AlignmentFlag.AlignTop)
        mark = badge(finding.severity)
        mark.setStyleSheet(f"{mark.styleSheet()} margin-top: 3px;")  # level with the first line
        grid.addWidget(mark, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(text, row, 1)
        if finding.repair is None or not self.repairable:
            return
        button = QPushButton("Repair")
        button.setToolTip(as_sentence(finding.remedy))
        button.setAccessibleName(f"Repair: {finding.sentence}")
        button.clicked.connect(partial(self._one, row))
        self.buttons[finding.name] = button
        grid.addWidget(button, row, 2, Qt.AlignmentFlag.AlignTop)

    def _fit(self) -> None:
        """As high as the rows, up to a limit."""
        inside = self._area.widget()
        if inside is None or not self.findings:
            return
        width = max(self.width(), 280)
        wanted = inside.heightForWidth(width) if inside.hasHeightForWidth() else inside.sizeHint().height()
        self._area.setFixedHeight(min(wanted + 2, self._tallest))

    def resizeEvent(self, a0: object) -> None:
        """Lines break elsewhere."""
        self._fit()
        super().resizeEvent(a0)  # type: ignore[arg-type]

    def _one(self, row: int, checked: bool = False) -> None:
        self.wanted.emit((self.findings[row],))

    @Slot()
    def _all(self) -> None:
        self.wanted.emit(tuple(f for f in self.findings if f.repair is not None))


def summary(findings: Sequence[Finding]) -> str:
    """How many of each severity: "Examined: 1 error, 2 warnings."."""
    if not findings:
        return "Examined: nothing found."
    count = Counter(BADGES[f.severity][0] for f in findings)
    words = [f"{n} {word}{'s' * (n > 1)}" for word, n in count.items()]
    return f"Examined: {', '.join(words)}."


def sentence(finding: Finding) -> str:
    """What was found, and what to do where no button does it."""
    parts = [finding.sentence] if finding.repair is not None else [finding.sentence, finding.remedy]
    return " ".join(as_sentence(part) for part in parts)


def badge(severity: str, text: str = "") -> QLabel:
    """A word on a colour: the severity's own, or `text`."""
    word, colour, behind = BADGES[severity]
    label = QLabel(text or word)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    label.setStyleSheet(f"color: {colour}; background: {behind}; border-radius: 3px; padding: 0 4px;")
    return label
