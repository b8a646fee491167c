"""PNG and JPEG in, upright, with alpha apart, and 16 bits kept where Pillow keeps 8."""

from __future__ import annotations

import io
import os
import re
import threading
import warnings
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageCms, ImageFile

from . import png
from .guard import Refusal, check_size
from .image import Encoding, Image
from .orientation import upright

MOST_PIXELS = 178_956_970  # Pillow's own limit for an error, kept even where somebody has switched it off
_ORIENTATION = 274
_CLEAR = "Its transparent colour was converted to an alpha channel."
_lock = threading.Lock()  # Pillow's switch for truncated files is one for the whole process


def read_photo(file: BinaryIO) -> Image:
    """The picture in an open PNG or JPEG file, axes YX or YXS.

    Raises
    ------
    Refusal, MemoryError
        If it is too large, or its colours cannot be converted. Errors of the decoders pass through.
    """
    notes: list[str] = []
    with _lock, warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            deep = _is_deep(file)
            picture = _opened(file)
            data = _deep(file, picture, notes) if deep else _pixels(picture, notes)
            turn, icc = _turn(picture, notes), picture.info.get("icc_profile")
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before
    if getattr(picture, "n_frames", 1) > 1:
        notes.append(f"It holds {getattr(picture, 'n_frames', 1)} pictures: only the first was read.")
    # The same limit as Pillow's is checked in _opened, so its warning at half of it says nothing new.
    notes += [f"Pillow warned: {w.message!s:.200}" for w in heard if w.category is not Pillow.DecompressionBombWarning]
    return _image(upright(data, turn, notes), deep, None if picture.mode == "CMYK" else icc, notes)


def _opened(file: BinaryIO) -> Pillow.Image:
    """The header, checked; no pixels yet."""
    file.seek(0)
    try:
        picture = Pillow.open(file, formats=("PNG", "JPEG"))
    except Pillow.DecompressionBombError as error:
        count = next(iter(re.findall(r"\d+", str(error))), "too many")
        raise Refusal(_too_many(count)) from error
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise Refusal(_too_many(f"{width * height}"))
    check_size((height, width, 8), np.uint8)
    return picture


def _too_many(found: str) -> str:
    return (
        f"it declares {found} pixels, expected at most {MOST_PIXELS:,}; a small file that claims so many is an attack "
        "on memory: if you trust it, cut it into tiles with the program that made it"
    )


def _is_deep(file: BinaryIO) -> bool:
    """True for a PNG of 16 bits per sample, whose chunks are checked on the way."""
    file.seek(0)
    return file.read(8) == png.SIGNATURE and png.check_chunks(file, os.fstat(file.fileno()).st_size) == 16


def _turn(picture: Pillow.Image, notes: list[str]) -> object:
    """EXIF's orientation; broken EXIF is no reason not to show a photograph."""
    try:
        return picture.getexif().get(_ORIENTATION)
    except Exception as error:
        notes.append(f"The EXIF data cannot be read and was ignored ({type(error).__name__}).")
        return None


def _deep(file: BinaryIO, picture: Pillow.Image, notes: list[str]) -> NDArray[Any]:
    """A 16-bit PNG through libpng: Pillow would cut its colours to 8 bits."""
    if "transparency" in picture.info:
        notes.append(_CLEAR)
    file.seek(0)
    data: NDArray[Any] = imagecodecs.png_decode(file.read())
    return data


def _pixels(picture: Pillow.Image, notes: list[str]) -> NDArray[np.uint8]:
    """Grey, grey and alpha, RGB or RGBA, 8 bits."""
    mode, clear = picture.mode, "transparency" in picture.info
    if mode == "CMYK":
        picture = _from_cmyk(picture, notes)
    elif mode in ("P", "PA"):
        notes.append("Palette colours were converted to RGB.")
        picture = picture.convert("RGBA" if clear or mode == "PA" else "RGB")
    elif mode == "1":
        notes.append("Black and white (1 bit) was converted to grey values 0 and 255.")
        picture = picture.convert("L")
    elif mode in ("L", "RGB") and clear:
        notes.append(_CLEAR)
        picture = picture.convert("LA" if mode == "L" else "RGBA")
    if picture.mode not in ("L", "LA", "RGB", "RGBA"):
        raise Refusal(f"its colours are stored as {picture.mode}, expected grey or RGB; convert it in an image editor")
    return np.asarray(picture)


def _from_cmyk(picture: Pillow.Image, notes: list[str]) -> Pillow.Image:
    """RGB by way of the profile that the printer's colours come with."""
    profile = picture.info.get("icc_profile")
    if not profile:
        raise Refusal(
            "its colours are CMYK without a profile, so their look is not known; convert it to RGB in an image editor"
        )
    try:
        picture.load()
        converted = ImageCms.profileToProfile(
            picture, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except ImageCms.PyCMSError as error:
        raise Refusal(f"its CMYK profile cannot be used ({error}); convert it to RGB in an image editor") from error
    if converted is None:
        raise Refusal("its CMYK profile cannot be used; convert it to RGB in an image editor")
    notes.append("CMYK was converted to sRGB through its colour profile.")
    return converted


def _image(data: NDArray[Any], deep: bool, icc: bytes | None, notes: list[str]) -> Image:
    """Colour, alpha and encoding."""
    metadata: dict[str, Any] = {"icc": icc} if icc else {}
    if data.ndim == 3 and data.shape[-1] in (2, 4):
        metadata["alpha"] = np.ascontiguousarray(data[..., -1])
        data = data[..., 0] if data.shape[-1] == 2 else data[..., :3]
    encoding: Encoding = "srgb"
    if deep and data.ndim == 2 and not icc:
        encoding = "linear"
        notes.append(
            "A grey PNG of 16 bits is taken as linear intensities, as microscopes write it, not as a photograph."
        )
    axes = "YX" if data.ndim == 2 else "YXS"
    return Image(np.ascontiguousarray(data), axes, None, encoding, {**metadata, "notes": tuple(notes)})
