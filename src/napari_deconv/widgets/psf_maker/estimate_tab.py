"""The tab From image: the PSF estimated from the blurred picture itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QPushButton

from ... import psf as psf_models
from ..form import shrink, tidy
from ..image_section import ImageSection
from ..layers import role
from ..number import NumberEdit
from ..order import FromLayer, kernel
from ..part import Part, part_of
from ..picker import LayerPicker
from ..qt import Slot
from .entries import MICROSCOPES
from .model_form import words
from .psf_layer import told, with_info
from .psf_panel import Against
from .psf_source import layer_source
from .tab import Made, Tab, Task, active, is_picture, plainly
from .verdict import Verdict

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from ...psf.estimate import Estimate
    from .theory_tab import TheoryTab

PHOTO = {
    "motion": "Straight motion",
    "defocus": "Out of focus",
    "gaussian": "Gaussian blur",
    "camera_shake": "Camera shake",
}
STACK = {
    "microscope": "Width and aberration",
    "refine": "Refine a computed PSF",
}
TIPS = {
    "motion": "Length and direction of a straight blur",
    "defocus": "Radius of the disk that a point became",
    "gaussian": "Width of a Gaussian blur",
    "camera_shake": "The whole path of the camera, from the strong edges of the photograph",
    "microscope": "How far the objective is from its theory: two numbers",
    "refine": "Starts from a computed PSF and adapts its pupil to the image, within what optics allow",
}


class EstimateTab(Tab):
    """The picture, what is sought in it; what was found and how sure that is.

    Parameters
    ----------
    viewer : ViewerModel
        Of the dock.
    theory : TheoryTab
        Its microscope is where the estimates for stacks start.
    """

    verb = "Estimate"

    def __init__(self, viewer: ViewerModel, theory: TheoryTab) -> None:
        super().__init__(viewer)
        self.theory = theory
        picker = LayerPicker(viewer.layers, "Picture", is_picture, lambda: active(viewer, is_picture))
        self.image = ImageSection(picker, rgb=True)
        self.kind_box, self.start_label = QComboBox(), QLabel("S&tart from")
        self.shake_label, self.shake = QLabel("&Size (pixels)"), NumberEdit("Size of the blur (pixels)")
        self.start = LayerPicker(viewer.layers, "PSF to start from", _is_psf, lambda: None, none="the tab Theory")
        self.run, self.verdict = QPushButton("&Estimate"), Verdict()
        self._of: Layer | None = None
        self._asked: tuple[str, tuple[float, ...] | None] = "", None  # kind and voxel size of what is being looked for
        self._lay_out()
        self._connect()
        self._offer()

    def _lay_out(self) -> None:
        form = QFormLayout()
        tidy(form)
        shrink(self.kind_box, "What is estimated")
        self.image.picker.combo.setToolTip("The blurred picture")
        self.shake.setPlaceholderText("automatic")
        self.shake.setToolTip("Side of the square that the shake fits in, 15 to 101 pixels; larger takes longer")
        self.start.combo.setToolTip(
            "The computed PSF that is adapted: the microscope of the tab Theory, or a layer made there"
        )
        self.run.setToolTip("Look for the blur in this picture (Ctrl+Return)")
        for label, field in ((self.shake_label, self.shake), (self.start_label, self.start.combo)):
            label.setBuddy(field)
        what = QLabel("&Kind of blur")
        what.setBuddy(self.kind_box)
        form.addRow(what, self.kind_box)
        form.addRow(self.shake_label, self.shake)
        form.addRow(self.start_label, self.start)
        self.column.addWidget(self.image)
        self.column.addLayout(form)
        self.column.addWidget(self.run)
        self.column.addWidget(self.verdict)
        self.column.addStretch(1)
        self.verdict.hide()

    def _connect(self) -> None:
        self.image.changed.connect(self._offer)
        self.kind_box.currentIndexChanged.connect(self._show_fields)
        self.shake.changed.connect(self.changed)
        self.start.changed.connect(self.changed)
        self.theory.changed.connect(self._show_fields)
        self.run.clicked.connect(self.wanted)

    @property
    def kind(self) -> str:
        """What is sought: a function of `psf.estimate`."""
        return str(self.kind_box.currentData() or "")

    def choose(self, kind: str) -> None:
        """Do as if the user had chosen that."""
        self.kind_box.setCurrentIndex(self.kind_box.findData(kind))

    def problem(self) -> str:
        """The first thing that is missing or wrong."""
        if self.image.picker.layer is None:
            return "open a picture"
        if self.image.problem:
            return self.image.problem
        if self.kind in STACK:
            return self._stack_problem()
        if self.kind == "camera_shake" and (self.shake.problem or len(self.shake.values) > 1):
            return self.shake.problem or "Size of the blur (pixels): one number, please"
        return ""

    def _stack_problem(self) -> str:
        if self.image.voxel.problem:
            return plainly(self.image.voxel.problem)
        if self.start.layer is not None:
            return ""
        if self.theory.kind not in MICROSCOPES:
            return "choose the microscope in the tab Theory"
        problem = self.theory.form.problem
        return f"{problem} in the tab Theory" if problem else ""

    def task(self) -> Task:
        """The estimate of that picture."""
        self._of, self._asked = self.image.picker.layer, (self.kind, self.image.spacing)
        part = part_of(self.viewer, self.image)
        start: str | tuple[FromLayer, dict[str, Any]] | None = None
        options: dict[str, Any] = {}
        if self.kind in STACK:
            layer = self.start.layer
            start = self._words(part) if layer is None else (layer_source(layer), told(layer))
            options = {"background": self.image.known["background"]} if self.image.known.get("background") else {}
        elif self.kind == "camera_shake" and self.shake.value:
            options = {"size": int(self.shake.value)}
        return _estimate, (self.kind, part, start, options)

    def take(self, answer: Estimate) -> None:
        """Show what was found, and tell the PSF with its doubt."""
        self.verdict.show_estimate(answer)
        self.verdict.show()
        image, (kind, spacing) = self._of, self._asked
        what = {**PHOTO, **STACK}.get(kind, kind).lower()
        name = f"{what} of {image.name if image else 'picture'}"
        against = Against(spacing if answer.psf.unit == "um" else None)
        self.made.emit(Made((answer.psf,), (name,), image, against, answer.failure))

    def _words(self, part: Part) -> str:
        """The microscope of the tab Theory, at the wavelength of the channel shown."""
        texts = words(self.theory.kind, self.theory.form.values)
        return texts[min(part.current.get("C", 0), len(texts) - 1)]

    @Slot()
    def _offer(self) -> None:
        """What can be sought in a picture of this kind."""
        found = self.image.description
        plane = {**PHOTO, "microscope": STACK["microscope"]} if found is not None and not found.rgb else PHOTO
        kinds = STACK if "Z" in self.image.axes else plane
        before = self.kind
        if [self.kind_box.itemData(i) for i in range(self.kind_box.count())] != list(kinds):
            self.kind_box.blockSignals(True)
            self.kind_box.clear()
            for kind, text in kinds.items():
                self.kind_box.addItem(text, kind)
            self.kind_box.setCurrentIndex(max(0, self.kind_box.findData(before)))
            self.kind_box.blockSignals(False)
        self._show_fields()

    @Slot()
    def _show_fields(self) -> None:
        kind = self.kind
        self.kind_box.setToolTip(TIPS.get(kind, ""))
        self.shake.setVisible(kind == "camera_shake")
        self.shake_label.setVisible(kind == "camera_shake")
        self.image.show_voxel(kind in STACK)
        self.start.setVisible(kind in STACK)
        self.start_label.setVisible(kind in STACK)
        self.changed.emit()


def _estimate(
    kind: str,
    part: Part,
    start: str | tuple[FromLayer, dict[str, Any]] | None,
    options: dict[str, Any],
    progress: Callable[[int, int], None],
) -> Estimate:
    """What the function of that name finds."""
    progress(0, 0)
    function: Callable[..., Estimate] = getattr(psf_models.estimate, kind)
    before = [] if start is None else [start if isinstance(start, str) else with_info(kernel(start[0]), start[1])]
    return function(part.image(), *before, progress=progress, **options)


def _is_psf(layer: Layer) -> bool:
    return role(layer) == "psf"
