"""The door: which file is it, is it whole, does it stay the same."""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_deconv.io import Image, read, source, tiff, write
from odd_files import ome_tiff, plain, stack

STACK = stack()


def test_name_hash_and_path_are_known(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.tif", STACK)
    image = read(path)
    assert image.metadata["name"] == "a.tif"
    assert image.metadata["path"] == path.resolve()
    assert image.metadata["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = plain(tmp_path / "a.tif", STACK)
    real = tiff.read_tiff

    def slow(*args: object, **options: object) -> Image:
        with path.open("ab") as more:
            more.write(b"more")
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(tiff, "read_tiff", slow)
    with pytest.raises(OSError, match="changed while it was read"):
        read(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows does not let an open file be replaced")
def test_file_that_is_replaced_while_it_is_read_gives_one_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = plain(tmp_path / "a.tif", STACK)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    real = tiff.read_tiff

    def slow(*args: object, **options: object) -> Image:
        os.replace(plain(tmp_path / "b.tif", STACK + 1), path)
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(tiff, "read_tiff", slow)
    image = read(path)
    np.testing.assert_array_equal(image.data, STACK)
    assert image.metadata["sha256"] == before


def test_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = plain(tmp_path / "a.tif", STACK)

    def refuse(name: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr(source, "_without_waiting", refuse)
    with pytest.raises(PermissionError, match=r"a\.tif: no permission to read it"):
        read(path)


@pytest.mark.parametrize("name", ["a.CR2", "a.nef", "a.arw", "a.dng", "a.RW2"])
def test_raw_files_are_refused_with_the_remedy(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"develop it first .* 16-bit TIFF"):
        read(plain(tmp_path / name, STACK))


def test_dng_by_another_name_is_refused(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.tif", STACK[0], extratags=[(50706, 1, 4, b"\1\4\0\0", True)])
    with pytest.raises(ValueError, match="raw file"):
        read(path)


@pytest.mark.parametrize(("name", "head"), [("a.heic", b"x"), ("a.jpg", b"\0\0\0\x18ftypheic")])
def test_heic_is_refused_with_the_remedy(name: str, head: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(head.ljust(40, b"\0"))
    with pytest.raises(ValueError, match="export it as JPEG, PNG or TIFF"):
        read(tmp_path / name)


def test_nothing_that_tifffile_logs_is_lost_whatever_the_log_level(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("tifffile")
    monkeypatch.setattr(logger, "disabled", True)
    monkeypatch.setattr(logger, "level", logging.CRITICAL)
    logging.disable(logging.CRITICAL)
    try:
        path = ome_tiff(tmp_path / "a.ome.tif", STACK, z=5, planes='<TiffData IFD="0" PlaneCount="8"/>')
        with pytest.raises(ValueError, match="expected 5 frames, got 8"):
            read(path)
        assert logging.root.manager.disable == logging.CRITICAL
    finally:
        logging.disable(logging.NOTSET)
    assert logger.disabled
    assert logger.level == logging.CRITICAL
    assert not logger.handlers
    assert not caplog.records


def test_harmless_log_becomes_a_note(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.tif", STACK[0], extratags=[(42113, 2, 4, "abc", True)])
    image = read(path)
    assert any("GDAL_NODATA" in note for note in image.metadata["notes"])


def test_foreign_errors_keep_their_cause_and_name_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **options: object) -> Image:
        raise ZeroDivisionError("tile of no width")

    monkeypatch.setattr(tiff, "read_tiff", broken)
    with pytest.raises(ValueError, match=r"a\.tif cannot be read \(ZeroDivisionError: tile of no width\)") as caught:
        read(plain(tmp_path / "a.tif", STACK))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_more_pixels_than_memory_are_refused_with_both_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 1000}))
    with pytest.raises(MemoryError, match=r"a\.tif: needs about 3\.0 KiB .* 1000 bytes free"):
        read(plain(tmp_path / "a.tif", STACK))


def test_source_is_never_overwritten(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.tif", STACK)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="never replaced"):
        write(path, read(path), overwrite=True)
    if os.name != "nt":
        (tmp_path / "b.tif").hardlink_to(path)
        with pytest.raises(ValueError, match="never replaced"):
            write(tmp_path / "b.tif", read(path), overwrite=True)
    assert path.read_bytes() == before


def test_unknown_ending_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.ome\.tif, .*\.jpeg"):
        write(tmp_path / "a.bmp", Image(STACK, "ZYX"))
    assert os.listdir(tmp_path) == []


def test_words_from_a_file_cannot_reach_the_terminal_raw(tmp_path: Path) -> None:
    text = b"ImageJ=1.53\nimages=8\nslices=8\nunit=\x1b[2Jmicron\nspacing=1\n"
    resolution = {"resolution": (1, 1), "resolutionunit": "NONE", "description": text, "metadata": None}
    notes = read(plain(tmp_path / "a\x1b[31m.tif", STACK, **resolution)).metadata["notes"]
    assert notes
    assert all(note.isprintable() for note in notes)


def test_link_is_followed(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("links need a privilege on Windows")
    plain(tmp_path / "a.tif", STACK)
    (tmp_path / "l.tif").symlink_to("a.tif")
    assert read(tmp_path / "l.tif").metadata["path"] == (tmp_path / "a.tif").resolve()


def test_reading_leaves_no_open_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK, compression="zlib", photometric="minisblack")
    for _ in range(3):
        read(path)
    path.unlink()  # fails on Windows if it is open; ResourceWarning is an error elsewhere
