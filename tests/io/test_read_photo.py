"""PNG and JPEG: every bit, every orientation, alpha and profile apart."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageCms, ImageFile

from napari_deconv.io import photo, read
from napari_deconv.io.orientation import upright
from odd_files import chunk, cut, flip, png

RGB = np.random.default_rng(0).integers(0, 256, (12, 16, 3)).astype(np.uint8)
DEEP = np.random.default_rng(1).integers(0, 65536, (12, 16, 3)).astype(np.uint16)


def deep(path: Path, data: np.ndarray, *chunks: bytes) -> Path:
    raw = imagecodecs.png_encode(np.ascontiguousarray(data))
    path.write_bytes(raw[:33] + b"".join(chunks) + raw[33:])
    return path


def exif_chunk(orientation: int) -> bytes:
    return chunk(b"eXIf", b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 274, 3, 1, orientation, 0) + b"\0\0\0\0")


def test_every_8_bit_photograph_is_encoded(tmp_path: Path) -> None:
    for data, axes in ((RGB, "YXS"), (RGB[..., 0], "YX")):
        Pillow.fromarray(np.ascontiguousarray(data)).save(tmp_path / "a.png")
        image = read(tmp_path / "a.png")
        np.testing.assert_array_equal(image.data, data)
        assert (image.axes, image.encoding, image.spacing) == (axes, "srgb", None)


def test_deep_grey_is_linear_and_says_so(tmp_path: Path) -> None:
    image = read(deep(tmp_path / "a.png", DEEP[..., 0]))
    np.testing.assert_array_equal(image.data, DEEP[..., 0])
    assert image.encoding == "linear"
    assert "linear intensities" in image.metadata["notes"][0]


def test_deep_colour_loses_no_bit_and_is_turned(tmp_path: Path) -> None:
    image = read(deep(tmp_path / "a.png", DEEP, exif_chunk(6)))
    np.testing.assert_array_equal(image.data, np.rot90(DEEP, -1))
    assert image.encoding == "srgb"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_as_pillow_does(orientation: int) -> None:
    exif = Pillow.Exif()
    exif[274] = orientation
    picture = Pillow.fromarray(RGB)
    picture._exif = exif  # type: ignore[attr-defined]
    steps = {
        2: Pillow.Transpose.FLIP_LEFT_RIGHT,
        3: Pillow.Transpose.ROTATE_180,
        4: Pillow.Transpose.FLIP_TOP_BOTTOM,
        5: Pillow.Transpose.TRANSPOSE,
        6: Pillow.Transpose.ROTATE_270,
        7: Pillow.Transpose.TRANSVERSE,
        8: Pillow.Transpose.ROTATE_90,
    }
    wanted = picture.transpose(steps[orientation]) if orientation > 1 else picture
    np.testing.assert_array_equal(upright(RGB, orientation, []), np.asarray(wanted))


def test_alpha_is_turned_with_the_picture(tmp_path: Path) -> None:
    four = np.dstack([DEEP, DEEP[..., 0]])
    image = read(deep(tmp_path / "a.png", four, exif_chunk(3)))
    np.testing.assert_array_equal(image.data, DEEP[::-1, ::-1])
    np.testing.assert_array_equal(image.metadata["alpha"], DEEP[::-1, ::-1, 0])


def test_broken_exif_is_no_reason_to_fail(tmp_path: Path) -> None:
    image = read(deep(tmp_path / "a.png", DEEP, chunk(b"eXIf", b"II*\0\xff\xff\xff\xffrubbish")))
    np.testing.assert_array_equal(image.data, DEEP)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_few_bits_become_eight(depth: int, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(8, 1, depth, 0, b"\0" + bytes(range(1, depth + 1))))
    image = read(tmp_path / "a.png")
    assert image.data.dtype == np.uint8
    assert image.data.shape == (1, 8)
    assert image.data.max() == 255 or depth > 1


def test_transparent_colour_becomes_alpha(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(2, 1, 8, 0, b"\0\x07\x09", chunk(b"tRNS", b"\0\x07")))
    image = read(tmp_path / "a.png")
    np.testing.assert_array_equal(image.data, [[7, 9]])
    np.testing.assert_array_equal(image.metadata["alpha"], [[0, 255]])
    image = read(deep(tmp_path / "b.png", DEEP[..., 0], chunk(b"tRNS", struct.pack(">H", int(DEEP[0, 0, 0])))))
    np.testing.assert_array_equal(image.data, DEEP[..., 0])
    assert image.metadata["alpha"][0, 0] == 0


def test_palette_with_alpha(tmp_path: Path) -> None:
    table = chunk(b"PLTE", bytes([9, 8, 7, 6, 5, 4])), chunk(b"tRNS", b"\x80")
    (tmp_path / "a.png").write_bytes(png(2, 1, 8, 3, b"\0\0\1", *table))
    image = read(tmp_path / "a.png")
    np.testing.assert_array_equal(image.data, [[[9, 8, 7], [6, 5, 4]]])
    np.testing.assert_array_equal(image.metadata["alpha"], [[128, 255]])


def cmyk_profile() -> bytes:
    """An ICC profile in which lightness is what the four inks leave of white, and there is no colour."""
    ramps = bytes(range(256))
    inks = itertools.product((0, 1), repeat=4)
    cells = b"".join(bytes([max(0, 255 - 85 * sum(ink)), 128, 128]) for ink in inks)
    unit = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + unit + ramps * 4 + cells + ramps * 3
    head = bytes(4) + b"lcms\x02\x40\0\0prtrCMYKLab " + bytes(12) + b"acsp" + bytes(24)
    head += bytes(4) + struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    head = head[:128].ljust(128, b"\0")
    entry = struct.pack(">I4sII", 1, b"A2B0", 144, len(table))
    return struct.pack(">I", 144 + len(table)) + head[4:] + entry + table


def test_cmyk_is_converted_through_its_profile(tmp_path: Path) -> None:
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[:, 8:] = 255
    Pillow.fromarray(inks, "CMYK").save(tmp_path / "a.jpg", icc_profile=cmyk_profile(), quality=100)
    image = read(tmp_path / "a.jpg")
    assert "CMYK was converted" in image.metadata["notes"][0]
    assert "icc" not in image.metadata
    assert image.axes == "YXS"
    assert image.data[:, :4].min() > 250
    assert image.data[:, 12:].max() < 5


def test_cmyk_with_a_profile_that_is_none_is_refused(tmp_path: Path) -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Pillow.fromarray(RGB).convert("CMYK").save(tmp_path / "a.jpg", icc_profile=icc)
    with pytest.raises(ValueError, match="CMYK profile cannot be used"):
        read(tmp_path / "a.jpg")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_cut_png_is_refused(share: float, tmp_path: Path) -> None:
    big = np.random.default_rng(0).integers(0, 256, (64, 64, 3))
    Pillow.fromarray(big.astype(np.uint8)).save(tmp_path / "a.png")
    deep(tmp_path / "b.png", (big * 257).astype(np.uint16))
    for name in ("a.png", "b.png"):
        with pytest.raises((OSError, ValueError), match="damaged or cut off"):
            read(cut(tmp_path / name, share))


def test_flipped_bit_in_a_png_is_refused(tmp_path: Path) -> None:
    Pillow.fromarray(RGB).save(tmp_path / "a.png")
    deep(tmp_path / "b.png", DEEP)
    for name in ("a.png", "b.png"):
        with pytest.raises((OSError, ValueError), match="damaged or cut off"):
            read(flip(tmp_path / name, 200))


def test_truncation_is_refused_even_where_somebody_allowed_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    Pillow.fromarray(RGB).resize((200, 150)).save(tmp_path / "a.jpg")
    with pytest.raises(OSError, match="truncated"):
        read(cut(tmp_path / "a.jpg", 0.5))
    assert ImageFile.LOAD_TRUNCATED_IMAGES


def test_bomb_is_refused_even_where_somebody_switched_the_limit_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", None)
    (tmp_path / "a.png").write_bytes(png(60_000, 60_000, 8, 0, bytes(1000)))
    with pytest.raises(ValueError, match="cut it into tiles"):
        read(tmp_path / "a.png")


def test_large_photograph_below_the_limit_is_no_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", RGB[..., 0].size - 1)
    monkeypatch.setattr(photo, "MOST_PIXELS", RGB[..., 0].size)
    Pillow.fromarray(RGB).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").metadata["notes"] == ()
