"""Section 1 of the photo dock: the photograph, its light and its colours."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ... import io
from ...backend import gib, host_free_bytes
from ...recipe import METADATA_KEY, Recipe
from ..form import shrink, tidy
from ..latest import Latest
from ..layers import Description, describe, pixels
from ..live import insert_above
from ..picker import LayerPicker
from ..qt import Signal, Slot
from .photo_layer import FileSays, Photo, file_of, look, photo_of

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

COLOURS = {"per_channel": "each channel", "luminance": "luminance only"}
PER_PIXEL, PER_SAMPLE = 64, 16  # bytes of memory that a photograph needs while it is restored
LIGHT = "Linear light"


class PhotoSection(QWidget):
    """What is known about the photograph picked, and how it is to be treated.

    Parameters
    ----------
    viewer : Viewer
        Where a picture is opened again when napari has lost something of it.
    picker : LayerPicker
        Shown at its top.
    """

    changed = Signal()
    replaced = Signal()  # other pixels: another layer, or an edit of this one

    def __init__(self, viewer: Viewer, picker: LayerPicker) -> None:
        super().__init__()
        self._viewer, self.picker = viewer, picker
        self.light_box, self.colour_box = QCheckBox("Linear li&ght"), QComboBox()
        self.hint, self.mend, self.light_note = QLabel(), QPushButton(), QLabel()
        self.file: FileSays | None = None
        self._shown: Description | None = None
        self._layer: Layer | None = None
        self._pixels: Any = None
        self._touched = False
        self._reader, self._opener = Latest(self), Latest(self)
        self._lay_out()
        picker.changed.connect(self._look)
        self.light_box.clicked.connect(self._light_chosen)
        self.colour_box.currentIndexChanged.connect(self.changed)
        self.mend.clicked.connect(self._open_again)
        self._reader.answered.connect(self._read)
        self._opener.answered.connect(self._opened)
        self._opener.failed.connect(self._not_opened)
        self._look()

    def _lay_out(self) -> None:
        column, form = QVBoxLayout(self), QFormLayout()
        tidy(form)
        for colour, words in COLOURS.items():
            self.colour_box.addItem(words, colour)
        shrink(self.colour_box, "Colour")
        self.colour_box.setCurrentIndex(list(COLOURS).index(Recipe.model_fields["colour"].default))
        self.colour_box.setToolTip(
            "Restore red, green and blue each on their own, or only the luminance: a third of the work and no coloured "
            "fringes, but colours stay as blurred as they were"
        )
        self.colour_label = QLabel("Colo&ur")
        self.colour_label.setBuddy(self.colour_box)
        self.light_box.setAccessibleName(LIGHT)
        self.light_box.setToolTip(
            "Pixels of photographs are gamma-encoded, but blur adds light: they are decoded, restored and encoded again"
        )
        for label, name in ((self.hint, "About this photograph"), (self.light_note, "About the light")):
            label.setWordWrap(True)
            label.setAccessibleName(name)
        form.addRow(self.colour_label, self.colour_box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for item in (self.picker, self.hint, self.mend):
            column.addWidget(item)
        column.addLayout(form)
        column.addWidget(self.light_box)
        column.addWidget(self.light_note)

    @property
    def photo(self) -> Photo | None:
        """The photograph as the form says it is; None where there is a `problem`."""
        layer = self.picker.layer
        if layer is None or self.problem:
            return None
        photo = photo_of(layer, self.file)
        return replace(photo, encoding="srgb") if self.light_box.isChecked() else photo

    @property
    def problem(self) -> str:
        """Why this layer cannot be restored here; nothing if it can."""
        shown = self._shown
        if shown is None:
            return ""
        if not shown.rgb and len(shown.shape) != 2:
            return (
                f"This layer has {len(shown.shape)} axes: a stack is restored in the dock Deconvolve (microscopy); "
                "a photograph is one RGB or grey picture."
            )
        if shown.dtype == "bool" or shown.dtype.startswith("complex"):
            return f"The pixels are {shown.dtype}; a photograph has integers or floats."
        return too_large(shown.shape)

    def values(self) -> dict[str, Any]:
        """Arguments for a recipe."""
        rgb = self._shown is not None and self._shown.rgb
        colour = {"colour": str(self.colour_box.currentData())} if rgb else {}
        return {"light": "linear" if self.light_box.isChecked() else "stored", **colour}

    def put(self, values: Any) -> None:
        """Fill in what was remembered."""
        if values.get("colour") in COLOURS:
            self.colour_box.setCurrentIndex(list(COLOURS).index(values["colour"]))

    def _encoding(self) -> str:
        layer = self.picker.layer
        return "linear" if layer is None else photo_of(layer, self.file).encoding

    @Slot()
    def _look(self) -> None:
        """The layer is another one, or its pixels are."""
        layer = self.picker.layer
        self._shown = None if layer is None else describe(layer)
        before, self._pixels = self._pixels, None if layer is None else pixels(layer)
        if layer is not self._layer:
            self._layer, self.file, self._touched = layer, None, False
            self._reader.forget()
            path = file_of(self._shown) if self._shown and not self.problem else None
            if path is not None and layer is not None:
                self._reader.ask(look, path, pixels(layer))
        self._show()
        if self._pixels is not before:
            self.replaced.emit()
        self.changed.emit()

    @Slot(object)
    def _read(self, found: FileSays) -> None:
        self.file = found
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        fine = self._shown is not None and not self.problem
        rgb = fine and self._shown is not None and self._shown.rgb
        self.colour_box.setVisible(rgb)
        self.colour_label.setVisible(rgb)
        self.light_box.setVisible(fine)
        if not self._touched:
            self.light_box.setChecked(fine and self._encoding() == "srgb")
        self._say_light(fine)
        self._say_lost()

    def _say_light(self, fine: bool) -> None:
        encoded, on = fine and self._encoding() == "srgb", self.light_box.isChecked()
        curve = "colour profile" if fine and self._icc() else "sRGB curve"
        if on:
            words = f"The pixels are decoded ({curve}), restored and encoded again."
        else:
            words = "Restored on the encoded pixels." if encoded else "The pixels count as linear light."
        self.light_note.setText(words)
        self.light_note.setVisible(fine)

    def _icc(self) -> bool:
        layer = self.picker.layer
        return layer is not None and bool(photo_of(layer, self.file).metadata.get("icc"))

    def _say_lost(self) -> None:
        """What napari's reader has left out, and the way to get it back."""
        file, said, lost = self.file, [], []
        if file and file.orientation != 1:
            said.append(
                "napari ignores this file's EXIF orientation, so the picture is turned; what is saved is upright."
            )
            lost.append("upright")
        if file and file.bits:
            said.append(f"The file has {file.bits} bits per colour, napari has opened 8 of them.")
            lost.append("in full depth")
        if file and not file.same:
            said.append("The layer does not show what its file holds.")
        self.hint.setText(" ".join(said))
        self.hint.setVisible(bool(said))
        self.mend.setText(f"Open it {' and '.join(lost)}")
        self.mend.setToolTip("Read the file again, as a new layer just above")
        self.mend.setVisible(bool(lost))

    @Slot()
    def _light_chosen(self) -> None:
        self._touched = True
        self._show()
        self.changed.emit()

    @Slot()
    def _open_again(self) -> None:
        path = self._shown.path if self._shown else None
        if path is not None:
            self.mend.setEnabled(False)
            self._opener.ask(io.read, path)

    @Slot(object)
    def _opened(self, image: io.Image) -> None:
        """A layer with all that the file holds."""
        self.mend.setEnabled(True)
        layer, below = layer_of(image), self.picker.layer
        insert_above(self._viewer, layer, below)
        self.picker.pick(layer)

    @Slot(str)
    def _not_opened(self, complaint: str) -> None:
        self.mend.setEnabled(True)
        self.hint.setText(complaint)
        self.hint.show()


def too_large(shape: tuple[int, ...]) -> str:
    """Why a photograph of that shape would not fit into memory; nothing if it does."""
    needed, free = PER_PIXEL * math.prod(shape[:2]) + PER_SAMPLE * math.prod(shape), host_free_bytes()
    if needed <= free:
        return ""
    return f"This picture needs about {gib(needed)} of memory, {gib(free)} are free: crop it first."


def layer_of(image: io.Image) -> Layer:
    """A picture read by us as a layer that knows where it comes from."""
    from napari.layers import Image

    alpha = image.metadata.get("alpha")
    data = image.data
    if alpha is not None and data.ndim == 3:
        data = np.concatenate([data, alpha[..., None]], axis=-1)
    known = {"encoding": image.encoding, "orientation": 1, "path": str(image.metadata["path"])}
    if image.metadata.get("icc"):
        known["icc"] = image.metadata["icc"]
    return Image(data, name=image.metadata["name"], rgb=data.ndim == 3, metadata={METADATA_KEY: known})
