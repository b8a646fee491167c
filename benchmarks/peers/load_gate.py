"""Was the machine free while something was measured? The processor time that other processes used says it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import psutil

T = TypeVar("T")
IDLE = ("idle", "iowait", "guest", "guest_nice")  # guests are part of user time


def busy() -> float:
    """Seconds that all cores together have worked since the machine began; what a hypervisor stole included."""
    times = psutil.cpu_times()._asdict()
    return float(sum(seconds for name, seconds in times.items() if name not in IDLE))


def foreign_load(busy_seconds: float, own_seconds: float, wall_seconds: float) -> float:
    """Cores that others kept busy, on average: all work minus our own, per second."""
    return max(0.0, busy_seconds - own_seconds) / wall_seconds


def tried(measure: Callable[[], tuple[T, float]], allowed: float, tries: int) -> Iterator[tuple[T, float]]:
    """What `measure` gives, with its foreign load: again and again until that is allowed, `tries` times at most."""
    for _ in range(tries):
        result, load = measure()
        yield result, load
        if load < allowed:
            return
