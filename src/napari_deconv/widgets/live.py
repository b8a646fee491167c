"""The layer that shows the estimate while it grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..recipe import METADATA_KEY
from .drive import contrast
from .geometry import last_axes

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Image

SAMPLE = 2**18  # pixels looked at for the contrast, three times a second in the window's thread


class Live:
    """One layer above the source, replaced by nothing but its own next picture.

    Parameters
    ----------
    viewer : Viewer
        Where it is shown.
    name : str
        Of the layer.
    place : mapping
        `geometry` of the source.
    below : Layer
        The source.
    """

    def __init__(self, viewer: Viewer, name: str, place: Mapping[str, Any], below: Any) -> None:
        self._viewer, self._name, self._place, self._below = viewer, name, place, below
        self.layer: Image | None = None
        self._limits: tuple[float, ...] = ()

    def show(self, picture: NDArray[Any]) -> None:
        """Put `picture` on the screen; if the user has removed the layer, it stays away."""
        if self.layer is None:
            self._add(picture)
        elif self.layer in self._viewer.layers:
            self.layer.data = picture
            if tuple(self.layer.contrast_limits) == self._limits:  # else the user has chosen others
                self.layer.contrast_limits = contrast(picture, SAMPLE)
                self._limits = tuple(self.layer.contrast_limits)

    def remove(self) -> None:
        """Take the layer away."""
        if self.layer is not None and self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
        self.layer = None

    def _add(self, picture: NDArray[Any]) -> None:
        from napari.layers import Image

        self.layer = Image(
            picture,
            name=self._name,
            contrast_limits=contrast(picture, SAMPLE),
            metadata={METADATA_KEY: {"role": "live"}},
            **last_axes(self._place, picture.ndim),
        )
        self._limits = tuple(self.layer.contrast_limits)
        insert_above(self._viewer, self.layer, self._below)


def insert_above(viewer: Viewer, layer: Any, below: Any) -> None:
    """Add `layer` just above `below`, or on top if that is gone; napari makes its name unique."""
    layers = viewer.layers
    layers.insert(layers.index(below) + 1 if below in layers else len(layers), layer)
