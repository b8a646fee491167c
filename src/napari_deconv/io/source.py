"""Opening a file that is to be read: an ordinary one, and the same one until the last byte."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from .files import shown


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file at `path`, open for reading; a pipe, device or socket is refused at once instead of waited for.

    Raises
    ------
    OSError
        If it is not there, not readable, not an ordinary file, or changes while it is read. The message has the remedy.
    """
    _check(path)
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115
    except PermissionError as error:
        raise PermissionError(f"{shown(path)}: no permission to read it; ask its owner, or copy it") from error
    with file:
        before = os.fstat(file.fileno())
        _check_kind(before.st_mode, path)
        if before.st_size == 0:
            raise OSError(f"{shown(path)} is empty (0 bytes); copy it again from its source")
        yield file
        after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise OSError(f"{shown(path)} changed while it was read; wait until it is complete, then read it again")


def sha256(file: BinaryIO) -> str:
    """Fingerprint of the whole file, which is left at its start."""
    file.seek(0)
    digest = hashlib.file_digest(cast(io.BufferedReader, file), "sha256").hexdigest()
    file.seek(0)
    return digest


def _check(path: Path) -> None:
    """Raise the OSError that says why there is nothing to open."""
    try:
        _check_kind(os.stat(path).st_mode, path)
    except FileNotFoundError:
        if path.is_symlink():
            raise FileNotFoundError(f"{shown(path)} is a link to a file that is not there; mend the link") from None
        raise FileNotFoundError(f"{shown(path)} is not there; check its name and folder") from None
    except PermissionError as error:
        raise PermissionError(f"{shown(path)}: no permission to look into its folder; ask its owner") from error


def _check_kind(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{shown(path)} is a folder; give one file")
    if not stat.S_ISREG(mode):
        raise OSError(f"{shown(path)} is a pipe, a device or a socket; give an ordinary file")


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
