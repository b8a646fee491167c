"""What each result was made from, for as long as its layer lives: also after the dock that made it has gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ..recipe import LEARNED, METADATA_KEY, Recipe

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from .order import Order

_ORDERS: WeakKeyDictionary[Layer, Order] = WeakKeyDictionary()


def remember(layer: Layer, order: Order) -> None:
    """`layer` is the result of `order`."""
    _ORDERS[layer] = order


def order_of(layer: Layer | None) -> Order | None:
    """What a result was made from; None if it is none, or not of this session."""
    return None if layer is None else _ORDERS.get(layer)


def provenance_of(layer: Layer) -> Mapping[str, Any]:
    """What a result says of itself; empty if it is none of ours."""
    said = layer.metadata.get(METADATA_KEY)
    return said if isinstance(said, Mapping) and "recipe" in said else {}


def recipe_of(layer: Layer) -> Recipe:
    """How a result was made, with what "auto" has decided."""
    return Recipe.from_mapping(dict(provenance_of(layer)["recipe"]), f"layer {layer.name!r}")


def is_learned(layer: Layer) -> bool:
    """Whether a network has made it."""
    said = provenance_of(layer)
    return bool(said) and said["recipe"].get("method") in LEARNED


def classical_sibling(viewer: ViewerModel, layer: Layer) -> Layer | None:
    """The newest classical result of the same part of the same picture."""
    order = order_of(layer)
    for other in reversed(viewer.layers):
        found = order_of(other)
        if order is None or found is None or is_learned(other) or other.data.shape != layer.data.shape:
            continue
        if found.pixels is order.pixels and found.start == order.start:
            return other
    return None
