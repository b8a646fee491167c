"""A button that asks how far a result is to be trusted, and puts the answer above it as layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ..recipe import METADATA_KEY
from .complaints import as_fields, explain
from .drive import Failure
from .errand import Errand
from .footer import Footer
from .geometry import geometry, moved
from .links import Links
from .origins import classical_sibling, is_learned, order_of, provenance_of, recipe_of
from .qt import Slot
from .trusting import Case, Verdict, judged

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

ROLE = "trust"


class TrustRow(QWidget):
    """Judges the selected result, or else the last one.

    Parameters
    ----------
    viewer : Viewer
        Where the layers are.
    footer : Footer
        Where the answer stands in words.
    last : callable
        ``last()``: the last result of the dock, or None.
    """

    def __init__(self, viewer: Viewer, footer: Footer, last: Callable[[], Layer | None]) -> None:
        super().__init__()
        self._viewer, self._footer, self._last = viewer, footer, last
        self.button, self.turns = QPushButton("Trust layers"), QCheckBox("turned 8 ways")
        self.bar, self.cancel = QProgressBar(), QPushButton("Cancel")
        self._judging: Layer | None = None
        self._work, self._links = Errand(self), Links(self)
        self._dress()
        self.button.clicked.connect(self.start)
        self.cancel.clicked.connect(self.stop)
        for signal, slot in (
            (self._work.answered, self._answered),
            (self._work.failed, self._failed),
            (self._work.cancelled, self._cancelled),
            (self._work.far, self._moved),
            (self._work.ended, self.offer),
        ):
            signal.connect(slot)
        events = viewer.layers.events
        self._links.make(self._layers_changed, events.removed, viewer.layers.selection.events.active)
        self.hide()  # `offer` is for later: without a parent it would be shown as a window

    def _dress(self) -> None:
        self.button.setToolTip(
            "Hold the selected result, or else the last one, against its image: where it contradicts it, what the data "
            "cannot have told, how far it is from the classical result"
        )
        self.turns.setToolTip(
            "Restore eight times more, the picture turned and flipped: what a network is not sure of, it writes "
            "differently each time"
        )
        self.bar.setAccessibleName("Progress of the judgement")
        self.cancel.setToolTip("Stop judging (Esc)")
        column, row, running = QVBoxLayout(self), QHBoxLayout(), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row.addWidget(self.button, 1)
        row.addWidget(self.turns)
        running.addWidget(self.bar, 1)
        running.addWidget(self.cancel)
        column.addLayout(row)
        column.addLayout(running)

    @property
    def layer(self) -> Layer | None:
        """The result that would be judged."""
        for layer in (self._viewer.layers.selection.active, self._last()):
            if layer is not None and layer in self._viewer.layers and order_of(layer) is not None:
                return layer
        return None

    @property
    def busy(self) -> bool:
        """Whether one is being judged."""
        return self._work.busy

    @Slot()
    def offer(self) -> None:
        """Show what can be done."""
        layer, busy = self.layer, self.busy
        self.setVisible(busy or layer is not None)
        self.button.setEnabled(not busy)
        self.turns.setVisible(layer is not None and is_learned(layer))
        self.turns.setEnabled(not busy)
        self.bar.setVisible(busy)
        self.cancel.setVisible(busy)

    def _layers_changed(self, event: Any = None) -> None:
        self.offer()

    @Slot()
    def start(self) -> None:
        """Judge."""
        layer = self.layer
        order = order_of(layer)
        if layer is None or order is None or self.busy:
            return
        at = layer.world_to_data(self._viewer.dims.point[-layer.ndim :])
        sibling = classical_sibling(self._viewer, layer)
        case = Case(
            order,
            recipe_of(layer),
            layer.data,
            provenance_of(layer),
            {a: round(float(p)) for a, p in zip(order.axes, at, strict=False)},
            None if sibling is None else (sibling.data, provenance_of(sibling)),
            turns=is_learned(layer) and self.turns.isChecked(),
        )
        self._judging = layer
        self._work.start(judged, case)
        self._moved(0, 0)
        self._footer.say(f"Holding {layer.name!r} against its image…")
        self.offer()

    @Slot()
    def stop(self) -> None:
        """End it at its next step."""
        if self.busy:
            self._work.stop()
            self.bar.setFormat("stopping…")

    @Slot(int, int)
    def _moved(self, done: int, total: int) -> None:
        self.bar.setMaximum(total)
        self.bar.setValue(done)
        self.bar.setFormat("turned %v of %m ways" if total else "judging…")

    @Slot(object)
    def _answered(self, verdict: Verdict) -> None:
        layer, self._judging = self._judging, None
        if layer is None or layer not in self._viewer.layers:
            self._footer.say("The result that was judged is gone.")
            return
        for number, (name, data, look) in enumerate(verdict.maps):
            self._add(layer, f"{name} · {_title(layer)}", data, {**look, "visible": number == 0}, verdict)
        self._viewer.layers.selection.active = layer
        said = " ".join(map(_sentence, (verdict.words, *verdict.foreign)))
        self._footer.say(said, "\n".join(map(_sentence, verdict.notes)))

    def _add(self, layer: Layer, name: str, data: Any, look: dict[str, Any], verdict: Verdict) -> None:
        """A map on top of everything: other results would hide it."""
        from napari.layers import Image

        place = {**moved(geometry(layer), verdict.start), "blending": "translucent"}
        said = {"role": ROLE, "of": layer.name, "words": verdict.words}
        self._viewer.layers.append(Image(data, name=name, metadata={METADATA_KEY: said}, **{**place, **look}))

    @Slot(object)
    def _failed(self, failure: Failure) -> None:
        self._footer.say(f"Not judged: {' '.join(explain(failure.kind, failure.message))}", failure.trace)

    @Slot()
    def _cancelled(self) -> None:
        self._footer.say("The judgement was cancelled; nothing was added.")


def _title(layer: Layer) -> str:
    """The name of a result without that of its source."""
    order = order_of(layer)
    return str(layer.name) if order is None else str(layer.name).removeprefix(f"{order.name} · ")


def _sentence(text: str) -> str:
    """A note with a capital letter and a full stop."""
    text = as_fields(text)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
