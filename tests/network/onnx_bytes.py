"""ONNX files written byte by byte, so that reading and running them is tested without the onnx package."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = {"float32": 1, "float64": 11, "float16": 10, "int64": 7}


def varint(value: int) -> bytes:
    """Seven bits per byte, the least significant first; negative numbers as two's complement of 64 bits."""
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | float | str | bytes) -> bytes:
    """One field of a message: a whole number, a float32, text or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def tensor(name: str, array: NDArray[Any], **fields: bytes) -> bytes:
    """A TensorProto with raw data; `fields` are put behind it as they are."""
    dims = b"".join(field(1, int(n)) for n in array.shape)
    return b"".join(
        [dims, field(2, KINDS[array.dtype.name]), field(8, name), field(9, array.tobytes()), *fields.values()]
    )


def attribute(name: str, value: Any) -> bytes:
    """An AttributeProto: a number, text, or whole numbers."""
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, 2)
    if isinstance(value, float):
        return field(1, name) + field(2, value) + field(20, 1)
    if isinstance(value, str):
        return field(1, name) + field(4, value) + field(20, 3)
    return field(1, name) + b"".join(field(8, number) for number in value) + field(20, 7)


def node(op: str, inputs: str, outputs: str, domain: str = "", name: str = "", **attributes: Any) -> bytes:
    """A NodeProto; names of tensors separated by spaces."""
    parts = [field(1, one) for one in inputs.split(" ")] + [field(2, one) for one in outputs.split(" ")]
    parts += [field(3, name), field(4, op)]
    parts += [field(5, attribute(key, value)) for key, value in attributes.items()]
    return b"".join([*parts, field(7, domain)] if domain else parts)


def value(name: str, sides: tuple[int | str, ...], kind: int = 1) -> bytes:
    """A ValueInfoProto of a tensor."""
    dims = b"".join(field(1, field(1, n) if isinstance(n, int) else field(2, n)) for n in sides)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, dims)))


def graph(
    nodes: list[bytes], inputs: Mapping[str, tuple[int | str, ...]], outputs: list[str], tensors: Mapping[str, Any]
) -> bytes:
    """A GraphProto."""
    return b"".join(
        [
            *(field(1, one) for one in nodes),
            field(2, "network"),
            *(field(5, tensor(name, array)) for name, array in tensors.items()),
            *(field(11, value(name, sides)) for name, sides in inputs.items()),
            *(field(12, value(name, ("N", "C", "H", "W"))) for name in outputs),
        ]
    )


def model(body: bytes, opset: int = 17, domain: str = "", notes: Mapping[str, str] | None = None) -> bytes:
    """A ModelProto around a GraphProto."""
    entries = [field(14, field(1, key) + field(2, text)) for key, text in (notes or {}).items()]
    return b"".join(
        [field(1, 8), field(2, "tests"), field(7, body), field(8, field(1, domain) + field(2, opset)), *entries]
    )


INPUTS: dict[str, tuple[int | str, ...]] = {"image": ("N", 2, "H", "W"), "sigma": ("N", 1, "H", "W")}


def weights(seed: int = 0) -> dict[str, NDArray[Any]]:
    """Tensors of `network`: float16 kernels, corners of a slice, a factor."""
    rng = np.random.default_rng(seed)
    shapes = {"door": (4, 3, 4, 4), "first": (4, 4, 3, 3), "second": (4, 4, 3, 3), "mix": (4, 4, 1, 1)}
    tensors: dict[str, Any] = {
        name: rng.normal(size=shape, scale=np.prod(shape[1:]) ** -0.5).astype(np.float16)
        for name, shape in shapes.items()
    }
    corners = {"starts": 0, "ends": 2, "axes": 1, "steps": 1}
    factor = {"factor": np.array([0.5], np.float32)}
    return tensors | {name: np.array([n], np.int64) for name, n in corners.items()} | factor


def network(seed: int = 0) -> bytes:
    """A small network of every operator: down, a residual block, a mix, up by the same kernel, added to the image."""
    casts = [node("Cast", name, f"{name}.float", to=1) for name in ("door", "first", "second", "mix")]
    pads = {"pads": (1, 1, 1, 1)}
    nodes = [
        *casts,
        node("Slice", "door.float starts ends axes steps", "narrow"),
        node("Concat", "image sigma", "both", axis=1),
        node("Conv", "both door.float", "down", name="down.0", strides=(2, 2), **pads),
        node("Conv", "down first.float", "inner", **pads),
        node("Relu", "inner", "open"),
        node("Conv", "open second.float", "branch", **pads),
        node("Add", "down branch", "sum"),
        node("Conv", "sum mix.float", "mixed"),
        node("Mul", "mixed factor", "scaled"),
        node("ConvTranspose", "scaled narrow", "up", strides=(2, 2), **pads),
        node("Add", "image up", "denoised"),
    ]
    return model(graph(nodes, INPUTS, ["denoised"], weights(seed)), notes={"name": "test"})
