"""Contenders that take turns in one process, and whether the machine was free while each of them ran."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

Samples = dict[str, list[tuple[float, bool]]]
PATIENCE = 0.03  # share of the time that threads may have waited for a core
ALLOWED = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def waited() -> float:
    """Seconds the threads of this process have waited for a core since they began; NaN where nobody counts."""
    files = Path("/proc/self/task").glob("*/schedstat")
    nanoseconds = [int(file.read_text().split()[1]) for file in files]
    return sum(nanoseconds) / 1e9 if nanoseconds else float("nan")


def race(contenders: dict[str, Callable[[], float]], rounds: int) -> Samples:
    """What each contender measured in every round, in random order, and whether the machine was free meanwhile."""
    samples: Samples = {name: [] for name in contenders}
    for number in range(rounds):
        for name in random.Random(number).sample(list(contenders), len(contenders)):
            before, start = waited(), time.perf_counter()
            found = contenders[name]()
            share = (waited() - before) / (time.perf_counter() - start)
            samples[name].append((found, not share > PATIENCE))
    return samples


def median(samples: list[tuple[float, bool]]) -> tuple[float, int]:
    """Of the samples that count, or of all if none does; and how many counted."""
    clean = [found for found, free in samples if free]
    return float(np.median(clean or [found for found, _ in samples])), len(clean)


def limited(threads: int) -> dict[str, str]:
    """The environment of a child that uses `threads` cores; sets this process's own affinity, which it inherits."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(ALLOWED)[-threads:])
    return os.environ | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
