"""The dock PSF: computed, measured, estimated or drawn, looked at, repaired, and added as a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QFrame, QScrollArea, QTabWidget, QVBoxLayout

from .. import memory
from ..complaints import explain
from ..drive import Failure
from ..errand import Errand
from ..footer import Footer
from ..housed import Housed
from ..qt import QShortcut, Signal, Slot
from ..task import MINIMUM_WIDTH
from .beads_tab import BeadsTab
from .draw_tab import DrawTab
from .estimate_tab import EstimateTab
from .made_panel import WAITING, MadePanel
from .psf_layer import layer_of
from .tab import Made, Tab
from .theory_tab import TheoryTab

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

NAME = "psf"
ADD, ANYWAY = "Add as la&yer", "Add an&yway"


class PSFDock(Housed):
    """Four ways to make a PSF, and one place to look at it before it becomes a layer.

    Parameters
    ----------
    napari_viewer : Viewer
        napari fills in a parameter of this name.

    Attributes
    ----------
    state : str
        "empty", "ready" (there is a PSF), "running", "cancelling" or "failed"; ``state_changed`` is emitted with it.
    result : Image layer or None
        The last one added.
    """

    state_changed = Signal(str)

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        # napari hands over a proxy, whose layers are other objects each time they are asked for (napari#5767)
        self.viewer: Viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        self.state = "empty"
        self.result: Layer | None = None
        self.theory, self.beads = TheoryTab(self.viewer), BeadsTab(self.viewer)
        self.estimate, self.drawing = EstimateTab(self.viewer, self.theory), DrawTab(self.viewer)
        self.tabs, self.shown, self.footer = QTabWidget(), MadePanel(), Footer("Add as layer")
        self.panel = self.shown.panel
        self._named: dict[str, Tab] = {
            "Theory": self.theory,
            "Beads": self.beads,
            "From image": self.estimate,
            "Draw": self.drawing,
        }
        self._made: dict[Tab, Made | str] = dict.fromkeys(self._named.values(), "")
        self._running: Tab | None = None
        self.errand = Errand(self)
        self._lay_out()
        self._connect()
        self._recall()
        for tab in self._named.values():
            tab.tell()
        self._show_tab()

    def _lay_out(self) -> None:
        column, lower = QVBoxLayout(self), QVBoxLayout()
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(False)
        for title, tab in self._named.items():
            area = QScrollArea()
            area.setWidget(tab)
            area.setWidgetResizable(True)
            area.setFrameShape(QFrame.Shape.NoFrame)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.tabs.addTab(area, title)
        self.footer.cancel.setToolTip("Stop; nothing is kept (Esc)")
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        lower.setContentsMargins(6, 2, 6, 0)
        lower.setSpacing(2)
        lower.addWidget(line)
        lower.addWidget(self.shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs, 1)
        column.addLayout(lower)
        column.addWidget(self.footer)
        self.setMinimumWidth(MINIMUM_WIDTH)

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._show_tab)
        for tab in self._named.values():
            tab.made.connect(self._tab_made)
            tab.unmade.connect(self._tab_unmade)
            tab.making.connect(self._tab_making)
            tab.changed.connect(self._refresh)
            tab.wanted.connect(self.start)
        self.shown.mended.connect(self._mended)
        self.panel.refused.connect(self._not_repaired)
        self.footer.run.clicked.connect(self.add)
        self.footer.cancel.clicked.connect(self.stop)
        for key, slot in (("Ctrl+Return", self.next), ("Ctrl+Enter", self.next), ("Esc", self.stop)):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)
        self.errand.far.connect(self._far)
        self.errand.answered.connect(self._answered)
        self.errand.failed.connect(self._failed)
        self.errand.cancelled.connect(self._cancelled)
        self.errand.ended.connect(self._ended)

    @property
    def tab(self) -> Tab:
        """The one shown."""
        return list(self._named.values())[self.tabs.currentIndex()]

    def show_tab(self, title: str) -> None:
        """Do as if the user had chosen that tab."""
        self.tabs.setCurrentIndex(list(self._named).index(title))

    @property
    def made(self) -> Made | None:
        """What the tab shown has made."""
        found = self._made[self.tab]
        return found if isinstance(found, Made) else None

    @Slot()
    def next(self) -> None:
        """The next step of this tab: measure or estimate if that has not been done, else add."""
        if self.tab.verb and self.made is None:
            self.start()
        else:
            self.add()

    @Slot()
    def start(self) -> None:
        """Measure or estimate, if it can be."""
        if self.errand.busy or not self.tab.verb or self.tab.problem():
            return
        try:
            function, arguments = self.tab.task()
        except ValueError as error:
            self._say_failed(Failure(type(error), str(error), ""))
            return
        self._running = self.tab
        self.footer.begin()
        self._enter("running")
        self.errand.start(function, *arguments)
        self._allow_runs()

    @Slot()
    def stop(self) -> None:
        """Let it end; nothing is kept."""
        if self.state == "running":
            self.errand.stop()
            self.footer.ending()
            self._enter("cancelling")

    @Slot()
    def add(self) -> None:
        """Each PSF shown becomes a new layer on top."""
        made = self.made
        if made is None or self.errand.busy:
            return
        memory.remember(NAME, {title: tab.values() for title, tab in self._named.items()})
        over = made.over if made.over is not None and made.over in self.viewer.layers else None
        for psf, name in zip(made.psfs, made.names, strict=True):
            self.result = layer_of(psf, name, over)
            self.viewer.layers.append(self.result)
        count = len(made.psfs)
        what = f"{count} layers" if count > 1 else self.result.name if self.result else ""
        self.footer.say(f"Added {what}{', not trusted' if made.doubt else ''}.")

    def _recall(self) -> None:
        remembered = memory.recall(NAME)
        for title, tab in self._named.items():
            found = remembered.get(title)
            if isinstance(found, dict):
                tab.put(found)

    def _enter(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    @Slot()
    def _show_tab(self) -> None:
        self.footer.say("")
        self._show_made()

    @Slot(object)
    def _tab_made(self, made: Made) -> None:
        self._keep(self.sender(), made)

    @Slot(str)
    def _tab_unmade(self, reason: str) -> None:
        self._keep(self.sender(), reason)

    @Slot()
    def _tab_making(self) -> None:
        self._keep(self.sender(), WAITING)

    def _keep(self, tab: Any, made: Made | str) -> None:
        self._made[tab] = made
        if tab is self.tab:
            if not self.errand.busy:
                self.footer.say("")  # what was added, or failed, was another one
            self._show_made()

    def _show_made(self) -> None:
        """The PSFs of the tab shown, or why there are none."""
        self.shown.show_made(self._made[self.tab])
        self.footer.run.setText(ANYWAY if self.made and self.made.doubt else ADD)
        self._refresh()

    @Slot(object)
    def _mended(self, made: Made) -> None:
        self._made[self.tab] = made

    @Slot(str)
    def _not_repaired(self, complaint: str) -> None:
        self.footer.say(f"Not repaired: {complaint}")

    @Slot()
    def _refresh(self) -> None:
        """What can be done now?"""
        self._allow_runs()
        if self.errand.busy:
            return
        made, problem = self.made, self.tab.problem()
        if made is not None and made.doubt:
            hint = f"Not trusted: {made.doubt}"
        elif self.tab.verb and problem:
            hint = f"To {self.tab.verb.lower()}: {problem.rstrip('.')}."
        else:
            hint = ""
        self.footer.allow(made is not None, hint)
        if self.state != "failed" or made is not None:
            self._enter("empty" if made is None else "ready")

    def _allow_runs(self) -> None:
        for tab in (self.beads, self.estimate):
            tab.run.setEnabled(not self.errand.busy and not tab.problem())

    @Slot(int, int)
    def _far(self, done: int, total: int) -> None:
        if self.state == "running":
            self.footer.progress(done, total)

    @Slot(object)
    def _answered(self, answer: Any) -> None:
        if self._running is not None:
            self._enter("ready")
            self._running.take(answer)

    @Slot(object)
    def _failed(self, failure: Failure) -> None:
        if self._running is not None:
            self._keep(self._running, "")
        self._say_failed(failure)

    @Slot()
    def _cancelled(self) -> None:
        self._enter("empty")
        self.footer.say("Cancelled.")

    @Slot()
    def _ended(self) -> None:
        self._running = None
        if self.closing:
            self.deleteLater()
        else:
            self._refresh()

    def _say_failed(self, failure: Failure) -> None:
        what, remedy = explain(failure.kind, failure.message)
        self.footer.say(f"Failed: {what} {remedy}", failure.trace)
        self._enter("failed")

    def close_down(self) -> None:
        """Go, in this thread (Python's collector could do it in any), but not before a run has ended."""
        self.stop()
        if not self.errand.busy:
            self.deleteLater()
