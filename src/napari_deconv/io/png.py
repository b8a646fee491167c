"""The chunks of a PNG: are they whole? (Pillow does not look at the checksums of the pixels.)"""

from __future__ import annotations

import zlib
from typing import BinaryIO

from .guard import DAMAGED, Refusal

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MATTERS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


def check_chunks(file: BinaryIO, size: int) -> int:
    """Bits per sample, after every chunk that makes pixels has been compared with its checksum.

    Raises
    ------
    Refusal
        If a chunk is damaged, or the file ends before the last one.
    """
    file.seek(len(SIGNATURE))
    depth, name = 0, b""
    while name != b"IEND":
        length, name = int.from_bytes(file.read(4), "big"), file.read(4)
        if len(name) < 4 or file.tell() + length + 4 > size:
            raise Refusal(f"it ends in the middle of a chunk; {DAMAGED}")
        if name not in _MATTERS:
            file.seek(length + 4, 1)
            continue
        body = file.read(length)
        if zlib.crc32(body, zlib.crc32(name)) != int.from_bytes(file.read(4), "big"):
            raise Refusal(f"its chunk {name.decode()} does not fit its checksum; {DAMAGED}")
        if name == b"IHDR" and length == 13:
            depth = body[8]
    return depth
