"""What mypy does not find in qtpy: the same names for every binding, with types."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PyQt6.QtCore import pyqtSignal as Signal
    from PyQt6.QtCore import pyqtSlot as Slot
    from PyQt6.QtGui import QShortcut
else:
    from qtpy.QtCore import Signal, Slot
    from qtpy.QtGui import QShortcut

__all__ = ["QShortcut", "Signal", "Slot"]
