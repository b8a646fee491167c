"""The order of axes: whatever a file calls them, the house says TCZYXS."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .guard import Refusal
from .image import KNOWN_AXES


def ordered(data: NDArray[Any], axes: str, notes: list[str]) -> tuple[NDArray[Any], str]:
    """`data` as a view with axes in the order TCZYXS, and the axes.

    One axis that the file does not name (tifffile's Q and I) is taken as Z, or T or C if Z is taken; a note says so.
    Unknown axes of length 1 are dropped.

    Raises
    ------
    Refusal
        If two or more axes are unnamed, or rows or columns are missing.
    """
    drop = tuple(i for i, a in enumerate(axes) if a not in KNOWN_AXES and data.shape[i] == 1)
    data, axes = np.squeeze(data, drop), "".join(a for i, a in enumerate(axes) if i not in drop)
    axes = _named(data.shape, axes, notes)
    missing = [a for a in "YX" if a not in axes]
    if missing or len(set(axes)) != len(axes):
        raise Refusal(
            f"its axes are {axes} with shape {data.shape}, but rows (Y) and columns (X) are expected once each"
        )
    order = sorted(range(len(axes)), key=lambda i: KNOWN_AXES.index(axes[i]))
    return np.transpose(data, order), "".join(axes[i] for i in order)


def expanded(data: NDArray[Any], axes: str, wanted: object) -> tuple[NDArray[Any], str]:
    """`data` with the axes of length 1 that `wanted` has besides `axes`; as it was if the two do not agree."""
    if not isinstance(wanted, str) or set(wanted) - set(KNOWN_AXES) or len(set(wanted)) != len(wanted):
        return data, axes
    if "".join(a for a in wanted if a in axes) != axes:
        return data, axes
    return np.expand_dims(data, tuple(i for i, a in enumerate(wanted) if a not in axes)), wanted


def _named(shape: tuple[int, ...], axes: str, notes: list[str]) -> str:
    """`axes` with its one unknown letter replaced."""
    unknown = [i for i, a in enumerate(axes) if a not in KNOWN_AXES]
    if not unknown:
        return axes
    if len(unknown) > 1:
        letters = "".join("?" if i in unknown else a for i, a in enumerate(axes))
        raise Refusal(
            f"its axes are {letters} with shape {shape}, and the file does not say what the first ones are; "
            "pass for instance read(path, axes='TZYX'), or save it as OME-TIFF with named axes"
        )
    place = unknown[0]
    letter = next(a for a in "ZTC" if a not in axes)
    hint = ""
    if shape[-1] in (3, 4) and axes[-1] == "X":
        hint = f" (if its last axis of {shape[-1]} holds colours or channels, pass axes='YXS' or 'YXC')"
    notes.append(f"The file does not name its axis of length {shape[place]}: taken as {letter}{hint}.")
    return axes[:place] + letter + axes[place + 1 :]
