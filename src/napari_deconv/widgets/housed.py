"""A widget that notices when napari's dock lets go of it."""

from __future__ import annotations

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QWidget


class Housed(QWidget):
    """Calls `close_down` once its dock is closed for good; napari keeps the widget otherwise."""

    _housed = closing = False  # Qt sends events before __init__ is through

    def event(self, a0: QEvent | None) -> bool:
        """Notice that the x of the dock was clicked."""
        if a0 is not None and a0.type() == QEvent.Type.ParentChange:
            self.closing = self._housed and self.parent() is None
            self._housed = self.parent() is not None
            if self.closing:
                self.close_down()
        return super().event(a0)

    def close_down(self) -> None:
        """Go, in this thread (Python's collector could do it in any), but not before what runs has ended."""
        raise NotImplementedError
