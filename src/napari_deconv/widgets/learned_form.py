"""What a learned restoration asks for: steps, noise, which weights; and what is always said beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from ..deconvolution import METHODS
from ..network import models
from ..quality import LEARNED_CAVEAT
from .choice import Choice
from .form import ParameterForm, shrink, tidy
from .qt import Signal, Slot

STEPS = {8: "8 (best)", 3: "3 (nearly as good)", 1: "1 (fast)"}
AUTO = "auto"
TIPS = {
    "steps": "How often the image is fitted and its noise taken away. Each step takes as long.",
    "noise": "Standard deviation of the noise in the units of the image. Empty: what the camera tells, or the image "
    "shows.",
    "model": "Which trained network. Those of your own are listed too.",
}


class LearnedForm(QWidget):
    """Steps, noise, model; below them what a learned result can do.

    Parameters
    ----------
    noise : bool
        Whether the noise can be typed here.
    """

    changed = Signal()

    def __init__(self, noise: bool = True) -> None:
        super().__init__()
        self.steps_box, self.model_box, self.caveat = QComboBox(), Choice(), QLabel(LEARNED_CAVEAT)
        self.noise = ParameterForm(METHODS["wiener"], ("noise",)) if noise else None
        self.blind = False
        self._fill()
        self._lay_out()
        self.refill()
        for box in (self.steps_box, self.model_box):
            box.currentIndexChanged.connect(self._edited)
        if self.noise is not None:
            self.noise.changed.connect(self._edited)

    def _fill(self) -> None:
        for count, words in STEPS.items():
            self.steps_box.addItem(words, count)
        self.steps_box.setToolTip(TIPS["steps"])
        self.model_box.setToolTip(TIPS["model"])
        shrink(self.steps_box, "Steps")
        shrink(self.model_box, "Model")
        self.caveat.setWordWrap(True)
        self.caveat.setAccessibleName("What a learned restoration can do")
        if self.noise is not None:
            field = self.noise.fields["noise"]
            field.tooltip = TIPS["noise"]
            field.native.setPlaceholderText("automatic")

    def _lay_out(self) -> None:
        column, self._rows, tail = QVBoxLayout(self), QFormLayout(), QFormLayout()
        for form in (self._rows, tail):
            tidy(form)
        self._rows.addRow("Steps", self.steps_box)
        tail.addRow("Model", self.model_box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._rows)
        if self.noise is not None:
            column.addWidget(self.noise)
        column.addLayout(tail)
        column.addWidget(self.caveat)

    def show_blind(self, blind: bool) -> None:
        """Whether the blur is not known: then there is one step, by networks that were trained for it."""
        if blind != self.blind:
            self.blind = blind
            self._rows.setRowVisible(self.steps_box, not blind)
            self.refill()

    def refill(self, wanted: str = "") -> None:
        """List the models there are; the one that was chosen stays, unless another is wanted."""
        chosen = wanted or str(self.model_box.currentData() or AUTO)
        known = usable(self.blind)
        self.model_box.blockSignals(True)
        self.model_box.clear()
        self.model_box.addItem(f"automatic ({known[0]})" if known else "automatic", AUTO)
        for name in known:
            self.model_box.addItem(name, name)
        if chosen not in (AUTO, *known):
            self.model_box.addItem(f"{chosen} (not found)", chosen)
        self.model_box.setCurrentIndex(self.model_box.findData(chosen))
        self.model_box.blockSignals(False)

    @property
    def problem(self) -> str:
        """Why nothing can be restored with these networks; nothing if it can."""
        chosen = str(self.model_box.currentData())
        if chosen in usable(self.blind) or (chosen == AUTO and usable(self.blind)):
            return ""
        what = "without a PSF" if self.blind else "with a PSF"
        return f"no network here restores {what}" if chosen == AUTO else f"the model {chosen!r} is not here for that"

    def values(self) -> dict[str, Any]:
        """Arguments for a recipe."""
        steps = {} if self.blind else {"num_iter": int(self.steps_box.currentData())}
        noise = {} if self.noise is None else self.noise.values()
        return {**steps, **noise, "model": str(self.model_box.currentData())}

    def put(self, values: Mapping[str, Any]) -> None:
        """Fill in a recipe's settings, or what was remembered."""
        steps = values.get("num_iter")
        if isinstance(steps, int) and steps > 0:
            if self.steps_box.findData(steps) < 0:
                self.steps_box.addItem(str(steps), steps)
            self.steps_box.setCurrentIndex(self.steps_box.findData(steps))
        if self.noise is not None and ("noise" in values or "method" in values):  # recipes leave out what is automatic
            self.noise.put({"noise": values.get("noise")})
        if isinstance(values.get("model"), str):
            self.refill(values["model"])
        self._edited()

    @Slot()
    def _edited(self) -> None:
        self.changed.emit()


def usable(blind: bool) -> list[str]:
    """Names of the models that have networks for that, the best first; none if their list cannot be read."""
    wanted = ("blind-grey", "blind-colour") if blind else ("grey", "colour")
    try:
        return [name for name in models.names() if set(wanted) <= set(models.find(name).files)]
    except (OSError, ValueError, KeyError):
        return []
