"""The chain of pages of a TIFF, followed once with both eyes open."""

from __future__ import annotations

import struct
from typing import BinaryIO

from .guard import DAMAGED, Refusal

_CLASSIC, _BIG = 42, 43
_MOST_TAGS = 4096


def check_chain(file: BinaryIO, size: int) -> int:
    """Number of pages.

    tifffile looks for a circle once, at the hundredth page, and only logs a chain that leads out of the file; a longer
    circle would keep it busy for hours.

    Raises
    ------
    Refusal
        If a page is listed twice or lies beyond the end of the file.
    """
    order, big = _header(file)
    count_format, offset_format, entry = (order + "Q", order + "Q", 20) if big else (order + "H", order + "I", 12)
    file.seek(8 if big else 4)
    offset, seen = _number(file, offset_format), set[int]()
    while offset:
        if offset in seen:
            raise Refusal(f"page {len(seen)} points back to a page before it; {DAMAGED}")
        if offset >= size:
            raise Refusal(f"page {len(seen)} lies beyond the end of the file; {DAMAGED}")
        seen.add(offset)
        file.seek(offset)
        tags = _number(file, count_format)
        if not 0 < tags <= _MOST_TAGS:
            raise Refusal(f"page {len(seen) - 1} claims {tags} tags; {DAMAGED}")
        file.seek(tags * entry, 1)
        offset = _number(file, offset_format)
    if not seen:
        raise Refusal(f"it is a TIFF without a page; {DAMAGED}")
    return len(seen)


def _header(file: BinaryIO) -> tuple[str, bool]:
    """Byte order, and whether it is a BigTIFF."""
    file.seek(0)
    head = file.read(4)
    order = ">" if head[:2] == b"MM" else "<"
    version = struct.unpack(order + "H", head[2:4])[0] if len(head) == 4 else 0
    if version not in (_CLASSIC, _BIG):
        raise Refusal(f"its header says TIFF version {version}, expected {_CLASSIC} or {_BIG}; {DAMAGED}")
    return order, version == _BIG


def _number(file: BinaryIO, form: str) -> int:
    """The next number of the file."""
    raw = file.read(struct.calcsize(form))
    if len(raw) < struct.calcsize(form):
        raise Refusal(f"it ends in the middle of a page's table; {DAMAGED}")
    return int(struct.unpack(form, raw)[0])
