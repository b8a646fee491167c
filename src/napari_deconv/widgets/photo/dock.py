"""The dock Deblur photo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import QCheckBox, QLabel

from ...recipe import Recipe
from .. import memory
from ..complaints import as_fields
from ..drive import Outcome
from ..links import Links
from ..order import Words
from ..qt import QShortcut, Slot
from ..task import TaskDock
from .before_after import BeforeAfter
from .blur_form import NAMES as BLURS
from .blur_form import BlurForm
from .photo_order import PhotoOrder, photo_order
from .photo_section import PhotoSection
from .preview import Preview, Shown
from .save_button import SaveButton
from .strength import NAMES, Strength

if TYPE_CHECKING:
    from napari import Viewer

NAME = "deblur_photo"
WAIT = 300  # milliseconds after the last change before the preview is made


class DeblurPhoto(TaskDock):
    """Choose a photograph, say what blurred it, watch a part of it get sharp, restore all of it.

    Parameters
    ----------
    napari_viewer : Viewer
        napari fills in a parameter of this name.
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(napari_viewer, "De&blur")
        self.photo = PhotoSection(self.viewer, self.picker)
        self.blur = BlurForm(self.viewer)
        self.strength = Strength()
        self.preview = Preview(self, self.viewer)
        self.compare = BeforeAfter(self, self.viewer)
        self.live, self.save = QCheckBox("Live preview"), SaveButton()
        self._balances: dict[Any, float] = {}
        self._seen: Any = None
        self._timer, self._links = QTimer(self), Links(self)
        self._fill_page()
        self._recall()
        self._listen()
        self._other_pixels()
        self._changed()

    def _fill_page(self) -> None:
        for title, section, first in (
            ("1 &Image", self.photo, self.picker.combo),
            ("2 Blur", self.blur, self.blur.kind_box),
            ("3 Method", self.strength, self.strength.method_box),
        ):
            heading = QLabel(title)
            heading.setStyleSheet("font-weight: bold; margin-top: 4px;")
            heading.setBuddy(first)
            self.page.addWidget(heading)
            self.page.addWidget(section)
        self.page.addStretch(1)
        self.live.setToolTip(
            "Restore the part of the picture in view after every change; Ctrl+Shift+Return does it once"
        )
        self.footer.add_row(self.live, self.compare.button)
        self.footer.add_row(self.trust)
        self.footer.add_button(self.save)
        self.footer.follow(self.strength)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def _recall(self) -> None:
        remembered = memory.recall(NAME)
        self.photo.put(remembered.get("photo", {}))
        self.blur.put(remembered.get("blur", {}))
        self.strength.put(remembered.get("strength", {}))
        self.live.setChecked(remembered.get("live", True) is not False)

    def _listen(self) -> None:
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT)
        self._timer.timeout.connect(self._preview_if_live)
        self.photo.replaced.connect(self._other_pixels)
        for section in (self.photo, self.blur, self.strength):
            section.changed.connect(self._changed)
        self.blur.checked.connect(self._checked)
        self.live.toggled.connect(self._live_toggled)
        self.preview.shown.connect(self._previewed)
        self.preview.failed.connect(self._not_previewed)
        self.preview.closed.connect(self._preview_closed)
        self.save.said.connect(self.footer.say)
        self._links.make(self._layers_changed, self.viewer.layers.events.removed)
        camera: Any = getattr(self.viewer, "scene", self.viewer).camera  # napari 0.9 has moved it
        self._links.make(self._view_moved, camera.events.center, camera.events.zoom)
        for key in ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.preview_once)

    def problem(self) -> str:
        """The first thing that is missing or wrong."""
        if self.photo.problem:
            return self.photo.problem
        for problem in (self.blur.problem, self.strength.problem):
            if problem:
                return f"To run: {problem.rstrip('.')}."
        try:
            self.recipe()
        except ValueError as error:
            return f"To run: {as_fields(str(error))}."
        return ""

    def recipe(self) -> Recipe:
        """The form as a recipe; a Wiener filter's balance and a network's noise are found where the photograph is."""
        source = self.blur.source
        psf = source.texts[0] if isinstance(source, Words) and source.texts else None
        return Recipe.build(psf=psf, **self.strength.values(), **self.photo.values())

    def order(self) -> PhotoOrder:
        """The form as data."""
        photo = self.photo.photo
        assert photo is not None
        factor, kind = self.strength.factor, BLURS[self.blur.kind]
        return photo_order(photo, self.recipe(), self.blur.source, factor=factor, balances=self._balances, kind=kind)

    def title_of(self, outcome: Outcome) -> str:
        """Name of the result: "motion, Wiener"."""
        assert isinstance(self._order, PhotoOrder)
        told = outcome.provenance
        done = "" if outcome.whole else f" {told['steps']} of {told['of']}"
        return f"{self._order.kind}, {NAMES[told['recipe']['method']]}{done}"

    def look_of(self, outcome: Outcome) -> dict[str, Any]:
        """Shown like the photograph."""
        source: Any = self._source
        return {"rgb": True} if source.rgb else {"contrast_limits": source.contrast_limits, "gamma": source.gamma}

    @Slot()
    def start(self) -> None:
        """Run, if it can; the values are remembered for the next opening."""
        self.preview.cancel()
        self._timer.stop()
        if not self._hint():
            self._remember()
        super().start()

    @Slot()
    def stop(self) -> None:
        """End the run and keep what is there, or end what else is under way."""
        if self.state in ("running", "cancelling"):
            super().stop()
            return
        self.trust.stop()
        self.blur.estimate.stop()
        self._end_preview()

    def _remember(self) -> None:
        memory.remember(
            NAME,
            {
                "photo": self.photo.values(),
                "blur": self.blur.values(),
                "strength": self.strength.remembered(),
                "live": self.live.isChecked(),
            },
        )

    def close_down(self) -> None:
        """End what runs, take the preview away, go."""
        self._timer.stop()
        self.blur.estimate.stop()
        self.compare.end()
        self.preview.remove()
        super().close_down()

    @Slot()
    def _other_pixels(self) -> None:
        """What was found in the last photograph counts no more."""
        self._balances = {}
        self.strength.tell(None)
        self.preview.remove()
        if self._worker is None:
            self.footer.say("")
        self._offer_photo(other=True)

    def _offer_photo(self, other: bool = False) -> None:
        light = Recipe.build(light=self.photo.values()["light"])
        self.blur.show_photo(self.photo.photo, light, self.picker.layer, other)

    @Slot()
    def _changed(self) -> None:
        self.strength.show_blind(self.blur.kind == "unknown")
        self._offer_photo()
        self.refresh()
        self._offer()
        self._timer.start()

    @Slot()
    def _checked(self) -> None:
        """The PSF is known, or why there is none."""
        self.recheck()

    def _offer(self) -> None:
        """What can be compared and saved."""
        result = self.result if self.result is not None and self.result in self.viewer.layers else None
        source = self.picker.layer
        self.compare.offer(source, (self.preview.layer, result))
        self.save.offer(result)

    @Slot(bool)
    def _live_toggled(self, on: bool) -> None:
        if on:
            self._timer.start()
        else:
            self._end_preview()
            self.preview.remove()
            self._offer()

    def _view_moved(self, event: Any = None) -> None:
        """Another part is in view: that one is to be seen."""
        if self.preview.layer is not None or self.preview.busy:
            self._timer.start()

    @Slot()
    def _preview_if_live(self) -> None:
        if self.live.isChecked():
            self.preview_once()

    @Slot()
    def preview_once(self) -> None:
        """Restore the part in view now."""
        layer = self.picker.layer
        if self._worker is not None or self.blur.estimate.busy:
            return
        if layer is None or self._hint():
            self._end_preview()
            self.preview.remove()
            self._offer()
            return
        try:
            self.preview.ask(self.order(), layer)
        except ValueError as error:
            self._not_previewed(str(error))
            return
        if self.state == "ready":
            self._enter("previewing")

    @Slot(object)
    def _previewed(self, shown: Shown) -> None:
        self.strength.tell(shown.automatic)
        self._end_preview()
        self.footer.say(f"Preview. {' '.join(f'{n[:1].upper()}{n[1:]}.' for n in shown.notes)}".strip())
        self._offer()

    @Slot(str)
    def _not_previewed(self, complaint: str) -> None:
        self._end_preview()
        self.footer.say(f"No preview: {complaint}")

    @Slot()
    def _preview_closed(self) -> None:
        self.live.setChecked(False)

    def _end_preview(self) -> None:
        self.preview.cancel()
        if self.state == "previewing":
            self._enter("ready")

    def _add(self, outcome: Outcome) -> None:
        """The result takes the place of the preview."""
        self.preview.remove()
        super()._add(outcome)
        self._offer()

    def _layers_changed(self, event: Any = None) -> None:
        self._offer()

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        """Show the photograph as it was while the space bar is down."""
        if a0 is not None and a0.key() == Qt.Key.Key_Space and self.compare.button.isEnabled():
            if not a0.isAutoRepeat():
                self.compare.begin()
            a0.accept()
            return
        super().keyPressEvent(a0)

    def keyReleaseEvent(self, a0: QKeyEvent | None) -> None:
        """The space bar is up again."""
        if a0 is not None and a0.key() == Qt.Key.Key_Space:
            if not a0.isAutoRepeat():
                self.compare.end()
            a0.accept()
            return
        super().keyReleaseEvent(a0)

    def event(self, a0: QEvent | None) -> bool:
        """Notice that the window is left while the space bar is down."""
        if a0 is not None and a0.type() in (QEvent.Type.WindowDeactivate, QEvent.Type.Hide) and self._housed:
            self.compare.end()
        return super().event(a0)
