"""When to stop: a rule that looks at the image, or a number of iterations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from ...deconvolution import METHODS
from ..fold import Fold
from ..form import ParameterForm, shrink, tidy
from ..qt import Signal, Slot

FIXED = "fixed"
RULES = {
    "held_out": "automatic: held-out photons",
    "plateau": "automatic: no more progress",
    "discrepancy": "automatic: down to the noise",
    FIXED: "after a fixed number",
}
TIP = (
    "Held-out photons: a tenth of the light is kept aside, and the restoration stops where it no longer predicts it "
    "better. No more progress: where the fit to the image levels off. Down to the noise: where the image is explained "
    "as well as its noise allows; needs the camera. Or a number that you choose: more iterations sharpen more and "
    "amplify noise more."
)
USUAL, MOST = 30, 100_000  # iterations
DETAILS = ("max_iter", "held_out", "seed", "decide")


class StopForm(QWidget):
    """The rule, or the number; details folded."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rule_box, self.count, self.count_label = QComboBox(), QSpinBox(), QLabel("&Iterations")
        self.details = ParameterForm(METHODS["scaled_heavy_ball"], DETAILS)
        self.fold = Fold("Stopping in detail", self.details)
        for rule, text in RULES.items():
            self.rule_box.addItem(text, rule)
        shrink(self.rule_box, "Stop")
        self.rule_box.setToolTip(TIP)
        self.count.setRange(1, MOST)
        self.count.setValue(USUAL)
        shrink(self.count, "Iterations")
        self.count.setToolTip("How many iterations. More sharpen more and amplify noise more.")
        self.fold.button.setToolTip("Show or hide how the automatic rules work")
        self._lay_out()
        self.rule_box.currentIndexChanged.connect(self._edited)
        self.count.valueChanged.connect(self._edited)
        self.details.changed.connect(self.changed)
        self._edited()

    def _lay_out(self) -> None:
        column, self._rows = QVBoxLayout(self), QFormLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        tidy(self._rows)
        self._rows.addRow("St&op", self.rule_box)
        self.count_label.setBuddy(self.count)
        self._rows.addRow(self.count_label, self.count)
        column.addLayout(self._rows)
        column.addWidget(self.fold)

    @property
    def rule(self) -> str:
        """The stopping rule; empty where the number is fixed."""
        chosen = str(self.rule_box.currentData())
        return "" if chosen == FIXED else chosen

    def values(self) -> dict[str, Any]:
        """Arguments for a recipe."""
        if not self.rule:
            return {"num_iter": self.count.value()}
        return {"num_iter": "auto", "stop": self.rule, **self.details.values()}

    def put(self, values: Mapping[str, Any]) -> None:
        """Fill in a number of iterations, or a rule and its details."""
        number, rule = values.get("num_iter"), values.get("stop")
        if isinstance(number, int) and 1 <= number <= MOST:
            self.count.setValue(number)
            self._choose(FIXED)
        elif number == "auto" or rule in RULES:
            self._choose(rule if rule in RULES else next(iter(RULES)))
        self.details.put(values)

    def _choose(self, rule: str) -> None:
        self.rule_box.setCurrentIndex(self.rule_box.findData(rule))

    @Slot()
    def _edited(self) -> None:
        self._rows.setRowVisible(self.count, not self.rule)
        self.fold.setVisible(bool(self.rule))
        self.changed.emit()
