"""The learned restoration on photographs with known truth, beside Wiener, Richardson-Lucy and total variation.

    python benchmarks/learned.py --data DATA [--every 1] [--model small] [--tables periodic,valid,linear,wrong,extremes]

DATA as in ``development.py``. Tables, PSNR in dB, mean and worst decile per family:

``periodic``  the protocol of the development cases: exact kernel, exact sigma, a ring; also by 1 and 3 steps
``valid``     the same crops cut from the picture by the camera's edge, the whole crop scored, every method with its own
              handling of edges (total variation: mirrored to twice the size)
``linear``    blurred in linear light and stored in 8 bits of sRGB, restored in linear light, sigma not told
``wrong``     kernels with 3 % noise and half a pixel out of place; also with the PSF's confidence said to be 0.5
``extremes``  constant, black and pure-noise images; sizes from 1 to 40
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from development import Array, Case, cases, in_view, psnr, tapered, total_variation
from napari_deconv import Image, Recipe, restore, richardson_lucy, run, wiener
from napari_deconv.light import srgb
from napari_deconv.psf import PSF, gaussian

Method = Callable[[Case], Array]
ITERATIONS = {"2.55": 20, "7.65": 10}  # of Richardson-Lucy, tuned on these cases


def blur(case: Case, **info: float) -> PSF:
    """The kernel as a PSF."""
    return PSF((case.kernel / case.kernel.sum()).astype(np.float32), (1.0, 1.0), "px", info)


def learned(case: Case, boundary: str, model: str, steps: int = 8, **info: float) -> Array:
    return restore(case.blurred, blur(case, **info), case.sigma, model, steps, boundary=boundary)


def methods(edges: str, model: str) -> dict[str, Method]:
    """Every method with its way of handling the edges."""
    boundary = "periodic" if edges == "periodic" else "extended"

    def lucy(case: Case) -> Array:
        positive = np.maximum(case.blurred, 0)
        return richardson_lucy(positive, blur(case), ITERATIONS[case.family.split()[-1]], boundary=boundary)

    def variation(case: Case) -> Array:
        if edges == "periodic":
            return total_variation(case.blurred, case.kernel, case.sigma)
        wide = total_variation(tapered(case.blurred, case.kernel), case.kernel, case.sigma)
        return wide[tuple(slice(n // 2, n // 2 + n) for n in case.blurred.shape)]

    return {
        "blurred": lambda case: case.blurred,
        "Wiener": lambda case: wiener(case.blurred, blur(case), noise=case.sigma, boundary=boundary),
        "Richardson-Lucy": lucy,
        "total variation": variation,
        "learned, 1 step": partial(learned, boundary=boundary, model=model, steps=1),
        "learned, 3 steps": partial(learned, boundary=boundary, model=model, steps=3),
        "learned": partial(learned, boundary=boundary, model=model),
    }


def table(found: Iterable[Case], contenders: dict[str, Method]) -> dict[str, Array]:
    """Scores of every method on every case, printed by family."""
    scores: dict[str, list[float]] = {name: [] for name in contenders}
    seconds = dict.fromkeys(contenders, 0.0)
    families = []
    for case in found:
        families.append(case.family)
        for name, method in contenders.items():
            started = time.perf_counter()
            scores[name].append(psnr(method(case), case.sharp))
            seconds[name] += time.perf_counter() - started
    arrays = {name: np.array(values) for name, values in scores.items()}
    names = sorted(set(families))
    print(
        f"| method | {' | '.join(f'{n} ({families.count(n)})' for n in names)} | all | worst decile | s per picture |"
    )
    print("|---" * (len(names) + 4) + "|")
    for name, values in arrays.items():
        columns = [values[np.array(families) == family].mean() for family in names]
        row = [
            *columns,
            values.mean(),
            np.sort(values)[: max(1, len(values) // 10)].mean(),
            seconds[name] / len(values),
        ]
        print(f"| {name} | {' | '.join(f'{value:.2f}' for value in row)} |", flush=True)
    return arrays


def against(found: dict[str, Array], other: str = "total variation") -> None:
    """In how many cases the learned one is better, and by how much it is worse where it is not."""
    gain = found["learned"] - found[other]
    print(f"learned better than {other} in {int((gain > 0).sum())} of {gain.size}; least gain {gain.min():+.2f} dB\n")


def linear(data: Path, every: int, model: str) -> None:
    """Photographs as cameras store them."""
    from skimage.color import rgb2gray

    contenders = {"blurred": "", "wiener": "wiener", "learned": "learned"}
    scores: dict[str, list[float]] = {name: [] for name in contenders}
    for case in cases(data, edges="valid", every=every):
        name = case.name.split()[0]
        picture = np.asarray(Pillow.open(data / "photos/dev" / name).convert("RGB"), np.float64) / 255
        light = srgb(rgb2gray(picture))
        seen = in_view(light, case.kernel) + np.random.default_rng(0).normal(0, case.sigma / 4, light.shape)
        stored = np.rint(255 * encoded(np.clip(seen, 0, 1))).astype(np.uint8)
        image, truth = Image(stored, "YX", encoding="srgb"), encoded(light)
        for label, method in contenders.items():
            found = (
                stored
                if not method
                else run(Recipe.build(method=method, **chosen(method, model)), image, psf=blur(case)).data
            )
            scores[label].append(psnr(found / 255, truth))
    for label, values in scores.items():
        print(f"| {label} | {np.mean(values):.2f} | {np.sort(values)[: max(1, len(values) // 10)].mean():.2f} |")


def chosen(method: str, model: str) -> dict[str, str]:
    return {"model": model} if method == "learned" else {}


def encoded(light: Array) -> Array:
    """sRGB of linear light."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055)


def mistaken(found: Iterable[Case]) -> Iterator[Case]:
    """The same with kernels that somebody estimated: 3 % noise, half a pixel out of place."""
    for number, case in enumerate(found):
        rng = np.random.default_rng(number)
        kernel = np.maximum(case.kernel + 0.03 * case.kernel.max() * rng.normal(0, 1, case.kernel.shape), 0)
        kernel = np.pad(kernel * (case.kernel > 0), 1)
        kernel = 0.5 * (kernel + np.roll(kernel, 1, int(rng.integers(2))))
        yield Case(case.name, case.family, case.sharp, case.blurred, kernel / kernel.sum(), case.sigma)


def extremes(model: str) -> None:
    """Pictures without anything to restore."""
    for level in (0.0, 1.0, 1e4):
        found = restore(np.full((64, 64), level), gaussian(2.0), 0.01, model)
        print(f"| constant {level:g} | largest change {np.abs(found - level).max():.2g} (sigma 0.01) |")
    for sigma in (0.02, 0.1):
        noise = 1 + np.random.default_rng(0).normal(0, sigma, (256, 256))
        for name, psf in (("Gaussian 2", gaussian(2.0)), ("none, blind", None)):
            found = restore(noise, psf, sigma, model)
            off = np.percentile(np.abs(found - 1), 99.9) / sigma
            print(
                f"| noise {sigma}, {name} | mean {found.mean():.4f}, 99.9 percentile of the structure {off:.2f} sigma |"
            )
    worst = 0.0
    for side in range(1, 41):
        y = np.random.default_rng(side).random((side, side))
        worst = max(worst, float(np.ptp(restore(y, gaussian(1.0), 0.05, model))))
    print(f"| white squares, sides 1 to 40 | largest range of a result {worst:.2f} (of the image 1) |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--model", default="small")
    parser.add_argument("--tables", default="periodic,valid,linear,wrong,extremes")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    tables = asked.tables.split(",")
    for edges in ("periodic", "valid"):
        if edges in tables:
            print(f"\n{edges} edges")
            against(table(cases(asked.data, edges=edges, every=asked.every), methods(edges, asked.model)))
    if "linear" in tables:
        print("\nlinear light, stored in 8 bits of sRGB, sigma not told: mean, worst decile")
        linear(asked.data, asked.every, asked.model)
    if "wrong" in tables:
        print("\nwrong kernels, periodic")
        contenders = methods("periodic", asked.model)
        contenders["learned, confidence 0.5"] = partial(learned, boundary="periodic", model=asked.model, confidence=0.5)
        table(mistaken(cases(asked.data, every=asked.every)), contenders)
    if "extremes" in tables:
        print("\nnothing to restore")
        extremes(asked.model)


if __name__ == "__main__":
    main()
