"""How many iterations a job takes: what the recipe says, or what a stopping rule finds in the image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .blocks import Block, Blocks
from .camera import Camera
from .evidence import Evidence
from .recipe import PARAMETERS, Recipe
from .stopping import Decision, Score, Solver, decide

PHOTOGRAPH = {"richardson_lucy": 20, "scaled_heavy_ball": 10, "richardson_lucy_tv": 20}  # iterations at most
PACE = {"scaled_heavy_ball": 2}  # how much faster than Richardson-Lucy a method fits


class Iterations:
    """The number of iterations of every block, decided where the recipe says "auto".

    With ``decide="once"`` the first block of a channel decides for all of them; big blocks are decided on crops.

    Parameters
    ----------
    recipe : Recipe
        Number, rule and its parameters.
    blocks : Blocks
        How the image is worked on.
    evidence : Evidence
        What may be looked at.
    photograph : bool
        Whether the pixels were gamma-encoded: nothing shows then where noise begins, and "auto" stops early.

    Raises
    ------
    ValueError
        If the recipe has another number of counts than the image has channels.
    """

    def __init__(self, recipe: Recipe, blocks: Blocks, evidence: Evidence, *, photograph: bool = False) -> None:
        most = PHOTOGRAPH.get(recipe.method, 1) if photograph and recipe.max_iter is None else recipe.limit
        self.limit = min(most, recipe.limit)
        self._recipe, self._blocks, self._evidence = recipe, blocks, evidence
        self.decisions: dict[tuple[int, ...], Decision] = {}
        count, channels = recipe.num_iter, self._blocks.channels
        if isinstance(count, tuple) and len(count) != channels:
            raise ValueError(
                f"num_iter has {len(count)} numbers {count} but the image has {channels} channels; "
                "give one for each, or a single number for all"
            )

    def of(self, block: Block) -> int | None:
        """Iterations of a block; None if they have to be decided first."""
        recipe = self._recipe
        if "num_iter" not in PARAMETERS[recipe.method]:
            return 1
        if recipe.num_iter == "auto":
            decision = self.decisions.get(self._key(block))
            return None if decision is None else decision.num_iter
        if isinstance(recipe.num_iter, int):
            return recipe.num_iter
        return recipe.num_iter[self._blocks.channel(block)]

    def most(self, block: Block) -> int:
        """Iterations of a block, or as many as it may become."""
        return self.of(block) or self.limit

    def frozen(self) -> dict[str, Any]:
        """What the resolved recipe holds: the count, or one per channel, if they have been decided for all."""
        known = [self.of(block) for block in self._blocks]
        if self._recipe.num_iter != "auto" or None in known:
            return {}
        of_channel = {self._blocks.channel(block): count for block, count in zip(self._blocks, known, strict=True)}
        if self._recipe.decide == "each" and len(set(known)) > 1:
            return {}
        counts = tuple(of_channel[channel] for channel in sorted(of_channel))
        return {"num_iter": counts[0] if len(set(counts)) == 1 else counts}

    def told(self) -> list[dict[str, Any]]:
        """The decisions as the provenance has them."""
        return [
            {
                "channel": key[0],
                **({"block": list(key[1:])} if len(key) > 1 else {}),
                "rule": decision.rule,
                "num_iter": decision.num_iter,
                "seed": self._recipe.seed,
                "curve": [float(f"{value:.6g}") for value in decision.curve],
                "notes": list(decision.notes),
            }
            for key, decision in self.decisions.items()
        ]

    def decide(self, block: Block, solve: Solver) -> Iterator[Score]:
        """Find the number for a block (and its likes); afterwards `of` knows it."""
        recipe = self._recipe
        camera, trouble = (Camera(), "") if recipe.stop == "plateau" else self._evidence.camera(block)
        decision = yield from decide(
            recipe.stop,
            solve,
            self._evidence.problems(block),
            camera=camera,
            max_iter=self.limit,
            share=recipe.held_out,
            seed=recipe.seed,
            trouble=trouble,
            pace=PACE.get(recipe.method, 1),
        )
        self.decisions[self._key(block)] = decision

    def _key(self, block: Block) -> tuple[int, ...]:
        channel = self._blocks.channel(block)
        return (channel, *(i for i in block if isinstance(i, int))) if self._recipe.decide == "each" else (channel,)
