"""Blurs of photographs: motion of the camera, straight or along a path, and defocus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import centring, coverage
from .checks import finite, number, odd
from .type import PSF

LONGEST = 2000  # pixels
MOST_BLADES = 100

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
    reach = _directions(np.array([angle]))[0] * length / 2
    return _drawn(np.stack([-reach, reach]), np.ones(2), "motion", {"length": length, "angle": angle})


def path(rows: Sequence[float], columns: Sequence[float], exposure: Sequence[float] | None = None) -> PSF:
    """Motion along a path through drawn points, straight from each to the next.

    The value of a pixel is the share of the exposure that was spent inside it, computed exactly.

    Parameters
    ----------
    rows, columns : sequence of float
        The points in pixels, two or more, in the order in which they were passed; rows count downwards. Where the
        path begins does not matter: its centre of mass becomes the centre of the PSF.
    exposure : sequence of float, optional
        Relative brightness at each point: time spent per pixel travelled, linear along the path in between. The same
        everywhere by default.

    Returns
    -------
    PSF
        Two axes (YX), unit "px", odd sizes just large enough. The centre of mass of the path is at the centre; that
        of its pixels therefore within half a pixel. A path of no length is no blur.

    Raises
    ------
    ValueError
        If there are fewer than two points, numbers differ in count or are not finite, a brightness is negative or
        all along the path zero, or the path is more than 2000 pixels high, wide or long.

    Examples
    --------
    >>> path([0, 0, 2], [0, 2, 2]).shape
    (3, 3)
    """
    row = _numbers("rows", rows)
    points = np.stack([row, _numbers("columns", columns, len(row))], axis=1)
    light = np.ones(len(points)) if exposure is None else _exposure(exposure, len(points))
    steps = np.hypot(*np.diff(points, axis=0).T)
    _pixels("the length of the path", float(steps.sum()))
    parameters = {"rows": points[:, 0].tolist(), "columns": points[:, 1].tolist()}
    if exposure is not None:
        parameters["exposure"] = light.tolist()
    if not steps.any():
        return _photo_psf(np.ones((1, 1)), "path", parameters)
    return _drawn(points - _centre(points, light, steps), light, "path", parameters)


def defocus(radius: float, *, blades: int = 0, rotation: float = 0.0) -> PSF:
    """Defocus by an ideal lens: a uniform disk, or the regular polygon of an iris with few blades.

    The value of a pixel is the area of the disk or polygon inside it, computed exactly.

    Parameters
    ----------
    radius : float
        Radius of the disk in pixels, 0 to 2000; of a polygon the distance from its centre to its corners.
    blades : int
        Sides of the polygon, 3 to 100; 0 for a disk.
    rotation : float
        Direction of one corner of the polygon in degrees, counter-clockwise from the right as the picture is seen on
        screen.

    Returns
    -------
    PSF
        Two axes (YX), unit "px", odd sizes just large enough.

    Raises
    ------
    ValueError
        If `radius` is negative, not finite or above 2000 pixels, `blades` is 1, 2 or no whole number, or `rotation`
        is not finite.

    Examples
    --------
    >>> defocus(2.5).shape
    (5, 5)
    >>> defocus(4, blades=6).shape
    (7, 9)
    """
    radius = _pixels("radius", radius)
    sides = _blades(blades)
    rotation = finite("rotation", rotation, "a finite number of degrees")
    if not sides:
        n = odd(radius - 1e-9)
        data = coverage.disk((n, n), radius) if n > 1 else np.ones((1, 1))
        return _photo_psf(data, "defocus", {"radius": radius})
    corners = radius * _directions(np.linspace(rotation, rotation + 360, sides, endpoint=False))
    data = _fitted(coverage.polygon, corners)
    return _photo_psf(data, "defocus", {"radius": radius, "blades": sides, "rotation": rotation})


def _pixels(name: str, value: float) -> float:
    found = number(name, value, unit="pixels", positive=False)
    if found > LONGEST:
        raise ValueError(f"{name} is in pixels and at most {LONGEST}, got {found:g}")
    return found


def _blades(value: int) -> int:
    found = number("blades", value, positive=False)
    if found != int(found) or found in (1, 2) or found > MOST_BLADES:
        raise ValueError(f"blades is a whole number from 3 to {MOST_BLADES}, or 0 for a disk, got {value!r}")
    return int(found)


def _numbers(name: str, values: Any, count: int | None = None) -> Array:
    """The coordinates or exposures of the points of a path."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ValueError(f"{name} needs one number per point of the path, at least two, got {values!r}")
    found = np.array([finite(name, v, "finite numbers, one per point") for v in values])
    if len(found) < 2:
        raise ValueError(f"a path needs at least two points, got {len(found)} in {name}")
    if count is not None and len(found) != count:
        raise ValueError(f"{name} has {len(found)} numbers but rows has {count}; give one of each per point")
    return found


def _exposure(values: Any, count: int) -> Array:
    found = _numbers("exposure", values, count)
    if found.min() < 0 or found.max() == 0:
        raise ValueError(f"exposure must be zero or positive, and somewhere positive, got {found.tolist()}")
    light: Array = found / found.max()
    return light


def _centre(points: Array, light: Array, steps: Array) -> Array:
    """Centre of mass of a path whose brightness is linear between its points."""
    first, last = steps * light[:-1], steps * light[1:]
    energy = (first + last).sum() / 2
    if not energy > 0:
        raise ValueError(
            "exposure is zero all along the path (it counts per pixel travelled, so a point alone holds none); "
            "make it positive at both ends of a part"
        )
    moment = (2 * first + last) @ points[:-1] / 6 + (first + 2 * last) @ points[1:] / 6
    centre: Array = moment / energy
    return centre


def _drawn(points: Array, light: Array, model: str, parameters: dict[str, Any]) -> PSF:
    """The PSF of a line around the centre."""
    return _photo_psf(_fitted(partial(coverage.line, exposure=light), points), model, parameters)


def _fitted(draw: Callable[[tuple[int, int], Array], Array], points: Array) -> Array:
    """What `draw` makes of some points, in the smallest odd box; one pixel if they all lie in one."""
    reach = np.abs(points).max(axis=0)
    if reach.max() <= 0.5:
        return np.ones((1, 1))
    rows, columns = reach + 1e-9  # what lies on the border of two pixels is in both
    data = draw((odd(rows), odd(columns)), points)
    return centring.trim(np.where(data > 1e-9 * data.sum(), data, 0))  # rounding errors need no pixels


def _photo_psf(data: Array, model: str, parameters: dict[str, Any]) -> PSF:
    info = {"model": model, "parameters": parameters, "energy": 1.0}
    return PSF((data / data.sum()).astype(np.float32), (1.0, 1.0), "px", info)


def _directions(angles: Array) -> Array:
    """Unit steps (row, column), shape (n, 2); exact for multiples of 90 degrees, where sin and cos are not."""
    turned = np.radians(np.remainder(angles, 360))
    steps = np.stack([-np.sin(turned), np.cos(turned)], axis=1)
    steps[np.abs(steps) < 1e-12] = 0
    return steps
