"""The EPFL "hollow bars", simulated in 3-D with their truth: how near a restoration comes.

    python benchmarks/bars_sim.py --data PATH_TO_DATA

PATH_TO_DATA holds ``microscopy/bars_sim`` (image, psf, truth: 32 x 64 x 64). PSNR with the maximum of the truth as
peak, and the correlation, after the best scale and offset, over the whole volume.

Aims, Richardson-Lucy with extended edges: 26.75 dB / 0.483 after 20 iterations, 27.85 dB / 0.633 after 100.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_deconv import PSF, psf, read, richardson_lucy, wiener

Array = NDArray[Any]
KEPT = (20, 100)


def score(found: Array, truth: Array) -> tuple[float, float]:
    """PSNR and correlation after the best scale and offset."""
    correlation = float(np.corrcoef(found.ravel(), truth.ravel())[0, 1])
    error = float(truth.var()) * (1 - correlation**2)  # what the best line leaves
    return 10 * float(np.log10(truth.max() ** 2 / error)), correlation


def restored(image: Array, blur: PSF, boundary: str) -> dict[int, Array]:
    """Richardson-Lucy estimates after the numbers of iterations in KEPT."""
    found = {}

    def keep(step: Any) -> None:
        if step.iteration in KEPT:
            found[step.iteration] = step.snapshot()

    richardson_lucy(image, blur, max(KEPT), boundary=boundary, callback=keep)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data / "microscopy/bars_sim"
    image, truth = (read(folder / f"{name}.tif").data.astype(float) for name in ("image", "truth"))
    blur = psf.from_array(read(folder / "psf.tif").data)
    print(f"{'':38}{'PSNR, dB':>9}{'correlation':>13}")
    print("{:38}{:9.2f}{:13.3f}".format("blurred", *score(image, truth)))
    for boundary in ("extended", "reflect", "periodic"):
        for count, found in restored(image, blur, boundary).items():
            print("{:38}{:9.2f}{:13.3f}".format(f"Richardson-Lucy {count}, {boundary}", *score(found, truth)))
        found = wiener(image, blur, boundary=boundary)
        print("{:38}{:9.2f}{:13.3f}".format(f"Wiener, auto, {boundary}", *score(found, truth)))
    best = max(score(wiener(image, blur, balance=10.0**e), truth) for e in range(-8, 1))
    print("{:38}{:9.2f}{:13.3f}".format("Wiener, best balance, extended", *best))


if __name__ == "__main__":
    main()
