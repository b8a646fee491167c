"""A Gaussian fitted to one bead."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TO_FWHM = 2 * math.sqrt(2 * math.log(2))
Vector = NDArray[np.float64]


class NoFit(ValueError):
    """No Gaussian fits; the message says why."""


@dataclass(frozen=True)
class Fit:
    """A Gaussian on a level background.

    Parameters
    ----------
    centre, width : tuple of float
        Position and full widths at half maximum, samples.
    error : tuple of float
        Standard errors of `width`, samples.
    height, level : float
        Of the Gaussian, and what it stands on.
    r2 : float
        Share of the variance explained.
    """

    centre: tuple[float, ...]
    width: tuple[float, ...]
    error: tuple[float, ...]
    height: float
    level: float
    r2: float


def window(centre: tuple[float, ...], half: tuple[float, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """The part of an image within `half` samples of `centre`."""
    return tuple(
        slice(max(0, math.ceil(c - h)), min(n, math.floor(c + h) + 1))
        for c, h, n in zip(centre, half, shape, strict=True)
    )


def gaussian(
    values: NDArray[Any], at: tuple[float, ...], width: tuple[float, ...], ignored: NDArray[np.bool_] | None = None
) -> Fit:
    """The axis-parallel Gaussian that fits `values` best around `at`, by least squares.

    Parameters
    ----------
    values : array
        The whole image; what is looked at reaches one `width`, and two samples at least, to each side.
    at, width : tuple of float
        First guess of centre and full widths, samples.
    ignored : array of bool, optional
        Samples that do not count, shape of `values`.

    Raises
    ------
    NoFit
        If the values are not finite or flat, or the best Gaussian lies elsewhere, is dark, or has no width.
    """
    from scipy.optimize import least_squares

    part = window(at, tuple(max(2.0, w) for w in width), values.shape)
    block = values[part].astype(np.float64)
    if not np.isfinite(block).all():
        raise NoFit("NaN or infinite values")
    counts = np.ones(block.shape, dtype=bool) if ignored is None else ~ignored[part]
    low, high = (float(v) for v in np.percentile(block, (10, 100)))
    if high <= low:
        raise NoFit(f"flat, {high:g} everywhere")
    grid = [axis[counts].astype(np.float64) for axis in np.mgrid[part]]
    sigma = [w / TO_FWHM for w in width]
    start = np.array([0.0, 1.0, *at, *sigma])
    seen = (block[counts] - low) / (high - low)
    if seen.size <= start.size:
        raise NoFit(f"{seen.size} samples for {start.size} unknowns")
    with np.errstate(all="ignore"):
        found = least_squares(_residual, start, _jacobian, method="lm", args=(grid, seen), max_nfev=200)
    return _checked(found, seen, at, width, low, high - low)


def _checked(found: Any, seen: Vector, at: tuple[float, ...], width: tuple[float, ...], low: float, unit: float) -> Fit:
    n = len(at)
    level, height, centre, sigma = found.x[0], found.x[1], found.x[2 : 2 + n], np.abs(found.x[2 + n :])
    if not np.isfinite(found.x).all() or height <= 0:
        raise NoFit("no bright spot")
    if any(abs(c - a) > max(2.0, w) for c, a, w in zip(centre, at, width, strict=True)):
        raise NoFit("the centre ran away")
    if any(not 0.1 < s * TO_FWHM < 6 * max(w, 1) for s, w in zip(sigma, width, strict=True)):
        raise NoFit(f"impossible widths, {', '.join(f'{s * TO_FWHM:.3g}' for s in sigma)} samples")
    rest = float((found.fun**2).sum())
    r2 = 1 - rest / max(float(((seen - seen.mean()) ** 2).sum()), 1e-30)
    variance = rest / (seen.size - found.x.size)
    covariance = np.linalg.pinv(found.jac.T @ found.jac) * variance
    error = np.sqrt(np.diag(covariance)[2 + n :]) * TO_FWHM
    return Fit(
        tuple(float(c) for c in centre),
        tuple(float(s) * TO_FWHM for s in sigma),
        tuple(float(e) for e in error),
        float(height) * unit,
        float(level) * unit + low,
        float(r2),
    )


def _shape(p: Vector, grid: list[Vector]) -> Vector:
    n = len(grid)
    exponent = sum(((x - c) / s) ** 2 for x, c, s in zip(grid, p[2 : 2 + n], p[2 + n :], strict=True))
    shape: Vector = np.exp(-0.5 * np.minimum(exponent, 1400))
    return shape


def _residual(p: Vector, grid: list[Vector], seen: Vector) -> Vector:
    off: Vector = p[0] + p[1] * _shape(p, grid) - seen
    return off


def _jacobian(p: Vector, grid: list[Vector], seen: Vector) -> Vector:
    n = len(grid)
    shape = _shape(p, grid)
    columns = [np.ones_like(shape), shape]
    scaled = [(x - c) / s for x, c, s in zip(grid, p[2 : 2 + n], p[2 + n :], strict=True)]
    columns += [p[1] * shape * u / s for u, s in zip(scaled, p[2 + n :], strict=True)]
    columns += [p[1] * shape * u**2 / s for u, s in zip(scaled, p[2 + n :], strict=True)]
    return np.stack(columns, axis=1)
