"""The 64 development cases: photographs, kernels, noise; and total variation, the best classical method on them.

DATA holds ``photos/dev``, ``kernels`` and ``dev_eval_manifest.csv``. Each case is a grey crop from 0 to 1, blurred,
with white noise of a fixed seed; restored pictures are rounded to 8 bits before the PSNR.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from PIL import Image
from scipy.signal import fftconvolve

Array = NDArray[Any]
WORKERS = 2


@dataclass(frozen=True)
class Case:
    """One picture to be restored."""

    name: str
    family: str
    sharp: Array
    blurred: Array
    kernel: Array
    sigma: float


def cases(data: Path, *, edges: str = "periodic", every: int = 1, first: int = 0) -> Iterator[Case]:
    """The cases; `edges` "periodic" as the protocol has them, "valid": the camera's edge has cut the picture."""
    kernels = {**np.load(data / "kernels/dev_motion16.npz"), **np.load(data / "kernels/dev_gauss_disk6.npz")}
    with (data / "dev_eval_manifest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[first::every]
    for row in rows:
        picture = np.asarray(Image.open(data / "photos/dev" / row["image"]).convert("L"), np.float64) / 255
        box = tuple(slice(int(row[n]), int(row[n]) + int(row["size"])) for n in ("y0", "x0"))
        kernel, sigma = kernels[row["kernel"]].astype(np.float64), float(row["sigma_255"]) / 255
        sharp = picture[box]
        blurred = circular(sharp, kernel) if edges == "periodic" else in_view(picture, kernel)[box]
        noise = np.random.RandomState(int(row["seed"])).normal(0, sigma, sharp.shape)
        kind = "motion" if row["kernel"].startswith("motion") else "Gaussian, disk"
        yield Case(
            f"{row['image']} {row['kernel']}", f"{kind} {row['sigma_255']}", sharp, blurred + noise, kernel, sigma
        )


def in_view(picture: Array, kernel: Array) -> Array:
    """A picture blurred linearly; what lies outside the file is mirrored."""
    margins = [(n, n) for n in kernel.shape]
    wide = fftconvolve(np.pad(picture, margins, mode="symmetric"), kernel, mode="same")
    return wide[tuple(slice(n, -n) for n in kernel.shape)]


def circular(sharp: Array, kernel: Array) -> Array:
    """A picture blurred on a ring."""
    return scipy.fft.irfft2(scipy.fft.rfft2(sharp) * transfer(kernel, sharp.shape), sharp.shape)


def transfer(kernel: Array, shape: tuple[int, ...]) -> Array:
    """The kernel's transfer function on a ring, its centre (n // 2) moved to index 0."""
    ring = np.zeros(shape)
    ring[tuple(slice(0, n) for n in kernel.shape)] = kernel
    return scipy.fft.rfft2(np.roll(ring, [-(n // 2) for n in kernel.shape], (0, 1)))


def psnr(found: Array, sharp: Array) -> float:
    """Decibels, after rounding to 8 bits."""
    eight = np.clip(np.rint(found * 255), 0, 255) / 255
    return float(-10 * np.log10(np.mean((eight - sharp) ** 2)))


def total_variation(y: Array, kernel: Array, sigma: float, steps: int = 60) -> Array:
    """Isotropic total variation on a ring by ADMM; the weight, 9e-4 (sigma / 0.01)^1.25, was tuned on these cases."""
    weight, coupling = 9e-4 * (sigma / 0.01) ** 1.25, 0.02
    otf = transfer(kernel, y.shape)
    down, right = (
        2j * np.pi * f for f in (scipy.fft.fftfreq(y.shape[0])[:, None], scipy.fft.rfftfreq(y.shape[1])[None])
    )
    down, right = np.exp(down) - 1, np.exp(right) - 1
    data = np.conj(otf) * scipy.fft.rfft2(y)
    power = np.abs(otf) ** 2 + coupling * (np.abs(down) ** 2 + np.abs(right) ** 2)
    split = dual = np.zeros((2, *y.shape))
    for _ in range(steps):
        target = scipy.fft.rfft2(split - dual, workers=WORKERS)
        spectrum = (data + coupling * (np.conj(down) * target[0] + np.conj(right) * target[1])) / power
        slopes = scipy.fft.irfft2(np.stack([down * spectrum, right * spectrum]), y.shape, workers=WORKERS)
        moved = slopes + dual
        length = np.maximum(np.hypot(*moved), 1e-12)
        split = moved * np.maximum(1 - weight / coupling / length, 0)
        dual = moved - split
    return scipy.fft.irfft2(spectrum, y.shape)


def tapered(y: Array, kernel: Array) -> Array:
    """A picture with real edges made fit for a method on a ring: mirrored to twice its size and cut afterwards."""
    return np.pad(y, [(n // 2, n // 2) for n in y.shape], mode="symmetric")
