"""What a tab of the PSF dock has made: one PSF per channel, each looked at and repaired by itself."""

from __future__ import annotations

from qtpy.QtWidgets import QComboBox, QVBoxLayout, QWidget

from ...psf import PSF
from ..qt import Signal, Slot
from .psf_panel import COMPUTING, PSFPanel
from .tab import Made

WAITING = "waiting"  # instead of a reason why there is no PSF: the next one will come


class MadePanel(QWidget):
    """A choice of channel, if there are several, above the panel of that channel's PSF."""

    mended = Signal(object)  # a Made with one PSF repaired

    def __init__(self) -> None:
        super().__init__()
        self.made: Made | None = None
        self.channel_box, self.panel = QComboBox(), PSFPanel()
        self.channel_box.setAccessibleName("Channel shown")
        self.channel_box.setToolTip("Which channel's PSF is shown; all are added")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.channel_box)
        column.addWidget(self.panel)
        self.channel_box.currentIndexChanged.connect(self._show_channel)
        self.panel.repaired.connect(self._repaired)

    def show_made(self, found: Made | str) -> None:
        """Show PSFs, or why there are none."""
        self.made = found if isinstance(found, Made) else None
        self.channel_box.blockSignals(True)
        self.channel_box.clear()
        for i, name in enumerate(self.made.names if self.made else (), 1):
            self.channel_box.addItem(f"{i}: {name}")
        self.channel_box.setVisible(self.channel_box.count() > 1)
        self.channel_box.blockSignals(False)
        if found == WAITING:
            self.panel.wait(COMPUTING)
        elif self.made is None:
            self.panel.clear(str(found))
        else:
            self._show_channel()

    @property
    def _channel(self) -> int:
        return max(0, self.channel_box.currentIndex())

    @Slot()
    def _show_channel(self) -> None:
        if self.made is not None:
            self.panel.show_psf(self.made.psfs[self._channel], self.made.against)

    @Slot(object)
    def _repaired(self, psf: PSF) -> None:
        if self.made is not None:
            self.made = self.made.changed(self._channel, psf)
            self._show_channel()
            self.mended.emit(self.made)
