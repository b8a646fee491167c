"""From what a TIFF stores to grey values or red, green, blue: palettes, white-is-zero, samples, alpha."""

from __future__ import annotations

from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from .guard import Refusal

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_NAMES = {4: "a mask", 5: "CMYK", 8: "CIELab", 9: "ICCLab", 10: "ITULab", 32803: "raw sensor data", 34892: "linear raw"}
_JPEG = {6, 7, 33007, 34892}
_LOSSY = _JPEG | {33003, 33004, 33005, 34712, 50001, 50002, 52546}


def grey_or_rgb(
    data: NDArray[Any], axes: str, page: tifffile.TiffPage, microscope: bool, notes: list[str]
) -> tuple[NDArray[Any], str, NDArray[Any] | None]:
    """Pixels that are intensities or RGB, their axes as stored, and the alpha channel if there is one.

    `microscope`: the file speaks ImageJ or OME; its colour tables are then for display and its values are kept.

    Raises
    ------
    Refusal
        For CMYK, Lab, raw and other colour spaces.
    """
    photometric = int(page.photometric)
    if int(page.compression) in _LOSSY:
        notes.append(
            f"Compressed with {_name(page)}, which is lossy: fine detail and noise are not as they were recorded."
        )
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE) and not _decoded_to_rgb(page):
        what = _NAMES.get(photometric, f"photometric interpretation {photometric}")
        raise Refusal(f"its colours are stored as {what}, expected grey or RGB; convert it to RGB in an image editor")
    if data.dtype == bool:
        notes.append("Black and white (1 bit) was converted to grey values 0 and 255.")
        data = data.astype(np.uint8) * np.uint8(255)
    if photometric == _WHITE_IS_ZERO and not microscope and data.dtype.kind == "u":
        notes.append("Stored with white as zero: inverted, so that larger values are brighter.")
        data = np.iinfo(data.dtype).max - data
    if photometric == _PALETTE:
        data, axes = _from_palette(data, axes, page, microscope, notes)
    return _without_alpha(data, axes, page, notes)


def _name(page: tifffile.TiffPage) -> str:
    return "JPEG" if int(page.compression) in _JPEG else str(getattr(page.compression, "name", page.compression))


def _decoded_to_rgb(page: tifffile.TiffPage) -> bool:
    """Only JPEG's YCbCr is turned into RGB by tifffile."""
    return int(page.photometric) == _YCBCR and int(page.compression) in _JPEG


def _from_palette(
    data: NDArray[Any], axes: str, page: tifffile.TiffPage, microscope: bool, notes: list[str]
) -> tuple[NDArray[Any], str]:
    """Colours from a colour table, or the values themselves where the table is only for display."""
    table = page.colormap
    if microscope or table is None:
        notes.append("The colour table was ignored: the stored values are taken as intensities.")
        return data, axes
    if int(data.max(initial=0)) >= table.shape[1]:
        raise Refusal(f"a pixel names colour {int(data.max())} of a table of {table.shape[1]}; save it as RGB")
    notes.append("Palette colours were converted to RGB.")
    colours = table if (table & 255).any() else (table >> 8).astype(np.uint8)
    return np.take(colours.T, data, axis=0), axes + "S"


def _without_alpha(
    data: NDArray[Any], axes: str, page: tifffile.TiffPage, notes: list[str]
) -> tuple[NDArray[Any], str, NDArray[Any] | None]:
    """Separate colour from alpha; samples that are neither are channels."""
    if "S" not in axes:
        return data, axes, None
    place = axes.index("S")
    count = data.shape[place]
    colours = 1 if int(page.photometric) in (_WHITE_IS_ZERO, _BLACK_IS_ZERO) else 3
    extra = tuple(page.extrasamples)
    if count == colours + 1 and (colours == 3 or (extra and extra[0] in (1, 2))):
        alpha = np.take(data, colours, axis=place)
        colour = np.take(data, range(colours), axis=place)
        return (colour, axes, alpha) if colours == 3 else (colour.squeeze(place), axes.replace("S", ""), alpha)
    if count == colours == 3:
        return data, axes, None
    if "C" in axes:
        raise Refusal(
            f"it has {count} samples per pixel and channels as well (axes {axes}, shape {data.shape}); "
            "save it as OME-TIFF"
        )
    notes.append(f"Its {count} samples per pixel were taken as channels.")
    return data, axes.replace("S", "C"), None
