"""How a command line speaks: answers for people or machines, notes, refusals, exit codes, Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from typer import Abort
from typer.core import TyperGroup

OK, FAILED, REFUSED = 0, 1, 2
EXPECTED = (ValueError, OSError, MemoryError, ImportError, RuntimeError)  # with a sentence for the user inside
_STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]


@dataclass(frozen=True)
class Answer:
    """What a command has to say: `data` (JSON-safe) for machines, `text` for people."""

    data: dict[str, Any]
    text: str


class Refused(ValueError):
    """The command cannot be carried out as it was given; nothing was computed. Exit code 2."""


class Stopped(Exception):
    """Ctrl-C, or the system's request to end."""


@contextlib.contextmanager
def as_asked() -> Iterator[None]:
    """Whatever is wrong inside is wrong with what was asked for: exit code 2."""
    try:
        yield
    except Refused:
        raise
    except (ValueError, OSError) as error:
        raise Refused(str(error)) from error


class Shell(TyperGroup):
    """Commands that return an `Answer` or raise; this prints it, or the error, and ends with the exit code.

    0: done. 1: reading, computing or writing failed, or it was stopped. 2: it cannot be done as asked.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command; Ctrl-C arrives as `Stopped`, which typer lets through."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Stopped("stopped before it was finished; no half-written file is left") from error

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line `args` and leave the process."""
        words = list(sys.argv[1:] if args is None else args) or ["--help"]
        options = words[: words.index("--")] if "--" in words else words
        as_json, debug = "--json" in options, "--debug" in options
        notes: list[str] = []
        try:
            with _signals(), _noting(notes, aloud=not as_json):
                answer = super().main(words, prog_name, complete_var, False, windows_expand_args, **extra)
            _print_answer(answer, notes, as_json)
            code = answer if isinstance(answer, int) else OK
        except BrokenPipeError:  # whoever read our output has had enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = FAILED
        except Exception as error:
            code = _print_error(error, notes, as_json, debug)
        sys.exit(code)


def _print_answer(answer: Any, notes: list[str], as_json: bool) -> None:
    if not isinstance(answer, Answer):
        return
    if as_json:
        line(sys.stdout, json.dumps({"ok": True, **answer.data, "notes": notes}, allow_nan=False))
    else:
        line(sys.stdout, answer.text)


def _print_error(error: Exception, notes: list[str], as_json: bool, debug: bool) -> int:
    """Say what went wrong; returns the exit code."""
    if debug:
        traceback.print_exception(error)
    code, kind, message = _in_words(error)
    message = shown(message)
    if as_json:
        found = {"type": kind, "message": message}
        line(sys.stdout, json.dumps({"ok": False, "error": found, "exit_code": code, "notes": notes}))
    else:
        line(sys.stderr, f"error: {message}")
    return code


def _in_words(error: Exception) -> tuple[int, str, str]:
    """Exit code, kind and sentence of an error."""
    if hasattr(error, "format_message"):  # typer's own: an option or command that it does not know
        path = getattr(getattr(error, "ctx", None), "command_path", "napari-deconv")
        return REFUSED, "UsageError", f"{error.format_message().rstrip('.')}; {path} --help lists them all"
    if isinstance(error, Stopped | Abort):
        return FAILED, "Stopped", str(error) or "stopped"
    if isinstance(error, Refused):
        return REFUSED, type(error.__cause__ or error).__name__, str(error)
    kind = type(error).__name__
    if isinstance(error, EXPECTED) and str(error):
        return FAILED, kind, str(error)
    if isinstance(error, MemoryError):
        return FAILED, kind, "out of memory; crop the image or the PSF, or close other programs"
    return FAILED, kind, f"this should not have happened ({kind}: {error}); --debug shows where: please report it"


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """The first request to end raises KeyboardInterrupt; further ones disturb neither the tidying up nor the exit.

    So they stay ignored after a stop: Python's finalization sets handlers back to "die at once", but not ignored ones.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        for each in heeded:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.getsignal(each) for each in _STOPPING}
    heeded = [each for each, handler in before.items() if handler not in (signal.SIG_IGN, None)]  # nohup ignores one
    for each in heeded:
        signal.signal(each, stop)
    try:
        yield
    finally:
        for each in heeded:
            if signal.getsignal(each) is stop:
                signal.signal(each, before[each])


@contextlib.contextmanager
def _noting(notes: list[str], aloud: bool) -> Iterator[None]:
    """Warnings for users become notes: kept, and shown as one line each."""

    def show(message: Warning | str, *rest: Any, **more: Any) -> None:
        text = shown(str(message))
        if text in notes:
            return
        notes.append(text)
        if aloud:
            line(sys.stderr, f"note: {text}")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", category=UserWarning)
        warnings.showwarning = show
        yield


@contextlib.contextmanager
def progress(what: str, total: int, quiet: bool) -> Iterator[Callable[..., None]]:
    """A bar with the time left in a terminal, one line elsewhere, nothing at all for machines.

    What comes out of it is called with the steps done, and with their total where that changes.
    """
    if quiet or not sys.stderr.isatty():
        if not quiet:
            line(sys.stderr, what)
        yield lambda done, total=None: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
               TextColumn("left"))  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(shown(what), total=total)
        yield lambda done, total=None: bar.update(task, completed=done, total=total)


def shown(text: str) -> str:
    r"""`text` without characters that a terminal would obey: escape becomes ``\x1b``."""
    return "".join(c if c.isprintable() or c == " " else ascii(c)[1:-1] for c in text)


def line(stream: TextIO, text: str) -> None:
    """Print text, harmless and in characters that `stream` can show."""
    safe = "\n".join(shown(part) for part in text.split("\n"))
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(safe.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()


def note_all(files: Sequence[Path], notes: Sequence[str]) -> None:
    """Tell what a reader or a job had to say about a file; `Shell` shows each once."""
    for note in notes:
        warnings.warn(": ".join([*(file.name for file in files), note]), UserWarning, stacklevel=2)
