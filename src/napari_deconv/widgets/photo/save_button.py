"""A button that saves a result beside its original."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog, QPushButton

from ..latest import Latest
from ..qt import Signal, Slot
from .save_photo import FILTER, picture, save, suggested

if TYPE_CHECKING:
    from napari.layers import Layer


class SaveButton(QPushButton):
    """Asks where, and writes in a thread."""

    said = Signal(str)

    def __init__(self) -> None:
        super().__init__("Save…")
        self.setToolTip("Write the result into a new file beside the original, as PNG, TIFF or JPEG")
        self._layer: Layer | None = None
        self._saver = Latest(self)
        self._saver.answered.connect(self._saved)
        self._saver.failed.connect(self._refused)
        self.clicked.connect(self._ask)
        self.offer(None)

    def offer(self, layer: Layer | None) -> None:
        """The result that can be saved now."""
        self._layer = layer
        self.setEnabled(layer is not None)

    def save_as(self, path: Path, overwrite: bool = False) -> None:
        """Write the result; a file that is there already is kept unless the user has said otherwise."""
        if self._layer is not None:
            self._saver.ask(save, path, picture(self._layer), overwrite)

    @Slot()
    def _ask(self) -> None:
        if self._layer is None:
            return
        start = suggested(picture(self._layer), self._layer.name)
        path, _ = QFileDialog.getSaveFileName(self, "Save the result", str(start), FILTER)
        if path:
            self.save_as(Path(path), overwrite=True)  # the dialog has asked

    @Slot(object)
    def _saved(self, words: str) -> None:
        self.said.emit(words)

    @Slot(str)
    def _refused(self, complaint: str) -> None:
        self.said.emit(f"Not saved: {complaint}")
