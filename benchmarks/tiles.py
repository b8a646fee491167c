"""Tiled against whole: how wide the halo has to be, and what it costs.

    python benchmarks/tiles.py
    python benchmarks/tiles.py --quick    without the 3-D rows
    python benchmarks/tiles.py --part errors --row 3-D

Simulated specimens (`objects.py`) are restored whole, and in two tiles along their last axis with halos of 0 to 1
times that of `tiles.halo` for the method and number of iterations (column "halo", pixels at factor 1). All else is the
same: the flat start is that of the whole. Errors are given in ranges of the whole result (its largest minus its
smallest value): the largest one, and in brackets the root of the mean square. Plain Richardson-Lucy with 10, 30 and
100 iterations, the scaled heavy ball with a quarter as many and with 30. "own start" is the largest error at factor 1
if each tile starts at the mean of its own pixels.

"time" is the processor time of five iterations on the tiles that `tiles.plan` makes when a quarter of the memory is
free (halo for 30 iterations) over that of the whole; the smallest of two runs each, interleaved.

Aim: at most 1e-3 at factor 1 after 30 iterations. The constants of `tiles.halo` were set on objects with seeds from 100
on; these have seeds from 0 on, and the last row, the hardest case once more, one that nothing was tried on before.
"""

from __future__ import annotations

import argparse
import itertools
import time
import warnings
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_deconv import PSF, psf
from napari_deconv.backend import resolve
from napari_deconv.operators import Blur, fft_grid
from napari_deconv.solvers import richardson_lucy, scaled_heavy_ball
from napari_deconv.tiles import Tile, cut, halo, plan, restore_tiles
from objects import scene

Pixels = NDArray[np.float32]
FACTORS = (0.0, 0.25, 0.5, 0.75, 1.0)
FRESH = {"widefield, 3-D, fresh": 1000}  # seeds that nothing has been looked at with; the others are numbered from 0 on
COUNTS = {"richardson_lucy": (10, 30, 100), "scaled_heavy_ball": (3, 8, 25, 30)}
SOLVERS = {"richardson_lucy": richardson_lucy, "scaled_heavy_ball": scaled_heavy_ball}


def widefield(**size: Any) -> PSF:
    return psf.widefield((0.5, 0.1, 0.1), na=0.8, ri=1.0, wavelength=0.52, **size)


# PSF, view, specimen, photons in the brightest pixel
FLAT: dict[str, tuple[PSF, tuple[int, ...], str, float]] = {
    "Gaussian, sigma 2": (psf.gaussian((2.0, 2.0)), (160, 640), "filaments", 200),
    "defocus, radius 6": (psf.defocus(6), (160, 800), "nuclei", 200),
    "motion, 21 px": (psf.motion(21, 35), (160, 1000), "filaments", 200),
    "motion, 21 px, bright points": (psf.motion(21, 35), (160, 1000), "points", 2000),
    "motion, 40 px": (psf.motion(40, 10), (128, 1600), "nuclei", 200),
    "widefield, in focus": (widefield().plane(), (160, 640), "points", 500),
}
DEEP: dict[str, tuple[PSF, tuple[int, ...], str, float]] = {
    "widefield, 3-D": (widefield(image_shape=(12, 96, 96)), (12, 48, 400), "nuclei", 200),
    "widefield, 3-D, filaments": (widefield(image_shape=(12, 96, 96)), (12, 48, 400), "filaments", 500),
    "widefield, 3-D, fresh": (widefield(image_shape=(12, 96, 96)), (12, 48, 400), "nuclei", 200),
}


def snapshots(y: Pixels, blur: PSF, method: str, start: float) -> dict[int, Pixels]:
    """The estimate after each of the numbers of iterations."""
    H, counts = Blur(blur, y.shape), COUNTS[method]
    steps = SOLVERS[method](y, H, x0=start)
    return {
        it.iteration: H.crop(it.snapshot()) for it in itertools.islice(steps, max(counts)) if it.iteration in counts
    }


def in_halves(y: Pixels, around: int, restore: Callable[[Pixels], Pixels]) -> tuple[Pixels, tuple[Tile, ...]]:
    """Restored in two tiles along the last axis."""
    halos = (*(0,) * (y.ndim - 1), around)
    tiles = cut(y.shape, (*y.shape[:-1], max(1, -(-(y.shape[-1] - 2 * around) // 2))), halos)
    out = np.zeros(y.shape, np.float32)
    for _ in restore_tiles(tiles, y, out, restore):
        pass
    return out, tiles


def difference(tiled: Pixels, whole: Pixels) -> tuple[float, float]:
    """Largest and root mean square error, in ranges of `whole`."""
    away, span = (tiled - whole).astype(np.float64), np.ptp(whole)
    return float(np.abs(away).max() / span), float(np.sqrt(np.mean(away**2)) / span)


def errors(y: Pixels, blur: PSF, method: str) -> None:
    """Prints a line per number of iterations."""
    start = float(y.mean())
    whole = snapshots(y, blur, method, start)
    for count in COUNTS[method]:
        full = halo(blur, method=method, num_iter=count)[-1]
        cells = []

        def restore(block: Pixels, first: float | None = start, count: int = count) -> Pixels:
            H = Blur(blur, block.shape)
            steps = SOLVERS[method](block, H, x0=first)
            return np.asarray(H.crop(next(itertools.islice(steps, count - 1, None)).snapshot()))

        for factor in FACTORS:
            around = round(factor * full)
            if 2 * around + 8 > y.shape[-1]:
                cells.append(f"{'-':>17}")
                continue
            worst, rms = difference(in_halves(y, around, restore)[0], whole[count])
            cells.append(f"{worst:8.1e} ({rms:.0e})")
        own = difference(in_halves(y, full, lambda block: restore(block, None))[0], whole[count])[0]
        print(f"  {method:18}{count:5}{full:6} {' '.join(cells)}{own:10.1e}", flush=True)


def cost(y: Pixels, blur: PSF, num_iter: int = 5) -> str:
    """Processor time of tiles that fit into a quarter of the memory over that of the whole."""
    backend, start = resolve("numpy"), float(y.mean())

    def grid(shape: tuple[int, ...]) -> tuple[int, ...]:
        return fft_grid(shape, blur.shape, "extended", backend)

    tiles = plan(
        y.shape, halo(blur), available=prod(grid(y.shape)) // 4, predict=lambda shape: prod(grid(shape)), grid=grid
    )

    def seconds(pieces: tuple[Tile, ...]) -> float:
        began, H = time.process_time(), Blur(blur, pieces[0].shape)

        def restore(block: Pixels) -> Pixels:
            return np.asarray(
                H.crop(next(itertools.islice(richardson_lucy(block, H, x0=start), num_iter - 1, None)).snapshot())
            )

        for _ in restore_tiles(pieces, y, np.zeros_like(y), restore):
            pass
        return time.process_time() - began

    one = cut(y.shape, y.shape, halo(blur))
    pairs = [(seconds(tiles), seconds(one)) for _ in range(2)]
    ratio = min(p[0] for p in pairs) / min(p[1] for p in pairs)
    return f"{len(tiles)} tiles of {'x'.join(map(str, tiles[0].shape))}, halo {halo(blur)}: {ratio:.2f}"


# a quarter of the memory: large views, few iterations
COSTS: dict[str, tuple[PSF, tuple[int, ...]]] = {
    "Gaussian, sigma 2": (psf.gaussian((2.0, 2.0)), (2048, 2048)),
    "motion, 21 px": (psf.motion(21, 35), (2048, 2048)),
    "Gaussian, 31 x 25 x 25": (psf.gaussian((4.0, 3.0, 3.0), shape=(31, 25, 25)), (64, 512, 512)),
    "widefield, 3-D": (widefield(image_shape=(8, 96, 96)), (8, 1400, 1400)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2-D only")
    parser.add_argument("--part", choices=("errors", "time"), help="one table only")
    parser.add_argument("--row", default="", help="only rows of the first table with this in their names")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.part != "time":
        print(
            f"  {'largest error (rms)':18}{'iter':>4}{'halo':>6}", *(f"{f:>16}" for f in FACTORS), f"{'own start':>9}"
        )
        for number, (name, (blur, view, kind, peak)) in enumerate((FLAT if arguments.quick else FLAT | DEEP).items()):
            if arguments.row not in name:
                continue
            sizes = ["x".join(map(str, numbers)) for numbers in (blur.shape, view)]
            print(f"{name}, PSF {sizes[0]}, view {sizes[1]}, {kind}, {peak:g} photons")
            y = scene(kind, view, blur, peak, FRESH.get(name, number)).photons.astype(np.float32)
            for method in SOLVERS:
                errors(y, blur, method)
    if arguments.part != "errors":
        rng = np.random.default_rng(0)
        print("processor time, tiles over whole, a quarter of the memory")
        for name, (blur, view) in COSTS.items():
            print(
                f"{name:26}{'x'.join(map(str, view)):16}{cost(rng.poisson(50, view).astype(np.float32), blur)}",
                flush=True,
            )


if __name__ == "__main__":
    main()
