"""Before and after: the restored layers vanish as long as a button or the space bar is held."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QPushButton

from ..qt import Slot

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer


class BeforeAfter(QObject):
    """Shows the photograph as it was while its button is down.

    Parameters
    ----------
    parent : QObject
        Where it belongs.
    viewer : Viewer
        Layers that have left it are not touched.
    """

    def __init__(self, parent: QObject, viewer: Viewer) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._before: dict[Layer, bool] = {}
        self._source: Layer | None = None
        self._after: tuple[Layer, ...] = ()
        self.button = QPushButton("Before (hold Space)")
        self.button.setToolTip(
            "The photograph as it was, as long as this button or the space bar is held (with the focus in this dock)"
        )
        self.button.pressed.connect(self.begin)
        self.button.released.connect(self.end)
        self.offer(None, ())

    def offer(self, source: Layer | None, after: Iterable[Layer | None]) -> None:
        """Compare `source` with these layers, if there are any."""
        self.end()
        self._source = source
        self._after = tuple(layer for layer in after if layer is not None and layer in self._viewer.layers)
        self.button.setEnabled(source is not None and bool(self._after))

    @property
    def held(self) -> bool:
        """Whether the photograph is shown as it was."""
        return bool(self._before)

    @Slot()
    def begin(self) -> None:
        """Show the photograph as it was."""
        if self.held or not self.button.isEnabled() or self._source not in self._viewer.layers:
            return
        assert self._source is not None
        self._before = {layer: bool(layer.visible) for layer in (self._source, *self._after)}
        for layer in self._after:
            layer.visible = False
        self._source.visible = True

    @Slot()
    def end(self) -> None:
        """Show everything as it was before `begin`."""
        for layer, visible in self._before.items():
            layer.visible = visible
        self._before = {}
