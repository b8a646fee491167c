"""Time per iteration of Richardson-Lucy beside scikit-image's and beside the Fourier transforms it cannot do without.

    python benchmarks/speed.py [--rounds 7] [--threads 1 2] [--small]

Contenders, float32, same data: ours with extended edges; scikit-image as it comes; scikit-image inside
``scipy.fft.set_workers`` (as many as we use); and the floor, two rfftn and two irfftn of our padded size by scipy.fft
with as many workers. Sizes 64 x 256 x 256 with a PSF of 31 x 25 x 25 and 1024 x 1024 with one of 31 x 31.

Every number of threads runs in a child process that may use that many cores only (on Linux; elsewhere only the
number of workers is set). Inside a round the contenders take turns in random order; each gives the slope between a
few and more iterations, so that set-up does not count; the medians over the rounds are printed. A sample counts only if
its threads waited less than 3 % of the time for a core (/proc/self/task/*/schedstat); the column "used" says how many
did, and where none did the median of all is printed with a question mark (where the system does not count waiting,
all of them are used). "load" is that of the machine at the end.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Array = NDArray[Any]
Contender = Callable[[], float]  # seconds per iteration
CASES = {"3-D": ((64, 256, 256), (31, 25, 25)), "2-D": ((1024, 1024), (31, 31))}
SMALL = {"3-D": ((16, 64, 64), (7, 9, 9)), "2-D": ((256, 256), (15, 15))}
FEW, MANY = 2, 6
PATIENCE = 0.03  # share of the time that threads may have waited for a core


def waited() -> float:
    """Seconds the threads of this process have waited for a core since they began; NaN where nobody counts."""
    files = Path("/proc/self/task").glob("*/schedstat")
    nanoseconds = [int(file.read_text().split()[1]) for file in files]
    return sum(nanoseconds) / 1e9 if nanoseconds else float("nan")


def problem(shape: tuple[int, ...], size: tuple[int, ...]) -> tuple[Array, Array]:
    """A noisy picture of blobs and a Gaussian PSF, float32."""
    rng = np.random.default_rng(0)
    grids = np.meshgrid(*((np.arange(n) - n // 2) / (n / 7) for n in size), indexing="ij")
    kernel = np.exp(-0.5 * sum(g**2 for g in grids))
    seen = 20 + 4000 * gaussian_filter((rng.random(shape) > 0.998).astype(np.float32), 2.0)
    return rng.poisson(seen).astype(np.float32), (kernel / kernel.sum()).astype(np.float32)


def ours(y: Array, kernel: Array) -> Contender:
    from napari_deconv.operators import Blur
    from napari_deconv.solvers import richardson_lucy

    H = Blur(kernel, y.shape)

    def slope() -> float:
        for iterate in richardson_lucy(y, H):
            if iterate.iteration == FEW:
                start = time.perf_counter()
            if iterate.iteration == MANY:
                return (time.perf_counter() - start) / (MANY - FEW)
        raise AssertionError("the solver never ends")

    return slope


def skimage(y: Array, kernel: Array, workers: int) -> Contender:
    from skimage.restoration import richardson_lucy

    def seconds(count: int) -> float:
        start = time.perf_counter()
        with scipy.fft.set_workers(workers):
            richardson_lucy(y, kernel, count, clip=False)
        return time.perf_counter() - start

    return lambda: (seconds(MANY) - seconds(FEW)) / (MANY - FEW)


def floor(y: Array, kernel: Array, workers: int) -> Contender:
    from napari_deconv.backend import resolve
    from napari_deconv.operators import fft_grid

    grid = fft_grid(y.shape, kernel.shape, "extended", resolve("numpy"))
    x = np.random.default_rng(1).random(grid, dtype=np.float32)

    def slope() -> float:
        start = time.perf_counter()
        for _ in range(2 * (MANY - FEW)):
            z = scipy.fft.rfftn(x, workers=workers)
            scipy.fft.irfftn(z, s=grid, workers=workers, overwrite_x=True)
        return (time.perf_counter() - start) / (MANY - FEW)

    return slope


def race(contenders: dict[str, Contender], rounds: int) -> dict[str, list[tuple[float, bool]]]:
    """Seconds per iteration and whether the machine was free, for every contender and round."""
    for contender in contenders.values():
        contender()  # caches warm, threads started
    samples: dict[str, list[tuple[float, bool]]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name in random.Random(number).sample(list(contenders), len(contenders)):
            before, start = waited(), time.perf_counter()
            slope = contenders[name]()
            share = (waited() - before) / (time.perf_counter() - start)
            samples[name].append((slope, not share > PATIENCE))
    return samples


def measure(threads: int, rounds: int, small: bool) -> None:
    for case, (shape, size) in (SMALL if small else CASES).items():
        y, kernel = problem(shape, size)
        contenders = {
            "ours": ours(y, kernel),
            "scikit-image": skimage(y, kernel, 1),
            f"scikit-image, {threads} workers": skimage(y, kernel, threads),
            "4 FFTs": floor(y, kernel, threads),
        }
        if threads == 1:
            del contenders["scikit-image, 1 workers"]
        samples = race(contenders, rounds)
        found = {name: median(taken) for name, taken in samples.items()}
        title = "{}, {} thread{}".format("x".join(map(str, shape)), threads, "s" * (threads > 1))
        for name, (seconds, used) in found.items():
            print(
                f"{case}  {title:26}{name:26}{1000 * seconds:9.1f}{'?' if not used else ' '}"
                f"{found['ours'][0] / seconds:12.2f}{f'{used}/{rounds}':>9}{os.getloadavg()[0]:7.1f}",
                flush=True,
            )


def median(samples: list[tuple[float, bool]]) -> tuple[float, int]:
    """Of the samples that count, or of all if none does; and how many counted."""
    clean = [seconds for seconds, free in samples if free]
    return float(np.median(clean or [seconds for seconds, _ in samples])), len(clean)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--small", action="store_true", help="small arrays, to see that the script works")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        measure(arguments.child, arguments.rounds, arguments.small)
        return
    header = f"{'case':31}{'contender':26}{'ms/iter':>9}{'ours/this':>13}{'used':>9}{'load':>7}"
    print(header, flush=True)
    for threads in arguments.threads:
        options = ["--rounds", str(arguments.rounds), *(["--small"] if arguments.small else [])]
        subprocess.run([sys.executable, __file__, "--child", str(threads), *options], check=True, env=limited(threads))


def limited(threads: int) -> dict[str, str]:
    """The environment of a child that uses `threads` cores; sets this process's own affinity, which it inherits."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(ALLOWED)[-threads:])
    return os.environ | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}


ALLOWED = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


if __name__ == "__main__":
    main()
