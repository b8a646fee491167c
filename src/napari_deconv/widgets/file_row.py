"""A field for the name of a file."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from .qt import Signal, Slot


class FileRow(QWidget):
    """The name of a file and a button to choose it."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.path = ""
        self.name, self.choose = QLineEdit(), QPushButton("Choose…")
        self.name.setReadOnly(True)
        self.name.setPlaceholderText("TIFF, PNG or JPEG")
        self.name.setAccessibleName("PSF file")
        self.name.setMinimumWidth(60)
        self.choose.setToolTip("Choose an image file that holds the PSF")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.name, 1)
        row.addWidget(self.choose)
        self.choose.clicked.connect(self._ask)

    def set_path(self, path: str) -> None:
        """Take this file."""
        self.path = path
        self.name.setText(Path(path).name)
        self.name.setToolTip(path)
        self.changed.emit()

    @Slot()
    def _ask(self) -> None:
        found, _ = QFileDialog.getOpenFileName(self, "PSF file", self.path, "Images (*.tif *.tiff *.png *.jpg *.jpeg)")
        if found:
            self.set_path(found)
