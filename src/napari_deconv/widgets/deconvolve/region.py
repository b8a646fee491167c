"""Parts of a picture: what the canvas shows of it, and what a rectangle on a Shapes layer encloses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...io.image import SPATIAL
from ..layers import pixels

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer, Shapes

Window = dict[str, tuple[int, int]]  # spatial axes: first sample, and the one after the last

DEEP = {"Z": 64, "Y": 256, "X": 256}  # most samples of a preview of a stack …
FLAT = {"Y": 512, "X": 512}  # … and of a plane
THIN = 0.5  # samples: a shape that extends less along an axis says nothing about it


def visible(viewer: ViewerModel, layer: Layer, axes: str) -> Window:
    """What the canvas shows of `layer`, at most `DEEP` or `FLAT` around its middle, deep axes around their slider.

    Parameters
    ----------
    viewer : ViewerModel
        Its sliders count.
    layer : Image layer
        One letter of `axes` for each of its axes.
    axes : str
        Letters of TCZYX.
    """
    low, high = _corners(layer)
    at = _point(viewer, layer)
    shown = {d - (viewer.dims.ndim - layer.ndim) for d in viewer.dims.displayed}
    found = {}
    for i, (axis, n) in enumerate(zip(axes, pixels(layer).shape, strict=False)):
        if axis not in SPATIAL:
            continue
        most = (DEEP if "Z" in axes else FLAT)[axis]
        seen = (low[i], high[i]) if i in shown and high[i] - low[i] >= 1 else (0.0, n - 1.0)
        middle = sum(seen) / 2 if i in shown else at[i]
        found[axis] = _around(middle, min(seen[1] - seen[0] + 1, most), n)
    return found


def enclosed(viewer: ViewerModel, shapes: Shapes, layer: Layer, axes: str) -> Window:
    """The samples of `layer` within the bounding rectangle of all `shapes`.

    Raises
    ------
    ValueError
        If nothing is drawn, or only outside of the picture.
    """
    if not len(shapes.data):
        raise ValueError(f"nothing is drawn on the layer {shapes.name!r}; draw a rectangle, or restore all")
    corners = np.concatenate([_in_samples(viewer, shapes, layer, np.asarray(shape)) for shape in shapes.data])
    low, high = corners.min(axis=0), corners.max(axis=0)
    found = {}
    for i, (axis, n) in enumerate(zip(axes, pixels(layer).shape, strict=False)):
        if axis not in SPATIAL or high[i] - low[i] < THIN:
            continue
        start, stop = max(0, int(np.floor(low[i] + 0.5))), min(n, int(np.floor(high[i] + 0.5)) + 1)
        if stop <= start:
            raise ValueError(f"what is drawn on the layer {shapes.name!r} is outside of the picture; draw it inside")
        found[axis] = (start, stop)
    if not found:
        raise ValueError(f"what is drawn on the layer {shapes.name!r} encloses nothing; draw a rectangle")
    return found


def in_words(window: Window) -> str:
    """For people: "y 30 to 89 · x 10 to 79"."""
    return " · ".join(f"{a.lower()} {start} to {stop - 1}" for a, (start, stop) in window.items())


def _around(middle: float, length: float, n: int) -> tuple[int, int]:
    """A stretch of about that length around `middle`, inside of 0 to `n`."""
    whole = min(n, int(np.ceil(length)))
    start = min(max(0, round(middle - (whole - 1) / 2)), n - whole)
    return start, start + whole


def _corners(layer: Layer) -> NDArray[np.float64]:
    """The first and last sample that the canvas shows, at full resolution."""
    corners = np.asarray(layer.corner_pixels, float)[:, : layer.ndim]
    if getattr(layer, "multiscale", False):
        corners = corners * np.asarray(layer.downsample_factors[layer.data_level])[: layer.ndim]
    sizes = np.array(pixels(layer).shape[: layer.ndim], float)
    clipped: NDArray[np.float64] = np.clip(corners, 0, sizes - 1)
    return clipped


def _point(viewer: ViewerModel, layer: Layer) -> NDArray[np.float64]:
    """Where the sliders are, in samples."""
    at: NDArray[np.float64] = np.asarray(layer.world_to_data(viewer.dims.point[-layer.ndim :]), float)
    return at


def _in_samples(viewer: ViewerModel, shapes: Shapes, layer: Layer, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of a shape in samples of `layer`; along axes that the shape does not have, where the sliders are."""
    rows = []
    for corner in drawn:
        world, drawn_at = np.array(viewer.dims.point[-layer.ndim :], float), np.asarray(shapes.data_to_world(corner))
        both = min(len(world), len(drawn_at))
        world[-both:] = drawn_at[-both:]
        rows.append(layer.world_to_data(world))
    return np.array(rows, float)
