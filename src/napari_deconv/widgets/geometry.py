"""Where a layer is in the world, for the layers made from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari.layers import Layer

COPIED = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels", "blending")


def geometry(layer: Layer) -> dict[str, Any]:
    """Everything about `layer` that a result of the same shape inherits, as arguments of a new image layer."""
    copied = {name: getattr(layer, name) for name in COPIED}
    return {**copied, "colormap": layer.colormap, "affine": np.array(layer.affine.affine_matrix)}


def moved(place: Mapping[str, Any], start: tuple[int, ...]) -> dict[str, Any]:
    """The geometry of the part of a layer that begins at the sample `start`."""
    offset = _linear(place) @ np.array(start, float)
    return {**place, "translate": np.asarray(place["translate"]) + offset}


def last_axes(place: Mapping[str, Any], ndim: int) -> dict[str, Any]:
    """The geometry of one block: the last `ndim` axes, all transforms in one matrix."""
    own = np.eye(len(place["scale"]) + 1)
    own[:-1, :-1], own[:-1, -1] = _linear(place), place["translate"]
    whole = np.asarray(place["affine"]) @ own
    kept = [*range(-ndim - 1, 0)]
    kept_names = {name: tuple(place[name])[-ndim:] for name in ("units", "axis_labels")}
    return {
        "affine": whole[np.ix_(kept, kept)],
        "colormap": place["colormap"],
        "blending": place["blending"],
        **kept_names,
    }


def _linear(place: Mapping[str, Any]) -> NDArray[Any]:
    """Rotation, shear and scale as one matrix."""
    from napari.utils.transforms import Affine

    names = ("scale", "rotate", "shear")
    return np.asarray(Affine(**{name: place[name] for name in names}).linear_matrix)
