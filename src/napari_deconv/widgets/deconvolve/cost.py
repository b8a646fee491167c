"""A line that says what a run will take: memory, tiles, time."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass
from math import prod

import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from ...backend import gib, resolve
from ...blocks import Blocks
from ...pieces import pieces
from ..footer import in_words
from ..order import Order
from ..qt import Slot
from ..stream import Stream
from .previewing import Finished

WAIT = 300  # milliseconds after the last change


@dataclass(frozen=True)
class Cost:
    """Bytes needed and free, tiles per block, and voxels restored, each as often as there are iterations."""

    needed: int
    free: int
    where: str
    tiles: int
    voxels: int


class CostLine(QWidget):
    """Says what the order takes that was asked about last."""

    def __init__(self) -> None:
        super().__init__()
        self.words = QLabel()
        self.finished: Finished | None = None  # the last preview: how fast it is here
        self._cost: Cost | None = None
        self._order: Order | None = None
        self._asked, self._timer = Stream(self), QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT)
        self.words.setWordWrap(True)
        self.words.setAccessibleName("What a run will take")
        self.words.setToolTip(
            "Memory predicted for the run, and what is free; if it does not fit, the picture is restored in tiles. The "
            "time is estimated from the last preview."
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.words)
        self._timer.timeout.connect(self._look)
        self._asked.came.connect(self._answered)
        self._asked.failed.connect(self._say)
        self._say("")

    def ask(self, order: Order | None) -> None:
        """Find out soon what `order` takes; None: say nothing."""
        self._asked.cancel()
        self._order = order
        if order is None:
            self._timer.stop()
            self._say("")
        else:
            self._timer.start()

    @Slot()
    def _look(self) -> None:
        self._asked.ask(_costs, self._order)

    @Slot(object)
    def _answered(self, found: Cost) -> None:
        if self._order is not None:
            self._say(told(found, self._order, self.finished))

    @Slot(str)
    def _say(self, text: str) -> None:
        self.words.setText(text)
        self.setVisible(bool(text))


def cost(order: Order) -> Cost:
    """What an order takes; its pixels are not looked at. For a worker thread.

    Raises
    ------
    MemoryError
        If it does not fit, not in tiles either.
    """
    order = order.ready()
    image, psfs, device = order.part_of(order.hollow()), order.kernels(), resolve(order.recipe.backend)
    blocks = Blocks.of(image, psfs[0].ndim)
    masked = order.mask is not None or order.recipe.hot_pixels
    found = pieces(order.recipe, image, blocks, psfs, device, masked=masked)
    needed = found.bytes + image.data.size * np.dtype("float32").itemsize  # and the result
    voxels = blocks.count * sum(prod(tile.shape) for tile in found.tiles)
    return Cost(needed, device.free_bytes(), device.name, len(found.tiles), voxels)


def _costs(order: Order, stop: threading.Event) -> Generator[Cost, None, None]:
    yield cost(order)


def told(found: Cost, order: Order, preview: Finished | None) -> str:
    """For people: "1.9 GiB of 6.0 GiB free memory · 4 tiles · about 40 s"."""
    device = "" if found.where == "numpy" else f" on {found.where}"
    said = [f"{gib(found.needed)} of {gib(found.free)} free memory{device}"]
    said += [f"{found.tiles} tiles"] if found.tiles > 1 else []
    if preview is not None:
        automatic = order.recipe.num_iter == "auto"
        count = preview.iteration if automatic else order.recipe.limit
        seconds = preview.pace * found.voxels * count + (preview.deciding if automatic else 0.0)
        said.append(f"about {in_words(seconds)}")
    return " · ".join(said)
