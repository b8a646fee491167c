"""From samples to the figures of the tables."""

from __future__ import annotations

from statistics import median
from typing import Any

Sample = dict[str, Any]  # label, case, threads, task, seconds by iterations, memory, input, load


def slope(seconds: dict[str, float]) -> float:
    """Seconds per iteration between the smallest and the largest number of iterations."""
    few, many = sorted(seconds, key=int)[0], sorted(seconds, key=int)[-1]
    return (seconds[many] - seconds[few]) / (int(many) - int(few))


def clean(samples: list[Sample], allowed: float) -> list[Sample]:
    """The samples that count: those with little foreign load, or all if there is none."""
    return [sample for sample in samples if sample["load"] < allowed] or samples


def kept(samples: list[Sample], allowed: float) -> str:
    """How many count of how many; a question mark where none does."""
    good = sum(sample["load"] < allowed for sample in samples)
    return f"{good}/{len(samples)}{'' if good else ' ?'}"


def speed(samples: list[Sample], allowed: float) -> dict[str, Any]:
    """Medians of one contender's samples: seconds per iteration, seconds in all, bytes of memory, volumes."""
    used = clean(samples, allowed)
    totals = [sample["seconds"][max(sample["seconds"], key=int)] for sample in used]
    memory = [sample["memory"] for sample in used if sample["memory"] is not None]
    return {
        "iteration": median(slope(sample["seconds"]) for sample in used) if len(used[0]["seconds"]) > 1 else None,
        "total": median(totals),
        "memory": median(memory) if memory else None,
        "volumes": median(memory) / used[0]["input"] if memory else None,
        "kept": kept(samples, allowed),
    }


def chosen(samples: list[Sample], **wanted: Any) -> dict[str, list[Sample]]:
    """Samples of the wanted task, case, threads, by label, in the order of their first appearance."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        if all(sample[key] == value for key, value in wanted.items()):
            found.setdefault(sample["label"], []).append(sample)
    return found


def enough(curve: dict[str, dict[str, float]], target: float) -> int | None:
    """The fewest of the iterations tried whose divergence is at most the target."""
    reached = [int(count) for count, figures in curve.items() if figures["divergence"] <= target]
    return min(reached, default=None)
