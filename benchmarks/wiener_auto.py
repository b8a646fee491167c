"""Wiener with automatic balance: gain in PSNR over the blurred image, by kind of noise, with real (not periodic) edges.

    python benchmarks/wiener_auto.py --data PATH_TO_DATA

PATH_TO_DATA holds ``photos/dev`` (JPEG photographs) and ``kernels/dev_*.npz``. Each of the 22 kernels blurs
one photograph; the blurred picture is cropped to what the camera would see, so that structure lies outside
the view. Grey values 0..1.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve

from napari_deconv.operators import Blur
from napari_deconv.solvers import wiener

Array = NDArray[np.float64]


def kernels(folder: Path) -> Iterator[tuple[str, Array]]:
    for file in sorted(folder.glob("dev_*.npz")):
        with np.load(file) as stored:
            yield from ((name, stored[name].astype(float)) for name in stored.files)


def white(picture: Array, rng: np.random.Generator) -> Array:
    return picture + rng.normal(0, 0.01, picture.shape)


def white_strong(picture: Array, rng: np.random.Generator) -> Array:
    return picture + rng.normal(0, 0.03, picture.shape)


def correlated(picture: Array, rng: np.random.Generator) -> Array:
    noise = gaussian_filter(rng.normal(0, 1, picture.shape), 0.7)
    return picture + 0.01 * noise / noise.std()


def jpeg90(picture: Array, rng: np.random.Generator) -> Array:
    codes = np.clip((picture + rng.normal(0, 0.004, picture.shape)) * 255 + 0.5, 0, 255).astype(np.uint8)
    packed = io.BytesIO()
    Image.fromarray(codes).save(packed, "JPEG", quality=90)
    return np.asarray(Image.open(packed), dtype=float) / 255


def psnr(a: Array, b: Array) -> float:
    return float(-10 * np.log10(np.mean((np.clip(a, 0, 1) - b) ** 2)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    photographs = sorted((data / "photos/dev").glob("*.jpg"))
    print(f"{'noise':14}{'blurred':>9}{'restored':>9}{'gain':>7}{'worst':>7}{'at oracle':>10}   worst case")
    for noise in (white, white_strong, correlated, jpeg90):
        rows = []
        for number, (name, kernel) in enumerate(kernels(data / "kernels")):
            truth = np.asarray(Image.open(photographs[number % len(photographs)]).convert("L"), float) / 255
            margin = [n // 2 for n in kernel.shape]
            blurred = fftconvolve(truth, kernel / kernel.sum(), "same")
            inside = tuple(slice(m, n - m) for m, n in zip(margin, truth.shape, strict=True))
            seen = noise(blurred[inside], np.random.default_rng(number)).astype(np.float32)
            H = Blur(kernel / kernel.sum(), seen.shape)
            restored, balance = wiener(seen, H)
            best = max(psnr(wiener(seen, H, balance=balance * f)[0], truth[inside]) for f in (0.1, 0.3, 1, 3, 10))
            rows.append((psnr(seen, truth[inside]), psnr(restored, truth[inside]), best, name))
        before, after, best = (np.mean([row[i] for row in rows]) for i in range(3))
        worst = min(rows, key=lambda row: row[1] - row[0])
        gain = worst[1] - worst[0]
        print(f"{noise.__name__:14}{before:9.2f}{after:9.2f}{after - before:7.2f}{gain:7.2f}{best:10.2f}   {worst[3]}")


if __name__ == "__main__":
    main()
