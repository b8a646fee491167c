"""One look at all pixels before any work: what is not a number, what is negative, how bright they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .backend import Array
from .recipe import PARAMETERS, Recipe

LARGEST = float(np.finfo(np.float32).max)
FAINTEST = 1e-40  # below, single precision keeps fewer than five digits


@dataclass
class Pixels:
    """What was found among the pixels that count."""

    counted: int = 0
    bad: int = 0
    first_bad: tuple[int, ...] = ()
    negative: int = 0
    lowest: float = 0.0
    largest: float = 0.0
    total: float = 0.0

    @property
    def scale(self) -> float:
        """The power of two that brings the mean pixel near 1: single precision then neither over- nor underflows."""
        mean = self.total / max(self.counted, 1)
        return float(2.0 ** -round(np.log2(mean))) if mean > 0 else 1.0


def look_at(pixels: Array, mask: NDArray[np.bool_] | None) -> Pixels:
    """Counts over the pixels that the mask does not ignore, a slice of the first axis at a time."""
    found = Pixels()
    for index, part, ignored in _slices(pixels, mask):
        wrong = ~np.isfinite(part)
        if ignored is not None:
            wrong &= ~ignored
            part = part[~ignored]
        if bool(wrong.any()):
            found.first_bad = found.first_bad or (*index, *(int(i) for i in np.argwhere(wrong)[0]))
            found.bad += int(wrong.sum())
        if part.size and not found.bad:
            found.counted += part.size
            found.negative += int((part < 0).sum())
            found.lowest = min(found.lowest, float(part.min()))
            sizes = abs(part)
            found.largest = max(found.largest, float(sizes.max()))
            found.total += float(sizes.mean()) * part.size
    return found


def _slices(
    pixels: Array, mask: NDArray[np.bool_] | None
) -> Iterator[tuple[tuple[int, ...], Array, NDArray[np.bool_] | None]]:
    if pixels.ndim < 3:
        yield (), pixels.astype("float64"), mask
        return
    for i in range(pixels.shape[0]):
        yield (i,), pixels[i].astype("float64"), None if mask is None else mask[i]


def check(found: Pixels, recipe: Recipe) -> list[str]:
    """What is done about negative pixels, in words.

    Raises
    ------
    ValueError
        If pixels are NaN, infinite or beyond single precision, or negative where the method needs counts and the
        recipe does not clip.
    """
    if found.bad:
        raise ValueError(
            f"image has {found.bad} NaN or infinite pixels, the first at {found.first_bad}; "
            "replace them, or ignore them with mask="
        )
    if found.largest and not FAINTEST <= found.largest <= LARGEST:
        raise ValueError(
            f"the largest pixel is {found.largest:.3g}, but results are float32 ({FAINTEST:.0e} to {LARGEST:.1e}); "
            "multiply or divide the image by a constant first"
        )
    if not found.negative or "negative" not in PARAMETERS[recipe.method]:
        return []
    if recipe.negative == "clip":
        return [f"{found.negative} negative pixels (lowest {found.lowest:.6g}) were set to 0"]
    raise ValueError(
        f"image has {found.negative} negative pixels (lowest {found.lowest:.6g}); Richardson-Lucy needs counts with "
        "the camera offset left in: add it back and pass it as background=, or set them to 0 with negative='clip'"
    )
