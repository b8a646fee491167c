"""PNG and JPEG out, with the colour profile, without any EXIF."""

from __future__ import annotations

import struct
import zlib
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import DTypeLike, NDArray
from PIL import Image as Pillow

from .image import Image
from .tiff_writer import with_alpha

_HEADER_END = 33  # signature (8) and the IHDR chunk (25); a profile must come after it and before the pixels


def write_png(file: BinaryIO, image: Image) -> None:
    """Write a grey or RGB picture of 8 or 16 bits, alpha and colour profile included."""
    data = _plane(image, "PNG", [np.uint8, np.uint16])
    alpha, icc = image.metadata.get("alpha"), image.metadata.get("icc")
    if alpha is not None:
        data = with_alpha(data, np.reshape(alpha, data.shape[:2]), data.ndim == 3)
    png = bytes(imagecodecs.png_encode(np.ascontiguousarray(data)))
    file.write(png[:_HEADER_END] + (_profile(icc) if icc else b"") + png[_HEADER_END:])


def write_jpeg(file: BinaryIO, image: Image) -> None:
    """Write a grey or RGB picture of 8 bits at quality 95 without colour subsampling."""
    data = _plane(image, "JPEG", [np.uint8])
    if image.metadata.get("alpha") is not None:
        raise ValueError(
            "JPEG cannot hold the picture's alpha channel (transparency); write a .png, or remove 'alpha' first"
        )
    picture = Pillow.fromarray(np.ascontiguousarray(data))
    picture.save(file, "JPEG", quality=95, subsampling=0, icc_profile=image.metadata.get("icc"))


def _plane(image: Image, form: str, types: list[DTypeLike]) -> NDArray[Any]:
    """Rows, columns and perhaps three samples, in a type the format has."""
    idle = tuple(i for i, (a, n) in enumerate(zip(image.axes, image.data.shape, strict=True)) if a in "TCZ" and n == 1)
    data = np.squeeze(image.data, idle)
    axes = "".join(a for i, a in enumerate(image.axes) if i not in idle)
    if axes not in ("YX", "YXS") or data.size == 0 or (axes == "YXS" and data.shape[-1] != 3):
        raise ValueError(
            f"{form} holds one grey or RGB picture, got axes {image.axes} with shape {image.data.shape}; "
            "write a .ome.tif, or pick one plane"
        )
    if data.dtype not in types:
        names = " or ".join(np.dtype(t).name for t in types)
        raise ValueError(
            f"{form} holds {names}, got {data.dtype}, which is never scaled silently; write a .tif, or convert it "
            "first (a photograph: light.to_encoded)"
        )
    return data


def _profile(icc: bytes) -> bytes:
    """A PNG chunk with a colour profile."""
    body = b"iCCP" + b"icc\0\0" + zlib.compress(icc)
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
