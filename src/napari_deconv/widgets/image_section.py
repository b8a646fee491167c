"""Section 1 of a dock: which axes the picture has, and how large its voxels are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from .choice import Choice
from .file_facts import FileFacts, facts, readable
from .form import shrink, tidy
from .latest import Latest
from .layers import Description, describe, in_words
from .picker import LayerPicker
from .qt import Signal, Slot
from .voxel import VoxelField

if TYPE_CHECKING:
    from napari.layers import Layer

    from ..io.image import Encoding

RGB_HINT = "This is an RGB photograph: there is a dock of its own for it."


class ImageSection(QWidget):
    """What is known about the layer picked, and what the user says instead.

    Parameters
    ----------
    picker : LayerPicker
        Shown at its top.
    alone : tuple of str
        Axes to choose from while no layer is picked; none: there is nothing to say then.
    rgb : bool
        Whether colour pictures are welcome.
    """

    changed = Signal()
    told = Signal()  # another layer was picked, or its file has been looked at
    photo_wanted = Signal()

    def __init__(self, picker: LayerPicker, alone: tuple[str, ...] = (), rgb: bool = False) -> None:
        super().__init__()
        self.picker, self.axes_box, self.voxel, self.hint = picker, Choice(), VoxelField(), QLabel()
        self.photo = QPushButton("Open Deblur photo")
        self.photo.setToolTip("The dock for photographs in colour")
        self._alone, self._rgb, self._sizes = alone, rgb, True
        self.description: Description | None = None
        self.facts: FileFacts | None = None
        self._layer: Layer | None = None
        self._reader = Latest(self)
        self._lay_out()
        picker.changed.connect(self._look)
        self.axes_box.activated.connect(self._axes_chosen)
        self.voxel.changed.connect(self._voxel_edited)
        self.voxel.applied.connect(self._apply)
        self.photo.clicked.connect(self.photo_wanted)
        self._reader.answered.connect(self._read)
        self._look()

    def _lay_out(self) -> None:
        column, form = QVBoxLayout(self), QFormLayout()
        tidy(form)
        shrink(self.axes_box, "Axes")
        self.axes_box.setToolTip("What the axes of the layer mean, slowest first")
        self.hint.setWordWrap(True)
        form.addRow(self.picker)
        self.axes_label = QLabel("&Axes")
        self.axes_label.setBuddy(self.axes_box)
        form.addRow(self.axes_label, self.axes_box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(form)
        column.addWidget(self.hint)
        column.addWidget(self.photo)
        column.addWidget(self.voxel)

    @property
    def axes(self) -> str:
        """Letters of the layer's axes, in its order; empty if it has none that we understand."""
        return str(self.axes_box.currentData() or "")

    @property
    def spacing(self) -> tuple[float, ...] | None:
        """Voxel size in micrometres, order ZYX; None if not known."""
        return self.voxel.spacing

    @property
    def known(self) -> dict[str, Any]:
        """What layer and file say besides: ``encoding``, ``icc``, ``background``, and what `optics` understands."""
        stored = {"encoding": self.facts.encoding, **self.facts.metadata} if self.facts else {}
        return {**stored, **(self.description.said if self.description else {})}

    @property
    def encoding(self) -> Encoding:
        """Whether the pixels are gamma-encoded."""
        return "srgb" if self.known.get("encoding") == "srgb" else "linear"

    @property
    def metadata(self) -> dict[str, Any]:
        """What `Image` should know besides: the ICC profile."""
        return {"icc": self.known["icc"]} if self.known.get("icc") else {}

    @property
    def problem(self) -> str:
        """Why this layer cannot be restored here; nothing if it can."""
        if self.description is None:
            return ""
        if self.description.rgb and not self._rgb:
            return "RGB photographs are restored in the dock Deblur photo."
        if not self.axes:
            return (
                f"{len(self.description.lengths)} axes are too many; split the layer into parts of at most t c z y x."
            )
        return ""

    def show_voxel(self, shown: bool) -> None:
        """Whether the voxel size matters."""
        self._sizes = shown
        self._show_hint()

    def sizes(self, letters: str) -> tuple[int, ...]:
        """Samples along those of `letters` that the picture has, in that order."""
        if self.description is None:
            return ()
        known = dict(zip(self.axes, self.description.shape, strict=False))
        return tuple(known[a] for a in letters if a in known)

    @Slot()
    def _look(self) -> None:
        """The layer is another one, or says something else."""
        layer, before = self.picker.layer, self.description
        self.description = None if layer is None else describe(layer)
        new = layer is not self._layer
        self._layer = layer
        if new:
            self._ask_file()
        if new or before is None or self.description is None or before.labels != self.description.labels:
            self._fill_axes()
        if new or before is None or self.description is None or before.lengths != self.description.lengths:
            self._fill_voxel()
        self._show_hint()
        self.changed.emit()

    def _ask_file(self) -> None:
        self.facts = None
        self._reader.forget()
        path = self.description.path if self.description else None
        self.told.emit()
        if path is not None and readable(path):
            self._reader.ask(facts, path)

    @Slot(object)
    def _read(self, found: FileFacts) -> None:
        """The file behind the layer has been looked at."""
        if self.description is None or not found.fits(self.description.shape):
            return
        self.facts = found
        self._fill_axes()
        if "typed" not in self.voxel.origin:
            self._fill_voxel()
        self.told.emit()
        self.changed.emit()

    def _fill_axes(self) -> None:
        """Offer the readings of the axes; the layer's labels come first, then the file's, then the usual."""
        shown = self.description
        self.axes_box.clear()
        for axes in dict.fromkeys(self._readings(shown)):
            self.axes_box.addItem(in_words(axes), axes)
        self.voxel.show_axes(self.axes)

    def _readings(self, shown: Description | None) -> tuple[str, ...]:
        if shown is None:
            return self._alone
        if shown.rgb:
            return ("YX",) if self._rgb else ()
        stored = self.facts.labels(shown.shape) if self.facts else None
        return shown.readings if shown.labels or not stored else (stored, *shown.readings)

    def _fill_voxel(self) -> None:
        """What the layer says about each axis, else what the file says."""
        if self.description is None or not self.axes:
            self.voxel.put({})
            return
        known = {a: (v, "file") for a, v in (self.facts.spacing if self.facts else {}).items()}
        known |= {a: (v, "layer") for a, v in self.description.spacing(self.axes).items()}
        scaled = any(s != 1 for s in self.description.scale)
        scale = " × ".join(f"{s:.6g}" for s in self.description.scale)
        self.voxel.put(known, f"The layer's scale is {scale}, but not in a unit of length: µm?" if scaled else "")

    def _show_hint(self) -> None:
        rgb = self.description is not None and self.description.rgb
        self.hint.setText(RGB_HINT if rgb and not self._rgb else "")
        self.hint.setVisible(rgb and not self._rgb)
        self.photo.setVisible(rgb and not self._rgb)
        self.voxel.setVisible(bool(self.axes) and not rgb and self._sizes)
        self.axes_box.setVisible(not rgb)
        self.axes_label.setVisible(not rgb)

    @Slot()
    def _voxel_edited(self) -> None:
        if self.description is None:
            self.voxel.apply.hide()
        self.changed.emit()

    @Slot()
    def _axes_chosen(self) -> None:
        typed = "typed" in self.voxel.origin
        self.voxel.show_axes(self.axes)
        if not typed:
            self._fill_voxel()
        self.changed.emit()

    @Slot()
    def _apply(self) -> None:
        """Write the voxel size into the layer."""
        layer, spacing = self.picker.layer, self.voxel.spacing
        if layer is None or spacing is None:
            return
        sizes = dict(zip([a for a in "ZYX" if a in self.axes], spacing, strict=True))
        layer.scale = [sizes.get(a, s) for a, s in zip(self.axes, layer.scale, strict=True)]
        layer.units = ["micrometer" if a in sizes else u for a, u in zip(self.axes, layer.units, strict=True)]
        self._fill_voxel()
