"""The page docs/performance.md, from the results."""

from __future__ import annotations

from typing import Any

from contenders import BASELINE, CONTENDERS, OURS
from summary import chosen, speed

Results = dict[str, Any]
Rows = list[list[str]]
EDGES = {contender.label: contender.edges for contender in CONTENDERS}
KINDS = {contender.label: contender.kind for contender in CONTENDERS}
ORDER = {contender.label: number for number, contender in enumerate(CONTENDERS)}
WORDS = ("", "edges", "contender", "reason", "packages")
PLAIN = "30"  # iterations that the quality tables show


def table(head: list[str], rows: Rows) -> str:
    """A Markdown table; words to the left, figures to the right."""
    lines = [head, ["---" if name in WORDS else "---:" for name in head], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def write(results: Results) -> str:
    """The whole page."""
    parts = ["# Performance", intro(results), "## Richardson-Lucy: speed and memory", SPEED]
    for case in results["cases"]:
        for threads in results["settings"]["threads"]:
            title = f"### {sized(results, case)}, {threads} thread{'s' * (threads > 1)}"
            parts += [title, speed_table(results, case, threads)]
    parts += ["![ms per iteration beside napari-deconv](performance-speed.png)", "## Richardson-Lucy: quality", QUALITY]
    for case in results["cases"]:
        parts += [f"### {sized(results, case)}", quality_table(results, case)]
    parts += ["![error against time](performance-quality.png)", "## To the same fit", FIT, fit_table(results)]
    parts += ["## Displacement", PLACE, place_table(results), "## Wiener", WIENER]
    for case in results["cases"]:
        parts += [f"### {sized(results, case)}", wiener_table(results, case)]
    parts += [
        "## Who did not run",
        table(["", "reason"], failures(results)),
        "## Versions",
        VERSIONS,
        versions(results),
    ]
    return "\n\n".join(parts) + "\n"


def intro(results: Results) -> str:
    machine, settings = results["machine"], results["settings"]
    quick = "**Small arrays, to see that the benchmark works: no figures to quote.** " if settings["quick"] else ""
    facts = "{cpu}, {cores} cores, {memory} GiB of memory, {system}, Python {python}".format(**machine)
    return (
        f"{quick}Written by `python benchmarks/peers {results['command']}` on {results['date']} "
        f"({results['minutes']:.0f} minutes): {facts}.\n\n"
        f"Every contender ran in an environment and a process of its own, in random order, {settings['rounds']} times. "
        f"A run counts if other processes kept fewer than {settings['load']} cores busy meanwhile, else it was repeated"
        f', {settings["tries"]} runs at most; "kept" says how many of the runs count, and a question mark that none '
        "does and the median of all is given. All got the same float32 files: spheres, filaments and points in a field "
        "wider than the view, blurred with a lopsided PSF, with Poisson noise."
    )


SPEED = """\
ms per iteration is the slope between 10 and 30 iterations; the ratio is to the plain napari-deconv (larger is slower);
seconds are those of a call with 30 iterations, set-up included, imports not. Memory is the most that the process took
above the loaded inputs, also in volumes of the image. Edges: what is assumed outside the image; "extended" estimates it
on a wider domain, which costs time and memory that the others save."""
QUALITY = """\
After 30 iterations. I-div: mean I-divergence of the re-blurred estimate, where that needs nothing from outside the view
("inner"); NRMSE: RMS error over the RMS of the truth, whole view and inner; flux: light in the view over that of the
truth. At 30 iterations an accelerated method is further on than a plain one: compare it at equal I-div."""
FIT = f"""\
Seconds of a whole call, set-up included, to the inner I-divergence that {BASELINE} has after 100 iterations; the number
of iterations is the smallest tried that reaches it. Measured, not computed from the slope."""
PLACE = """\
Where a spot at `n // 2`, blurred with a PSF whose centre is at `n // 2`, is found after 20 iterations: the largest
shift along any axis, in voxels, over views of 40 and 41 samples; odd and even PSFs."""
VERSIONS = """\
ci-deconvolve asks for Python 3.12; where that has no CPU build of torch, it runs on this Python all the same.
torchvision is left out where a peer asks for it: its builds go with one build of torch, and nothing here needs it."""
WIENER = "One call, PSF transform included. Regularisers differ, so the errors are no race."


def sized(results: Results, case: str) -> str:
    shape, psf = (" x ".join(map(str, n)) for n in results["cases"][case])
    return f"{shape}, PSF {psf}"


def speed_table(results: Results, case: str, threads: int) -> str:
    allowed = results["settings"]["load"]
    found = chosen(results["samples"], task="speed", case=case, threads=threads)
    figures = {label: speed(samples, allowed) for label, samples in found.items() if KINDS[label] != "wiener"}
    ours = figures.get(OURS, {}).get("iteration")
    rows = [
        [
            label,
            EDGES[label],
            number(1000 * f["iteration"], 1),
            number(f["iteration"] / ours if ours else None),
            number(f["total"]),
            number(None if f["memory"] is None else f["memory"] / 2**20, 0),
            number(f["volumes"], 1),
            f["kept"],
        ]
        for label, f in sorted(figures.items(), key=lambda item: item[1]["iteration"])
    ]
    return table(["", "edges", "ms/iteration", "ratio", "s for 30", "MiB", "volumes", "kept"], rows)


def quality_row(figures: dict[str, float]) -> list[str]:
    names = (("divergence", 4), ("nrmse", 4), ("nrmse_inner", 4), ("psnr", 2), ("flux", 4))
    return [number(figures[name], digits) for name, digits in names]


def quality_table(results: Results, case: str) -> str:
    found = {label: curve[PLAIN] for label, curve in results["quality"][case].items() if PLAIN in curve}
    rows = [[label, EDGES[label], *quality_row(found[label])] for label in sorted(found, key=ORDER.__getitem__)]
    return table(["", "edges", "I-div", "NRMSE", "inner", "PSNR, dB", "flux"], rows)


def fit_table(results: Results) -> str:
    rows: Rows = []
    allowed = results["settings"]["load"]
    for case in results["cases"]:
        for threads in results["settings"]["threads"]:
            found = chosen(results["samples"], task="fit", case=case, threads=threads)
            figures = {label: speed(samples, allowed) for label, samples in found.items()}
            slowest = figures.get(BASELINE, {}).get("total")
            for label, f in sorted(figures.items(), key=lambda item: item[1]["total"]):
                count = max(found[label][0]["seconds"], key=int)
                quality = results["quality"][case][label][count]
                ratio = number(slowest / f["total"] if slowest else None, 1)
                errors = [number(quality[name], 4) for name in ("divergence", "nrmse", "nrmse_inner")]
                rows.append([case, str(threads), label, count, number(f["total"]), ratio, *errors, f["kept"]])
    head = ["", "threads", "contender", "iterations", "s", "times faster", "I-div", "NRMSE", "inner", "kept"]
    return table(head, rows)


def place_table(results: Results) -> str:
    rows = []
    for label in sorted(results["places"], key=ORDER.__getitem__):
        shifts = results["places"][label]
        rows.append([label, *(number(shifts.get(key), 3) for key in ("2-odd", "2-even", "3-odd", "3-even"))])
    return table(["", "2-D, odd", "2-D, even", "3-D, odd", "3-D, even"], rows)


def wiener_table(results: Results, case: str) -> str:
    rows = []
    for label, curve in results["quality"][case].items():
        if KINDS[label] != "wiener":
            continue
        cells = []
        for threads in results["settings"]["threads"]:
            samples = chosen(results["samples"], task="speed", case=case, threads=threads).get(label)
            f = speed(samples, results["settings"]["load"]) if samples else None
            cells += [number(f["total"], 3), f["kept"]] if f else ["–", "–"]
        rows.append([label, EDGES[label], *cells, *quality_row(curve["1"])])
    heads = [word for threads in results["settings"]["threads"] for word in (f"s, {threads} thr.", "kept")]
    return table(["", "edges", *heads, "I-div", "NRMSE", "inner", "PSNR, dB", "flux"], rows)


def failures(results: Results) -> Rows:
    """Who failed and why; one line where the reason is the same in every case."""
    return [[name, why.replace("|", "/")] for name, why in results["failures"].items()] or [["nobody", ""]]


def versions(results: Results) -> str:
    rows = [[name, ", ".join(f"{k} {v}" for k, v in found.items())] for name, found in results["versions"].items()]
    return table(["environment", "packages"], rows)
