"""The tab Beads: the PSF measured from pictures of small beads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtWidgets import QCheckBox, QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ..fold import Fold
from ..form import tidy
from ..image_section import ImageSection
from ..layers import describe, pixels
from ..number import NumberEdit
from ..part import Part, part_of
from ..picker import LayerPicker
from ..qt import Slot
from .bead_table import BeadTable
from .more_layers import LayerTicks
from .psf_panel import Against
from .tab import Made, Tab, Task, active, is_stack, plainly
from .verdict import with_error

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from ...psf.beads import Bead, Beads

NANOMETRES = 1000.0  # per micrometre


class BeadsTab(Tab):
    """Stacks with beads, where the beads are, how large they are; and what became of each."""

    verb = "Measure"

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__(viewer)
        self.image = ImageSection(
            LayerPicker(viewer.layers, "Stack of beads", is_stack, lambda: active(viewer, is_stack))
        )
        self.more = LayerTicks(viewer.layers, "More stacks", self._is_more)
        self.points = LayerPicker(viewer.layers, "Points", _is_points, lambda: None, none="find them automatically")
        self.diameter = NumberEdit("Bead diameter (nm)", NANOMETRES, "Of the beads, as the label of the bottle says")
        self.radial = QCheckBox("Average around the optical axis")
        self.run, self.table, self.summary = QPushButton("&Measure"), BeadTable(), QLabel()
        self._of: Layer | None = None
        self._stacks: list[Layer] = []
        self._spacing: tuple[float, ...] | None = None  # of what is being measured
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        form, inside = QFormLayout(), QWidget()
        tidy(form)
        self.image.picker.combo.setToolTip("The stack with beads; more of them below")
        self.points.combo.setToolTip("A Points layer with one point on each bead, or find them by their brightness")
        self.diameter.setPlaceholderText("not taken out")
        self.radial.setToolTip("Only for a PSF that is round: the noise falls, astigmatism and coma are lost")
        self.run.setToolTip("Find and average the beads (Ctrl+Return)")
        self.more.setToolTip("Other stacks of the same beads, taken the same way")
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.more)
        self.fold = Fold("More stacks", inside)
        form.addRow("&Beads at", self.points)
        label = QLabel("D&iameter (nm)")
        label.setBuddy(self.diameter)
        form.addRow(label, self.diameter)
        self.summary.setWordWrap(True)
        self.summary.setAccessibleName("What was measured")
        self.column.addWidget(self.image)
        self.column.addWidget(self.fold)
        self.column.addLayout(form)
        for widget in (self.radial, self.run, self.summary, self.table):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self._show(None)

    def _connect(self) -> None:
        for signal in (self.image.changed, self.more.ticked, self.points.changed, self.diameter.changed):
            signal.connect(self._edited)
        self.image.picker.changed.connect(self.more.refill)
        self.radial.toggled.connect(self._edited)
        self.run.clicked.connect(self.wanted)
        self.table.picked.connect(self._look_at)

    def problem(self) -> str:
        """The first thing that is missing or wrong."""
        if self.image.picker.layer is None:
            return "open a stack with beads"
        if self.image.problem or self.image.voxel.problem:
            return self.image.problem or plainly(self.image.voxel.problem)
        if self.points.layer is not None and self.more.chosen:
            return "points belong to one stack: untick the others, or let the beads be found"
        diameter = self.diameter.value
        if self.diameter.problem or (diameter is not None and diameter <= 0) or len(self.diameter.values) > 1:
            return self.diameter.problem or "Bead diameter (nm): one positive number, please"
        return ""

    def task(self) -> Task:
        """Measuring the beads of all stacks chosen."""
        layer = self.image.picker.layer
        assert layer is not None
        self._of, self._stacks = layer, [layer, *self.more.chosen]
        parts = [part_of(self.viewer, self.image), *(self._other(one) for one in self.more.chosen)]
        points = None if self.points.layer is None else self._positions(self.points.layer, layer)
        self._spacing = self.image.spacing
        options = {"diameter": self.diameter.value, "radial": self.radial.isChecked()}
        return _measure, (parts, points, self._spacing, options)

    def take(self, answer: Beads) -> None:
        """Show the beads, and tell the PSF."""
        self._show(answer)
        image = self._of
        name = f"beads, {sum(b.accepted for b in answer.beads)} of {image.name if image else 'stack'}"
        self.made.emit(Made((answer.psf,), (name,), image, Against(self._spacing)))

    def values(self) -> dict[str, Any]:
        """Diameter and symmetry."""
        return {"diameter": self.diameter.values, "radial": self.radial.isChecked()}

    def put(self, values: dict[str, Any]) -> None:
        """Fill in what was remembered."""
        diameter = values.get("diameter")
        if isinstance(diameter, list | tuple) and len(diameter) == 1 and isinstance(diameter[0], int | float):
            self.diameter.put(float(diameter[0]), origin="last used")
        self.radial.setChecked(values.get("radial") is True)

    def _is_more(self, layer: Layer) -> bool:
        """Whether it can be measured together with the stack picked."""
        first = self.image.picker.layer if hasattr(self, "image") else None
        return first is not None and layer is not first and is_stack(layer) and layer.ndim == first.ndim

    def _other(self, layer: Layer) -> Part:
        """A further stack: same axes; its own voxel size if it tells one."""
        sizes = describe(layer).spacing(self.image.axes)
        own = tuple(sizes[a] for a in "ZYX" if a in sizes)
        spacing = own if len(own) == len(self.image.spacing or ()) else self.image.spacing
        first = part_of(self.viewer, self.image)
        return Part(pixels(layer), first.axes, first.current, spacing, metadata={"name": layer.name})

    def _positions(self, points: Any, image: Layer) -> NDArray[np.float64]:
        """The points in voxels of `image`, spatial axes in the order ZYX, of the time point and channel shown."""
        axes, shown = self.image.axes, part_of(self.viewer, self.image).current
        world = [points.data_to_world(point) for point in np.asarray(points.data, dtype=np.float64)]
        inside = np.array([image.world_to_data(point) for point in world]).reshape(-1, len(axes))
        for letter, index in shown.items():
            column = inside[:, axes.index(letter)]
            inside = inside[np.rint(column) == index] if len(points.scale) == len(axes) else inside
        return inside[:, [axes.index(a) for a in "ZYX" if a in axes]]

    def _show(self, found: Beads | None) -> None:
        self.table.show_beads(found.beads if found else ())
        self.table.setVisible(found is not None)
        self.summary.setVisible(found is not None)
        self.summary.setText(in_words(found) if found else "")

    @Slot()
    def _edited(self) -> None:
        self.changed.emit()

    @Slot(object)
    def _look_at(self, bead: Bead) -> None:
        """Show that bead on the canvas."""
        if bead.image >= len(self._stacks) or self._stacks[bead.image] not in self.viewer.layers:
            return
        layer, axes = self._stacks[bead.image], self.image.axes
        at = dict(zip([a for a in "ZYX" if a in axes], bead.position, strict=False))
        if len(axes) != len(layer.scale):
            return
        now = layer.world_to_data(self.viewer.dims.point[-len(axes) :])
        place = layer.data_to_world([at.get(a, n) for a, n in zip(axes, now, strict=True)])
        self.viewer.dims.set_point(range(self.viewer.dims.ndim - len(place), self.viewer.dims.ndim), place)
        self.viewer.camera.center = tuple(place[-3:])


def _measure(
    parts: list[Part],
    points: NDArray[np.float64] | None,
    spacing: tuple[float, ...] | None,
    options: dict[str, Any],
    progress: Callable[[int, int], None],
) -> Beads:
    from ...psf import beads

    progress(0, 0)
    images = [part.image() for part in parts]
    return beads.measure(images, points=points, spacing=spacing, progress=progress, **options)


def in_words(found: Beads) -> str:
    """How many were used, and the widths with their uncertainty."""
    used = sum(bead.accepted for bead in found.beads)
    letters = "zyx"[-len(found.fwhm) :]
    widths = [
        f"{a} {with_error(w, u)}".replace(" ", "\u00a0")
        for a, w, u in zip(letters, found.fwhm, found.uncertainty, strict=True)
    ]
    return "\n".join([f"{used} of {len(found.beads)} beads used. FWHM (µm):", " · ".join(widths)])


def _is_points(layer: Layer) -> bool:
    from napari.layers import Points

    return isinstance(layer, Points)
