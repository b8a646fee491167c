"""TIFF, OME-TIFF and ImageJ TIFF in, with every way of reading less than the file holds turned into an error."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from . import ome
from .axes import expanded, ordered
from .dialects import said
from .guard import DAMAGED, RAW, Refusal, check_finite, check_size, heed, listening
from .ifd import check_chain
from .image import KNOWN_AXES, Encoding, Image
from .orientation import upright
from .tiff_colour import grey_or_rgb
from .tiff_pages import check_stored
from .units import spacing_of

_ELSEWHERE: dict[str, Any] = {
    "is_mmstack": False,
    "is_ndtiff": False,
}  # formats in which tifffile opens files that it finds by itself
_DESCRIPTION, _ORIENTATION, _ICC, _DNG_VERSION = 270, 274, 34675, 50706


def read_tiff(file: BinaryIO, path: Path, *, series: int | None = None, axes: str | None = None) -> Image:
    """The picture in an open TIFF file.

    Parameters
    ----------
    file : binary file
        Opened by its real path, so that companion files are looked for beside it.
    path : path
        Its real path.
    series : int, optional
        Which of several images to read, from 0.
    axes : str, optional
        Names of the axes as stored, letters of TCZYXS, where the file does not tell or tells wrong.

    Raises
    ------
    Refusal, MemoryError
        With a sentence that names what is wrong and how to mend it. Errors of tifffile and the codecs pass through.
    """
    size, notes = os.fstat(file.fileno()).st_size, list[str]()
    pages = check_chain(file, size)
    file.seek(0)
    with listening() as words, tifffile.TiffFile(file, **_ELSEWHERE) as tif:
        document = _ome(tif, file, path, notes)
        beside = _check_planes(document, path, pages, notes) if document else 0
        chosen, place = _chosen(tif, series, notes)
        heed(words, notes)
        check_stored(chosen)
        check_size(chosen.shape, chosen.dtype, size + beside)
        data = chosen.asarray()
        heed(words, notes)
        stored = chosen.axes if axes is None else _given(axes, chosen.shape)
        known = document.images[place] if document and place < len(document.images) else None
        return _image(tif, chosen, data, stored, known, notes)


def _ome(tif: tifffile.TiffFile, file: BinaryIO, path: Path, notes: list[str]) -> ome.Ome | None:
    """The OME-XML of the file. If it cannot be trusted, tifffile is told to ignore it too, and a note says so."""
    page = tif.pages.first
    if not tif.is_ome:
        tag = page.tags.get(_DESCRIPTION)
        if tag is not None and b"<OME" in _head(file, tag.valueoffset, tag.count).replace(b"\0", b""):
            notes.append("The OME-XML was ignored (it is cut off or not in UTF-8): axes and voxel size are unknown.")
        return None
    try:
        document = ome.parse(page.description, path.name)
        if document.binary_only:
            raise ValueError(f"it only points to {document.binary_only[:80]!r}, which is not opened")
    except ValueError as error:
        tif.is_ome = False
        notes.append(f"The OME-XML was ignored ({error}): axes and voxel size are unknown.")
        return None
    return document


def _head(file: BinaryIO, offset: int, count: int) -> bytes:
    """The beginning of a tag's value."""
    file.seek(offset)
    return file.read(min(count, 4096))


def _check_planes(document: ome.Ome, path: Path, pages: int, notes: list[str]) -> int:
    """Compare the planes that OME-XML declares with the pages there are; returns the bytes in companion files."""
    asked = sum(i.planes for i in document.images)
    if document.companions:
        return ome.check_companions(document.companions, path.parent, asked)
    sizes = "; ".join(i.sizes for i in document.images)[:200]
    if asked > pages:
        raise Refusal(f"its OME-XML asks for {asked} planes ({sizes}), but the file has {pages} pages; {DAMAGED}")
    if document.images and asked < pages:
        notes.append(
            f"The OME-XML speaks of {asked} planes ({sizes}), the file has {pages} pages: the others were left."
        )
    return 0


def _chosen(tif: tifffile.TiffFile, number: int | None, notes: list[str]) -> tuple[tifffile.TiffPageSeries, int]:
    """The image to read, and its place among all; previews and pyramid levels do not count."""
    every = tif.series
    if _DNG_VERSION in tif.pages.first.tags:
        raise Refusal(RAW)
    found = [s for s in every if not s.keyframe.is_reduced]
    if every and not found:
        notes.append("The file calls all it holds previews: the full picture may be elsewhere.")
        found = every
    if not found:
        raise Refusal(f"it holds no image; {DAMAGED}")
    if number is None and len(found) > 1:
        names = "; ".join(f"{i}: {s.name!r:.60} {s.axes} {s.shape} {s.dtype}" for i, s in enumerate(found[:20]))
        raise Refusal(f"it holds {len(found)} images ({names}); choose one, for instance read(path, series=0)")
    number = 0 if number is None else number
    if not 0 <= number < len(found):
        raise Refusal(f"it has no series {number}; series goes from 0 to {len(found) - 1}")
    return found[number], every.index(found[number])


def _given(axes: str, shape: tuple[int, ...]) -> str:
    """The caller's names of the axes, checked."""
    if len(axes) != len(shape) or set(axes) - set(KNOWN_AXES) or len(set(axes)) != len(axes):
        raise Refusal(
            f"axes={axes!r} does not fit its shape {shape}; give {len(shape)} different letters of {KNOWN_AXES}"
        )
    return axes


def _image(
    tif: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    data: NDArray[Any],
    stored: str,
    document: ome.OmeImage | None,
    notes: list[str],
) -> Image:
    """Pixels and what the file says about them, in the order and words of the house."""
    page = series.keyframe
    data, stored, alpha = grey_or_rgb(data, stored, page, series.kind in ("ome", "imagej"), notes)
    data, axes = ordered(data, stored, notes)
    sizes, more = said(tif, series, data.shape, axes, document, notes)
    if "S" in axes and data.ndim == 3:
        turn = page.tags.valueof(_ORIENTATION)
        data, alpha = upright(data, turn, notes), None if alpha is None else upright(alpha, turn, [])
    data, axes = expanded(data, axes, more.pop("axes", None))
    check_finite(data, axes)
    icc = page.tags.valueof(_ICC)
    encoding = more.pop("encoding", None) or _encoding(data, axes, icc)
    more |= {k: v for k, v in (("icc", icc), ("alpha", alpha)) if v is not None}
    return Image(data, axes, spacing_of(axes, sizes, notes), encoding, {**more, "notes": tuple(notes)})


def _encoding(data: NDArray[Any], axes: str, icc: bytes | None) -> Encoding:
    """Colour pictures of integers are photographs."""
    photo = "S" in axes and (data.dtype == np.uint8 or (data.dtype == np.uint16 and bool(icc)))
    return "srgb" if photo else "linear"
