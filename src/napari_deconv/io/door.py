"""`read` and `write`: what kind of file is it, who can do it, and what to say if nobody can."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from . import photo, photo_writer, png, tiff, tiff_writer
from .files import printable, shown, write_whole
from .guard import DAMAGED, RAW, Refusal
from .image import Image
from .source import opened, sha256

_RAW = set(
    ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .iiq .kdc .mef .mos .mrw .nef .nrw "  # noqa: SIM905
    ".orf .pef .raf .raw .rw2 .rwl .sr2 .srf .srw .x3f".split()
)
_HEIC = (".heic", ".heif", ".hif", ".avif")
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JPEG = b"\xff\xd8\xff"
_WRITERS = {
    ".ome.tif": tiff_writer.write_ome,
    ".ome.tiff": tiff_writer.write_ome,
    ".tif": tiff_writer.write_tiff,
    ".tiff": tiff_writer.write_tiff,
    ".png": photo_writer.write_png,
    ".jpg": photo_writer.write_jpeg,
    ".jpeg": photo_writer.write_jpeg,
}
ENDINGS = tuple(_WRITERS)


def read(path: str | os.PathLike[str], *, series: int | None = None, axes: str | None = None) -> Image:
    """The picture in a TIFF, OME-TIFF, ImageJ TIFF, PNG or JPEG file, with all the file says about it.

    The kind of file is recognised by its content. Nothing is ever read partly: what is cut off, missing or damaged,
    as far as that can be found out, is an error. What was ignored, converted or assumed is in ``metadata["notes"]``.

    Parameters
    ----------
    path : path
        An ordinary file. Links are followed.
    series : int, optional
        Which image of a TIFF that holds several, from 0.
    axes : str, optional
        Names of the axes of a TIFF as stored, letters of TCZYXS, where the file does not tell.

    Returns
    -------
    Image
        Pixels in the dtype of the file; axes in the order TCZYXS; spacing in micrometres or None; in its metadata
        ``name``, ``path`` (resolved; kept in memory only), ``sha256``, ``notes`` and what the file has of ``icc``,
        ``alpha``, ``channels``, ``wavelengths``, ``excitations``, ``modality``, ``na``, ``ri`` and ``napari-deconv``.

    Raises
    ------
    OSError
        If there is no ordinary, readable file, or it changes while it is read.
    ValueError
        If it is damaged, holds NaN or complex numbers, or is of a kind that is not read. The message has the remedy.
    MemoryError
        If its pixels do not fit into free memory; found out before anything is allocated.
    """
    real = Path(path).resolve() if os.path.exists(path) else Path(path)
    with opened(real) as file, _border(path):
        kind = _kind(file, Path(path))
        known = {"name": shown(path), "path": real, "sha256": sha256(file)}
        image = tiff.read_tiff(file, real, series=series, axes=axes) if kind == "tiff" else photo.read_photo(file)
    notes = tuple(map(printable, (*_misnamed(Path(path), kind), *image.metadata["notes"])))
    return image.with_data(image.data, **known, notes=notes)


def write(path: str | os.PathLike[str], image: Image, *, overwrite: bool = False) -> None:
    """Write a picture in the format that the ending of `path` names; the file appears whole or not at all.

    Parameters
    ----------
    path : path
        Ends in .ome.tif, .ome.tiff (axes, voxel size, channels, recipe), .tif, .tiff (the same, readable by ImageJ
        where its pixel types allow), .png (grey or RGB, 8 or 16 bits) or .jpg, .jpeg (8 bits, lossy).
    image : Image
        Pixels are written as they are: never scaled, clipped or converted.
    overwrite : bool
        Replace an existing file. The file that `image` was read from is never replaced.

    Raises
    ------
    ValueError
        If the ending is unknown, the format cannot hold the pixels, or `path` is the image's own source.
    FileExistsError, OSError
        See `write_whole`.
    """
    target, source = Path(path), image.metadata.get("path")
    if source is not None and target.exists() and Path(source).exists() and target.samefile(source):
        raise ValueError(
            f"{shown(target)} is the file this picture came from, which is never replaced; choose another name"
        )
    writer = next((w for ending, w in _WRITERS.items() if target.name.lower().endswith(ending)), None)
    if writer is None:
        raise ValueError(
            f"cannot write {shown(target)}: its ending is none of {', '.join(_WRITERS)}; choose one of them"
        )
    with write_whole(target, overwrite=overwrite) as file:
        writer(file, image.in_order())


@contextlib.contextmanager
def _border(path: str | os.PathLike[str]) -> Iterator[None]:
    """Errors of fourteen kinds come in; ValueError, OSError, MemoryError go out, with the file's name and a remedy."""
    name = shown(path)
    try:
        yield
    except Refusal as error:
        raise ValueError(f"{name}: {printable(str(error))}") from error
    except MemoryError as error:
        raise MemoryError(f"{name}: {error or 'its pixels do not fit into memory'}") from error
    except OSError as error:
        raise OSError(f"{name} cannot be read ({_words(error)}); {DAMAGED}") from error
    except Exception as error:
        raise ValueError(f"{name} cannot be read ({_words(error)}); {DAMAGED}") from error


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {printable(str(error)[:200])}"


def _kind(file: BinaryIO, path: Path) -> str:
    """The format, by its first bytes."""
    suffix = path.suffix.lower()
    file.seek(0)
    head = file.read(32)
    if suffix in _RAW or (head[8:10] == b"CR" and head.startswith(_TIFF)):
        raise Refusal(RAW)
    if suffix in _HEIC or head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        raise Refusal("it is a HEIC or AVIF photograph, which is not read; export it as JPEG, PNG or TIFF")
    if head.startswith(_TIFF):
        return "tiff"
    if head.startswith(png.SIGNATURE):
        return "png"
    if head.startswith(_JPEG):
        return "jpeg"
    raise Refusal(f"it is neither TIFF, PNG nor JPEG (it starts with {head[:8]!r}); save it as one of them")


def _misnamed(path: Path, kind: str) -> tuple[str, ...]:
    """A note when the ending says something else than the content."""
    endings = {"tiff": ("tif", "tiff", "lsm", "stk"), "png": ("png", "apng"), "jpeg": ("jpg", "jpeg", "jpe", "jfif")}
    suffix = path.suffix.lower().lstrip(".")
    return (
        () if not suffix or suffix in endings[kind] else (f"The file is named .{suffix} but holds a {kind.upper()}.",)
    )
