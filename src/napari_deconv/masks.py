"""Pixels to ignore: a mask of the whole image, or of its last axes for all frames alike."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .io.image import KNOWN_AXES, Image

Mask = NDArray[np.bool_]


def in_order(mask: ArrayLike | None, image: Image, letters: str, looped: int) -> Mask | None:
    """The mask broadcast to the whole image, its axes in the order `letters`.

    Parameters
    ----------
    mask : array of bool, optional
        True where a pixel is to be ignored. Shape of the image, or of its last axes (samples left out) in the order
        TCZYX, for example ``(rows, columns)``.
    image : Image
        The image.
    letters : str
        Its axes in the order of work.
    looped : int
        How many of them are looped over: no frame may be ignored as a whole.

    Raises
    ------
    ValueError
        If the shape is another one, or a frame has no pixel left.
    """
    if mask is None:
        return None
    ignored, sizes = np.asarray(mask, dtype=bool), dict(zip(image.axes, image.data.shape, strict=True))
    have = image.axes if ignored.shape == image.data.shape else _letters(ignored.shape, sizes)
    ordered = ignored.transpose([have.index(a) for a in letters if a in have])
    missing = tuple(i for i, a in enumerate(letters) if a not in have)
    whole = np.broadcast_to(np.expand_dims(ordered, missing), [sizes[a] for a in letters])
    for frame in np.ndindex(*whole.shape[:looped]):
        if whole[frame].all():
            where = f" of frame {frame}" if frame else ""
            raise ValueError(f"mask ignores every pixel{where}; True marks pixels to ignore")
    return whole


def _letters(shape: tuple[int, ...], sizes: dict[str, int]) -> str:
    """The axes of a mask of that shape."""
    named = "".join(a for a in KNOWN_AXES if a in sizes and a != "S")
    shapes = {tuple(sizes[a] for a in named[i:]): named[i:] for i in range(len(named))}
    if shape not in shapes:
        known = ", ".join(f"{good} ({letters})" for good, letters in shapes.items())
        raise ValueError(f"mask has shape {shape}; for this image it is one of {known}")
    return shapes[shape]


def about(mask: Mask, order: Sequence[int]) -> dict[str, Any]:
    """How many pixels were ignored, and the fingerprint of which: for the provenance."""
    packed = np.packbits(mask.transpose(np.argsort(order)))
    return {"ignored": int(mask.sum()), "sha256": hashlib.sha256(packed.tobytes()).hexdigest()}
