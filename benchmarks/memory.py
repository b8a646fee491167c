"""Memory that `run` predicts before it allocates anything, beside the peak it then takes.

    python benchmarks/memory.py

Every case runs in a fresh process, after a run on a tiny picture that loads every module: the peak resident memory of
the process (ru_maxrss) minus what it held when the picture was there and the work had not begun. The prediction is what
the job asks `backend.require` for. Three iterations; more take no more. measured / predicted above 1 means that a job
could start and be killed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import warnings
from typing import Any

# shape, dtype, shape of the PSF, what else differs
CASES: dict[str, tuple[tuple[int, ...], str, tuple[int, ...], dict[str, Any]]] = {
    "2-D": ((1024, 1024), "float32", (31, 31), {}),
    "2-D, large": ((3000, 2600), "uint16", (25, 25), {}),
    "2-D, periodic": ((2048, 2048), "float32", (31, 31), {"boundary": "periodic"}),
    "2-D, Wiener": ((2048, 2048), "float64", (31, 31), {"method": "wiener"}),
    "photograph, linear light": ((1500, 2000, 3), "uint8", (21, 21), {"axes": "YXS"}),
    "photograph, linear light, Wiener": ((1500, 2000, 3), "uint8", (21, 21), {"axes": "YXS", "method": "wiener"}),
    "photograph, float, linear light": ((1500, 2000, 3), "float32", (21, 21), {"axes": "YXS"}),
    "3-D": ((64, 256, 256), "float32", (31, 25, 25), {}),
    "3-D, integers": ((64, 256, 256), "uint16", (31, 25, 25), {}),
    "3-D, Wiener": ((64, 256, 256), "float32", (31, 25, 25), {"method": "wiener"}),
    "3-D, reflect": ((64, 256, 256), "float32", (31, 25, 25), {"boundary": "reflect"}),
    "3-D, periodic": ((64, 256, 256), "float32", (31, 25, 25), {"boundary": "periodic"}),
    "3-D, PSF larger than the image": ((24, 160, 160), "uint16", (47, 201, 201), {}),
    "3-D, masked": ((48, 200, 200), "float32", (15, 25, 25), {"mask": True}),
    "3-D, two channels, two PSFs": ((2, 32, 256, 256), "uint16", (15, 21, 21), {"axes": "CZYX", "psfs": 2}),
    "3-D, ten frames": ((10, 16, 256, 256), "float64", (9, 15, 15), {"axes": "TZYX"}),
}


def measure(name: str) -> tuple[int, int]:
    """Bytes predicted and taken; for a fresh process."""
    import resource

    import numpy as np
    import psutil

    from napari_deconv import Image, Recipe, job, psf, run

    shape, dtype, size, options = CASES[name]
    axes = options.get("axes", "ZYX"[-len(shape) :])
    pixels = np.random.default_rng(0).integers(10, 200, shape, dtype=np.uint8).astype(dtype)
    pixels = pixels / np.float32(255) if axes == "YXS" and dtype == "float32" else pixels
    encoding = "srgb" if axes == "YXS" else "linear"
    corner = tuple(slice(8) if axis in "ZYX" else slice(None) for axis in axes)
    parameters = {key: options[key] for key in ("method", "boundary") if key in options}
    recipe = Recipe.build(**parameters, **({} if "method" in options else {"num_iter": 3}))
    asked: list[int] = []
    require = job.require

    def listen(needed: int, *rest: Any) -> None:
        asked.append(needed)
        require(needed, *rest)

    def work(data: Any, blur: psf.PSF) -> None:
        mask = data > 198 if "mask" in options else None
        run(recipe, Image(data, axes, encoding=encoding), psf=[blur] * options.get("psfs", 1), mask=mask)

    job.require = listen
    blur = psf.gaussian(tuple(n / 8 for n in size), shape=size)
    work(pixels[corner], psf.gaussian((0.4,) * len(size)))
    before = psutil.Process().memory_info().rss
    work(pixels, blur)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return asked[-1], peak - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, help="one case, here and now, as JSON")
    case = parser.parse_args().case
    if case:
        warnings.simplefilter("ignore")
        print(json.dumps(measure(case)))
        return
    print(f"{'MiB':34}{'image':18}{'psf':12}{'predicted':>10}{'measured':>10}{'ratio':>7}")
    for name, (shape, _, size, _) in CASES.items():
        command = [sys.executable, __file__, "--case", name]
        predicted, taken = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        image, psf = ("x".join(map(str, n)) for n in (shape, size))
        print(f"{name:34}{image:18}{psf:12}{predicted / 2**20:10.0f}{taken / 2**20:10.0f}{taken / predicted:7.2f}")


if __name__ == "__main__":
    main()
