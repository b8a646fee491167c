"""A file appears whole or not at all, whatever fails, and in the order that survives a power cut."""

from __future__ import annotations

import errno
import io
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_deconv.io import Image, files, read, write, write_text, write_whole

RNG = np.random.default_rng(0)
GREY = Image(RNG.integers(0, 200, (40, 300)).astype(np.uint8), "YX")
STACK = Image(RNG.integers(0, 200, (3, 40, 300)).astype(np.uint16), "ZYX", (0.3, 0.1, 0.1))
WRITERS: dict[str, Callable[[Path], None]] = {
    "ome.tif": lambda p: write(p, STACK, overwrite=True),
    "tif": lambda p: write(p, STACK, overwrite=True),
    "png": lambda p: write(p, GREY, overwrite=True),
    "jpg": lambda p: write(p, GREY, overwrite=True),
    "txt": lambda p: write_text(p, "words " * 5000, overwrite=True),
}
ERRORS = [
    OSError(errno.ENOSPC, "no space"),
    OSError(errno.EIO, "input/output error"),
    MemoryError(),
    KeyboardInterrupt(),
]
posix = pytest.mark.skipif(os.name == "nt", reason="folders cannot be synchronised on Windows")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what was asked of the disk, in order."""
    seen: list[str] = []
    real_sync, real_replace = os.fsync, os.replace

    def fsync(handle: int) -> None:
        seen.append("fsync folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "fsync file")
        real_sync(handle)

    def replace(old: Path, new: Path) -> None:
        seen.append("replace")
        real_replace(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    return seen


@posix
@pytest.mark.parametrize("ending", WRITERS)
def test_file_is_on_the_disk_before_it_gets_its_name(ending: str, tmp_path: Path, calls: list[str]) -> None:
    WRITERS[ending](tmp_path / f"a.{ending}")
    assert calls == ["fsync file", "replace", "fsync folder"]


class Faults:
    """Raises at the n-th of the calls that can fail."""

    def __init__(self, nth: int, error: BaseException) -> None:
        self.left, self.error = nth, error

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.error


class FaultyFile(io.FileIO):
    """A file whose writing fails when its turn comes."""

    faults: Faults

    def write(self, data: Any) -> int:
        self.faults.step()
        return super().write(data)


def inject(faults: Faults, patch: pytest.MonkeyPatch) -> None:
    """Let opening, writing, copying (NumPy's tofile goes past Python), syncing and renaming fail."""

    def opened(path: Path, mode: str, opener: Any) -> io.BufferedRandom:
        raw = FaultyFile(path, mode.replace("b", ""), opener=opener)
        raw.faults = faults
        return io.BufferedRandom(raw)

    def stepping(name: str) -> None:
        real = getattr(os, name)

        def call(*args: Any, **options: Any) -> Any:
            faults.step()
            return real(*args, **options)

        patch.setattr(os, name, call)

    for name in ("open", "dup", "fsync", "replace"):
        stepping(name)
    patch.setattr(files, "open", opened, raising=False)


@posix
@pytest.mark.parametrize("error", ERRORS, ids=lambda e: f"{type(e).__name__}-{getattr(e, 'errno', '')}")
@pytest.mark.parametrize("ending", WRITERS)
def test_fault_at_the_nth_call_leaves_the_old_file_or_the_new_one(
    ending: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a.{ending}"
    WRITERS[ending](path)
    new = path.read_bytes()
    failed = 0
    for nth in range(1, 40):
        path.write_bytes(b"old")
        faults = Faults(nth, error)
        with monkeypatch.context() as patch:
            inject(faults, patch)
            try:
                WRITERS[ending](path)
            except type(error):
                failed += 1
        assert os.listdir(tmp_path) == [path.name]
        assert path.read_bytes() in (b"old", new)
        if faults.left > 0:
            break
    assert path.read_bytes() == new
    assert failed >= 5  # open, write, fsync, replace, fsync of the folder


@posix
def test_old_file_is_kept_until_the_new_one_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "broken")))
    with pytest.raises(OSError, match="broken"):
        write_text(path, "new", overwrite=True)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_interrupt_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with write_whole(tmp_path / "a.bin") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.listdir(tmp_path) == []


@posix
def test_full_disk_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys, numpy as np; from napari_deconv.io import Image, write\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: write(sys.argv[1], Image(np.zeros((8, 200, 200), np.float32), 'ZYX'))\n"
        "except OSError as error: print(type(error).__name__)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.ome.tif")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "OSError"
    assert os.listdir(tmp_path) == []


def test_existing_file_is_kept_unless_allowed(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "old"
    write_text(tmp_path / "a.txt", "new", overwrite=True)
    assert (tmp_path / "a.txt").read_text() == "new"


def test_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    def overtaken() -> None:
        with write_whole(tmp_path / "a.txt") as file:
            file.write(b"mine")
            (tmp_path / "a.txt").write_text("theirs")

    with pytest.raises(FileExistsError):
        overtaken()
    assert (tmp_path / "a.txt").read_text() == "theirs"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_folder_and_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="is a folder"):
        write_text(tmp_path, "x", overwrite=True)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        write_text(tmp_path / "no" / "a.txt", "x")


@posix
def test_link_and_pipe_are_refused(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("kept")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(OSError, match="a link to another file"):
        write_text(tmp_path / "link.txt", "x", overwrite=True)
    with pytest.raises(OSError, match="a pipe"):
        write_text(tmp_path / "pipe.txt", "x", overwrite=True)
    assert (tmp_path / "real.txt").read_text() == "kept"


@posix
def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "a.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


@posix
def test_folder_that_cannot_be_synchronised_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not on this file system")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    write_text(tmp_path / "a.txt", "x")
    assert (tmp_path / "a.txt").read_text() == "x"


@posix
@pytest.mark.parametrize("name", ["n" * 251 + ".tif", "-o.tif", "a; b\n.ome.tif", os.fsdecode(b"caf\xe9.ome.tif")])
def test_any_name_can_be_written_and_read(name: str, tmp_path: Path) -> None:
    write(tmp_path / name, STACK)
    again = read(tmp_path / name)
    np.testing.assert_array_equal(again.data, STACK.data)
    write(tmp_path / "copy.ome.tif", again)


def test_names_are_shown_without_control_characters() -> None:
    assert files.shown("folder/a\x1b[31m\n.tif") == "a\\x1b[31m\\n.tif"
    assert files.shown(os.fsdecode(b"caf\xe9.tif")).isprintable()
