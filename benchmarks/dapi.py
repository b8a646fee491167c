"""A real widefield stack of one nucleus (DAPI) before and after, seen from above and from the side: look at it.

    python benchmarks/dapi.py --data PATH_TO_DATA [--out FOLDER]

PATH_TO_DATA holds ``microscopy/dapi_widefield`` (image 40 x 201 x 101, psf_simulated): 130 nm pixels, 300 nm steps,
NA 1.45, oil 1.512, 461 nm. Richardson-Lucy, 30 and 100 iterations, with the PSF that came with the data and with our
own `psf.widefield` of the same microscope. The camera offset is not recorded: the 0.1st percentile of the stack stands
for it, in the model and never subtracted.

Writes ``dapi.png`` into FOLDER (default: demo). Above, the sharpest plane; below, the side view (XZ) through the
middle of the nucleus, z stretched to the true voxel aspect. Every column runs from its own 1st to its own 99.9th
percentile with gamma 0.6, so that haze shows. In the table, of the light above the offset: "outer planes" is the share
in the first and last five planes, "dim half" the share in the dimmer half of the voxels; "planes" is the full width
at half maximum along z, averaged over the nucleus.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from napari_deconv import PSF, psf, read, richardson_lucy

Array = NDArray[Any]
SPACING = (0.3, 0.13, 0.13)
COUNTS = (30, 100)
ZOOM, GAP, CAPTION = 3, 6, 16  # screen pixels


def restored(image: Array, blur: PSF, background: float) -> dict[int, tuple[Array, float]]:
    """Estimate and seconds after each of COUNTS iterations."""
    found, start = {}, time.perf_counter()

    def keep(step: Any) -> None:
        if step.iteration in COUNTS:
            found[step.iteration] = (step.snapshot(), time.perf_counter() - start)

    richardson_lucy(image, blur, max(COUNTS), background=background, spacing=SPACING, callback=keep)
    return found


def measured(x: Array) -> tuple[float, float, float]:
    """Shares of light in the outer planes and in the dim half, and planes within half of the maximum."""
    x = np.maximum(x, 0).astype(float)
    outer = (x[:5].sum() + x[-5:].sum()) / x.sum()
    dim = np.sort(x, axis=None)[: x.size // 2].sum() / x.sum()
    nucleus = x.max(0) > 0.5 * np.percentile(x.max(0), 99)
    profile = x[:, nucleus].mean(1)
    return float(outer), float(dim), float((profile > profile.max() / 2).sum())


def grey(plane: Array, low: float, high: float, height: float) -> Image.Image:
    """A plane as a picture; `height` is that of a sample in samples of its width."""
    shown = (255 * np.clip((plane - low) / (high - low), 0, 1) ** 0.6).astype(np.uint8)
    rows, columns = plane.shape
    size = (columns * ZOOM, round(rows * ZOOM * height))
    return Image.fromarray(shown).resize(size, Image.Resampling.BILINEAR)


def column(name: str, x: Array, plane: int, row: int) -> Image.Image:
    low, high = (float(v) for v in np.percentile(x, (1, 99.9)))
    views = [grey(x[plane], low, high, 1), grey(x[:, row], low, high, SPACING[0] / SPACING[1])]
    whole = Image.new("L", (views[0].width + GAP, CAPTION + sum(v.height + GAP for v in views)), 40)
    ImageDraw.Draw(whole).text((2, 2), name, fill=255)
    top = CAPTION
    for view in views:
        whole.paste(view, (0, top))
        top += view.height + GAP
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("demo"))
    arguments = parser.parse_args()
    folder = arguments.data / "microscopy/dapi_widefield"
    image = read(folder / "image.tif").data
    background = float(np.percentile(image, 0.1))
    print(f"image {image.shape}, {image.min()} to {image.max()}; background {background:.0f} (0.1st percentile)")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        ours = psf.widefield(SPACING, na=1.45, wavelength=0.461, ri=1.512, image_shape=image.shape)
    print(*(f"told: {w.message}" for w in told), sep="\n")
    pictures = {"before": (image - background, 0.0)}
    for name, blur in (
        ("data's PSF", psf.from_array(read(folder / "psf_simulated.tif").data, SPACING)),
        ("our PSF", ours),
    ):
        print(f"{name}: {blur.shape}")
        found = restored(image, blur, background)
        pictures |= {f"{name}, {count} iterations": result for count, result in found.items()}
    sharpest = int(np.argmax(pictures[f"our PSF, {max(COUNTS)} iterations"][0].std((1, 2))))
    print(f"{'':28}{'seconds':>8}{'outer planes':>14}{'dim half':>10}{'planes':>8}")
    for name, (x, seconds) in pictures.items():
        outer, dim, planes = measured(x)
        print(f"{name:28}{seconds:8.1f}{outer:14.1%}{dim:10.1%}{planes:8.0f}")
    columns = [column(name, x, sharpest, image.shape[1] // 2) for name, (x, _) in pictures.items()]
    whole = Image.new("L", (sum(c.width for c in columns), columns[0].height), 40)
    for number, part in enumerate(columns):
        whole.paste(part, (number * part.width, 0))
    arguments.out.mkdir(parents=True, exist_ok=True)
    whole.save(arguments.out / "dapi.png")
    print(f"wrote {arguments.out / 'dapi.png'}: plane {sharpest}, and the side view at row {image.shape[1] // 2}")


if __name__ == "__main__":
    main()
