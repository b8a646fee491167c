"""A part of the photograph restored at once: what the canvas shows, with the settings of the form."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject

from ...psf import PSF
from ...recipe import LEARNED, METADATA_KEY
from ...tiles import halo
from ..layers import pixels
from ..preview_layer import PreviewLayer
from ..qt import Signal, Slot
from ..stream import Stream
from .photo_order import PhotoOrder, Region

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Image, Layer

SIDE = 512  # rows and columns of a preview
MORE = 16  # pixels computed around it, beside the reach of the method
AROUND = 1024  # rows and columns that a Wiener filter computes


@dataclass(frozen=True)
class Shown:
    """A restored part: its pixels, where it begins, the automatic balance or the noise (None: the method has none), and
    remarks; a better one may follow.
    """

    data: NDArray[Any]
    start: tuple[int, ...]
    automatic: float | None
    notes: tuple[str, ...]
    last: bool = True


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
        self._work, self._place = Stream(self), PreviewLayer(viewer)
        self._source: Layer | None = None
        self._work.came.connect(self._answered)
        self._work.failed.connect(self.failed)

    @property
    def busy(self) -> bool:
        """Whether one is being made."""
        return self._work.busy

    @property
    def layer(self) -> Image | None:
        """The layer, if there is one."""
        return self._place.layer

    def ask(self, order: PhotoOrder, source: Layer) -> None:
        """Restore the part of `source` that is in view, instead of what is under way."""
        self._source = source
        self._work.ask(_restored, order, in_view(source))

    def cancel(self) -> None:
        """End what is under way after its step; nothing is shown."""
        self._work.cancel()

    def remove(self) -> None:
        """End the work and take the layer away."""
        self.cancel()
        self._place.remove()

    @Slot(object)
    def _answered(self, shown: Shown) -> None:
        source = self._source
        gone = source is None or source not in self._viewer.layers
        if shown.last or gone or self._place.closed:
            self.cancel()  # nothing more is to come
        if source is None or gone:
            return
        if self._place.closed:
            self._place.remove()
            self.closed.emit()
            return
        look = {"rgb": True} if source.rgb else {"contrast_limits": source.contrast_limits, "gamma": source.gamma}
        self._place.show(source, shown.data, shown.start, look)
        if shown.last:
            self.shown.emit(shown)


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
    reaches = halo(psf, method=method) if method in LEARNED else [2 * size + MORE for size in psf.shape]
    for part, n, reach in zip(wanted, shape, reaches, strict=True):
        length = part.stop - part.start + 2 * reach
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
    automatic = part.balance(psf) / part.factor if order.recipe.method == "wiener" else None
    automatic = part.noise / part.factor if order.recipe.method in LEARNED else automatic
    notes = tuple(image.metadata[METADATA_KEY]["notes"])
    return Shown(part.home(image.data), part.start, automatic, notes)


def _restored(order: PhotoOrder, wanted: tuple[slice, slice], stop: threading.Event) -> Generator[Shown, None, None]:
    if order.recipe.method == "learned":
        quick = restored(replace(order, recipe=order.recipe.changed(method="wiener"), factor=1.0), wanted, stop)
        if quick is not None:
            yield replace(quick, last=False)
    shown = restored(order, wanted, stop)
    if shown is not None:
        yield shown
