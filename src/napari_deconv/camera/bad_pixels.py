"""Pixels that say nothing about the light: saturated ones, and hot ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pixels import Mask, on_host
from .type import Camera

UNKNOWN = Camera()
PILED = (10, 4.0)  # least pixels at the maximum; times as many as at each of the values below it
FULL_SCALE = (4, 2.0)  # the same where the maximum is 2^n - 1, where converters end
BELOW = 8  # grey values below the maximum that are compared
TOUCHING = 0.5  # least share of saturated pixels with a saturated neighbour
PATCHES = 0.5  # most pixels equal to their neighbour: more of them make a label image, or one without noise


def saturated(y: Any, camera: Camera = UNKNOWN) -> Mask | None:
    """True where pixels are saturated; None where none is.

    Parameters
    ----------
    y : array, YX or ZYX
        Image in counts as recorded.
    camera : Camera
        Its saturation is used if it is known; else see `saturation_level`.
    """
    level = saturation_level(y, camera)
    if level is None:
        return None
    mask = y >= level
    return mask if bool(mask.any()) else None


def saturation_level(y: Any, camera: Camera = UNKNOWN) -> float | None:
    """Counts at which an image is cut off, None if it is not.

    Without a level that is known, pixels have to pile up at the maximum, many more than have each of the values just
    below it (half as strong a pile is enough at 255, 1023, 4095, ...). They must touch each other, and must not belong
    to a picture that consists of even patches: labels, masks, drawings.

    Parameters
    ----------
    y : array, YX or ZYX
        Image in counts as recorded.
    camera : Camera
        Its saturation is returned if it is known.
    """
    if camera.saturation is not None:
        return camera.saturation
    y = on_host(y)
    top = y.max()
    piled = y == top
    count = int(piled.sum())
    least, times = FULL_SCALE if _is_full_scale(float(top)) else PILED
    if count < least:
        return None
    below = _counts_below(y)
    if len(below) < BELOW or count <= times * np.mean(below):
        return None
    return float(top) if _touch(piled) and not _in_patches(y, piled) else None


def _counts_below(y: NDArray[Any]) -> list[int]:
    """Pixels that have each of the largest values below the maximum."""
    counts: list[int] = []
    rest = y[y < y.max()]
    while rest.size and len(counts) < BELOW:
        under = rest[rest < rest.max()]
        counts.append(rest.size - under.size)
        rest = under
    return counts


def _touch(piled: Mask) -> bool:
    """Whether most of the pixels have one of their kind beside them in the plane."""
    beside = np.zeros_like(piled)
    beside[..., 1:] |= piled[..., :-1]
    beside[..., :-1] |= piled[..., 1:]
    beside[..., 1:, :] |= piled[..., :-1, :]
    beside[..., :-1, :] |= piled[..., 1:, :]
    return bool(np.mean(beside[piled]) >= TOUCHING)


def _in_patches(y: NDArray[Any], piled: Mask) -> bool:
    """Whether pixels that are neither the brightest nor the darkest mostly equal their neighbour."""
    inside = ~piled & (y > y.min())
    pairs = inside[..., 1:] & inside[..., :-1]
    return not pairs.any() or bool(np.mean(y[..., 1:][pairs] == y[..., :-1][pairs]) > PATCHES)


def _is_full_scale(top: float) -> bool:
    """Whether it is 2^n - 1, with n from 8 to 16."""
    return top + 1 in {2.0**n for n in range(8, 17)}
