"""A fold of the dock: teach a network your own images, and find it in the list of models."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QPixmap
from qtpy.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ... import io
from ...network import models
from ...psf import PSF
from ...psf.picture import as_image
from .. import memory
from ..complaints import explain
from ..form import shrink, tidy
from ..latest import Latest
from ..qt import Signal, Slot
from .training import CURVE, Training, Wish, missing_tools

NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
USUAL, LONGEST = 60.0, 10_000.0  # minutes
INSTALL = "pip install 'napari-deconv[train]'"
WIDTH = 280  # pixels of the curve


class TrainPanel(QWidget):
    """Folders, name, minutes; progress, and the curve at the end.

    Parameters
    ----------
    psf : callable
        ``psf()``: the PSF of the dock, or None.
    """

    trained = Signal(str)  # the name of the new model

    def __init__(self, psf: Callable[[], PSF | None]) -> None:
        super().__init__()
        self._psf, self.folders = psf, list[Path]()
        self.shown, self.add, self.clear = QLineEdit(), QPushButton("Add…"), QPushButton("Clear")
        self.name, self.minutes, self.own = QLineEdit("mine"), QDoubleSpinBox(), QCheckBox("Blur as in section 2, too")
        self.start, self.cancel = QPushButton("Train"), QPushButton("Cancel the training")
        self.bar, self.words, self.curve = QProgressBar(), QLabel(), QLabel()
        self._wish: Wish | None = None
        self._writer, self.training = Latest(self), Training(self)
        self._dress()
        self._lay_out()
        self._connect()
        self._edited()

    def _dress(self) -> None:
        self.shown.setReadOnly(True)
        self.shown.setPlaceholderText("sharp ones")
        shrink(self.shown, "Folders of sharp images")
        self.shown.setToolTip("Sharp images like yours; blur and noise are made for the training")
        self.add.setToolTip("Choose a folder of sharp images; several are possible")
        self.clear.setToolTip("No folder")
        shrink(self.name, "Name of the new model")
        self.name.setToolTip("What it is called in the list of models; a training of that name goes on")
        shrink(self.minutes, "Minutes of training")
        self.minutes.setRange(0.1, LONGEST)
        self.minutes.setDecimals(1)
        self.minutes.setValue(USUAL)
        self.minutes.setToolTip("How long it may take")
        self.own.setToolTip("The PSF of section 2 blurs half of the examples, many kinds of blur the others")
        self.start.setToolTip("Teach the network that comes with the program your images, in a process of its own")
        self.cancel.setToolTip("End it; what it has learned so far is kept, and it can go on later")
        self.bar.setAccessibleName("Progress of the training")
        self.words.setWordWrap(True)
        self.words.setAccessibleName("What the training says")
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.curve.setAccessibleName("Curve of the training")
        self.curve.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def _lay_out(self) -> None:
        column, form, row = QVBoxLayout(self), QFormLayout(), QHBoxLayout()
        tidy(form)
        row.addWidget(self.shown, 1)
        row.addWidget(self.add)
        row.addWidget(self.clear)
        form.addRow("Images", row)
        form.addRow("Name", self.name)
        form.addRow("Minutes", self.minutes)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(form)
        for item in (self.own, self.start, self.bar, self.cancel, self.words, self.curve):
            column.addWidget(item)
        for item in (self.bar, self.cancel, self.curve):
            item.hide()

    def _connect(self) -> None:
        self.add.clicked.connect(self._ask_folder)
        self.clear.clicked.connect(self._no_folder)
        self.name.textEdited.connect(self._edited)
        self.start.clicked.connect(self.begin)
        self.cancel.clicked.connect(self.stop)
        self._writer.answered.connect(self._written)
        self._writer.failed.connect(self._refused)
        self.training.told.connect(self._told)
        self.training.done.connect(self._done)
        self.training.failed.connect(self._failed)
        self.training.cancelled.connect(self._cancelled)
        self.training.ended.connect(self._ended)

    @property
    def problem(self) -> str:
        """What is missing, in words."""
        missing = missing_tools()
        if missing:
            return f"Training needs {', '.join(missing)}, not installed here. In a terminal: {INSTALL}"
        if not self.folders:
            return "To train: add a folder of sharp images."
        if not NAME.fullmatch(self.name.text()):
            return "To train: a name of letters, digits, dots, dashes and underscores."
        if is_of_the_package(self.name.text()):
            return f"To train: another name; {self.name.text()!r} comes with the program."
        return ""

    @property
    def wish(self) -> Wish:
        """The form as data."""
        name = self.name.text()
        return Wish(tuple(self.folders), name, self.minutes.value(), memory.folder() / "training" / name)

    def add_folder(self, folder: Path) -> None:
        """Train on the images in it, too."""
        if folder not in self.folders:
            self.folders.append(folder)
        self.shown.setText(", ".join(path.name for path in self.folders))
        self._edited()

    @Slot()
    def begin(self) -> None:
        """Train."""
        if self.problem or self._wish is not None:
            return
        self._wish = self.wish
        self._show_running(True)
        self._say("Goes on where it was." if self._wish.goes_on else "")
        self.curve.hide()
        self._writer.ask(_with_psf, self._wish, self._psf() if self.own.isChecked() else None)

    @Slot()
    def stop(self) -> None:
        """End it."""
        self.training.stop()
        self.cancel.setEnabled(False)
        self.bar.setFormat("keeping what it has learned…")

    @Slot()
    def _ask_folder(self) -> None:
        found = QFileDialog.getExistingDirectory(self, "Folder of sharp images")
        if found:
            self.add_folder(Path(found))

    @Slot()
    def _no_folder(self) -> None:
        self.folders.clear()
        self.shown.clear()
        self._edited()

    @Slot()
    def _edited(self) -> None:
        if self._wish is None:
            self.start.setEnabled(not self.problem)
            self._say(self.problem)

    def _show_running(self, running: bool) -> None:
        for item in (self.bar, self.cancel):
            item.setVisible(running)
        for field in (self.add, self.clear, self.name, self.minutes, self.own):
            field.setEnabled(not running)
        self.start.setEnabled(not running and not self.problem)
        self.cancel.setEnabled(running)
        self.bar.setMaximum(0)
        self.bar.setFormat("beginning…")

    @Slot(object)
    def _written(self, wish: Wish) -> None:
        self.training.start(wish)

    @Slot(str)
    def _refused(self, complaint: str) -> None:
        self._failed(complaint, "")
        self._ended()

    @Slot(dict)
    def _told(self, said: dict[str, Any]) -> None:
        self.bar.setMaximum(int(said["steps"]))
        self.bar.setValue(int(said["step"]))
        if self.cancel.isEnabled():
            self.bar.setFormat(f"step %v of %m · loss {float(said['loss']):.3g}")

    @Slot()
    def _done(self) -> None:
        assert self._wish is not None
        where = f"State and curve are in {self._wish.out}."
        self._say(f"Trained: {self._wish.name!r} is in the list of models now. {where}")
        picture = QPixmap(str(self._wish.out / CURVE))
        if not picture.isNull():
            self.curve.setPixmap(picture.scaledToWidth(WIDTH, Qt.TransformationMode.SmoothTransformation))
            self.curve.show()
        self.trained.emit(self._wish.name)

    @Slot(str, str)
    def _failed(self, complaint: str, details: str) -> None:
        said = " ".join(explain(ValueError, complaint)) if ";" in complaint or not details else complaint
        self._say(f"Not trained: {said}{chr(10) + details if details else ''}")

    @Slot()
    def _cancelled(self) -> None:
        self._say("Cancelled; with the same name it goes on where it was.")

    @Slot()
    def _ended(self) -> None:
        self._wish = None
        self._show_running(False)

    def _say(self, text: str) -> None:
        self.words.setText(text)
        self.words.setVisible(bool(text))


def is_of_the_package(name: str) -> bool:
    """Whether a model of that name comes with the program: it must not be replaced."""
    try:
        return name in models.names() and models.find(name).folder == models.find().folder
    except (OSError, ValueError, KeyError):
        return False


def _with_psf(wish: Wish, psf: PSF | None) -> Wish:
    """The wish with the PSF as a file; for a worker thread."""
    wish.out.mkdir(parents=True, exist_ok=True)
    if psf is None:
        return wish
    path = wish.out / "psf.tif"
    io.write(path, as_image(psf, "PSF"), overwrite=True)
    return replace(wish, psf=path)
