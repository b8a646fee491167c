"""Form fields from a function's signature: a method's parameters are declared there and nowhere else."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import magicgui.widgets
from qtpy.QtWidgets import QFormLayout, QSizePolicy, QWidget

from .qt import Signal

SHARED = ("boundary", "backend")  # what every method takes

LABELS = {
    "num_iter": "&Iterations",
    "max_iter": "At most (iterations)",
    "held_out": "Held out (share)",
    "decide": "Decide",
    "seed": "Seed",
    "regularization": "Smoothin&g",
    "background": "&Background (counts)",
    "negative": "&Negative pixels",
    "balance": "&Balance (more: smoother)",
    "noise": "&Noise, std. dev. (counts)",
    "boundary": "&Edges",
    "backend": "C&ompute on",
    "light": "Li&ght",
}

WORDS = {
    "error": "refuse",
    "clip": "set to 0",
    "extended": "estimate what is beyond",
    "reflect": "mirror",
    "periodic": "wrap around",
    "auto": "automatic",
    "numpy": "CPU (NumPy)",
    "cupy": "GPU (CuPy)",
    "once": "once per channel",
    "each": "for every time point",
}

LIMITS = {"ge": "ge", "gt": "ge", "le": "le", "lt": "le"}  # of a field: it leaves to the recipe whether they count

UNKNOWN = {"max_iter": "usual"}  # what an empty field means, where that is not "not known"


class ParameterForm(QWidget):
    """One field for each of some parameters of a function.

    int and float become spin boxes with the limits of their annotation, words a list, "a number or a word" and
    "a number or nothing" a line of text.

    Parameters
    ----------
    function : callable
        With annotations (``Annotated[int, Field(ge=1)]``) and a numpydoc docstring, which gives the tooltips.
    names : iterable of str
        Which parameters, in that order.
    """

    changed = Signal()

    def __init__(self, function: Callable[..., Any], names: Iterable[str]) -> None:
        super().__init__()
        self._kinds = {name: Kind.of(function, name) for name in names}
        tips = descriptions(function)
        self.fields = {name: kind.field(name, tips.get(name, "")) for name, kind in self._kinds.items()}
        layout = QFormLayout(self)
        tidy(layout)
        for name, field in self.fields.items():
            layout.addRow(LABELS.get(name, name.replace("_", " ")), field.native)
            field.changed.connect(self._tell)

    def values(self) -> dict[str, Any]:
        """What the fields say; empty ones are left out. Text that is no number stays text, for `Recipe` to refuse."""
        found = {name: self._kinds[name].read(field.value) for name, field in self.fields.items()}
        return {name: value for name, value in found.items() if value is not None}

    def put(self, values: Mapping[str, Any]) -> None:
        """Fill in the values that fit; the others are left as they are."""
        for name, field in self.fields.items():
            if name in values:
                self._kinds[name].write(field, values[name])

    def _tell(self, value: Any = None) -> None:
        self.changed.emit()


class Kind:
    """The type of one parameter, as far as a form cares.

    Parameters
    ----------
    parts : tuple
        The types it may have, with their limits.
    default : object
        Its default.
    """

    def __init__(self, parts: tuple[tuple[Any, dict[str, float]], ...], default: Any) -> None:
        self.types = [t for t, _ in parts]
        self.limits = {k: v for _, found in parts for k, v in found.items()}
        self.default = default

    @classmethod
    def of(cls, function: Callable[..., Any], name: str) -> Kind:
        """The kind of the parameter `name` of `function`."""
        hint = get_type_hints(function, include_extras=True)[name]
        return cls(tuple(_parts(hint)), inspect.signature(function).parameters[name].default)

    @property
    def words(self) -> list[str]:
        """The words that it may be."""
        return [str(word) for t in self.types if get_origin(t) is Literal for word in get_args(t)]

    @property
    def number(self) -> type | None:
        """The kind of number that it may be: int, float or none."""
        return next((t for t in self.types if t in (int, float)), None)

    def field(self, name: str, tip: str) -> Any:
        """The magicgui widget."""
        plain = LABELS.get(name, name).replace("&", "")
        if self.number is None:
            field: Any = magicgui.widgets.ComboBox(
                choices=[(WORDS.get(word, word), word) for word in self.words], value=self.default
            )
        elif len(self.types) > 1:  # e.g. a number or nothing
            field = magicgui.widgets.LineEdit(value="" if self.default is None else str(self.default))
            empty = UNKNOWN.get(name, "not known") if self.default is None else str(self.default)
            field.native.setPlaceholderText(empty)
        else:
            box = magicgui.widgets.SpinBox if self.number is int else magicgui.widgets.FloatSpinBox
            field = box(value=self.default, min=self.limits.get("ge", 0), max=self.limits.get("le", 1e9))
        field.tooltip = tip
        shrink(field.native, plain)
        return field

    def read(self, value: Any) -> Any:
        """What the function is called with, from what the widget holds."""
        if not isinstance(value, str) or value in self.words:
            return value
        text = value.strip().replace(",", ".")
        if not text:
            return self.default
        try:
            return float(text) if self.number is float else int(text)
        except ValueError:
            return text

    def write(self, field: Any, value: Any) -> None:
        """Put `value` into the widget if it can hold it."""
        low, high = self.limits.get("ge", 0), self.limits.get("le", 1e9)
        if len(self.types) > 1 and self.number is not None:
            field.value = "" if value is None else str(value)
        elif value in self.words or (self.number and isinstance(value, int | float) and low <= value <= high):
            field.value = value


def descriptions(function: Callable[..., Any]) -> dict[str, str]:
    """The sentences on each parameter in a numpydoc docstring."""
    section = re.search(r"Parameters\n-+\n(.*?)(?:\n\n\w[^\n]*\n-+\n|\Z)", inspect.getdoc(function) or "", re.S)
    entries = re.findall(r"^(\w[^\n:]*)(?: : [^\n]*)?\n((?:    [^\n]*\n?)+)", section[1] if section else "", re.M)
    return {n.strip(): " ".join(text.split()) for names, text in entries for n in names.split(",")}


def tidy(layout: QFormLayout) -> None:
    """A form of two columns that gets by with little width."""
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)


def shrink(field: QWidget, name: str) -> None:
    """Let a field be as narrow as the dock wants it, and tell its name to screen readers."""
    field.setMinimumWidth(60)
    field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    field.setAccessibleName(name)


def _parts(hint: Any) -> Iterable[tuple[Any, dict[str, float]]]:
    """The types of a union, each with the limits of its annotation."""
    if get_origin(hint) in (Union, types.UnionType):
        for part in get_args(hint):
            yield from _parts(part)
    elif get_origin(hint) is Annotated:
        kind, *notes = get_args(hint)
        limits = [m for note in notes for m in getattr(note, "metadata", [note])]
        yield kind, {to: float(getattr(m, n)) for m in limits for n, to in LIMITS.items() if hasattr(m, n)}
    elif hint is not type(None):
        yield hint, {}
    else:
        yield None, {}
