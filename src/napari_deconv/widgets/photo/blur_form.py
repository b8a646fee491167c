"""Section 2 of the photo dock: what blurred the photograph, typed, drawn, estimated or in a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ... import psf as psf_models
from ...psf import PSF
from ...recipe import Recipe
from ..form import shrink, tidy
from ..latest import Latest
from ..layers import pixels, role
from ..order import FromDock, FromLayer, PSFSource, Words, kernel
from ..picker import LayerPicker
from ..psf_maker.psf_layer import layer_of
from ..qt import Signal, Slot
from .blur_numbers import ENTRIES, BlurNumbers
from .estimate_row import EstimateRow
from .kernel_picture import KernelPicture
from .motion_line import MotionLine
from .photo_layer import Photo
from .shake_size import ShakeSize

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

KINDS = {
    "motion": "Motion (a straight line)",
    "defocus": "Out of focus",
    "gaussian": "Gaussian",
    "camera_shake": "Camera shake (estimated)",
    "layer": "PSF layer",
    "unknown": "Unknown (learned, mild blur)",
}
NAMES = {  # in the name of a result
    "motion": "motion",
    "defocus": "out of focus",
    "gaussian": "Gaussian",
    "camera_shake": "camera shake",
    "layer": "PSF layer",
    "unknown": "unknown blur",
}
BETTER = (
    "A network sharpens without knowing the blur: mild blurs only. It is better to estimate the blur from the picture, "
    "and to undo that one with the method Learned."
)
WAIT = 250  # milliseconds after the last change before the picture is drawn


class BlurForm(QWidget):
    """Kind, numbers and picture of the blur.

    Parameters
    ----------
    viewer : Viewer
        For the line that is drawn, and PSF layers.
    """

    changed = Signal()
    checked = Signal()  # the PSF has been made, or it turned out why it cannot be

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._viewer, self._complaint = viewer, ""
        self._photo: Photo | None = None
        self._source_layer: Layer | None = None
        self._recipe = Recipe()
        self.psf: PSF | None = None
        self.shake: FromDock | None = None
        self._guess: PSF | None = None  # a kernel that is shown but not used
        self.kind_box, self.picture = QComboBox(), KernelPicture()
        self.numbers = {kind: BlurNumbers(kind) for kind in ENTRIES}
        self.shake_size = ShakeSize()
        self.layer = LayerPicker(viewer.layers, "PSF layer", _can_be_psf, self._newest, none="choose a layer")
        self.better = QLabel(BETTER)
        self.pages: dict[str, QWidget] = {
            **self.numbers,
            "camera_shake": self.shake_size,
            "layer": self.layer,
            "unknown": self.better,
        }
        self.draw, self.keep = QPushButton("D&raw it"), QPushButton("Keep it as a layer")
        self.estimate = EstimateRow()
        self.line = MotionLine(self, viewer)
        self._maker, self._timer = Latest(self), QTimer(self)
        self._lay_out()
        self._connect()
        self._show_page()

    def _lay_out(self) -> None:
        column, form, row = QVBoxLayout(self), QFormLayout(), QHBoxLayout()
        tidy(form)
        for kind, text in KINDS.items():
            self.kind_box.addItem(text, kind)
        shrink(self.kind_box, "Kind of blur")
        self.kind_box.setToolTip("What blurred the photograph")
        self.draw.setToolTip("Draw a line on the picture, as long as a point was smeared and in that direction")
        self.keep.setToolTip("Add this kernel as a PSF layer, to use it for other pictures too")
        self.better.setWordWrap(True)
        self.better.setAccessibleName("What is better than an unknown blur")
        form.addRow("&Kind", self.kind_box)
        row.addWidget(self.draw)
        row.addWidget(self.keep)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(form)
        for page in self.pages.values():
            column.addWidget(page)
        column.addLayout(row)
        column.addWidget(self.estimate)
        column.addWidget(self.picture)

    def _connect(self) -> None:
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT)
        self._timer.timeout.connect(self._draw)
        self.kind_box.currentIndexChanged.connect(self._show_page)
        for page in self.numbers.values():
            page.changed.connect(self._edited)
        self.layer.changed.connect(self._edited)
        self.draw.clicked.connect(self._start_drawing)
        self.keep.clicked.connect(self._keep)
        self.line.moved.connect(self._drawn)
        self.estimate.asked.connect(self._estimate)
        self.estimate.found.connect(self._estimated)
        self.estimate.doubted.connect(self._doubted)
        self._maker.answered.connect(self._made)
        self._maker.failed.connect(self._refused)

    @property
    def kind(self) -> str:
        """The key of `KINDS` that is chosen."""
        return str(self.kind_box.currentData())

    def choose(self, kind: str) -> None:
        """Do as if the user had chosen that kind."""
        self.kind_box.setCurrentIndex(list(KINDS).index(kind))

    @property
    def source(self) -> PSFSource:
        """The PSF as the worker needs it; only where there is no `problem`."""
        if self.kind == "camera_shake":
            assert self.shake is not None
            return self.shake
        if self.kind == "layer":
            layer = self.layer.layer
            assert layer is not None
            return FromLayer(pixels(layer), None, layer.name)
        if self.kind == "unknown":
            return Words(())
        return Words((self.numbers[self.kind].words,))

    @property
    def problem(self) -> str:
        """What is missing or wrong, in words."""
        return self._missing or self._complaint

    @property
    def _missing(self) -> str:
        if self.kind == "camera_shake":
            return "" if self.shake is not None else "estimate the camera shake in section 2"
        if self.kind == "layer":
            return "" if self.layer.layer is not None else "choose the PSF layer in section 2"
        if self.kind == "unknown":
            return ""
        page = self.numbers[self.kind]
        if not page.problem.endswith("in section 2"):
            return page.problem
        ways = "type, draw or estimate" if self.kind == "motion" else "type or estimate"
        return f"{ways} {page.problem}"

    def show_photo(self, photo: Photo | None, recipe: Recipe, layer: Layer | None, other: bool) -> None:
        """The photograph is this one, with this light; `other` pixels end what was found in the last."""
        self._photo, self._recipe, self._source_layer = photo, recipe, layer
        self.draw.setEnabled(photo is not None)
        self.estimate.allow(photo is not None)
        if other:
            self.estimate.forget()
            if self.shake is not None:
                self.shake = None
                self._edited()

    def values(self) -> dict[str, Any]:
        """What to remember."""
        numbers = {kind: page.values for kind, page in self.numbers.items()}
        return {"kind": self.kind, "size": self.shake_size.value, **numbers}

    def put(self, values: Mapping[str, Any]) -> None:
        """Fill in what was remembered."""
        for kind, page in self.numbers.items():
            found = values.get(kind)
            page.put(found if isinstance(found, dict) else {}, "last used")
        if isinstance(values.get("size"), int):
            self.shake_size.value = values["size"]
        if values.get("kind") in KINDS:
            self.choose(values["kind"])

    def _newest(self) -> Layer | None:
        """The newest layer that was made as a PSF."""
        return next((layer for layer in reversed(self._viewer.layers) if role(layer) == "psf"), None)

    @Slot()
    def _show_page(self) -> None:
        for kind, page in self.pages.items():
            page.setVisible(kind == self.kind)
        self.draw.setVisible(self.kind == "motion")
        self.estimate.show_for(self._estimated_kind)
        self._edited()

    @Slot()
    def _edited(self) -> None:
        """Draw the picture soon; what was known about the PSF before counts no more."""
        self.psf, self._guess, self._complaint = None, None, ""
        self.keep.setVisible(False)
        self._maker.forget()
        self._timer.start()
        self.changed.emit()

    @Slot()
    def _draw(self) -> None:
        if self._guess is not None:
            self.picture.draw(self._guess)
        elif self._missing or self.kind == "unknown":
            self.picture.clear("")
        else:
            self._maker.ask(_make, self.source)

    @Slot(object)
    def _made(self, psf: PSF) -> None:
        self.psf = psf
        self.picture.draw(psf)
        self.keep.setVisible(self.kind != "layer")
        self.checked.emit()

    @Slot(str)
    def _refused(self, complaint: str) -> None:
        self._complaint = complaint
        self.picture.clear(complaint)
        self.checked.emit()

    @Slot()
    def _start_drawing(self) -> None:
        if self._source_layer is not None:
            self.line.draw(self._source_layer)

    @Slot(float, float)
    def _drawn(self, length: float, angle: float) -> None:
        self.choose("motion")
        self.numbers["motion"].put({"length": round(length, 1), "angle": round(angle, 1)}, "drawn")

    @Slot()
    def _estimate(self) -> None:
        if self._photo is not None:
            kind = self._estimated_kind
            options = {"size": self.shake_size.value} if kind == "camera_shake" else {}
            self.estimate.start(kind, self._photo, self._recipe, options)

    @property
    def _estimated_kind(self) -> str:
        """What an estimate looks for: nothing in particular, if nothing is known."""
        return "camera_shake" if self.kind == "unknown" else self.kind

    @Slot(str, object)
    def _estimated(self, kind: str, found: Any) -> None:
        """An estimate that is trusted, or that the user wants to use all the same."""
        if kind == "camera_shake":
            self.shake = FromDock(found.psf, "camera shake")
            if self.kind == "unknown":  # it is known now
                self.choose("camera_shake")
            self._edited()
        else:
            values = {name: round(value, 2) for name, value in found.values.items()}
            self.numbers[kind].put(values, "estimated" if found.ok else "doubtful")

    @Slot(str, object)
    def _doubted(self, kind: str, guess: Any) -> None:
        """A kernel that failed is shown, for the user to judge."""
        if kind == "camera_shake" and self.shake is None:
            self._guess = guess.psf
            self._draw()

    @Slot()
    def _keep(self) -> None:
        """The kernel as a layer, hidden: it is much smaller than the photograph."""
        if self.psf is None:
            return
        active = self._viewer.layers.selection.active
        layer = layer_of(self.psf, NAMES[self.kind], self._source_layer)
        layer.visible = False
        self._viewer.layers.append(layer)
        self._viewer.layers.selection.active = active


def _make(source: PSFSource) -> PSF:
    """The PSF as it will be used."""
    if not isinstance(source, Words):
        return kernel(source)
    model, parameters = psf_models.parse(source.texts[0])
    return psf_models.make(model, parameters)


def _can_be_psf(layer: Layer) -> bool:
    from napari.layers import Image

    return isinstance(layer, Image) and not layer.rgb and layer.ndim == 2 and role(layer) in ("", "psf")
