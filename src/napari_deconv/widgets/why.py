"""Why a restored pixel is what it is: Shift-click on a learned result adds the weights that made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject

from ..light import luminance, to_linear
from ..network.explain import Explanation, equivalent_filter
from ..network.noise_level import noise_level
from ..recipe import METADATA_KEY, Recipe
from .complaints import explain
from .drive import Failure
from .errand import Errand
from .footer import Footer
from .geometry import geometry, moved
from .links import at_end
from .one_frame import OneFrame
from .order import Order
from .origins import is_learned, order_of, provenance_of, recipe_of
from .qt import Slot

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

ROLE = "why"
SIDE = 256  # pixels around the one that was clicked: those farther away hardly matter
SHOWN = 0.995  # of the weights are within the limits of the layer: the largest would leave the others white
HINT = "Shift-click on it shows which pixels of the image made that pixel."


@dataclass(frozen=True, eq=False)
class Reasons:
    """The weights of a pixel and those of a Wiener filter, where they begin in the result, and both in words."""

    weights: NDArray[np.float32]
    classical: NDArray[np.float32]
    start: tuple[int, ...]
    place: tuple[int, int]
    words: str


def reasons(order: Order, recipe: Recipe, at: Mapping[str, int], *, progress: Callable[[int, int], None]) -> Reasons:
    """Which pixels of the image made that pixel of a learned result. For a worker thread.

    Raises
    ------
    ValueError
        If the result is none that can be explained.
    """
    if recipe.method == "learned_blind":
        raise ValueError("what was restored without a PSF is not explained; restore it with one, by method Learned")
    frame = OneFrame.of(order, at)
    if frame.psf.ndim != 2:
        raise ValueError("a result of a 3-D PSF is not explained; restore a plane with a 2-D PSF, and click on that")
    picture = to_linear(frame.image).data
    y = luminance(picture) if "S" in frame.image.axes else np.asarray(picture, np.float32)
    place = at["Y"], at["X"]
    rows, columns = (_around(p, n, 2 * k) for p, n, k in zip(place, y.shape, frame.psf.shape, strict=True))
    progress(0, 0)
    found = equivalent_filter(
        y[rows, columns],
        frame.psf.data,
        (place[0] - rows.start, place[1] - columns.start),
        sigma=noise_level(y) if recipe.noise is None or "S" in frame.image.axes else recipe.noise,
        model=recipe.model,
        num_iter=recipe.limit,
        boundary=recipe.boundary if (rows.stop, columns.stop) == y.shape else "extended",
    )
    inside = {**frame.index, "Y": rows.start, "X": columns.start}
    start = tuple(inside[a] for a in order.axes if a != "S")
    weights, classical = frame.at_home(found.weights), frame.at_home(found.classical)
    return Reasons(weights, classical, start, place, _in_words(found, place, "S" in frame.image.axes))


def _around(place: int, n: int, least: int) -> slice:
    """The part of a side that is looked at."""
    length = min(n, max(SIDE, least))
    start = min(max(0, place - length // 2), n - length)
    return slice(start, start + length)


def _in_words(found: Explanation, place: tuple[int, int], coloured: bool) -> str:
    """Of the pixel in the result, not of that in the part that was looked at."""
    said = found.words.replace(str(found.position), str(place))
    return f"{said[:1].upper()}{said[1:].rstrip('.')}{'; of the luminance' if coloured else ''}."


class WhyHere(QObject):
    """Listens to clicks on learned results.

    Parameters
    ----------
    parent : QObject
        With its end, layers listen no more.
    viewer : Viewer
        Where the layers are.
    footer : Footer
        Where the answer stands in words.
    """

    def __init__(self, parent: QObject, viewer: Viewer, footer: Footer) -> None:
        super().__init__(parent)
        self._viewer, self._footer = viewer, footer
        self._asked: Layer | None = None
        self._work = Errand(self)
        self._work.answered.connect(self._answered)
        self._work.failed.connect(self._failed)
        self._watched: list[tuple[ref[Layer], _Click]] = []
        at_end(self, _let_go, self._watched)
        for layer in viewer.layers:
            self.watch(layer)

    def watch(self, layer: Layer) -> None:
        """Listen to that layer, if it is a learned result and nobody does yet."""
        if order_of(layer) is None or not is_learned(layer) or _listens(layer):
            return
        click = _Click(self.ask)
        layer.mouse_drag_callbacks.append(click)
        self._watched.append((ref(layer), click))

    def hint(self, layer: Layer | None) -> str:
        """That it can be asked; nothing of layers that cannot."""
        return HINT if layer is not None and _listens(layer) and _explained(layer) else ""

    def ask(self, layer: Layer, position: tuple[float, ...]) -> None:
        """Explain the pixel at `position`, in samples of the layer."""
        order = order_of(layer)
        if order is None or self._work.busy:
            return
        at = {a: round(float(p)) for a, p in zip(order.axes, position, strict=False)}
        sizes = dict(zip(order.axes, layer.data.shape, strict=False))
        if not all(0 <= at[a] < sizes[a] for a in "YX"):
            return
        self._asked = layer
        self._footer.say(f"Looking for the pixels that made ({at['Y']}, {at['X']})…")
        self._work.start(reasons, order, recipe_of(layer), at)

    @Slot(object)
    def _answered(self, found: Reasons) -> None:
        layer, self._asked = self._asked, None
        if layer is None or layer not in self._viewer.layers:
            return
        active = self._viewer.layers.selection.active
        self._add(layer, f"Wiener's row {found.place}", found.classical, found, visible=False)
        self._add(layer, f"why here? {found.place}", found.weights, found, visible=True)
        self._viewer.layers.selection.active = active
        self._footer.say(found.words)

    def _add(self, layer: Layer, name: str, weights: NDArray[np.float32], found: Reasons, visible: bool) -> None:
        """A layer in colours for both signs, on top of everything."""
        from napari.layers import Image

        most = float(np.quantile(np.abs(weights), SHOWN)) or float(np.abs(weights).max()) or 1.0
        look = {"colormap": "PiYG", "contrast_limits": (-most, most), "blending": "translucent", "visible": visible}
        said = {METADATA_KEY: {"role": ROLE, "of": layer.name, "words": found.words}}
        place = moved(geometry(layer), found.start)
        self._viewer.layers.append(Image(weights, name=name, metadata=said, **{**place, **look}))

    @Slot(object)
    def _failed(self, failure: Failure) -> None:
        self._footer.say(f"Not explained: {' '.join(explain(failure.kind, failure.message))}", failure.trace)


class _Click:
    """What napari calls when a button goes down on a layer."""

    def __init__(self, ask: Callable[[Layer, tuple[float, ...]], None]) -> None:
        self._ask = ask

    def __call__(self, layer: Layer, event: Any) -> None:
        """Only Shift and the left button mean us."""
        if event.type == "mouse_press" and event.button == 1 and "Shift" in event.modifiers:
            self._ask(layer, layer.world_to_data(event.position[-layer.ndim :]))


def _listens(layer: Layer) -> bool:
    return any(isinstance(c, _Click) for c in layer.mouse_drag_callbacks)


def _explained(layer: Layer) -> bool:
    """Whether a result is of a kind that `reasons` knows."""
    told = provenance_of(layer)
    return told["recipe"]["method"] == "learned" and all(len(psf["shape"]) == 2 for psf in told["psf"])


def _let_go(watched: list[tuple[ref[Layer], _Click]]) -> None:
    while watched:
        known, click = watched.pop()
        layer = known()
        if layer is not None and click in layer.mouse_drag_callbacks:
            layer.mouse_drag_callbacks.remove(click)
