"""Stop when the fit is as good as the noise lets the truth be."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..backend import Array
from ..photons import Scale
from .plateau import flat
from .type import Deciding, Decision, Problem, Score, Solver


def discrepancy(
    solve: Solver,
    problems: Sequence[Problem],
    *,
    scale: Scale,
    max_iter: int,
    pace: float = 1.0,
) -> Deciding:
    r"""The first iteration whose prediction is no further from the image than the noise.

    With counts :math:`n` and prediction :math:`m` in electrons (read noise counted as light), Poisson's law gives
    the truth

    .. math:: \frac{1}{N} \sum_i \frac{(n_i - m_i)^2}{m_i} = 1

    on average, whatever the brightness; the I-divergence, twice of which has this limit in bright images [1]_, needs
    tables where photons are few. A gain or a PSF that is wrong by a little moves the count by a lot.

    Yields
    ------
    Score
        The left side, for each iteration.

    References
    ----------
    .. [1] M. Bertero, P. Boccacci, G. Talenti, R. Zanella, L. Zanni, Inverse Problems 26, 105004 (2010).
           V. A. Morozov, Soviet Math. Dokl. 7, 414 (1966).
    """
    runs = [_Run(solve, p, scale) for p in problems]
    pixels = sum(run.pixels for run in runs)
    curve = [math.fsum(run.step() for run in runs) / pixels]  # of the start
    while curve[-1] > 1 and not flat(curve, pace) and len(curve) <= max_iter:
        curve.append(math.fsum(run.step() for run in runs) / pixels)
        yield Score(len(curve) - 1, curve[-1])
    notes: tuple[str, ...] = ()
    if curve[-1] > 1:
        why = (
            "PSF, gain or background may be wrong; stopped where more iterations hardly help"
            if flat(curve, pace)
            else f"stopped after the most iterations allowed (max_iter={max_iter})"
        )
        notes = (f"the residual stayed at {curve[-1]:.3g} times the noise: {why}",)
    for run in runs:
        run.close()
    return Decision(max(len(curve) - 1, 1), "discrepancy", tuple(curve[1:]), notes)


class _Run:
    """One solver under way, and how far its prediction is from the image."""

    def __init__(self, solve: Solver, problem: Problem, scale: Scale) -> None:
        self._scale, self._xp = scale, problem.H.xp
        self._sums: list[Array] = []  # one number for each block, perhaps still on the device
        self._y, self._weight = problem.y, problem.H.weight
        shape = problem.H.out_shape
        self.pixels = int(np.prod(shape)) if self._weight is None else int(self._xp.sum(self._weight))
        self._run = solve(problem.y, problem.H, x0=problem.x0, background=problem.background, watch=self._watch)

    def _watch(self, prediction: Array, part: slice) -> None:
        m = self._xp.maximum(prediction * self._scale.gain + self._scale.shift, 1e-2)
        residual = (self._y[part, ...] - prediction) * self._scale.gain
        residual = residual * residual / m
        residual = residual if self._weight is None else residual * self._weight[part, ...]
        self._sums.append(self._xp.sum(residual, dtype=self._xp.float64))

    def close(self) -> None:
        """Let go of the solver, which knows of us through `watch`: its arrays are wanted for the restoration."""
        self._run = iter(())

    def step(self) -> float:
        """The sum of the estimate that enters the next step."""
        self._sums.clear()
        next(self._run)
        return math.fsum(map(float, self._sums))
