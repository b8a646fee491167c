"""Training: steps of a lesson, with an average of the weights, that can be interrupted and go on."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from .checkpoint import State
from .lessons import Lesson, on_device
from .model import Network

WARM_UP, SHORT = 200, 0.1  # steps over which the rate rises; in a short training, that share of all
CLIP = 1.0  # largest norm of a gradient
KEEP = 0.999  # of the average, per step
SAVE_EVERY = 180.0  # seconds
EXAMINE_EVERY, QUESTIONS = 500, 12  # steps between examinations, the last step is one too; batches of each
FIRST_QUESTION = 2**31  # number of the first batch that is asked about: training never gets there


@dataclass(frozen=True)
class Settings:
    """How to train.

    Parameters
    ----------
    size : {"tiny", "small", "base"}
        Of the network.
    steps : int
        Length of the schedule.
    rate : float
        Highest learning rate.
    cooldown : float
        Share of the steps over which the rate falls to nothing, as half a cosine.
    seed : int
        Of the weights at the start and of all examples.
    """

    size: str = "small"
    steps: int = 10_000
    rate: float = 1e-3
    cooldown: float = 1.0
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """Learning rate of a step, counted from 0: up in a line, level, down to a thousandth as half a cosine."""
        rise = (step + 1) / max(1.0, min(WARM_UP, SHORT * self.steps))
        rest = (self.steps - step) / max(1.0, self.cooldown * self.steps)
        fall = 0.5 * (1 - math.cos(math.pi * min(1.0, max(0.0, rest))))
        return self.rate * min(1.0, rise) * max(fall, 1e-3)


@dataclass(frozen=True)
class Progress:
    """One step of a training.

    Parameters
    ----------
    step, steps : int
        Steps done, and those of the schedule.
    loss : float
        Before the step.
    rate : float
        Learning rate of the step.
    seconds : float
        Since this part of the training began.
    score : float, optional
        Loss of the average on pictures held out, where it has just been measured.
    """

    step: int
    steps: int
    loss: float
    rate: float
    seconds: float
    score: float | None = None


def begin(settings: Settings, start: dict[str, Tensor] | None = None) -> State:
    """A training before its first step.

    Parameters
    ----------
    settings : Settings
        Its `size`, `rate` and `seed`.
    start : dict of Tensor, optional
        Weights to start from, by name; those that it lacks are drawn, as all are without it.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = Network(settings.size)
    network.load_state_dict({**network.state_dict(), **(start or {})})
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.rate, betas=(0.9, 0.99))
    average = {name: value.clone() for name, value in network.state_dict().items()}
    return State(network, average, optimiser, 0, {"settings": asdict(settings), "losses": [], "scores": []})


def fit(
    state: State,
    settings: Settings,
    lesson: Lesson,
    path: Path,
    *,
    exam: Lesson | None = None,
    minutes: float = math.inf,
) -> Generator[Progress]:
    """Train, step by step; the state is saved every few minutes and at the end, whatever ends it.

    Parameters
    ----------
    state : State
        From `begin`, or loaded.
    settings : Settings
        How.
    lesson : Lesson
        What.
    path : Path
        Where the state is kept.
    exam : Lesson, optional
        The same on pictures held out: of all averages that are examined, the best is kept.
    minutes : float
        When to stop, if the schedule is not done before.

    Yields
    ------
    Progress
        After each step.

    Raises
    ------
    RuntimeError
        If a loss or a gradient is not finite; the state is the one before that step.
    """
    started = saved = time.monotonic()
    first = state.step
    done = state.step >= settings.steps
    state.network.train()
    device = next(state.network.parameters()).device
    try:
        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(lesson.batch, state.step)
            while not done:
                batch, ahead = ahead.result(), pool.submit(lesson.batch, state.step + 1)
                rate = settings.rate_at(state.step)
                loss = _step(state, lesson.loss(state.network, on_device(batch, device)), rate)
                done = state.step >= settings.steps or time.monotonic() - started >= 60 * minutes
                due = done or state.step % EXAMINE_EVERY == 0
                score = _examined(state, exam) if due and exam is not None else None
                yield Progress(state.step, settings.steps, loss, rate, time.monotonic() - started, score)
                if time.monotonic() - saved > SAVE_EVERY:
                    state.save(path)
                    saved = time.monotonic()
    finally:
        if state.step > first:
            state.save(path)


def _step(state: State, loss: Tensor, rate: float) -> float:
    """One step down; the loss before it."""
    for group in state.optimiser.param_groups:
        group["lr"] = rate
    state.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.clip_grad_norm_(state.network.parameters(), CLIP)
    found = float(loss.detach())
    if not math.isfinite(found + float(norm)):
        raise RuntimeError(
            f"step {state.step + 1} has loss {found:.4g} and gradient {float(norm):.4g}, which must be finite; "
            "the state before it is kept: look for odd images, or train anew with another seed"
        )
    state.optimiser.step()
    keep = min(KEEP, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for name, value in state.network.state_dict().items():
            state.average[name].lerp_(value, 1 - keep)
    state.step += 1
    state.facts.setdefault("losses", []).append(float(f"{found:.4g}"))
    return found


def _examined(state: State, exam: Lesson) -> float:
    """The loss of the average on pictures held out; the best average is kept."""
    network = copy.deepcopy(state.network)
    network.load_state_dict(state.average)
    device = next(network.parameters()).device
    questions = (on_device(exam.batch(FIRST_QUESTION + i), device) for i in range(QUESTIONS))
    with torch.no_grad():
        found = [float(exam.loss(network, question)) for question in questions]
    score = sum(found) / len(found)
    scores = state.facts.setdefault("scores", [])
    if not scores or score <= min(value for _, value in scores):
        state.best = {name: value.clone() for name, value in state.average.items()}
    scores.append([state.step, float(f"{score:.6g}")])
    return score
