"""From the encoded pixels of a photograph to linear light and back.

A camera's blur adds light, not code values: photographs are deconvolved in linear light.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .io.icc import Curve, curves
from .io.image import Image

REC_709 = (0.2126, 0.7152, 0.0722)  # luminance of red, green and blue
_FINE = np.linspace(0, 1, 65536)
_HALF = 0.5 / 65535


def srgb(values: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Linear light of sRGB-encoded values, both 0 to 1.

    .. math:: v / 12.92 \text{ up to } 0.04045, \quad ((v + 0.055) / 1.055)^{2.4} \text{ above}

    References
    ----------
    .. [1] IEC 61966-2-1:1999.
    """
    v = np.asarray(values, np.float64)
    return np.where(v <= 0.04045, v / 12.92, ((np.maximum(v, 0) + 0.055) / 1.055) ** 2.4)


def to_linear(image: Image) -> Image:
    """The picture in linear light: float32, 0 to 1.

    The tone curves are those of the picture's ICC profile. Without one, or where it cannot be understood (a note then
    says so), it is the sRGB curve. Alpha is left alone. A picture that is "linear" already is returned as it is.

    Parameters
    ----------
    image : Image
        Encoded, uint8, uint16 or float from 0 to 1.

    Raises
    ------
    ValueError
        If the pixels are of another type.
    """
    if image.encoding == "linear":
        return image
    notes = list(image.metadata.get("notes", ()))
    data = np.empty(image.data.shape, np.float32)
    for light, pixels, curve in _samples(image, data, image.data, _tones(image, notes)):
        light[...] = _decoded(pixels, curve)
    return replace(image, data=data, encoding="linear", metadata={**image.metadata, "notes": tuple(notes)})


def to_encoded(data: NDArray[Any], like: Image) -> tuple[NDArray[Any], float]:
    """Pixels in the type and encoding of `like`, and the share of values that had to be clipped.

    The inverse of `to_linear`, rounded to the nearest code: every code comes back as itself.

    Parameters
    ----------
    data : array, shape of ``like.data``
        Linear light, 0 to 1.
    like : Image
        The encoded picture it was made from.

    Returns
    -------
    pixels : array
        Dtype of ``like.data``.
    clipped : float
        Share of values, 0 to 1, that lay outside the range by more than half a code.

    Raises
    ------
    ValueError
        If the shape is not that of `like`, or `like` is of a type that holds no photographs.
    """
    if data.shape != like.data.shape:
        raise ValueError(f"the light has shape {data.shape}, the picture it came from {like.data.shape}")
    pixels = np.empty(data.shape, like.data.dtype)
    outside = 0
    for target, light, curve in _samples(like, pixels, data, _tones(like, [])):
        outside += _encode(light, curve, target)
    return pixels, outside / max(data.size, 1)


def luminance(colours: NDArray[Any]) -> NDArray[np.float32]:
    r"""The luminance of linear light.

    .. math:: Y = 0.2126 R + 0.7152 G + 0.0722 B

    Parameters
    ----------
    colours : array, last axis red, green, blue
        Linear light in any unit.

    Returns
    -------
    array, float32
        Without the last axis.

    Raises
    ------
    ValueError
        If the last axis has another length than 3.

    References
    ----------
    .. [1] Recommendation ITU-R BT.709-6.
    """
    if colours.ndim == 0 or colours.shape[-1] != 3:
        raise ValueError(f"expected red, green and blue along the last axis, got an array of shape {colours.shape}")
    red, green, blue = (weight * colours[..., i].astype(np.float32) for i, weight in enumerate(REC_709))
    found: NDArray[np.float32] = red + green + blue  # CuPy arrays too
    return found


def _tones(image: Image, notes: list[str]) -> list[Curve]:
    """One curve from encoded to linear per sample."""
    kind = image.data.dtype
    if image.encoding != "srgb" or not (kind in (np.uint8, np.uint16) or kind.kind == "f"):
        raise ValueError(f"expected an encoded photograph of uint8, uint16 or float, got {kind}, {image.encoding}")
    count = image.data.shape[-1] if "S" in image.axes else 1
    icc = image.metadata.get("icc")
    if icc:
        try:
            return curves(icc, count)
        except ValueError as error:
            notes.append(f"Its colour profile cannot be used ({error}): the sRGB curve was taken instead.")
    return [srgb] * count


def _samples(
    image: Image, first: NDArray[Any], second: NDArray[Any], tones: list[Curve]
) -> Iterator[tuple[NDArray[Any], NDArray[Any], Curve]]:
    """Views of each colour sample of two arrays, with its curve; S is the last axis."""
    if "S" not in image.axes:
        yield first, second, tones[0]
        return
    for number, curve in enumerate(tones):
        yield first[..., number], second[..., number], curve


def _decoded(pixels: NDArray[Any], curve: Curve) -> NDArray[np.float32]:
    """Linear light of pixels, by a table of all their codes."""
    if pixels.dtype.kind == "f":
        return curve(pixels.astype(np.float64)).astype(np.float32)
    top = int(np.iinfo(pixels.dtype).max)
    table = curve(np.arange(top + 1) / top).astype(np.float32)
    light: NDArray[np.float32] = table[pixels]
    return light


def _encode(light: NDArray[Any], curve: Curve, pixels: NDArray[Any]) -> int:
    """Fill `pixels` with the nearest codes; returns how many values were out of range."""
    if pixels.dtype.kind == "f":
        pixels[...] = np.interp(light, curve(_FINE), _FINE)
        return int(((light < -_HALF) | (light > 1 + _HALF)).sum())
    top = int(np.iinfo(pixels.dtype).max)
    # Light midway between two codes, in float32 like the light itself: a code is the number of such steps below.
    steps = curve((np.arange(top) + 0.5) / top).astype(np.float32)
    pixels[...] = np.searchsorted(steps, light, side="right")
    low, high = curve(np.array([0.0, 1.0]))
    return int(((light < 2 * low - steps[0]) | (light > 2 * high - steps[-1])).sum())
