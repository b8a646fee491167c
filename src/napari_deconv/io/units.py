"""Lengths as files write them, in micrometres."""

from __future__ import annotations

import math
from collections.abc import Mapping

# Inches are left out on purpose: in images they are almost always a printer's 72 dpi, not a voxel size.
_MICROMETRES = {
    "pm": 1e-6,
    "å": 1e-4,
    "angstrom": 1e-4,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "nanometre": 1e-3,
    "µm": 1.0,
    "um": 1.0,
    "micron": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "mm": 1e3,
    "millimeter": 1e3,
    "millimetre": 1e3,
    "cm": 1e4,
    "centimeter": 1e4,
    "centimetre": 1e4,
    "m": 1e6,
    "meter": 1e6,
    "metre": 1e6,
}
_SMALLEST, _LARGEST = 1e-6, 1e6  # a voxel between one picometre and one metre


def micrometres(value: object, unit: str) -> float:
    """`value` in micrometres.

    Raises
    ------
    ValueError
        If `value` is not a positive finite number, `unit` is not a length we know, or the result is no plausible voxel
        size (1e-6 to 1e6 micrometres).
    """
    factor = _MICROMETRES.get(_plain(unit))
    if factor is None:
        raise ValueError(f"{str(value)[:40]!r} {unit[:40]!r}: not a unit of length we know (nm, µm, mm, cm, m)")
    try:
        length = float(str(value)) * factor
    except ValueError:
        raise ValueError(f"{str(value)[:40]!r} {unit}: not a number") from None
    if not math.isfinite(length) or not _SMALLEST <= length <= _LARGEST:
        raise ValueError(f"{value} {unit}: not a plausible length")
    return length


def spacing_of(axes: str, sizes: Mapping[str, float], notes: list[str]) -> tuple[float, ...] | None:
    """Voxel size in the order of the spatial `axes`; None if one of them is unknown, with a note if only some are."""
    spatial = [a for a in axes if a in "ZYX"]
    missing = [a for a in spatial if a not in sizes]
    if not missing:
        return tuple(sizes[a] for a in spatial)
    known = ", ".join(f"{a} {sizes[a]:.6g}" for a in spatial if a in sizes)
    if known:
        notes.append(f"The voxel size is known only for {known} µm, not for {', '.join(missing)}: give the spacing.")
    return None


def _plain(unit: str) -> str:
    """One spelling: ImageJ writes µ as an escape, Unicode has it twice, plurals are common."""
    plain = unit.strip().replace("\\u00B5", "µ").replace("\\u00b5", "µ").replace("μ", "µ").lower()
    return plain[:-1] if len(plain) > 2 and plain.endswith("s") else plain
