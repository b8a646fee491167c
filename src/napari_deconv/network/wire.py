"""Protobuf's wire format, as much of it as an ONNX file needs: strict, bounded, and nothing is run."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

MOST = 100_000  # values in a file; networks of ours have a few thousand. A megabyte could hold half a million otherwise
Message = dict[str, Any]

# Messages of onnx.proto, version 1.17: number of a field -> name and kind, which is that of another message or one of
# _SCALARS; "*" is a list. Fields without a name hold remarks and hints and are passed over; any other field is refused.
_REMARK = ("", "bytes*")
_MESSAGES: dict[str, dict[int, tuple[str, str]]] = {
    "model": {
        1: ("ir_version", "int"),
        2: _REMARK,  # the program that wrote it
        3: _REMARK,
        4: _REMARK,
        5: ("", "int"),
        6: _REMARK,
        7: ("graph", "graph"),
        8: ("opset_import", "opset*"),
        14: ("metadata_props", "entry*"),
    },
    "opset": {1: ("domain", "str"), 2: ("version", "int")},
    "entry": {1: ("key", "str"), 2: ("value", "str")},
    "graph": {
        1: ("node", "node*"),
        2: _REMARK,
        5: ("initializer", "tensor*"),
        10: _REMARK,
        11: ("input", "value*"),
        12: ("output", "value*"),
        13: _REMARK,  # shapes of inner tensors
        16: _REMARK,
    },
    "node": {
        1: ("input", "str*"),
        2: ("output", "str*"),
        3: ("name", "str"),
        4: ("op_type", "str"),
        5: ("attribute", "attribute*"),
        6: _REMARK,
        7: ("domain", "str"),
        9: _REMARK,
    },
    "attribute": {
        1: ("name", "str"),
        2: ("f", "float"),
        3: ("i", "int"),
        4: ("s", "str"),
        5: ("t", "tensor"),
        7: ("floats", "float*"),
        8: ("ints", "int*"),
        9: ("strings", "str*"),
        13: _REMARK,
        20: ("type", "int"),
    },
    "tensor": {
        1: ("dims", "int*"),
        2: ("data_type", "int"),
        8: ("name", "str"),
        9: ("raw_data", "bytes"),
        12: _REMARK,
        13: ("external_data", "entry*"),
        14: ("data_location", "int"),
        16: _REMARK,
    },
    "value": {1: ("name", "str"), 2: ("type", "type"), 3: _REMARK, 4: _REMARK},
    "type": {1: ("tensor_type", "tensor_type"), 6: _REMARK},
    "tensor_type": {1: ("elem_type", "int"), 2: ("shape", "shape")},
    "shape": {1: ("dim", "dim*")},
    "dim": {1: ("dim_value", "int"), 2: ("dim_param", "str"), 3: _REMARK},
}
_SCALARS: dict[str, tuple[int, Any]] = {"int": (0, 0), "float": (5, 0.0), "str": (2, ""), "bytes": (2, b"")}


def read(data: bytes, kind: str = "model") -> Message:
    """The fields of an ONNX message: lists of what may come more than once, defaults for what is not there.

    Raises
    ------
    ValueError
        If it is cut off or malformed, has a field that is not known here, one twice that may come once, or too many.
    """
    return _Reader().message(memoryview(data), kind)


class _Reader:
    """Reads messages within messages, until there were too many values."""

    def __init__(self) -> None:
        self._left = MOST

    def message(self, data: memoryview, kind: str) -> Message:
        schema = _MESSAGES[kind]
        found = {name: _absent(one) for name, one in schema.values() if name}
        seen = set()
        for number, wire, value in self._fields(data, kind):
            if number not in schema:
                raise ValueError(f"has the field {number} in a {kind}, which is not known here, or is malformed")
            name, one = schema[number]
            if number in seen and not one.endswith("*"):
                raise ValueError(f"has the field {number} of a {kind} twice")
            seen.add(number)
            if name and one.endswith("*"):
                found[name].extend(self._values(one[:-1], wire, value, kind, True))
            elif name:
                (found[name],) = self._values(one, wire, value, kind, False)
        return found

    def _values(self, kind: str, wire: int, value: int | memoryview, where: str, many: bool) -> list[Any]:
        """What one field holds: one value, or several numbers packed together."""
        expected = _SCALARS.get(kind, (2, None))[0]
        packed = many and wire == 2 and kind in ("int", "float")
        if wire != expected and not packed:
            raise ValueError(f"is malformed: a field of a {where} has wire type {wire}, not {expected}")
        if isinstance(value, int):
            return [_signed(value)]
        if packed and kind == "int":
            return [_signed(number) for number in self._varints(value)]
        if kind == "float":
            return self._floats(value, where)
        if kind == "str":
            return [_text(value, where)]
        return [bytes(value) if kind == "bytes" else self.message(value, kind)]

    def _fields(self, data: memoryview, where: str) -> Iterator[tuple[int, int, int | memoryview]]:
        """Number, wire type and content of every field: a number, or bytes."""
        at = 0
        while at < len(data):
            self._count(1)
            key, at = _varint(data, at)
            number, wire = key >> 3, key & 7
            if wire == 0:
                value, at = _varint(data, at)
                yield number, wire, value
                continue
            size, at = _size(data, at, wire, where)
            if size > len(data) - at:
                raise ValueError(f"is cut off: a {where} wants {size:,} bytes where {len(data) - at:,} are left")
            yield number, wire, data[at : at + size]
            at += size

    def _varints(self, data: memoryview) -> Iterator[int]:
        at = 0
        while at < len(data):
            self._count(1)
            value, at = _varint(data, at)
            yield value

    def _floats(self, data: memoryview, where: str) -> list[float]:
        if len(data) % 4:
            raise ValueError(f"is cut off in the numbers of a {where}")
        self._count(len(data) // 4)
        return [number for (number,) in struct.iter_unpack("<f", data)]

    def _count(self, values: int) -> None:
        self._left -= values
        if self._left < 0:
            raise ValueError(
                f"holds more than {MOST:,} values beside its tensors; networks of ours have a few thousand"
            )


def _absent(kind: str) -> Any:
    """What stands for a field that is not there."""
    return [] if kind.endswith("*") else _SCALARS.get(kind, (2, None))[1]


def _text(value: memoryview, where: str) -> str:
    try:
        return bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"is malformed: a name in a {where} is not text") from None


def _size(data: memoryview, at: int, wire: int, where: str) -> tuple[int, int]:
    """Bytes that the content of a field takes, and where it begins."""
    if wire == 2:
        return _varint(data, at)
    if wire not in (1, 5):
        raise ValueError(f"is malformed: wire type {wire} in a {where}; is it an ONNX file?")
    return 8 if wire == 1 else 4, at


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits per byte, the least significant first, and where the next thing begins."""
    value = 0
    for place, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            if value >= 2**64:
                break
            return value, at + place + 1
    raise ValueError("is malformed or cut off in a number")


def _signed(value: int) -> int:
    """Two's complement of 64 bits, as protobuf writes negative numbers."""
    return value - 2**64 if value >= 2**63 else value
