"""The shell that all docks share: pick a layer, run in a worker thread, watch, cancel, get a new layer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget
from superqt.utils import create_worker

from ..recipe import METADATA_KEY
from . import origins
from .complaints import as_fields, explain
from .drive import Answer, Failure, Outcome, Tick, drive
from .footer import Footer, in_words
from .geometry import geometry, moved
from .housed import Housed
from .layers import role
from .links import at_end
from .live import Live, insert_above
from .picker import LayerPicker
from .qt import QShortcut, Signal, Slot
from .trust_row import TrustRow
from .why import WhyHere

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

    from .order import Order

STATES = ("empty", "ready", "invalid", "previewing", "running", "cancelling", "done", "failed")
MINIMUM_WIDTH = 315  # pixels; a dock is usually given 330
NO_IMAGES = ("live", "preview", "trust", "why")  # layers of ours that nobody wants to restore


class TaskDock(Housed):
    """A dock that makes one image layer out of another.

    A dock built on it fills `page` with its form, calls `refresh` when something in the form has changed, and
    overrides `problem`, `order` and `title_of`.

    Parameters
    ----------
    napari_viewer : Viewer
        napari fills in a parameter of this name.
    verb : str
        On the button.

    Attributes
    ----------
    state : str
        One of `STATES`; ``state_changed`` is emitted with it.
    result : Image layer or None
        The last one made.
    """

    state_changed = Signal(str)
    _worker: Any = None

    def __init__(self, napari_viewer: Viewer, verb: str = "Run") -> None:
        super().__init__()
        # napari hands over a proxy, whose layers are other objects each time they are asked for (napari#5767)
        self.viewer: Viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        self.state = "empty"
        self.result: Layer | None = None
        self._stop, self._shown = threading.Event(), threading.Event()
        self.picker = LayerPicker(self.viewer.layers, "Image", _is_image, self._suggested)
        self.footer = Footer(verb)
        self.trust, self.why = TrustRow(self.viewer, self.footer, self._last), WhyHere(self, self.viewer, self.footer)
        self.page = QVBoxLayout()
        self._lay_out()
        self._connect()

    def problem(self) -> str:
        """Why it cannot run with this form, in words; nothing if it can."""
        return ""

    def order(self) -> Order:
        """The form as data.

        Raises
        ------
        ValueError
            If that cannot be: the message is shown.
        """
        raise NotImplementedError

    def title_of(self, outcome: Outcome) -> str:
        """Name of the result without that of the source: "Richardson-Lucy 17 of 30"."""
        raise NotImplementedError

    def look_of(self, outcome: Outcome) -> dict[str, Any]:
        """How the result is shown, as arguments of a layer."""
        return {"contrast_limits": outcome.contrast}

    def _lay_out(self) -> None:
        inside, area, column = QWidget(), QScrollArea(), QVBoxLayout(self)
        self.page.setContentsMargins(6, 6, 6, 6)
        self.page.setSpacing(4)
        inside.setLayout(self.page)
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(area, 1)
        column.addWidget(self.footer)
        self.setMinimumWidth(MINIMUM_WIDTH)

    def _connect(self) -> None:
        self.footer.run.clicked.connect(self.start)
        self.footer.cancel.clicked.connect(self.stop)
        for key, slot in (("Ctrl+Return", self.start), ("Ctrl+Enter", self.start), ("Esc", self.stop)):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)
        at_end(self, self._stop.set)  # the job ends at its next step, wherever the dock went

    def _last(self) -> Layer | None:
        return self.result

    def _suggested(self) -> Layer | None:
        """The active layer, unless we made it ourselves."""
        active = self.viewer.layers.selection.active
        return active if active is not None and _is_image(active) and not role(active) else None

    def close_down(self) -> None:
        """Go, in this thread (Python's collector could do it in any), but not before a run has left what is there."""
        if self._worker is None:
            self.deleteLater()
        else:
            self.stop()

    @Slot()
    def refresh(self) -> None:
        """Look at the form again: can it run?"""
        self.trust.offer()
        if self._worker is not None:
            return
        problem = self._hint()
        self._enter("empty" if self.picker.layer is None else "invalid" if problem else "ready")
        self.footer.allow(not problem, problem)

    @Slot()
    def recheck(self) -> None:
        """Something has become known that is no edit: what was done stays done, unless it could not be run again."""
        if self.state not in ("done", "failed") or self._hint():
            self.refresh()

    def _hint(self) -> str:
        if self.picker.layer is None:
            return "Open an image, or one of File > Open Sample > napari-deconv."
        return self.problem()

    def _enter(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    @Slot()
    def start(self) -> None:
        """Run, if it can."""
        source = self.picker.layer
        if self._worker is not None or source is None or self.problem():
            return
        try:
            self._order = self.order()
        except ValueError as error:
            self._fail(Failure(type(error), str(error), ""))
            return
        self._source, self._place = source, geometry(source)
        place = moved(self._place, self._order.start)
        self._live = Live(self.viewer, f"{source.name} · in progress", place, source)
        self._stop.clear()
        self._shown.set()
        self._launch()

    def _launch(self) -> None:
        worker: Any = create_worker(drive, self._order, self._stop, self._shown)  # warnings: in the result's notes
        worker.yielded.connect(self._on_tick)
        worker.returned.connect(self._on_answer)
        worker.finished.connect(self._on_finish)
        self._worker = worker
        self.footer.begin()
        self._enter("running")
        worker.start()

    @Slot()
    def stop(self) -> None:
        """End after the step in progress and keep what is there."""
        if self.state == "running":
            self._stop.set()
            self.footer.ending()
            self._enter("cancelling")

    @Slot(object)
    def _on_tick(self, tick: Tick) -> None:
        if self.state == "running":
            self.footer.progress(tick.done, tick.total, tick.words)
        if tick.picture is not None:
            if self._order.axes.endswith("ZYX"[-tick.picture.ndim :]):
                self._live.show(tick.picture)
            self._shown.set()

    @Slot(object)
    def _on_answer(self, answer: Answer) -> None:
        self._live.remove()
        if isinstance(answer, Outcome):
            self._add(answer)
            self.footer.say(" ".join(filter(None, [_summary(answer), self.why.hint(self.result)])))
            self._enter("done")
        elif isinstance(answer, Failure):
            self._fail(answer)
        elif self._stop.is_set():
            self.footer.say("Cancelled before the first step; nothing was added.")

    @Slot()
    def _on_finish(self) -> None:
        self._worker = None
        if self.closing:
            self.deleteLater()
        elif self.state in ("done", "failed"):
            problem = self._hint()
            self.footer.allow(not problem, problem)
        else:
            self._live.remove()
            self.refresh()

    def _fail(self, failure: Failure) -> None:
        what, remedy = explain(failure.kind, failure.message)
        self.footer.say(f"Failed: {what} {remedy}", failure.trace)
        self._enter("failed")

    def _add(self, outcome: Outcome) -> None:
        """A new layer just above the source, with everything that says where the source is."""
        from napari.layers import Image

        layer = Image(
            outcome.data,
            name=f"{self._order.name} · {self.title_of(outcome)}",
            metadata={METADATA_KEY: {**outcome.provenance, **self._order.about()}},
            **self.look_of(outcome),
            **moved(self._place, self._order.start),
        )
        origins.remember(layer, self._order)
        insert_above(self.viewer, layer, self._source)
        self.result = layer
        self.why.watch(layer)
        self.trust.offer()


def _is_image(layer: Layer) -> bool:
    from napari.layers import Image

    return isinstance(layer, Image) and role(layer) not in NO_IMAGES


def _summary(outcome: Outcome) -> str:
    """What was done, and everything that one should know about it."""
    told = outcome.provenance
    steps = f"{told['steps']} steps" if told["of"] > 1 else "1 step"
    done = f"Done: {steps} in" if outcome.whole else "Cancelled after"
    head = f"{done} {in_words(told['seconds'])} on {told['backend']}."
    return " ".join([head, *(f"{note[:1].upper()}{note[1:].rstrip('.')}." for note in map(as_fields, told["notes"]))])
