"""What an error in the parameters of a computed PSF costs: RMSE of the restored stack against the truth.

A scene of blobs, shells and filaments is blurred with the vectorial widefield PSF of NA 1.3 in oil (520 nm, index
1.515; the sample has 1.40, 3 um deep), with Poisson noise, 2000 photons in the brightest voxel and an offset of 10;
then restored by Richardson-Lucy with PSFs of which one parameter is wrong by some percent. Mean of three scenes, as
a multiple of the RMSE with the true PSF. ``--out`` writes the plot (needs matplotlib).

    python benchmarks/mismatch.py --out docs/mismatch.png
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve

from napari_deconv import psf, richardson_lucy

SHAPE, SPACING = (24, 64, 64), (0.2, 0.065, 0.065)
TRUE = {"na": 1.3, "wavelength": 0.52, "ri": 1.515, "ri_sample": 1.40, "depth": 3.0}
ERRORS = (-20, -10, -5, 0, 5, 10, 20)  # percent
STEPS, OFFSET, PHOTONS, SEEDS = 50, 10.0, 2000.0, (1, 2, 3)
LIMITS = {"na": (0.3, 1.5149)}  # the NA stays below the index of the immersion


def scene(rng: np.random.Generator) -> NDArray[np.float64]:
    """Blobs, shells and filaments as fine as the microscope resolves, 0 to 1."""
    z, y, x = np.indices(SHAPE)
    picture = np.zeros(SHAPE)
    for _ in range(6):
        centre = [rng.uniform(0.25 * n, 0.75 * n) for n in SHAPE]
        distance = np.hypot(np.hypot((z - centre[0]) * 3, y - centre[1]), x - centre[2])
        radius = rng.uniform(5, 14)
        picture += rng.uniform(0.3, 1) * (distance < radius) * (distance > radius * rng.choice((0, 0.7)))
    for _ in range(6):
        start, way = np.array([rng.uniform(0, n) for n in SHAPE]), rng.normal(size=3) * (0.3, 1, 1)
        at = np.rint(start + np.linspace(-60, 60, 500)[:, None] * way / np.linalg.norm(way)).astype(int)
        picture[tuple(at[((at >= 0) & (at < SHAPE)).all(1)].T)] += 3
    picture = gaussian_filter(picture, (0.7, 1.0, 1.0))
    return picture / picture.max()


def kernel(z_step: float = 1.0, **parameters: float) -> Any:
    """The PSF for (perhaps wrong) parameters, on the grid of the picture."""
    step = (SPACING[0] * z_step, *SPACING[1:])
    made = psf.widefield(step, **{**TRUE, **parameters}, shape=(47, 61, 61))
    return psf.PSF(made.data, SPACING, "um")


def wrong(name: str, percent: float) -> Any | None:
    """The PSF with one parameter wrong, None where there is none."""
    factor = 1 + percent / 100
    if name == "z-step":
        return kernel(factor)
    value = TRUE[name] * factor
    if name in ("ri", "ri_sample") and value <= 1.0:
        return None
    low, high = LIMITS.get(name, (0, np.inf))
    if not low < value < high or (name == "ri" and value <= TRUE["na"]):
        return None
    return kernel(**{name: value})


def rmse(a: NDArray[Any], b: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean((a - b) ** 2)))


def measure() -> tuple[dict[str, list[float]], float]:
    """RMSE relative to that of the true PSF, for each parameter and error; and that of the blurred picture."""
    names = ("na", "wavelength", "ri", "ri_sample", "depth", "z-step")
    found: dict[str, list[list[float]]] = {name: [] for name in names}
    blurred = []
    true = kernel()
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        truth = scene(rng)
        light = np.maximum(fftconvolve(truth, true.data, mode="same"), 0)
        truth = truth * PHOTONS / light.max()
        y = rng.poisson(light * PHOTONS / light.max() + OFFSET).astype("float32")

        def restored(blur: Any, y: Any = y, truth: Any = truth) -> float:
            return rmse(richardson_lucy(y, blur, STEPS, background=OFFSET, spacing=SPACING), truth)

        best = restored(true)
        blurred.append(rmse(y - OFFSET, truth) / best)
        for name in names:
            kernels = [None if e == 0 else wrong(name, e) for e in ERRORS]
            found[name].append([1.0 if e == 0 else np.nan if k is None else restored(k) / best
                                for e, k in zip(ERRORS, kernels, strict=True)])  # fmt: skip
    return {name: np.mean(rows, axis=0).tolist() for name, rows in found.items()}, float(np.mean(blurred))


def plot(found: dict[str, list[float]], blurred: float, path: Path) -> None:
    """One line per parameter, told apart by dashes and markers too."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), dpi=110)
    styles = zip(found.items(), ("-", "--", "-.", ":", "-", "--"), "osv^Dx", strict=True)
    for (name, values), line, marker in styles:
        axes.plot(ERRORS, values, linestyle=line, marker=marker, markersize=4, label=name)
    axes.axhline(blurred, color="grey", linewidth=1)
    axes.annotate("not restored at all", (ERRORS[0], blurred), fontsize=8, va="bottom")
    axes.set(xlabel="error of the parameter, %", ylabel="RMSE / RMSE with the true PSF")
    axes.legend(fontsize=8, ncols=2)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="PNG to write")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    found, blurred = measure()
    print("RMSE / RMSE with the true PSF; error of the parameter in percent")
    print(f"{'':>12}" + "".join(f"{e:>8}" for e in ERRORS))
    for name, values in found.items():
        print(f"{name:>12}" + "".join(f"{v:8.3f}" for v in values))
    print(f"blurred picture: {blurred:.3f}")
    if given.out is not None:
        plot(found, blurred, given.out)


if __name__ == "__main__":
    main()
