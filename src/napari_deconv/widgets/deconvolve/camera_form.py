"""What is known of the camera: typed, or estimated from the image and shown with its uncertainty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qtpy.QtWidgets import QCheckBox, QFormLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ...camera import Camera, CameraEstimate, estimate, saturated
from ..complaints import as_fields
from ..fold import Fold
from ..form import tidy
from ..latest import Latest
from ..number import NumberEdit
from ..part import Part
from ..qt import Signal, Slot

FIELDS = {  # label, tooltip
    "gain": (
        "Gain (e⁻ per count)",
        "Electrons per count. Empty: estimated from the image where a stopping rule needs it.",
    ),
    "offset": ("Offset (counts)", "Counts that the camera gives without any light. Empty: estimated where needed."),
    "read_noise": (
        "Read noise (e⁻)",
        "Noise of reading a pixel out, root mean square. Empty: estimated where needed.",
    ),
    "saturation": (
        "Saturation (counts)",
        "Pixels at or above are saturated and left out. Empty: found where pixels pile up at the largest value.",
    ),
}
TITLE = "Camera, bad pixels"
TIP = "Show or hide gain, offset, read noise and saturation of the camera, and what is done about hot pixels"
ESTIMATED = "estimated"
LARGEST = (32, 1024, 1024)  # samples, Z Y X, of the middle of the picture that are looked at


class CameraForm(QWidget):
    """Four numbers that may be empty, a button that estimates them, and what it says; folded.

    Parameters
    ----------
    background : callable
        ``background()``: the background that is typed elsewhere, counts; the offset where none is typed here.
    """

    changed = Signal()

    def __init__(self, background: Callable[[], float]) -> None:
        super().__init__()
        self._background = background
        self.edits = {name: NumberEdit(text, tip=tip) for name, (text, tip) in FIELDS.items()}
        self.badges = {name: QLabel() for name in FIELDS}
        self.button, self.words = QPushButton("Estimate from the image"), QLabel()
        self.hot = QCheckBox("Ignore hot pixels")
        self._part: Part | None = None
        self._asked = Latest(self)
        inside = QWidget()
        self.fold = Fold(TITLE, inside)
        self._dress()
        self._lay_out(inside)
        for edit in self.edits.values():
            edit.changed.connect(self._edited)
        self.hot.toggled.connect(self.changed)
        self.button.clicked.connect(self.estimate)
        self._asked.answered.connect(self._found)
        self._asked.failed.connect(self._say)
        self.show_part(None)

    def _dress(self) -> None:
        for name, edit in self.edits.items():
            edit.setPlaceholderText("not known")
            self.badges[name].setAccessibleName(f"Where it comes from: {FIELDS[name][0]}")
            self.badges[name].hide()
        self.button.setToolTip(
            "Look at the noise of flat patches in the picture shown (time point and channel at the sliders)"
        )
        self.words.setWordWrap(True)
        self.words.setAccessibleName("What the estimate of the camera says")
        self.hot.setToolTip("Single pixels that no light through this lens can have made are ignored")
        self.fold.button.setToolTip(TIP)
        self._say("")

    def _lay_out(self, inside: QWidget) -> None:
        column, rows, form = QVBoxLayout(self), QVBoxLayout(inside), QFormLayout()
        for layout in (column, rows):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(4)
        tidy(form)
        for name, edit in self.edits.items():
            row, text = QHBoxLayout(), QLabel(FIELDS[name][0])
            row.addWidget(edit, 1)
            row.addWidget(self.badges[name])
            text.setBuddy(edit)
            form.addRow(text, row)
        rows.addLayout(form)
        rows.addWidget(self.button)
        rows.addWidget(self.words)
        rows.addWidget(self.hot)
        column.addWidget(self.fold)

    def camera(self) -> Camera:
        """What the fields say.

        Raises
        ------
        ValueError
            If a number is none, or impossible.
        """
        wrong = next((edit.problem for edit in self.edits.values() if edit.problem), "")
        if wrong:
            raise ValueError(wrong)
        return Camera(**{name: edit.value for name, edit in self.edits.items()})

    @property
    def problem(self) -> str:
        """What is wrong with the numbers."""
        try:
            self.camera()
        except ValueError as error:
            return str(error)
        return ""

    def values(self) -> dict[str, Any]:
        """Arguments for a recipe; nothing where nothing is known."""
        known = {name: edit.value for name, edit in self.edits.items() if edit.value is not None}
        return {**({"camera": known} if known else {}), **({"hot_pixels": True} if self.hot.isChecked() else {})}

    def put(self, values: Mapping[str, Any]) -> None:
        """Fill in a recipe's settings; what it does not mention is left as it is."""
        camera = values.get("camera")
        known = camera if isinstance(camera, Mapping) else {} if camera == "auto" else None
        for name, edit in self.edits.items() if known is not None else ():
            value = known.get(name) if known else None
            edit.put(*([] if value is None else [float(value)]), origin="recipe")
        if "hot_pixels" in values:
            self.hot.setChecked(bool(values["hot_pixels"]))

    def show_part(self, part: Part | None) -> None:
        """The picture is another one: what was estimated of the one before counts no more."""
        other = (None if part is None else part.pixels) is not (None if self._part is None else self._part.pixels)
        self._part = part
        self.button.setEnabled(part is not None)
        if other:
            self._asked.forget()
            self._say("")
            for edit in self.edits.values():
                if edit.origin.startswith(ESTIMATED):
                    edit.put(origin="")

    @Slot()
    def estimate(self) -> None:
        """Look at the picture in a thread; what was typed is taken as known."""
        if self._part is None:
            return
        typed = {n: e.value for n, e in self.edits.items() if e.value is not None and not _guessed(e)}
        offset = self._background()
        self._say("Looking at the noise…")
        self._asked.ask(estimated, self._part, {**({"offset": offset} if offset else {}), **typed})

    @Slot(object)
    def _found(self, found: tuple[CameraEstimate, int, int]) -> None:
        result, count, size = found
        for name, edit in self.edits.items():
            value, spread = getattr(result.camera, name), result.uncertainty.get(name)
            if edit.value is not None and not _guessed(edit):
                continue
            if value is not None and spread is not None:
                edit.put(value, origin=f"{ESTIMATED} ± {float(f'{spread:.2g}'):g}")
            elif value is not None and name == "saturation":
                edit.put(value, origin=ESTIMATED)
            else:
                edit.put(origin="")
        self._say(in_words(result, count, size))

    @Slot()
    def _edited(self) -> None:
        for name, edit in self.edits.items():
            self.badges[name].setText(edit.origin.removeprefix(f"{ESTIMATED} "))
            self.badges[name].setVisible(bool(edit.origin) and edit.origin != "typed")
        known = [f"{n.replace('_', ' ')} {e.value:.4g}" for n, e in self.edits.items() if e.value is not None]
        self.fold.retitle(f"Camera: {', '.join(known[:2])}{' …' if len(known) > 2 else ''}" if known else TITLE)
        self.changed.emit()

    @Slot(str)
    def _say(self, text: str) -> None:
        self.words.setText(text)
        self.words.setVisible(bool(text))


def _guessed(edit: NumberEdit) -> bool:
    return edit.origin.startswith(ESTIMATED)


def estimated(part: Part, known: dict[str, Any]) -> tuple[CameraEstimate, int, int]:
    """The camera behind the middle of a picture, and how many of how many pixels are saturated. For a thread."""
    data = part.middle(LARGEST)
    found = estimate(data, **known)
    over = saturated(data, found.camera)
    return found, 0 if over is None else int(over.sum()), int(data.size)


def in_words(found: CameraEstimate, count: int, size: int) -> str:
    """Whether the estimate is to be trusted, what to do if it is not, and the saturated pixels."""
    said = [found.describe(), *found.notes]
    said += [f"{count} of {size} pixels are saturated"] if count else []
    return " ".join(f"{text[:1].upper()}{text[1:].rstrip('.')}." for text in map(as_fields, said))
