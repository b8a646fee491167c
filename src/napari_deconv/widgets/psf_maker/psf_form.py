"""Section 2 of a dock: where the PSF comes from, what it looks like, and whether it can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ...psf import MODELS, PSF, parse
from ..file_row import FileRow
from ..form import shrink, tidy
from ..latest import Latest
from ..layers import role
from ..order import FromFile, PSFSource, Words
from ..picker import LayerPicker
from ..qt import Signal, Slot
from .entries import CHANNELS, ENTRIES, MICROSCOPES, family
from .model_form import ModelForm, said, words
from .psf_layer import layer_of, told
from .psf_panel import COMPUTING, Against, PSFPanel
from .psf_source import Scene, can_be_psf, layer_source, made, picture_of

if TYPE_CHECKING:
    from napari.components import LayerList
    from napari.layers import Layer

SOURCES = {
    **{model: f"{name} microscope" for model, name in MICROSCOPES.items() if model in MODELS},
    "gaussian": "Gaussian",
    "motion": "Motion",
    "defocus": "Out of focus",
    "layer": "Layer",
    "file": "File",
}
COMPACT = 100  # pixels for the findings
WAIT = 250  # milliseconds after the last change before the picture is drawn


class PSFForm(QWidget):
    """Source, parameters, picture and examination of the PSF.

    Parameters
    ----------
    layers : LayerList
        Of the viewer; a repaired PSF is added to it.
    """

    changed = Signal()
    checked = Signal()  # the PSF has been made, or it turned out why it cannot be
    maker_wanted = Signal()

    def __init__(self, layers: LayerList) -> None:
        super().__init__()
        self._layers, self.scene, self._complaint = layers, Scene(), ""
        self.psf: PSF | None = None
        self.source_box, self.badge, self.panel = QComboBox(), QLabel(), PSFPanel(tallest=COMPACT)
        self.picture, self.maker = self.panel.picture, QPushButton("Open PSF maker")
        self.layer = LayerPicker(layers, "PSF layer", can_be_psf, self._newest, none="choose a layer")
        self.file = FileRow()
        self.forms = {name: ModelForm(next(m for m in SOURCES if family(m) == name)) for name in ENTRIES}
        self.models = {model: self.forms[family(model)] for model in SOURCES if family(model) in self.forms}
        self.pages: dict[str, QWidget] = {**self.models, "layer": self.layer, "file": self.file}
        self._touched = False
        self._maker, self._timer = Latest(self), QTimer(self)
        self._lay_out()
        self._connect()
        self._offer_layer()
        self._show_page()

    def _lay_out(self) -> None:
        column, form, row = QVBoxLayout(self), QFormLayout(), QHBoxLayout()
        tidy(form)
        for source, text in SOURCES.items():
            self.source_box.addItem(text, source)
        shrink(self.source_box, "Source of the PSF")
        self.source_box.setToolTip("Where the point spread function comes from")
        self.maker.setToolTip("Make a PSF from beads, from an image or from a drawn path, in the dock PSF")
        row.addWidget(self.source_box, 1)
        row.addWidget(self.badge)
        self.badge.hide()
        label = QLabel("&Source")
        label.setBuddy(self.source_box)
        form.addRow(label, row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(form)
        for page in dict.fromkeys(self.pages.values()):
            column.addWidget(page)
        column.addWidget(self.panel)
        column.addWidget(self.maker)

    def _connect(self) -> None:
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT)
        self._timer.timeout.connect(self._draw)
        self.source_box.activated.connect(self._chosen)
        self.source_box.currentIndexChanged.connect(self._show_page)
        for form in self.forms.values():
            form.changed.connect(self._edited)
        self.layer.changed.connect(self._layer_came)
        self.file.changed.connect(self._edited)
        self._maker.answered.connect(self._drawn)
        self._maker.failed.connect(self._refused)
        self.panel.repaired.connect(self._add_repaired)
        self.maker.clicked.connect(self.maker_wanted)

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
            return layer_source(self.layer.layer)
        return Words(words(self.kind, self.models[self.kind].values))

    @property
    def problem(self) -> str:
        """What is missing or wrong, in words."""
        return self._missing or self._complaint

    @property
    def needs_voxel_size(self) -> bool:
        """Whether this PSF can only be used with the image's voxel size."""
        measured = self.psf is not None and self.psf.unit == "um" and self.kind not in self.models
        return self.kind in MICROSCOPES or measured

    def fit(self, scene: Scene) -> None:
        """The image is another one."""
        same, self.scene = scene == self.scene and picture_of(scene) is picture_of(self.scene), scene
        if same:
            return
        unit = "µm" if scene.spacing else "pixels"
        self.models["gaussian"].relabel("sigma", f"Sigma y, x ({unit})")
        self.models["gaussian"].relabel("sigma_z", f"Sigma z ({unit})", shown="Z" in scene.axes)
        self._redraw()

    def suggest(self, optics: Mapping[str, tuple[float, ...]], modality: str = "") -> None:
        """Fill in what the image's file says about the microscope."""
        self.forms["microscope"].put(optics, "file")
        if modality in SOURCES and not self._touched and self.kind in MICROSCOPES:
            self.source_box.setCurrentIndex(list(SOURCES).index(modality))
            self.badge.setText("file")
            self.badge.show()

    def values(self) -> dict[str, Any]:
        """What to remember."""
        return {"source": self.kind, **{name: form.values for name, form in self.forms.items()}}

    def put(self, values: Mapping[str, Any]) -> None:
        """Fill in what was remembered; an image or PSF that is there already says it better."""
        for name, form in self.forms.items():
            found = values.get(name)
            form.put(found if isinstance(found, dict) else {}, "last used")
        if self.kind != "layer" and values.get("source") in self.models:
            self.source_box.setCurrentIndex(list(SOURCES).index(values["source"]))

    def put_words(self, texts: Sequence[str]) -> bool:
        """Fill in a computed PSF as a recipe names it, one text per channel; False if there is no form for it."""
        parsed = [parse(text) for text in texts]
        model = parsed[0][0]
        sigma = parsed[0][1].get("sigma")
        uneven = isinstance(sigma, tuple) and len(set(sigma[-2:])) > 1
        if model not in self.models or uneven or any(m != model for m, _ in parsed):
            return False
        form = self.models[model]
        for edit in form.edits.values():
            edit.put(origin="")
        self.choose(model)
        form.put(said([values for _, values in parsed]), "recipe")
        return True

    @property
    def _missing(self) -> str:
        if self.kind == "layer":
            return "" if self.layer.layer is not None else "choose the PSF layer in section 2"
        if self.kind == "file":
            return "" if self.file.path else "choose the PSF file in section 2"
        form = self.models[self.kind]
        if form.problem:
            return f"{form.problem} in section 2" if form.problem.startswith("type ") else form.problem
        for name in CHANNELS:
            count = len(form.values.get(name, ()))
            if count > 1 and count != self.scene.channels:
                return f"{form.edits[name].accessibleName()}: {count} numbers, expected {self.scene.channels}"
        return ""

    def _newest(self) -> Layer | None:
        """The newest layer that was made as a PSF."""
        return next((layer for layer in reversed(self._layers) if role(layer) == "psf"), None)

    def _offer_layer(self) -> None:
        if not self._touched and self._newest() is not None:
            self.source_box.setCurrentIndex(list(SOURCES).index("layer"))

    @Slot()
    def _chosen(self) -> None:
        self._touched = True
        self.badge.clear()
        self.badge.hide()

    @Slot()
    def _layer_came(self) -> None:
        self._offer_layer()
        self._edited()

    @Slot()
    def _show_page(self) -> None:
        shown = self.pages[self.kind]
        for page in self.pages.values():
            page.setVisible(page is shown)
        if isinstance(shown, ModelForm) and shown.model != self.kind:
            shown.show_model(self.kind)
        self.panel.offer_repairs(self.kind not in self.models)
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
        needed = self.kind in MICROSCOPES and self.scene.spacing is None
        if self._missing or needed or not self.scene.axes:
            self.panel.clear("")
        else:
            layer = self.layer.layer if self.kind == "layer" else None
            self.panel.wait(COMPUTING)
            self._maker.ask(made, self.source, self.scene, {} if layer is None else told(layer))

    @Slot(object)
    def _drawn(self, psf: PSF) -> None:
        self.psf = psf
        self.panel.show_psf(psf, Against(self.scene.spacing if psf.unit == "um" else None, self.scene.part))
        self.checked.emit()

    @Slot(str)
    def _refused(self, complaint: str) -> None:
        layer = self.layer.layer if self.kind == "layer" else None
        self._complaint = complaint
        if layer is None:
            self.panel.clear(complaint)
        else:
            self.panel.show_raw(layer_source(layer).array, complaint)
        self.checked.emit()

    @Slot(object)
    def _add_repaired(self, psf: PSF) -> None:
        """A repaired PSF becomes a layer of its own, which is taken."""
        before = self.layer.layer if self.kind == "layer" else None
        name = Path(self.file.path).stem if before is None else before.name.removeprefix("PSF · ")
        layer = layer_of(psf, f"{name} · repaired", before)
        layer.visible = False
        self._layers.append(layer)
        self.choose("layer")
        self.layer.pick(layer)
