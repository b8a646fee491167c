"""A stroke drawn over a photograph as the blur of a camera that moved along it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ... import psf as psf_models
from ...psf import PSF

if TYPE_CHECKING:
    from napari.layers import Layer, Shapes

Points = NDArray[np.float64]

PROFILES: dict[str, tuple[str, Callable[[Points], Points]]] = {
    "even": ("even", np.ones_like),
    "start": ("slow at the start: fades out", lambda t: 1 - t),
    "end": ("slow at the end: fades in", lambda t: t),
    "ends": ("slow at both ends", lambda t: 0.2 + 0.8 * np.abs(2 * t - 1)),
    "middle": ("slow in the middle", lambda t: 1 - 0.8 * np.abs(2 * t - 1)),
}
PARTS = 48  # into which a stroke is cut where the brightness changes along it
KINDS = ("line", "path")


def stroke(shapes: Shapes, photo: Layer | None) -> Points:
    """The stroke that counts, the one selected or the newest: (row, column) of its points, pixels of `photo`.

    Without a photograph the numbers of the layer are taken as pixels.

    Raises
    ------
    ValueError
        If nothing is drawn, or it is no line or path.
    """
    if not len(shapes.data):
        raise ValueError("nothing is drawn yet: draw a line or a path along the blur of one bright point")
    chosen = list(shapes.selected_data)
    index = chosen[0] if len(chosen) == 1 else len(shapes.data) - 1
    kind = str(shapes.shape_type[index])
    if kind not in KINDS:
        raise ValueError(f"a {kind} is drawn; draw a line or a path")
    drawn = np.asarray(shapes.data[index], dtype=np.float64)
    if photo is not None:
        drawn = np.array([photo.world_to_data(shapes.data_to_world(point))[-2:] for point in drawn])
    return np.asarray(drawn[:, -2:], dtype=np.float64)


def blur(points: Any, profile: str = "even") -> PSF:
    """The PSF of a camera that moved along `points` with a brightness of `PROFILES`.

    Raises
    ------
    ValueError
        If the stroke is shorter than a pixel, or longer than `psf.path` allows.
    """
    steps = np.hypot(*np.diff(points, axis=0).T)
    if steps.sum() < 1:
        raise ValueError("the stroke is shorter than a pixel: draw a longer one")
    if profile == "even" and len(points) == 2:
        return psf_models.motion(*line(points))
    along = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    if profile == "even":
        return psf_models.path(points[:, 0].tolist(), points[:, 1].tolist())
    t = np.unique(np.concatenate([along, np.linspace(0, 1, PARTS + 1)]))
    rows, columns = (np.interp(t, along, points[:, i]) for i in (0, 1))
    return psf_models.path(rows.tolist(), columns.tolist(), PROFILES[profile][1](t).tolist())


def line(points: Any) -> tuple[float, float]:
    """Length in pixels and direction in degrees (0 to 180, counter-clockwise) from the first point to the last.

    Examples
    --------
    >>> length, angle = line(np.array([[10.0, 0.0], [0.0, 10.0]]))
    >>> round(length, 2), round(angle)
    (14.14, 45)
    """
    down, right = points[-1] - points[0]
    return math.hypot(down, right), math.degrees(math.atan2(-down, right)) % 180


def in_words(points: Any) -> str:
    """The stroke for people: "line: 21.4 pixels, 35°"."""
    length = float(np.hypot(*np.diff(points, axis=0).T).sum())
    if len(points) == 2:
        return f"Line: {length:.1f} pixels, {line(points)[1]:.0f}°."
    return f"Path of {len(points)} points: {length:.1f} pixels."
