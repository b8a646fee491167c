"""Richardson-Lucy beside scikit-image's (``clip=False``): where both are right they agree, and where it is wrong.

    python benchmarks/against_skimage.py

First table: 30 iterations, background 0, odd PSFs of sum 1; max|a - b| / max b (b is scikit-image's result), away
from the border by so many times the longest side of the PSF. The start makes no difference: ours starts flat at the
mean of the image, scikit-image flat at 0.5, and either way the first estimate is H^T y (column "from 0.5": ours
started at 0.5 too). The border of scikit-image is wrong, and its error creeps inwards; so the column "wider" gives
scikit-image a picture that goes on for four more sides all round and compares what it makes of our view, three sides
from the border of the view. Ours computes in single precision, scikit-image in double.

Second table: edges, even PSFs, integer pictures.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import center_of_mass, gaussian_filter
from scipy.signal import fftconvolve
from skimage.restoration import richardson_lucy as skimage_rl

from napari_deconv import PSF, psf, richardson_lucy
from napari_deconv.operators import Blur
from napari_deconv.solvers import richardson_lucy as steps

Array = NDArray[Any]


def lopsided(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """A blur that is not symmetric, sum 1."""
    grids = np.meshgrid(*((np.arange(n) - n // 2) / (n / 4) for n in shape), indexing="ij")
    values = np.exp(-sum(g**2 for g in grids)) * (0.3 + rng.random(shape))
    return values / values.sum()


def blurs(rng: np.random.Generator) -> list[tuple[str, Array]]:
    return [
        ("2-D Gaussian, sigma 1.5", psf.gaussian((1.5, 1.5)).data),
        ("2-D Gaussian, sigma 2.5", psf.gaussian((2.5, 2.5)).data),
        ("2-D lopsided", lopsided((11, 7), rng)),
        ("2-D defocus disk", psf.defocus(4).data),
        ("2-D motion", psf.motion(9, 30).data),
        ("3-D Gaussian", psf.gaussian((0.7, 0.8, 0.8)).data),
        ("3-D lopsided", lopsided((7, 7, 5), rng)),
        ("3-D lopsided, small", lopsided((3, 5, 5), rng)),
    ]


def picture(k: Array, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Blobs in a haze, blurred together with what lies outside the view; Poisson noise."""
    wide = tuple(n + p - 1 for n, p in zip(shape, k.shape, strict=True))
    objects = gaussian_filter((rng.random(wide) > 0.99).astype(float), 1.5) * 3000
    return rng.poisson(np.maximum(fftconvolve(20 + objects, k, "valid"), 0)).astype(np.float32)


def inside(x: Array, margin: int) -> Array:
    return x[tuple(slice(margin, n - margin) for n in x.shape)]


def difference(a: Array, b: Array) -> float:
    return float(np.abs(a - b).max() / b.max())


def compare() -> None:
    rng = np.random.default_rng(0)
    columns = ("3 sides", "from 0.5", "wider", "5 sides")
    print(("{:26}{:>8}" + 4 * "{:>10}").format("30 iterations", "psf", *columns))
    for name, k in blurs(rng):
        side = max(k.shape)
        wide = picture(k, (22 * side if k.ndim == 2 else 20 * side,) * k.ndim, rng)
        y = inside(wide, 4 * side)
        theirs, theirs_wide = (plain(v.astype(float), k.astype(float), 30) for v in (y, wide))
        ours, H = richardson_lucy(y, k, 30), Blur(k, y.shape)
        halved = steps(y, H, x0=np.full(H.in_shape, 0.5, np.float32))
        from_half = H.crop(next(itertools.islice(halved, 29, None)).snapshot())
        figures = [difference(inside(x, 3 * side), inside(theirs, 3 * side)) for x in (ours, from_half)]
        figures.append(difference(inside(ours, 3 * side), inside(theirs_wide, 7 * side)))
        figures.append(difference(inside(ours, 5 * side), inside(theirs, 5 * side)))
        print(f"{name:26}{'x'.join(map(str, k.shape)):>8}" + "".join(f"{figure:10.1e}" for figure in figures))


def edges() -> tuple[str, str, str, str]:
    y, box = np.full((64, 64), 0.5), np.full((9, 9), 1 / 81)
    found = [plain(y, box, 50), richardson_lucy(y, PSF(box.astype(np.float32), (1, 1)), 50)]
    return ("flat image 0.5, 9 x 9 box, 50 iterations", "0.5", *(f"{x.min():.2g} to {x.max():.3g}" for x in found))


def border_error() -> tuple[str, str, str, str]:
    rng = np.random.default_rng(1)
    k = psf.gaussian((3.0, 3.0)).data.astype(float)
    truth = 20 + gaussian_filter((rng.random((160, 160)) > 0.995).astype(float), 2) * 4000
    view, p = np.s_[16:-16, 16:-16], 16
    y = rng.poisson(fftconvolve(truth, k, "same")[view]).astype(np.float32)
    frame = np.ones(y.shape, bool)
    frame[p:-p, p:-p] = False

    def rmse(x: Array) -> float:
        return float(np.sqrt(np.mean((x - truth[view])[frame] ** 2)))

    theirs, ours = (rmse(solve(y, k, 30)) for solve in (plain, richardson_lucy))
    return "RMSE of a 16-pixel frame, 30 iterations", f"blurred {rmse(y):.1f}", f"{theirs:.1f}", f"{ours:.1f}"


def even_psf() -> list[tuple[str, str, str, str]]:
    """A point at (24, 24) blurred by an 8 x 8 PSF whose centre is at n // 2."""
    k = np.pad(psf.gaussian((1.2, 1.2), shape=(7, 7)).data, ((1, 0), (1, 0))).astype(float)
    truth = np.full((49, 49), 0.01)
    truth[24, 24] = 1000
    y = Blur(k, truth.shape, boundary="periodic", dtype="float64").forward(truth)
    found = [solve(y, k, 30) for solve in (plain, richardson_lucy)]
    at = ["{:.2f}, {:.2f}".format(*center_of_mass(np.maximum(x - 0.02, 0))) for x in found]
    total = [f"{x.sum():.1f}" for x in found]
    return [
        ("even PSF 8 x 8: centroid", "24.00, 24.00", at[0], at[1]),
        ("even PSF 8 x 8: flux", f"{y.sum():.1f}", total[0], total[1]),
    ]


def integers() -> tuple[str, str, str, str]:
    y = np.random.default_rng(2).poisson(500, (48, 48)).astype(np.uint16)
    k = psf.gaussian((1.5, 1.5)).data
    found = [skimage_rl(y, k.astype(float), 30), richardson_lucy(y, k, 30)]
    return ("uint16 counts, mean 500, as called by default", "500", *(f"{x.min():.3g} to {x.max():.4g}" for x in found))


def plain(y: Array, k: Array, count: int) -> Array:
    return skimage_rl(y, k, count, clip=False)


def main() -> None:
    compare()
    print(f"\n{'':46}{'right':>14}{'scikit-image':>20}{'ours':>18}")
    for row in (edges(), border_error(), *even_psf(), integers()):
        print("{:46}{:>14}{:>20}{:>18}".format(*row))


if __name__ == "__main__":
    main()
