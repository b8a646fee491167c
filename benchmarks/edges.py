"""The outermost 16 pixels after 30 iterations of Richardson-Lucy: ours, scikit-image's, and the picture as it was.

    python benchmarks/edges.py

Eight seeded pictures of 128 x 128 pixels, cut out of a larger scene after the blur: filaments and blobs (20 to 200
photons) on a background of 20, and bright disks (400 photons) whose centres lie at most 14 pixels on either side of
the border, so that they cross it or stand just outside. PSFs 17 to 25 pixels wide, two pictures each. Poisson noise.
Root mean square error against the scene, over the frame, in photons. The last lines repeat the means with more and
fewer photons: everything times the factor, errors divided by it.

Aims (mean over the eight, factor 1): ours / scikit-image <= 0.85, ours / blurred <= 0.90.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve
from skimage.restoration import richardson_lucy as skimage_rl

from napari_deconv import psf, richardson_lucy

Array = NDArray[Any]
VIEW, MARGIN, FRAME = 128, 24, 16
SIDE = VIEW + 2 * MARGIN
BLURS = {
    "Gaussian, sigma 2.5": psf.gaussian((2.5, 2.5)),
    "Gaussian, sigma 3": psf.gaussian((3.0, 3.0)),
    "defocus, radius 8": psf.defocus(8),
    "motion, 21 px": psf.motion(21, 35),
}
COLUMNS = ("blurred", "scikit-image", "ours", "reflect", "periodic")


def scene(rng: np.random.Generator) -> Array:
    """Photons per pixel of a scene wider than the view by MARGIN on every side."""
    rows, columns = np.indices((SIDE, SIDE))
    picture = np.full((SIDE, SIDE), 20.0)
    for _ in range(14):  # filaments
        angle, offset, width = rng.uniform(0, np.pi), rng.uniform(-70, 70), rng.uniform(0.7, 2.0)
        distance = (rows - SIDE / 2) * np.sin(angle) + (columns - SIDE / 2) * np.cos(angle) - offset
        picture += rng.uniform(20, 200) * np.exp(-((distance / width) ** 2))
    for _ in range(40):  # blobs
        picture += rng.uniform(20, 200) * disk(rng.uniform(0, SIDE, 2), rng.uniform(1.5, 6))
    for _ in range(10):  # bright, crossing the border or just outside
        along, across = rng.uniform(MARGIN, MARGIN + VIEW), rng.choice([MARGIN, MARGIN + VIEW]) + rng.uniform(-14, 14)
        centre = (along, across) if rng.random() < 0.5 else (across, along)
        picture += 400 * disk(np.array(centre), rng.uniform(2, 6))
    return picture


def disk(centre: Array, radius: float) -> Array:
    rows, columns = np.indices((SIDE, SIDE))
    inside = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < radius**2
    return gaussian_filter(inside.astype(float), 0.7)


def errors(seed: int, blur: Array, factor: float) -> dict[str, float]:
    """Error over the frame of every contender, in photons at factor 1."""
    rng = np.random.default_rng(seed)
    view = np.s_[MARGIN:-MARGIN, MARGIN:-MARGIN]
    truth = scene(rng) * factor
    seen = np.maximum(fftconvolve(truth, blur.astype(float), "same")[view], 0)
    y = rng.poisson(seen).astype(np.float32)
    frame = np.ones(y.shape, bool)
    frame[FRAME:-FRAME, FRAME:-FRAME] = False
    found = {"blurred": y, "scikit-image": skimage_rl(y.astype(float), blur.astype(float), 30, clip=False)}
    found |= {name: richardson_lucy(y, blur, 30, boundary=name) for name in ("extended", "reflect", "periodic")}
    return {name: float(np.sqrt(np.mean((x - truth[view])[frame] ** 2))) / factor for name, x in found.items()}


def table(factor: float) -> list[tuple[str, dict[str, float]]]:
    names = list(itertools.chain.from_iterable((name, name) for name in BLURS))
    return [(name, errors(seed, BLURS[name].data, factor)) for seed, name in enumerate(names)]


def line(name: str, found: dict[str, float]) -> str:
    ours = found["extended"]
    figures = "".join(f"{found[k]:13.2f}" for k in found)
    return f"{name:32}{figures}{ours / found['scikit-image']:14.2f}{ours / found['blurred']:9.2f}"


def mean(rows: list[tuple[str, dict[str, float]]]) -> dict[str, float]:
    return {key: float(np.mean([found[key] for _, found in rows])) for key in rows[0][1]}


def ratios(rows: list[tuple[str, dict[str, float]]]) -> str:
    """Means over the cases of the ratio itself."""
    to_skimage, to_blurred = (
        np.mean([found["extended"] / found[other] for _, found in rows]) for other in ("scikit-image", "blurred")
    )
    return f"{to_skimage:14.2f}{to_blurred:9.2f}"


def main() -> None:
    print(f"{'frame error, 30 iterations':32}{''.join(f'{c:>13}' for c in COLUMNS)}{'ours/skimage':>14}{'/blurred':>9}")
    rows = table(1.0)
    for seed, (name, found) in enumerate(rows):
        sides = "x".join(map(str, BLURS[name].shape))
        print(line(f"{seed} {name}, {sides}", found))
    print(line("mean error, ratio of the means", mean(rows)))
    print(f"{'mean of the ratios':32}{'':65}{ratios(rows)}")
    for factor in (0.1, 10.0):
        print(line(f"means, photons x {factor:g}", mean(table(factor))))


if __name__ == "__main__":
    main()
