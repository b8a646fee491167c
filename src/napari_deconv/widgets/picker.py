"""A list of layers that follows the layer list until the user picks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QWidget

from .choice import Choice
from .layers import entry, role
from .links import Links
from .qt import Signal, Slot

if TYPE_CHECKING:
    from napari.components import LayerList
    from napari.layers import Layer

Test = Callable[["Layer"], bool]
Suggestion = Callable[[], "Layer | None"]


class LayerPicker(QWidget):
    """A combo box of layers, with sizes and dtype, and a button that shows whether it follows or is pinned.

    Parameters
    ----------
    layers : LayerList
        Of the viewer.
    name : str
        For screen readers.
    accepts : callable
        Whether a layer may be picked.
    suggest : callable
        The layer to show while nothing is pinned; None: stay.
    none : str, optional
        Text of a first entry that stands for no layer.
    """

    changed = Signal()

    def __init__(
        self, layers: LayerList, name: str, accepts: Test, suggest: Suggestion, none: str | None = None
    ) -> None:
        super().__init__()
        self._layers, self._accepts, self._suggest, self._none = layers, accepts, suggest, none
        self._shown: Layer | None = None
        self.combo, self.pin = Choice(), QToolButton()
        self._build(name)
        self._of_list, self._of_layer = Links(self), Links(self)
        events = layers.events
        self._of_list.make(self.refill, events.inserted, events.removed, events.reordered, events.renamed)
        self._of_list.make(self._follow, layers.selection.events.active)
        self.refill()

    def _build(self, name: str) -> None:
        self.combo.setAccessibleName(name)
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(8)
        self.combo.setPlaceholderText("nothing open yet")
        self.pin.setCheckable(True)
        self.pin.setAccessibleName(f"Pin {name}")
        self.pin.setVisible(self._none is None)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.combo, 1)
        row.addWidget(self.pin)
        self.combo.activated.connect(self._picked)
        self.combo.currentIndexChanged.connect(self._moved)
        self.pin.toggled.connect(self._pin_toggled)
        self._show_pin()

    @property
    def layer(self) -> Layer | None:
        """The layer that is shown."""
        found: Layer | None = self.combo.currentData()
        return found

    def pick(self, layer: Layer | None) -> None:
        """Do as if the user had picked `layer`."""
        self.combo.setCurrentIndex(self._index(layer))
        self._picked()

    def refill(self, event: Any = None) -> None:
        """Show the layers there are; what was shown stays, if it is still there."""
        before = self.layer
        self.combo.blockSignals(True)
        self.combo.clear()
        if self._none is not None:
            self.combo.addItem(self._none, None)
        for layer in self._layers:
            if self._accepts(layer):
                self.combo.addItem(entry(layer), layer)
                self.combo.setItemData(self.combo.count() - 1, entry(layer), Qt.ItemDataRole.ToolTipRole)
        if before is None or self._index(before) < 0:
            before = None
            self.pin.setChecked(False)
        wanted = before if before is not None and self.pin.isChecked() else self._suggestion() or before
        self.combo.setCurrentIndex(self._index(wanted) if wanted is not None else self._fallback())
        self.combo.blockSignals(False)
        self._moved()

    def _fallback(self) -> int:
        """No layer where that is an entry, else the newest that we did not make, else the newest."""
        if self._none is not None:
            return 0
        last = self.combo.count() - 1
        return next((i for i in range(last, -1, -1) if not role(self.combo.itemData(i))), last)

    def _suggestion(self) -> Layer | None:
        layer = self._suggest()
        return layer if layer is not None and self._index(layer) >= 0 else None

    def _index(self, layer: Layer | None) -> int:
        return next((i for i in range(self.combo.count()) if self.combo.itemData(i) is layer), -1)

    def _follow(self, event: Any = None) -> None:
        layer = self._suggestion()
        if layer is not None and not self.pin.isChecked():
            self.combo.setCurrentIndex(self._index(layer))

    @Slot()
    def _picked(self) -> None:
        self.pin.setChecked(True)

    @Slot()
    def _moved(self) -> None:
        """Another layer is shown: listen to that one."""
        layer = self.layer
        self.combo.setToolTip(self.combo.currentText())
        if layer is self._shown:
            return
        self._shown = layer
        self._of_layer.cut()
        if layer is not None:
            events = layer.events
            self._of_layer.make(
                self._redescribed, events.scale, events.units, events.axis_labels, events.data, events.metadata
            )
        self.changed.emit()

    def _redescribed(self, event: Any = None) -> None:
        """The layer shown says something else about itself."""
        if self.layer is not None:
            self.combo.setItemText(self.combo.currentIndex(), entry(self.layer))
            self.changed.emit()

    @Slot(bool)
    def _pin_toggled(self, pinned: bool) -> None:
        self._show_pin()
        if not pinned:
            self._follow()

    def _show_pin(self) -> None:
        pinned = self.pin.isChecked()
        self.pin.setText("Pinned" if pinned else "Pin")
        self.pin.setToolTip(
            "This layer stays; click to follow the layer list again"
            if pinned
            else "Follows the layer selected in the layer list; click to keep this one"
        )
