"""What docks ask of the viewer they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .layers import pixels

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

PLUGIN = "napari-deconv"


def open_dock(viewer: ViewerModel, title: str) -> str:
    """Open another dock of ours, or show it if it is open; what to tell the user if that cannot be."""
    window = getattr(viewer, "window", None)
    if window is None:
        return f"Open Plugins > Deconvolution > {title}."
    frame, _ = window.add_plugin_dock_widget(PLUGIN, title, tabify=True)
    frame.raise_()  # one that is open may be behind another
    return ""


def at_sliders(viewer: ViewerModel, layer: Layer, axes: str) -> dict[str, int]:
    """The time point and channel that the sliders show, as indices into the layer."""
    at = layer.world_to_data(viewer.dims.point[-len(axes) :])
    places = zip(axes, at, pixels(layer).shape, strict=False)
    return {a: int(np.clip(round(float(p)), 0, n - 1)) for a, p, n in places if a in "TC"}
