"""What we know about a picture beyond what its file format can say, as one line of JSON inside the file."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from .image import Image
from .optics import MODALITIES

KEY = "napari-deconv"
_PLAIN = ("channels", "wavelengths", "excitations", "modality", "na", "ri", KEY)


def dumps(image: Image) -> str:
    """One line of ASCII: axes, spacing, encoding, channels, optics, and the provenance of a result. No file name.

    Raises
    ------
    ValueError
        If ``image.metadata["napari-deconv"]`` holds something JSON cannot say, NaN included.
    """
    found: dict[str, Any] = {"axes": image.axes, "encoding": image.encoding}
    if image.spacing is not None:
        found["spacing"] = [float(s) for s in image.spacing]
    found |= {k: image.metadata[k] for k in _PLAIN if image.metadata.get(k) is not None}
    try:
        return json.dumps(found, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"the metadata of this picture cannot be written ({error}); metadata['{KEY}'] may hold only texts, finite "
            "numbers, true, false, None, lists and dictionaries"
        ) from error


def loads(text: str | None, notes: list[str]) -> dict[str, Any]:
    """What `dumps` wrote, each entry checked; empty, with a note, if it cannot be read."""
    if not text:
        return {}
    try:
        raw = json.loads(text, parse_constant=_no_constant)
        if not isinstance(raw, dict):
            raise ValueError("not a dictionary")
    except (ValueError, RecursionError) as error:
        notes.append(f"The recipe stored in the file was ignored ({str(error)[:80] or 'nested too deep'}).")
        return {}
    kept = {k: v for k, v in raw.items() if k in _CHECKS and _CHECKS[k](v)}
    return {k: tuple(v) if isinstance(v, list) else v for k, v in kept.items()}


def _no_constant(name: str) -> float:
    raise ValueError(f"it holds {name}")


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _list_of(test: Callable[[Any], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(test(v) for v in value)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "axes": lambda v: isinstance(v, str),
    "encoding": lambda v: v in ("linear", "srgb"),
    "spacing": _list_of(_positive),
    "channels": _list_of(lambda c: isinstance(c, str)),
    "wavelengths": _list_of(lambda w: w is None or _positive(w)),
    "excitations": _list_of(lambda w: w is None or _positive(w)),
    "modality": lambda v: v in MODALITIES.values(),
    "na": _positive,
    "ri": _positive,
    KEY: lambda v: isinstance(v, dict),
}
