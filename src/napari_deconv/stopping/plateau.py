"""Stop when more iterations hardly improve the fit."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .type import Deciding, Decision, Problem, Score, Solver

ENOUGH = 0.1  # share by which the I-divergence falls per e-fold of plain iterations: 10 % more gain less than 1 %
STRETCH = 0.8  # the slope is taken over the last fifth of the iterations
FEWEST = 4
SMALL = 32**2  # pixels: of fewer, a solver fits the noise so well that nothing levels off
SAFE = 30  # plain iterations for them


def plateau(
    solve: Solver, problems: Sequence[Problem], *, max_iter: int, pace: float = 1.0, notes: tuple[str, ...] = ()
) -> Deciding:
    r"""The number of iterations after which the I-divergence :math:`D` is about flat.

    .. math:: -\frac{\mathrm d \log D}{\mathrm d \log k^p} < 0.1

    It asks nothing of the camera; in exchange it knows nothing of noise, so that it stops too early where photons are
    many and the blur is wide, and too late where they are few. Pictures of fewer than a thousand pixels get no more
    than 30 iterations, or as many as are worth that. See `decide` for the parameters; p is `pace`.

    Yields
    ------
    Score
        The I-divergence of each iteration, in the units of the image.
    """
    pixels = sum(math.prod(p.y.shape) if p.H.weight is None else int(p.H.xp.sum(p.H.weight)) for p in problems)
    limit = min(max_iter, round(SAFE ** (1 / pace))) if pixels < SMALL else max_iter
    runs = [solve(p.y, p.H, x0=p.x0, background=p.background) for p in problems]
    start = math.fsum(next(run).divergence for run in runs)  # an iterate knows the divergence of the one before
    curve: list[float] = []
    while not flat([start, *curve], pace) and len(curve) < limit:
        curve.append(math.fsum(next(run).divergence for run in runs))
        yield Score(len(curve), curve[-1])
    if not flat([start, *curve], pace):
        most = "the most allowed (max_iter)" if limit == max_iter else f"the most for as few as {pixels} pixels"
        notes = (*notes, f"the fit was still improving after {limit} iterations, {most}")
    return Decision(max(len(curve), 1), "plateau", tuple(curve), notes)


def flat(values: Sequence[float], pace: float) -> bool:
    """Whether the last of `values` (of iterations 0, 1, ...) hardly fall any more."""
    k = len(values) - 1
    if not values[0] > 0 or not values[-1] > 1e-9 * values[0]:
        return True
    before = max(math.floor(STRETCH * k), 1)
    return k >= FEWEST and math.log(values[before] / values[-1]) < ENOUGH * pace * math.log(k / before)
