"""The part of a dock that never scrolls away: run, cancel, how far it is, what happened."""

from __future__ import annotations

import time

from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from .qt import Slot

DETAILS_HEIGHT = 120  # pixels


class Footer(QWidget):
    """Buttons, progress and message; the dock connects `run` and `cancel` and says what to show."""

    def __init__(self, verb: str) -> None:
        super().__init__()
        self.run, self.cancel = QPushButton(verb if "&" in verb else f"&{verb}"), QPushButton("&Cancel")
        self.bar, self.message = QProgressBar(), _wrapped("What happened")
        self.hint = _wrapped("Why it cannot run yet")
        self.details, self.text, self.copy = QToolButton(), QPlainTextEdit(), QToolButton()
        self._began = 0.0
        self._more: list[QWidget] = []
        self._dress(verb)
        self._lay_out()
        self.allow(False, "")

    def _dress(self, verb: str) -> None:
        self.run.setToolTip(f"{verb.replace('&', '')} (Ctrl+Return)")
        self.cancel.setToolTip("Stop after this step and keep what is there (Esc)")
        self.bar.setAccessibleName("Progress")
        self.bar.hide()
        self.details.setText("&Details")
        self.details.setCheckable(True)
        self.details.setToolTip("What Python says about it, to be copied into a report")
        self.text.setReadOnly(True)
        self.text.setFixedHeight(DETAILS_HEIGHT)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName("Details")
        self.copy.setText("Copy")
        self.copy.setToolTip("Copy the details")
        self.details.toggled.connect(self._show_details)
        self.copy.clicked.connect(self._copy)
        self.say("")

    def _lay_out(self) -> None:
        buttons, small = QHBoxLayout(), QHBoxLayout()
        self._above, self._buttons = QVBoxLayout(), buttons
        buttons.addWidget(self.run, 2)
        buttons.addWidget(self.cancel, 1)
        small.addWidget(self.details)
        small.addWidget(self.copy)
        small.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 6)
        column.setSpacing(4)
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        column.addWidget(line)
        column.addWidget(self.hint)
        column.addLayout(self._above)
        column.addLayout(buttons)
        column.addWidget(self.bar)
        column.addWidget(self.message)
        column.addLayout(small)
        column.addWidget(self.text)

    def add_row(self, *items: QWidget) -> None:
        """Widgets above the buttons, beside each other."""
        row = QHBoxLayout()
        for item in items:
            row.addWidget(item)
        self._above.addLayout(row)
        self._more = [*items, *self._more]

    def add_button(self, button: QWidget) -> None:
        """One more beside run and cancel."""
        self._buttons.addWidget(button, 1)
        self._more.append(button)

    def follow(self, last: QWidget) -> None:
        """Come after `last`, the end of the form, when Tab is pressed."""
        for item in (*self._more, self.run, self.cancel, self.details, self.copy, self.text):
            QWidget.setTabOrder(last, item)
            last = item

    def allow(self, run: bool, hint: str) -> None:
        """Nothing is running: offer to run, or say why not."""
        self.run.setEnabled(run)
        self.cancel.setEnabled(False)
        self.bar.hide()
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))

    def begin(self) -> None:
        """It runs: offer to cancel."""
        self.allow(False, "")
        self.cancel.setEnabled(True)
        self.say("")
        self.progress(0, 0)
        self.bar.show()

    def ending(self) -> None:
        """It was told to stop."""
        self.cancel.setEnabled(False)
        self.bar.setFormat("stopping after this step…")

    def progress(self, done: int, total: int, where: str = "") -> None:
        """Show how far it is, where that is, and the time left as soon as it can be told; 0 of 0 while it prepares."""
        if done == 0:
            self._began = time.monotonic()
        self.bar.setMaximum(total)
        self.bar.setValue(done)
        step = f"{where} · step {done} of {total}" if where else f"step {done} of {total}"
        self.bar.setFormat(f"{step}{self._left(done, total)}" if total else "preparing…")

    def say(self, what: str, details: str = "") -> None:
        """Show a message, and a button for its details if there are any."""
        self.message.setText(what)
        self.message.setVisible(bool(what))
        self.text.setPlainText(details)
        self.details.setChecked(False)
        self.details.setVisible(bool(details))
        self._show_details(False)

    def _left(self, done: int, total: int) -> str:
        """The time left, from the mean of the steps done."""
        if not 0 < done < total:
            return ""
        return f" · {in_words((time.monotonic() - self._began) / done * (total - done))} left"

    @Slot(bool)
    def _show_details(self, shown: bool) -> None:
        self.text.setVisible(shown)
        self.copy.setVisible(shown)

    @Slot()
    def _copy(self) -> None:
        copy_text(self.text.toPlainText())


def copy_text(text: str) -> None:
    """Put `text` on the clipboard."""
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)


def in_words(seconds: float) -> str:
    """A duration: "8 s", "2 min 5 s", "1 h 10 min"."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _wrapped(name: str) -> QLabel:
    """A label of several lines whose text can be selected."""
    label = QLabel()
    label.setWordWrap(True)
    label.setAccessibleName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
