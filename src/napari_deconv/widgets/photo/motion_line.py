"""A line drawn over a photograph: how far and in which direction it was blurred."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject

from ...recipe import METADATA_KEY
from ..geometry import geometry
from ..layers import role
from ..links import Links
from ..qt import Signal

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer, Shapes

ROLE = "motion line"
NAME = "motion: draw a line"
COLOUR, WIDTH = "#ffb000", 2.0  # screen pixels, about


class MotionLine(QObject):
    """A Shapes layer for one line, whose length and direction are told after every change.

    Parameters
    ----------
    parent : QObject
        Its end ends the watching; the layer stays.
    viewer : Viewer
        Where the layer is.
    """

    moved = Signal(float, float)  # length in pixels of the photograph, angle in degrees

    def __init__(self, parent: QObject, viewer: Viewer) -> None:
        super().__init__(parent)
        self._viewer, self._links = viewer, Links(self)
        self._photo: Layer | None = None
        self.layer: Shapes | None = None

    def draw(self, photo: Layer) -> None:
        """Show the layer over `photo`, ready to draw: the line that is there, or none yet."""
        self._photo = photo
        if self.layer is None or self.layer not in self._viewer.layers:
            self._take(_found(self._viewer) or _added(self._viewer, photo))
        assert self.layer is not None
        self.layer.visible = True
        self._viewer.layers.selection.active = self.layer
        self.layer.mode = "add_line"

    def _take(self, layer: Shapes) -> None:
        """Listen to this layer and no other."""
        self._links.cut()
        self.layer = layer
        self._links.make(self._told, layer.events.data)

    def _told(self, event: Any = None) -> None:
        """The line is another one: the one selected, else the newest. Events before a change say nothing new."""
        action = getattr(event, "action", "")
        before = str(getattr(action, "value", action)).endswith("ing")
        ends = None if before else self.ends()
        if ends is not None:
            length, angle = measured(ends)
            if length > 0:
                self.moved.emit(length, angle)

    def ends(self) -> NDArray[Any] | None:
        """Its two ends in pixels of the photograph, (row, column) each; None if nothing is drawn."""
        layer, photo = self.layer, self._photo
        if layer is None or photo is None or not len(layer.data):
            return None
        chosen = list(layer.selected_data)
        drawn = np.asarray(layer.data[chosen[0] if len(chosen) == 1 else -1])
        world = [layer.data_to_world(drawn[i]) for i in (0, -1)]
        return np.array([photo.world_to_data(point)[-2:] for point in world])


def measured(ends: NDArray[Any]) -> tuple[float, float]:
    """Length in pixels and angle in degrees of a line, as `psf.motion` counts them.

    Rows count downwards, so a line that rises to the right has a positive angle; 0 <= angle < 180.

    Examples
    --------
    >>> measured(np.array([[10.0, 0.0], [0.0, 10.0]]))
    (14.142135623730951, 45.0)
    """
    down, right = (float(v) for v in ends[1] - ends[0])
    return math.hypot(down, right), math.degrees(math.atan2(-down, right)) % 180


def _found(viewer: Viewer) -> Shapes | None:
    """A line layer of ours that is there already."""
    return next((layer for layer in reversed(viewer.layers) if role(layer) == ROLE), None)


def _added(viewer: Viewer, photo: Layer) -> Shapes:
    from napari.layers import Shapes

    place = {k: v for k, v in geometry(photo).items() if k not in ("colormap", "blending")}
    size = max(photo.data.shape[:2]) if not getattr(photo, "multiscale", False) else max(photo.data[0].shape[:2])
    look = {"edge_color": COLOUR, "edge_width": max(1.0, WIDTH * size / 800), "face_color": "transparent"}
    layer = Shapes(ndim=2, name=NAME, metadata={METADATA_KEY: {"role": ROLE}}, **look, **place)
    viewer.layers.append(layer)
    return layer
