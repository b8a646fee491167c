"""A field for a number that may be empty: nothing is guessed."""

from __future__ import annotations

import math

from qtpy.QtWidgets import QLineEdit, QWidget

from .qt import Signal, Slot


class NumberEdit(QLineEdit):
    """One number, or several joined by commas, in the unit of its label.

    Parameters
    ----------
    name : str
        For screen readers and for the reason why it is not valid.
    factor : float
        What is shown is the value times this (1000 for nanometres).
    tip : str
        Tooltip.
    """

    changed = Signal()

    def __init__(self, name: str, factor: float = 1.0, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._factor = factor
        self._known: tuple[str, tuple[float, ...]] = ("", ())
        self.origin = ""
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setMinimumWidth(36)
        self.textEdited.connect(self._typed)

    def put(self, *values: float, origin: str) -> None:
        """Show values and where they come from; none empties the field."""
        text = ", ".join(f"{v * self._factor:.6g}" for v in values)
        self._known, self.origin = (text, values), origin if values else ""
        if text != self.text():
            self.setText(text)
            self.setCursorPosition(0)
        self.changed.emit()

    @property
    def values(self) -> tuple[float, ...]:
        """The numbers; those that were put come back to the last bit. Empty if there are none or some are none."""
        if self.text() == self._known[0]:
            return self._known[1]
        return () if self.problem else tuple(v / self._factor for v in self._numbers())

    @property
    def value(self) -> float | None:
        """The number, if it is one."""
        return self.values[0] if len(self.values) == 1 else None

    @property
    def problem(self) -> str:
        """Why the text is not valid; nothing if it is, or empty."""
        if all(math.isfinite(v) for v in self._numbers()):
            return ""
        return f"{self.accessibleName()}: {self.text().strip()!r} is not a number"

    def beyond(self, least: float, most: float) -> str:
        """Why a number that is there cannot be meant, as it is not from `least` to `most` in the unit shown."""
        wrong = [v for v in self.values if not least <= v * self._factor <= most]
        if not wrong:
            return ""
        return f"{self.accessibleName()}: {wrong[0] * self._factor:g}, expected {least:g} to {most:g}"

    def type(self, text: str) -> None:
        """Do as if the user had typed `text`."""
        self.setText(text)
        self._typed()

    def _numbers(self) -> list[float]:
        return [_number(part) for part in self._parts()]

    def _parts(self) -> list[str]:
        return [part for part in self.text().replace(",", " ").replace(";", " ").split() if part]

    @Slot()
    def _typed(self) -> None:
        self.origin = "typed" if self.text().strip() else ""
        self.changed.emit()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
