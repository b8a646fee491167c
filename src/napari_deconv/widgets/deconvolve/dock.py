"""The dock Deconvolve (microscopy)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QLabel

from ...psf import PSF
from ...recipe import Recipe
from .. import memory
from ..complaints import as_fields
from ..docks import at_sliders, open_dock
from ..drive import Outcome, Tick
from ..file_facts import modality, optics
from ..image_section import ImageSection
from ..layers import pixels
from ..order import Order, Words
from ..part import part_of
from ..psf_maker.psf_form import PSFForm
from ..psf_maker.psf_source import Scene
from ..qt import QShortcut, Slot
from ..task import TaskDock
from .cost import CostLine
from .live_preview import LivePreview
from .method_section import NAMES, MethodSection
from .previewing import Finished
from .region_row import RegionRow
from .settings import Settings
from .watch import Watch
from .wish import Wish, wish_of, with_psf

if TYPE_CHECKING:
    from napari import Viewer

NAME = "deconvolve"
TOLD = ("background",)  # what a layer may know to be right for it: our samples do
FORGOTTEN = ("camera", "hot_pixels")  # of the last image: they may be wrong for the next


class Deconvolve(TaskDock):
    """Choose an image, say what blurred it, run: a new layer with the restored picture.

    Parameters
    ----------
    napari_viewer : Viewer
        napari fills in a parameter of this name.
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(napari_viewer, "Run")
        self.image = ImageSection(self.picker)
        self.psf = PSFForm(self.viewer.layers)
        self.method = MethodSection(self.viewer.layers, self._psf)
        self.region = RegionRow(self.viewer)
        self.settings = Settings(self.image, self.psf, self.method, self.recipe, self.order, self.viewer.layers)
        self.live = LivePreview(self, self.viewer, self._wish)
        self.watch, self.cost = Watch(self.live.panel), CostLine()
        self._fill_page()
        self._recall()
        self._by_layer = {name: Recipe.model_fields[name].default for name in TOLD}
        self._listen()
        self._told()
        self._changed()

    def _fill_page(self) -> None:
        for title, section, first in (
            ("1 &Image", self.image, self.picker.combo),
            ("2 PSF", self.psf, self.psf.source_box),
            ("3 Method", self.method, self.method.method_box),
        ):
            heading = QLabel(title)
            heading.setStyleSheet("font-weight: bold; margin-top: 4px;")
            heading.setBuddy(first)
            self.page.addWidget(heading)
            self.page.addWidget(section)
        self.page.addWidget(self.region)
        self.page.addWidget(self.settings)
        self.page.addStretch(1)
        self.footer.add_row(self.watch)
        self.footer.add_row(self.cost)
        self.footer.add_row(self.trust)
        self.footer.add_button(self.live.box)
        self.footer.follow(self.settings.last)

    def _recall(self) -> None:
        remembered = memory.recall(NAME)
        self.method.put({k: v for k, v in remembered.items() if k not in FORGOTTEN})
        self.psf.put(remembered.get("psf", {}))
        self.live.box.setChecked(remembered.get("live", True) is not False)

    def _listen(self) -> None:
        self.image.told.connect(self._told)
        for section in (self.image, self.psf, self.method, self.region):
            section.changed.connect(self._changed)
        self.psf.checked.connect(self._checked)
        self.psf.maker_wanted.connect(self._open_maker)
        self.image.photo_wanted.connect(self._open_photo)
        self.settings.said.connect(self.footer.say)
        self.live.began.connect(self._preview_began)
        self.live.shown.connect(self.watch.show_preview)
        self.live.stepped.connect(self.watch.add)
        self.live.finished.connect(self._previewed)
        self.live.failed.connect(self._not_previewed)
        self.live.gone.connect(self._preview_gone)
        self.live.wanted.connect(self._use_count)
        for key in ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.live.now)

    def problem(self) -> str:
        """The first thing that is missing or wrong."""
        if self.image.problem:
            return self.image.problem
        if self.image.voxel.problem and self.psf.needs_voxel_size:
            return f"To run: {self.image.voxel.problem}."
        for problem in (self.psf.problem, self.method.problem, self.method.camera.problem, self.region.problem):
            if problem:
                return f"To run: {problem.rstrip('.')}."
        try:
            self.recipe()
        except ValueError as error:
            return f"To run: {as_fields(str(error))}."
        return ""

    def _psf(self) -> PSF | None:
        return self.psf.psf

    def recipe(self) -> Recipe:
        """The form as a recipe, without a PSF that is measured."""
        psf: Any = None
        source = self.psf.source
        if isinstance(source, Words):
            psf = source.texts[0] if len(source.texts) == 1 else source.texts
        return Recipe.build(psf=psf, **self.method.values())

    def order(self) -> Order:
        """The form as data; the values are remembered for the next opening."""
        values = {k: v for k, v in self.method.values().items() if k not in FORGOTTEN}
        memory.remember(NAME, {**values, "psf": self.psf.values(), "live": self.live.box.isChecked()})
        return self.said()

    def said(self) -> Order:
        """The form as data."""
        layer = self.picker.layer
        assert layer is not None
        return Order(
            recipe=self.recipe(),
            pixels=pixels(layer),
            axes=self.image.axes,
            spacing=self.image.spacing,
            name=layer.name,
            psf=self.psf.source,
            mask=self.method.mask_pixels,
            current=self._current() if self.method.current_only else {},
            encoding=self.image.encoding,
            metadata=self.image.metadata,
            window=self.region.part,
        )

    def title_of(self, outcome: Outcome) -> str:
        """Name of the result: the method and how far it went."""
        told = outcome.provenance
        name = NAMES[told["recipe"]["method"]].removesuffix(" (neural network)")
        if not outcome.whole:
            return f"{name} {told['steps']} of {told['of']}"
        count = told["recipe"].get("num_iter", "")
        return f"{name} {'/'.join(map(str, count)) if isinstance(count, list) else count}".strip()

    def _current(self) -> dict[str, int]:
        """The time point and channel that the sliders show."""
        assert self.picker.layer is not None
        return at_sliders(self.viewer, self.picker.layer, self.image.axes)

    def _wish(self) -> Wish | str | None:
        """What a preview should show."""
        layer = self.picker.layer
        if self._worker is not None or layer is None or self._hint():
            return None
        if self.psf.psf is None:
            return "the PSF is being computed"
        return wish_of(self.viewer, layer, with_psf(self.said(), self.psf.psf))

    @Slot()
    def start(self) -> None:
        """Run, if it can."""
        if self._worker is None and not self._hint():
            self.live.remove()
            self.watch.curve.clear()
        super().start()

    @Slot()
    def stop(self) -> None:
        """End the run and keep what is there, or end the preview."""
        if self.state in ("running", "cancelling"):
            super().stop()
        else:
            self.trust.stop()
            self.live.cancel()
            self._preview_ended()

    def close_down(self) -> None:
        """End what runs, take the preview away, go."""
        self.live.remove()
        super().close_down()

    def _on_tick(self, tick: Tick) -> None:
        self.watch.follow(tick)
        super()._on_tick(tick)

    @Slot()
    def _preview_began(self) -> None:
        self.watch.curve.clear()
        if self.state == "ready":
            self._enter("previewing")

    @Slot(object)
    def _previewed(self, finished: Finished) -> None:
        self._preview_ended()
        self.cost.finished = finished
        notes = (f"{note[:1].upper()}{note[1:].rstrip('.')}." for note in map(as_fields, finished.notes))
        self.footer.say(" ".join(["Preview of the part in view.", *notes]))
        self._estimate_cost()

    @Slot(str)
    def _not_previewed(self, complaint: str) -> None:
        self._preview_ended()
        self.footer.say(f"No preview: {complaint}")

    @Slot()
    def _preview_gone(self) -> None:
        self._preview_ended()
        self.watch.hide_preview()

    def _preview_ended(self) -> None:
        if self.state == "previewing":
            self._enter("ready")

    @Slot(int)
    def _use_count(self, count: int) -> None:
        self.method.put({"num_iter": count})

    @Slot()
    def _open_maker(self) -> None:
        self.footer.say(open_dock(self.viewer, "PSF"))

    @Slot()
    def _open_photo(self) -> None:
        self.footer.say(open_dock(self.viewer, "Deblur photo"))

    @Slot()
    def _told(self) -> None:
        """Fill in what the layer and its file know; what another layer told counts no more."""
        known = self.image.known
        self.psf.suggest(optics(known), modality(known))
        shown = self.method.forms["counts"].values()
        for name in TOLD:
            if name in known or shown[name] == self._by_layer[name]:
                self._by_layer[name] = known.get(name, Recipe.model_fields[name].default)
                self.method.put({name: self._by_layer[name]})

    @Slot()
    def _changed(self) -> None:
        spatial = "".join(a for a in "ZYX" if a in self.image.axes)
        channels = 1 if self.method.current_only else next(iter(self.image.sizes("C")), 1)
        linear = self.picker.layer is not None and self.image.encoding == "linear" and not self.image.problem
        part = part_of(self.viewer, self.image) if linear and self.image.axes else None
        self.psf.fit(Scene(spatial, self.image.spacing, self.image.sizes(spatial), channels, part))
        self.method.show_scope(bool(set("TC") & set(self.image.axes)))
        self.method.show_light(self.image.encoding == "srgb" and not self.image.problem)
        self.method.camera.show_part(part)
        usable = self.picker.layer if not self.image.problem else None
        self.region.show_layer(usable, self.image.axes)
        self.refresh()
        self._checked()
        self.live.soon()

    @Slot()
    def _checked(self) -> None:
        self.recheck()
        self.settings.allow(self.picker.layer is not None and not self.problem())
        self._estimate_cost()
        self.live.possible()

    def _estimate_cost(self) -> None:
        able = self.picker.layer is not None and not self.problem() and self.psf.psf is not None
        self.cost.ask(with_psf(self.said(), self.psf.psf) if able else None)
