"""The state of a training in files small enough to be kept with the code: half precision, and no first moments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from .checkpoint import MEND, State, Tensors, read, under, write

WEIGHTS, BEST, MOMENTS = ".weights.safetensors", ".best.safetensors", ".moments.safetensors"
SAME = "best_is_average"  # fact: no file of its own is needed for the best


def compact(state: State, folder: Path, name: str) -> list[Path]:
    """Write the files from which `expand` makes a state again, and return their paths.

    NAME.weights.safetensors holds the average, NAME.moments.safetensors the squares of the gradients, and, if the best
    average is an older one, NAME.best.safetensors holds that: 2 bytes a weight each. The weights that are trained are
    not kept, nor are the first moments: the average stands for the former, the latter are as good again after a few
    steps.

    Parameters
    ----------
    state : State
        Of any step.
    folder : Path
        Folder to write to.
    name : str
        What the names of the files begin with. Those that are there already are replaced.
    """
    tensors = state.tensors()
    older = any(not value.equal(state.average[name]) for name, value in state.best.items())
    facts = {**state.facts, "step": state.step, SAME: bool(state.best) and not older}
    parts = {
        WEIGHTS: _as(torch.float16, "average", tensors),
        BEST: _as(torch.float16, "best", tensors) if older else {},
        MOMENTS: {**_as(torch.bfloat16, "exp_avg_sq", tensors), **_as(torch.float32, "step", tensors)},
    }
    written = []
    for ending, kept in parts.items():
        path = folder / f"{name}{ending}"
        if kept or ending != BEST:
            write(path, kept, facts if ending == WEIGHTS else {"step": state.step})
            written.append(path)
        else:
            path.unlink(missing_ok=True)
    return written


def expand(folder: Path, name: str) -> tuple[Tensors, dict[str, Any]]:
    """What `State.restore` takes, from the files of that name.

    Raises
    ------
    ValueError
        If one is damaged, or they are not of one state.
    OSError
        If one is missing, or cannot be read.
    """
    tensors, facts = read(folder / f"{name}{WEIGHTS}")
    for ending in (MOMENTS, BEST):
        path = folder / f"{name}{ending}"
        if ending == BEST and not path.exists():
            continue
        more, told = read(path)
        if told["step"] != facts["step"]:
            raise ValueError(f"{path.name} is of step {told['step']}, the weights are of step {facts['step']}; {MEND}")
        tensors |= more
    average, squares = under("average", tensors), under("exp_avg_sq", tensors)
    tensors |= {f"weight.{name}": value for name, value in average.items()}
    tensors |= {f"exp_avg.{name}": torch.zeros_like(value) for name, value in squares.items()}
    if facts.pop(SAME, False):
        tensors |= {f"best.{name}": value for name, value in average.items()}
    return tensors, facts


def names(folder: Path) -> list[str]:
    """What the names of compact states in a folder begin with."""
    return sorted(path.name.removesuffix(WEIGHTS) for path in folder.glob(f"*{WEIGHTS}"))


def _as(dtype: torch.dtype, part: str, tensors: Tensors) -> Tensors:
    return {f"{part}.{name}": value.to(dtype) for name, value in under(part, tensors).items()}
