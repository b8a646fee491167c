"""What each operator of a graph does to arrays, and what its transpose does to gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from ..convolution import convolution, transposed_convolution
from .graph import Node

Array = Any  # NumPy or CuPy
Rule = Literal["gradient", "deconvnet", "guided"]
Back = Callable[[Array, Rule], tuple[Array | None, ...]]  # gradients of inputs from that of the output, None: constant


def _conv(node: Node, xp: Any, spare: Array | None, x: Array, weight: Array) -> Array:
    return convolution(x, weight, **_how(node, weight))


def _conv_back(node: Node, xp: Any, y: Array, x: Array, weight: Array) -> Back:
    how, sides = _how(node, weight), x.shape[2:]
    return lambda g, rule: (transposed_convolution(g, weight, output_shape=sides, **how), None)


def _conv_transpose(node: Node, xp: Any, spare: Array | None, z: Array, weight: Array) -> Array:
    extra = node.attributes.get("output_padding", 0)
    return transposed_convolution(z, weight, output_padding=extra, **_how(node, weight))


def _conv_transpose_back(node: Node, xp: Any, y: Array, z: Array, weight: Array) -> Back:
    how = _how(node, weight)
    return lambda g, rule: (convolution(g, weight, **how), None)


def _relu(node: Node, xp: Any, spare: Array | None, x: Array) -> Array:
    return xp.clip(x, 0, math.inf, out=spare)  # NumPy's maximum of an array and a number takes twice as long


def _relu_back(node: Node, xp: Any, y: Array, x: Array) -> Back:
    opened = y > 0

    def back(g: Array, rule: Rule) -> tuple[Array]:
        if rule != "gradient":
            g = xp.clip(g, 0, math.inf)
        return (g if rule == "deconvnet" else g * opened,)

    return back


def _add(node: Node, xp: Any, spare: Array | None, x: Array, y: Array) -> Array:
    return xp.add(x, y, out=spare)


def _add_back(node: Node, xp: Any, out: Array, x: Array, y: Array) -> Back:
    shapes = x.shape, y.shape
    return lambda g, rule: tuple(_folded(g, shape) for shape in shapes)


def _mul(node: Node, xp: Any, spare: Array | None, x: Array, y: Array) -> Array:
    return xp.multiply(x, y, out=spare)


def _mul_back(node: Node, xp: Any, out: Array, x: Array, y: Array) -> Back:
    return lambda g, rule: (_folded(g * y, x.shape), _folded(g * x, y.shape))


def _concat(node: Node, xp: Any, spare: Array | None, *parts: Array) -> Array:
    return xp.concatenate(parts, axis=node.attributes["axis"])


def _concat_back(node: Node, xp: Any, y: Array, *parts: Array) -> Back:
    axis = node.attributes["axis"] % y.ndim
    stops = [sum(part.shape[axis] for part in parts[: number + 1]) for number in range(len(parts))]
    places = [slice(stop - part.shape[axis], stop) for part, stop in zip(parts, stops, strict=True)]
    return lambda g, rule: tuple(g[(slice(None),) * axis + (place,)] for place in places)


def _cut(node: Node, xp: Any, spare: Array | None, x: Array, *corners: Array) -> Array:
    return x[_corners(x.shape, corners)].copy()  # a copy of its own, so that results may overwrite their inputs


def _cut_back(node: Node, xp: Any, y: Array, x: Array, *corners: Array) -> Back:
    shape, where = x.shape, _corners(x.shape, corners)

    def back(g: Array, rule: Rule) -> tuple[Array | None, ...]:
        whole = xp.zeros(shape, g.dtype)
        whole[where] = g
        return (whole, *(None,) * len(corners))

    return back


def _cast(node: Node, xp: Any, spare: Array | None, x: Array) -> Array:
    return x.copy()  # all arrays have the executor's precision already


def _cast_back(node: Node, xp: Any, y: Array, x: Array) -> Back:
    return lambda g, rule: (g,)


# Forward: (node, xp, array that may be overwritten, *inputs) -> output. Back: (node, xp, output, *inputs) -> Back.
OPERATIONS: Mapping[str, tuple[Callable[..., Array], Callable[..., Back]]] = {
    "Add": (_add, _add_back),
    "Cast": (_cast, _cast_back),
    "Concat": (_concat, _concat_back),
    "Conv": (_conv, _conv_back),
    "ConvTranspose": (_conv_transpose, _conv_transpose_back),
    "Mul": (_mul, _mul_back),
    "Relu": (_relu, _relu_back),
    "Slice": (_cut, _cut_back),
}
IN_PLACE = frozenset({"Add", "Mul", "Relu"})


def _how(node: Node, weight: Array) -> dict[str, Any]:
    """Attributes of a convolution as `convolution` takes them; ONNX has all paddings before, then all behind."""
    ndim, said = weight.ndim - 2, node.attributes
    pads = said.get("pads", (0,) * (2 * ndim))
    return {
        "stride": said.get("strides", 1),
        "dilation": said.get("dilations", 1),
        "groups": said.get("group", 1),
        "padding": tuple(zip(pads[:ndim], pads[ndim:], strict=True)),
    }


def _folded(g: Array, shape: tuple[int, ...]) -> Array:
    """The transpose of broadcasting: `g` added up to `shape`."""
    lead = tuple(range(g.ndim - len(shape)))
    g = g.sum(axis=lead) if lead else g
    stretched = tuple(axis for axis, n in enumerate(shape) if n == 1 and g.shape[axis] != 1)
    return g.sum(axis=stretched, keepdims=True) if stretched else g


def _corners(shape: tuple[int, ...], corners: Sequence[Array]) -> tuple[slice, ...]:
    """Starts, ends, axes and steps as slices; ends beyond the array are its end, negative ones count from there."""
    starts, ends, *rest = (corner.tolist() for corner in corners)
    axes = rest[0] if rest else range(len(starts))
    steps = rest[1] if len(rest) > 1 else [1] * len(starts)
    found = [slice(None)] * len(shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        found[axis] = slice(start, end, step)
    return tuple(found)
