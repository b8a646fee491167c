"""A colour picture restored through its luminance: the colours keep their place, the light gets sharp."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .io.image import Image
from .light import luminance

FLOOR = 0.05  # of the mean luminance


def axis_of(image: Image) -> int:
    """The axis that holds red, green and blue.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = [i for i, (a, n) in enumerate(zip(image.axes, image.data.shape, strict=True)) if a in "SC" and n == 3]
    if not found:
        raise ValueError(
            f"colour='luminance' needs a picture with red, green and blue, got {image.axes or 'no axes'} "
            f"{image.data.shape}; pass colour='per_channel'"
        )
    return found[-1]


def one_colour(image: Image) -> Image:
    """A view of the red pixels: the shape of the work, before any of it is done."""
    axis = axis_of(image)
    view = np.moveaxis(image.data, axis, -1)[..., 0]
    return Image(view, image.axes[:axis] + image.axes[axis + 1 :], image.spacing, image.encoding, image.metadata)


def grey(image: Image) -> NDArray[np.float32]:
    """The luminance of a picture in linear light, without the axis of its colours."""
    return luminance(np.moveaxis(image.data, axis_of(image), -1))


def recoloured(image: Image, before: NDArray[Any], after: NDArray[Any]) -> NDArray[np.float32]:
    r"""The picture with another luminance and its own hues.

    .. math:: c' = c \, \frac{\max(Y', 0) + e}{\max(Y, 0) + e}

    The floor :math:`e`, a twentieth of the mean luminance, keeps the noise of dark pixels from being multiplied.

    Parameters
    ----------
    image : Image
        In linear light.
    before, after : array, shape of the image without the axis of its colours
        Its luminance :math:`Y`, as it was, and :math:`Y'`, as it is to be.
    """
    floor = FLOOR * float(abs(before).mean()) or 1.0
    gain = (after.clip(min=0) + floor) / (before.clip(min=0) + floor)
    restored: NDArray[np.float32] = image.data * np.expand_dims(gain, axis_of(image))
    return restored.astype(np.float32, copy=False)
