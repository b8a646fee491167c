"""A part of the photograph restored at once: what the canvas shows, with the settings of the form."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject

from ...psf import PSF
from ...recipe import METADATA_KEY
from ..geometry import geometry, moved
from ..latest import Latest
from ..layers import pixels
from ..links import at_end
from ..live import insert_above
from ..qt import Signal, Slot
from .photo_order import PhotoOrder, Region

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Image, Layer

SIDE = 512  # rows and columns of a preview
MORE = 16  # pixels computed around it, beside the reach of the method
AROUND = 1024  # rows and columns that a Wiener filter computes


@dataclass(frozen=True)
class Shown:
    """A restored part: its pixels, where it begins, the automatic balance (None: the method has none), and remarks."""

    data: NDArray[Any]
    start: tuple[int, ...]
    automatic: float | None
    notes: tuple[str, ...]


class Preview(QObject):
    """One layer above the photograph, replaced by nothing but the next preview.

    Parameters
    ----------
    parent : QObject
        Its end ends the work; what comes after that is dropped.
    viewer : Viewer
        Where it is shown.
    """

    shown = Signal(object)
    failed = Signal(str)
    closed = Signal()  # the user has removed the layer

    def __init__(self, parent: QObject, viewer: Viewer) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._asked = Latest(self)
        self._source: Layer | None = None
        self._stops = [threading.Event()]
        self._busy = False
        self.layer: Image | None = None
        self._asked.answered.connect(self._answered)
        self._asked.failed.connect(self._refused)
        at_end(self, _stop, self._stops)

    @property
    def busy(self) -> bool:
        """Whether one is being made."""
        return self._busy

    def ask(self, order: PhotoOrder, source: Layer) -> None:
        """Restore the part of `source` that is in view, instead of what is under way."""
        self.cancel()
        self._source, self._stops[0], self._busy = source, threading.Event(), True
        self._asked.ask(restored, order, in_view(source), self._stops[0])

    def cancel(self) -> None:
        """End what is under way after its step; nothing is shown."""
        self._stops[0].set()
        self._asked.forget()
        self._busy = False

    def remove(self) -> None:
        """End the work and take the layer away."""
        self.cancel()
        layer, self.layer = self.layer, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    @Slot(object)
    def _answered(self, shown: Shown | None) -> None:
        self._busy = False
        source = self._source
        if shown is None or source is None or source not in self._viewer.layers:
            return
        if self.layer is not None and self.layer not in self._viewer.layers:
            self.layer = None
            self.closed.emit()
            return
        self._show(shown, source)
        self.shown.emit(shown)

    @Slot(str)
    def _refused(self, complaint: str) -> None:
        self._busy = False
        self.failed.emit(complaint)

    def _show(self, shown: Shown, source: Layer) -> None:
        """Put it in its place; the user's choice of layers is left alone."""
        place = moved(geometry(source), shown.start)
        same = self.layer is not None and self.layer.data.shape == shown.data.shape
        if self.layer is not None and same and self.layer.data.dtype == shown.data.dtype:
            self.layer.data, self.layer.translate = shown.data, place["translate"]
            return
        active, chosen = self._viewer.layers.selection.active, set(self._viewer.layers.selection)
        if self.layer is not None:
            self._viewer.layers.remove(self.layer)
        self.layer = _layer(shown, source, place)
        insert_above(self._viewer, self.layer, source)
        self._viewer.layers.selection = chosen & set(self._viewer.layers)
        self._viewer.layers.selection.active = active if active in self._viewer.layers else source


def _stop(stops: list[threading.Event]) -> None:
    for stop in stops:
        stop.set()


def _layer(shown: Shown, source: Layer, place: dict[str, Any]) -> Image:
    from napari.layers import Image

    look = {"rgb": True} if source.rgb else {"contrast_limits": source.contrast_limits, "gamma": source.gamma}
    said = {METADATA_KEY: {"role": "preview"}}
    return Image(shown.data, name=f"{source.name} · preview", metadata=said, **look, **place)


def in_view(layer: Layer) -> tuple[slice, slice]:
    """Rows and columns of `layer` that the canvas shows, at most `SIDE` around their middle; all, if it shows none."""
    corners = np.asarray(layer.corner_pixels)[:, -2:].astype(float)
    if getattr(layer, "multiscale", False):
        corners = corners * np.asarray(layer.downsample_factors[layer.data_level])[-2:]
    sizes = pixels(layer).shape[:2]
    if (corners[1] - corners[0] < 1).any():
        corners = np.array([[0, 0], sizes], float)
    found = []
    for low, high, n in zip(corners[0], corners[1], sizes, strict=True):
        low, high = max(0, int(low)), min(n, int(np.ceil(high)) + 1)
        length = min(SIDE, high - low)
        first = min(max(0, (low + high - length) // 2), n - length)
        found.append(slice(first, first + length))
    return found[0], found[1]


def padded(wanted: tuple[slice, slice], shape: tuple[int, ...], psf: PSF, method: str) -> Region:
    """The region that is computed so that the part wanted comes out as in the full run, or nearly so.

    Thirty iterations of Richardson-Lucy look no farther than two PSFs (measured: 0.5 % of the contrast). What a
    Wiener filter makes of an edge rings on for much longer, but it is fast: it gets all of a picture of up to
    `AROUND` squared.
    """
    outer, inner = [], []
    for part, n, size in zip(wanted, shape, psf.shape, strict=True):
        length = part.stop - part.start + 2 * (2 * size + MORE)
        length = min(n, max(length, AROUND) if method == "wiener" else length)
        low = min(max(0, (part.start + part.stop - length) // 2), n - length)
        outer.append(slice(low, low + length))
        inner.append(slice(part.start - low, part.stop - low))
    return Region((outer[0], outer[1]), (inner[0], inner[1]))


def restored(order: PhotoOrder, wanted: tuple[slice, slice], stop: threading.Event) -> Shown | None:
    """That part of the photograph, restored as the order says; None if it was told to stop."""
    psf = order.made()
    part = order.of(padded(wanted, order.photo.shape, psf, order.recipe.method))
    job = part.job()
    with contextlib.closing(cast("Generator[Any, None, None]", iter(job))) as steps:
        for _ in steps:
            if stop.is_set():
                return None
    image = part.settled(job.result())
    balance = part.balance(psf) / part.factor if order.recipe.method == "wiener" else None
    notes = tuple(image.metadata[METADATA_KEY]["notes"])
    return Shown(part.home(image.data), part.start, balance, notes)
