"""The tab Theory: the PSF of a microscope from what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel

from ... import psf as psf_models
from ...psf import MODELS, PSF
from ..file_facts import modality, optics
from ..form import shrink, tidy
from ..image_section import ImageSection
from ..latest import Latest
from ..part import part_of
from ..picker import LayerPicker
from ..qt import Slot
from .entries import MICROSCOPES, family
from .model_form import ModelForm, words
from .psf_panel import Against
from .psf_picture import as_sentence
from .tab import Made, Tab, active, is_stack, newest, plainly

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

WAIT = 250  # milliseconds after the last change
KINDS = {**{m: n for m, n in MICROSCOPES.items() if m in MODELS}, "gaussian": "Gaussian"}


class TheoryTab(Tab):
    """The microscope, its numbers, and the voxel size of an image or typed; the PSF follows at once."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__(viewer)
        picker = LayerPicker(viewer.layers, "Image", is_stack, self._suggested, none="no image: type the voxel size")
        picker.combo.setToolTip("The image that the PSF is for: its voxel size, its size, and what its file tells")
        self.image = ImageSection(picker, alone=("ZYX", "YX"))
        self.kind_box, self.badge = QComboBox(), QLabel()
        self.forms = {name: ModelForm(name) for name in ("widefield", "gaussian")}
        self._touched = False
        self._maker, self._timer = Latest(self), QTimer(self)
        self._asked: tuple[str, ...] = ()
        self._lay_out()
        self._connect()
        self._told()
        self._show_form()

    def _lay_out(self) -> None:
        form, row = QFormLayout(), QHBoxLayout()
        tidy(form)
        for kind, text in KINDS.items():
            self.kind_box.addItem(text, kind)
        shrink(self.kind_box, "Microscope")
        self.kind_box.setToolTip("How the light was made and collected; Gaussian: a blur of given widths")
        row.addWidget(self.kind_box, 1)
        row.addWidget(self.badge)
        self.badge.hide()
        label = QLabel("&Microscope")
        label.setBuddy(self.kind_box)
        form.addRow(label, row)
        self.column.addWidget(self.image)
        self.column.addLayout(form)
        for one in self.forms.values():
            self.column.addWidget(one)
        self.column.addStretch(1)

    def _connect(self) -> None:
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT)
        self._timer.timeout.connect(self._make)
        self.image.changed.connect(self._edited)
        self.image.told.connect(self._told)
        self.kind_box.currentIndexChanged.connect(self._show_form)
        self.kind_box.activated.connect(self._chosen)
        for form in self.forms.values():
            form.changed.connect(self._edited)
        self._maker.answered.connect(self._arrived)
        self._maker.failed.connect(self.unmade)

    @property
    def kind(self) -> str:
        """The model: a key of `psf.MODELS`."""
        return str(self.kind_box.currentData())

    def choose(self, kind: str) -> None:
        """Do as if the user had chosen that model."""
        self.kind_box.setCurrentIndex(self.kind_box.findData(kind))
        self._chosen()

    @property
    def form(self) -> ModelForm:
        """The fields shown."""
        return self.forms["widefield" if family(self.kind) == "microscope" else self.kind]

    def problem(self) -> str:
        """The first thing that is missing or wrong."""
        voxel = self.image.problem or plainly(self.image.voxel.problem)
        if self.image.problem or (voxel and self.kind in MICROSCOPES):
            return voxel
        return self.form.problem or self._channels()

    def values(self) -> dict[str, Any]:
        """Kind and numbers."""
        return {"kind": self.kind, **{name: form.values for name, form in self.forms.items()}}

    def put(self, values: dict[str, Any]) -> None:
        """Fill in what was remembered, where the image does not say it."""
        for name, form in self.forms.items():
            found = values.get(name)
            form.put(found if isinstance(found, dict) else {}, "last used")
        if values.get("kind") in KINDS and not self._touched and not self.badge.text():
            self.kind_box.setCurrentIndex(self.kind_box.findData(values["kind"]))
        self._told()

    def tell(self) -> None:
        """Compute, or say what is missing."""
        self._edited()

    def _suggested(self) -> Layer | None:
        """The image selected; where none has been shown yet, the newest."""
        image = getattr(self, "image", None)
        nothing = image is None or image.picker.layer is None
        return active(self.viewer, is_stack) or (newest(self.viewer, is_stack) if nothing else None)

    def _channels(self) -> str:
        """Why the numbers of wavelengths do not fit."""
        wanted = next(iter(self.image.sizes("C")), 0)
        count = self.form.channels
        if count == 1 or not wanted or count == wanted:
            return ""
        return f"{count} wavelengths, but the image has {wanted} channel{'s' * (wanted > 1)}"

    @Slot()
    def _told(self) -> None:
        """Fill in what layer and file say."""
        known = self.image.known
        self.forms["widefield"].put(optics(known), "file")
        kind = modality(known)
        if kind in KINDS and not self._touched:
            self.kind_box.setCurrentIndex(self.kind_box.findData(kind))
            self.badge.setText("file")
            self.badge.show()

    @Slot()
    def _chosen(self) -> None:
        self._touched = True
        self.badge.clear()
        self.badge.hide()

    @Slot()
    def _show_form(self) -> None:
        for form in self.forms.values():
            form.setVisible(form is self.form)
        if self.form.model != self.kind:
            self.form.show_model(self.kind)
        self._edited()

    @Slot()
    def _edited(self) -> None:
        unit = "µm" if self.image.spacing else "pixels"
        self.forms["gaussian"].blockSignals(True)
        self.forms["gaussian"].relabel("sigma", f"Sigma y, x ({unit})")
        self.forms["gaussian"].relabel("sigma_z", f"Sigma z ({unit})", shown="Z" in self.image.axes)
        self.forms["gaussian"].blockSignals(False)
        self._maker.forget()
        problem = self.problem()
        if problem:
            self._timer.stop()
            self.unmade.emit(as_sentence(f"to compute it: {problem}"))
        else:
            self._timer.start()
            self.making.emit()
        self.changed.emit()

    @Slot()
    def _make(self) -> None:
        letters = "".join(a for a in "ZYX" if a in self.image.axes)
        self._asked = words(self.kind, self.form.values)
        shape = self.image.sizes(letters) or None
        self._maker.ask(_made, self._asked, self.image.spacing, shape)

    @Slot(object)
    def _arrived(self, psfs: tuple[PSF, ...]) -> None:
        part = part_of(self.viewer, self.image) if self.image.picker.layer is not None else None
        against = Against(self.image.spacing if psfs[0].unit == "um" else None, part)
        names = tuple(title(psf) for psf in psfs)
        self.made.emit(Made(psfs, names, self.image.picker.layer, against))


def _made(texts: tuple[str, ...], spacing: tuple[float, ...] | None, shape: tuple[int, ...] | None) -> tuple[PSF, ...]:
    parsed = [psf_models.parse(text) for text in texts]
    return tuple(psf_models.make(model, told, spacing=spacing, image_shape=shape) for model, told in parsed)


def title(psf: PSF) -> str:
    """A name for a computed PSF: "confocal NA 1.2, 520 nm"."""
    told = psf.info.get("parameters", {})
    model = str(psf.info.get("model", ""))
    head = MICROSCOPES.get(model, model).lower()
    wave = told.get("wavelength") or told.get("excitation")
    facts = [f"NA {told['na']:g}" if "na" in told else "", f"{1000 * wave:g} nm" if wave else ""]
    return f"{head} {', '.join(f for f in facts if f)}".strip()
