"""Inputs that go wrong elsewhere, with what must happen: one table for every door of the package.

Rows F are files, A arrays, P kernels, R recipes. Nothing may crash, hang, use more than 2 GiB or change its input.

Not here, with the reason:

* F35, a file replaced or growing while it is read: it needs a second writer at a given moment;
  ``tests/io/test_read.py::test_file_that_grows_while_it_is_read_is_refused`` has one.
* F40 to F42, OME-Zarr: not a format of this version.
"""

from __future__ import annotations

import io
import os
import socket
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import imagecodecs
import numpy as np
import tifffile
from PIL import Image as Pillow

from odd_files import chunk, cut, described, flip, ome_tiff, plain, png, raw_page, raw_tiff, stack

Outcome = Literal["right", "error", "warn"]


@dataclass(frozen=True)
class Row:
    """One input.

    Parameters
    ----------
    id : str
        Letter and number of the row, and a word.
    make : callable
        ``make(folder)`` gives the argument for the door: a path, an array, a kernel or a recipe.
    door : {"file", "array", "psf", "recipe"}
        Where it goes in.
    expected : {"right", "error", "warn"}
        Read rightly; refused with ValueError, OSError, MemoryError or ImportError; read, with a sentence about it.
    words : tuple of str
        What the refusal or the sentence says, case ignored.
    check : callable, optional
        ``check(result)`` raises AssertionError if what was read is not right.
    heavy : bool
        To be run in a process of its own with 2 GiB and 20 s.
    absent : str
        Why this row cannot be made on this machine; empty if it can.
    """

    id: str
    make: Callable[[Path], Any]
    door: Literal["file", "array", "psf", "recipe"]
    expected: Outcome
    words: tuple[str, ...] = ()
    check: Callable[[Any], None] | None = None
    heavy: bool = False
    absent: str = ""


def _file(id: str, expected: Outcome, *words: str, **options: Any) -> Callable[[Callable[[Path], Path]], None]:
    """A decorator that enters the function below it into the table."""

    def enter(make: Callable[[Path], Path]) -> None:
        ROWS.append(Row(id, make, "file", expected, words, **options))

    return enter


def _pixels(wanted: Any) -> Callable[[Any], None]:
    """A check of the pixels that were read."""
    return lambda image: np.testing.assert_array_equal(image.data, wanted)


ROWS: list[Row] = []
STACK = stack()
COLOUR = np.random.default_rng(1).integers(0, 256, (12, 16, 3)).astype(np.uint8)
UNIX = "" if hasattr(os, "mkfifo") else "this system has no such files"
ROOT = "the tests run as root, who may read everything" if UNIX == "" and os.geteuid() == 0 else UNIX
CUT = "damaged or cut off"


# --- damage ---------------------------------------------------------------------------------------------------------


@_file("F01-empty", "error", "empty", "copy it again")
def _(folder: Path) -> Path:
    (folder / "empty.tif").touch()
    return folder / "empty.tif"


@_file("F02-text", "error", "neither TIFF, PNG nor JPEG")
def _(folder: Path) -> Path:
    (folder / "text.tif").write_text("not a picture\n" * 20)
    return folder / "text.tif"


@_file("F03-png-named-tif", "warn", "holds a PNG", check=_pixels(COLOUR))
def _(folder: Path) -> Path:
    Pillow.fromarray(COLOUR).save(folder / "really.tif", "PNG")
    return folder / "really.tif"


for percent in (10, 60, 99):

    @_file(f"F04-cut-at-{percent}", "error", CUT)
    def _(folder: Path, percent: int = percent) -> Path:
        return cut(plain(folder / "cut.tif", STACK), percent / 100)


@_file("F04-cut-imagej", "error", CUT)
def _(folder: Path) -> Path:
    tifffile.imwrite(folder / "cut.tif", STACK, imagej=True, metadata={"axes": "ZYX"})
    return cut(folder / "cut.tif", 0.6)


@_file("F05-cut-tiles", "error", CUT)
def _(folder: Path) -> Path:
    big = np.random.default_rng(2).integers(0, 999, (8, 64, 64)).astype(np.uint16)
    return cut(plain(folder / "tiles.tif", big, compression="zlib", tile=(32, 32)), 0.6)


@_file("F06-ome-cut-in-last-strip", "error", CUT)
def _(folder: Path) -> Path:
    path = folder / "last.ome.tif"
    tifffile.imwrite(path, STACK, ome=True, photometric="minisblack", metadata={"axes": "ZYX"})
    with tifffile.TiffFile(path) as file:
        end = file.pages[-1].dataoffsets[0] + 10
    path.write_bytes(path.read_bytes()[:end])
    return path


@_file("F07-flipped-byte", "error", CUT)
def _(folder: Path) -> Path:
    path = plain(folder / "flip.tif", STACK, compression="zlib")
    with tifffile.TiffFile(path) as file:
        place = file.pages[3].dataoffsets[0] + 40
    return flip(path, place)


@_file("F08-huge-header", "error", "declares", "GiB", heavy=True)
def _(folder: Path) -> Path:
    page = raw_page(STACK[0]) | {256: 200_000, 257: 200_000, 278: 200_000, 259: 8, 0: b"x" * 100}
    (folder / "huge.tif").write_bytes(raw_tiff([page]))
    return folder / "huge.tif"


@_file("F09-page-loop", "error", "points back", heavy=True)
def _(folder: Path) -> Path:
    (folder / "loop.tif").write_bytes(raw_tiff([raw_page(STACK[0])], {0: -1}))
    return folder / "loop.tif"


@_file("F09-long-page-loop", "error", "points back", heavy=True)
def _(folder: Path) -> Path:
    (folder / "loop.tif").write_bytes(raw_tiff([raw_page(p) for p in stack(150)], {149: -1}))
    return folder / "loop.tif"


@_file("F10-page-past-the-end", "error", "beyond the end")
def _(folder: Path) -> Path:
    (folder / "past.tif").write_bytes(raw_tiff([raw_page(p) for p in STACK], {7: 1_000_000}))
    return folder / "past.tif"


@_file("F11-100000-pages", "right", heavy=True)
def _(folder: Path) -> Path:
    tags = [(256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 1)]
    table = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", t, 4, 1, v) for t, v in tags)
    size, count = len(table) + 4, 100_000
    pages = (table + struct.pack("<I", 12 + size * (i + 1) if i < count - 1 else 0) for i in range(count))
    (folder / "many.tif").write_bytes(b"II*\0" + struct.pack("<I", 12) + b"\7\0\0\0" + b"".join(pages))
    return folder / "many.tif"


@_file("F12-overlapping-strips", "right", check=_pixels(np.vstack([STACK[0, :6], STACK[0, :6]])))
def _(folder: Path) -> Path:
    half = STACK[0, :6].nbytes
    twice = {273: (4, struct.pack("<II", 8, 8)), 279: (4, struct.pack("<II", half, half)), 278: 6}
    (folder / "overlap.tif").write_bytes(raw_tiff([raw_page(STACK[0]) | twice]))
    return folder / "overlap.tif"


@_file("F13-strip-of-no-bytes", "error", "without any bytes")
def _(folder: Path) -> Path:
    pages = [raw_page(p) | {0: zlib.compress(p.tobytes()), 259: 8} for p in STACK]
    pages[3][279] = 0
    (folder / "none.tif").write_bytes(raw_tiff(pages))
    return folder / "none.tif"


@_file("F13-first-strip-of-no-bytes", "error", "without any bytes")
def _(folder: Path) -> Path:
    (folder / "none.tif").write_bytes(raw_tiff([raw_page(STACK[0]) | {279: 0}]))
    return folder / "none.tif"


@_file("F16-imagej-images", "warn", "images=100000000", "holds 1", check=_pixels(STACK[0]))
def _(folder: Path) -> Path:
    return described(folder / "ij.tif", STACK[:1], b"ImageJ=1.53\nimages=100000000\nunit=micron\n")


# --- OME-XML --------------------------------------------------------------------------------------------------------


@_file("F14-size-z-1e8", "error", "100000000 planes", "8 pages", heavy=True)
def _(folder: Path) -> Path:
    return ome_tiff(folder / "z.ome.tif", STACK, z=100_000_000, planes="<TiffData/>")


@_file("F15-fewer-planes-than-pages", "warn", "SizeZ 5", "8 pages", check=_pixels(STACK[:5]))
def _(folder: Path) -> Path:
    return ome_tiff(folder / "five.ome.tif", STACK, z=5)


@_file("F15-more-planes-than-sizes", "error", "expected 5 frames, got 8")
def _(folder: Path) -> Path:
    return ome_tiff(folder / "five.ome.tif", STACK, z=5, planes='<TiffData IFD="0" PlaneCount="8"/>')


@_file("F15-more-planes-than-pages", "error", "SizeZ 9", "8 pages")
def _(folder: Path) -> Path:
    return ome_tiff(folder / "nine.ome.tif", STACK, z=9)


def _in(name: str) -> str:
    """TiffData for one plane here and one in another file."""
    here, there = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
    return (
        f'<TiffData IFD="0" FirstZ="0" PlaneCount="1"><UUID FileName="a.ome.tif">urn:uuid:{here}</UUID></TiffData>'
        f'<TiffData IFD="0" FirstZ="1" PlaneCount="1"><UUID FileName="{name}">urn:uuid:{there}</UUID></TiffData>'
    )


@_file("F17-companion-missing", "error", "1 of 2 planes", "gone.ome.tif", "not there")
def _(folder: Path) -> Path:
    return ome_tiff(folder / "a.ome.tif", STACK[:1], z=2, planes=_in("gone.ome.tif"))


@_file("F18-companion-outside", "error", "outside its own folder")
def _(folder: Path) -> Path:
    plain(folder / "outside.tif", STACK[0])
    (folder / "set").mkdir()
    return ome_tiff(folder / "set" / "a.ome.tif", STACK[:1], z=2, planes=_in("../outside.tif"))


@_file("F18-companion-absolute", "error", "outside its own folder")
def _(folder: Path) -> Path:
    outside = plain(folder / "outside.tif", STACK[0])
    return ome_tiff(folder / "a.ome.tif", STACK[:1], z=2, planes=_in(str(outside.resolve())))


@_file("F18-companion-link-outside", "error", "outside its own folder", absent=UNIX)
def _(folder: Path) -> Path:
    plain(folder / "outside.tif", STACK[0])
    (folder / "set").mkdir()
    (folder / "set" / "b.ome.tif").symlink_to(folder / "outside.tif")
    return ome_tiff(folder / "set" / "a.ome.tif", STACK[:1], z=2, planes=_in("b.ome.tif"))


@_file("F19-entity-bomb", "warn", "OME-XML was ignored", check=_pixels(STACK), heavy=True)
def _(folder: Path) -> Path:
    levels = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    before = f'<!DOCTYPE OME [<!ENTITY l0 "lol">{levels}]>'
    return ome_tiff(folder / "bomb.ome.tif", STACK, before=before, extra="<Project><Name>&l9;</Name></Project>")


def _no_secret(image: Any) -> None:
    np.testing.assert_array_equal(image.data, STACK)
    assert "hunter2" not in str(image.metadata)


@_file("F20-external-entity", "warn", "OME-XML was ignored", check=_no_secret)
def _(folder: Path) -> Path:
    (folder / "secret.txt").write_text("hunter2")
    before = f'<!DOCTYPE OME [<!ENTITY x SYSTEM "{(folder / "secret.txt").as_uri()}">]>'
    return ome_tiff(folder / "xxe.ome.tif", STACK, before=before, extra="<Project><Name>&x;</Name></Project>")


for size in ("0", "-1", "NaN", "1e30", "abc"):

    @_file(f"F21-size-{size}", "warn", "PhysicalSizeX was ignored", size, check=_pixels(STACK))
    def _(folder: Path, size: str = size) -> Path:
        pixels = f' PhysicalSizeX="{size}" PhysicalSizeY="0.1" PhysicalSizeZ="0.3"'
        return ome_tiff(folder / "size.ome.tif", STACK, pixels=pixels)


@_file("F21-parsec", "warn", "parsec", "not a unit", check=_pixels(STACK))
def _(folder: Path) -> Path:
    pixels = ' PhysicalSizeX="1" PhysicalSizeXUnit="parsec" PhysicalSizeY="1" PhysicalSizeZ="1"'
    return ome_tiff(folder / "size.ome.tif", STACK, pixels=pixels)


def _xml() -> str:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, STACK, ome=True, photometric="minisblack", metadata={"axes": "ZYX", "PhysicalSizeX": 0.1})
    buffer.seek(0)
    return str(tifffile.TiffFile(buffer).ome_metadata)


@_file("F22-utf-16", "warn", "OME-XML was ignored", check=_pixels(STACK))
def _(folder: Path) -> Path:
    return described(folder / "wide.ome.tif", STACK, _xml().encode("utf-16"))


@_file("F22-bom", "right", check=_pixels(STACK))
def _(folder: Path) -> Path:
    return described(folder / "bom.ome.tif", STACK, b"\xef\xbb\xbf" + _xml().encode())


@_file("F22-truncated", "warn", "OME-XML was ignored", check=_pixels(STACK))
def _(folder: Path) -> Path:
    return described(folder / "half.ome.tif", STACK, _xml().encode()[:300])


@_file("F30-several-images", "error", "2 images", "first", "second", "series=0")
def _(folder: Path) -> Path:
    with tifffile.TiffWriter(folder / "two.ome.tif", ome=True) as file:
        file.write(STACK, photometric="minisblack", metadata={"axes": "ZYX", "Name": "first"})
        file.write(STACK[0, :9], photometric="minisblack", metadata={"axes": "YX", "Name": "second"})
    return folder / "two.ome.tif"


# --- what pixels can be ---------------------------------------------------------------------------------------------


@_file("F23-jpeg-in-tiff", "warn", "lossy")
def _(folder: Path) -> Path:
    return plain(folder / "lossy.tif", stack(dtype="uint8")[0], compression="jpeg")


DEEP = np.random.default_rng(3).integers(0, 65536, (12, 16, 4)).astype(np.uint16)


@_file("F24-png-16-grey", "right", check=_pixels(DEEP[..., 0]))
def _(folder: Path) -> Path:
    (folder / "deep.png").write_bytes(imagecodecs.png_encode(np.ascontiguousarray(DEEP[..., 0])))
    return folder / "deep.png"


@_file("F24-png-16-rgb", "right", check=_pixels(DEEP[..., :3]))
def _(folder: Path) -> Path:
    (folder / "deep.png").write_bytes(imagecodecs.png_encode(np.ascontiguousarray(DEEP[..., :3])))
    return folder / "deep.png"


@_file("F25-cmyk", "error", "CMYK", "convert it to RGB")
def _(folder: Path) -> Path:
    Pillow.fromarray(COLOUR).convert("CMYK").save(folder / "cmyk.jpg")
    return folder / "cmyk.jpg"


@_file("F25-cmyk-tiff", "error", "CMYK", "convert it to RGB")
def _(folder: Path) -> Path:
    return plain(folder / "cmyk.tif", np.dstack([COLOUR, COLOUR[..., :1]]), photometric="separated")


@_file("F25-palette", "warn", "Palette", check=_pixels(np.array([[[9, 8, 7], [6, 5, 4]]])))
def _(folder: Path) -> Path:
    table = chunk(b"PLTE", bytes([9, 8, 7, 6, 5, 4]))
    (folder / "palette.png").write_bytes(png(2, 1, 8, 3, b"\0\0\1", table))
    return folder / "palette.png"


def _with_alpha(image: Any) -> None:
    np.testing.assert_array_equal(image.data, DEEP[..., :3])
    np.testing.assert_array_equal(image.metadata["alpha"], DEEP[..., 3])


@_file("F25-alpha", "right", check=_with_alpha)
def _(folder: Path) -> Path:
    (folder / "alpha.png").write_bytes(imagecodecs.png_encode(DEEP))
    return folder / "alpha.png"


@_file("F25-one-bit", "warn", "1 bit", check=_pixels([[255, 0, 255, 0, 0, 0, 0, 255]]))
def _(folder: Path) -> Path:
    (folder / "bit.png").write_bytes(png(8, 1, 1, 0, b"\0\xa1"))
    return folder / "bit.png"


def _turned(folder: Path, orientation: int) -> Path:
    """A grey photograph with EXIF, flat enough for JPEG to keep its corners apart."""
    corners = np.kron([[0, 80], [160, 240]], np.ones((16, 24))).astype(np.uint8)
    exif = Pillow.Exif()
    exif[274] = orientation
    Pillow.fromarray(corners).save(folder / "turned.jpg", exif=exif, quality=100)
    return folder / "turned.jpg"


# Where the corner that was stored first (black), and the one right of it (dark grey), are to be seen.
SEEN = {2: "TR TL", 3: "BR BL", 4: "BL BR", 5: "TL BL", 6: "TR BR", 7: "BR TR", 8: "BL TL"}
CORNERS = {"TL": (0, 0), "TR": (0, -1), "BL": (-1, 0), "BR": (-1, -1)}


def _corners(orientation: int) -> Callable[[Any], None]:
    def check(image: Any) -> None:
        first, right = (image.data[CORNERS[c]] for c in SEEN[orientation].split())
        assert abs(int(first)) < 4
        assert abs(int(right) - 80) < 4
        assert image.data.shape == ((32, 48) if orientation < 5 else (48, 32))

    return check


for turn in SEEN:

    @_file(f"F26-orientation-{turn}", "warn", f"orientation tag says ({turn})", check=_corners(turn))
    def _(folder: Path, turn: int = turn) -> Path:
        return _turned(folder, turn)


@_file("F26-orientation-99", "warn", "99", "ignored")
def _(folder: Path) -> Path:
    return _turned(folder, 99)


@_file("F27-truncated-jpeg", "error", "truncated", CUT)
def _(folder: Path) -> Path:
    Pillow.fromarray(COLOUR).resize((200, 150)).save(folder / "half.jpg")
    return cut(folder / "half.jpg", 0.5)


@_file("F28-png-bomb", "error", "3600000000 pixels", heavy=True)
def _(folder: Path) -> Path:
    (folder / "bomb.png").write_bytes(png(60_000, 60_000, 1, 0, bytes(7501) * 1000))
    return folder / "bomb.png"


@_file("F28-png-bomb-16-bit", "error", "3600000000 pixels", heavy=True)
def _(folder: Path) -> Path:
    (folder / "bomb.png").write_bytes(png(60_000, 60_000, 16, 2, bytes(1000)))
    return folder / "bomb.png"


@_file("F29-gif", "error", "neither TIFF, PNG nor JPEG")
def _(folder: Path) -> Path:
    frames = [Pillow.fromarray(p.astype(np.uint8)) for p in STACK]
    frames[0].save(folder / "film.gif", save_all=True, append_images=frames[1:])
    return folder / "film.gif"


@_file("F29-apng", "warn", "only the first", check=_pixels(STACK[0]))
def _(folder: Path) -> Path:
    frames = [Pillow.fromarray(p.astype(np.uint8)) for p in STACK]
    frames[0].save(folder / "film.png", save_all=True, append_images=frames[1:])
    return folder / "film.png"


for bad in (np.nan, np.inf, -np.inf):

    @_file(f"F31-{bad}", "error", "2 of its pixels", "NaN or infinite", "Z=1, Y=2, X=3")
    def _(folder: Path, bad: float = bad) -> Path:
        data = STACK.astype(np.float32)
        data[1, 2, 3] = data[4, 4, 4] = bad
        return plain(folder / "nan.tif", data, metadata={"axes": "ZYX"})


@_file("F32-planar-rgb", "right", check=_pixels(COLOUR))
def _(folder: Path) -> Path:
    planes = np.ascontiguousarray(np.moveaxis(COLOUR, -1, 0))
    return plain(folder / "planar.tif", planes, photometric="rgb", planarconfig="separate")


for kind in (">u2", ">f4", "int8", "int64", "uint64", "float16", "float64"):
    VALUES = STACK.astype(kind) - (0 if "u" in kind else 60)

    @_file(f"F33-{kind.replace('>', 'big-endian-')}", "right", check=_pixels(VALUES))
    def _(folder: Path, kind: str = kind, values: Any = VALUES) -> Path:
        order = ">" if kind.startswith(">") else "<"
        return plain(folder / "type.tif", values, byteorder=order, metadata={"axes": "ZYX"})


@_file("F34-complex", "error", "complex", "magnitude")
def _(folder: Path) -> Path:
    return plain(folder / "complex.tif", STACK.astype(np.complex64))


# --- what names can mean --------------------------------------------------------------------------------------------


@_file("F36-pipe", "error", "pipe", absent=UNIX, heavy=True)
def _(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.tif")
    return folder / "pipe.tif"


@_file("F36-folder", "error", "folder")
def _(folder: Path) -> Path:
    (folder / "folder.tif").mkdir()
    return folder / "folder.tif"


@_file("F36-device", "error", "device", absent=UNIX, heavy=True)
def _(folder: Path) -> Path:
    return Path("/dev/zero")


@_file("F36-socket", "error", "socket", absent=UNIX)
def _(folder: Path) -> Path:
    here = os.getcwd()
    os.chdir(folder)  # the whole path may be longer than a socket's name can be
    try:
        with socket.socket(socket.AF_UNIX) as end:
            end.bind("socket.tif")
    finally:
        os.chdir(here)
    return folder / "socket.tif"


@_file("F37-no-permission", "error", "no permission", absent=ROOT)
def _(folder: Path) -> Path:
    path = plain(folder / "mine.tif", STACK)
    path.chmod(0)
    return path


@_file("F38-dangling-link", "error", "link", "not there", absent=UNIX)
def _(folder: Path) -> Path:
    (folder / "link.tif").symlink_to(folder / "nothing.tif")
    return folder / "link.tif"


@_file("F38-nothing", "error", "not there")
def _(folder: Path) -> Path:
    return folder / "nothing.tif"


NAMES = {
    "newline": "two\nlines.tif",
    "semicolon": "a; rm b.tif",
    "leading-dash": "-o.tif",
    "emoji": "cell \N{MICROSCOPE}.tif",
    "255-bytes": "n" * 251 + ".tif",
    "invalid-utf-8": os.fsdecode(b"caf\xe9.tif"),
}
for word, name in NAMES.items():

    @_file(f"F39-{word}", "right", check=_pixels(STACK), absent=UNIX)
    def _(folder: Path, name: str = name) -> Path:
        return plain(folder / name, STACK, metadata={"axes": "ZYX"})
