"""An order as the Python lines that do the same."""

from __future__ import annotations

from collections.abc import Mapping

from ..io.image import SPATIAL
from ..recipe import Recipe
from .order import FromFile, FromLayer, Order, spacing_of


def script(order: Order, mask_name: str = "", multiscale: bool = False) -> str:
    """Lines for napari's console, where `viewer` is known; the result is `restored`.

    Parameters
    ----------
    order : Order
        What the dock would run; ready, if only a part is restored.
    mask_name : str
        Of the mask layer; empty if there is none.
    multiscale : bool
        Whether the layer holds a pyramid.
    """
    imports = ["Image", "Recipe", *(["psf"] if isinstance(order.psf, FromLayer | FromFile) else []), "run"]
    lines = [
        f"from napari_deconv import {', '.join(imports)}",
        "",
        f"layer = viewer.layers[{order.name!r}]",
        _image(order, multiscale),
        f"recipe = Recipe.build({_arguments(order.recipe)})",
    ]
    more = ""
    if isinstance(order.psf, FromFile):
        lines.append(f"kernel = psf.from_file({order.psf.path.name!r})  # with its folder")
        more += ", psf=kernel"
    elif isinstance(order.psf, FromLayer):
        lines.append(f"kernel = psf.from_array(viewer.layers[{order.psf.name!r}].data, {spacing_of(order.psf)!r})")
        more += ", psf=kernel"
    if mask_name and order.mask is not None:
        spatial = "".join(a for a in SPATIAL if a in order.axes)
        of = order.axes if len(order.mask.shape) == len(order.axes) else spatial
        more += f", mask=viewer.layers[{mask_name!r}].data{_slices(order.outer, of)} != 0"
    inside = _slices(order.inner, order.axes)
    return "\n".join([*lines, f"restored = run(recipe, image{more}).data{inside}", ""])


def _image(order: Order, multiscale: bool) -> str:
    pixels = f"layer.data{'[0]' * multiscale}{_slices(order.outer, order.axes)}"
    encoding = f", encoding={order.encoding!r}" if order.encoding != "linear" else ""
    remark = "  # its ICC profile is missing here: read it from the file" if order.metadata.get("icc") else ""
    return f"image = Image({pixels}, {order.axes!r}, {order.spacing!r}{encoding}){remark}"


def _slices(parts: Mapping[str, slice], axes: str) -> str:
    """The index that takes these parts: "[1:2, :, 10:80]"; nothing if all is taken."""
    known = {a: f"{part.start}:{part.stop}" for a, part in parts.items()}
    return f"[{', '.join(known.get(a, ':') for a in axes)}]" if set(known) & set(axes) else ""


def _arguments(recipe: Recipe) -> str:
    """What differs from the defaults, and always the method and its parameters."""
    plain = type(recipe).model_fields
    said = {k: v for k, v in recipe.to_dict().items() if k != "version"}
    kept = {k: v for k, v in said.items() if k in ("method", "num_iter", "psf") or v != plain[k].default}
    return ", ".join(f"{k}={v!r}" for k, v in kept.items())
