"""What a bead stands on, and its faint light, freed from noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SCALES = (0.0, 0.7, 1.5, 3.0, 6.0)  # samples of the Gaussians that smooth ever fainter light
CERTAIN = 5.0  # standard deviations
AIRY = 0.038  # 4 / pi / 3.23**3: its mean intensity at one full width from the middle, extrapolated inwards
FAR = 0.7  # of the way to the rim of the box
FEWEST = 24  # samples of a ring that tell its mean
NOISE = 0.01  # of the flux in focus
TOLD = 0.05  # of the flux in focus: more is worth a note
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ground:
    """The background of a box.

    Parameters
    ----------
    level : float
        In focus, far from the bead.
    drift : float
        Change of the level per plane (a lamp that fades, a dye that bleaches).
    beyond : float
        The bead's own light outside the box in the plane of focus, in units of the box.
    noise : float
        Standard deviation of a sample there.
    """

    level: float
    drift: float
    beyond: float
    noise: float


def ground(box: Array, spacing: tuple[float, ...], width: tuple[float, ...]) -> Ground:
    r"""The background beside a bead in the planes of its focus.

    Out of focus the light of the bead itself fills a box; in focus it falls like the radius to the power -3 (the rings
    of an Airy pattern, averaged). So :math:`b + k r^{-3}` is fitted to what lies beyond half the box.
    """
    planes = _planes(box)
    focus = len(planes) // 2
    reach = max(0, round(width[0] / 2)) if box.ndim == 3 else 0
    r = radius(planes.shape[1:], spacing[-2:])
    edge = min(n // 2 * s for n, s in zip(planes.shape[1:], spacing[-2:], strict=True))
    far = r > FAR * edge
    near = planes[max(0, focus - reach) : focus + reach + 1][:, far]
    height = float(planes[focus].max()) - float(np.median(near))
    most = AIRY * max(height, 0.0) * (math.sqrt(width[-1] * width[-2] * spacing[-1] * spacing[-2]) / edge) ** 3
    level, tail = _level_and_tail(near, (r[far] / edge) ** -3, most)
    area = spacing[-1] * spacing[-2]
    beyond = 2 * math.pi * tail * edge**2 / area
    noise = 1.4826 * float(np.median(np.abs(near - np.median(near, axis=1, keepdims=True))))
    return Ground(level, _drift(planes, r > 0.8 * edge), beyond, noise)


def above(box: Array, found: Ground) -> Array:
    """`box` without its background."""
    planes = np.arange(_planes(box).shape[0]) - _planes(box).shape[0] // 2
    left: Array = _planes(box) - found.level - found.drift * planes[:, None, None]
    return left.reshape(box.shape)


def no_brighter_than_focus(box: Array, width: tuple[float, ...], notes: list[str]) -> Array:
    """`box` without what makes a plane hold more light than those nearer to focus, taken for an even background.

    The flux of a widefield microscope is the same in every plane, and less of it stays inside a box out of focus; every
    other microscope has less there anyway. More can only come from a lamp that flickers or warms up, or from
    neighbours. One dark plane alone does not count.
    """
    if box.ndim == 2:
        return box
    flux = box.sum(axis=(1, 2))
    focus, reach = len(flux) // 2, round(width[0] / 2)
    near = slice(max(0, focus - reach), focus + reach + 1)
    brightest = float(np.max(flux[near]))
    limit = np.maximum(ndimage.median_filter(flux, 3, mode="nearest"), 0)
    limit[near] = brightest
    for side in (limit[focus:], limit[focus::-1]):
        np.minimum.accumulate(side, out=side)
    excess = np.maximum(flux - limit - NOISE * brightest, 0)
    if (told := excess > TOLD * brightest).any():
        notes.append(
            f"{told.sum()} plane(s) had up to {excess.max() / brightest:.0%} of the flux in focus more than planes "
            "nearer to it (a lamp, neighbours): evened"
        )
    evened: Array = box - excess[:, None, None] / box[0].size
    return evened


def _level_and_tail(values: Array, law: Array, most: float) -> tuple[float, float]:
    """Least squares of ``level + tail * law``, tail from 0 to `most`; twice, the second time without outliers."""
    y, x = values.ravel(), np.tile(law, len(values))
    kept = np.ones(y.shape, dtype=bool)
    level, tail = float(np.median(y)), 0.0
    for _ in range(2):
        columns = np.stack([np.ones(int(kept.sum())), x[kept]], axis=1)
        tail = float(np.clip(np.linalg.lstsq(columns, y[kept], rcond=None)[0][1], 0, most))
        level = float(np.mean(y[kept] - tail * x[kept]))
        off = np.abs(y - level - tail * x)
        kept = off <= 4 * 1.4826 * max(float(np.median(off)), 1e-30)
    return level, tail


def _drift(planes: Array, far: NDArray[np.bool_]) -> float:
    """Slope along z of what lies far from the bead; its cone of light is as wide above as below."""
    n = len(planes) // 2
    if n < 2:
        return 0.0
    line = np.median(planes[:, far], axis=1)
    steps = np.arange(1, n + 1)
    return float(np.median((line[n + steps] - line[n - steps]) / (2 * steps)))


def faint_light(box: Array, spacing: tuple[float, ...], width: tuple[float, ...]) -> tuple[Array, float]:
    """`box` without negative values and without noise taken for light, and the share of light given up.

    Clipping noise at zero would leave its positive half, in a large box more light than the bead has. So a sample
    stays as it is where it stands five standard deviations out of the noise; what does not is averaged over ever
    more neighbours of the same kind until it does (adaptive smoothing [1]_), at last over the ring of its plane; what
    never does is set to zero.

    References
    ----------
    .. [1] H. Ebeling, D. A. White, F. V. N. Rangarajan, Mon. Not. R. Astron. Soc. 368, 65 (2006).
    """
    found = np.zeros(box.shape)
    left = np.ones(box.shape, dtype=bool)
    quiet = _quiet(box, spacing, width)
    for scale in SCALES:
        smooth = _smoothed(box, left, scale)
        scatter = smooth[quiet & left]
        noise = 1.4826 * float(np.median(np.abs(scatter - np.median(scatter)))) if scatter.size > 8 else 0.0
        sure = left & (smooth > max(CERTAIN * noise, 0.0))
        found[sure] = smooth[sure]
        left &= ~sure
    rings, sure = _ring_means(box, left, spacing)
    found[sure] = rings[sure]
    left &= ~sure
    lost = float(box[left].sum() / max(box.sum(), 1e-30))
    return found, lost


def _quiet(box: Array, spacing: tuple[float, ...], width: tuple[float, ...]) -> NDArray[np.bool_]:
    """The rim of the planes in focus."""
    r = radius(box.shape[-2:], spacing[-2:])
    edge = min(n // 2 * s for n, s in zip(box.shape[-2:], spacing[-2:], strict=True))
    rim: NDArray[np.bool_] = r > 0.75 * edge
    if box.ndim == 2:
        return rim
    near: NDArray[np.bool_] = np.abs(np.arange(box.shape[0]) - box.shape[0] // 2) <= max(1, round(width[0]))
    both: NDArray[np.bool_] = near[:, None, None] & rim
    return both


def _smoothed(box: Array, left: NDArray[np.bool_], scale: float) -> Array:
    """Averages over those neighbours that are left."""
    if scale == 0:
        return box
    total = ndimage.gaussian_filter(np.where(left, box, 0.0), scale, mode="nearest")
    weight = ndimage.gaussian_filter(left.astype(np.float64), scale, mode="nearest")
    smooth: Array = total / np.maximum(weight, 1e-6)
    return smooth


def _ring_means(box: Array, left: NDArray[np.bool_], spacing: tuple[float, ...]) -> tuple[Array, NDArray[np.bool_]]:
    """Means over what is left of rings two samples wide, and where they stand out of their own errors."""
    ring = (radius(box.shape[-2:], spacing[-2:]) / (2 * max(spacing[-2:]))).astype(np.intp)
    means, sure = np.zeros(box.shape), np.zeros(box.shape, dtype=bool)
    for plane, free, mean, good in zip(*(_planes(a) for a in (box, left, means, sure)), strict=True):
        where, values = ring[free], plane[free]
        count = np.maximum(np.bincount(where, minlength=ring.max() + 1), 1)
        average = np.bincount(where, values, ring.max() + 1) / count
        square = np.bincount(where, values**2, ring.max() + 1) / count
        error = np.sqrt(np.maximum(square - average**2, 0) / count)
        mean[:] = average[ring]
        good[:] = free & ((average > CERTAIN * error) & (count >= FEWEST))[ring]
    return means, sure


def radius(shape: tuple[int, ...], spacing: tuple[float, ...]) -> Array:
    """Distance of the samples of a plane from its middle, in the unit of `spacing`."""
    y, x = ((np.arange(n) - n // 2) * s for n, s in zip(shape, spacing, strict=True))
    distance: Array = np.hypot(y[:, None], x)
    return distance


def _planes(box: NDArray[Any]) -> NDArray[Any]:
    """The box as planes, one if it is a plane."""
    return box if box.ndim == 3 else box[None]
