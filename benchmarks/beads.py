"""The PSF recovered from simulated fields of beads, and from one measured bead: errors, widths, rejections.

    python benchmarks/beads.py [--seeds 1 2 3] [--development] [--data PATH_TO_DATA] [--out FOLDER]

A field has 30 beads at random places between the voxels: 20 by themselves, 3 pairs 0.6 to 1.5 um apart, 2 that the
camera clips, 2 near the border. Their PSF is computed on a grid 5 times finer in depth and 3 times laterally, convolved
with the ball there, and summed over the voxels; Poisson noise, an offset of 100 counts with a read noise of 2, and 10
counts of background; uint16. Brightness varies by a factor of two, about 3000 counts at the maximum.

``widefield``: NA 1.4, 0.52 um, oil, voxels of (0.2, 0.08, 0.08) um; ``confocal-like``: the product of the widefield
PSFs of 0.488 and 0.52 um. What can be chosen was chosen with ``--development --seeds 101 102 103 104``: other
microscopes, other balls. In the table: "L2" is the error of the PSF relative to its norm, truth cut to the
same box and normalised; "widths" the errors of the full widths at half maximum along z, y, x against the truth's by
the same function, largest first in the summary; "rejected" by kind; "wrong" lists beads that were treated otherwise
than the truth demands (a box that leaves the image, holds another bead, or clipped samples; where two reasons hold
either counts, and so does what 0.1 voxel more or less would make of it).

With ``--data``: ``microscopy/psf/pycudadecon_psf.tif``, one measured bead (its voxel size is not recorded: 0.1 um
stands for it), before and after, XY through the focus and XZ, square root of the values, written to
FOLDER/beads.png.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import fft

from napari_deconv import PSF, psf, read
from napari_deconv.psf import beads
from napari_deconv.psf.width import fwhm

Array = NDArray[Any]
OVER = (5, 3, 3)
CLIP = 12000
BLOCK = (61, 125, 125)  # samples that a bead fills
FIELD = (49, 640, 640)


@dataclass(frozen=True)
class Case:
    """A microscope."""

    name: str
    spacing: tuple[float, float, float]
    na: float
    ri: float
    wavelengths: tuple[float, ...]


CASES = (
    Case("widefield", (0.2, 0.08, 0.08), 1.4, 1.515, (0.52,)),
    Case("confocal-like", (0.2, 0.08, 0.08), 1.4, 1.515, (0.52, 0.488)),
)

DEVELOPMENT = (
    Case("widefield", (0.25, 0.09, 0.09), 1.3, 1.515, (0.58,)),
    Case("confocal-like", (0.22, 0.085, 0.085), 1.3, 1.515, (0.56, 0.52)),
)


@dataclass(frozen=True)
class Truth:
    """What was put into a field."""

    places: Array  # voxels, shape (n, 3)
    clipped: Array  # bool


def fine_psf(case: Case) -> Array:
    """The PSF on the fine grid."""
    shape = tuple(n * o for n, o in zip(BLOCK, OVER, strict=True))
    step = tuple(s / o for s, o in zip(case.spacing, OVER, strict=True))
    data = np.ones(1, dtype=np.float32)
    for wavelength in case.wavelengths:
        one = psf.widefield(step, na=case.na, wavelength=wavelength, ri=case.ri, shape=shape)
        data = data * one.data / one.data.max()
    return data


def with_ball(fine: Array, diameter: float, step: tuple[float, ...]) -> Array:
    """`fine` convolved with a ball: its cross-sections at the planes, its share of every pixel by 9 x 9 points."""
    if diameter == 0:
        return fine
    reach = [int(np.ceil(diameter / 2 / s)) + 1 for s in step]
    z, y, x = (np.arange(-r, r + 1) * s for r, s in zip(reach, step, strict=True))
    inner = (np.arange(9) - 4) / 9
    y, x = ((v[:, None] + inner * s).ravel() for v, s in zip((y, x), step[1:], strict=True))
    full = (z[:, None, None] ** 2 + y[:, None] ** 2 + x**2 <= diameter**2 / 4).astype(np.float32)
    ball = full.reshape(len(z), len(y) // 9, 9, len(x) // 9, 9).mean(axis=(2, 4))
    ball /= ball.sum()
    grid = tuple(fft.next_fast_len(n + b, real=True) for n, b in zip(fine.shape, ball.shape, strict=True))
    both = fft.irfftn(fft.rfftn(fine, grid) * fft.rfftn(ball, grid), grid)
    start = tuple(n // 2 for n in ball.shape)
    return np.asarray(both[tuple(slice(s, s + n) for s, n in zip(start, fine.shape, strict=True))])


def on_voxels(fine: Array, offset: tuple[int, int, int]) -> Array:
    """The bead moved by fine samples and seen by the camera; planes are points in depth."""
    moved = np.roll(fine, offset, (0, 1, 2))
    planes = moved[OVER[0] // 2 :: OVER[0]]
    n, rows, columns = planes.shape
    return np.asarray(planes.reshape(n, rows // OVER[1], OVER[1], columns // OVER[2], OVER[2]).sum(axis=(2, 4)))


def places(rng: np.random.Generator, spacing: tuple[float, ...]) -> tuple[Array, Array]:
    """Centres in micrometres from the corner, and which beads are too bright."""
    extent = np.array(FIELD) * spacing

    def anywhere(margin: float) -> Array:
        y, x = rng.uniform(margin, extent[1:] - margin)
        return np.array([extent[0] / 2 + rng.uniform(-0.8, 0.8), y, x])

    chosen: list[Array] = []
    while len(chosen) < 25:  # 20 alone, 3 first ones of pairs, 2 too bright
        point = anywhere(4.0)
        if all(np.hypot(*(point - other)[1:]) > 6.0 for other in chosen):
            chosen.append(point)
    for first in chosen[20:23]:
        angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1.5)
        chosen.append(first + np.array((rng.uniform(-0.2, 0.2), away * np.sin(angle), away * np.cos(angle))))
    for _ in range(2):
        point = anywhere(4.0)
        point[1] = rng.uniform(0.4, 1.5)
        chosen.append(point)
    return np.array(chosen), np.isin(np.arange(30), (23, 24))


def field(case: Case, fine: Array, seed: int) -> tuple[Array, Truth]:
    """A picture of 30 beads, and the truth."""
    rng = np.random.default_rng(seed)
    micrometres, clipped = places(rng, case.spacing)
    image = np.full(FIELD, 10.0, dtype=np.float32)
    height = float(on_voxels(fine, (0, 0, 0)).max())
    centres = []
    for point, bright in zip(micrometres, clipped, strict=True):
        steps = np.rint(point / np.array(case.spacing) * OVER).astype(int)
        whole = (steps + np.array(OVER) // 2) // OVER
        block = on_voxels(fine, tuple(steps - whole * OVER)) * (3000 * rng.uniform(0.67, 1.33) / height)
        add(image, block * (10 if bright else 1), whole)
        centres.append(steps / OVER)
    counts = rng.poisson(image) + 100 + rng.normal(0, 2, FIELD)
    return np.clip(np.rint(counts), 0, CLIP).astype(np.uint16), Truth(np.array(centres), clipped)


def add(image: Array, block: Array, whole: Array) -> None:
    """Add a bead whose middle lies at the voxel `whole`."""
    low = whole - np.array(block.shape) // 2
    there = [slice(max(0, a), min(n, a + b)) for a, b, n in zip(low, block.shape, image.shape, strict=True)]
    here = tuple(slice(s.start - a, s.stop - a) for s, a in zip(there, low, strict=True))
    image[tuple(there)] += block[here]


def expected(truth: Truth, half: Array) -> list[str]:
    """What should become of every bead in boxes of ``2 half + 1`` voxels."""
    fates = []
    for i, place in enumerate(truth.places):
        middle = np.rint(place)
        beside = np.delete(truth.places, i, axis=0)
        if truth.clipped[i]:
            fates.append("saturated")
        elif np.any(np.all(np.abs(beside - place) <= half + 0.5, axis=1)):
            fates.append("crowded")
        elif np.any(middle - half < 0) or np.any(middle + half > np.array(FIELD) - 1):
            fates.append("edge")
        else:
            fates.append("")
    return fates


def wrong(found: beads.Beads, truth: Truth) -> list[str]:
    """Beads that were missed, invented, or treated otherwise than expected."""
    half = np.array(found.psf.shape) // 2
    faults, seen = [], set()
    for bead in found.beads:
        away = np.linalg.norm(truth.places - bead.position, axis=1)
        i = int(np.argmin(away))
        if away[i] > 3:
            faults.append(f"invented ({bead.kind or 'accepted'})")
            continue
        seen.add(i)
        allowed = {expected(Truth(truth.places + off, truth.clipped), half)[i] for off in (-0.1, 0.0, 0.1)}
        allowed |= {"edge", "crowded"} if allowed & {"edge", "crowded"} == {"crowded"} else set()
        if bead.kind not in allowed:
            faults.append(f"{bead.kind or 'accepted'} for {' or '.join(a or 'good' for a in sorted(allowed))}")
    return faults + ["missed"] * (len(truth.places) - len(seen))


def cut_to(data: Array, shape: tuple[int, ...]) -> Array:
    """The middle of `data`, normalised."""
    box = tuple(slice(n // 2 - m // 2, n // 2 + m // 2 + 1) for n, m in zip(data.shape, shape, strict=True))
    return np.asarray(data[box] / data[box].sum(dtype=np.float64))


def one_run(case: Case, fine: Array, blurred: Array, diameter: float, seed: int) -> list[float]:
    image, truth = field(case, blurred, seed)
    start = time.perf_counter()
    found = beads.measure(image, spacing=case.spacing, diameter=diameter or None)
    seconds = time.perf_counter() - start
    true = PSF(cut_to(on_voxels(fine, (0, 0, 0)), found.psf.shape), case.spacing, "um")
    error = float(np.linalg.norm(found.psf.data - true.data) / np.linalg.norm(true.data))
    offs = [a / b - 1 if b else np.nan for a, b in zip(found.fwhm, fwhm(true), strict=True)]
    kinds = ", ".join(f"{n} {k}" for k, n in found.rejected.items())
    print(
        f"{case.name:14}{diameter:5.2f}{seed:6d}{error:8.1%}  "
        + "".join(f"{o:+7.1%}" for o in offs)
        + f"  {sum(b.accepted for b in found.beads):3d} used, {kinds}; {found.psf.shape}, {seconds:.0f} s; "
        + f"errors told {', '.join(f'{u / w:.1%}' for u, w in zip(found.uncertainty, found.fwhm, strict=True))}"
        + f"; wrong: {', '.join(wrong(found, truth)) or 'none'}",
        flush=True,
    )
    return [error, *(abs(o) for o in offs)]


def simulated(seeds: list[int], cases: tuple[Case, ...], diameters: tuple[float, ...]) -> None:
    print(f"{'':14}{'ball':>5}{'seed':>6}{'L2':>8}  {'z':>7}{'y':>7}{'x':>7}")
    for case in cases:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            fine = fine_psf(case)
        step = tuple(s / o for s, o in zip(case.spacing, OVER, strict=True))
        for diameter in diameters:
            blurred = with_ball(fine, diameter, step)
            marks = np.array([one_run(case, fine, blurred, diameter, seed) for seed in seeds])
            print(
                f"{case.name}, ball {diameter:g} um: L2 mean {marks[:, 0].mean():.1%}, worst {marks[:, 0].max():.1%}; "
                f"worst width off by {marks[:, 1:].max():.1%}"
            )


def picture(data: Array, name: str) -> Image.Image:
    """XY and XZ through the maximum, square root of the values."""
    z, y, _ = np.unravel_index(int(np.argmax(data)), data.shape)
    whole = Image.new("L", (2 * 260, 290), 40)
    ImageDraw.Draw(whole).text((4, 4), name, fill=255)
    for i, plane in enumerate((data[z], data[:, y])):
        low = float(np.percentile(data, 0.1))
        shown = (255 * np.sqrt(np.clip((plane - low) / (data.max() - low), 0, 1))).astype(np.uint8)
        size = (2 * plane.shape[1], 2 * plane.shape[0])
        whole.paste(Image.fromarray(shown).resize(size, Image.Resampling.NEAREST), (260 * i, 24))
    return whole


def measured(folder: Path, out: Path) -> None:
    """The measured bead as it came and as it comes out."""
    raw = read(folder / "microscopy/psf/pycudadecon_psf.tif").data
    pictures = [picture(raw.astype(float), "measured: XY, XZ (square root)")]
    for radial in (False, True):
        found = beads.measure(raw, spacing=(0.1, 0.1, 0.1), radial=radial)
        pictures.append(picture(found.psf.data, f"cleaned{', radial average' if radial else ''}: {found.psf.shape}"))
        widths = ", ".join(f"{w:.3f} +- {u:.3f}" for w, u in zip(found.fwhm, found.uncertainty, strict=True))
        print(f"measured bead, radial={radial}: {found.psf.shape}, widths ({widths}) um")
        for bead in found.beads:
            print(
                f"  bead at {tuple(round(p, 2) for p in bead.position)}: {bead.reason or 'accepted'}, R2 {bead.r2:.3f}"
            )
        for note in found.notes:
            print(f"  {note}")
    whole = Image.new("L", (pictures[0].width, sum(p.height for p in pictures)), 40)
    for i, part in enumerate(pictures):
        whole.paste(part, (0, i * part.height))
    out.mkdir(parents=True, exist_ok=True)
    whole.save(out / "beads.png")
    print(f"wrote {out / 'beads.png'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--development", action="store_true")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("demo"))
    arguments = parser.parse_args()
    if arguments.data is not None:
        measured(arguments.data, arguments.out)
    if arguments.development:
        simulated(arguments.seeds, DEVELOPMENT, (0.11, 0.22))
    else:
        simulated(arguments.seeds, CASES, (0.1, 0.2))


if __name__ == "__main__":
    main()
