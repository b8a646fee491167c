"""Section 3 of a dock: the method and its parameters, when to stop, the camera, edges, mask and device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from ...deconvolution import METHODS
from ...psf import PSF
from ...recipe import LEARNED, PARAMETERS, Method
from ..choice import Choice
from ..fold import Fold
from ..form import SHARED, ParameterForm, shrink, tidy
from ..layers import pixels, role
from ..learned_form import LearnedForm
from ..picker import LayerPicker
from ..qt import Signal, Slot
from .camera_form import CameraForm
from .stop_form import StopForm
from .train_panel import TrainPanel

if TYPE_CHECKING:
    from napari.components import LayerList
    from napari.layers import Layer

NAMES = {  # the dock's default first
    "scaled_heavy_ball": "Richardson-Lucy accelerated",
    "richardson_lucy": "Richardson-Lucy",
    "richardson_lucy_tv": "Richardson-Lucy smoothed (TV)",
    "wiener": "Wiener",
    "learned": "Learned (neural network)",
}
TIP = (
    "Accelerated: Richardson-Lucy's picture in a quarter of the time, for most images. Richardson-Lucy: the classic, "
    "slow and steady. With total variation: smooth where there are only few photons, edges stay. Wiener: one step, for "
    "a quick look. Learned: fits the image as well, with a network that has seen sharp pictures for the rest."
)
GROUPS: dict[str, tuple[Method, tuple[str, ...]]] = {  # what stands together, and which method explains it
    "smoothing": ("richardson_lucy_tv", ("regularization",)),
    "filter": ("wiener", ("balance", "noise")),
    "counts": ("scaled_heavy_ball", ("background", "negative")),
}


class MethodSection(QWidget):
    """The method, forms from the signatures, and what all methods share.

    Parameters
    ----------
    layers : LayerList
        Of the viewer, for the mask.
    psf : callable
        ``psf()``: the PSF of the dock, or None; for a training.
    """

    changed = Signal()

    def __init__(self, layers: LayerList, psf: Callable[[], PSF | None]) -> None:
        super().__init__()
        self.method_box, self.scope_box, self.light_box = Choice(), QComboBox(), QComboBox()
        self.forms = {group: ParameterForm(METHODS[of], names) for group, (of, names) in GROUPS.items()}
        self.stop, self.learned, self.train = StopForm(), LearnedForm(), TrainPanel(psf)
        self.teach = Fold("Train on your own images", self.train)
        self.camera = CameraForm(lambda: float(self.forms["counts"].values()["background"]))
        self.shared = ParameterForm(METHODS["richardson_lucy"], SHARED)
        self.mask_picker = LayerPicker(layers, "Mask", _can_be_mask, lambda: None, none="none")
        inside = QWidget()
        self.more = Fold("Edges, mask, device", inside)
        self._fill()
        self._lay_out(inside)
        self._others: list[Any] = [*self.forms.values(), self.stop, self.camera, self.shared]
        for part in (*self._others, self.learned, self.mask_picker):
            part.changed.connect(self.changed)
        for box in (self.method_box, self.scope_box, self.light_box):
            box.currentIndexChanged.connect(self._chosen)
        self.train.trained.connect(self._trained)
        self.show_scope(False)
        self.show_light(False)
        self._chosen()

    def _fill(self) -> None:
        for method, name in NAMES.items():
            self.method_box.addItem(name, method)
        for words, scope in (("all", "all"), ("only the current one", "current")):
            self.scope_box.addItem(words, scope)
        for words, light in (("linear (as the camera saw it)", "linear"), ("as stored", "stored")):
            self.light_box.addItem(words, light)
        shrink(self.method_box, "Method")
        shrink(self.scope_box, "Time points and channels")
        shrink(self.light_box, "Light")
        self.method_box.setToolTip(TIP)
        self.scope_box.setToolTip("All time points and channels, or only those that the sliders show")
        self.light_box.setToolTip("The pixels are gamma-encoded: blur adds light, so they are restored in linear light")
        self.mask_picker.combo.setToolTip("Pixels that are not 0 there are ignored: saturated or dead ones")
        self.teach.button.setToolTip("Show or hide what is needed to teach the network images of your own")
        self.more.button.setToolTip("Show or hide what is assumed beyond the edges, pixels to ignore, and the device")

    def _lay_out(self, inside: QWidget) -> None:
        column, head, tail = QVBoxLayout(self), QFormLayout(), QFormLayout()
        tidy(head)
        tidy(tail)
        head.addRow("&Method", self.method_box)
        self.scope_label, self.light_label = QLabel("&Time, channels"), QLabel("Li&ght")
        for label, box in ((self.scope_label, self.scope_box), (self.light_label, self.light_box)):
            label.setBuddy(box)
            tail.addRow(label, box)
        last = QFormLayout()
        tidy(last)
        last.addRow("Mas&k", self.mask_picker)
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.shared)
        rows.addLayout(last)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.stop)
        for form in (*self.forms.values(), self.learned, self.teach):
            column.addWidget(form)
        column.addLayout(tail)
        column.addWidget(self.camera)
        column.addWidget(self.more)

    @property
    def method(self) -> str:
        """Name of the function."""
        return str(self.method_box.currentData())

    def choose(self, method: str) -> None:
        """Do as if the user had chosen that method."""
        self.method_box.setCurrentIndex(list(NAMES).index(method))

    @property
    def current_only(self) -> bool:
        """Whether only the current time point and channel are wanted."""
        return str(self.scope_box.currentData()) == "current" and not self.scope_box.isHidden()

    @property
    def mask_pixels(self) -> Any:
        """The array of the mask layer, or None."""
        return None if self.mask_picker.layer is None else pixels(self.mask_picker.layer)

    @property
    def rule(self) -> str:
        """The stopping rule that will decide; empty where none does."""
        return self.stop.rule if self._stops else ""

    @property
    def is_learned(self) -> bool:
        """Whether a network restores."""
        return self.method in LEARNED

    @property
    def problem(self) -> str:
        """Why this method cannot be used."""
        return self.learned.problem if self.is_learned else ""

    @property
    def _stops(self) -> bool:
        return "stop" in PARAMETERS[self.method]

    def values(self) -> dict[str, Any]:
        """Arguments for a recipe."""
        light = {"light": str(self.light_box.currentData())} if not self.light_box.isHidden() else {}
        own: dict[str, Any] = self.stop.values() if self._stops else {}
        for form in (self.learned,) if self.is_learned else self._shown():
            own |= form.values()
        return {"method": self.method, **own, **self.camera.values(), **self.shared.values(), **light}

    def put(self, values: Mapping[str, Any]) -> None:
        """Fill in what was remembered, or a recipe's settings."""
        if values.get("method") in NAMES:
            self.choose(values["method"])
        if self.is_learned:
            self.learned.put(values)
            values = {k: v for k, v in values.items() if k not in PARAMETERS[self.method]}  # steps are no iterations
        for part in self._others:
            part.put(values)

    def show_scope(self, shown: bool) -> None:
        """Whether the picture has time points or channels to choose from."""
        self.scope_box.setVisible(shown)
        self.scope_label.setVisible(shown)

    def show_light(self, shown: bool) -> None:
        """Whether the picture is gamma-encoded."""
        self.light_box.setVisible(shown)
        self.light_label.setVisible(shown)

    def _shown(self) -> list[ParameterForm]:
        """The forms whose parameters the method takes."""
        known = set(PARAMETERS[self.method])
        return [form for group, form in self.forms.items() if known.issuperset(GROUPS[group][1])]

    @Slot()
    def _chosen(self) -> None:
        shown = self._shown()
        for form in self.forms.values():
            form.setVisible(form in shown)
        self.stop.setVisible(self._stops)
        self.learned.setVisible(self.is_learned)
        self.teach.setVisible(self.is_learned)
        self.changed.emit()

    @Slot(str)
    def _trained(self, name: str) -> None:
        """The new model is the one that is wanted."""
        self.learned.refill(name)
        self.changed.emit()


def _can_be_mask(layer: Layer) -> bool:
    from napari.layers import Image, Labels

    return isinstance(layer, Labels) or (isinstance(layer, Image) and not layer.rgb and not role(layer))
