"""One order carried out in a worker thread, told in ticks. No Qt here: it would abort the process."""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ..recipe import METADATA_KEY

if TYPE_CHECKING:
    from ..job import Job, Step
    from .order import Order

TELL = 0.05  # seconds between ticks
SHOW = 1 / 3  # seconds between pictures
SAMPLE = 2**22  # pixels looked at for the contrast


@dataclass(frozen=True)
class Tick:
    """How far it is: steps done of those to do (0 of 0 while it prepares), and now and then a picture."""

    done: int
    total: int
    picture: NDArray[Any] | None = None


@dataclass(frozen=True)
class Outcome:
    """A result, whole or partial, in the axes of the layer."""

    data: NDArray[Any]
    provenance: dict[str, Any]
    contrast: tuple[float, float]

    @property
    def whole(self) -> bool:
        """Whether every step was done."""
        return bool(self.provenance["steps"] == self.provenance["of"])


@dataclass(frozen=True)
class Failure:
    """An error as values: the exception itself would keep the worker's arrays alive."""

    kind: type[BaseException]
    message: str
    trace: str


Answer = Outcome | Failure | None  # None: cancelled before the first step


def drive(order: Order, stop: threading.Event, shown: threading.Event) -> Generator[Tick, None, Answer]:
    """Do the work, telling how far it is.

    Every error is returned, not raised: superqt's worker drops a RuntimeError without a word, CUDA's among them.

    Parameters
    ----------
    order : Order
        What to do.
    stop : Event
        Set by whoever wants it to end after the step in progress; what is there is kept.
    shown : Event
        Set when the last picture is on the screen; no other is copied before.
    """
    try:
        return (yield from _work(order, stop, shown))
    except Exception as error:
        trace = "".join(traceback.format_exception(error))
        return Failure(type(error), str(error), trace)


def _work(order: Order, stop: threading.Event, shown: threading.Event) -> Generator[Tick, None, Answer]:
    yield Tick(0, 0)
    job = order.job()
    yield Tick(0, job.total)
    if stop.is_set():
        return None
    yield from _steps(job, stop, shown)
    image = order.settled(job.result())
    data = order.home(image.data)
    return Outcome(data, dict(image.metadata[METADATA_KEY]), contrast(data))


def _steps(job: Job, stop: threading.Event, shown: threading.Event) -> Generator[Tick, None, None]:
    """Run the job until it ends or is told to."""
    told = drawn = time.monotonic()
    with contextlib.closing(cast("Generator[Step, None, None]", iter(job))) as steps:
        for step in steps:
            if stop.is_set():
                return
            now = time.monotonic()
            if now - told < TELL and step.done < step.total:
                continue
            told, picture = now, None
            if now - drawn > SHOW and shown.is_set() and step.done < step.total:
                shown.clear()
                drawn, picture = now, np.asarray(step.snapshot())
            yield Tick(step.done, step.total, picture)


def contrast(data: NDArray[Any]) -> tuple[float, float]:
    """The 0.1 and 99.9 % points of the values (of a regular sample of large pictures), never equal."""
    flat = data.reshape(-1)[:: max(1, data.size // SAMPLE)]
    low, high = (float(v) for v in np.percentile(flat, (0.1, 99.9)))
    return (low, high) if high > low else (low, low + 1.0)
