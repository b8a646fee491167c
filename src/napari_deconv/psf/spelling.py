"""Words for PSFs: spelled from parameters, one text per channel, completed by what an image's file says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import words

OF_THE_FILE = {"na": "na", "ri": "ri", "wavelengths": "wavelength", "excitations": "excitation"}
WAVES = ("wavelength", "excitation")
ASSUMED = ("ri", "pinhole")  # what has a usual value, and yet makes another PSF


def spell(model: str, parameters: Mapping[str, Any]) -> str:
    """The words that `parse` understands; sizes are left out, they follow from the image.

    Examples
    --------
    >>> spell("motion", {"length": 15, "angle": 30.5})
    'motion:length=15,angle=30.5'
    """
    left_out = (*words.FROM_IMAGE, "shape")
    return _words(
        model, {name: v for name, v in parameters.items() if v not in (None, (), []) and name not in left_out}
    )


def per_channel(text: str) -> tuple[str, ...]:
    """One text for each of several wavelengths, the same text where there is one.

    Raises
    ------
    ValueError
        If `text` cannot be understood, or names different numbers of wavelengths.

    Examples
    --------
    >>> per_channel("widefield:na=1.4,wavelength=0.461x0.509")
    ('widefield:na=1.4,wavelength=0.461', 'widefield:na=1.4,wavelength=0.509')
    """
    model, parameters = words.parse(text)
    several = {name: value for name in WAVES if isinstance(value := parameters.get(name), tuple)}
    if not several:
        return (text,)
    counts = {name: len(value) for name, value in several.items()}
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{count} of {name}" for name, count in counts.items())
        raise ValueError(f"{text!r} has different numbers of wavelengths, {said}; give one per channel for each")
    channels = range(next(iter(counts.values())))
    return tuple(_words(model, {**parameters, **{n: v[i] for n, v in several.items()}}) for i in channels)


def complete(text: str, metadata: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The words with what is missing filled in from the metadata of an image, and a sentence for each such number.

    Parameters
    ----------
    text : str
        Words that may leave out parameters: ``"widefield"``, ``"confocal:pinhole=1"``.
    metadata : mapping
        Of an `Image`: ``na``, ``ri``, and ``wavelengths`` and ``excitations``, one per channel, each known.

    Raises
    ------
    ValueError
        If a name is unknown, or something that the model needs is in neither.
    """
    model, given = words.partial(text)
    known = words.parameters_of(model)
    told = {name: metadata[key] for key, name in OF_THE_FILE.items() if metadata.get(key) and name in known}
    filled = {name: _whole(name, value) for name, value in told.items() if name not in given}
    if not filled:
        words.parse(text)
        return text, []
    spelled = _words(model, {**given, **filled})
    words.parse(spelled)
    return spelled, [
        f"{name} {_value(value)} of the PSF was taken from the image's file" for name, value in filled.items()
    ]


def assumed(model: str, given: Mapping[str, Any]) -> list[str]:
    """A sentence for each number that nobody gave and that was taken to be the usual one.

    Examples
    --------
    >>> assumed("widefield", {"na": 1.4, "wavelength": 0.52})
    ['ri 1.515 of the PSF was assumed; widefield:ri=… says another']
    """
    known = words.parameters_of(model)
    return [
        f"{name} {known[name]:g} of the PSF was assumed; {model}:{name}=… says another"
        for name in ASSUMED
        if name in known and name not in given
    ]


def _whole(name: str, value: Any) -> Any:
    """A number, or one for every channel; never some of them."""
    if isinstance(value, tuple | list) and None in value:
        count = sum(one is not None for one in value)
        raise ValueError(
            f"the image's file tells the {name} of {count} of {len(value)} channels; give them all: "
            f"{name}={'x'.join(['…'] * len(value))}"
        )
    return value


def _words(model: str, parameters: Mapping[str, Any]) -> str:
    return f"{model}:" + ",".join(f"{name}={_value(value)}" for name, value in parameters.items())


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, tuple | list):
        return "x".join(_value(one) for one in value)
    return f"{float(value):.12g}"
