"""The two pictures of the page; run in the environment that has matplotlib.

python plots.py results.json folder
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from contenders import CONTENDERS, OURS
from PIL import Image
from summary import chosen, speed

mpl.use("agg")
from matplotlib import pyplot as plt

Results = dict[str, Any]
KINDS = {contender.label: contender.kind for contender in CONTENDERS}
OWN, OTHER = "#0072b2", "#999999"


def main() -> None:
    results = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    folder = Path(sys.argv[2])
    plt.rcParams.update({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False})
    save(bars(results), folder / "performance-speed.png")
    save(curves(results), folder / "performance-quality.png")


def save(figure: Any, file: Path) -> None:
    """As a PNG of few colours, which is a third of the size."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=100)
    Image.open(drawn).convert("RGB").quantize(64).save(file, optimize=True)


def bars(results: Results) -> Any:
    """ms per iteration over napari-deconv's, a panel per case and number of threads."""
    cases, counts = list(results["cases"]), results["settings"]["threads"]
    figure, panels = plt.subplots(
        len(cases), len(counts), figsize=(9, 3.2 * len(cases)), squeeze=False, layout="constrained"
    )
    for row, case in zip(panels, cases, strict=True):
        for panel, threads in zip(row, counts, strict=True):
            found = chosen(results["samples"], task="speed", case=case, threads=threads)
            figures = {k: speed(v, results["settings"]["load"]) for k, v in found.items() if KINDS[k] != "wiener"}
            if OURS not in figures:
                continue
            ours = figures[OURS]["iteration"]
            ratios = sorted(((f["iteration"] / ours, label) for label, f in figures.items()), reverse=True)
            colours = [OWN if label.startswith(OURS) else OTHER for _, label in ratios]
            drawn = panel.barh([label for _, label in ratios], [ratio for ratio, _ in ratios], color=colours)
            panel.bar_label(drawn, fmt="%.2f", padding=2)
            panel.axvline(1, color="black", linewidth=0.6)
            shape = " x ".join(map(str, results["cases"][case][0]))
            title = f"{shape}, {threads} thread{'s' * (threads > 1)} (1 = {1000 * ours:.0f} ms)"
            panel.set_title(title, loc="right", fontsize=8)
            panel.set_xlim(0, 1.12 * max(ratio for ratio, _ in ratios))
    figure.supxlabel("time per iteration, napari-deconv = 1")
    return figure


def curves(results: Results) -> Any:
    """I-divergence and error against seconds: set-up and so many iterations at the measured slope."""
    threads, case = max(results["settings"]["threads"]), next(iter(results["cases"]))
    found = chosen(results["samples"], task="speed", case=case, threads=threads)
    figure, panels = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    colours = iter(plt.get_cmap("tab10").colors)
    for label, samples in sorted(found.items(), key=lambda item: list(KINDS).index(item[0])):
        curve = results["quality"][case].get(label, {})
        if KINDS[label] == "wiener" or not curve:
            continue
        figures = speed(samples, results["settings"]["load"])
        shown = sorted(map(int, curve))
        seconds = [figures["total"] + (count - 30) * figures["iteration"] for count in shown]
        style = {"color": next(colours, "black"), "linestyle": "--" if KINDS[label] == "accelerated" else "-"}
        for panel, name in zip(panels, ("divergence", "nrmse"), strict=True):
            heights = [curve[str(count)][name] for count in shown]
            panel.plot(seconds, heights, marker="o", markersize=3, linewidth=1, label=label, **style)
    for panel, name in zip(panels, ("I-divergence, inner region", "NRMSE, whole view"), strict=True):
        panel.set(xscale="log", xlabel=f"seconds, {threads} threads (set-up + iterations x slope)")
        panel.set_title(name, loc="left")
    if OURS in results["quality"][case]:  # a result that is displaced would hide the differences of the others
        for panel, name in zip(panels, ("divergence", "nrmse"), strict=True):
            first = next(iter(results["quality"][case][OURS].values()))[name]
            panel.set_ylim(top=min(panel.get_ylim()[1], 1.3 * first))
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", frameon=False, fontsize=7)
    shape = " x ".join(map(str, results["cases"][case][0]))
    figure.suptitle(
        f"{shape}; dots: 10, 30, 100 iterations, accelerated 10 to 40; the worst lie above the frame", x=0.01, ha="left"
    )
    return figure


if __name__ == "__main__":
    main()
