"""The parameters of a computed PSF: empty until someone knows them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ...psf import MODELS
from ..fold import Fold
from ..form import shrink, tidy
from ..number import NumberEdit
from ..qt import Signal, Slot
from .entries import ABERRATIONS, CHANNELS, ENTRIES, FIRST, FOLDS, MICROSCOPES, THEORIES, Entry, family

Values = Mapping[str, Any]  # tuples of numbers, or words


class ModelForm(QWidget):
    """One field with a badge (file, typed, last used) for each parameter of a PSF model, or of a family of models.

    The microscopes are one family: what is known of the objective holds for all of them.

    Parameters
    ----------
    model : str
        A key of `psf.MODELS`.
    """

    changed = Signal()

    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model
        entries = ENTRIES[family(model)]
        self.edits = {n: NumberEdit(e.label, e.factor, e.tip) for n, e in entries.items()}
        self.badges = {n: QLabel() for n in self.edits}
        self.labels = {n: QLabel(e.label) for n, e in entries.items()}
        self.theory = QComboBox()
        self.rows: dict[str, tuple[QFormLayout, QHBoxLayout]] = {}
        self.folds: dict[str, Fold] = {}
        self._absent: set[str] = set()
        self._hidden: set[str] = set()
        self._lay_out(entries)
        for edit in self.edits.values():
            edit.changed.connect(self._edited)
        self.show_model(model)

    def _lay_out(self, entries: Mapping[str, Entry]) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._rows(entries, [n for n, e in entries.items() if not e.fold]))
        for title in FOLDS if any(e.fold for e in entries.values()) else ():
            inside = QWidget()
            rows = self._rows(entries, [n for n, e in entries.items() if e.fold == title])
            if title == FOLDS[0]:
                self._add_theory(rows)
            inside.setLayout(rows)
            self.folds[title] = Fold(title, inside)
            column.addWidget(self.folds[title])

    def _rows(self, entries: Mapping[str, Entry], names: Sequence[str]) -> QFormLayout:
        form = QFormLayout()
        tidy(form)
        for name in names:
            row = QHBoxLayout()
            row.addWidget(self.edits[name], 1)
            row.addWidget(self.badges[name])
            self.labels[name].setBuddy(self.edits[name])
            self.edits[name].setPlaceholderText(entries[name].empty)
            form.addRow(self.labels[name], row)
            self.rows[name] = form, row
        return form

    def _add_theory(self, rows: QFormLayout) -> None:
        for name, text in THEORIES.items():
            self.theory.addItem(text, name)
        shrink(self.theory, "Theory")
        self.theory.setToolTip(
            "Vectorial: polarised light, right at any aperture (Richards and Wolf). Scalar: faster, good below NA 0.9."
        )
        self.theory.currentIndexChanged.connect(self._edited)
        self.theory_label = QLabel("Theory")
        rows.insertRow(0, self.theory_label, self.theory)

    def show_model(self, model: str) -> None:
        """Show the parameters of that model of the family."""
        self.model = model
        known = parameters(model)
        self._absent = {n for n in self.edits if (ABERRATIONS if n.startswith("noll") else n) not in known}
        for name in self.edits:
            self._show(name)
        if self.folds:
            self.theory.setVisible("theory" in known)
            self.theory_label.setVisible("theory" in known)
            for title, fold in self.folds.items():
                inside = [n for n, e in ENTRIES[family(model)].items() if e.fold == title]
                fold.setVisible(not self._absent.issuperset(inside))
        self.changed.emit()

    def relabel(self, name: str, label: str, shown: bool = True) -> None:
        """Another label (its unit has changed), or none: the parameter plays no part."""
        self.labels[name].setText(label)
        self.edits[name].setAccessibleName(label)
        (self._hidden.discard if shown else self._hidden.add)(name)
        self._show(name)

    @property
    def values(self) -> dict[str, Any]:
        """What each field that is shown says; optional ones that are empty are left out."""
        found: dict[str, Any] = {
            n: self.edits[n].values
            for n in self._shown
            if not n.startswith("noll") and (self._needed(n) or self.edits[n].values)
        }
        if self.theory.count() and "theory" in parameters(self.model):
            found["theory"] = str(self.theory.currentData())
        waves = [e.value or 0.0 for n, e in self.edits.items() if n.startswith("noll") and n not in self._absent]
        if any(waves):
            found[ABERRATIONS] = tuple(waves)
        return found

    @property
    def problem(self) -> str:
        """What is missing or no number."""
        shown = {n: self.edits[n] for n in self._shown}
        wrong = next((e.problem for e in shown.values() if e.problem), "")
        several = [e for n, e in shown.items() if n not in CHANNELS and len(e.values) > 1]
        missing = [e.accessibleName() for n, e in shown.items() if self._needed(n) and not e.values]
        if several and not wrong:
            wrong = f"{several[0].accessibleName()}: {len(several[0].values)} numbers, expected 1"
        return wrong or (f"type {', '.join(missing)}" if missing else "") or self._unlikely

    @property
    def _unlikely(self) -> str:
        """A number that cannot be meant, in words and units of the form."""
        for name in self._shown:
            limits = ENTRIES[family(self.model)][name].limits
            wrong = self.edits[name].beyond(*limits) if limits else ""
            if wrong:
                return wrong
        if not set(CHANNELS) <= set(self._shown):
            return ""
        emission, excitation = (self.edits[n] for n in CHANNELS)
        counts = len(emission.values), len(excitation.values)
        if 1 not in counts and counts[0] != counts[1]:
            return ""
        for i in range(max(counts)):
            out, by = (edit.values[i % len(edit.values)] for edit in (emission, excitation))
            if by > out:
                return f"the excitation, {1000 * by:g} nm, is longer than the emission, {1000 * out:g} nm: swapped?"
        return ""

    @property
    def channels(self) -> int:
        """For how many channels there are wavelengths; 1: one for all."""
        return max((len(self.edits[n].values) for n in self._shown if n in CHANNELS), default=1) or 1

    def put(self, values: Values, origin: str) -> None:
        """Fill in what is known; fields filled from there before and not known now become empty."""
        told = {name: value for name, value in values.items() if isinstance(value, str) or _numbers(value)}
        for i, wave in enumerate(told.pop(ABERRATIONS, ()), FIRST):
            told[f"noll{i}"] = (wave,) if wave else ()
        if told.get("theory") in THEORIES:
            self.theory.setCurrentIndex(self.theory.findData(told["theory"]))
        for name, edit in self.edits.items():
            if told.get(name) and not isinstance(told[name], str):
                edit.put(*told[name], origin=origin)
            elif edit.origin == origin:
                edit.put(origin="")

    @property
    def _shown(self) -> list[str]:
        return [n for n in self.edits if n not in self._absent and n not in self._hidden]

    def _needed(self, name: str) -> bool:
        return not ENTRIES[family(self.model)][name].empty

    def _show(self, name: str) -> None:
        form, row = self.rows[name]
        shown = name not in self._absent and name not in self._hidden
        form.setRowVisible(row, shown)
        self.badges[name].setVisible(shown and bool(self.edits[name].origin))

    @Slot()
    def _edited(self) -> None:
        for name, edit in self.edits.items():
            if self.badges[name].text() != edit.origin:
                self.badges[name].setText(edit.origin)
                self._show(name)
        self.changed.emit()


def parameters(model: str) -> set[str]:
    """The names that a model can be told; those of the form for one that has more than one name for it."""
    names = set(inspect.signature(MODELS[model]).parameters) if model in MODELS else set()
    return names | ({"sigma_z"} if model == "gaussian" else set())


def words(model: str, values: Values) -> tuple[str, ...]:
    """The PSF as a recipe names it; several where there are several wavelengths.

    Examples
    --------
    >>> words("motion", {"length": (15.0,), "angle": (30.0,)})
    ('motion:length=15.0,angle=30.0',)
    """
    if model == "gaussian":
        both = [*values.get("sigma_z", ()), *values["sigma"] * (2 if "sigma_z" in values else 1)]
        return (f"gaussian:sigma={_joined(both)}",)
    channels = max((len(values[n]) for n in CHANNELS if n in values), default=1)
    return tuple(
        f"{model}:" + ",".join(f"{n}={_text(n, v, i)}" for n, v in values.items() if not _plain(model, n, v))
        for i in range(channels)
    )


def said(channels: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a form is filled with, from the parameters of each channel as `psf.parse` gives them; undoes `words`.

    Examples
    --------
    >>> said([{"na": 1.2, "wavelength": 0.46}, {"na": 1.2, "wavelength": 0.52}])
    {'na': (1.2,), 'wavelength': (0.46, 0.52)}
    """
    found = {n: v if isinstance(v, str | tuple) else (v,) for n, v in channels[0].items()}
    for name in CHANNELS:
        if name in found:
            each = tuple(float(one[name]) for one in channels)
            found[name] = each if len(set(each)) > 1 else each[:1]
    if "sigma" in found:
        sigma = found["sigma"]
        found |= {"sigma_z": sigma[:-2], "sigma": sigma[-1:]}
    return found


def _numbers(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(v, int | float) for v in value)


def _text(name: str, value: Any, channel: int) -> str:
    if isinstance(value, str):
        return value
    if name in CHANNELS:
        return _joined([value[channel % len(value)]])
    return _joined(value)


def _joined(numbers: Sequence[float]) -> str:
    return "x".join(repr(float(v)) for v in numbers)


def _plain(model: str, name: str, value: Any) -> bool:
    """Whether a word says what the model does anyway."""
    return isinstance(value, str) and inspect.signature(MODELS[model]).parameters[name].default == value


__all__ = ["MICROSCOPES", "ModelForm", "parameters", "words"]
