"""A part of a form that is closed at first."""

from __future__ import annotations

from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from .qt import Slot

FLAT = "text-align: left; background: transparent; border: none; padding: 2px;"


class Fold(QWidget):
    """A line of text that opens and closes what is below it.

    Parameters
    ----------
    title : str
        The line.
    inside : QWidget
        What is shown when it is open.
    """

    def __init__(self, title: str, inside: QWidget) -> None:
        super().__init__()
        self._title, self._inside = title, inside
        self.button = QPushButton()
        self.button.setCheckable(True)
        self.button.setStyleSheet(FLAT)
        self.button.setAccessibleName(title)
        self.button.setToolTip("Show or hide what is below")
        self.button.toggled.connect(self._toggled)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.button)
        column.addWidget(inside)
        self._toggled(False)

    def retitle(self, title: str) -> None:
        """Another line of text."""
        self._title = title
        self.button.setAccessibleName(title)
        self._toggled(self.button.isChecked())

    @Slot(bool)
    def _toggled(self, opened: bool) -> None:
        self.button.setText(f"{'▾' if opened else '▸'} {self._title}")
        self._inside.setVisible(opened)
