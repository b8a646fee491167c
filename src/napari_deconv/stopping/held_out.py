"""Stop when the estimate best predicts photons that it has not seen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..backend import Array
from ..photons import Scale, put_aside
from .type import Deciding, Decision, Problem, Score, Solver

EFFORT = 2**20  # voxels: a smaller picture is parted several times, which steadies the choice and costs seconds
MOST = 4  # times
GROWTH = 0.5  # the best number of iterations grows about as the root of the photons (measured: powers of 0.3 to 0.7)
FARTHEST = 1.5  # times as many iterations as the best score has: none later is taken
FEWEST = 3  # iterations after the best before anything ends
MANY = 0.15  # share of pixels below zero counts; read noise alone makes up to a tenth of dark ones so


def held_out(
    solve: Solver,
    problems: Sequence[Problem],
    *,
    scale: Scale,
    share: float,
    seed: int,
    max_iter: int,
) -> Deciding:
    r"""The number of iterations at which an estimate from most photons predicts the others best.

    Each photon is put aside with probability `share`: of Poisson counts :math:`n`, binomial :math:`n_v` and the rest
    are independent [1]_. The solver sees the rest, and its predictions :math:`m` (counts of the whole) are scored by

    .. math:: S_k = \sum_i (f m_i - n_{v,i})^2 \Big/ \sum_i n_{v,i}

    which is 1 for the truth and, but for that constant, estimates the squared error of the blurred estimate without
    bias. (The likelihood would do so per photon; then the dark background, most of an image of points, decides.) Of
    the iterations that these photons cannot tell from the best by one standard error [2]_, the last is taken, because
    the blur hides part of what is still gained in the object; at most half as many again as the best one has. All
    photons together bear :math:`(1 - f)^{-1/2}` times as many.

    Parameters
    ----------
    solve, problems, max_iter
        See `decide`.
    scale : Scale
        From the image to counts.
    share : float
        Share f of the photons put aside.
    seed : int
        Of the random numbers that choose them.

    Yields
    ------
    Score
        :math:`S_k` of each iteration.

    References
    ----------
    .. [1] A. Neufeld, A. Dharamshi, L. L. Gao, D. Witten, J. Mach. Learn. Res. 25, 57 (2024): data thinning.
    .. [2] L. Breiman, J. H. Friedman, R. A. Olshen, C. J. Stone, Classification and Regression Trees (1984), 3.4.3.
    """
    rng = np.random.default_rng(seed)
    times = 1 if len(problems) > 1 else min(max(EFFORT // math.prod(problems[0].H.in_shape), 1), MOST)
    runs = [_Run(solve, p, scale, share, rng) for _ in range(times) for p in problems]
    photons = max(sum(run.photons for run in runs), 1.0)
    negative, notes = max(run.parted.below for run in runs), []
    if negative > MANY:
        notes.append(
            f"{negative:.0%} of the pixels are further below the camera's offset than its read noise explains; they "
            "counted as 0: check offset and read noise"
        )
    for run in runs:
        run.step()  # the start, which is no iteration
    curve: list[float] = []
    best = chosen = 0
    while len(curve) < max_iter:
        curve.append(math.fsum(run.step() for run in runs) / photons)
        yield Score(len(curve), curve[-1])
        k = len(curve)
        if k == 1 or curve[-1] < curve[best - 1]:
            best = chosen = k
            for run in runs:
                run.keep()
            continue
        error = 2 * math.sqrt(math.fsum(run.spread() for run in runs)) / photons
        like = curve[-1] - curve[best - 1] <= error and k <= FARTHEST * best
        chosen = k if like and chosen == k - 1 else chosen
        if not like and k >= best + FEWEST:
            break
    else:
        notes.append(f"held-out photons were still well predicted after {max_iter} iterations (max_iter)")
    on_all = min(round(max(chosen, 1) / (1 - share) ** GROWTH), max_iter)
    for run in runs:
        run.close()
    return Decision(on_all, "held_out", tuple(curve), tuple(notes))


class _Run:
    """One solver under way on its photons, and the squared error of what it predicts of the others."""

    def __init__(self, solve: Solver, problem: Problem, scale: Scale, share: float, rng: np.random.Generator) -> None:
        H = self._H = problem.H
        parted = self.parted = put_aside(problem.y, H, scale, share, rng)
        self.photons = float(H.xp.sum(parted.aside, dtype=H.xp.float64))
        self._now, self._best = parted.seen * 0, parted.seen * 0
        self._errors: list[Array] = []  # one number for each block, perhaps still on the device
        self._spreads: list[Array] = []  # one number for each block, perhaps still on the device
        background = problem.background + parted.lift
        self._run = solve(parted.seen, H, x0=problem.x0, background=background, watch=self._watch)

    def _watch(self, prediction: Array, part: slice) -> None:
        xp, weight, aside = self._H.xp, self._H.weight, self.parted.aside[part, ...]
        m = self.parted.expected(prediction)
        m = m if weight is None else m * weight[part, ...]
        self._now[part, ...] = m
        away, moved = m - aside, m - self._best[part, ...]
        self._errors.append(xp.sum(away * away, dtype=xp.float64))
        self._spreads.append(xp.sum(moved * moved * aside, dtype=xp.float64))

    def close(self) -> None:
        """Let go of the solver, which knows of us through `watch`: its arrays are wanted for the restoration."""
        self._run = iter(())

    def step(self) -> float:
        """The squared error of the estimate that enters the next step."""
        self._errors.clear()
        self._spreads.clear()
        next(self._run)
        return math.fsum(map(float, self._errors))

    def keep(self) -> None:
        """Remember the last prediction as the best."""
        self._now, self._best = self._best, self._now

    def spread(self) -> float:
        """A quarter of the variance of the error's difference from the best."""
        return math.fsum(map(float, self._spreads))
