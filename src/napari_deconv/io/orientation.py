"""The eight orientations of EXIF and TIFF, on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_TURNS = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.swapaxes(a[::-1], 0, 1),
    7: lambda a: np.swapaxes(a[::-1, ::-1], 0, 1),
    8: lambda a: np.swapaxes(a[:, ::-1], 0, 1),
}


def upright(data: NDArray[Any], orientation: object, notes: list[str]) -> NDArray[Any]:
    """`data` (rows, columns, ...) as it should be looked at; a note says what was done, or what is unknown."""
    if orientation in (None, 1):
        return data
    if not isinstance(orientation, int) or orientation not in _TURNS:
        notes.append(f"The orientation {orientation!r} is none of 1 to 8 and was ignored.")
        return data
    notes.append(f"Turned upright as its orientation tag says ({orientation}).")
    return np.ascontiguousarray(_TURNS[orientation](data))
