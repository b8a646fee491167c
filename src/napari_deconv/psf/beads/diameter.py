"""The bead is no point: its size taken out of its image."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline
from scipy.optimize import brentq

from ...operators import Blur
from ...solvers import richardson_lucy
from ..checks import number

LEFT = 0.05  # of the blur at the frequency of the width may stay
STEPS = (3, 40)
FINER = 2  # samples for every one along axes on which a ball is larger than a sample: there it would be a poor ball
FINE = 9  # points per sample along each axis
Array = NDArray[np.float64]


def ball(diameter: float, spacing: tuple[float, ...]) -> Array:
    """A uniformly filled ball on a grid, sum 1, odd sides; in two axes as it is seen from above.

    Summing a ball over voxels would widen it by the voxel, a twelfth of its square, although a sampled PSF is not
    widened. So an ellipsoid is summed whose semi-axes are chosen such that the variance on the grid is that of the
    ball, :math:`D^2 / 20`, along every axis: exact to second order in the frequency for a ball of any size, one
    smaller than a voxel included, and nowhere negative.

    Parameters
    ----------
    diameter : float
        D, micrometres.
    spacing : tuple of float, 2 or 3 numbers
        Micrometres per sample.
    """
    axes = [_semi_axis(diameter / step) for step in spacing]
    points = [_points(a) for a in axes]
    square = sum(np.meshgrid(*((p / a) ** 2 for p, a in zip(points, axes, strict=True)), indexing="ij", sparse=True))
    height = np.maximum(1 - np.asarray(square), 0)
    full = (height > 0).astype(np.float64) if len(spacing) == 3 else np.sqrt(height)
    for axis, p in enumerate(points):
        count = len(p) // FINE
        full = full.reshape(*full.shape[:axis], count, FINE, *full.shape[axis + 1 :]).sum(axis=axis + 1)
    found: Array = full / full.sum()
    return found


def _points(semi_axis: float) -> Array:
    """Positions inside the samples that a semi-axis touches, `FINE` in each."""
    reach = math.ceil(max(semi_axis - 0.5, 0))
    inner = (np.arange(FINE) - (FINE - 1) / 2) / FINE
    points: Array = (np.arange(-reach, reach + 1)[:, None] + inner).ravel()
    return points


def _semi_axis(diameter: float) -> float:
    """Of the ellipsoid whose variance, summed over samples, is that of a ball; all in samples."""
    if diameter < 0.05:
        return 0.5
    return float(brentq(lambda a: _variance(a) - diameter**2 / 20, 0.5, diameter / 2 + 1, xtol=1e-9))


def _variance(semi_axis: float) -> float:
    """Variance along one axis of a filled ellipsoid summed over samples."""
    reach = math.ceil(semi_axis + 0.5)
    u = np.clip((np.arange(-reach, reach + 2) - 0.5) / semi_axis, -1, 1)
    share = np.diff(0.75 * (u - u**3 / 3))
    return float(share @ np.arange(-reach, reach + 1) ** 2)


def transfer(frequency: Array) -> Array:
    r"""What a ball leaves of a frequency f, as a function of D f.

    .. math:: B = 3 \frac{\sin x - x \cos x}{x^3}, \quad x = \pi D f
    """
    x = math.pi * np.asarray(frequency, dtype=np.float64)
    large = np.maximum(x, 1e-2)
    exact = 3 * (np.sin(large) - large * np.cos(large)) / large**3
    found: Array = np.where(x < 1e-2, 1 - x**2 / 10, exact)
    return found


def steps_for(diameter: float, fwhm: float) -> int:
    """Richardson-Lucy steps that leave 5 % of a ball's blur at the frequency 0.75 / width, 3 to 40.

    From the blurred image on, k steps leave about :math:`(1 - B^2)^k` of what the ball took at a frequency. The width
    is what `fwhm` will be without the ball, as if both were Gaussians.
    """
    sharp = math.sqrt(max(fwhm**2 - 0.277 * diameter**2, fwhm**2 / 4))
    gain = float(transfer(np.array(diameter * 0.75 / sharp))) ** 2
    if gain > 1 - 1e-9:
        return STEPS[0]
    return int(np.clip(math.ceil(math.log(LEFT) / math.log(1 - gain)), *STEPS))


def without_ball(
    box: Array,
    diameter: float,
    spacing: tuple[float, ...],
    fwhm: float,
    tick: Callable[[], None],
    notes: list[str],
) -> Array:
    """`box` as a point would have made it, by Richardson-Lucy with the ball on a finer grid.

    Parameters
    ----------
    box : array
        The average of the beads, not negative.
    diameter : float
        Of the beads, micrometres.
    spacing : tuple of float
        Micrometres per sample.
    fwhm : float
        The smallest width of `box`, micrometres: it decides how many steps are worth their noise.
    tick : callable
        Called after every step.
    notes : list of str
        Gets a sentence on what was done.
    """
    diameter = number("diameter", diameter, unit="micrometres")
    count = steps_for(diameter, fwhm)
    pads = [(math.ceil(diameter / s) + 2,) * 2 for s in spacing]
    wide = np.pad(box, pads, mode="edge")  # the sides are joined by the FFT
    over = tuple(FINER if diameter > s else 1 for s in spacing)
    wide = _finer(wide, over)
    H = Blur(
        ball(diameter, tuple(s / o for s, o in zip(spacing, over, strict=True))),
        wide.shape,
        boundary="periodic",
        dtype="float64",
    )
    scale = float(wide.max())
    y = wide / scale
    estimate = y
    for iterate in islice(richardson_lucy(y, H, x0=np.maximum(y, 1e-9)), count):
        if iterate.iteration == count:
            estimate = iterate.snapshot()
        tick()
    notes.append(f"bead diameter of {diameter:g} um deconvolved: {count} Richardson-Lucy steps")
    if diameter > 1.5 * fwhm:
        notes.append(
            f"beads of {diameter:g} um are much larger than their image's width allows ({fwhm:.3g} um measured): fine "
            "detail of the PSF is lost; use beads smaller than the width"
        )
    inner = tuple(slice(o * p, o * (p + n), o) for (p, _), n, o in zip(pads, box.shape, over, strict=True))
    return np.where(box > 0, estimate[inner], 0.0) * scale


def _finer(box: Array, over: tuple[int, ...]) -> Array:
    """`box` by a quintic spline with `over` samples for every one, the last one alone; not negative."""
    for axis, (n, o) in enumerate(zip(box.shape, over, strict=True)):
        if o > 1:
            box = make_interp_spline(np.arange(n), box, 5, axis=axis)(np.arange(o * (n - 1) + 1) / o)
    return np.maximum(box, 0.0)
