"""Runs contenders, each in a process and an environment of its own, with the foreign load of every run."""

from __future__ import annotations

import json
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import load_gate
from contenders import Contender

HARNESS = Path(__file__).parent / "adapters" / "harness.py"
ALLOWED = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
CORES = len(ALLOWED) or os.cpu_count() or 1
COUNTERS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
Report = dict[str, Any]
LIMIT = 900  # seconds that one run may take


@dataclass(frozen=True)
class Entry:
    """A contender with the interpreter that runs it and what it has to do."""

    contender: Contender
    python: str
    problems: list[dict[str, Any]]


def run(entry: Entry, threads: int, warm: bool) -> tuple[Report, float]:
    """One run in a process of its own: what it reported, and the foreign load meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        report, order = Path(folder) / "report.json", Path(folder) / "request.json"
        request = {"adapter": entry.contender.script, "method": entry.contender.method, "warm": warm}
        order.write_text(json.dumps(request | {"problems": entry.problems, "report": str(report)}), encoding="utf-8")
        busy, own, start = load_gate.busy(), time.process_time(), time.perf_counter()
        said = started([entry.python, str(HARNESS), str(order)], threads)
        wall, worked = time.perf_counter() - start, load_gate.busy() - busy
        answer: Report = {"error": said, "cpu": 0.0}
        if report.exists():
            answer = json.loads(report.read_text(encoding="utf-8"))
    return answer, load_gate.foreign_load(worked, answer["cpu"] + time.process_time() - own, wall)


def started(command: list[str], threads: int) -> str:
    """Runs a command on as many cores as it may use threads; its last line, should it report nothing."""
    counts = dict.fromkeys(COUNTERS, str(threads))
    confine(sorted(ALLOWED)[-threads:])
    try:
        done = subprocess.run(command, env=os.environ | counts, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return f"took longer than {LIMIT} seconds"
    finally:
        confine(sorted(ALLOWED))
    return (done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"])[-1]


def confine(cores: list[int]) -> None:
    """Lets this process, and those that it starts, use these cores only, where the system can."""
    if ALLOWED:
        os.sched_setaffinity(0, cores)


def rounds(
    entries: list[Entry], threads: int, number: int, allowed: float, tries: int
) -> Iterator[tuple[Entry, Report, float]]:
    """One round: every contender in turn, in random order, again where the machine was not free."""
    for entry in random.Random(number).sample(entries, len(entries)):
        for report, load in load_gate.tried(partial(run, entry, threads, True), allowed, tries):
            yield entry, report, load
            if "error" in report:
                break
