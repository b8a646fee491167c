"""What can be watched at the foot of the dock: the preview's pictures, and the curve of a run."""

from __future__ import annotations

from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from ..drive import Chosen, Point, Tick
from ..qt import Slot
from .curve import RunCurve
from .preview_panel import PreviewPanel


class Watch(QWidget):
    """Two tabs, of which those that have something to show are there.

    Parameters
    ----------
    panel : PreviewPanel
        The pictures.
    """

    def __init__(self, panel: PreviewPanel) -> None:
        super().__init__()
        self.panel, self.curve, self.tabs = panel, RunCurve(), QTabWidget()
        self.tabs.setAccessibleName("Preview and curve")
        self.tabs.setDocumentMode(True)
        for widget, title, tip in (
            (panel, "Preview", "The part in view, restored"),
            (self.curve, "Curve", "How the restoration goes on, iteration by iteration"),
        ):
            self.tabs.setTabToolTip(self.tabs.addTab(widget, title), tip)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.tabs)
        self._preview = False
        self._offer()

    @Slot()
    def show_preview(self) -> None:
        """There are pictures now."""
        self._preview = True
        self._offer()
        self.tabs.setCurrentIndex(0)

    @Slot()
    def hide_preview(self) -> None:
        """There are none any more."""
        self._preview = False
        self._offer()

    def follow(self, tick: Tick) -> None:
        """A run has gone on; its curve is shown as soon as it is one."""
        before = self.curve.empty
        self.curve.add(tick.points)
        self.curve.choose(tick.chosen)
        self._offer()
        if before and not self.curve.empty:
            self.tabs.setCurrentIndex(1)

    @Slot(object)
    def add(self, news: Point | Chosen) -> None:
        """A preview has gone on; whoever looks at its pictures is not disturbed."""
        if isinstance(news, Point):
            self.curve.add([news])
        else:
            self.curve.choose([news])
        self._offer()

    def _offer(self) -> None:
        wanted = (self._preview, not self.curve.empty)
        for i, shown in enumerate(wanted):
            self.tabs.setTabVisible(i, shown)
        self.setVisible(any(wanted))
