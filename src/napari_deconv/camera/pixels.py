"""What may be handed over as the image of a camera."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import cupy_backend, is_cupy
from ..io.image import Image

ENOUGH = 2**20  # pixels to measure noise on
BAND = 256  # rows

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def as_planes(image: Any) -> NDArray[Any]:
    """The pixels as planes on the host, in the dtype they have; a line as a plane of one row.

    Raises
    ------
    ValueError
        If they are not a line, a plane or a stack of real, finite, unmasked numbers.
    """
    pixels = image.data if isinstance(image, Image) else image
    if isinstance(pixels, np.ma.MaskedArray):
        raise ValueError("image is a masked array; pass its .data, and mask=image.mask for the pixels to ignore")
    pixels = on_host(pixels)
    axes = image.axes if isinstance(image, Image) else "ZYX"[-pixels.ndim :]
    if pixels.ndim not in (1, 2, 3) or set(axes) - set("ZYX"):
        raise ValueError(
            f"image has axes {axes or 'none'}, shape {pixels.shape}; give one channel and time point, YX or ZYX"
        )
    if pixels.dtype.kind not in "biuf" or not pixels.size:
        raise ValueError(f"image of shape {pixels.shape} holds {pixels.dtype}; real numbers are needed, one at least")
    if not np.isfinite(pixels).all():
        raise ValueError("image has NaN or infinite pixels; replace them first, e.g. with numpy.nan_to_num")
    return pixels.reshape((1,) * (3 - pixels.ndim) + pixels.shape)


def thinned(planes: NDArray[Any]) -> NDArray[Any]:
    """A million pixels of a larger stack, evenly spread: bands of rows, each as a plane."""
    if planes.size <= ENOUGH:
        return planes
    _, rows, columns = planes.shape
    height = min(rows, BAND)
    bands = planes[:, : rows // height * height].reshape(-1, height, columns)
    step = planes.size // ENOUGH
    return bands[step // 2 :: step] if len(bands) > step // 2 else bands[:1]


def on_host(pixels: Any) -> NDArray[Any]:
    """As a NumPy array, copied from the device if need be."""
    return cupy_backend().to_host(pixels) if is_cupy(pixels) else np.asarray(pixels)


def as_mask(mask: Mask | None, shape: tuple[int, ...]) -> Mask:
    """The pixels to ignore, as many as the planes have.

    Raises
    ------
    ValueError
        If the shape is another one.
    """
    if mask is None:
        return np.zeros(shape, dtype=bool)
    ignored = np.asarray(mask, dtype=bool)
    if ignored.shape not in (shape, shape[1:], shape[2:] if shape[1] == 1 else shape):
        raise ValueError(f"mask has shape {ignored.shape}, the image {shape}; True marks pixels to ignore")
    return np.broadcast_to(ignored, shape)


def grey_step(planes: Array) -> float:
    """Smallest distance between two grey values; 0 for a continuum."""
    values = np.unique(planes)
    return float(np.diff(values).min()) if 1 < values.size < planes.size // 4 else 0.0
