"""The state of a training, kept so that it can go on: weights, their average, the optimiser's moments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..io import write_whole
from .model import Network

Tensors = dict[str, Tensor]
MOMENTS = ("exp_avg", "exp_avg_sq")  # of a parameter, once it has had a gradient
WEIGHTS = ("weight", "average", "best")
MEND = "give the file that a training keeps, or train anew without --resume"


@dataclass
class State:
    """What a training is, between two steps.

    Parameters
    ----------
    network : Network
        The weights that are trained.
    average : dict of Tensor
        Their running average, which is what is used.
    optimiser : torch.optim.Adam
        With its moments.
    step : int
        Steps done.
    facts : dict
        Settings, losses and scores, JSON-safe.
    best : dict of Tensor
        The average that had the best score; empty before the first examination.
    """

    network: Network
    average: Tensors
    optimiser: torch.optim.Adam
    step: int
    facts: dict[str, Any]
    best: Tensors = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write everything, in full precision; a file that is there stays until the new one is complete."""
        write(path, self.tensors(), {**self.facts, "step": self.step})

    def load(self, path: Path) -> None:
        """Go on where a file left off.

        Raises
        ------
        ValueError
            If it is damaged, foreign, or of a network of another size.
        OSError
            If it cannot be read.
        """
        tensors, facts = read(path)
        try:
            self.restore(tensors, facts)
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from None

    def tensors(self) -> Tensors:
        """All numbers: ``weight.…``, ``average.…``, ``best.…`` and, of the optimiser, ``exp_avg.…``, ``step.…``, …."""
        found = {f"weight.{name}": value for name, value in self.network.state_dict().items()}
        found |= {f"average.{name}": value for name, value in self.average.items()}
        found |= {f"best.{name}": value for name, value in self.best.items()}
        for name, parameter in self.network.named_parameters():
            if parameter in self.optimiser.state:
                found |= {f"{moment}.{name}": value for moment, value in self.optimiser.state[parameter].items()}
        return found

    def restore(self, tensors: Tensors, facts: dict[str, Any]) -> None:
        """Take over what `tensors` gave, with the number of steps among the facts; all or nothing.

        Raises
        ------
        ValueError
            If it is not of a network like this one.
        """
        found = {part: under(part, tensors) for part in (*WEIGHTS, *MOMENTS, "step")}
        wanted = {name: tuple(value.shape) for name, value in self.network.state_dict().items()}
        for complaint in _complaints(found, wanted):
            raise ValueError(f"{complaint}; {MEND}")
        self.network.load_state_dict(found["weight"])
        self.average, self.best = ({n: self._alike(n, v) for n, v in found[w].items()} for w in ("average", "best"))
        self.facts = {key: value for key, value in facts.items() if key != "step"}
        self.step = int(facts["step"])
        self.optimiser.state.clear()
        for name, parameter in self.network.named_parameters():
            if name in found["exp_avg_sq"]:
                own = found["step"].get(name, torch.tensor(float(self.step)))
                moments = {moment: self._alike(name, found[moment][name]) for moment in MOMENTS}
                self.optimiser.state[parameter] = {"step": own.clone(), **moments}

    def _alike(self, name: str, value: Tensor) -> Tensor:
        """A copy with type, place and order in memory of the weight of that name: then sums come out the same."""
        return torch.empty_like(self.network.state_dict()[name]).copy_(value)


def _complaints(found: dict[str, Tensors], wanted: dict[str, tuple[int, ...]]) -> Iterator[str]:
    """What is wrong with the parts of a state for weights of such shapes."""
    for part, tensors in found.items():
        needed = part in ("weight", "average") or (part == "best" and tensors)
        if needed and (missing := wanted.keys() - tensors.keys()):
            yield f"lacks {len(missing)} tensors that the network has, {part}.{min(missing)} among them"
        for name, value in tensors.items():
            shape = () if part == "step" else wanted.get(name)
            if shape is None:
                yield f"holds a tensor {part}.{name}, which the network has not; it is of another kind or size"
            elif tuple(value.shape) != shape:
                yield f"holds {part}.{name} with shape {tuple(value.shape)}, the network's is {shape}: another size"
            elif not value.isfinite().all():
                yield f"holds NaN or infinity in {part}.{name}; it was damaged"
    if found["exp_avg"].keys() != found["exp_avg_sq"].keys():
        yield f"holds {len(found['exp_avg'])} first and {len(found['exp_avg_sq'])} second moments; they come in pairs"


def write(path: Path, tensors: Tensors, facts: dict[str, Any]) -> None:
    """A safetensors file, whole or not at all, in place of an older one."""
    kept = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    with write_whole(path, overwrite=True) as file:
        file.write(save(kept, {"facts": json.dumps(facts)}))


def read(path: Path) -> tuple[Tensors, dict[str, Any]]:
    """Tensors and facts of a file that `write` wrote.

    Raises
    ------
    ValueError
        If it is damaged, or not the state of a training.
    OSError
        If it cannot be read.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {}).get("facts", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no dict
    except (SafetensorError, json.JSONDecodeError) as error:
        raise ValueError(f"{path.name} is damaged or no safetensors file ({error}); {MEND}") from error
    if not isinstance(facts, dict) or not isinstance(facts.get("step"), int):
        raise ValueError(f"{path.name} is a safetensors file, but tells of no training; {MEND}")
    return tensors, facts


def under(prefix: str, tensors: Tensors) -> Tensors:
    """Those whose names begin with a prefix, without it."""
    return {name.partition(".")[2]: value for name, value in tensors.items() if name.startswith(f"{prefix}.")}
