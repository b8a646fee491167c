"""The four things that are measured: quality, displacement, speed, and the race to an equal fit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import data
import numpy as np
import race
from contenders import BASELINE, Contender
from figures import displacement, judge
from summary import enough

Field = dict[Contender, str]
Results = dict[str, Any]
COUNTS = {"plain": [10, 30, 100], "accelerated": [10, 20, 25, 30, 40], "wiener": [1]}
TIMED = {"plain": [10, 30], "accelerated": [10, 30], "wiener": [1]}
PLACED = 20


def problem(folder: Path, counts: list[int], out: str | None = None) -> dict[str, Any]:
    """What the harness is asked: the picture in `folder`, after these iterations."""
    files = {"image": str(folder / "image.npy"), "psf": str(folder / "psf.npy")}
    return files | {"counts": counts} | ({} if out is None else {"out": out})


def quality(field: Field, folder: Path, results: Results) -> None:
    """Figures of every contender after several numbers of iterations; timing does not matter here."""
    for case, (view, _) in results["cases"].items():
        image, psf, truth = (np.load(folder / case / f"{name}.npy") for name in ("image", "psf", "truth"))
        for contender in [c for c in field if len(view) in c.axes and not c.twin]:
            with tempfile.TemporaryDirectory() as out:
                counts = COUNTS[contender.kind]
                report = asked(field, contender, [problem(folder / case, counts, out)], results, case)
                if report is None:
                    continue
                estimates = {str(count): np.load(Path(out) / f"{count}.npy") for count in counts}
            curve = {count: judge(estimate, image, psf, truth) for count, estimate in estimates.items()}
            results["quality"][case][contender.label] = curve
            tell(case, contender.label, **next(reversed(curve.values())))


def places(field: Field, folder: Path, results: Results) -> None:
    """The largest displacement of a spot, by dimension and by even and odd PSFs."""
    for contender in [c for c in field if c.kind != "wiener" and not c.twin]:
        shifts: dict[str, float] = {}
        for axes in [n for n in contender.axes if ran(contender, results, n)]:
            pictures = [(size[0], data.placement(view, size)) for view, size in data.placements() if len(view) == axes]
            with tempfile.TemporaryDirectory() as out:
                outs = [Path(out) / name for _, name in pictures]
                problems = [problem(folder / where.name, [PLACED], str(where)) for where in outs]
                if asked(field, contender, problems, results, f"{axes}-D, displacement") is None:
                    continue
                for (side, _), where in zip(pictures, outs, strict=True):
                    key = f"{axes}-{'odd' if side % 2 else 'even'}"
                    shift = displacement(np.load(where / f"{PLACED}.npy"))
                    shifts[key] = max(shifts.get(key, 0.0), shift, key=abs)
        if shifts:
            results["places"][contender.label] = shifts
            tell("displacement", contender.label, **shifts)


def speeds(field: Field, folder: Path, results: Results) -> None:
    """Rounds of all contenders, on every case and number of threads."""
    for number in range(results["settings"]["rounds"]):
        for case, (view, _) in results["cases"].items():
            able = [c for c in field if len(view) in c.axes and ran(c, results, len(view))]
            runners = [c for c in able if number == 0 or not c.slow]
            for threads in results["settings"]["threads"]:
                racing = [c for c in runners if threads > 1 or not c.twin]
                entries = [race.Entry(c, field[c], [problem(folder / case, TIMED[c.kind])]) for c in racing]
                run_round(entries, results, number, "speed", case, threads)


def fit(field: Field, folder: Path, results: Results) -> None:
    """Rounds of the contenders that reach the divergence of the baseline's 100 iterations, to that point."""
    for number in range(results["settings"]["rounds"]):
        for case in results["cases"]:
            curves = results["quality"][case]
            if BASELINE not in curves:
                continue
            target = curves[BASELINE]["100"]["divergence"]
            entries = []
            for contender in [c for c in field if c.kind == "accelerated" or c.label == BASELINE]:
                count = enough(curves.get(contender.label, {}), target)
                if count is not None:
                    entries.append(race.Entry(contender, field[contender], [problem(folder / case, [count])]))
            for threads in results["settings"]["threads"]:
                run_round(entries, results, number, "fit", case, threads)


def run_round(entries: list[race.Entry], results: Results, number: int, task: str, case: str, threads: int) -> None:
    """One round, its samples noted."""
    settings = results["settings"]
    for entry, report, load in race.rounds(entries, threads, number, settings["load"], settings["tries"]):
        label = entry.contender.label
        if "error" in report:
            results["failures"][f"{label}, {case}, {threads} threads"] = report["error"]
            continue
        sample = report["problems"][0] | {"label": label, "case": case, "threads": threads, "task": task, "load": load}
        results["samples"].append(sample)
        seconds = {f"s@{count}": seconds for count, seconds in sample["seconds"].items()}
        tell(f"{task} {case}, {threads} threads", label, load=load, **seconds)


def asked(
    field: Field, contender: Contender, problems: list[dict[str, Any]], results: Results, case: str
) -> dict[str, Any] | None:
    """A run whose time does not matter, on all cores; None where it failed, which is noted."""
    entry = race.Entry(contender, field[contender], problems)
    report, _ = race.run(entry, race.CORES, warm=False)
    if "error" in report:
        results["failures"][f"{contender.label}, {case}"] = report["error"]
        print(f"{case:28}{contender.label:36}{report['error']}", flush=True)
        return None
    results["versions"][contender.environment] = {"Python": report["python"]} | report["versions"]
    return report


def ran(contender: Contender, results: Results, axes: int) -> bool:
    """Whether the contender gave a result for the case with so many axes."""
    return (contender.twin or contender.label) in results["quality"][f"{axes}-D"]


def tell(what: str, label: str, **figures: float) -> None:
    words = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
    print(f"{what:28}{label:36}{words}", flush=True)
