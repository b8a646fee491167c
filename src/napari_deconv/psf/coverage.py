"""How much of a line, a disk or a polygon lies in every pixel, computed exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BOTH = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]]) * 1e-9  # a line on the border of two pixels is shared by them

Array = NDArray[np.float64]
Shape = tuple[int, int]


def line(shape: Shape, points: Array, exposure: Array) -> Array:
    """What every pixel sees of a line through points, drawn with varying brightness.

    Parameters
    ----------
    shape : (int, int)
        Odd sizes; the point (0, 0) is the middle of the pixel in the middle. The line must fit.
    points : array, shape (n, 2)
        Row and column of each point.
    exposure : array, shape (n,)
        Brightness per length at each point, linear in between.

    Returns
    -------
    array of that shape
        Its sum is the integral of the brightness along the line.
    """
    data = np.zeros(shape)
    for start, stop, first, last in zip(points, points[1:], exposure, exposure[1:], strict=False):
        t = _crossings(shape, start, stop)
        middle = (t[1:] + t[:-1]) / 2
        light = np.diff(t) * (first + (last - first) * middle) * np.hypot(*(stop - start))
        place = start + np.multiply.outer(middle, stop - start)
        for side in BOTH:
            np.add.at(data, _pixel(place + side, shape), light / len(BOTH))
    return data


def polygon(shape: Shape, corners: Array) -> Array:
    """Area of every pixel inside a polygon without holes.

    Every edge adds, with the sign of its direction, the area between itself and the right border of the picture: what
    lies to its right in its own pixels, and the rows of all pixels beyond (Green's theorem).

    Parameters
    ----------
    shape : (int, int)
        Odd sizes; the point (0, 0) is the middle of the pixel in the middle. The polygon must fit.
    corners : array, shape (n, 2)
        Row and column of each corner, in order.

    Returns
    -------
    array of that shape, 0 to 1
    """
    own, beyond = np.zeros(shape), np.zeros(shape)
    for start, stop in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        t = _crossings(shape, start, stop)
        place = start + np.multiply.outer((t[1:] + t[:-1]) / 2, stop - start)
        pixel = _pixel(place, shape)
        height = np.diff(t) * (stop - start)[0]
        right = pixel[1] - shape[1] // 2 + 0.5 - place[:, 1]
        np.add.at(own, pixel, height * right)
        np.add.at(beyond, pixel, height)
    covered = own + np.cumsum(beyond, axis=1) - beyond
    area: Array = np.clip(np.sign(covered.sum()) * covered, 0, 1)
    return area


def disk(shape: Shape, radius: float) -> Array:
    """Area of every pixel inside a disk around the middle of the pixel in the middle."""
    rows, columns = (np.arange(n + 1) - n / 2 for n in shape)
    corners = _disk_corner(np.abs(rows), np.abs(columns), radius) * np.multiply.outer(np.sign(rows), np.sign(columns))
    area: Array = np.maximum(np.diff(np.diff(corners, axis=0), axis=1), 0)
    return area


def _crossings(shape: Sequence[int], start: Array, stop: Array) -> Array:
    """Positions from 0 to 1 between two points: both ends, and wherever the line crosses a border of pixels."""
    cuts = [np.array([0.0, 1.0])]
    for a, b, n in zip(start, stop, shape, strict=True):
        borders = np.arange(1, n) - n / 2
        inside = borders[(borders > min(a, b)) & (borders < max(a, b))]
        cuts.append((inside - a) / (b - a))
    return np.unique(np.concatenate(cuts))


def _pixel(place: Array, shape: Sequence[int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of the pixels that hold some places."""
    size = np.array(shape)
    index = np.clip(np.floor(place + 0.5).astype(np.intp) + size // 2, 0, size - 1)
    return index[:, 0], index[:, 1]


def _disk_corner(rows: Array, columns: Array, radius: float) -> Array:
    """Area of the disk inside the rectangles from the centre to (rows[i], columns[j])."""
    y, x = np.minimum(rows, radius)[:, None], np.minimum(columns, radius)[None, :]
    meet = np.minimum(np.sqrt(np.maximum(radius**2 - y**2, 0)), x)  # here the circle is y high
    return meet * y + _under_circle(x, radius) - _under_circle(meet, radius)


def _under_circle(x: Array, radius: float) -> Array:
    """Area under the quarter circle between 0 and x."""
    ratio = np.clip(x / radius, -1, 1)
    area: Array = 0.5 * radius**2 * (ratio * np.sqrt(1 - ratio**2) + np.arcsin(ratio))
    return area
