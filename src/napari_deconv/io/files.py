"""The only door to disk: a file appears under its name whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_CANNOT_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES}


def shown(path: str | os.PathLike[str]) -> str:
    """The file's name as it can be printed: control characters and broken encodings are escaped."""
    return printable(os.path.basename(os.fspath(path)) or os.fspath(path))


def printable(text: str) -> str:
    """`text` with control characters and broken encodings escaped: a file's words cannot colour or clear a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


@contextlib.contextmanager
def write_whole(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """An open binary file that takes its name `path` only when it is complete and on the disk.

    The bytes go to a new file in the same folder, which is flushed, synchronised, renamed to `path`, and then the
    folder is synchronised. After any error, Ctrl-C included, the new file is removed and an older `path` is as it was.

    Parameters
    ----------
    path : path
        Final name. Its folder must exist. Permissions follow the umask.
    overwrite : bool
        Replace an existing file. It stays in place until the new one is complete.

    Yields
    ------
    binary file
        Readable, writable and seekable.

    Raises
    ------
    FileExistsError
        If `path` exists and `overwrite` is False.
    IsADirectoryError, OSError
        If `path` is a directory, a link, a device, a pipe or a socket, or if writing fails.
    FileNotFoundError
        If the folder does not exist.
    """
    target = Path(path)
    _check_target(target, overwrite)
    part, file = _new_file(target)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _check_target(target, overwrite)
        os.replace(part, target)
    except BaseException:
        file_gone(part)
        raise
    _sync_folder(target.parent)


def write_text(path: str | os.PathLike[str], text: str, *, overwrite: bool = False) -> None:
    """Write `text` as UTF-8, line ends as they are, through `write_whole`."""
    with write_whole(path, overwrite=overwrite) as file:
        file.write(text.encode("utf-8"))


def file_gone(path: Path) -> None:
    """Remove a file that may or may not be there; a failure to do so is not raised."""
    with contextlib.suppress(OSError):
        path.unlink()


def _check_target(target: Path, overwrite: bool) -> None:
    """Raise the OSError that says why `target` cannot be written."""
    try:
        mode = os.lstat(target).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{shown(target)} is a folder; give the name of a file inside it")
    if stat.S_ISLNK(mode):
        raise OSError(f"{shown(target)} is a link to another file; give the name of that file, or remove the link")
    if not stat.S_ISREG(mode):
        raise OSError(f"{shown(target)} is a device, a pipe or a socket; give the name of an ordinary file")
    if not overwrite:
        raise FileExistsError(
            f"{shown(target)} exists already; choose another name, or allow it with overwrite=True (--overwrite)"
        )


def _new_file(target: Path) -> tuple[Path, BinaryIO]:
    """A new file of a short random name beside `target`, open for writing."""
    if not target.parent.is_dir():
        raise FileNotFoundError(f"the folder {target.parent} does not exist; make it first, or choose another")
    while True:
        part = target.parent / f".{secrets.token_hex(8)}.part"
        with contextlib.suppress(FileExistsError):
            return part, open(part, "x+b", opener=_never_through_a_link)


def _never_through_a_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _sync_folder(folder: Path) -> None:
    """Put the folder's entry on the disk where the system can do so (Windows cannot)."""
    if os.name == "nt":
        return
    try:
        handle = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
