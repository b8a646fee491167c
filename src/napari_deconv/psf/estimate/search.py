"""The numbers of a microscope under which one half of the photons foretells the other best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...operators import Blur
from .photons import Halves
from .theory import Theory
from .unblurred import Forecast, forecast, gain_of

LONG = 48  # steps of a deconvolution that judges
ROUNDS = (16, 32)  # steps of those that give the slopes, one round each
FEWEST = 6
FINISHES = 2  # last improvements, with the slopes of the last round
TRIAL = {"width": 0.03, "mode": 0.02}  # differences that give the slopes: logarithm, waves
REACH = {"width": 0.15, "mode": 0.12}  # largest change at once
WIDEST = 0.3  # waves, and logarithm of the aperture: beyond lies no microscope worth fitting
CERTAIN = 4.0  # standard deviations of the gain in likelihood
NEGLIGIBLE = 1e-3  # a change this small ends the search

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Found:
    """The end of a search.

    Parameters
    ----------
    values, uncertainty : array
        Of the free numbers: one standard deviation, by chance and by what the last steps still changed.
    gain, chance : float
        By how much the unseen photons are likelier than under the start, and the standard deviation of that.
    signal : float
        By how much, in standard deviations, the unseen photons speak for any object at all.
    steps : int
        After how many steps the unseen photons were foretold best.
    """

    values: Array
    uncertainty: Array
    gain: float
    chance: float
    signal: float
    steps: int


class Counter:
    """Progress in deconvolution steps, told to whoever wants it."""

    def __init__(self, total: int, tell: Callable[[int, int], None] | None) -> None:
        self.done, self.total, self.tell = 0, total, tell

    def __call__(self) -> None:
        """One step more."""
        self.done = min(self.done + 1, self.total)
        if self.tell is not None:
            self.tell(self.done, self.total)

    def finish(self) -> None:
        """Tell that everything is done."""
        if self.tell is not None:
            self.tell(self.total, self.total)


def effort(count: int, lead: int) -> int:
    """Deconvolution steps of a search for so many numbers, the leading ones first, at most."""
    more = ROUNDS[-1] * (count + 1) + LONG * (FINISHES + 1) if count > lead else 0
    return LONG * (FINISHES + 3) + sum(ROUNDS) * (lead + 1) + more


def search(halves: Halves, theory: Theory, lead: Sequence[int], tick: Callable[[], None]) -> Found:
    r"""Maximise the likelihood of unseen photons over the numbers of a microscope.

    For every trial PSF the first half of the photons is deconvolved anew from a flat start and blurred again; that
    forecast :math:`m(c)` contains how the object gives way to the PSF, which alternating steps on object and PSF
    follow only very slowly. The numbers then change by Fisher's scoring on the other half :math:`y`,

    .. math:: \delta c = F^{-1} J^T (y / m - 1), \qquad J = \partial m / \partial c, \qquad F = J^T (J / m)

    with the slopes :math:`J` by differences. The leading numbers are fitted first; the others join only if the unseen
    photons become likelier by that, beyond chance.

    Parameters
    ----------
    halves : Halves
        Photons.
    theory : Theory
        The microscope, with its free numbers.
    lead : sequence of int
        Which of them are fitted first.
    tick : callable
        Called after every step of a deconvolution.
    """
    shape = kernel_shape(halves.fit.shape)

    def foretold(values: Array, steps: int) -> Forecast:
        return forecast(halves, theory.kernel(values, shape), steps, tick)

    zero = np.zeros(theory.count)
    start = foretold(zero, LONG)
    best = int(np.argmax(start.scores)) + 1
    hunt = Hunt(halves, theory, foretold, max(FEWEST, best))
    reference = start.mean if hunt.steps == LONG else foretold(zero, hunt.steps).mean
    found = hunt.fit(zero, ROUNDS, np.array(lead))
    if len(lead) < theory.count:
        fuller = hunt.fit(found.values, ROUNDS[-1:], np.arange(theory.count))
        gain, chance = gain_of(halves, fuller.mean, found.mean)
        found = fuller if gain > CERTAIN * chance else replace(found, uncertainty=fuller.uncertainty)
    gain, chance = gain_of(halves, found.mean, reference)
    return Found(found.values, found.uncertainty, gain, chance, _signal(halves, start, best), best)


def told_apart(halves: Halves, theory: Theory, tick: Callable[[], None]) -> float:
    """How much of a change of the first number shows in the image after the object has given way to it.

    A share of the information that there would be if the object were known: near 1 for isolated points. A dense or
    smooth object imitates the change; then the answer hangs on how the object is regularised, and is biased.

    Parameters
    ----------
    halves, theory, tick
        As in `search`.
    """
    shape, zero, trial = kernel_shape(halves.fit.shape), np.zeros(theory.count), np.zeros(theory.count)
    trial[0] = _each(theory, TRIAL)[0]
    start = forecast(halves, theory.kernel(zero, shape), ROUNDS[-1], tick)
    kernel = theory.kernel(trial, shape)
    fixed = Blur(kernel, halves.fit.shape).forward(start.object) + halves.background - start.mean
    giving_way = forecast(halves, kernel, ROUNDS[-1], tick).mean - start.mean
    return float(np.sum(giving_way**2 / start.mean) / max(float(np.sum(fixed**2 / start.mean)), 1e-30))


@dataclass(frozen=True, eq=False)
class Stage:
    """Where a round of improvements ended."""

    values: Array
    uncertainty: Array
    mean: Array


@dataclass(frozen=True, eq=False)
class Hunt:
    """Improvements of some of the numbers, the others held."""

    halves: Halves
    theory: Theory
    foretold: Callable[[Array, int], Forecast]
    steps: int

    def fit(self, values: Array, rounds: Sequence[int], free: NDArray[np.intp]) -> Stage:
        """From `values` on: rounds with new slopes after few steps, then finishes with the last slopes after many."""
        slopes = np.empty((0, self.halves.fit.size))
        for steps in rounds:
            few = min(steps, self.steps)
            mean = self.foretold(values, few).mean
            slopes = self._slopes(values, mean, few, free)
            values = self._improved(values, slopes, mean, free)
        before = values
        for _ in range(FINISHES):
            last = values
            values = self._improved(values, slopes, self.foretold(values, self.steps).mean, free)
            if np.abs(values - last).max() < NEGLIGIBLE:
                break
        mean = self.foretold(values, self.steps).mean
        uncertainty = np.abs(values - before)
        by_chance = np.sqrt(2 * np.diag(np.linalg.pinv(_fisher(slopes, mean))))  # both halves are noisy
        uncertainty[free] = np.hypot(by_chance, uncertainty[free])
        return Stage(values, uncertainty, mean)

    def _slopes(self, values: Array, mean: Array, steps: int, free: NDArray[np.intp]) -> Array:
        """How the forecast changes with each free number, shape (free, pixels)."""
        sizes, slopes = _each(self.theory, TRIAL), []
        for index in free:
            step = np.zeros(self.theory.count)
            step[index] = sizes[index] if values[index] <= 0 else -sizes[index]
            slopes.append((self.foretold(values + step, steps).mean - mean).ravel() / step[index])
        return np.array(slopes)

    def _improved(self, values: Array, slopes: Array, mean: Array, free: NDArray[np.intp]) -> Array:
        """One step of Fisher's scoring, no longer than what the slopes can be trusted for."""
        score = slopes @ (self.halves.check / mean - 1).ravel()
        fisher = _fisher(slopes, mean)
        step = np.linalg.solve(fisher + np.diag(1e-4 * np.diag(fisher) + 1e-9), score)
        reach = np.array(_each(self.theory, REACH))[free]
        better = values.copy()
        better[free] += step / max(1.0, float(np.max(np.abs(step) / reach)))
        return np.clip(better, -WIDEST, WIDEST)


def kernel_shape(image: tuple[int, ...]) -> tuple[int, ...]:
    """All planes that reach others; across, as wide as the image."""
    return (*(2 * n - 1 for n in image[:-2]), *(n // 2 * 2 + 1 for n in image[-2:]))


def _signal(halves: Halves, start: Forecast, best: int) -> float:
    """Standard deviations by which the unseen photons prefer the deconvolved image to a flat one."""
    flat = float(halves.fit.mean())
    counts = halves.check.astype(np.float64)
    empty = float(np.sum(counts) * np.log(max(flat, 1e-12)) - flat * counts.size)
    return float((start.scores[best - 1] - empty) / np.sqrt(0.5 * counts.size))


def _fisher(slopes: Array, mean: Array) -> Array:
    """Information on the numbers, from all pixels."""
    return np.asarray((slopes / mean.ravel()) @ slopes.T)


def _each(theory: Theory, sizes: dict[str, float]) -> list[float]:
    """One size for every free number."""
    return [sizes["width"]] * theory.width + [sizes["mode"]] * len(theory.modes)
