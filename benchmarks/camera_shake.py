"""Camera shake estimated from 16 photographs blurred with known kernels, and one that was shaken for real: look at it.

    python benchmarks/camera_shake.py --data PATH_TO_DATA [--out FOLDER]

Protocol (after Levin et al., CVPR 2009), fixed before the first run: the photographs of ``photos/free`` (without the
clock) and ``photos/permissive``, each sorted by name, 16 evenly spaced ones of the 38; luminance in linear light; of
the 5 x 5 windows of a regular grid the one with the largest mean slope; blurred with kernel i of
``kernels/dev_motion16.npz``, valid pixels only (480 x 480 where the photograph is large enough); white noise of 1 % of
full scale, seed i. `camera_shake` is called without a size.

The error ratio is the squared error of the picture restored with the estimate over that with the true kernel, both by
the same filter and shifted by the fraction of a pixel that fits best (a kernel is known up to a shift), without a
border of 24 pixels. Two filters: our Wiener filter told the noise, and total variation, which is stricter because with
the true kernel it restores more. "blurred" is the ratio of the picture that nobody restored.

Writes ``camera_shake.png`` (blurred, restored with the estimate, true kernel, estimated kernel) and ``clock.png`` into
FOLDER (default: demo).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage, optimize, signal

from napari_deconv import read
from napari_deconv.backend import numpy_backend
from napari_deconv.operators import Blur
from napari_deconv.psf.estimate.picture import grey
from napari_deconv.psf.estimate.shake import camera_shake
from napari_deconv.psf.estimate.shake.borders import continued
from napari_deconv.psf.estimate.shake.latent import differences
from napari_deconv.solvers import wiener

Array = NDArray[Any]
FFT = numpy_backend().fft
SIDE, NOISE, BORDER = 480, 0.01, 24
TILE, GAP, CAPTION = 240, 4, 14  # screen pixels


def photographs(data: Path) -> list[Path]:
    free = [p for p in sorted((data / "photos/free").iterdir()) if "clock" not in p.name]
    found = free + sorted((data / "photos/permissive").iterdir())
    return [found[i] for i in np.rint(np.linspace(0, len(found) - 1, 16)).astype(int)]


def window(light: Array, side: int) -> Array:
    """Of a regular grid of 5 x 5 windows the one with the largest mean slope."""
    shape = [min(side, n) for n in light.shape]
    starts = [np.linspace(0, n - m, 5).astype(int) for n, m in zip(light.shape, shape, strict=True)]
    parts = [light[r : r + shape[0], c : c + shape[1]] for r in starts[0] for c in starts[1]]
    return max(parts, key=lambda part: float(np.hypot(*np.gradient(part)).mean()))


def total_variation(y: Array, kernel: Array, weight: float = 1e-3, steps: int = 30) -> Array:
    """min |k * x - y|^2 / 2 + weight |grad x| by the alternating direction method of multipliers (Boyd et al. 2011)."""
    whole = continued(y.astype(np.float32), 2 * len(kernel), FFT)
    point = np.zeros(whole.shape, np.float32)
    point[0, 0] = 1
    grid = np.zeros(whole.shape, np.float32)
    grid[: kernel.shape[0], : kernel.shape[1]] = kernel
    K = FFT.rfftn(np.roll(grid, [-(n // 2) for n in kernel.shape], (0, 1)))
    D = [FFT.rfftn(d) for d in differences(point)]
    coupling = 20 * weight
    bottom = np.abs(K) ** 2 + coupling * sum(np.abs(d) ** 2 for d in D)
    top = np.conj(K) * FFT.rfftn(whole)
    x, left = whole, [np.zeros_like(whole)] * 2
    for _ in range(steps):
        slope = [d + u for d, u in zip(differences(x), left, strict=True)]
        shrink = np.maximum(1 - weight / coupling / np.maximum(np.hypot(*slope), 1e-12), 0)
        left = [s - shrink * s for s in slope]
        wanted = [FFT.rfftn(shrink * s - u) for s, u in zip(slope, left, strict=True)]
        x = FFT.irfftn((top + coupling * sum(np.conj(d) * w for d, w in zip(D, wanted, strict=True))) / bottom, x.shape)
    return x[: y.shape[0], : y.shape[1]]


def filtered(y: Array, kernel: Array) -> Array:
    return wiener(y.astype(np.float32), Blur(kernel.astype(np.float32), y.shape), noise=NOISE)[0]


def error(truth: Array, restored: Array, kernel: Array, other: Array) -> float:
    """Squared error inside the border at the best shift; `other` is the true kernel, which tells where to begin."""
    spline = ndimage.spline_filter(restored.astype(float))
    inner = (slice(BORDER, -BORDER),) * 2

    def at(shift: Array) -> float:
        moved = ndimage.shift(spline, shift, prefilter=False, mode="nearest")
        return float(((moved - truth)[inner] ** 2).sum())

    first = displacement(kernel, other)
    simplex = first + np.array([[0, 0], [0.5, 0], [0, 0.5]])
    options = {"initial_simplex": simplex, "xatol": 0.02, "fatol": 1e-3, "maxfev": 40}
    return float(optimize.minimize(at, first, method="Nelder-Mead", options=options).fun)


def matched(a: Array, b: Array) -> tuple[Array, float]:
    """All correlations of two kernels, and the norm that makes them 0 to 1."""
    return signal.correlate(a, b, mode="full"), float(np.sqrt((a**2).sum() * (b**2).sum()))


def displacement(kernel: Array, other: Array) -> Array:
    """Whole pixels by which `kernel` lies beside `other`: its picture must be shifted by as much."""
    product, _ = matched(kernel, other)
    peak = np.unravel_index(int(np.argmax(product)), product.shape)
    ends = zip(peak, kernel.shape, other.shape, strict=True)
    return np.array([p - (m - 1) - (n // 2 - m // 2) for p, n, m in ends], float)


def tile(values: Array, low: float, high: float, size: int = TILE) -> Image.Image:
    shown = (255 * np.clip((values - low) / (high - low), 0, 1) ** (1 / 2.2)).astype(np.uint8)
    picture = Image.fromarray(shown)
    picture.thumbnail((size, size)) if max(shown.shape) > size else None
    whole = Image.new("L", (size, size), 40)
    whole.paste(picture, (0, 0))
    return whole


def framed(kernel: Array, width: int) -> Image.Image:
    """A kernel in a frame of width x width samples, enlarged."""
    rows, columns = (max(width - n, 0) // 2 for n in kernel.shape)
    padded = np.pad(kernel, ((rows, rows), (columns, columns)))
    shown = Image.fromarray((255 * padded / padded.max()).astype(np.uint8))
    return shown.resize((TILE, TILE), Image.Resampling.NEAREST)


def row(caption: str, tiles: list[Image.Image]) -> Image.Image:
    whole = Image.new("L", (len(tiles) * (TILE + GAP), TILE + GAP + CAPTION), 0)
    ImageDraw.Draw(whole).text((2, 1), caption, fill=255)
    for number, part in enumerate(tiles):
        whole.paste(part, (number * (TILE + GAP), CAPTION))
    return whole


def case(number: int, path: Path, kernel: Array) -> tuple[float, float, bool, Image.Image]:
    """Both error ratios, whether failure was declared, and the pictures."""
    light = window(grey(read(path)), SIDE + len(kernel) - 1)
    half = len(kernel) // 2
    truth = light[half : light.shape[0] - half, half : light.shape[1] - half]
    y = signal.fftconvolve(light, kernel, "valid")
    y = y + np.random.default_rng(number).normal(0, NOISE, y.shape)
    start = time.perf_counter()
    found = camera_shake(y)
    seconds = time.perf_counter() - start
    ours = found.psf.data.astype(np.float64)
    ratios, blurred = [], []
    for restore in (filtered, total_variation):
        least = error(truth, restore(y, kernel), kernel, kernel)
        ratios.append(error(truth, restore(y, ours), ours, kernel) / least)
        blurred.append(float(((y - truth)[BORDER:-BORDER, BORDER:-BORDER] ** 2).sum()) / least)
    product, norm = matched(ours, kernel)
    print(
        f"{number:2} {path.stem[:22]:22} {len(kernel):3} {ratios[0]:8.2f} ({blurred[0]:5.1f}) "
        f"{ratios[1]:8.2f} ({blurred[1]:5.1f}) {product.max() / norm:9.2f} {found.confidence:6.2f} {seconds:6.1f}  "
        f"{found.failure[:60] or 'ok'}",
        flush=True,
    )
    low, high = (float(v) for v in np.percentile(truth, (0.5, 99.5)))
    pictures = [tile(v, low, high) for v in (y, total_variation(y, ours))]
    width = max(kernel.shape + ours.shape)
    caption = f"{number} {path.stem[:24]}: {ratios[0]:.2f}, {ratios[1]:.2f} {'' if found.ok else 'FAILURE DECLARED'}"
    return ratios[0], ratios[1], not found.ok, row(caption, [*pictures, framed(kernel, width), framed(ours, width)])


def clock(path: Path, folder: Path) -> None:
    """The clock photograph: blurred, restored, kernel."""
    light = grey(read(path))
    found = camera_shake(light)
    kernel = found.psf.data
    restored = total_variation(light, kernel)
    said = found.failure or "ok"
    print(f"clock: kernel {kernel.shape}, {dict(found.values)}, confidence {found.confidence:.2f}, {said}")
    low, high = (float(v) for v in np.percentile(light, (0.5, 99.8)))
    sizes = [tile(v, low, high, max(light.shape)) for v in (light, restored)]
    whole = Image.new("L", (2 * sizes[0].width + TILE + 2 * GAP, sizes[0].height), 40)
    for number, part in enumerate([*sizes, framed(kernel, max(kernel.shape))]):
        whole.paste(part, (number * (sizes[0].width + GAP), 0))
    whole.save(folder / "clock.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("demo"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    kernels = np.load(arguments.data / "kernels/dev_motion16.npz", allow_pickle=False)
    print(f"{'case':29}{'':3} {'Wiener (blurred)':>16} {'TV (blurred)':>16} {'kernel r':>9} {'conf.':>6} {'s':>6}")
    pairs = zip(photographs(arguments.data), kernels, strict=True)
    results = [case(number, path, kernels[name]) for number, (path, name) in enumerate(pairs)]
    for column, name in enumerate(("Wiener", "total variation")):
        ratios = np.array([r[column] for r in results])
        declared = sum(r[2] for r in results if r[column] > 3)
        print(f"{name}: {(ratios <= 3).sum()} of 16 at most 3, median {np.median(ratios):.2f}; ", end="")
        print(f"failure declared in {declared} of {(ratios > 3).sum()} others, in ", end="")
        print(f"{sum(r[2] for r in results if r[column] <= 3)} of the good ones")
    rows = [r[3] for r in results]
    whole = Image.new("L", (2 * rows[0].width + GAP, 8 * rows[0].height))
    for number, part in enumerate(rows):
        whole.paste(part, ((number // 8) * (part.width + GAP), (number % 8) * part.height))
    whole.save(arguments.out / "camera_shake.png")
    clock(arguments.data / "photos/free/clock_motion.png", arguments.out)
    print(f"wrote {arguments.out / 'camera_shake.png'} and {arguments.out / 'clock.png'}")


if __name__ == "__main__":
    main()
