"""Are all the pixels that a TIFF declares in the file?"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import tifffile

from .guard import DAMAGED, Refusal


def check_stored(series: tifffile.TiffPageSeries) -> None:
    """Refuse pixel types we have no use for, and pixels that are declared but not in the file.

    tifffile fills with zeros what it does not find: pages that are absent, strips and tiles of no bytes.

    Raises
    ------
    Refusal
        Naming what is missing.
    """
    dtype = series.dtype
    if dtype is None or dtype.kind not in "uifb":
        what = "complex numbers" if dtype is not None and dtype.kind == "c" else "no numbers that can be read"
        raise Refusal(f"its pixels are {what} ({dtype}), expected integers or floats; save the magnitude as float32")
    pages = list(series.pages)
    stored = sum(p.size for p in pages if p is not None)
    declared = prod(int(n) for n in series.shape)
    if None in pages:
        raise Refusal(f"{pages.count(None)} of its {len(pages)} planes are not in the file; {DAMAGED}")
    if len(pages) == 1 and stored < declared and series.dataoffset is not None:
        _check_span(series.dataoffset, declared * dtype.itemsize, series.keyframe, "the stack")
    elif stored != declared:
        raise Refusal(
            f"it declares the shape {series.shape}, but its {len(pages)} pages hold {stored} values; {DAMAGED}"
        )
    for number, page in enumerate(pages):
        _check_page(page, number)


def _check_page(page: Any, number: int) -> None:
    """Every strip or tile of the page has bytes, and they lie inside the file."""
    offsets, counts = np.asarray(page.dataoffsets, np.int64), np.asarray(page.databytecounts, np.int64)
    key = page.keyframe
    if not len(offsets) or len(offsets) != len(counts) or not (counts > 0).all() or not (offsets > 0).all():
        raise Refusal(f"page {number} has strips or tiles without any bytes; {DAMAGED}")
    if key.compression == 1 and key.bitspersample == 8 * key.dtype.itemsize and counts.sum() < key.nbytes:
        raise Refusal(f"page {number} needs {key.nbytes} bytes of pixels and has {counts.sum()}; {DAMAGED}")
    last = int((offsets + counts).argmax())
    _check_span(int(offsets[last]), int(counts[last]), page, f"page {number}")


def _check_span(offset: int, count: int, page: Any, what: str) -> None:
    """The bytes are inside the file."""
    size = page.parent.filehandle.size
    if offset + count > size:
        raise Refusal(f"{what} ends at byte {offset + count}, the file after {size}; {DAMAGED}")
