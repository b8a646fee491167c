"""Environments of their own for the contenders: made once, with ``python -m venv`` and pip, and kept."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from contenders import Attempt

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ready:
    """An environment: its interpreter, or why there is none."""

    python: str = ""
    failure: str = ""


def cache_folder() -> Path:
    """Where this user's caches are."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "napari-deconv" / "peers"


def prepare(name: str, attempts: tuple[Attempt, ...], folder: Path, torch: str, newer: str | None) -> Ready:
    """The environment `name` in `folder`, made if it is not there or was made otherwise."""
    place = folder / name
    wanted = json.dumps([repr(attempts), torch, newer if any(a.newer_python for a in attempts) else None])
    note = place / "made-of.json"
    if note.exists():
        made = json.loads(note.read_text(encoding="utf-8"))
        if made["wanted"] == wanted:
            return Ready(made["python"], made["failure"])
    failures = []
    for attempt in attempts:
        print(f"installing {name} ...", flush=True)
        ready = make(place, attempt, torch, newer)
        if not ready.failure:
            break
        failures.append(ready.failure)
    else:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        ready = Ready(failure="; ".join(dict.fromkeys(failures)))
    made = {"wanted": wanted, "python": ready.python, "failure": ready.failure}
    note.write_text(json.dumps(made), encoding="utf-8")
    return ready


def make(place: Path, attempt: Attempt, torch: str, newer: str | None) -> Ready:
    """A fresh environment with everything that the attempt's steps install."""
    interpreter = newer if attempt.newer_python else sys.executable
    if interpreter is None:
        return Ready(failure="no Python >= 3.12 was found (--python312 names one)")
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    python = str(place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))
    commands = [[interpreter, "-m", "venv", str(place)]]
    for step in attempt.steps:
        words = [word.format(torch=torch, project=PROJECT) for word in step]
        commands.append([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *words])
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return Ready(failure=reason(done.stderr))
    return Ready(python)


def reason(stderr: str) -> str:
    """What pip said, in one line."""
    errors = [line for line in stderr.splitlines() if line.startswith("ERROR: ")]
    said = (errors or stderr.strip().splitlines() or ["no message"])[-1]
    return re.sub(r"\s+", " ", said.removeprefix("ERROR: "))[:200]


def newer_python(given: str | None) -> str | None:
    """An interpreter that is at least Python 3.12: the one given, this one, or one found on this machine."""
    if given:
        return given
    for candidate in (sys.executable, *candidates()):
        code = "import sys; print(sys.executable if sys.version_info >= (3, 12) else '')"
        try:
            said = subprocess.run([candidate, "-c", code], capture_output=True, text=True, timeout=30)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if said.returncode == 0 and said.stdout.strip():
            return said.stdout.strip()
    return None


def candidates() -> Iterator[str]:
    """Interpreters on PATH, and those of pyenv."""
    for minor in (12, 13, 14):
        if found := shutil.which(f"python3.{minor}"):
            yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from (str(path) for path in sorted(pyenv.glob("3.1[234]*/bin/python")))
