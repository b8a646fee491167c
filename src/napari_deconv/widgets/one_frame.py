"""One frame of a result and what it was made from: what quality and explanations look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..io.image import KNOWN_AXES, SPATIAL, Image
from ..psf import PSF
from ..recipe import METADATA_KEY
from .order import Order


@dataclass(frozen=True, eq=False)
class OneFrame:
    """A frame: the axes of the PSF, and the colours of a photograph.

    Parameters
    ----------
    order : Order
        What the result was made from.
    image : Image
        What was restored; encoded only if it was restored in linear light.
    psf : PSF
        Its blur; a point where nobody knows it.
    mask : array of bool or None
        Pixels that were ignored.
    index : mapping
        Where the frame is along the other axes of the result.
    """

    order: Order
    image: Image
    psf: PSF
    mask: NDArray[np.bool_] | None
    index: Mapping[str, int]

    @classmethod
    def of(cls, order: Order, at: Mapping[str, int]) -> OneFrame:
        """The frame at these samples of the result. Computes pixels and PSF, so for a worker thread."""
        whole, mask = order.image(), order.ignored()
        psf = order.psf_at(order.current.get("C", at.get("C", 0)))
        kept = f"{SPATIAL[-psf.ndim :]}S"
        sizes = dict(zip(whole.axes, whole.data.shape, strict=True))
        index = {a: min(max(at.get(a, 0), 0), n - 1) for a, n in sizes.items() if a not in kept}
        ignored = None if mask is None else _cut(np.broadcast_to(mask, whole.data.shape), whole.axes, index)
        spacing = None if whole.spacing is None else whole.spacing[-psf.ndim :]
        axes = "".join(a for a in whole.axes if a in kept)
        light = whole.encoding if order.recipe.light == "linear" else "linear"
        image = Image(_cut(whole.data, whole.axes, index), axes, spacing, light, whole.metadata)
        return cls(order, image, psf, ignored, index)

    def same(self, data: NDArray[Any], told: Mapping[str, Any]) -> Image:
        """The frame of a result with these pixels, in the axes of the layer, and this provenance."""
        axes = "".join(a for a in KNOWN_AXES if a in self.index or a in self.image.axes)
        return self.image.with_data(_cut(self.order.away(data), axes, self.index), **{METADATA_KEY: dict(told)})

    def at_home(self, picture: NDArray[Any]) -> NDArray[Any]:
        """A map of the frame with the axes of the layer."""
        return self.order.back(picture.reshape((1,) * len(self.index) + picture.shape))

    @property
    def start(self) -> tuple[int, ...]:
        """The sample of the result at which the frame begins."""
        return tuple(self.index.get(a, 0) for a in self.order.axes if a != "S")

    @property
    def colour(self) -> tuple[int, ...] | None:
        """Which colour of a photograph is judged: green, to which most of the luminance belongs."""
        return (1,) if "S" in self.image.axes else None


def _cut(data: NDArray[Any], axes: str, index: Mapping[str, int]) -> NDArray[Any]:
    """The frame at `index`, of all there are."""
    return np.asarray(data[tuple(index.get(a, slice(None)) for a in axes)])
