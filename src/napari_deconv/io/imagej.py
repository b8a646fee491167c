"""What ImageJ's description and tags say about a picture, and how to say it to ImageJ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tifffile

from .image import Image
from .units import micrometres

_ORDER = "TZCYXS"  # ImageJ's own
_DTYPES = (np.uint8, np.uint16, np.float32)
_LARGEST = 2**32 - 2**25


def pixel_size(page: tifffile.TiffPage, meta: Mapping[str, Any], notes: list[str]) -> dict[str, float]:
    """Micrometres per sample for the axes among Z, Y, X that have a usable value."""
    unit = str(meta.get("unit", ""))
    if unit.strip().lower() in ("", "pixel", "pixels", "px", "null", "inch", "in"):
        if unit.strip().lower().startswith("in"):
            notes.append("The resolution in inches is a printer's: the voxel size is taken as unknown.")
        return {}
    raw = {
        "X": (_pitch(page, 282), unit),
        "Y": (_pitch(page, 283), str(meta.get("yunit", unit))),
        "Z": (meta.get("spacing"), str(meta.get("zunit", unit))),
    }
    found: dict[str, float] = {}
    for axis, (value, its_unit) in raw.items():
        if value is None:
            continue
        try:
            found[axis] = micrometres(value, its_unit)
        except ValueError as error:
            notes.append(f"ImageJ's voxel size along {axis} was ignored ({error}).")
    return found


def declared(meta: Mapping[str, Any], planes: int, notes: list[str]) -> None:
    """Note when ImageJ's number of images is not the number found; slices, frames and channels are what counts."""
    images = meta.get("images", planes)
    if images != planes:
        notes.append(
            f"ImageJ's description says images={images!s:.40}, the file holds {planes}: all {planes} were read."
        )


def fits(image: Image) -> bool:
    """True if ImageJ can hold this picture: uint8, uint16 or float32 without colour samples, below 4 GiB."""
    return image.data.dtype in _DTYPES and "S" not in image.axes and image.data.nbytes < _LARGEST


def arranged(image: Image) -> np.ndarray[Any, Any]:
    """The pixels with all of ImageJ's six axes: with fewer, tifffile takes columns for samples if there is only one."""
    order = sorted(range(len(image.axes)), key=lambda i: _ORDER.index(image.axes[i]))
    absent = tuple(i for i, a in enumerate(_ORDER) if a not in image.axes)
    return np.ascontiguousarray(np.expand_dims(np.transpose(image.data, order), absent))


def options(image: Image, info: str) -> dict[str, Any]:
    """Arguments of ``TiffWriter.write`` that tell ImageJ axes, voxel size and `info` (shown by Image > Show Info)."""
    metadata: dict[str, Any] = {"axes": _ORDER, "Info": info}
    if image.spacing is None:
        return {"metadata": metadata}
    size = dict(zip(image.spatial_axes, image.spacing, strict=True))
    metadata["unit"] = "micron"
    if "Z" in size:
        metadata["spacing"] = size["Z"]
    return {"metadata": metadata, "resolution": (1 / size["X"], 1 / size["Y"])}


def _pitch(page: tifffile.TiffPage, tag: int) -> float | None:
    """Units per sample from a resolution tag (samples per unit)."""
    value = page.tags.valueof(tag)
    if value is None:
        return None
    count, per = value
    return float("nan") if count == 0 else per / count
