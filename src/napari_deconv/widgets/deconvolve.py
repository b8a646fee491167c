"""The dock Deconvolve (microscopy)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton

from ..recipe import PSFName, Recipe
from . import memory
from .docks import at_sliders, open_dock
from .drive import Outcome
from .file_facts import modality, optics
from .footer import copy_text
from .image_section import ImageSection
from .layers import pixels
from .method_section import NAMES, MethodSection
from .order import FromFile, FromLayer, Order, Words
from .part import part_of
from .psf_maker.psf_form import PSFForm
from .psf_maker.psf_source import Scene
from .qt import Slot
from .script import script
from .task import TaskDock

if TYPE_CHECKING:
    from napari import Viewer

NAME = "deconvolve"
TOLD = ("background", "num_iter")  # what a layer may know to be right for it: our samples do


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
        self.method = MethodSection(self.viewer.layers)
        self._fill_page()
        remembered = memory.recall(NAME)
        self.method.put(remembered)
        self.psf.put(remembered.get("psf", {}))
        self._by_layer = {name: Recipe.model_fields[name].default for name in TOLD}
        self.image.told.connect(self._told)
        for section in (self.image, self.psf, self.method):
            section.changed.connect(self._changed)
        self.psf.checked.connect(self._checked)
        self.psf.maker_wanted.connect(self._open_maker)
        self.image.photo_wanted.connect(self._open_photo)
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
        self.save, self.copy = QPushButton("Save recipe…"), QPushButton("Copy as Python")
        self.save.setToolTip("Write these settings into a YAML file for the shell and for others")
        self.copy.setToolTip("Copy the Python lines that do the same")
        row = QHBoxLayout()
        row.addWidget(self.save)
        row.addWidget(self.copy)
        self.page.addLayout(row)
        self.page.addStretch(1)
        self.footer.follow(self.copy)
        self.save.clicked.connect(self._ask_where)
        self.copy.clicked.connect(self._copy)

    def problem(self) -> str:
        """The first thing that is missing or wrong."""
        if self.image.problem:
            return self.image.problem
        if self.image.voxel.problem and self.psf.needs_voxel_size:
            return f"To run: {self.image.voxel.problem}."
        if self.psf.problem:
            return f"To run: {self.psf.problem.rstrip('.')}."
        try:
            self.recipe()
        except ValueError as error:
            return f"To run: {error}."
        return ""

    def recipe(self) -> Recipe:
        """The form as a recipe, without a PSF that is measured."""
        psf: Any = None
        source = self.psf.source
        if isinstance(source, Words):
            psf = source.texts[0] if len(source.texts) == 1 else source.texts
        return Recipe.build(psf=psf, **self.method.values())

    def order(self) -> Order:
        """The form as data; the values are remembered for the next opening."""
        layer = self.picker.layer
        assert layer is not None
        memory.remember(NAME, {**self.method.values(), "psf": self.psf.values()})
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
        )

    def title_of(self, outcome: Outcome) -> str:
        """Name of the result: the method and how far it went."""
        told = outcome.provenance
        name = NAMES[told["recipe"]["method"]]
        if not outcome.whole:
            return f"{name} {told['steps']} of {told['of']}"
        return f"{name} {told['recipe']['num_iter']}" if "num_iter" in told["recipe"] else name

    def _current(self) -> dict[str, int]:
        """The time point and channel that the sliders show."""
        assert self.picker.layer is not None
        return at_sliders(self.viewer, self.picker.layer, self.image.axes)

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
        shown = self.method.forms["richardson_lucy"].values()
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
        self.refresh()
        self._checked()

    @Slot()
    def _checked(self) -> None:
        self.recheck()
        for button in (self.save, self.copy):
            button.setEnabled(self.picker.layer is not None and not self.problem())

    @Slot()
    def _ask_where(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save recipe", "recipe.yaml", "Recipes (*.yaml *.yml)")
        if path:
            self.save_recipe(Path(path))

    def save_recipe(self, path: Path) -> None:
        """Write the form as a recipe; the file dialog has asked before replacing one."""
        source, recipe = self.psf.source, self.recipe()
        sha256 = self.psf.psf.sha256 if self.psf.psf is not None else None
        note = ""
        if isinstance(source, FromFile):
            recipe = recipe.changed(psf=PSFName(file=source.path.name, sha256=sha256))
            note = "" if source.path.parent == path.parent else f" Put {source.path.name} beside it."
        elif isinstance(source, FromLayer):
            recipe = recipe.changed(psf=PSFName(name=source.name, sha256=sha256))
            note = " The PSF is a layer: save it too, and pass it with --psf."
        if self.image.spacing is not None and "typed" in self.image.voxel.origin:
            recipe = recipe.changed(spacing=self.image.spacing)
        try:
            recipe.to_file(path, overwrite=True)
        except (OSError, ValueError) as error:
            self.footer.say(f"The recipe was not saved: {error}.")
            return
        self.footer.say(f"Saved {path.name}.{note}")

    @Slot()
    def _copy(self) -> None:
        mask, layer = self.method.mask_picker.layer, self.picker.layer
        mask_name = "" if mask is None else mask.name
        copy_text(script(self.order(), mask_name, bool(getattr(layer, "multiscale", False))))
        self.footer.say("Copied: paste it into napari's console.")
