"""The picture an estimate looks at: one plane of linear light."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...io.image import Image
from ...light import luminance, to_linear

SMALLEST = 96  # pixels; a smaller picture holds too few periods of any blur


def grey(image: Image | ArrayLike, *, smallest: int = SMALLEST) -> NDArray[np.float64]:
    """The luminance of a picture in linear light.

    Parameters
    ----------
    image : Image or array, shape (rows, columns)
        A photograph, grey or colour, decoded by its profile; or an array that already holds linear light.
    smallest : int
        Refuse pictures with a side below this, pixels.

    Returns
    -------
    array, shape (rows, columns)
        A new float64 array.

    Raises
    ------
    ValueError
        If it has not two axes (and colours, for an Image), is too small or constant, or has masked, complex, NaN or
        infinite values.

    Examples
    --------
    >>> from napari_deconv.io.image import Image
    >>> picture = Image(np.array([[0, 255]] * 2, np.uint8), "YX", encoding="srgb")
    >>> grey(picture, smallest=2).tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    plane = _plane(image) if isinstance(image, Image) else _array(image)
    if min(plane.shape) < smallest:
        raise ValueError(f"the picture has {plane.shape} pixels; an estimate needs at least {smallest} on each side")
    wrong = ~np.isfinite(plane)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(f"the picture has {int(wrong.sum())} NaN or infinite values, the first at {where}; fill them")
    if plane.max() == plane.min():
        raise ValueError(f"the picture is constant ({plane.flat[0]:g}): nothing in it shows a blur")
    return plane


def _plane(image: Image) -> NDArray[np.float64]:
    """The rows and columns of an Image, colours weighted."""
    ordered = image.in_order()
    lone = "".join(a for a, n in zip(ordered.axes, ordered.data.shape, strict=True) if a not in "YXS" and n == 1)
    axes = "".join(a for a in ordered.axes if a not in lone)
    if axes not in ("YX", "YXS"):
        raise ValueError(
            f"the picture has axes {image.axes} and shape {image.data.shape}; an estimate needs rows and columns "
            "(and colours): pick one plane and channel"
        )
    light = to_linear(ordered)
    data = light.data.reshape([n for a, n in zip(ordered.axes, ordered.data.shape, strict=True) if a in axes])
    if axes == "YX":
        return _array(data)
    if data.shape[-1] not in (1, 3):
        raise ValueError(f"the picture has {data.shape[-1]} samples per pixel; an estimate takes grey (1) or RGB (3)")
    return _array(data[..., 0] if data.shape[-1] == 1 else luminance(data))


def _array(source: ArrayLike | Any) -> NDArray[np.float64]:
    """A new plane of float64 from an array with two axes."""
    if np.ma.is_masked(source):
        raise ValueError("the picture has masked pixels; fill them, or cut a part without any")
    data = np.asarray(source)
    if data.ndim != 2:
        raise ValueError(
            f"the picture has shape {data.shape}; an estimate takes two axes (rows, columns) of linear light: for "
            "colours give an Image, or light.luminance of the linear values"
        )
    if data.dtype.kind not in "fiub":
        raise ValueError(f"the picture has values of type {data.dtype}; an estimate needs real numbers")
    return data.astype(np.float64)
