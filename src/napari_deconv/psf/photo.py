"""Blurs of photographs: motion of the camera and defocus."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .checks import finite, number, odd
from .type import PSF

LONGEST = 2000  # pixels

Array = NDArray[np.float64]


def motion(length: float, angle: float = 0.0) -> PSF:
    r"""Uniform motion along a straight line.

    The value of a pixel is the share of the line that lies inside it, computed exactly.

    Parameters
    ----------
    length : float
        Pixels travelled during the exposure, 0 to 2000. Up to one pixel along an axis is no blur.
    angle : float
        Direction in degrees, counter-clockwise from the right as the picture is seen on screen: 0 and 180 are
        horizontal, 90 is vertical, 45 rises from the lower left to the upper right. Rows count downwards, so
        a step along the line is :math:`(\Delta row, \Delta column) = (-\sin, \cos)`.

    Returns
    -------
    PSF
        Two axes (YX), unit "px", odd sizes just large enough, centre of mass at the centre.

    Raises
    ------
    ValueError
        If `length` is negative, not finite or above 2000 pixels, or `angle` is not finite.

    Examples
    --------
    >>> motion(2, 90).data.ravel().tolist()
    [0.25, 0.5, 0.25]
    """
    length = _pixels("length", length)
    angle = finite("angle", angle, "a finite number of degrees")
    reach = _direction(angle) * length / 2
    data = np.zeros([odd(abs(r) - 1e-9) for r in reach])
    _draw(data, reach)
    return _photo_psf(data, "motion", length=length, angle=angle)


def defocus(radius: float) -> PSF:
    """Defocus by an ideal lens: a uniform disk.

    The value of a pixel is the area of the disk inside it, computed exactly.

    Parameters
    ----------
    radius : float
        Radius of the disk in pixels, 0 to 2000.

    Returns
    -------
    PSF
        Two axes (YX), unit "px", odd sizes just large enough.

    Raises
    ------
    ValueError
        If `radius` is negative, not finite or above 2000 pixels.

    Examples
    --------
    >>> defocus(2.5).shape
    (5, 5)
    """
    radius = _pixels("radius", radius)
    n = odd(radius - 1e-9)
    if n == 1:
        return _photo_psf(np.ones((1, 1)), "defocus", radius=radius)
    edges = np.arange(n + 1) - n / 2
    corners = _disk_corner(np.abs(edges), radius) * np.multiply.outer(np.sign(edges), np.sign(edges))
    data = np.maximum(np.diff(np.diff(corners, axis=0), axis=1), 0)
    return _photo_psf(data, "defocus", radius=radius)


def _pixels(name: str, value: float) -> float:
    found = number(name, value, unit="pixels", positive=False)
    if found > LONGEST:
        raise ValueError(f"{name} is in pixels and at most {LONGEST}, got {found:g}")
    return found


def _photo_psf(data: Array, model: str, **parameters: float) -> PSF:
    info = {"model": model, "parameters": parameters, "energy": 1.0}
    return PSF((data / data.sum()).astype(np.float32), (1.0, 1.0), "px", info)


def _direction(angle: float) -> Array:
    """Unit step (row, column); exact for multiples of 90 degrees, where sin and cos are not."""
    turned = math.radians(math.remainder(angle, 360))
    step = np.array([-math.sin(turned), math.cos(turned)])
    step[np.abs(step) < 1e-12] = 0
    return step


def _draw(data: Array, reach: Array) -> None:
    """Add to every pixel its share of the line t * `reach`, -1 <= t <= 1, cut where it crosses pixel edges."""
    cuts = [np.array([-1.0, 1.0])]
    for r, n in zip(reach, data.shape, strict=True):
        cuts.append((np.arange(1, n) - n / 2) / r if r else np.empty(0))
    t = np.unique(np.clip(np.concatenate(cuts), -1, 1))
    middle = np.multiply.outer((t[1:] + t[:-1]) / 2, reach)
    index = np.rint(middle).astype(np.intp) + np.array(data.shape) // 2
    np.add.at(data, tuple(np.clip(index, 0, np.array(data.shape) - 1).T), np.diff(t))


def _disk_corner(side: Array, radius: float) -> Array:
    """Area of the disk inside the rectangles from the centre to (side[i], side[j])."""
    y, x = np.minimum(side, radius)[:, None], np.minimum(side, radius)[None, :]
    meet = np.minimum(np.sqrt(np.maximum(radius**2 - y**2, 0)), x)  # here the circle is y high
    return meet * y + _under_circle(x, radius) - _under_circle(meet, radius)


def _under_circle(x: Array, radius: float) -> Array:
    """Area under the quarter circle between 0 and x."""
    ratio = np.clip(x / radius, -1, 1)
    area: Array = 0.5 * radius**2 * (ratio * np.sqrt(1 - ratio**2) + np.arcsin(ratio))
    return area
