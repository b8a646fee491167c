"""What stopping rules are given, say as they go, and decide."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Literal

from ..backend import Array
from ..operators import Blur
from ..solvers import Iterate

Rule = Literal["held_out", "plateau", "discrepancy"]
Solver = Callable[..., Iterator[Iterate]]  # solve(y, H, x0=…, background=…, watch=…)


@dataclass(frozen=True, eq=False)
class Problem:
    """A picture to decide on: the whole one, or a crop of it.

    Parameters
    ----------
    y : array, shape ``H.out_shape``
        Image on the device of `H`, non-negative, in any linear units.
    H : Blur
        Its blur.
    background : float or array
        What the solver takes as background, in the units of `y`.
    x0 : float, optional
        Level of the flat start; a crop should start where the whole image starts.
    """

    y: Array
    H: Blur
    background: float | Array = 0.0
    x0: float | None = None


@dataclass(frozen=True)
class Score:
    """What a rule thinks of one iteration while it decides.

    Parameters
    ----------
    iteration : int
        1, 2, ...
    value : float
        Smaller is better; its unit is the rule's.
    """

    iteration: int
    value: float


@dataclass(frozen=True)
class Decision:
    """How many iterations, and why.

    Parameters
    ----------
    num_iter : int
        Iterations to run on all photons.
    rule : str
        The rule that decided; another one than asked for where that could not.
    curve : tuple of float
        Its scores of iterations 1, 2, ...
    notes : tuple of str
        What a user should know: assumptions that failed, and what was done about it.
    """

    num_iter: int
    rule: Rule
    curve: tuple[float, ...]
    notes: tuple[str, ...] = ()


Deciding = Generator[Score, None, Decision]
