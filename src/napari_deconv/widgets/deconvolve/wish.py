"""What the preview of the dock Deconvolve should show now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...psf import PSF
from ..docks import at_sliders
from ..order import FromDock, Order, Words
from .region import visible

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


@dataclass(frozen=True, eq=False)
class Wish:
    """An order with a window, one time point and channel; the plane at the slider; the layer it is of."""

    order: Order
    depth: int
    layer: Layer


def wish_of(viewer: ViewerModel, layer: Layer, order: Order) -> Wish:
    """The part of `layer` in view, restored as `order` says."""
    window, current = visible(viewer, layer, order.axes), at_sliders(viewer, layer, order.axes)
    at = dict(zip(order.axes, layer.world_to_data(viewer.dims.point[-layer.ndim :]), strict=True)).get("Z", 0.0)
    start, stop = window.get("Z", (0, 1))
    depth = min(max(start, round(float(at))), stop - 1)
    return Wish(replace(order, current=current, window=window), depth, layer)


def with_psf(order: Order, psf: PSF | None) -> Order:
    """The order with the PSF that has been computed for its picture, unless every channel has its own."""
    several = isinstance(order.psf, Words) and len(order.psf.texts) > 1
    return order if several or psf is None else replace(order, psf=FromDock(psf, "PSF"))
