"""Our time beside scikit-image's and beside the Fourier transforms that cannot be done without; and our memory.

    python benchmarks/speed.py [--threads 1 2] [--rounds 7] [--quick] [--cpu]

float32, 64 x 256 x 256 with a PSF of 31 x 25 x 25 and 1024 x 1024 with one of 31 x 31; ours with extended edges, by
scipy.fft and, where it is installed, by ducc0. Every line is a ratio, ours over theirs:

``step``: milliseconds per iteration, the slope between a few and more iterations, so that set-up does not count.
Theirs: scikit-image as it comes (float32, pads with zeros, one thread), and four real FFTs of our padded size by the
same library with as many threads. ``end to end``: seconds until the fit is that of 100 plain iterations (I-divergence
of the re-blurred estimate; ours by the scaled heavy ball, its count found beforehand), set-up and result included,
beside 100 iterations of scikit-image; and the error (NRMSE in the view, truth known) over that of our 100 plain
iterations. ``wiener``: one call with a given balance, PSF included, margins filled, beside scikit-image's, which pads
nothing. ``memory``: peak resident memory above the inputs, in padded volumes.

Every number of threads has a child process that may use that many cores only (on Linux; elsewhere only the number of
workers is set). Inside a round the contenders take turns in random order; the medians over the rounds are printed. A
sample counts only if its threads waited less than 3 % of the time for a core; "used" says how many did for ours and
theirs, and where none did the median of all is printed with a question mark. ``--cpu`` counts processor time
instead, which a busy machine disturbs less; it says nothing about several threads. ``--quick``: smaller arrays, few
rounds, to see that the script works.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve

from gate import limited, median, race

Array = NDArray[Any]
FULL = {"3-D": ((64, 256, 256), (31, 25, 25)), "2-D": ((1024, 1024), (31, 31))}
QUICK = {"3-D": ((16, 64, 64), (7, 9, 9)), "2-D": ((256, 256), (15, 15))}
FEW, MANY = 2, 6
PLAIN = 100
CLOCK = time.process_time if "--cpu" in sys.argv else time.perf_counter
SOLVERS = ("richardson_lucy", "scaled_heavy_ball")


@dataclass(frozen=True)
class Case:
    """A picture, what it is a picture of, and the PSF; all float32."""

    name: str
    y: Array
    kernel: Array
    truth: Array


def case(name: str, quick: bool) -> Case:
    """Blobs and points in a field wider than the view, blurred with an asymmetric PSF and cropped; Poisson noise."""
    shape, size = (QUICK if quick else FULL)[name]
    rng = np.random.default_rng(0)
    grids = np.meshgrid(*((np.arange(n) - n // 2) / (n / 7) for n in size), indexing="ij")
    kernel = np.exp(-0.5 * sum(g**2 for g in grids)) * (1 + 0.3 * np.tanh(grids[-1]))
    wide = tuple(n + p - 1 for n, p in zip(shape, size, strict=True))
    blobs = gaussian_filter((rng.random(wide) > 0.999).astype(float), 1.5)
    truth = 20 + 3000 * blobs + 2000 * (rng.random(wide) > 0.9998)
    seen = fftconvolve(truth, kernel / kernel.sum(), "valid")
    inside = tuple(slice(p - 1 - p // 2, p - 1 - p // 2 + n) for n, p in zip(shape, size, strict=True))
    y = rng.poisson(np.maximum(seen, 0)).astype(np.float32)
    return Case(name, y, (kernel / kernel.sum()).astype(np.float32), truth[inside].astype(np.float32))


def blur(c: Case, library: str) -> Any:
    """The operator, whose engine transforms by that library."""
    from napari_deconv.engines.lines import VARIABLE
    from napari_deconv.operators import Blur

    os.environ[VARIABLE] = library
    return Blur(c.kernel, c.y.shape)


def solver(name: str, c: Case, H: Any) -> Any:
    from napari_deconv import solvers

    return getattr(solvers, name)(c.y, H)


def our_step(name: str, c: Case, library: str) -> Callable[[], float]:
    steps = solver(name, c, blur(c, library))
    next(steps)

    def slope() -> float:
        start = CLOCK()
        for _ in range(MANY - FEW):
            next(steps)
        return (CLOCK() - start) / (MANY - FEW)

    return slope


def their_step(c: Case) -> Callable[[], float]:
    return lambda: (theirs(c, MANY) - theirs(c, FEW)) / (MANY - FEW)


def theirs(c: Case, count: int) -> float:
    from skimage.restoration import richardson_lucy

    start = CLOCK()
    richardson_lucy(c.y, c.kernel, count, clip=False)
    return CLOCK() - start


def transforms(grid: tuple[int, ...], library: str, threads: int) -> Callable[[], float]:
    """Two real transforms and two back, the fastest way that the library offers."""
    x = np.random.default_rng(1).random(grid, dtype=np.float32)
    z, axes = scipy.fft.rfftn(x), tuple(range(x.ndim))

    def by_scipy() -> None:
        scipy.fft.irfftn(scipy.fft.rfftn(x, workers=threads), grid, workers=threads, overwrite_x=True)

    def by_ducc() -> None:
        from ducc0 import fft

        fft.r2c(x, axes, out=z, nthreads=threads)
        fft.c2r(z, axes, grid[-1], False, 2, out=x, nthreads=threads, allow_overwriting_input=True)

    def seconds() -> float:
        start = CLOCK()
        for _ in range(2):
            (by_scipy if library == "scipy" else by_ducc)()
        return CLOCK() - start

    return seconds


def error(x: Array, c: Case) -> float:
    return float(np.linalg.norm(x - c.truth) / np.linalg.norm(c.truth))


def fit(x: Array, c: Case, H: Any) -> float:
    """I-divergence of the picture from the re-blurred estimate."""
    seen = np.maximum(H.forward(x), 1e-3).astype(float)
    return float(np.sum(seen - c.y + c.y * np.log(np.where(c.y > 0, c.y, 1) / np.where(c.y > 0, seen, 1))))


def count_needed(c: Case, plain: int) -> tuple[int, float]:
    """Iterations of the scaled heavy ball that fit as well as `plain` plain ones, and the ratio of their errors."""
    H = blur(c, "auto")
    x = next(itertools.islice(solver(SOLVERS[0], c, H), plain - 1, None)).snapshot()
    target, right = fit(x, c, H), error(H.crop(x), c)
    for step in solver(SOLVERS[1], c, H):
        x = step.snapshot()
        if fit(x, c, H) <= target:
            return step.iteration, error(H.crop(x), c) / right
    raise AssertionError("the solver never ends")


def whole_run(c: Case, library: str, count: int) -> Callable[[], float]:
    def seconds() -> float:
        start = CLOCK()
        H = blur(c, library)
        H.crop(next(itertools.islice(solver(SOLVERS[1], c, H), count - 1, None)).snapshot())
        return CLOCK() - start

    return seconds


def our_wiener(c: Case, library: str) -> Callable[[], float]:
    from napari_deconv.solvers import wiener

    def seconds() -> float:
        start = CLOCK()
        wiener(c.y, blur(c, library), balance=0.01)
        return CLOCK() - start

    return seconds


def their_wiener(c: Case) -> Callable[[], float]:
    from skimage.restoration import wiener

    def seconds() -> float:
        start = CLOCK()
        wiener(c.y, c.kernel, 0.01, clip=False)
        return CLOCK() - start

    return seconds


def show(title: str, samples: Any, ours: str, other: str, unit: float = 1000) -> None:
    (a, used), (b, used_too) = median(samples[ours]), median(samples[other])
    doubt = "" if used and used_too else "?"
    figures = f"{unit * a:10.2f}{unit * b:10.2f}{a / b:9.3f}{doubt:1}"
    print(f"{title:31}{ours:28}{other:22}{figures} {used}/{used_too} of {len(samples[ours])}", flush=True)


def measure(threads: int, rounds: int, quick: bool) -> None:
    libraries = ["scipy", *(["ducc0"] if ducc0_here() else [])]
    for c in (case(name, quick) for name in FULL):
        steps = {f"{name}, {lib}": our_step(name, c, lib) for lib in libraries for name in SOLVERS}
        floors = {f"4 FFTs, {lib}": transforms(blur(c, lib).grid, lib, threads) for lib in libraries}
        samples = race(steps | floors | {"scikit-image": their_step(c)}, rounds)
        title = f"{c.name}, {threads} thread{'s' * (threads > 1)}"
        for lib in libraries:
            for name in SOLVERS:
                show(f"{title}: step, ms", samples, f"{name}, {lib}", "scikit-image")
            show(f"{title}: step, ms", samples, f"{SOLVERS[0]}, {lib}", f"4 FFTs, {lib}")
        calls = {f"wiener, {lib}": our_wiener(c, lib) for lib in libraries} | {"scikit-image": their_wiener(c)}
        samples = race(calls, rounds)
        for lib in libraries:
            show(f"{title}: wiener, ms", samples, f"wiener, {lib}", "scikit-image")
        plain = PLAIN // 5 if quick else PLAIN
        count, worse = count_needed(c, plain)
        runs = {f"{count} accelerated, {lib}": whole_run(c, lib, count) for lib in libraries}
        samples = race(runs | {f"{plain} of scikit-image": lambda c=c, n=plain: theirs(c, n)}, max(1, rounds // 3))
        for lib in libraries:
            show(f"{title}: end to end, s", samples, f"{count} accelerated, {lib}", f"{plain} of scikit-image", 1)
        print(f"{c.name}: error (NRMSE) of {count} accelerated over that of {plain} plain iterations: {worse:.3f}")


def ducc0_here() -> bool:
    from napari_deconv.engines.lines import ducc_lines

    return ducc_lines() is not None


def peak(name: str, quick: bool) -> float:
    """Of this process while a solver runs, in padded volumes above what there was before."""
    import resource

    import psutil

    shape, size = (QUICK if quick else FULL)["3-D"]
    c = Case("", np.full(shape, 100, np.float32), np.full(size, 1 / np.prod(size), np.float32), np.zeros(()))
    small = Case("", c.y[:8, :8, :8].copy(), c.kernel[:3, :3, :3].copy(), c.truth)
    next(solver(name, small, blur(small, "auto")))  # loads what is loaded on first use
    before = psutil.Process().memory_info().rss
    H = blur(c, "auto")
    next(itertools.islice(solver(name, c, H), 2, None))
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return (highest - before) / (4 * float(np.prod(H.grid)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child in SOLVERS:
        print(f"memory, {arguments.child}: {peak(arguments.child, arguments.quick):.2f} padded volumes")
    elif arguments.child:
        measure(int(arguments.child), 2 if arguments.quick else arguments.rounds, arguments.quick)
    else:
        print(f"{'':31}{'ours':28}{'theirs':22}{'ours':>10}{'theirs':>10}{'ratio':>9}  used", flush=True)
        for child, threads in [*((str(n), n) for n in arguments.threads), *((name, 1) for name in SOLVERS)]:
            command = [sys.executable, __file__, *sys.argv[1:], "--child", child]
            subprocess.run(command, check=True, env=limited(threads))


if __name__ == "__main__":
    main()
