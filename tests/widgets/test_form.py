"""Forms from signatures, and fields for numbers that may be empty."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from napari_deconv.deconvolution import METHODS
from napari_deconv.recipe import LEARNED, PARAMETERS
from napari_deconv.widgets.form import ParameterForm, descriptions
from napari_deconv.widgets.number import NumberEdit
from napari_deconv.widgets.psf_maker.model_form import ModelForm, words


def method(
    count: Annotated[int, Field(ge=2, le=9)] = 3,
    level: Annotated[float, Field(ge=0, le=5)] = 1.5,
    kind: Literal["a", "b"] = "b",
    weight: Annotated[float, Field(gt=0)] | Literal["auto"] = "auto",
    noise: float | None = None,
) -> None:
    """Do it.

    Parameters
    ----------
    count, level : float
        How many,
        how much.
    kind : {"a", "b"}
        Which.

    Returns
    -------
    None
        Nothing.
    """


@pytest.fixture
def form(qtbot: Any) -> ParameterForm:
    widget = ParameterForm(method, ("count", "level", "kind", "weight", "noise"))
    qtbot.addWidget(widget)
    return widget


def test_defaults_are_those_of_the_signature(form: ParameterForm) -> None:
    assert form.values() == {"count": 3, "level": 1.5, "kind": "b", "weight": "auto"}


def test_limits_are_those_of_the_annotation(form: ParameterForm) -> None:
    assert (form.fields["count"].min, form.fields["count"].max) == (2, 9)
    assert (form.fields["level"].min, form.fields["level"].max) == (0, 5)


def test_tooltips_are_those_of_the_docstring(form: ParameterForm) -> None:
    assert descriptions(method) == {"count": "How many, how much.", "level": "How many, how much.", "kind": "Which."}
    assert form.fields["kind"].tooltip == "Which."


@pytest.mark.parametrize(
    ("typed", "value"), [("0.01", 0.01), (" 1e-3 ", 0.001), ("0,5", 0.5), ("auto", "auto"), ("", "auto"), ("x", "x")]
)
def test_a_number_or_a_word(form: ParameterForm, typed: str, value: object) -> None:
    form.fields["weight"].value = typed
    assert form.values()["weight"] == value


def test_a_number_or_nothing(form: ParameterForm) -> None:
    form.fields["noise"].value = "3"
    assert form.values()["noise"] == 3.0
    form.fields["noise"].value = ""
    assert "noise" not in form.values()


def test_values_that_do_not_fit_are_left_out(form: ParameterForm) -> None:
    form.put({"count": 100, "level": "much", "kind": "c", "unknown": 1})
    assert form.values() == {"count": 3, "level": 1.5, "kind": "b", "weight": "auto"}
    form.put({"count": 9, "level": 2, "kind": "a", "weight": 0.5})
    assert form.values() == {"count": 9, "level": 2.0, "kind": "a", "weight": 0.5}


def test_each_change_is_told(form: ParameterForm, qtbot: Any) -> None:
    for name, value in {"count": 5, "level": 2.0, "kind": "a", "weight": "1"}.items():
        with qtbot.waitSignal(form.changed):
            form.fields[name].value = value


@pytest.mark.parametrize("name", [name for name in METHODS if name not in LEARNED])  # these: test_learned.py
def test_every_method_has_a_form_with_a_tooltip_for_each_parameter(name: str, qtbot: Any) -> None:
    form = ParameterForm(METHODS[name], PARAMETERS[name])  # type: ignore[index]
    qtbot.addWidget(form)
    assert all(field.tooltip for field in form.fields.values())
    assert set(form.values()) == set(PARAMETERS[name]) - {"noise", "max_iter"}


@pytest.fixture
def edit(qtbot: Any) -> NumberEdit:
    widget = NumberEdit("Emission (nm)", factor=1000)
    qtbot.addWidget(widget)
    return widget


def test_what_was_put_comes_back_to_the_last_bit(edit: NumberEdit) -> None:
    edit.put(0.1 + 0.2, origin="file")
    assert (edit.text(), edit.value, edit.origin) == ("300", 0.1 + 0.2, "file")


@pytest.mark.parametrize(
    ("typed", "values"), [("520", (0.52,)), ("461, 509", (0.461, 0.509)), ("", ()), ("52o", ()), ("nan", ())]
)
def test_typed_numbers_are_in_the_unit_of_the_label(edit: NumberEdit, typed: str, values: tuple[float, ...]) -> None:
    edit.type(typed)
    assert edit.values == pytest.approx(values)
    assert edit.origin == ("typed" if typed else "")
    assert bool(edit.problem) == (typed in ("52o", "nan"))


def test_a_model_says_what_is_missing(qtbot: Any) -> None:
    form = ModelForm("widefield")
    qtbot.addWidget(form)
    form.edits["na"].type("1.4")
    assert form.problem == "type Emission (nm), Immersion index"
    form.edits["ri"].type("oil")
    assert form.problem == "Immersion index: 'oil' is not a number"


def test_what_one_file_said_does_not_stay_for_the_next(qtbot: Any) -> None:
    form = ModelForm("widefield")
    qtbot.addWidget(form)
    form.put({"na": (1.4,), "ri": (1.515,)}, "file")
    form.edits["ri"].type("1.33")
    form.put({"wavelength": (0.52,)}, "file")
    assert {n: e.text() for n, e in form.edits.items() if e.text()} == {"wavelength": "520", "ri": "1.33"}
    assert form.badges["ri"].text() == "typed"


@pytest.mark.parametrize(
    ("model", "values", "texts"),
    [
        ("defocus", {"radius": (4.0,)}, ("defocus:radius=4.0",)),
        ("gaussian", {"sigma": (1.5,)}, ("gaussian:sigma=1.5",)),
        ("gaussian", {"sigma": (1.5,), "sigma_z": (3.0,)}, ("gaussian:sigma=3.0x1.5x1.5",)),
        (
            "widefield",
            {"na": (1.4,), "wavelength": (0.461, 0.509), "ri": (1.515,)},
            (
                "widefield:na=1.4,wavelength=0.461,ri=1.515",
                "widefield:na=1.4,wavelength=0.509,ri=1.515",
            ),
        ),
    ],
)
def test_models_in_the_words_of_a_recipe(
    model: str, values: dict[str, tuple[float, ...]], texts: tuple[str, ...]
) -> None:
    assert words(model, values) == texts
