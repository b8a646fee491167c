"""What was typed on a command line, checked before any work: numbers, files to read, files to write."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from .shell import Refused


def number_or_word(text: str | None) -> float | str | None:
    """A number if it is one, else the word."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def numbers(option: str, text: str | None) -> tuple[float, ...] | None:
    """Numbers between commas; `option` is named if they are none."""
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise Refused(f"{option} {text!r} is not numbers between commas, e.g. {option} 0.2,0.065,0.065") from None


def sizes(option: str, text: str | None) -> tuple[int, ...] | None:
    """Whole numbers between commas."""
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise Refused(f"{option} {text!r} is not whole numbers between commas, e.g. {option} 65,129,129") from None


def check_inputs(paths: Sequence[Path | None]) -> None:
    """Refuse what is not there."""
    for path in paths:
        if path is None:
            continue
        if str(path) == "-":
            raise Refused("'-' (standard input) cannot be read; give the name of a file")
        if not path.exists():
            raise Refused(f"{path} is not there; check its name and folder")


def check_output(path: Path, overwrite: bool, inputs: Sequence[Path | None], endings: Sequence[str]) -> None:
    """Refuse, before any work, an output that could not be written or would replace what it must not.

    Raises
    ------
    Refused
        If the ending is none of `endings`, the folder is missing or cannot be written, or `path` is a folder, a link, a
        device, one of the `inputs`, or exists and `overwrite` is False.
    """
    if str(path) == "-":
        raise Refused("'-' (standard output) cannot be written; give the name of a file")
    if not path.name.lower().endswith(tuple(endings)):
        raise Refused(f"cannot write {path}: its ending is none of {', '.join(endings)}; choose one of them")
    if path.is_dir():
        raise Refused(f"{path} is a folder; give the name of a file inside it")
    if not path.parent.is_dir():
        raise Refused(f"the folder {path.parent} does not exist; make it first, or choose another")
    for source in inputs:
        if source is not None and (path == source or (path.exists() and source.exists() and path.samefile(source))):
            raise Refused(f"{path} is one of the inputs, which are never replaced; choose another name")
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise Refused(f"{path} is a link, a device or a pipe; give the name of an ordinary file")
    if path.exists() and not overwrite:
        raise Refused(f"{path} exists already; choose another name, or allow it with --overwrite")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise Refused(f"the folder {path.parent} cannot be written ({error.strerror}); choose another") from error
