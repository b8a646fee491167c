"""A list of layers of which several can be ticked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QListWidget, QListWidgetItem

from ..layers import entry
from ..links import Links
from ..qt import Signal

if TYPE_CHECKING:
    from napari.components import LayerList
    from napari.layers import Layer

ROWS = 3


class LayerTicks(QListWidget):
    """Layers with a tick box each; it follows the layer list.

    Parameters
    ----------
    layers : LayerList
        Of the viewer.
    name : str
        For screen readers.
    accepts : callable
        Whether a layer is listed.
    """

    ticked = Signal()

    def __init__(self, layers: LayerList, name: str, accepts: Callable[[Layer], bool]) -> None:
        super().__init__()
        self._layers, self._accepts = layers, accepts
        self.setAccessibleName(name)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(ROWS * 22 + 4)
        self._links = Links(self)
        events = layers.events
        self._links.make(self.refill, events.inserted, events.removed, events.reordered, events.renamed)
        self.itemChanged.connect(self._changed)
        self.refill()

    @property
    def chosen(self) -> list[Layer]:
        """The layers ticked."""
        rows = [self.item(i) for i in range(self.count())]
        return [i.data(Qt.ItemDataRole.UserRole) for i in rows if i and i.checkState() == Qt.CheckState.Checked]

    def tick(self, layer: Layer, on: bool = True) -> None:
        """Do as if the user had ticked it."""
        for i in range(self.count()):
            item = self.item(i)
            if item is not None and item.data(Qt.ItemDataRole.UserRole) is layer:
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def refill(self, event: Any = None) -> None:
        """Show the layers there are; the ticks stay."""
        before = self.chosen
        self.blockSignals(True)
        self.clear()
        for layer in self._layers:
            if self._accepts(layer):
                item = QListWidgetItem(entry(layer))
                item.setToolTip(item.text())
                item.setData(Qt.ItemDataRole.UserRole, layer)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
                kept = any(layer is one for one in before)
                item.setCheckState(Qt.CheckState.Checked if kept else Qt.CheckState.Unchecked)
                self.addItem(item)
        self.blockSignals(False)
        self.ticked.emit()

    def _changed(self, item: QListWidgetItem) -> None:
        self.ticked.emit()
