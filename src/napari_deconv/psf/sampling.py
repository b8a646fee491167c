"""A PSF on another grid."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from .checks import odd, per_axis, refuse_huge
from .type import PSF

SAME = 1e-3  # relative difference of voxel sizes that is no difference
SUSPICIOUS = 5.0  # times; then one of the two voxel sizes is probably wrong

Array = NDArray[np.float64]


def resample(psf: PSF, spacing: Sequence[float]) -> PSF:
    """The same PSF at another voxel size, its centre still at ``n // 2``.

    Laterally a cubic spline interpolates the cumulative energy, known exactly at the edges of the samples, and is
    read at the edges of the new ones: energy is conserved, and larger samples average over their area. In depth,
    where every plane was recorded at one position, the values themselves are interpolated.

    Parameters
    ----------
    psf : PSF
        With a voxel size in micrometres.
    spacing : sequence of float
        New micrometres per sample, one per axis.

    Returns
    -------
    PSF
        Odd sizes along every axis that changed; `psf` itself if the voxel sizes agree within 0.1 %.
        ``info["repairs"]`` says what was done.

    Raises
    ------
    ValueError
        If the voxel size of `psf` is not known, or `spacing` is not one positive number per axis.
    MemoryError
        If the result would have more than 2**30 samples.

    Warns
    -----
    UserWarning
        If the voxel sizes differ fivefold or more.

    Examples
    --------
    >>> fine = PSF(np.full((5, 5), 0.04), (0.05, 0.05), "um")
    >>> resample(fine, (0.1, 0.05)).shape
    (3, 5)
    """
    if psf.unit != "um":
        raise ValueError(
            "the voxel size of the PSF is unknown; give it, e.g. psf.from_array(array, spacing=(0.2, 0.065, 0.065))"
        )
    wanted = per_axis("spacing", spacing, (psf.ndim,), unit="micrometres")
    ratios = [new / old for new, old in zip(wanted, psf.spacing, strict=True)]
    if all(abs(r - 1) <= SAME for r in ratios):
        return psf
    old, new = (", ".join(f"{s:.4g}" for s in values) for values in (psf.spacing, wanted))
    if max(max(r, 1 / r) for r in ratios) > SUSPICIOUS * (1 - SAME):
        message = f"the PSF has voxels of ({old}) um, the image of ({new}) um; is one of the two wrong?"
        warnings.warn(message, UserWarning, stacklevel=2)
    data = _on_grid(psf, ratios)
    said = f"resampled from ({old}) um to ({new}) um: {psf.shape} became {data.shape}"
    info = {**psf.info, "repairs": [*psf.info.get("repairs", ()), said]}
    return PSF((data / data.sum()).astype(np.float32), wanted, "um", info)


def _on_grid(psf: PSF, ratios: list[float]) -> Array:
    """Values on samples `ratios` times as large, not negative."""
    depth = [psf.ndim == 3 and axis == 0 for axis in range(psf.ndim)]
    sizes = tuple(map(_size, psf.shape, ratios, depth))
    refuse_huge(sizes)
    data = psf.data.astype(np.float64)
    for axis in np.argsort(np.divide(sizes, psf.shape)):  # what shrinks goes first
        if abs(ratios[axis] - 1) > SAME:
            lines = np.moveaxis(data, axis, -1)
            change = _planes if depth[axis] else _areas
            data = np.maximum(np.moveaxis(change(lines, ratios[axis], sizes[axis]), -1, axis), 0)
    return data


def _size(n: int, ratio: float, depth: bool) -> int:
    """Odd number of samples, centred at n // 2, that cover the area or, in depth, do not leave the planes."""
    if abs(ratio - 1) <= SAME:
        return n
    if depth:
        return 2 * math.floor((n // 2) / ratio + 1e-9) + 1
    return odd((n // 2 + 0.5) / ratio - 1e-9)


def _areas(lines: Array, ratio: float, size: int) -> Array:
    """Samples `ratio` times as wide along the last axis, each with the energy of its area."""
    n = lines.shape[-1]
    energy = np.concatenate([np.zeros((*lines.shape[:-1], 1)), np.cumsum(lines, axis=-1)], axis=-1)
    edges = np.arange(n + 1) - n // 2 - 0.5
    wanted = np.clip((np.arange(size + 1) - size // 2 - 0.5) * ratio, edges[0], edges[-1])
    shares: Array = np.diff(CubicSpline(edges, energy, axis=-1)(wanted), axis=-1)
    return shares


def _planes(lines: Array, ratio: float, size: int) -> Array:
    """Planes `ratio` times as far apart along the last axis; zero beyond the last one."""
    n = lines.shape[-1]
    if n == 1:
        return lines
    wanted = (np.arange(size) - size // 2) * ratio
    planes: Array = CubicSpline(np.arange(n) - n // 2, lines, axis=-1)(wanted)
    planes[..., wanted > n - 1 - n // 2 + 1e-9] = 0
    return planes
