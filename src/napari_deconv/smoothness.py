"""The solver of a job, and the weight of total variation in it: what the recipe says, or what suits each channel."""

from __future__ import annotations

from functools import partial
from typing import Any

from .blocks import Block, Blocks
from .evidence import Evidence
from .photons import uncountable
from .recipe import Recipe
from .solvers import automatic_regularization, richardson_lucy, richardson_lucy_tv, scaled_heavy_ball
from .solvers.regularization import USUAL
from .stopping import Solver

SOLVERS: dict[str, Solver] = {
    "richardson_lucy": richardson_lucy,
    "scaled_heavy_ball": scaled_heavy_ball,
    "richardson_lucy_tv": richardson_lucy_tv,
}


def solver_of(recipe: Recipe, smoothness: Smoothness, block: Block) -> Solver:
    """The recipe's Poisson solver with the parameters that are its own."""
    solver = SOLVERS[recipe.method]
    return partial(solver, **smoothness.parameters(block)) if recipe.method == "richardson_lucy_tv" else solver


class Smoothness:
    """Decides once per channel, on its brightest crop.

    Parameters
    ----------
    recipe : Recipe
        Its `regularization`.
    blocks : Blocks
        How the image is worked on.
    evidence : Evidence
        What may be looked at.
    """

    def __init__(self, recipe: Recipe, blocks: Blocks, evidence: Evidence) -> None:
        self._recipe, self._blocks, self._evidence = recipe, blocks, evidence
        self._found: dict[int, float] = {}
        self.notes: list[str] = []

    def parameters(self, block: Block) -> dict[str, Any]:
        """Keywords of `richardson_lucy_tv` for a block."""
        channel = self._blocks.channel(block)
        if self._recipe.regularization != "auto":
            self._found[channel] = self._recipe.regularization
        elif channel not in self._found:
            self._found[channel] = self._chosen(block)
        return {"regularization": self._found[channel], "spacing": self._evidence.spacing(block)}

    def frozen(self) -> dict[str, Any]:
        """What the resolved recipe holds, if one weight serves all channels."""
        weights = set(self._found.values())
        return {"regularization": weights.pop()} if len(weights) == 1 else {}

    def _chosen(self, block: Block) -> float:
        camera, trouble = self._evidence.camera(block)
        problem = self._evidence.problems(block)[-1]
        trouble = trouble or uncountable([(problem.y, problem.H)], camera)
        if trouble or camera.gain is None:
            self.notes.append(f"{trouble or 'the gain is not known'}: regularization {USUAL} was taken")
            return USUAL
        return automatic_regularization(
            problem.y,
            problem.H,
            background=problem.background,
            spacing=self._evidence.spacing(block),
            gain=camera.gain,
            offset=camera.offset,
            read_noise=camera.read_noise or 0.0,
            seed=self._recipe.seed,
        )
