"""The tab Draw: the path of a moving camera, drawn over the photograph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QPushButton

from ...recipe import METADATA_KEY
from ..form import shrink, tidy
from ..geometry import geometry
from ..layers import pixels
from ..links import Links
from ..picker import LayerPicker
from ..qt import Slot
from .psf_panel import Against
from .psf_picture import as_sentence
from .strokes import PROFILES, blur, in_words, stroke
from .tab import Made, Tab, active, is_picture, newest

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer, Shapes

WAIT = 100  # milliseconds after the last change
COLOUR = "#ffb000"
HELP = (
    "Draw along the trace that one bright point left: a line where the camera moved straight, a path where it did not. "
    "The stroke selected counts, else the newest."
)


class DrawTab(Tab):
    """The photograph, the layer of strokes, the exposure along them; the PSF follows at once."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__(viewer)
        self.photo = LayerPicker(viewer.layers, "Photograph", is_picture, self._suggested, none="none: as drawn")
        self.strokes = LayerPicker(viewer.layers, "Strokes", _is_shapes, self._newest, none="none yet")
        self.line, self.path = QPushButton("Draw li&ne"), QPushButton("Draw pa&th")
        self.profile_box, self.told = QComboBox(), QLabel()
        self._timer, self._links = QTimer(self), Links(self)
        self._lay_out()
        self._connect()
        self._strokes_came()

    def _lay_out(self) -> None:
        form, row, text = QFormLayout(), QHBoxLayout(), QLabel(HELP)
        tidy(form)
        text.setWordWrap(True)
        self.told.setWordWrap(True)
        self.told.setAccessibleName("The stroke")
        for name, (words, _) in PROFILES.items():
            self.profile_box.addItem(words, name)
        shrink(self.profile_box, "Exposure along the stroke")
        self.profile_box.setToolTip("Where the camera was slow the trace is bright")
        self.photo.combo.setToolTip("The photograph that is drawn on: its pixels count")
        self.strokes.combo.setToolTip("The Shapes layer that holds the strokes")
        self.line.setToolTip("Draw one line over the photograph, with the mouse")
        self.path.setToolTip("Draw a path over the photograph: click its points, end with a double click")
        row.addWidget(self.line)
        row.addWidget(self.path)
        form.addRow("Photograph", self.photo)
        form.addRow("Strokes", self.strokes)
        form.addRow("&Exposure", self.profile_box)
        self.column.addWidget(text)
        self.column.addLayout(row)
        self.column.addLayout(form)
        self.column.addWidget(self.told)
        self.column.addStretch(1)

    def _connect(self) -> None:
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT)
        self._timer.timeout.connect(self._make)
        self.line.clicked.connect(self._draw_line)
        self.path.clicked.connect(self._draw_path)
        self.photo.changed.connect(self._edited)
        self.strokes.changed.connect(self._strokes_came)
        self.profile_box.currentIndexChanged.connect(self._edited)

    def draw(self, kind: str) -> Shapes:
        """Let the user draw a "line" or a "path", on the layer that is there or a new one."""
        layer = self.strokes.layer
        if layer is None:
            layer = _new_strokes(self.photo.layer)
            self.viewer.layers.append(layer)
            self.strokes.pick(layer)
        layer.visible = True
        self.viewer.layers.selection.active = layer
        layer.mode = f"add_{kind}"
        return layer

    @Slot()
    def _draw_line(self) -> None:
        self.draw("line")

    @Slot()
    def _draw_path(self) -> None:
        self.draw("polyline")

    def tell(self) -> None:
        """The PSF of the stroke that is there, or what to draw."""
        self._make()

    def _suggested(self) -> Layer | None:
        """The picture selected; where none has been shown yet, the newest."""
        photo = getattr(self, "photo", None)
        nothing = photo is None or photo.layer is None
        return active(self.viewer, is_picture) or (newest(self.viewer, is_picture) if nothing else None)

    def _newest(self) -> Layer | None:
        return newest(self.viewer, _is_shapes)

    @Slot()
    def _strokes_came(self) -> None:
        """Listen to the layer of strokes that is shown, and to no other."""
        self._links.cut()
        layer = self.strokes.layer
        if layer is not None:
            self._links.make(self._edited, layer.events.data, layer.events.set_data, layer.events.highlight)
        self._edited()

    @Slot()
    def _edited(self, event: Any = None) -> None:
        self._timer.start()

    @Slot()
    def _make(self) -> None:
        layer: Any = self.strokes.layer
        self.told.clear()
        if layer is None:
            self.unmade.emit("Draw a line or a path.")
            return
        try:
            points = stroke(layer, self.photo.layer)
            psf = blur(points, str(self.profile_box.currentData()))
        except ValueError as error:
            self.unmade.emit(as_sentence(str(error)))
            return
        self.told.setText(in_words(points))
        name = f"drawn {'line' if len(points) == 2 else 'path'}"
        self.made.emit(Made((psf,), (name,), self.photo.layer, Against()))


def _is_shapes(layer: Layer) -> bool:
    from napari.layers import Shapes

    return isinstance(layer, Shapes)


def _new_strokes(photo: Layer | None) -> Shapes:
    """An empty layer over the photograph, whose strokes are seen at any zoom that shows all of it."""
    from napari.layers import Shapes

    place, size = {}, 512
    if photo is not None:
        place = {k: v for k, v in geometry(photo).items() if k not in ("colormap", "blending")}
        size = int(max(pixels(photo).shape[:2]))
    look = {"edge_color": COLOUR, "edge_width": max(1.0, size / 300), "face_color": "transparent"}
    ndim = len(np.atleast_1d(place["scale"])) if place else 2
    return Shapes(ndim=ndim, name="strokes", metadata={METADATA_KEY: {"role": "strokes"}}, **look, **place)
