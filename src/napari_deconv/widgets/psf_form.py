"""Section 2 of a dock: where the PSF comes from, and what it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from .. import psf as psf_models
from ..psf import PSF
from .file_facts import readable
from .file_row import FileRow
from .form import shrink, tidy
from .latest import Latest
from .layers import describe, pixels, role
from .model_form import ENTRIES, ModelForm, words
from .order import FromFile, FromLayer, PSFSource, Words, kernel
from .picker import LayerPicker
from .psf_picture import PSFPicture
from .qt import Signal, Slot

if TYPE_CHECKING:
    from napari.components import LayerList
    from napari.layers import Layer

SOURCES = {
    "widefield": "Widefield microscope",
    "gaussian": "Gaussian",
    "motion": "Motion",
    "defocus": "Out of focus",
    "layer": "Layer",
    "file": "File",
}
WAIT = 250  # milliseconds after the last change before the picture is drawn


@dataclass(frozen=True)
class Scene:
    """What the PSF must fit: spatial axes, voxel size (ZYX, micrometres), sizes, number of channels restored."""

    axes: str = ""
    spacing: tuple[float, ...] | None = None
    shape: tuple[int, ...] = ()
    channels: int = 1


class PSFForm(QWidget):
    """Source, parameters and picture of the PSF.

    Parameters
    ----------
    layers : LayerList
        Of the viewer.
    """

    changed = Signal()
    checked = Signal()  # the PSF has been made, or it turned out why it cannot be

    def __init__(self, layers: LayerList) -> None:
        super().__init__()
        self._layers, self.scene, self._complaint = layers, Scene(), ""
        self.psf: PSF | None = None
        self.source_box, self.picture = QComboBox(), PSFPicture()
        self.layer = LayerPicker(layers, "PSF layer", _can_be_psf, self._newest, none="choose a layer")
        self.file = FileRow()
        self.models = {model: ModelForm(model) for model in ENTRIES}
        self.pages: dict[str, QWidget] = {**self.models, "layer": self.layer, "file": self.file}
        self._touched = False
        self._maker, self._timer = Latest(self), QTimer(self)
        self._lay_out()
        self._connect()
        self._offer_layer()
        self._show_page()

    def _lay_out(self) -> None:
        column, form = QVBoxLayout(self), QFormLayout()
        tidy(form)
        for source, text in SOURCES.items():
            self.source_box.addItem(text, source)
        shrink(self.source_box, "Source of the PSF")
        self.source_box.setToolTip("Where the point spread function comes from")
        form.addRow("&Source", self.source_box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(form)
        for page in self.pages.values():
            column.addWidget(page)
        column.addWidget(self.picture)

    def _connect(self) -> None:
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT)
        self._timer.timeout.connect(self._draw)
        self.source_box.activated.connect(self._chosen)
        self.source_box.currentIndexChanged.connect(self._show_page)
        for model in self.models.values():
            model.changed.connect(self._edited)
        self.layer.changed.connect(self._layer_came)
        self.file.changed.connect(self._edited)
        self._maker.answered.connect(self._drawn)
        self._maker.failed.connect(self._refused)

    @property
    def kind(self) -> str:
        """The key of `SOURCES` that is chosen."""
        return str(self.source_box.currentData())

    def choose(self, kind: str) -> None:
        """Do as if the user had chosen that source."""
        self.source_box.setCurrentIndex(list(SOURCES).index(kind))
        self._chosen()

    @property
    def source(self) -> PSFSource:
        """The PSF as the worker needs it; only where there is no `problem`."""
        if self.kind == "file":
            return FromFile(Path(self.file.path))
        if self.kind == "layer":
            assert self.layer.layer is not None
            return _from_layer(self.layer.layer)
        return Words(words(self.kind, self.models[self.kind].values))

    @property
    def problem(self) -> str:
        """What is missing or wrong, in words."""
        return self._missing or self._complaint

    @property
    def needs_voxel_size(self) -> bool:
        """Whether this PSF can only be used with the image's voxel size."""
        return self.kind == "widefield" or (self.psf is not None and self.psf.unit == "um" and self.kind not in ENTRIES)

    def fit(self, scene: Scene) -> None:
        """The image is another one."""
        if scene == self.scene:
            return
        self.scene = scene
        unit = "µm" if scene.spacing else "pixels"
        self.models["gaussian"].relabel("sigma", f"Sigma y, x ({unit})")
        self.models["gaussian"].relabel("sigma_z", f"Sigma z ({unit})", shown="Z" in scene.axes)
        self._redraw()

    def suggest(self, optics: Mapping[str, tuple[float, ...]]) -> None:
        """Fill in what the image's file says about the microscope: ``na``, ``ri``, ``wavelength``."""
        self.models["widefield"].put(optics, "file")

    def values(self) -> dict[str, Any]:
        """What to remember."""
        return {"source": self.kind, **{name: model.values for name, model in self.models.items()}}

    def put(self, values: Mapping[str, Any]) -> None:
        """Fill in what was remembered; an image or PSF that is there already says it better."""
        for name, model in self.models.items():
            found = values.get(name)
            model.put({k: tuple(v) for k, v in found.items()} if isinstance(found, dict) else {}, "last used")
        if self.kind != "layer" and values.get("source") in ENTRIES:
            self.source_box.setCurrentIndex(list(SOURCES).index(values["source"]))

    @property
    def _missing(self) -> str:
        if self.kind == "layer":
            return "" if self.layer.layer is not None else "choose the PSF layer in section 2"
        if self.kind == "file":
            return "" if self.file.path else "choose the PSF file in section 2"
        model = self.models[self.kind]
        several = {n: len(v) for n, v in model.values.items() if len(v) > 1}
        wrong = [n for n, count in several.items() if n != "wavelength" or count != self.scene.channels]
        if wrong and not model.problem:
            expected = self.scene.channels if wrong[0] == "wavelength" else 1
            return f"{model.edits[wrong[0]].accessibleName()}: {several[wrong[0]]} numbers, expected {expected}"
        return model.problem

    def _newest(self) -> Layer | None:
        """The newest layer that was made as a PSF."""
        return next((layer for layer in reversed(self._layers) if role(layer) == "psf"), None)

    def _offer_layer(self) -> None:
        if not self._touched and self._newest() is not None:
            self.source_box.setCurrentIndex(list(SOURCES).index("layer"))

    @Slot()
    def _chosen(self) -> None:
        self._touched = True

    @Slot()
    def _layer_came(self) -> None:
        self._offer_layer()
        self._edited()

    @Slot()
    def _show_page(self) -> None:
        for name, page in self.pages.items():
            page.setVisible(name == self.kind)
        self._redraw()

    @Slot()
    def _edited(self) -> None:
        self._redraw()

    def _redraw(self) -> None:
        """Draw the picture soon; what was known about the PSF before counts no more."""
        self.psf, self._complaint = None, ""
        self._maker.forget()
        self._timer.start()
        self.changed.emit()

    @Slot()
    def _draw(self) -> None:
        needed = self.kind == "widefield" and self.scene.spacing is None
        if self._missing or needed or not self.scene.axes:
            self.picture.clear("")
        else:
            self._maker.ask(_make, self.source, self.scene)

    @Slot(object)
    def _drawn(self, psf: PSF) -> None:
        self.psf = psf
        self.picture.draw(psf)
        self.checked.emit()

    @Slot(str)
    def _refused(self, complaint: str) -> None:
        self._complaint = complaint
        self.picture.clear(complaint)
        self.checked.emit()


def _make(source: PSFSource, scene: Scene) -> PSF:
    """The PSF as it will be used."""
    if not isinstance(source, Words):
        return kernel(source)
    model, parameters = psf_models.parse(source.texts[0])
    return psf_models.make(model, parameters, spacing=scene.spacing, image_shape=scene.shape)


def _from_layer(layer: Layer) -> FromLayer:
    found = describe(layer)
    sizes = tuple(n for n in found.lengths if n is not None)
    return FromLayer(
        pixels(layer),
        sizes if len(sizes) == len(found.lengths) else None,
        found.name,
        found.path if readable(found.path) else None,
    )


def _can_be_psf(layer: Layer) -> bool:
    from napari.layers import Image

    return isinstance(layer, Image) and not layer.rgb and role(layer) not in ("live", "result")
