"""Section 3 of the photo dock: the method, and one slider from less noise to more detail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from ...deconvolution import METHODS
from ...recipe import LEARNED
from ..fold import Fold
from ..form import SHARED, ParameterForm, shrink, tidy
from ..learned_form import LearnedForm
from ..qt import Signal, Slot

NAMES = {"wiener": "Wiener", "richardson_lucy": "Richardson-Lucy", "learned": "Learned", "learned_blind": "Learned"}
WORDS = {
    "wiener": "Wiener (fast)",
    "richardson_lucy": "Richardson-Lucy",
    "learned": "Learned (neural network)",
}
STEPS = 20  # of the slider on either side of its middle
DECADES = 2.0  # the balance goes from 100 times the automatic one to a hundredth of it
USUAL, SPREAD = 30, 6.0  # iterations in the middle, and how many times fewer or more there are at the ends
NOISIER = 4.0  # at its ends, the noise that a network is told is so many times more or less than what was measured
TIP = (
    "Wiener: the balance, from 100 times the one chosen automatically (left) over that one (middle) to a hundredth of "
    f"it (right). Richardson-Lucy: {round(USUAL / SPREAD)} iterations (left), {USUAL} (middle), "
    f"{round(USUAL * SPREAD)} (right). Learned: the noise to be taken away, from {NOISIER:g} times the measured one "
    "(left) to a quarter of it (right)"
)


def balance_factor(strength: float) -> float:
    """What the automatic balance is multiplied by, for a strength from -1 (less noise) to 1 (more detail)."""
    return float(10 ** (-DECADES * strength))


def iterations(strength: float) -> int:
    """Iterations of Richardson-Lucy, for a strength from -1 to 1."""
    return round(float(USUAL * SPREAD**strength))


def noise_factor(strength: float) -> float:
    """What the measured noise is multiplied by, for a strength from -1 to 1."""
    return float(NOISIER**-strength)


class Strength(QWidget):
    """Method, strength, edges and device."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.method_box, self.slider, self.numbers = QComboBox(), QSlider(Qt.Orientation.Horizontal), QLabel()
        self.learned, self.shared = LearnedForm(noise=False), ParameterForm(METHODS["richardson_lucy"], SHARED)
        self._automatic: float | None = None
        self._fill()
        self._lay_out()
        self.method_box.currentIndexChanged.connect(self._method_chosen)
        self.slider.valueChanged.connect(self._edited)
        self.learned.changed.connect(self._edited)
        self.shared.changed.connect(self._edited)
        self._say()

    def _fill(self) -> None:
        for method, words in WORDS.items():
            self.method_box.addItem(words, method)
        shrink(self.method_box, "Method")
        self.method_box.setToolTip("How the blur is undone")
        self.slider.setRange(-STEPS, STEPS)
        self.slider.setPageStep(STEPS // 4)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setTickInterval(STEPS)
        self.slider.setToolTip(TIP)
        self.slider.setAccessibleName("Strength, from less noise to more detail")
        self.numbers.setAccessibleName("What the strength means")
        self.numbers.setWordWrap(True)

    def _lay_out(self) -> None:
        column, head, ends, slide = QVBoxLayout(self), QFormLayout(), QHBoxLayout(), QVBoxLayout()
        tidy(head)
        head.addRow("&Method", self.method_box)
        label = QLabel("&Strength")
        label.setBuddy(self.slider)
        slide.setSpacing(0)
        slide.addWidget(self.slider)
        slide.addLayout(ends)
        head.addRow(label, slide)
        ends.addWidget(QLabel("less noise"))
        ends.addStretch(1)
        ends.addWidget(QLabel("more detail"))
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.numbers)
        column.addWidget(self.learned)
        more = Fold("Edges, device", self.shared)
        more.button.setToolTip("Show or hide what is assumed beyond the edges, and where it is computed")
        column.addWidget(more)

    @property
    def method(self) -> str:
        """What a recipe calls it."""
        return "learned_blind" if self.learned.blind else str(self.method_box.currentData())

    @property
    def problem(self) -> str:
        """Why this method cannot be used."""
        return self.learned.problem if self.method in LEARNED else ""

    def choose(self, method: str) -> None:
        """Do as if the user had chosen that method."""
        self.method_box.setCurrentIndex(list(WORDS).index(method))

    def show_blind(self, blind: bool) -> None:
        """Whether the blur is not known: only a network can do anything then."""
        if blind == self.learned.blind:
            return
        self.learned.show_blind(blind)
        self.method_box.setEnabled(not blind)
        self.choose("learned")
        self._edited()

    @property
    def strength(self) -> float:
        """From -1, less noise, to 1, more detail."""
        return float(self.slider.value() / STEPS)

    @property
    def factor(self) -> float:
        """Of the automatic balance, or of the measured noise."""
        return noise_factor(self.strength) if self.method in LEARNED else balance_factor(self.strength)

    def values(self) -> dict[str, Any]:
        """Arguments for a recipe; balance and noise are found where the photograph is."""
        shared = {"method": self.method, **self.shared.values()}
        if self.method == "wiener":
            return shared
        if self.method in LEARNED:
            return {**shared, **self.learned.values()}
        return {**shared, "num_iter": iterations(self.strength), "negative": "clip"}

    def remembered(self) -> dict[str, Any]:
        """What to keep for the next opening."""
        learned = {"learned": self.learned.values()} if self.method == "learned" else {}
        method = str(self.method_box.currentData())
        return {"method": method, "strength": self.slider.value(), **learned, **self.shared.values()}

    def put(self, values: Mapping[str, Any]) -> None:
        """Fill in what was remembered."""
        if values.get("method") in WORDS:
            self.choose(values["method"])
        if isinstance(values.get("strength"), int):
            self.slider.setValue(values["strength"])
        if isinstance(values.get("learned"), Mapping):
            self.learned.put(values["learned"])
        self.shared.put(values)

    def tell(self, automatic: float | None) -> None:
        """The automatic balance, or the measured noise, is known now, or no longer."""
        self._automatic = automatic
        self._say()

    def _say(self) -> None:
        """The exact numbers."""
        self.learned.setVisible(self.method in LEARNED)
        what, origin = ("noise", "measured") if self.method in LEARNED else ("balance", "automatic")
        factor = f" × {self.factor:.3g}" if self.slider.value() else ""
        if self.method == "richardson_lucy":
            self.numbers.setText(f"{iterations(self.strength)} iterations")
        elif self._automatic is None:
            self.numbers.setText(f"{what} {origin}{factor}")
        else:
            exact, found = self._automatic * self.factor, f"{origin} {self._automatic:.3g}{factor}"
            self.numbers.setText(f"{what} {exact:.3g}" + (f" = {found}" if factor else f", {origin}"))

    @Slot()
    def _method_chosen(self) -> None:
        """What was found for another method counts no more."""
        self._automatic = None
        self._edited()

    @Slot()
    def _edited(self) -> None:
        self._say()
        self.changed.emit()
