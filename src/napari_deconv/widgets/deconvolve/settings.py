"""Settings out of the dock and into it: a recipe file, Python lines, the settings of a result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QFileDialog, QGridLayout, QPushButton, QWidget

from ...recipe import METADATA_KEY, PSFName, Recipe
from ..footer import copy_text
from ..links import Links
from ..order import FromFile, FromLayer, Order
from ..qt import Signal, Slot
from ..script import script

if TYPE_CHECKING:
    from napari.components import LayerList
    from napari.layers import Layer

    from ..image_section import ImageSection
    from ..psf_maker.psf_form import PSFForm
    from .method_section import MethodSection


class Settings(QWidget):
    """Three buttons.

    Parameters
    ----------
    image : ImageSection
    psf : PSFForm
    method : MethodSection
        The form.
    recipe, order : callable
        What it says.
    layers : LayerList
        Whose selection may be a result.
    """

    said = Signal(str)

    def __init__(
        self,
        image: ImageSection,
        psf: PSFForm,
        method: MethodSection,
        recipe: Callable[[], Recipe],
        order: Callable[[], Order],
        layers: LayerList,
    ) -> None:
        super().__init__()
        self._image, self._psf, self._method, self._recipe, self._order = image, psf, method, recipe, order
        self._layers, self._links = layers, Links(self)
        self.save, self.copy = QPushButton("Save recipe…"), QPushButton("Copy as Python")
        self.take = self.last = QPushButton("Use the settings of the selected result")
        self.save.setToolTip("Write these settings into a YAML file for the shell and for others")
        self.copy.setToolTip("Copy the Python lines that do the same")
        self.take.setToolTip("Fill this form in as it was for the layer selected in the layer list")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.addWidget(self.save, 0, 0)
        grid.addWidget(self.copy, 0, 1)
        grid.addWidget(self.take, 1, 0, 1, 2)
        self.save.clicked.connect(self._ask_where)
        self.copy.clicked.connect(self._copy)
        self.take.clicked.connect(self._take)
        self._links.make(self._selected, layers.selection.events.active)
        self._selected()

    def allow(self, allowed: bool) -> None:
        """Whether the form is complete."""
        for button in (self.save, self.copy):
            button.setEnabled(allowed)

    def save_recipe(self, path: Path) -> None:
        """Write the form as a recipe; the file dialog has asked before replacing one."""
        source, recipe, voxel = self._psf.source, self._recipe(), self._image.voxel
        sha256 = self._psf.psf.sha256 if self._psf.psf is not None else None
        note = ""
        if isinstance(source, FromFile):
            recipe = recipe.changed(psf=PSFName(file=source.path.name, sha256=sha256))
            note = "" if source.path.parent == path.parent else f" Put {source.path.name} beside it."
        elif isinstance(source, FromLayer):
            recipe = recipe.changed(psf=PSFName(name=source.name, sha256=sha256))
            note = " The PSF is a layer: save it too, and pass it with --psf."
        if voxel.spacing is not None and "typed" in voxel.origin:
            recipe = recipe.changed(spacing=voxel.spacing)
        try:
            recipe.to_file(path, overwrite=True)
        except (OSError, ValueError) as error:
            self.said.emit(f"The recipe was not saved: {error}.")
            return
        self.said.emit(f"Saved {path.name}.{note}")

    def use(self, layer: Layer) -> None:
        """Fill the form in with the recipe of `layer`, a result of ours."""
        try:
            recipe = Recipe.from_mapping(_recipe_of(layer), f"layer {layer.name!r}")
        except ValueError as error:
            self.said.emit(f"{error}.")
            return
        self._method.put(recipe.to_dict())
        said = f"These are the settings of {layer.name!r}."
        texts = recipe.psf if isinstance(recipe.psf, tuple) else (recipe.psf,)
        words = [text for text in texts if isinstance(text, str)]
        if len(words) < len(texts) or not self._psf.put_words(words):
            said += " Choose its PSF again: that is not in them."
        self.said.emit(said)

    @Slot()
    def _ask_where(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save recipe", "recipe.yaml", "Recipes (*.yaml *.yml)")
        if path:
            self.save_recipe(Path(path))

    @Slot()
    def _copy(self) -> None:
        mask, layer = self._method.mask_picker.layer, self._image.picker.layer
        mask_name = "" if mask is None else mask.name
        copy_text(script(self._order().ready(), mask_name, bool(getattr(layer, "multiscale", False))))
        self.said.emit("Copied: paste it into napari's console.")

    @Slot()
    def _take(self) -> None:
        layer = self._layers.selection.active
        if layer is not None:
            self.use(layer)

    def _selected(self, event: Any = None) -> None:
        active = self._layers.selection.active
        self.take.setEnabled(active is not None and _recipe_of(active) is not None)


def _recipe_of(layer: Layer) -> Any:
    """The recipe in a layer's metadata; None if there is none."""
    said = layer.metadata.get(METADATA_KEY)
    return said.get("recipe") if isinstance(said, dict) else None
