"""``napari-deconv check``."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from ..shell import FAILED, Answer, line, progress
from .options import Debug, Json

if TYPE_CHECKING:
    from ..checks import Check

LIBRARIES = ("numpy", "scipy", "ducc0", "cupy")
CUPY = "cupy"  # its distributions carry the CUDA version in their names


def check(as_json: Json = False, debug: Debug = False) -> Answer:
    """Check on this computer what the documentation promises; the table can be posted as it is.

    Every contract of docs/architecture.md, every method, every backend that works here. Exit code 1 if one fails.
    """
    from ..checks import count_checks, run_checks

    found = []
    with progress("checking the contracts", count_checks(), as_json) as advance:
        for done in run_checks():
            found.append(done)
            advance(len(found))
    about = _about()
    answer = Answer({"about": about, "checks": [_row(c) for c in found]}, _table(about, found))
    if all(c.ok for c in found):
        return answer
    line(sys.stdout, json.dumps({"ok": False, **answer.data, "notes": []}) if as_json else answer.text)
    raise typer.Exit(FAILED)


def _about() -> dict[str, str]:
    """What decides about the numbers: versions, system, processor, FFT, cores. No names of users, hosts or folders."""
    import platform

    from .. import __version__
    from ..backend import probe_cupy, threads
    from ..engines.lines import lines

    usable, reason = probe_cupy()
    return {
        "napari-deconv": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "libraries": ", ".join(f"{name} {number}" for name, number in _versions().items()),
        "fft": lines().name,
        "cores": str(threads()),
        "cupy": "used" if usable else f"not used: {_without_folders(reason)}",
    }


def _versions() -> dict[str, str]:
    """Of the libraries that decide about the pixels, as far as they are installed."""
    from importlib.metadata import PackageNotFoundError, packages_distributions, version

    found = {}
    names = {CUPY: packages_distributions().get(CUPY, [CUPY])[0]}
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(names.get(name, name))
    return found


def _without_folders(text: str) -> str:
    """Messages of libraries name files; where those lie is nobody's business."""
    return re.sub(r"(?:[A-Za-z]:)?[^\s'\"():]*[\\/]([^\s'\"():]*)", r"\1", text)


def _row(found: Check) -> dict[str, Any]:
    """One check, fit for JSON."""
    from math import isfinite

    worst = found.worst if found.worst is not None and isfinite(found.worst) else None
    return {
        "name": found.name,
        "backend": found.backend,
        "worst": worst,
        "allowed": found.allowed,
        "ok": found.ok,
        "seconds": round(found.seconds, 3),
        "error": _without_folders(found.error),
    }


def _table(about: dict[str, str], found: Sequence[Check]) -> str:
    """Versions, one line per check, and the sum of it."""
    wide = max(len(name) for name in about)
    lines = [f"{name:{wide}}  {value}" for name, value in about.items()]
    name = max(len(v) for v in ("contract", *(c.name for c in found)))
    where = max(len(v) for v in ("backend", *(c.backend for c in found)))
    lines += ["", f"{'contract':{name}}  {'backend':{where}}  {'worst':>8}  {'allowed':>8}  holds"]
    for c in found:
        worst = "–" if c.worst is None else f"{c.worst:.1e}"
        lines.append(f"{c.name:{name}}  {c.backend:{where}}  {worst:>8}  {c.allowed:8.0e}  {'yes' if c.ok else 'NO'}")
        lines += [f"    {_without_folders(c.error)}"] if c.error else []
    failed = sum(not c.ok for c in found)
    seconds = sum(c.seconds for c in found)
    lines += ["", f"{len(found)} checks in {seconds:.0f} s: " + ("all hold" if not failed else f"{failed} FAILED")]
    return "\n".join(lines)
