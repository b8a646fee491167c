"""Files that no well-behaved program writes, and small healthy ones to start from."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

OME = (
    '<?xml version="1.0" encoding="UTF-8"?>{before}<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
    'UUID="urn:uuid:11111111-1111-1111-1111-111111111111">{extra}<Image ID="Image:0" Name="cell"><Pixels ID="Pixels:0" '
    'DimensionOrder="XYZCT" Type="uint16" SizeX="16" SizeY="12" SizeZ="{z}" SizeC="1" SizeT="1"{pixels}>'
    '<Channel ID="Channel:0:0" SamplesPerPixel="1"/>{planes}</Pixels></Image></OME>'
)
_SIZES = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 7: "B", 12: "d"}


def stack(planes: int = 8, dtype: str = "uint16", seed: int = 0) -> NDArray[Any]:
    """A small picture with noise, 12 rows and 16 columns."""
    noise = np.random.default_rng(seed).integers(0, 120, (planes, 12, 16))
    return noise.astype(dtype)


def ome_tiff(
    path: Path,
    data: NDArray[Any],
    *,
    z: int | None = None,
    pixels: str = "",
    planes: str | None = None,
    before: str = "",
    extra: str = "",
) -> Path:
    """An OME-TIFF of one Z stack; parts of its XML: attributes of Pixels, TiffData, text before and inside OME."""
    z = len(data) if z is None else z
    planes = f'<TiffData IFD="0" PlaneCount="{z}"/>' if planes is None else planes
    xml = OME.format(before=before, extra=extra, z=z, pixels=pixels, planes=planes)
    return described(path, data, xml.encode())


def described(path: Path, data: NDArray[Any], text: bytes) -> Path:
    """A TIFF with one page per plane whose first description is `text`, byte for byte."""
    page = [raw_page(plane) for plane in data]
    page[0][270] = (2, text + b"\0")
    path.write_bytes(raw_tiff(page))
    return path


def raw_page(plane: NDArray[Any], **changed: Any) -> dict[int, Any]:
    """Tags of one uncompressed page; key 0 holds its bytes."""
    kind = {"u": 1, "i": 2, "f": 3, "c": 6}[plane.dtype.kind]
    tags: dict[int, Any] = {0: plane.tobytes(), 256: plane.shape[1], 257: plane.shape[0], 258: plane.itemsize * 8}
    return tags | {259: 1, 262: 1, 277: 1, 278: plane.shape[0], 339: kind} | changed


def raw_tiff(pages: Sequence[dict[int, Any]], follow: dict[int, int] | None = None) -> bytes:
    """A little-endian TIFF. `follow`: for a page, the offset it says comes next; -1, -2, ... mean page 0, 1, ..."""
    out, starts, links = bytearray(b"II*\0\0\0\0\0"), [], []
    for page in pages:
        tags = dict(page)
        pixels = tags.pop(0, b"")
        tags.setdefault(273, (4, struct.pack("<I", len(out))))
        tags.setdefault(279, (4, struct.pack("<I", len(pixels))))
        out += pixels + b"\0" * (len(pixels) % 2)
        entries = b"".join(_entry(out, tag, value) for tag, value in sorted(tags.items()))
        starts.append(len(out))
        out += struct.pack("<H", len(tags)) + entries
        links.append(len(out))
        out += b"\0\0\0\0"
    chain = dict(zip(range(len(pages) - 1), starts[1:], strict=True))
    chain |= {k: starts[-v - 1] if v < 0 else v for k, v in (follow or {}).items()}
    struct.pack_into("<I", out, 4, starts[0])
    for place, offset in chain.items():
        struct.pack_into("<I", out, links[place], offset)
    return bytes(out)


def _entry(out: bytearray, tag: int, value: Any) -> bytes:
    """Twelve bytes of a page's table; a long value goes to the end of the file so far."""
    kind, raw = value if isinstance(value, tuple) else (4, struct.pack("<I", value))
    count = len(raw) // struct.calcsize("<" + _SIZES[kind])
    if len(raw) > 4:
        place = len(out)
        out += raw + b"\0" * (len(raw) % 2)
        raw = struct.pack("<I", place)
    return struct.pack("<HHI", tag, kind, count) + raw.ljust(4, b"\0")


def png(width: int, height: int, depth: int, colour: int, pixels: bytes, *more: bytes) -> bytes:
    """A PNG of raw scan lines (each with its filter byte) and extra chunks before the pixels."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = b"".join((chunk(b"IHDR", head), *more, chunk(b"IDAT", zlib.compress(pixels)), chunk(b"IEND", b"")))
    return b"\x89PNG\r\n\x1a\n" + body


def chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def cut(path: Path, share: float) -> Path:
    """Keep the first part of a file."""
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    return path


def flip(path: Path, place: int, bit: int = 4) -> Path:
    """Change one bit of one byte."""
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1 << bit
    path.write_bytes(raw)
    return path


def plain(path: Path, data: NDArray[Any], **options: Any) -> Path:
    """A TIFF by tifffile."""
    tifffile.imwrite(path, data, **{"photometric": "minisblack", **options})
    return path
