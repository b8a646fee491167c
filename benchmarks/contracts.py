"""The contracts of docs/architecture.md: the worst figure seen for each over many seeded cases.

    python benchmarks/contracts.py [--cases 300]

Rows that end in "no" break their contract. Sizes are odd and even, PSFs smaller and larger than the image,
boundaries all three unless the row names one. The array-API-strict rows need the ``test`` extra.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import center_of_mass

from napari_deconv import Recipe, psf, run
from napari_deconv.backend import Backend, resolve
from napari_deconv.operators import Blur, dot_error
from napari_deconv.recipe import METADATA_KEY
from napari_deconv.solvers import richardson_lucy, wiener

Array = NDArray[Any]
BOUNDARIES = ("extended", "reflect", "periodic")
Seen = list[tuple[float, str]]  # a figure, and the case it was seen in
Row = tuple[str, float, Seen]  # contract, allowed, figures


def kernel(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """An asymmetric blur with its weight near the centre, sum 1."""
    grids = np.meshgrid(*((np.arange(n) - n // 2) / max(n / 4, 1) for n in shape), indexing="ij")
    values = np.exp(-sum(g**2 for g in grids)) * (0.5 + rng.random(shape))
    return values / values.sum()


def sizes(rng: np.random.Generator, ndim: int, largest: tuple[int, int, int]) -> tuple[int, ...]:
    return tuple(int(n) for n in rng.integers(1, largest[ndim - 1] + 1, ndim))


def operators(count: int, dtype: str) -> Iterator[tuple[Blur, np.random.Generator, str]]:
    """Random blurs: 1-D to 3-D, any boundary, half of them with a mask."""
    for seed in range(count):
        rng = np.random.default_rng(seed)
        ndim, boundary = 1 + seed % 3, BOUNDARIES[seed // 3 % 3]
        shape, size = sizes(rng, ndim, (48, 48, 20)), sizes(rng, ndim, (40, 40, 14))
        mask = rng.random(shape) < 0.2 if seed % 2 else None
        mask = None if mask is None or mask.all() else mask
        H = Blur(rng.random(size) / np.prod(size), shape, boundary=boundary, mask=mask, dtype=dtype)
        yield H, rng, f"{shape} psf {size} {boundary}{' mask' if mask is not None else ''}"


def images(count: int) -> Iterator[tuple[Array, Array, str, str]]:
    """Noisy positive images, their PSFs and boundaries."""
    for seed in range(count):
        rng = np.random.default_rng(1000 + seed)
        ndim, boundary = 1 + seed % 3, BOUNDARIES[seed // 3 % 3]
        shape = tuple(int(n) for n in rng.integers(8, (48, 48, 20)[ndim - 1], ndim))
        size = sizes(rng, ndim, (20, 20, 14))
        y = rng.poisson(20 + 80 * rng.random(shape)).astype(np.float32)
        yield y, kernel(size, rng), boundary, f"{shape} psf {size} {boundary}"


def after(y: Any, H: Blur, steps: int = 30) -> Any:
    return next(itertools.islice(richardson_lucy(y, H), steps - 1, None)).snapshot()


def adjoint(count: int) -> Iterator[Row]:
    for dtype, allowed in (("float64", 1e-12), ("float32", 1e-5)):
        seen = []
        for H, rng, case in operators(count, dtype):
            x, y = (rng.random(shape).astype(dtype) for shape in (H.in_shape, H.out_shape))
            seen.append((dot_error(H, x, y), case))
        yield f"adjoint, {dtype}, {count} cases", allowed, seen


def flux_and_descent(count: int) -> Iterator[Row]:
    """Flux: sum(H^T 1 x_k) against sum(y), every step. Descent: a rise over the counts in the image."""
    flux: dict[str, Seen] = {name: [] for name in BOUNDARIES}
    rises = []
    for y, k, boundary, case in images(count):
        H = Blur(k, y.shape, boundary=boundary)
        sensitivity, total = H.adjoint(np.ones_like(y)).astype(float), y.sum(dtype=float)
        steps = [(i.divergence, i.snapshot()) for i in itertools.islice(richardson_lucy(y, H), 30)]
        flux[boundary].append((max(abs(float((sensitivity * x).sum()) / total - 1) for _, x in steps), case))
        rises.append((float(np.diff([d for d, _ in steps]).max()) / total, case))
    for boundary, seen in flux.items():
        yield f"flux, {boundary}, 30 steps, {len(seen)} cases", 1e-5 if boundary == "periodic" else 1e-3, seen
    yield f"rise of the divergence / counts, {count} cases", 1e-6, rises


def flat(count: int) -> Iterator[Row]:
    seen: dict[str, Seen] = {"Richardson-Lucy, 30 steps": [], "Wiener, auto": []}
    wide = psf.widefield((0.3, 0.1, 0.1), na=1.3, wavelength=0.52, image_shape=(12, 32, 32))
    cases = [(y.shape, k, b, case) for y, k, b, case in images(count)]
    cases += [((12, 32, 32), wide.data, b, f"(12, 32, 32) widefield {wide.shape} {b}") for b in BOUNDARIES]
    for shape, k, boundary, case in cases:
        H, y = Blur(k, shape, boundary=boundary), np.full(shape, 7, np.float32)
        for name, x in zip(seen, (H.crop(after(y, H)), wiener(y, H)[0]), strict=True):
            seen[name].append((float(np.abs(x / 7 - 1).max()), case))
    for name, figures in seen.items():
        yield f"flat stays flat, every voxel: {name}, {len(cases)} cases", 1e-4, figures


def dark_corner() -> Iterator[Row]:
    """True 5 in one quarter of a bright object, wide PSF, no noise: how far the 6-pixel corner of the view is off.

    In the last case the dark part of the view is narrower than the PSF: what lies outside is then hardly determined.
    """
    wide = psf.widefield((0.3, 0.1, 0.1), na=1.3, wavelength=0.52, image_shape=(12, 68, 68))
    deep, large, small = psf.gaussian((2.0, 3.0, 3.0)), (24, 200, 200), (24, 100, 100)
    cases = (
        ("2-D Gaussian", psf.gaussian((6.0, 6.0)), (200, 200), np.s_[24:150, 24:150]),
        ("3-D Gaussian", deep, small, np.s_[6:18, 14:82, 14:82]),
        ("3-D widefield", wide, large, np.s_[6:18, 30:170, 30:170]),
        ("3-D widefield, narrow", wide, small, np.s_[6:18, 14:82, 14:82]),
    )
    for name, blur, shape, view in cases:
        truth = np.full(shape, 100, np.float32)
        truth[..., : shape[-2] // 2, : shape[-1] // 2] = 5
        y = Blur(blur, shape, boundary="reflect").forward(truth)[view]
        H = Blur(blur, y.shape)
        corner = H.crop(after(y, H))[..., :6, :6]
        error = float(np.abs(corner / 5 - 1).max())
        mean, low, high = (float(f(corner)) for f in (np.mean, np.min, np.max))
        detail = f"psf {blur.shape}, image mean {y.mean():.0f}; found {mean:.2f}, from {low:.2f} to {high:.2f}"
        yield f"dark corner, every voxel, true 5: {name}", 0.1, [(error, detail)]


def shift() -> Iterator[Row]:
    """A point blurred by a symmetric PSF on an even (or odd) grid with its centre at n // 2: centroid and peak."""
    moved: dict[str, Seen] = {"Richardson-Lucy": [], "Wiener": []}
    sides = ((8, 8), (7, 8), (9, 9), (16, 12), (24, 24), (6, 8, 8), (5, 6, 7))
    for side, boundary in itertools.product(sides, BOUNDARIES):
        shape = (48, 49) if len(side) == 2 else (24, 25, 28)
        truth = np.full(shape, 1, np.float32)
        centre = tuple(n // 2 for n in shape)
        truth[centre] = 5000
        k = psf.gaussian(tuple(n / 7 for n in side), shape=tuple(n - 1 + n % 2 for n in side)).data
        k = np.pad(k, [(1 - n % 2, 0) for n in side])  # a full row more at the front: even, centre at n // 2
        H = Blur(k, shape, boundary=boundary)
        y = Blur(k, shape, boundary="periodic").forward(truth)
        for name, x in zip(moved, (H.crop(after(y, H)), wiener(y, H, balance=1e-4)[0]), strict=True):
            window = tuple(slice(c - 5, c + 6) for c in centre)
            at = center_of_mass(np.maximum(x - 2, 0)[window])
            error = float(np.abs(np.array(at) - 5).max()) + float(np.argmax(x) != np.argmax(truth))
            moved[name].append((error, f"{shape} psf {side} {boundary}"))
    for name, figures in moved.items():
        yield f"shift, px: {name}, even and odd PSFs", 0.02, figures


def agreement(count: int) -> Iterator[Row]:
    """NumPy against array-api-strict arrays on a pretend device; a recipe saved as text against the original."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    import strict

    def solved(y: Array, k: Array, boundary: str, backend: Backend) -> tuple[Array, Array]:
        H, there = Blur(k, y.shape, boundary=boundary, backend=backend), backend.asarray(y, backend.xp.float32)
        return backend.to_host(H.crop(after(there, H))), backend.to_host(wiener(there, H)[0])

    seen: dict[str, Seen] = {"Richardson-Lucy, 30 steps": [], "Wiener, auto": []}
    for y, k, boundary, case in images(count):
        ours, theirs = (solved(y, k, boundary, backend) for backend in (resolve("numpy"), strict.BACKEND))
        for name, a, b in zip(seen, ours, theirs, strict=True):
            seen[name].append((float(np.abs(a - b).max() / np.abs(a).max()), case))
    for name, figures in seen.items():
        yield f"NumPy = array-API-strict: {name}, {count} cases", 1e-4, figures


def saved_recipe() -> Iterator[Row]:
    """A resolved recipe written to a file, read back and run again."""
    y = np.random.default_rng(0).poisson(50, (40, 41)).astype(np.uint16)
    blur, seen = psf.gaussian((1.5, 1.5)), []
    for recipe in (Recipe(num_iter=20, background=3.0), Recipe(method="wiener")):
        with TemporaryDirectory() as folder:
            file = Path(folder) / "recipe.yaml"
            first = run(recipe, y, psf=blur)
            Recipe.build(**first.metadata[METADATA_KEY]["recipe"]).to_file(file)
            again = run(Recipe.from_file(file), y, psf=blur)
        seen.append((float(np.abs(first.data - again.data).max()), recipe.method))
    yield "saved resolved recipe = original, bit for bit", 0.0, seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=300)
    count = parser.parse_args().cases
    print(f"{'contract':66}{'worst':>10}{'allowed':>9}  holds  worst case")
    for contract, allowed, seen in itertools.chain(
        adjoint(count),
        flux_and_descent(count // 2),
        flat(count // 2),
        dark_corner(),
        shift(),
        agreement(count // 5),
        saved_recipe(),
    ):
        worst, case = max(seen)
        print(f"{contract:66}{worst:10.2e}{allowed:9.0e}  {'yes' if worst <= allowed else 'no':5}  {case}")


if __name__ == "__main__":
    main()
