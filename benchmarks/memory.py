"""Memory predicted before anything is allocated, beside the peak that a job then takes.

    python benchmarks/memory.py
    python benchmarks/memory.py --case "3-D"

Every case runs in a fresh process, after a run on a tiny picture that loads every module: the peak resident memory of
the process (ru_maxrss) minus what it held when the picture was there and the work had not begun. Three iterations (more
take no more; with "auto" at most three decide, on the whole of a picture whose PSF is too wide for crops), and one
snapshot on the way, as a preview takes it. The prediction is `memory.predicted_bytes` for one block, and the results if
there are several (of one block it is written when the memory of the work is free again).

Aim: measured <= predicted <= 1.2 x measured, for every case of 512 MB or more. The names of arrays in
`napari_deconv.memory` were compared with the code on other sizes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import warnings
from math import prod
from typing import Any

Case = tuple[tuple[int, ...], str, tuple[int, ...], dict[str, Any]]  # shape, dtype, shape of the PSF, what else differs
BALL = {"method": "scaled_heavy_ball", "num_iter": 3}
AUTO = {"num_iter": "auto", "max_iter": 3}
CASES: dict[str, Case] = {
    "2-D": ((4800, 4300), "float32", (31, 31), {}),
    "2-D, heavy ball, integers": ((4000, 4500), "uint16", (25, 41), BALL),
    "2-D, periodic": ((5000, 4800), "float32", (31, 31), {"boundary": "periodic"}),
    "2-D, heavy ball, reflect": ((4500, 3800), "uint8", (31, 31), {**BALL, "boundary": "reflect"}),
    "2-D, Wiener": ((4300, 4300), "float64", (31, 31), {"method": "wiener"}),
    "3-D": ((110, 420, 400), "float32", (31, 25, 25), {}),
    "3-D, integers, masked": ((90, 400, 400), "uint16", (15, 25, 25), {"mask": True}),
    "3-D, heavy ball": ((100, 380, 400), "float64", (31, 25, 25), BALL),
    "3-D, heavy ball, periodic": ((128, 400, 360), "uint16", (31, 25, 25), {**BALL, "boundary": "periodic"}),
    "3-D, reflect": ((110, 420, 420), "float32", (31, 25, 25), {"boundary": "reflect"}),
    "3-D, Wiener": ((90, 360, 400), "uint16", (31, 25, 25), {"method": "wiener"}),
    "3-D, Wiener, periodic, given balance": (
        (128, 500, 450),
        "float32",
        (31, 25, 25),
        {"method": "wiener", "balance": 0.01, "boundary": "periodic"},
    ),
    "3-D, PSF larger than the image": ((24, 260, 260), "uint16", (47, 321, 321), {}),
    "3-D, total variation": (
        (100, 380, 400),
        "float32",
        (31, 25, 25),
        {"method": "richardson_lucy_tv", "num_iter": 3, "regularization": 0.01},
    ),
    "3-D, auto": ((80, 300, 300), "uint16", (61, 121, 121), AUTO),
    "3-D, heavy ball, auto, masked": ((36, 256, 256), "uint16", (41, 201, 201), {**BALL, **AUTO, "mask": True}),
    "3-D, deep and narrow": ((600, 150, 140), "uint16", (101, 21, 21), {}),
    "3-D, five frames": ((5, 60, 400, 360), "float32", (21, 21, 21), {"axes": "TZYX"}),
}


def measure(name: str) -> tuple[int, int]:
    """Bytes predicted and taken; for a fresh process."""
    import resource

    import numpy as np
    import psutil

    from napari_deconv import Image, Recipe, psf, run
    from napari_deconv.backend import numpy_backend
    from napari_deconv.memory import predicted_bytes

    shape, dtype, size, options = CASES[name]
    axes = options.get("axes", "ZYX"[-len(shape) :])
    pixels = np.random.default_rng(0).integers(10, 200, shape, dtype=np.uint8).astype(dtype)
    if options.get("num_iter") == "auto":  # the noise of a camera, or no photons are put aside
        pixels = np.random.default_rng(0).poisson(100 + 60 * np.sin(np.arange(shape[-1]) / 9), shape).astype(dtype)
    parameters = {key: value for key, value in options.items() if key not in ("axes", "mask")}
    recipe = Recipe(**({"num_iter": 3} | parameters if parameters.get("method") != "wiener" else parameters))

    def work(data: Any, blur: psf.PSF) -> None:
        mask = data > 198 if "mask" in options else None
        run(recipe, Image(data, axes), psf=blur, mask=mask, callback=_previewed)

    blur = psf.gaussian(tuple(n / 8 for n in size), shape=size)
    corner = tuple(slice(8) if axis in "ZYX" else slice(None) for axis in axes)
    work(pixels[corner], psf.gaussian((0.4,) * len(size)))
    before = psutil.Process().memory_info().rss
    work(pixels, blur)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    block = shape[-len(size) :]
    predicted = predicted_bytes(
        recipe.method,
        block,
        size,
        boundary=recipe.boundary,
        backend=numpy_backend(),
        masked="mask" in options,
        automatic=recipe.balance == "auto",
        deciding=recipe.num_iter == "auto",
    )
    return predicted + (4 * prod(shape) if shape != block else 0), peak - before


def _previewed(step: Any) -> bool:
    """Takes a snapshot of whatever there is one of; never stops the work."""
    return step.phase == "deciding" or step.snapshot() is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, help="one case, here and now, as JSON")
    case = parser.parse_args().case
    if case:
        warnings.simplefilter("ignore")
        print(json.dumps(measure(case)))
        return
    print(f"{'MiB':38}{'image':16}{'psf':12}{'predicted':>10}{'measured':>10}{'predicted/measured':>20}")
    for name, (shape, _, size, _) in CASES.items():
        command = [sys.executable, __file__, "--case", name]
        predicted, taken = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        image, psf = ("x".join(map(str, n)) for n in (shape, size))
        print(
            f"{name:38}{image:16}{psf:12}{predicted / 2**20:10.0f}{taken / 2**20:10.0f}{predicted / taken:20.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
