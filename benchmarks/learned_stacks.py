"""The learned restoration in three dimensions, beside Richardson-Lucy at its best number of iterations.

    python benchmarks/learned_stacks.py --data DATA [--model small]

DATA holds ``microscopy/bars_sim`` (image, PSF, truth) and ``microscopy/stacks/stardist_img3d.tif`` (nuclei), which is
blurred here with a Gaussian (sigma 1.5, 2, 2), with Poisson noise of a fixed seed, 100 photons at the brightest voxel.
PSNR with the maximum of the truth as peak, and correlation, after the best scale and offset; of the whole, and of
axial (XZ) sections alone, mean.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bars_sim import score
from napari_deconv import PSF, psf, read, restore, richardson_lucy, wiener
from napari_deconv.operators import Blur

Array = NDArray[Any]
TRIED = (5, 10, 20, 50, 100, 200)
PHOTONS = 100.0


def bars(data: Path) -> tuple[Array, PSF, Array]:
    folder = data / "microscopy/bars_sim"
    image, truth = (read(folder / f"{name}.tif").data.astype(float) for name in ("image", "truth"))
    return image, psf.from_array(read(folder / "psf.tif").data), truth


def nuclei(data: Path) -> tuple[Array, PSF, Array]:
    truth = read(data / "microscopy/stacks/stardist_img3d.tif").data.astype(float)
    truth = np.maximum(truth - np.percentile(truth, 1), 0)
    truth *= PHOTONS / truth.max()
    blur = psf.gaussian((1.5, 2.0, 2.0))
    light = Blur(blur, truth.shape, boundary="reflect").forward(truth.astype(np.float32))
    return np.random.default_rng(0).poisson(light + 5.0).astype(float), blur, truth


def axial(found: Array, truth: Array) -> float:
    """Mean PSNR of XZ sections that hold something."""
    bright = [y for y in range(truth.shape[1]) if truth[:, y].std() > 0.1 * truth.std()]
    return float(np.mean([score(found[:, y], truth[:, y])[0] for y in bright]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="small")
    asked = parser.parse_args()
    for name, make in (("bars", bars), ("nuclei", nuclei)):
        image, blur, truth = make(asked.data)
        rows = {"blurred": image, "Wiener": wiener(image, blur)}
        tried = {n: richardson_lucy(np.maximum(image, 0), blur, n) for n in TRIED}
        best = max(tried, key=lambda n: score(tried[n], truth)[0])
        rows[f"Richardson-Lucy {best} (the best)"] = tried[best]
        for steps in (1, 3, 8):
            rows[f"learned, {steps} step{'s' * (steps > 1)}"] = restore(image, blur, model=asked.model, num_iter=steps)
        print(f"\n{name} {truth.shape}\n| method | PSNR | correlation | axial PSNR |\n|---|---|---|---|")
        for method, found in rows.items():
            print(
                "| {} | {:.2f} | {:.3f} | {:.2f} |".format(method, *score(found, truth), axial(found, truth)),
                flush=True,
            )


if __name__ == "__main__":
    main()
