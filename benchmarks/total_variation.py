"""Total variation with its automatic weight beside the best weight, and the noise left where nothing is.

    python benchmarks/total_variation.py [--seeds 0 1] [--small]

Filaments, nuclei and points of `objects.py` with 20, 200 and 2000 photons at the peak, 2-D (128 x 128, Gaussian of
sigma 2.5) and 3-D (16 x 64 x 64, sigma 2, voxels 2.5 times as deep as wide). After 100 iterations: the root mean square
error over the view in percent of the peak, blurred, plain Richardson-Lucy, with the weight that the image chose, and
with the best of the weights 0 and 0.0003 to 0.1 in half decades, found with the truth; the ratio of the last two; and
the standard deviation in empty places, with total variation over plain (empty: the true object within a radius of three
pixels is nothing but haze).

The rule was made on seeds 100 to 102; those seeds are not to be used here.
"""

from __future__ import annotations

import argparse
import itertools
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_deconv import psf
from napari_deconv.operators import Blur
from napari_deconv.solvers import automatic_regularization, richardson_lucy_tv
from objects import KINDS, Scene, scene

Array = NDArray[Any]
COUNT = 100
WEIGHTS = (0.0, *(10.0 ** (k / 2) for k in range(-7, -1)))
CASES = {
    "2-D": ((128, 128), psf.gaussian((2.5, 2.5)), (1.0, 1.0)),
    "3-D": ((16, 64, 64), psf.gaussian((2.0, 2.0, 2.0)), (2.5, 1.0, 1.0)),
}


def restored(y: Array, H: Blur, weight: float, spacing: tuple[float, ...]) -> Array:
    steps = richardson_lucy_tv(y, H, regularization=weight, spacing=spacing)
    return np.asarray(H.crop(next(itertools.islice(steps, COUNT - 1, None)).snapshot()))


def error(x: Array, seen: Scene) -> float:
    return float(np.sqrt(np.mean((x - seen.truth) ** 2)))


def empty(seen: Scene, peak: float) -> Array:
    """Where there is haze only, three pixels around as well."""
    something = seen.truth > 0.05 * peak * 1.1
    return np.asarray(~ndimage.binary_dilation(something, iterations=3))


def row(kind: str, dimensions: str, peak: float, seed: int) -> tuple[str, float, float]:
    """A line of the table; error auto / best, deviation total variation / plain."""
    shape, blur, spacing = CASES[dimensions]
    seen = scene(kind, shape, blur, peak, seed)
    y = seen.photons.astype(np.float32)
    H = Blur(blur, shape)
    begin = time.process_time()
    weight = automatic_regularization(y, H, spacing=spacing)
    seconds = time.process_time() - begin
    tried = {w: restored(y, H, w, spacing) for w in {*WEIGHTS, weight}}
    errors = {w: error(x, seen) for w, x in tried.items()}
    best = min(errors, key=lambda w: errors[w])
    where = empty(seen, peak)
    quiet = float(tried[weight][where].std() / tried[0.0][where].std()) if where.sum() > 50 else float("nan")
    figures = [100 * e / peak for e in (error(y, seen), errors[0.0], errors[weight], errors[best])]
    line = f"{dimensions}  {kind:10}{peak:6.0f}{seed:4}" + "".join(f"{v:9.2f}" for v in figures)
    ratio = errors[weight] / errors[best]
    return f"{line}{weight:9.4f}{best:9.4f}{ratio:8.3f}{quiet:8.2f}{seconds:8.2f}", ratio, quiet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--small", action="store_true", help="one case, to see that the script works")
    arguments = parser.parse_args()
    names = ("blurred", "plain", "auto", "best", "weight", "best at", "ratio", "empty", "CPU s")
    print(
        f"{'':15}{'peak':>6}{'seed':>4}" + "".join(f"{n:>{8 if i > 5 else 9}}" for i, n in enumerate(names)), flush=True
    )
    ratios, quiets = [], []
    for dimensions, kind, peak, seed in itertools.product(CASES, KINDS, (20, 200, 2000), arguments.seeds):
        line, ratio, quiet = row(kind, dimensions, peak, seed)
        print(line, flush=True)
        ratios.append(ratio)
        quiets.append(quiet)
        if arguments.small:
            break
    print(f"ratio: median {np.median(ratios):.3f}, worst {max(ratios):.3f}; empty: median {np.nanmedian(quiets):.2f}")


if __name__ == "__main__":
    main()
