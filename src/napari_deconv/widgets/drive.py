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
    from ..job import Job
    from ..step import Step
    from .order import Order

TELL = 0.05  # seconds between ticks
SHOW = 1 / 3  # seconds between pictures
SAMPLE = 2**22  # pixels looked at for the contrast
DECIDING = "deciding"  # the phase of a step whose score counts
EARLY = 10  # iterations of which every one is a point of the curve, however fast they are


@dataclass(frozen=True)
class Point:
    """One step as a curve shows it: the score of a stopping rule while it decides, the divergence while it restores."""

    phase: str
    channel: int
    iteration: int
    value: float

    @classmethod
    def of(cls, step: Step) -> Point:
        """The point of a step."""
        value = step.score if step.phase == DECIDING else step.divergence
        return cls(step.phase, step.channel, step.iteration, value)


@dataclass(frozen=True)
class Chosen:
    """How many iterations a stopping rule has chosen for a channel."""

    channel: int
    num_iter: int
    rule: str


@dataclass(frozen=True)
class Tick:
    """How far it is: steps done of those to do (0 of 0 while it prepares), the step in words, and now and then a
    picture; the points of its curve since the last tick, and what has been chosen.
    """

    done: int
    total: int
    picture: NDArray[Any] | None = None
    words: str = ""
    points: tuple[Point, ...] = ()
    chosen: tuple[Chosen, ...] = ()


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
    order = order.ready()
    job = order.job()
    yield Tick(0, job.total)
    if stop.is_set():
        return None
    yield from _steps(job, order, stop, shown)
    image = order.settled(job.result())
    data = order.home(image.data)
    return Outcome(data, dict(image.metadata[METADATA_KEY]), contrast(data))


def _steps(job: Job, order: Order, stop: threading.Event, shown: threading.Event) -> Generator[Tick, None, None]:
    """Run the job until it ends or is told to."""
    told = drawn = time.monotonic()
    points: list[Point] = []
    with contextlib.closing(cast("Generator[Step, None, None]", iter(job))) as steps:
        for step in steps:
            if stop.is_set():
                return
            now = time.monotonic()
            due = now - told >= TELL or step.done >= step.total
            if due or step.phase == DECIDING or step.iteration <= EARLY:
                points.append(Point.of(step))
            if not due:
                continue
            told, picture = now, None
            if now - drawn > SHOW and shown.is_set() and step.done < step.total and step.phase != DECIDING:
                shown.clear()
                drawn, picture = now, order.trimmed(np.asarray(step.snapshot()))
            yield Tick(step.done, step.total, picture, _in_words(step), tuple(points), chosen(job))
            points.clear()


def chosen(job: Job) -> tuple[Chosen, ...]:
    """What the stopping rule has chosen so far, the latest of a channel last."""
    decisions = job.iterations.decisions.items()
    return tuple(Chosen(key[0], decision.num_iter, decision.rule) for key, decision in decisions)


def _in_words(step: Step) -> str:
    """Where a step belongs to: "deciding", "tile 2 of 4"."""
    where = [f"tile {step.tile[0]} of {step.tile[1]}"] if step.tile else []
    return " · ".join([*(["deciding"] if step.phase == DECIDING else []), *where])


def contrast(data: NDArray[Any], sample: int = SAMPLE) -> tuple[float, float]:
    """The 0.1 and 99.9 % points of the values (of a regular sample of large pictures), never equal."""
    flat = data.reshape(-1)[:: max(1, data.size // sample)]
    low, high = (float(v) for v in np.percentile(flat, (0.1, 99.9)))
    return (low, high) if high > low else (low, low + 1.0)
