"""Tone curves of ICC colour profiles."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_TAGS = {1: [b"kTRC"], 3: [b"rTRC", b"gTRC", b"bTRC"]}
_SPACES = {1: b"GRAY", 3: b"RGB "}
_PARAMETERS = (1, 3, 4, 5, 7)  # numbers per function type of 'para'


def curves(profile: bytes, samples: int) -> list[Curve]:
    """The functions from encoded values to linear light, both 0 to 1, one per sample.

    Parameters
    ----------
    profile : bytes
        An ICC profile, versions 2 to 4, with tone curves: matrix profiles of RGB and grey profiles have them.
    samples : {1, 3}
        Grey or RGB. For grey an RGB profile will do if its three curves are the same.

    Raises
    ------
    ValueError
        If the profile is damaged, of another colour space, without tone curves, or a curve does not rise.

    References
    ----------
    .. [1] ICC.1:2022, sections 7.2, 7.3, 10.6 and 10.18.
    """
    if len(profile) < 132 or profile[36:40] != b"acsp":
        raise ValueError("it is not an ICC profile")
    space = profile[16:20]
    tags = _tags(profile)
    if samples == 1 and space == _SPACES[3]:
        three = [tags.get(name) for name in _TAGS[3]]
        if three[0] is None or len(set(three)) != 1:
            raise ValueError("it is for RGB, and the picture is grey")
        return [_curve(three[0])]
    if space != _SPACES[samples]:
        raise ValueError(f"it is for {space.decode('ascii', 'replace').strip()}, not for {samples} samples")
    missing = [name.decode() for name in _TAGS[samples] if name not in tags]
    if missing:
        raise ValueError(f"it has no tone curve {missing[0]}")
    return [_curve(tags[name]) for name in _TAGS[samples]]


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """Contents of the tone curve tags."""
    (count,) = struct.unpack_from(">I", profile, 128)
    wanted = {name for names in _TAGS.values() for name in names}
    found: dict[bytes, bytes] = {}
    for number in range(min(count, (len(profile) - 132) // 12)):
        name, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * number)
        if name in wanted:
            found[name] = profile[offset : offset + size]
    return found


def _curve(raw: bytes) -> Curve:
    """One tone curve, checked to rise."""
    kinds = {b"curv": _sampled, b"para": _parametric}
    if raw[:4] not in kinds or len(raw) < 12:
        raise ValueError(f"a tone curve is of the unknown kind {raw[:4]!r}")
    try:
        curve = kinds[raw[:4]](raw)
    except struct.error:
        raise ValueError("a tone curve is cut off") from None
    values = curve(np.linspace(0, 1, 4096))
    if not np.isfinite(values).all() or (np.diff(values) < 0).any() or not values[-1] > values[0]:
        raise ValueError("a tone curve does not rise")
    return curve


def _sampled(raw: bytes) -> Curve:
    """Type 'curv': identity, a gamma, or a table."""
    (count,) = struct.unpack_from(">I", raw, 8)
    if count == 0:
        return lambda v: v
    if count == 1:
        gamma = struct.unpack_from(">H", raw, 12)[0] / 256
        return lambda v: v**gamma
    table = np.array(struct.unpack_from(f">{count}H", raw, 12)) / 65535
    places = np.linspace(0, 1, count)
    if (np.diff(table) >= 0).all():  # steps too fine for 16 bits are flat: a slope of 1e-6 keeps their codes apart
        table = (1 - 1e-6) * table + 1e-6 * places
    return lambda v: np.interp(v, places, table)


def _parametric(raw: bytes) -> Curve:
    """Type 'para': (a x + b)^g + e above d, c x + f below."""
    (kind,) = struct.unpack_from(">H", raw, 8)
    if kind >= len(_PARAMETERS):
        raise ValueError(f"a tone curve is of the unknown parametric type {kind}")
    numbers = struct.unpack_from(f">{_PARAMETERS[kind]}i", raw, 12)
    g, a, b, c, d, e, f = _seven(kind, [n / 65536 for n in numbers])

    def curve(v: NDArray[np.float64]) -> NDArray[np.float64]:
        power: NDArray[np.float64] = np.maximum(a * v + b, 0) ** g + e
        return np.where(v >= d, power, c * v + f)

    return curve


def _seven(kind: int, given: list[float]) -> tuple[Any, ...]:
    """g, a, b, c, d, e, f of the most general type."""
    if kind == 0:
        return given[0], 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    g, a, b = given[:3]
    if kind == 1:
        return g, a, b, 0.0, -b / a if a else 0.0, 0.0, 0.0
    if kind == 2:
        return g, a, b, 0.0, -b / a if a else 0.0, given[3], given[3]
    if kind == 3:
        return g, a, b, given[3], given[4], 0.0, 0.0
    return tuple(given)
