"""Which beads are fit to be averaged, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .fit import Fit, NoFit, gaussian, window
from .stack import Stack

PLATEAU = (3, 4)  # touching samples of one value that make a flat top, in 2 and 3 axes
ODD = 5.0  # robust standard deviations of the widths
LEAST_ODD = 0.2  # of the median: smaller differences are none


@dataclass(frozen=True)
class Spot:
    """What is known of one bead while the average is made.

    Parameters
    ----------
    image : int
        Index of its image.
    centre : tuple of float
        In samples.
    fit : Fit or None
        The Gaussian fitted to it.
    reason : str
        Why it is not averaged, ``"kind: details"``; empty if it is.
    listed : bool
        False for a neighbour that nobody asked for.
    """

    image: int
    centre: tuple[float, ...]
    fit: Fit | None
    reason: str
    listed: bool = True


def inspect(
    stack: Stack, image: int, at: tuple[float, ...], width: tuple[float, ...], min_snr: float, min_r2: float
) -> Spot:
    """A bead around `at`, fitted and judged by itself. No fault of a bead ends the run: it becomes the reason."""
    fit, centre = None, at
    try:
        outside = any(not -0.5 <= c <= n - 0.5 for c, n in zip(at, stack.values.shape, strict=True))
        if outside:
            return Spot(image, at, None, "edge: outside the image")
        flat = saturated(stack, at, width)
        reason = _first_fault(stack, at, width, flat)
        fit = gaussian(stack.values, at, width, flat)
        centre = fit.centre
        reason = reason or _poor(stack, fit, width, min_snr, min_r2)
    except NoFit as error:
        reason = reason or f"badly fitted: {error}"
    except MemoryError:
        raise
    except Exception as error:
        reason = f"badly fitted: {type(error).__name__}: {error}"
    return Spot(image, centre, fit, reason)


def _first_fault(stack: Stack, at: tuple[float, ...], width: tuple[float, ...], flat: NDArray[np.bool_] | None) -> str:
    """What can be said before anything is fitted."""
    core = window(at, width, stack.values.shape)
    bad = int(np.isnan(stack.values[core]).sum())
    if bad:
        return f"not finite: {bad} NaN or infinite values in it"
    if any(c - w < -0.5 or c + w > n - 0.5 for c, w, n in zip(at, width, stack.values.shape, strict=True)):
        return "edge: less than one width from the border of the image"
    if flat is not None:
        count, level = int(flat[core].sum()), float(stack.values[core].max())
        return f"saturated: {count} samples at {level:g}"
    return ""


def saturated(stack: Stack, at: tuple[float, ...], width: tuple[float, ...]) -> NDArray[np.bool_] | None:
    """Clipped samples of a bead, shape of the image: at the camera's end, or a flat top of one value. None: none."""
    core = window(at, width, stack.values.shape)
    values = stack.values[core]
    if not np.isfinite(values).all() or values.max() == values.min():
        return None
    clipped = values == values.max()
    regions, count = ndimage.label(clipped)
    largest = max(np.bincount(regions.ravel())[1:]) if count else 0
    at_end = 0 if stack.clipped is None else int(stack.clipped[core].sum())
    if largest < PLATEAU[values.ndim - 2] and at_end < stack.least:
        return None
    found = np.zeros(stack.values.shape, dtype=bool)
    found[core] = clipped if stack.clipped is None else clipped | stack.clipped[core]
    return found


def _poor(stack: Stack, fit: Fit, width: tuple[float, ...], min_snr: float, min_r2: float) -> str:
    """What the fit tells against a bead."""
    noise = noise_around(stack, fit.centre, width)
    if fit.height < min_snr * noise:
        return f"dim: {fit.height / noise:.1f} times the noise, less than {min_snr:g}"
    if fit.r2 < min_r2:
        return f"badly fitted: R2 of {fit.r2:.2f}, less than {min_r2:g}"
    return ""


def noise_around(stack: Stack, centre: tuple[float, ...], width: tuple[float, ...]) -> float:
    """Standard deviation of the pixels from 2.5 to 5 widths beside a bead, in its plane, by the median deviation."""
    lateral = tuple(5 * max(w, 2.0) for w in width[-2:])
    part = window(centre, (0.5,) * (len(centre) - 2) + lateral, stack.values.shape)
    block = stack.values[part]
    away = [
        np.abs(grid - c) <= 2.5 * max(w, 2.0)
        for grid, c, w in zip(np.mgrid[part][-2:], centre[-2:], width[-2:], strict=True)
    ]
    ring = block[~(away[0] & away[1]) & np.isfinite(block)]
    if ring.size < 8:
        return 0.0
    return 1.4826 * float(np.median(np.abs(ring - np.median(ring))))


def odd_widths(spots: list[Spot]) -> list[Spot]:
    """The spots, those rejected whose width is far from that of the others: clusters, dust, hot pixels."""
    good = [s.fit.width for s in spots if s.fit is not None and not s.reason]
    if len(good) < 4:
        return spots
    middle = np.median(good, axis=0)
    scatter = 1.4826 * np.median(np.abs(np.asarray(good) - middle), axis=0)
    limit = np.maximum(ODD * scatter, LEAST_ODD * middle)
    return [_odd(spot, middle, limit) for spot in spots]


def _odd(spot: Spot, middle: NDArray[np.float64], limit: NDArray[np.float64]) -> Spot:
    if spot.reason or spot.fit is None:
        return spot
    off = (np.asarray(spot.fit.width) - middle) / limit
    worst = int(np.argmax(np.abs(off)))
    if abs(off[worst]) <= 1:
        return spot
    axis = "ZYX"[worst - len(middle)]
    ratio = spot.fit.width[worst] / middle[worst]
    return replace(spot, reason=f"odd width: {ratio:.2f} times the median along {axis} (a cluster, dust, a hot pixel?)")


def boxed(spots: list[Spot], stacks: list[Stack], half: tuple[int, ...]) -> list[Spot]:
    """The spots, those rejected whose box leaves the image, holds another bead, or what is not a number."""
    return [_boxed(i, spots, stacks, half) for i in range(len(spots))]


def _boxed(index: int, spots: list[Spot], stacks: list[Stack], half: tuple[int, ...]) -> Spot:
    spot = spots[index]
    kind = spot.reason.partition(":")[0]
    if kind in ("edge", "saturated", "not finite", "duplicate"):
        return spot
    beside = neighbours(index, spots, half)
    if beside:
        return replace(spot, reason=f"crowded: {beside} other{'s' * (beside > 1)} within the crop")
    if kind:
        return spot
    values = stacks[spot.image].values
    if not inside(spot.centre, half, values.shape):
        return replace(spot, reason="edge: the crop leaves the image")
    block = values[tuple(slice(round(c) - h, round(c) + h + 1) for c, h in zip(spot.centre, half, strict=True))]
    bad = int(np.isnan(block).sum())
    return replace(spot, reason=f"not finite: {bad} NaN or infinite values in the crop") if bad else spot


def neighbours(index: int, spots: list[Spot], half: tuple[int, ...]) -> int:
    """How many other spots lie in the box of one."""
    spot = spots[index]
    others = [
        other.centre
        for i, other in enumerate(spots)
        if i != index and other.image == spot.image and not other.reason.startswith(("duplicate", "edge: outside"))
    ]
    away = np.abs(np.asarray(others or np.empty((0, len(half)))) - spot.centre)
    return int(np.all(away <= np.asarray(half) + 0.5, axis=1).sum())


def inside(centre: tuple[float, ...], half: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether a box around a spot lies in the image."""
    return all(h <= round(c) <= n - 1 - h for c, h, n in zip(centre, half, shape, strict=True))
