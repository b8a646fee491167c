"""Which rule decides, and which one stands in where it cannot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import get_args

from ..backend import Array
from ..camera import Camera
from ..operators import Blur
from ..photons import light, scale_of, uncountable
from .discrepancy import discrepancy
from .held_out import held_out
from .plateau import plateau
from .type import Deciding, Problem, Rule, Solver

HARDLY_ANY = 2  # iterations: worth a word


def decide(
    rule: Rule,
    solve: Solver,
    problems: Sequence[Problem],
    *,
    camera: Camera,
    max_iter: int,
    share: float = 0.1,
    seed: int = 0,
    pace: float = 1.0,
    trouble: str = "",
) -> Deciding:
    """How many iterations a solver should take, found by one of the rules; a generator.

    Parameters
    ----------
    rule : {"held_out", "plateau", "discrepancy"}
        The rule asked for. Where its assumptions do not hold, `plateau` decides instead and a note says why.
    solve : callable
        ``solve(y, H, x0=…, background=…, watch=…)`` yields iterates: a Poisson solver with its own parameters bound.
    problems : sequence of Problem
        The image, or crops of it: they go on in lockstep and their scores are added.
    camera : Camera
        Of the pixels as they are in `problems`: gain in electrons per unit of theirs, offset in that unit, read noise
        in electrons.
    max_iter : int
        Iterations at most.
    share : float
        Of the photons that `held_out` puts aside, between 0 and 1.
    seed : int
        Of the random numbers that choose them.
    pace : float
        What k iterations of the solver are worth: about k to this power of plain Richardson-Lucy; 2 for
        accelerated ones. A plateau shows the sooner, the faster the solver goes.
    trouble : str
        A sentence that says why the noise is not that of a camera (compressed, averaged, interpolated), if so.

    Yields
    ------
    Score
        Of iterations 1, 2, ...: smaller is better, in the unit of the rule that decides.

    Returns
    -------
    Decision
        By ``decision = yield from decide(…)``.

    Raises
    ------
    ValueError
        If the rule is unknown, there is no problem, `share` is not between 0 and 1, or `max_iter` is below 1.
    """
    if rule not in get_args(Rule):
        near = get_close_matches(str(rule), get_args(Rule), n=1)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown stopping rule {rule!r}{guess}; known: {', '.join(get_args(Rule))}")
    if not 0 < share < 1:
        raise ValueError(f"the share of photons held out is a number between 0 and 1, got {share}; 0.1 is usual")
    if max_iter < 1:
        raise ValueError(f"max_iter is at least 1, got {max_iter}")
    if not problems:
        raise ValueError("nothing to decide on: pass the image or crops of it as problems")
    scale, pictures = scale_of(camera), [(p.y, p.H) for p in problems]
    failed = "" if rule == "plateau" else trouble or uncountable(pictures, camera)
    if rule == "plateau" or scale is None or failed:
        notes = (f"{rule} cannot decide: {failed.rstrip('.')}; plateau decided instead",) if failed else ()
        return plateau(solve, problems, max_iter=max_iter, pace=pace, notes=notes)
    if rule == "discrepancy":
        rounds = discrepancy(solve, problems, scale=scale, max_iter=max_iter, pace=pace)
    else:
        rounds = held_out(solve, problems, scale=scale, share=share, seed=seed, max_iter=max_iter)
    return _explained(rounds, pictures, camera, max_iter)


def _explained(rounds: Deciding, pictures: Sequence[tuple[Array, Blur]], camera: Camera, max_iter: int) -> Deciding:
    """The same; where next to nothing is to be done, a note says on how much light that was decided."""
    decision = yield from rounds
    if decision.num_iter > HARDLY_ANY or max_iter <= HARDLY_ANY:
        return decision
    photons = light(pictures, camera)
    pixels = sum(math.prod(y.shape) if H.weight is None else float(H.xp.sum(H.weight)) for y, H in pictures)
    note = (
        f"what was decided on ({photons:.3g} photons, {photons / pixels:.2g} in a pixel) bears no more iterations than "
        f"{decision.num_iter}; where other time points or blocks are brighter, decide='each' finds a number for each"
    )
    return replace(decision, notes=(*decision.notes, note))
