"""The preview of a dock: a layer over the part in view, and what its iterations were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from ..drive import Chosen, Point, contrast
from ..order import Order
from ..preview_layer import PreviewLayer
from ..qt import Signal, Slot
from ..stream import Stream
from .previewing import Finished, Frame, News, previewed

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Image, Layer

MOST = 2**28  # bytes of pictures that are kept


class Preview(QObject):
    """Restores the window of an order and keeps its iterations, as many as fit, for a slider.

    Parameters
    ----------
    parent : QObject
        Its end ends the work.
    viewer : Viewer
        Where the layer is.
    """

    grown = Signal(object)  # a Frame has come; it is shown unless an earlier one was chosen
    stepped = Signal(object)  # a Point of the curve, or what was Chosen
    finished = Signal(object)  # Finished
    failed = Signal(str)
    closed = Signal()  # the user has removed the layer

    def __init__(self, parent: QObject, viewer: Viewer) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._work, self._place = Stream(self), PreviewLayer(viewer)
        self._source: Layer | None = None
        self._fresh = True
        self.frames: list[Frame] = []
        self._work.came.connect(self._came)
        self._work.failed.connect(self.failed)

    @property
    def busy(self) -> bool:
        """Whether one is being made."""
        return self._work.busy

    @property
    def layer(self) -> Image | None:
        """The layer, if there is one."""
        return self._place.layer

    def ask(self, order: Order, depth: int, source: Layer) -> None:
        """Restore the window of `order` instead of what is under way; what is shown stays until the first picture."""
        self._source, self._fresh = source, True
        self._work.ask(previewed, order, depth)

    def cancel(self) -> None:
        """End what is under way after its step."""
        self._work.cancel()

    def remove(self) -> None:
        """End the work, take the layer away, forget the pictures."""
        self.cancel()
        self._place.remove()
        self.frames = []

    def show(self, frame: Frame) -> None:
        """Show one of the frames in the layer; if the user has removed it, that is told."""
        source = self._source
        if source is None or source not in self._viewer.layers:
            return
        if self._place.closed:
            self.remove()
            self.closed.emit()
            return
        look = {"contrast_limits": contrast(frame.data), "gamma": source.gamma}
        self._place.show(source, frame.data, frame.start, look)

    def brighten(self, frame: Frame) -> None:
        """Let the layer's contrast suit this frame."""
        if self.layer is not None and not self._place.closed:
            self.layer.contrast_limits = contrast(frame.data)

    @Slot(object)
    def _came(self, news: News) -> None:
        if isinstance(news, Point | Chosen):
            self.stepped.emit(news)
        elif isinstance(news, Finished):
            self.finished.emit(news)
        else:
            self._keep(news)
            self.grown.emit(news)

    def _keep(self, frame: Frame) -> None:
        """One more; the quick look and the latest stay in any case, of the others the earliest go first."""
        before = [] if self._fresh else self.frames
        self._fresh = False
        self.frames = [*(f for f in before if f.iteration != frame.iteration), frame]
        while len(self.frames) > 2 and sum(f.data.nbytes for f in self.frames) > MOST:
            del self.frames[1]
