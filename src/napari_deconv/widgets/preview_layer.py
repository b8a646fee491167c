"""The layer in which a dock shows a part of the picture restored at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..recipe import METADATA_KEY
from .geometry import geometry, moved
from .live import insert_above

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Image, Layer


class PreviewLayer:
    """One layer above its source, replaced by nothing but the next preview; the user's choice of layers is left alone.

    Parameters
    ----------
    viewer : Viewer
        Where it is shown.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self.layer: Image | None = None

    @property
    def closed(self) -> bool:
        """Whether the user has removed the layer."""
        return self.layer is not None and self.layer not in self._viewer.layers

    def show(self, source: Layer, data: NDArray[Any], start: tuple[int, ...], look: Mapping[str, Any]) -> None:
        """Put `data` where the sample `start` of `source` is; a new layer looks as the arguments in `look` say."""
        place = moved(geometry(source), start)
        same = self.layer is not None and self.layer.data.shape == data.shape and self.layer.data.dtype == data.dtype
        if self.layer is not None and same:
            self.layer.data, self.layer.translate = data, place["translate"]
            return
        active, chosen = self._viewer.layers.selection.active, set(self._viewer.layers.selection)
        if self.layer is not None:
            self._viewer.layers.remove(self.layer)
        self.layer = _layer(source, data, {**place, **look})
        insert_above(self._viewer, self.layer, source)
        self._viewer.layers.selection = chosen & set(self._viewer.layers)
        self._viewer.layers.selection.active = active if active in self._viewer.layers else source

    def remove(self) -> None:
        """Take the layer away."""
        layer, self.layer = self.layer, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)


def _layer(source: Layer, data: NDArray[Any], arguments: Mapping[str, Any]) -> Image:
    from napari.layers import Image

    return Image(data, name=f"{source.name} · preview", metadata={METADATA_KEY: {"role": "preview"}}, **arguments)
