"""When to stop: held-out photons, a plateau, the discrepancy principle; decided on the whole image or on crops."""

from __future__ import annotations

from .crops import crops, in_crops
from .deciding import decide
from .discrepancy import discrepancy
from .held_out import held_out
from .plateau import plateau
from .type import Decision, Problem, Rule, Score, Solver

__all__ = [
    "Decision",
    "Problem",
    "Rule",
    "Score",
    "Solver",
    "crops",
    "decide",
    "discrepancy",
    "held_out",
    "in_crops",
    "plateau",
]
