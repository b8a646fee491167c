"""A button that looks for the blur in the picture, how far it is, and what it found in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtWidgets import QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ... import psf as psf_models
from ...recipe import Recipe
from ..complaints import explain
from ..drive import Failure
from ..errand import Errand
from ..qt import Signal, Slot
from .photo_layer import Photo

UNITS = {"length": " px", "angle": "°", "radius": " px", "sigma": " px", "width": " px"}
LARGEST = {"camera_shake": 4096}  # rows and columns around the centre that are looked at …
USUAL = 1024  # … by the others; camera shake chooses a part by itself
FUNCTIONS = ("motion", "defocus", "gaussian", "camera_shake")


class EstimateRow(QWidget):
    """Offers an estimate for one kind of blur at a time."""

    asked = Signal()
    found = Signal(str, object)  # the kind, and what is to be used
    doubted = Signal(str, object)  # the kind, and a guess that is not to be trusted

    def __init__(self) -> None:
        super().__init__()
        self.button, self.cancel, self.bar = QPushButton(), QPushButton("Cancel the estimate"), QProgressBar()
        self.words, self.use = QLabel(), QPushButton("Use it all the same")
        self._kind = self._asked_for = ""
        self._allowed = False
        self._doubtful: Any = None
        self._work = Errand(self)
        self._dress()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for item in (self.button, self.bar, self.cancel, self.words, self.use):
            column.addWidget(item)
        self.button.clicked.connect(self.asked)
        self.cancel.clicked.connect(self.stop)
        self.use.clicked.connect(self._use)
        self._work.answered.connect(self._found)
        self._work.failed.connect(self._failed)
        self._work.cancelled.connect(self._cancelled)
        self._work.far.connect(self._moved)
        self._work.ended.connect(self._ended)
        self._ended()
        self.forget()

    def _dress(self) -> None:
        self.button.setText("Es&timate from the picture")
        self.button.setToolTip("Look for the blur in the middle of the picture")
        self.cancel.setToolTip("Stop looking (Esc)")
        self.bar.setAccessibleName("Progress of the estimate")
        self.words.setWordWrap(True)
        self.words.setAccessibleName("What the estimate says")
        self.use.setToolTip("Take the best guess although the picture does not hold the answer")

    @property
    def busy(self) -> bool:
        """Whether an estimate is under way."""
        return self._work.busy

    def show_for(self, kind: str) -> None:
        """Offer the estimate of this kind; what was said about another one goes."""
        if kind != self._kind:
            self._kind = kind
            self.forget()
        self.setVisible(kind in FUNCTIONS)

    def allow(self, allowed: bool) -> None:
        """Whether there is a photograph."""
        self._allowed = allowed
        self.button.setEnabled(allowed and not self.busy)

    def start(self, kind: str, photo: Photo, recipe: Recipe, options: dict[str, Any]) -> None:
        """Look for a blur of that kind."""
        if self.busy:
            return
        self.forget()
        self._asked_for = kind
        self._work.start(estimate, kind, photo, recipe.light, options)
        self.button.setEnabled(False)
        self._moved(0, 0)
        self.bar.show()
        self.cancel.show()

    @Slot()
    def stop(self) -> None:
        """End it at its next step, without an answer."""
        if self.busy:
            self._work.stop()
            self._say("Stopping…")

    def forget(self) -> None:
        """What was found, or is being looked for, is not of this picture."""
        self._work.stop()
        self._doubtful = None
        self.use.hide()
        self._say("")

    @Slot(int, int)
    def _moved(self, done: int, total: int) -> None:
        self.bar.setMaximum(total)
        self.bar.setValue(done)
        self.bar.setFormat("looking… %p%" if total else "looking…")

    @Slot()
    def _ended(self) -> None:
        self.bar.hide()
        self.cancel.hide()
        self.button.setEnabled(self._allowed)

    @Slot(object)
    def _found(self, estimate: Any) -> None:
        kind = self._asked_for
        self._say(in_words(estimate))
        if estimate.ok:
            self.found.emit(kind, estimate)
        else:
            self._doubtful = (kind, estimate)
            self.use.show()
            self.doubted.emit(kind, estimate)

    @Slot(object)
    def _failed(self, failure: Failure) -> None:
        self._say(" ".join(explain(failure.kind, failure.message)))

    @Slot()
    def _cancelled(self) -> None:
        self._say("The estimate was cancelled." if self.words.text() else "")

    @Slot()
    def _use(self) -> None:
        if self._doubtful is not None:
            self.use.hide()
            self.found.emit(*self._doubtful)

    def _say(self, text: str) -> None:
        self.words.setText(text)
        self.words.setVisible(bool(text))


def estimate(kind: str, photo: Photo, light: str, options: dict[str, Any], *, progress: Callable[..., None]) -> Any:
    """The blur of a photograph's middle: an `Estimate`. For a worker thread."""
    function = getattr(psf_models.estimate, kind)
    return function(photo.image(photo.middle(LARGEST.get(kind, USUAL)), light), progress=progress, **options)


def in_words(estimate: Any) -> str:
    """What was found, how sure it is, and why it is not to be trusted if it is not."""
    numbers = [
        f"{name} {number(value, estimate.uncertainty.get(name))}{UNITS.get(name, '')}"
        for name, value in estimate.values.items()
        if name in UNITS
    ]
    found, sure = ", ".join(numbers), f"confidence {estimate.confidence:.0%}"
    notes = "".join(f" {sentence(note)}" for note in estimate.notes)
    if estimate.ok:
        return f"{sentence(f'Found: {found}' if found else 'Found a kernel')[:-1]}; {sure}.{notes}"
    guess = f" Best guess: {found}; {sure}." if found else f" Best guess: {sure}."
    return f"Not found: {sentence(estimate.failure)}{guess}{notes}"


def number(value: float, spread: float | None) -> str:
    """A value with its standard deviation, to the same digit: "17.2 ± 0.4"."""
    if spread is None:
        return f"{value:.1f}"
    digits = 1 if spread >= 0.05 else 2
    return f"{value:.{digits}f} ± {spread:.{digits}f}"


def sentence(text: str) -> str:
    """`text` with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
