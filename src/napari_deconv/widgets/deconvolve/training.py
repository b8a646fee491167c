"""A training in a process of its own: ``napari-deconv train``, followed line by line."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, QProcess, QProcessEnvironment, QTimer
from qtpy.QtWidgets import QApplication

from ..links import at_end
from ..qt import Signal, Slot

TOOLS = ("torch", "safetensors", "onnx")
STATE, CURVE = "training.safetensors", "curve.png"  # what a training leaves in its folder
PATIENCE = 20_000  # milliseconds that a training which was told to stop has to keep its state
TAIL = 4000  # characters of the last that it said
COMMAND = ("-m", "napari_deconv.cli", "train")


@dataclass(frozen=True)
class Wish:
    """What is to be trained.

    Parameters
    ----------
    data : sequence of Path
        Folders of sharp images.
    name : str
        Of the new model.
    minutes : float
        How long.
    out : Path
        Folder for state, curve and networks; if it holds a state, that training goes on.
    start : str
        The model that it starts from.
    psf : Path, optional
        Blur of the instrument.
    """

    data: Sequence[Path]
    name: str
    minutes: float
    out: Path
    start: str = "small"
    psf: Path | None = None

    @property
    def goes_on(self) -> bool:
        """Whether there is a training of that name already."""
        return (self.out / STATE).is_file()

    @property
    def arguments(self) -> list[str]:
        """The command line, without the program."""
        said = [word for path in self.data for word in ("--data", str(path))]
        said += ["--name", self.name, "--minutes", f"{self.minutes:g}", "--out", str(self.out), "--json"]
        said += ["--psf", str(self.psf)] if self.psf is not None else []
        return [*COMMAND, *said, *(("--resume",) if self.goes_on else ("--start", self.start))]


class Training(QObject):
    """One process at a time.

    Parameters
    ----------
    parent : QObject
        With its end, the training is told to stop; what it has learned so far stays in its folder.
    """

    told = Signal(dict)  # step, steps, loss and, now and then, score
    done = Signal()
    failed = Signal(str, str)  # one sentence, and what else was said
    cancelled = Signal()
    ended = Signal()  # after any of the three

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._answer: dict[str, Any] = {}
        self._stopping = False
        self._running: list[QProcess] = []
        at_end(self, _stop_all, self._running)

    @property
    def busy(self) -> bool:
        """Whether one is under way."""
        return self._process is not None

    def start(self, wish: Wish) -> None:
        """Begin; while one is under way, nothing happens."""
        if self.busy:
            return
        wish.out.mkdir(parents=True, exist_ok=True)
        process = QProcess(QApplication.instance())  # it outlives the dock by as long as it takes to keep its state
        process.setProcessEnvironment(_environment())
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._erred)
        process.finished.connect(process.deleteLater)
        self._process, self._answer, self._stopping = process, {}, False
        self._running.append(process)
        process.start(sys.executable, wish.arguments)

    def stop(self) -> None:
        """Let it keep its state and end."""
        if self._process is not None and not self._stopping:
            self._stopping = True
            _stop(self._process)

    @Slot()
    def _read(self) -> None:
        process = self._process
        while process is not None and process.canReadLine():
            self._hear(bytes(process.readLine().data()).decode(errors="replace"))

    def _hear(self, line: str) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            return
        if isinstance(said, dict) and "ok" in said:
            self._answer = said
        elif isinstance(said, dict) and "step" in said:
            self.told.emit(said)

    @Slot()
    def _erred(self) -> None:
        """It could not even be started; of all else, `_finished` tells."""
        process = self._process
        if process is not None and process.error() == QProcess.ProcessError.FailedToStart:
            process.deleteLater()
            self._end(f"{sys.executable} could not be started", process.errorString())

    @Slot()
    def _finished(self) -> None:
        process = self._process
        if process is None:
            return
        self._read()
        error = self._answer.get("error")
        if self._answer.get("ok"):
            self._end()
        elif isinstance(error, dict) and error.get("message"):
            self._end(str(error["message"]), "")
        else:
            said = bytes(process.readAllStandardError().data()).decode(errors="replace")[-TAIL:]
            self._end(f"the training ended with exit code {process.exitCode()}", said)

    def _end(self, complaint: str = "", details: str = "") -> None:
        self._process = None
        self._running.clear()
        if self._stopping:
            self.cancelled.emit()
        elif complaint:
            self.failed.emit(complaint, details)
        else:
            self.done.emit()
        self.ended.emit()


def missing_tools() -> list[str]:
    """What a training needs and is not installed."""
    return [tool for tool in TOOLS if find_spec(tool) is None]


def _environment() -> QProcessEnvironment:
    """Ours, with output that comes at once and in UTF-8."""
    environment = QProcessEnvironment.systemEnvironment()
    environment.insert("PYTHONUNBUFFERED", "1")
    environment.insert("PYTHONIOENCODING", "utf-8")
    return environment


def _stop(process: QProcess) -> None:
    """As Ctrl-C does; harder if that does not help."""
    pid = int(process.processId())
    deaf = sys.platform == "win32" or signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # as in a shell's background
    if deaf or not pid:
        process.terminate()
    else:
        os.kill(pid, signal.SIGINT)
    last = QTimer(process)
    last.setSingleShot(True)
    last.timeout.connect(process.kill)
    last.start(PATIENCE)


def _stop_all(running: list[QProcess]) -> None:
    for process in running:
        with contextlib.suppress(RuntimeError):  # the application ends, and has taken it along
            _stop(process)
