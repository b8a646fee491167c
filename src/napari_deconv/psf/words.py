"""The PSFs in words: ``widefield:na=1.4,wavelength=0.52,ri=1.515``, ``motion:length=15,angle=30``."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from .gaussian import gaussian
from .photo import defocus, motion, path
from .theory import confocal, light_sheet, spinning_disk, two_photon, widefield
from .type import PSF

MODELS: dict[str, Callable[..., PSF]] = {
    "gaussian": gaussian,
    "widefield": widefield,
    "confocal": confocal,
    "spinning_disk": spinning_disk,
    "two_photon": two_photon,
    "light_sheet": light_sheet,
    "motion": motion,
    "defocus": defocus,
    "path": path,
}
EXAMPLES = {
    "gaussian": "gaussian:sigma=1.5",
    "widefield": "widefield:na=1.4,wavelength=0.52,ri=1.515",
    "confocal": "confocal:na=1.2,wavelength=0.52,excitation=0.488,ri=1.33,pinhole=1",
    "spinning_disk": "spinning_disk:na=1.2,wavelength=0.52,excitation=0.488,ri=1.33,pinhole=1",
    "two_photon": "two_photon:na=1.05,excitation=0.92,ri=1.33",
    "light_sheet": "light_sheet:na=0.8,wavelength=0.52,sheet=2,ri=1.33",
    "motion": "motion:length=15,angle=30",
    "defocus": "defocus:radius=4",
    "path": "path:rows=0x3x5,columns=0x4x9",
}
FROM_IMAGE = ("spacing", "image_shape")  # what `make` fills in

Value = float | tuple[float, ...] | str


def parse(text: str) -> tuple[str, dict[str, Value]]:
    """Model and parameters from words such as ``motion:length=15,angle=30``.

    Parameters
    ----------
    text : str
        ``model:name=value,name=value``. A value is a number, several numbers joined by ``x``
        (``shape=65x129x129``), or a word where the model knows words (``theory=scalar``).

    Returns
    -------
    model : str
        A key of `MODELS`.
    parameters : dict
        Numbers, tuples of numbers, or words.

    Raises
    ------
    ValueError
        If the model or a parameter is unknown (the nearest name is offered), missing or given twice, or a
        value is not a finite number.

    Examples
    --------
    >>> parse("motion:length=15,angle=30")
    ('motion', {'length': 15.0, 'angle': 30.0})
    """
    model, found = partial(text)
    _check_complete(model, found)
    return model, found


def partial(text: str) -> tuple[str, dict[str, Value]]:
    """What `parse` gives, for words that may leave out parameters that the model needs."""
    model, _, rest = text.strip().partition(":")
    model = model.strip()
    known = parameters_of(model, text)
    found: dict[str, Value] = {}
    for part in filter(None, (p.strip() for p in rest.split(","))):
        name, equals, value = (p.strip() for p in part.partition("="))
        if not equals:
            raise ValueError(f"{part!r} in {text!r} is not name=value; write {EXAMPLES[model]}")
        _check_name(name, known, model)
        if name in found:
            raise ValueError(f"{name} is given twice in {text!r}")
        found[name] = value if isinstance(known[name], str) else _value(name, value)
    return model, found


def make(
    model: str,
    parameters: Mapping[str, Any],
    *,
    spacing: Sequence[float] | None = None,
    image_shape: Sequence[int] | None = None,
) -> PSF:
    """The PSF of a model, given its parameters and what is known of the image.

    Parameters
    ----------
    model : str
        A key of `MODELS`.
    parameters : mapping
        Arguments of that function. A `spacing` or `image_shape` in here overrules the image's.
    spacing : sequence of float, optional
        Voxel size of the image in micrometres, ZYX order; None: unknown.
    image_shape : sequence of int, optional
        Spatial sizes of the image.

    Returns
    -------
    PSF

    Raises
    ------
    ValueError
        If a name is unknown or missing, a microscope's model has no voxel size, or the model refuses a value.
    """
    known = parameters_of(model)
    for name in parameters:
        _check_name(name, known, model)
    image = {"spacing": spacing, "image_shape": image_shape}
    told = {name: value for name, value in image.items() if value is not None and name in known}
    arguments = {**told, **parameters}
    if known.get("spacing") is inspect.Parameter.empty and "spacing" not in arguments:
        raise ValueError("the voxel size of the image is unknown; give spacing=(z, y, x) in micrometres or --spacing")
    _check_complete(model, arguments)
    return MODELS[model](**arguments)


def parameters_of(model: str, text: str = "") -> dict[str, Any]:
    """Names and defaults of a model's parameters; `text` is where its name was found."""
    if model not in MODELS:
        said = f"unknown PSF model {model!r}" if model else f"no PSF model in {text!r}"
        raise ValueError(f"{said}{_nearest(model, MODELS)}; known: {', '.join(MODELS)}, e.g. {EXAMPLES['widefield']}")
    return {name: p.default for name, p in inspect.signature(MODELS[model]).parameters.items()}


def _check_name(name: str, known: Mapping[str, Any], model: str) -> None:
    if name not in known:
        raise ValueError(f"{model} has no parameter {name!r}{_nearest(name, known)}; it has {', '.join(known)}")


def _check_complete(model: str, given: Mapping[str, Any]) -> None:
    known = parameters_of(model)
    needed = [n for n, d in known.items() if d is inspect.Parameter.empty and n not in FROM_IMAGE]
    missing = [n for n in needed if n not in given]
    if missing:
        raise ValueError(f"{model} needs {' and '.join(missing)}, e.g. {EXAMPLES[model]}")


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name.lower(), list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _value(name: str, text: str) -> Value:
    """One number, or several joined by x."""
    try:
        numbers = tuple(float(t) for t in text.lower().split("x"))
    except ValueError:
        numbers = (math.nan,)
    if not all(map(math.isfinite, numbers)):
        raise ValueError(
            f"{name}={text!r} is not a finite number; write e.g. {name}=1.4, or 65x129x129 for one per axis"
        )
    return numbers[0] if len(numbers) == 1 else numbers
