"""Does the number of iterations that a rule chooses suit the object?

    python benchmarks/stopping.py [--data DATA] [--only table gain camera compressed big] [--plot docs/stopping.png]

Filaments, nuclei and points (`objects.py`) in 2-D (128 x 128) and 3-D (24 x 64 x 64) under computed widefield PSFs, a
field larger than the view, a haze of 5 % of the peak that stays in the object, Poisson noise with 20, 200 or 2000
photons at the peak. Every solver is run to the end (300 plain, 100 accelerated iterations) on all photons, with the
RMSE against the object after each iteration; the figure is the RMSE at the number a rule chose over the smallest. "30"
is the same solver stopped blindly after 30.

`table`: every rule, the gain known. `gain`: known 10 % wrong, in 2-D. `camera`: with offset and read noise, in 2-D.
`compressed`: JPEG and 8 bits. `big`: decided on crops. `--data` adds a photograph (``photos/permissive``) to
`compressed`; `--plot` needs matplotlib.

Development used seeds 1 to 4, 11 and 12; the figures reported are of 21 and 22.
"""

from __future__ import annotations

import argparse
import functools
import io
import itertools
import multiprocessing
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from napari_deconv import PSF, psf
from napari_deconv.camera import Camera, estimate
from napari_deconv.operators import Blur
from napari_deconv.solvers import Iterate, richardson_lucy, scaled_heavy_ball
from napari_deconv.stopping import Decision, Problem, Rule, crops, decide
from objects import KINDS, Scene, scene

Pixels = NDArray[np.floating[Any]]
OPTICS: dict[str, Any] = {"na": 1.2, "wavelength": 0.52, "ri": 1.33}
SOLVERS = {"plain": (richardson_lucy, 300, 1), "accelerated": (scaled_heavy_ball, 100, 2)}  # and their pace
RULES: tuple[Rule, ...] = ("held_out", "plateau", "discrepancy")
PEAKS = (20, 200, 2000)
EXACT = Camera(gain=1.0, offset=0.0, read_noise=0.0)


def optics(ndim: int) -> tuple[PSF, tuple[int, ...]]:
    """The PSF and the view of two and three dimensions."""
    if ndim == 2:
        return psf.widefield((0.2, 0.08, 0.08), shape=(1, 25, 25), **OPTICS).plane(), (128, 128)
    return psf.widefield((0.25, 0.1, 0.1), shape=(15, 17, 17), **OPTICS), (24, 64, 64)


@dataclass(frozen=True)
class Run:
    """A solver on all photons to its end, and what it told on the way."""

    rmse: Pixels  # after each iteration
    seconds: float  # of processor time for one iteration
    divergences: list[float]
    predictions: list[Pixels]

    def ratio(self, num_iter: int) -> float:
        """RMSE there over the best."""
        return float(self.rmse[min(num_iter, len(self.rmse)) - 1] / self.rmse.min())

    def again(
        self, y: Pixels, H: Blur, *, x0: Any = None, background: Any = 0.0, watch: Any = None
    ) -> Iterator[Iterate]:
        """The same run once more without its work, for rules that look at all photons."""
        for k, (divergence, prediction) in enumerate(zip(self.divergences, self.predictions, strict=True), 1):
            if watch is not None:
                watch(prediction, slice(0, len(prediction)))
            yield Iterate(k, [divergence], None)


def whole_run(name: str, y: Pixels, H: Blur, truth: Pixels, background: float = 0.0) -> Run:
    solve, last, _ = SOLVERS[name]
    run = Run(np.empty(last), 0.0, [], [])
    now, spent = np.empty_like(y), 0.0

    def watch(prediction: Pixels, part: slice) -> None:
        now[part] = prediction

    steps = solve(y, H, background=background, watch=watch)
    for k in range(last + 1):  # the prediction of the last estimate is told by one step more
        began = time.process_time()
        iterate = next(steps)
        spent += time.process_time() - began
        run.divergences.append(iterate.divergence)
        run.predictions.append(now.copy())
        if k < last:
            run.rmse[k] = np.sqrt(np.mean((H.crop(iterate.snapshot()) - truth) ** 2))
    return replace(run, seconds=spent / (last + 1))


def decided(
    rule: Rule, name: str, problems: Sequence[Problem], camera: Camera, run: Run | None = None, **more: Any
) -> tuple[Decision, float]:
    """What a rule says, and its processor time; from a `run` if its photons are all the rule needs."""
    solve, last, pace = SOLVERS[name]
    if run is not None and rule != "held_out":
        solve = run.again
    began = time.process_time()
    rounds = decide(rule, solve, problems, camera=camera, max_iter=last, pace=pace, **more)
    while True:
        try:
            next(rounds)
        except StopIteration as end:
            return end.value, time.process_time() - began


@dataclass(frozen=True)
class Case:
    ndim: int
    kind: str
    peak: int
    name: str
    seed: int


def cases(seeds: Sequence[int], ndims: Sequence[int] = (2, 3)) -> Iterator[Case]:
    for ndim, kind, peak, name, seed in itertools.product(ndims, KINDS, PEAKS, SOLVERS, seeds):
        yield Case(ndim, kind, peak, name, seed)


@functools.cache
def blur(ndim: int) -> tuple[PSF, Blur]:
    kernel, shape = optics(ndim)
    return kernel, Blur(kernel, shape)


@dataclass(frozen=True)
class Row:
    """One case: numbers chosen, RMSE there over the best, and what it took to decide by held-out photons."""

    case: Case
    best: int
    chosen: dict[str, int]
    ratios: dict[str, float]
    steps: float = 0.0  # iterations looked at, over iterations chosen
    clock: float = 0.0  # processor time, over that of the iterations chosen


def judged(case: Case, cameras: dict[str, Camera], *, noise: Camera | None = None) -> Row:
    """Each rule with each camera; the image through a camera `noise` if there is one."""
    kernel, H = blur(case.ndim)
    s = scene(case.kind, H.out_shape, kernel, case.peak, case.seed)
    y, gain, offset = s.photons, 1.0, 0.0
    if noise is not None:
        gain, offset = noise.gain or 1.0, noise.offset or 0.0
        y = y + np.random.default_rng(case.seed).normal(0, noise.read_noise, y.shape)
        y = np.maximum(np.rint(y / gain + offset), 0)
    y = y.astype(np.float32)
    run = whole_run(case.name, y, H, s.truth / gain, offset)
    chosen, ratios, effort = {}, {}, (0.0, 0.0)
    for rule, (label, camera) in itertools.product(RULES, cameras.items()):
        d, spent = decided(rule, case.name, [Problem(y, H, offset)], camera, run, seed=case.seed)
        chosen[rule + label], ratios[rule + label] = d.num_iter, run.ratio(d.num_iter)
        if rule == "held_out":
            effort = (len(d.curve) / d.num_iter, spent / run.seconds / d.num_iter)
    return Row(case, int(run.rmse.argmin()) + 1, chosen, ratios | {"30": run.ratio(30)}, *effort)


def summary(title: str, rows: Sequence[Row]) -> None:
    print(f"\n{title}: RMSE over the best, median / worst")
    for key in rows[0].ratios:
        cells = []
        for kinds, name in itertools.product((("filaments", "nuclei"), ("points",)), SOLVERS):
            v = [row.ratios[key] for row in rows if row.case.kind in kinds and row.case.name == name]
            cells.append(f"{', '.join(kinds)} {name} {np.median(v):.2f} / {max(v):.2f}")
        print(f"  {key:16s}", "   ".join(cells))


def table(seeds: Sequence[int], jobs: int) -> list[Row]:
    """Every rule on every case, the exact gain known."""
    print("number chosen, and RMSE there over the best")
    print("dim  object     peak  solver       seed  best   held-out     plateau      discrepancy  30")
    rows = []
    for row in over(cases(seeds), jobs, {"": EXACT}):
        case = row.case
        cells = "  ".join(f"{row.chosen[rule]:4d} ({row.ratios[rule]:.2f})" for rule in RULES)
        print(
            f"{case.ndim}-D  {case.kind:9s} {case.peak:5d}  {case.name:11s} {case.seed:5d}  {row.best:4d}   {cells}"
            f"  ({row.ratios['30']:.2f})",
            flush=True,
        )
        rows.append(row)
    summary("gain known", rows)
    worst = max(rows, key=lambda row: row.ratios["held_out"] / row.ratios["30"])
    print(f"  held-out over 30: at worst {worst.ratios['held_out'] / worst.ratios['30']:.2f} ({worst.case})")
    for what, v in (("iterations", [row.steps for row in rows]), ("processor time", [row.clock for row in rows])):
        print(f"  {what} of deciding by held-out photons / final run's: {np.median(v):.2f}, at most {max(v):.2f}")
    return rows


def over(which: Iterable[Case], jobs: int, cameras: dict[str, Camera], **more: Any) -> Iterator[Row]:
    """Cases, some at a time."""
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(functools.partial(judged, cameras=cameras, **more), which)


def gain(seeds: Sequence[int], jobs: int) -> None:
    """The gain known 10 % wrong."""
    cameras = {f" {share:+.0%}": Camera(gain=1 + share) for share in (-0.1, 0, 0.1)}
    summary("gain wrong", list(over(cases(seeds, (2,)), jobs, cameras)))


def camera(seeds: Sequence[int], jobs: int) -> None:
    """A camera with offset 100, 0.46 electrons per count and 1.5 electrons of read noise, known."""
    sensor = Camera(0.46, 100.0, 1.5)
    summary("offset and read noise", list(over(cases(seeds, (2,)), jobs, {"": sensor}, noise=sensor)))


def compressed(data: Path | None) -> None:
    """8 bits, JPEG 90 and 75: what the camera's estimate says, what the rules then choose."""
    print("\n8 bits and JPEG: chosen (RMSE over the best)")
    print("picture     saved as  solver        best   rule, gain known  what stands in  30      the estimate says")
    kernel, shape = psf.gaussian(2.0, shape=(15, 15)), (256, 256)
    for name in ("nuclei", "filaments", *(["photograph"] if data else [])):
        H = Blur(kernel, shape)
        s = _photographed(data, kernel) if name == "photograph" and data else scene(name, shape, kernel, 500, 25)
        for quality, solver in itertools.product((None, 90, 75), SOLVERS):
            y, gain_known = _saved(s.photons, quality, gamma=2.2 if name == "photograph" else 1.0)
            run = whole_run(solver, y, H, s.truth / gain_known)
            found = estimate(y, offset=0.0)
            known, _ = decided("held_out", solver, [Problem(y, H)], Camera(gain=gain_known, offset=0.0))
            taken, _ = decided("held_out", solver, [Problem(y, H)], found.camera, trouble=found.failure)
            cells = "   ".join(f"{d.num_iter:4d} ({run.ratio(d.num_iter):.2f})" for d in (known, taken))
            print(
                f"{name:11s} {f'JPEG {quality}' if quality else '8 bits':8s}  {solver:12s} {run.rmse.argmin() + 1:5d}"
                f"   {cells} {taken.rule:9s} ({run.ratio(30):.2f})  {found.failure or f'gain {found.camera.gain:.2f}'}"
            )


def _saved(photons: Pixels, quality: int | None, gamma: float) -> tuple[NDArray[np.float32], float]:
    """What is left of a picture of eight bits, in linear units; photons per unit."""
    top = 1.1 * photons.max()
    grey = np.rint(255 * np.clip(photons / top, 0, 1) ** (1 / gamma)).astype(np.uint8)
    if quality is not None:
        file = io.BytesIO()
        Picture.fromarray(grey).save(file, "JPEG", quality=quality)
        grey = np.asarray(Picture.open(file))
    return (255 * (grey / 255.0) ** gamma).astype(np.float32), top / 255


def _photographed(data: Path, kernel: PSF) -> Scene:
    """A sharp photograph, blurred, with 500 photons in its brightest pixel."""
    path = sorted((data / "photos/permissive").glob("*.jpg"))[0]
    sharp = np.asarray(Picture.open(path).convert("L"), np.float64)
    middle = tuple(slice(n // 2 - 142, n // 2 + 142) for n in sharp.shape)
    light = (sharp[middle] / 255) ** 2.2 + 0.01
    blurred = Blur(kernel, light.shape, boundary="reflect", dtype="float64").forward(light)[14:-14, 14:-14]
    scale = 500 / blurred.max()
    photons = np.random.default_rng(25).poisson(scale * blurred).astype(np.float64)
    return Scene(scale * light[14:-14, 14:-14], scale * blurred, photons)


def big(seed: int) -> None:
    """Pictures that are decided on crops, beside the decision on the whole."""
    print("\npictures decided on crops: chosen (RMSE over the best); time of deciding over that of the final run")
    for ndim, kind in itertools.product((2, 3), KINDS):
        kernel, _ = optics(2) if ndim == 2 else (psf.gaussian(1.5, shape=(9, 11, 11)), None)
        shape = (640, 640) if ndim == 2 else (32, 160, 160)
        s = scene(kind, shape, kernel, 200, seed)
        H, y, name = Blur(kernel, shape), s.photons.astype(np.float32), "accelerated"
        run = whole_run(name, y, H, s.truth)
        where = crops(y, kernel.shape, seed=0)
        pieces = [Problem(np.ascontiguousarray(y[c]), Blur(kernel, y[c].shape), x0=float(y.mean())) for c in where]
        cells = []
        for problems in (pieces, [Problem(y, H)]):
            d, seconds = decided("held_out", name, problems, EXACT)
            share = seconds / run.seconds / d.num_iter
            cells.append(f"{d.num_iter:3d} ({run.ratio(d.num_iter):.2f}), time {share:.2f}")
        print(
            f"{ndim}-D {kind:9s} best {run.rmse.argmin() + 1:3d}   {len(where)} crops of {y[where[0]].shape}: "
            f"{cells[0]}   whole: {cells[1]}   30: ({run.ratio(30):.2f})",
            flush=True,
        )


def plot(path: Path, rows: Sequence[Row], seed: int) -> None:
    """Three curves with the number chosen beside the error they cannot see; all ratios of the table."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    kernel, shape = optics(2)
    H = Blur(kernel, shape)
    figure, axes = pyplot.subplots(1, 4, figsize=(13, 3.2), gridspec_kw={"width_ratios": [1, 1, 1, 1.3]})
    for ax, kind in zip(axes, KINDS, strict=False):
        s = scene(kind, shape, kernel, 200, seed)
        y = s.photons.astype(np.float32)
        run = whole_run("accelerated", y, H, s.truth)
        d, _ = decided("held_out", "accelerated", [Problem(y, H)], EXACT, seed=seed)
        k = np.arange(1, len(d.curve) + 1)
        ax.plot(k, d.curve, color="C0", label="held-out photons")
        ax.axvline(d.num_iter, color="k", lw=0.8, ls="--")
        ax.set(title=f"{kind}: {d.num_iter} iterations", xlabel="iteration", xlim=(0, 60))
        ax.set_ylim(min(d.curve) - 2e-3, min(d.curve) + 0.06)
        error = ax.twinx()
        error.plot(np.arange(1, 101), run.rmse / run.rmse.min(), color="C3", label="error, unknown in practice")
        error.set_ylim(0.9, 2.5)
        ax.tick_params(axis="y", colors="C0")
        error.tick_params(axis="y", colors="C3")
    handles = [*axes[0].get_lines()[:1], *figure.axes[4].get_lines()]
    axes[0].legend(handles, [h.get_label() for h in handles], fontsize=7, loc="upper right")
    keys = [*RULES, "30"]
    rng = np.random.default_rng(0)
    for i, key in enumerate(keys):
        for kinds, colour in ((("filaments", "nuclei"), "C2"), (("points",), "C1")):
            values = [row.ratios[key] for row in rows if row.case.kind in kinds]
            axes[3].plot(i + rng.uniform(-0.2, 0.2, len(values)), values, ".", ms=4, color=colour, label=kinds[0])
    axes[3].set_xticks(range(len(keys)), ["held-out", "plateau", "discrepancy", "always 30"], fontsize=8)
    axes[3].set(yscale="log", ylabel="RMSE over the best", title=f"{len(rows)} cases", ylim=(0.95, None))
    axes[3].set_yticks([1, 1.2, 1.5, 2, 3, 4], ["1", "1.2", "1.5", "2", "3", "4"])
    axes[3].minorticks_off()
    axes[3].legend(*(h[:2] for h in axes[3].get_legend_handles_labels()), fontsize=7)
    axes[3].get_legend().get_texts()[0].set_text("filaments, nuclei")
    figure.tight_layout()
    figure.savefig(path, dpi=75)


def main() -> None:
    parts = ("table", "gain", "camera", "compressed", "big")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with photos/")
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22])
    parser.add_argument("--only", choices=parts, nargs="+", default=parts)
    parser.add_argument("--jobs", type=int, default=2, help="cases at a time")
    parser.add_argument("--plot", type=Path, help="write the plot of the table here")
    given = parser.parse_args()
    rows = table(given.seeds, given.jobs) if "table" in given.only else []
    if given.plot and rows:
        plot(given.plot, rows, given.seeds[0])
    if "gain" in given.only:
        gain(given.seeds, given.jobs)
    if "camera" in given.only:
        camera(given.seeds, given.jobs)
    if "big" in given.only:
        big(given.seeds[0])
    if "compressed" in given.only:
        compressed(given.data)


if __name__ == "__main__":
    main()
