"""The parameters of a computed PSF: empty until someone knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QWidget

from .form import tidy
from .number import NumberEdit
from .qt import Signal, Slot


@dataclass(frozen=True)
class Entry:
    """One parameter in the form: its label with the unit, what is shown per unit of the model, its tooltip."""

    label: str
    tip: str
    factor: float = 1.0


ENTRIES: dict[str, dict[str, Entry]] = {
    "widefield": {
        "na": Entry("Numerical aperture", "Of the objective, as engraved on it: 0.05 to 1.7"),
        "wavelength": Entry(
            "Emission (nm)",
            "Wavelength of the light that was recorded, in nanometres; for several channels one each, "
            "joined by commas: 461, 509",
            1000.0,
        ),
        "ri": Entry("Immersion index", "Its refractive index: air 1.0, water 1.33, glycerol 1.47, oil 1.515"),
    },
    "gaussian": {
        "sigma": Entry("Sigma y, x", "Standard deviation along rows and columns"),
        "sigma_z": Entry("Sigma z", "Standard deviation along z"),
    },
    "motion": {
        "length": Entry("Length (pixels)", "Pixels travelled during the exposure"),
        "angle": Entry("Angle (degrees)", "0 is horizontal, 90 vertical, counter-clockwise as seen on the screen"),
    },
    "defocus": {"radius": Entry("Radius (pixels)", "Radius of the disk that a point has become")},
}


class ModelForm(QWidget):
    """One field with a badge (file, typed, last used) for each parameter of a PSF model."""

    changed = Signal()

    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model
        self.edits = {n: NumberEdit(e.label, e.factor, e.tip) for n, e in ENTRIES[model].items()}
        self.badges = {n: QLabel() for n in self.edits}
        self.labels = {n: QLabel(e.label) for n, e in ENTRIES[model].items()}
        self._hidden: set[str] = set()
        layout = QFormLayout(self)
        tidy(layout)
        for name, edit in self.edits.items():
            row = QHBoxLayout()
            row.addWidget(edit, 1)
            row.addWidget(self.badges[name])
            self.labels[name].setBuddy(edit)
            layout.addRow(self.labels[name], row)
            edit.changed.connect(self._edited)

    def relabel(self, name: str, label: str, shown: bool = True) -> None:
        """Another label (its unit has changed), or none: the parameter plays no part."""
        self.labels[name].setText(label)
        self.edits[name].setAccessibleName(label)
        (self._hidden.discard if shown else self._hidden.add)(name)
        for widget in (self.labels[name], self.edits[name], self.badges[name]):
            widget.setVisible(shown)

    @property
    def values(self) -> dict[str, tuple[float, ...]]:
        """The numbers in each field that is shown."""
        return {n: e.values for n, e in self.edits.items() if n not in self._hidden}

    @property
    def problem(self) -> str:
        """What is missing or no number."""
        shown = {n: e for n, e in self.edits.items() if n not in self._hidden}
        wrong = next((e.problem for e in shown.values() if e.problem), "")
        missing = [e.accessibleName() for e in shown.values() if not e.values]
        return wrong or (f"type {', '.join(missing)} in section 2" if missing else "")

    def put(self, values: Mapping[str, tuple[float, ...]], origin: str) -> None:
        """Fill in what is known; fields filled from there before and not known now become empty."""
        for name, edit in self.edits.items():
            if values.get(name):
                edit.put(*values[name], origin=origin)
            elif edit.origin == origin:
                edit.put(origin="")

    @Slot()
    def _edited(self) -> None:
        for name, edit in self.edits.items():
            self.badges[name].setText(edit.origin)
        self.changed.emit()


def words(model: str, values: Mapping[str, tuple[float, ...]]) -> tuple[str, ...]:
    """The PSF as a recipe names it; several where there are several wavelengths.

    Examples
    --------
    >>> words("motion", {"length": (15.0,), "angle": (30.0,)})
    ('motion:length=15.0,angle=30.0',)
    """
    if model == "gaussian":
        both = [*values.get("sigma_z", ()), *values["sigma"] * (2 if "sigma_z" in values else 1)]
        return (f"gaussian:sigma={'x'.join(repr(float(v)) for v in both)}",)
    many = max(values, key=lambda name: len(values[name]))
    return tuple(
        f"{model}:" + ",".join(f"{n}={float(one if n == many else v[0])!r}" for n, v in values.items())
        for one in values[many]
    )
