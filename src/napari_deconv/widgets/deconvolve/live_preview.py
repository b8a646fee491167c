"""When the preview is made: soon after a change, of what the canvas shows; and what the dock shows of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QCheckBox, QWidget

from ..links import Links
from ..qt import Signal, Slot
from .preview import Preview
from .preview_panel import PreviewPanel, sections
from .previewing import Frame
from .wish import Wish

if TYPE_CHECKING:
    from napari import Viewer

WAIT = 300  # milliseconds after the last change before the preview is made
TIP = (
    "Restore the part of the picture in view after every change, first with a quick Wiener filter; "
    "Ctrl+Shift+Return does it once"
)


class LivePreview(QObject):
    """Asks for previews, one at a time, and shows their pictures.

    Parameters
    ----------
    parent : QWidget
        The dock.
    viewer : Viewer
        Whose canvas and sliders count.
    wish : callable
        ``wish()``: a `Wish`; None if nothing can be restored now; a str if it will be possible soon, and why not yet.
    """

    began = Signal()
    shown = Signal()  # the first picture of a new preview
    stepped = Signal(object)  # a Point of the curve, or what was Chosen
    finished = Signal(object)  # Finished
    failed = Signal(str)
    gone = Signal()  # there is none any more
    wanted = Signal(int)  # that number of iterations is to be used

    def __init__(self, parent: QWidget, viewer: Viewer, wish: Callable[[], Wish | str | None]) -> None:
        super().__init__(parent)
        self._viewer, self._wish = viewer, wish
        self.preview, self.panel, self.box = Preview(self, viewer), PreviewPanel(), QCheckBox("Live preview")
        self._asked: Wish | None = None
        self._waiting = False
        self._timer, self._links = QTimer(self), Links(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT)
        self.box.setToolTip(TIP)
        self.box.setChecked(True)
        self._connect()

    def _connect(self) -> None:
        self._timer.timeout.connect(self._if_live)
        self.box.toggled.connect(self._toggled)
        self.preview.grown.connect(self._grown)
        self.preview.stepped.connect(self.stepped)
        self.preview.finished.connect(self.finished)
        self.preview.failed.connect(self.failed)
        self.preview.closed.connect(self._closed)
        self.panel.chosen.connect(self._chosen)
        self.panel.wanted.connect(self.wanted)
        viewer = self._viewer
        camera: Any = getattr(viewer, "scene", viewer).camera  # napari 0.9 has moved it
        self._links.make(self._moved, camera.events.center, camera.events.zoom, viewer.dims.events.order)
        self._links.make(self._slid, viewer.dims.events.point)

    @property
    def busy(self) -> bool:
        """Whether one is being made, or will be as soon as it is possible."""
        return self._waiting or self.preview.busy

    @Slot()
    def soon(self) -> None:
        """Something has changed."""
        self._timer.start()

    @Slot()
    def possible(self) -> None:
        """What a preview waited for is there."""
        if self._waiting:
            self.now()

    @Slot()
    def now(self) -> None:
        """Restore the part in view, instead of what is under way."""
        self._timer.stop()
        wish = self._wish()
        self._waiting = isinstance(wish, str)
        if isinstance(wish, Wish):
            self._asked = wish
            self.preview.ask(wish.order, wish.depth, wish.layer)
            self.began.emit()
        elif wish is None:
            self.remove()

    def cancel(self) -> None:
        """End what is under way; what is shown stays."""
        self._timer.stop()
        self._waiting = False
        self.preview.cancel()

    def remove(self) -> None:
        """End it, and take what is shown away."""
        self.cancel()
        self.preview.remove()
        self.panel.show_frames(())
        self.gone.emit()

    @Slot()
    def _if_live(self) -> None:
        if self.box.isChecked():
            self.now()

    @Slot(bool)
    def _toggled(self, on: bool) -> None:
        if on:
            self.soon()
        else:
            self.remove()

    @Slot(object)
    def _grown(self, frame: Frame) -> None:
        new = len(self.preview.frames) == 1
        self.panel.show_frames(self.preview.frames)
        if self.panel.frame is frame:
            self.preview.brighten(frame)
            self._draw()
        if new:
            self.shown.emit()

    @Slot(object)
    def _chosen(self, frame: Frame) -> None:
        self.preview.show(frame)
        self._draw()

    @Slot()
    def _closed(self) -> None:
        """The user does not want to see it."""
        self.box.setChecked(False)

    def _moved(self, event: Any = None) -> None:
        """Another part is in view: that one is to be seen."""
        if self.preview.layer is not None or self.busy:
            self.soon()

    def _slid(self, event: Any = None) -> None:
        """Another plane, time point or channel: drawn from what is there, or made."""
        if self._asked is None or self.preview.layer is None:
            return
        axes, at, order = self._asked.order.axes, self._at(), self._asked.order
        place = dict(zip(axes, at, strict=True))
        inside = all(start - 0.5 <= place[a] < stop - 0.5 for a, (start, stop) in order.window.items() if a == "Z")
        same = all(round(place[a]) == i for a, i in order.current.items())
        planes = "Z" in axes and bool(self.preview.frames) and order.sizes["Z"] > 1 and self._flat
        if inside and same and not planes:
            self._draw()
        else:
            self.soon()

    @property
    def _flat(self) -> bool:
        """Whether only one plane of a stack was restored."""
        assert self._asked is not None
        return bool(self.preview.frames[-1].data.shape[self._asked.order.axes.index("Z")] == 1)

    def _at(self) -> list[float]:
        """Where the sliders are, in samples of the layer."""
        assert self._asked is not None
        layer = self._asked.layer
        return [float(v) for v in np.atleast_1d(layer.world_to_data(self._viewer.dims.point[-layer.ndim :]))]

    def _draw(self) -> None:
        """The sections in the dock."""
        frame, layer = self.panel.frame, self.preview.layer
        if frame is None or layer is None or self._asked is None:
            return
        source = self._asked.layer
        self.panel.draw(sections(frame, self._asked.order.axes, self._at(), source.scale), layer.contrast_limits)
