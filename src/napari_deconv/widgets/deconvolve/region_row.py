"""Which part of the picture is restored: all, or what a rectangle on a Shapes layer encloses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ...recipe import METADATA_KEY
from ..geometry import geometry, last_axes
from ..layers import pixels, role
from ..picker import LayerPicker
from ..qt import Signal, Slot
from .region import Window, enclosed, in_words

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer, Shapes

ROLE = "region"
NAME = "region: draw a rectangle"
COLOUR, WIDTH = "#ffb000", 2.0  # screen pixels, about


class RegionRow(QWidget):
    """A list of Shapes layers, a button that adds one, and what is enclosed.

    Parameters
    ----------
    viewer : Viewer
        Whose layers they are.
    """

    changed = Signal()

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self.picker = LayerPicker(viewer.layers, "Restore", _encloses, lambda: None, none="the whole picture")
        self.draw, self.words = QPushButton("Draw"), QLabel()
        self._layer: Layer | None = None
        self._axes, self.problem = "", ""
        self.part: Window = {}
        self.picker.combo.setToolTip("The whole picture, or only the bounding rectangle of what a Shapes layer holds")
        self.draw.setToolTip("Add a Shapes layer and draw a rectangle: only what is inside is restored")
        self.words.setAccessibleName("Part that is restored")
        self.words.setWordWrap(True)
        label, row, column = QLabel("Restore"), QHBoxLayout(), QVBoxLayout(self)
        label.setBuddy(self.picker.combo)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row.addWidget(label)
        row.addWidget(self.picker, 1)
        row.addWidget(self.draw)
        column.addLayout(row)
        column.addWidget(self.words)
        self.picker.changed.connect(self._look)
        self.draw.clicked.connect(self._draw)
        self.show_layer(None, "")

    def show_layer(self, layer: Layer | None, axes: str) -> None:
        """The picture is this one, with these axes."""
        self._layer, self._axes = layer, axes
        self.draw.setEnabled(layer is not None and bool(axes))
        self._enclose()

    @Slot()
    def _look(self) -> None:
        self._enclose()
        self.changed.emit()

    def _enclose(self) -> None:
        shapes: Any = self.picker.layer
        self.part, self.problem = {}, ""
        if shapes is not None and self._layer is not None and self._axes:
            try:
                self.part = enclosed(self._viewer, shapes, self._layer, self._axes)
            except ValueError as error:
                self.problem = str(error)
        self.words.setText(f"Samples {in_words(self.part)}" if self.part else "")
        self.words.setVisible(bool(self.part))

    @Slot()
    def _draw(self) -> None:
        """A layer of ours, ready to draw on."""
        if self._layer is None:
            return
        shapes = next((one for one in reversed(self._viewer.layers) if role(one) == ROLE), None)
        if shapes is None:
            shapes = _added(self._viewer, self._layer)
        self.picker.pick(shapes)
        self._viewer.layers.selection.active = shapes
        shapes.mode = "add_rectangle"


def _encloses(layer: Layer) -> bool:
    from napari.layers import Shapes

    return isinstance(layer, Shapes) and role(layer) in ("", ROLE)


def _added(viewer: Viewer, picture: Layer) -> Shapes:
    from napari.layers import Shapes

    place = {k: v for k, v in last_axes(geometry(picture), 2).items() if k not in ("colormap", "blending")}
    width = max(1.0, WIDTH * max(pixels(picture).shape[-2:]) / 800)
    look = {"edge_color": COLOUR, "edge_width": width, "face_color": "transparent"}
    layer = Shapes(ndim=2, name=NAME, metadata={METADATA_KEY: {"role": ROLE}}, **look, **place)
    viewer.layers.append(layer)
    return layer
