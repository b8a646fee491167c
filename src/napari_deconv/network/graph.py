"""ONNX files read without the onnx package: a few messages, a few operators, nothing that is run while reading."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .wire import Message, read

LIMIT = 64 * 2**20  # bytes of a file
DOMAINS = ("", "ai.onnx")
OPSETS = range(13, 22)  # of the operators below: their meaning has not changed in these
LARGEST = 1024  # pads, strides, …: what is larger asks for memory and nothing else
FLOAT, INT64, FLOAT16 = 1, 7, 10
TYPES = {FLOAT: "<f4", INT64: "<i8", FLOAT16: "<f2"}
_CONV = frozenset({"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"})
OPERATORS: dict[str, tuple[range, frozenset[str]]] = {  # how many inputs, and which attributes
    "Add": (range(2, 3), frozenset()),
    "Cast": (range(1, 2), frozenset({"to"})),
    "Concat": (range(1, 100), frozenset({"axis"})),
    "Conv": (range(2, 3), _CONV),
    "ConvTranspose": (range(2, 3), _CONV | {"output_padding"}),
    "Mul": (range(2, 3), frozenset()),
    "Relu": (range(1, 2), frozenset()),
    "Slice": (range(3, 6), frozenset()),
}

Array = NDArray[Any]


@dataclass(frozen=True)
class Node:
    """One operation.

    Parameters
    ----------
    op : str
        Its operator: "Conv", …
    name : str
        For people; may be empty.
    inputs, outputs : tuple of str
        Names of tensors.
    attributes : dict
        Numbers, tuples of numbers, strings and arrays.
    """

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.op} {self.name or ', '.join(self.outputs)!r}"


@dataclass(frozen=True)
class Graph:
    """What an ONNX file says.

    Parameters
    ----------
    inputs : dict
        Names of the inputs and their sides: numbers, names for sides that are free, or None where nothing is said.
    outputs : tuple of str
        Names of the results.
    nodes : tuple of Node
        In an order in which they can be run.
    initializers : dict of array
        Constant tensors, read-only, as they are stored.
    metadata : dict of str
        What the author noted.
    opset : int
        Version of the operators.
    sha256 : str
        Of the file.
    """

    inputs: Mapping[str, tuple[int | str | None, ...]]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    initializers: Mapping[str, Array]
    metadata: Mapping[str, str]
    opset: int
    sha256: str


def check(path: str | Path, allowed_sha256: str | Collection[str] | None = None) -> Graph:
    """The graph of an ONNX file that may be run here.

    Parameters
    ----------
    path : path
        File, at most 64 MB. Nothing outside it is read, nothing in it is run.
    allowed_sha256 : str or collection of str, optional
        What the SHA-256 of the file must be: one of these. Anything goes by default.

    Returns
    -------
    Graph

    Raises
    ------
    ValueError
        If the file is larger, has another hash, is cut off or malformed, keeps tensors in other files, or uses an
        operator, an attribute or a data type that is not known here. The message names the file.
    OSError
        If it cannot be read.
    """
    path = Path(path)
    try:
        data = _bytes(path)
        _check_hash(data, allowed_sha256)
        graph = parse(data)
        check_operators(graph)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None
    return graph


def _bytes(path: Path) -> bytes:
    """All bytes of a file, unless it has too many; also where its size is not known beforehand."""
    with path.open("rb") as file:
        data = file.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise ValueError(f"has more than {LIMIT:,} bytes; networks of ours have a few million")
    return data


def _check_hash(data: bytes, allowed: str | Collection[str] | None) -> None:
    found = hashlib.sha256(data).hexdigest()
    known = [allowed] if isinstance(allowed, str) else allowed
    if known is not None and found not in {one.lower() for one in known}:
        raise ValueError(f"has SHA-256 {found}, which is not a known one; it was changed or damaged: fetch it anew")


def parse(data: bytes) -> Graph:
    """The graph in the bytes of an ONNX file; its operators are not looked at.

    Raises
    ------
    ValueError
        If it is cut off or malformed, uses parts of the format that networks like ours do without, or a tensor is used
        before it is made.
    """
    model = read(data)
    graph = model["graph"]
    if graph is None:
        raise ValueError("holds no graph; is it an ONNX file?")
    initializers = _unique("tensor", [(tensor["name"], _array(tensor)) for tensor in graph["initializer"]])
    inputs = _unique("input", [(value["name"], _sides(value)) for value in graph["input"]])
    found = Graph(
        inputs={name: sides for name, sides in inputs.items() if name not in initializers},
        outputs=tuple(value["name"] for value in graph["output"]),
        nodes=tuple(map(_node, graph["node"])),
        initializers=initializers,
        metadata=_unique("note", [(entry["key"], entry["value"]) for entry in model["metadata_props"]]),
        opset=_opset(model["opset_import"]),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    _check_order(found)
    return found


def check_operators(graph: Graph) -> None:
    """Refuse a graph with an operator, an attribute or a use of them that is not known here.

    Raises
    ------
    ValueError
        With the name of the operator. Biases are refused too: without them a network is linear wherever its rectifiers
        do not switch, which is what makes its results explicable.
    """
    for node in graph.nodes:
        if node.op not in OPERATORS:
            raise ValueError(f"uses the operator {node.op!r}, which is not known here; known: {', '.join(OPERATORS)}")
        count, attributes = OPERATORS[node.op]
        if len(node.inputs) not in count or len(node.outputs) != 1 or "" in node.inputs + node.outputs:
            raise ValueError(f"{node} has inputs {node.inputs} and outputs {node.outputs}; biases are not known here")
        if unknown := sorted(set(node.attributes) - attributes):
            raise ValueError(f"{node} has the attribute {unknown[0]!r}, which is not known here")
        if odd := [name for name, value in node.attributes.items() if not _is_usual(name, value)]:
            raise ValueError(f"{node} has {odd[0]} = {node.attributes[odd[0]]!r}, which is not known here")
    _check_constants(graph)


def _is_usual(name: str, value: int | float | str | tuple[Any, ...] | Array | None) -> bool:
    """Whether a value of an attribute is one that is known here, and no larger than anybody needs."""
    if name in ("auto_pad", "to"):
        return value == {"auto_pad": "NOTSET", "to": FLOAT}[name]
    numbers = value if isinstance(value, tuple) else (value,)
    return all(isinstance(number, int) and abs(number) <= LARGEST for number in numbers)


def _check_constants(graph: Graph) -> None:
    """Refuse weights and corners that are computed from an image, constants that are added, products of images."""
    constant = set(graph.initializers)
    for node in graph.nodes:
        still = [name in constant for name in node.inputs]
        if all(still):
            constant.update(node.outputs)
        elif node.op in ("Conv", "ConvTranspose", "Slice") and not all(still[1:]):
            raise ValueError(f"{node} does not have constant weights or corners")
        elif node.op in ("Add", "Concat") and any(still):
            raise ValueError(f"{node} brings in a constant; that is a bias, and biases are not known here")
        elif node.op == "Mul" and not any(still):
            raise ValueError(f"{node} multiplies two images; only a constant can be a factor here")


def _check_order(graph: Graph) -> None:
    """Every tensor is made once, and before it is used."""
    made = {*graph.inputs, *graph.initializers}
    for node in graph.nodes:
        if missing := [name for name in node.inputs if name and name not in made]:
            raise ValueError(f"{node} uses the tensor {missing[0]!r}, which nothing before it makes")
        if twice := [name for name in node.outputs if name in made]:
            raise ValueError(f"{node} makes the tensor {twice[0]!r}, which is there already")
        made.update(node.outputs)
    if not graph.outputs or not made.issuperset(graph.outputs):
        raise ValueError(f"no node makes all of its outputs {graph.outputs}")


def _opset(imports: list[Message]) -> int:
    for entry in imports:
        if entry["domain"] not in DOMAINS:
            raise ValueError(f"uses operators of {entry['domain']!r}; only those of ONNX itself are known here")
    versions = {entry["version"] for entry in imports}
    if len(versions) != 1 or not versions <= set(OPSETS):
        raise ValueError(f"uses opset {sorted(versions)}; {OPSETS[0]} to {OPSETS[-1]} can be read, write it with 17")
    return int(versions.pop())


def _node(node: Message) -> Node:
    name, op = node["name"], node["op_type"]
    if node["domain"] not in DOMAINS:
        raise ValueError(f"uses the operator {op!r} of {node['domain']!r}; only those of ONNX itself are known here")
    attributes = _unique("attribute", [(entry["name"], _attribute(entry)) for entry in node["attribute"]])
    return Node(op, name, tuple(node["input"]), tuple(node["output"]), attributes)


def _attribute(entry: Message) -> Any:
    """The value of an attribute, of the type that it says it has."""
    kinds = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints", 8: "strings"}
    if entry["type"] not in kinds:
        raise ValueError(f"attribute {entry['name']!r} is of type {entry['type']}, which is not known here")
    value = entry[kinds[entry["type"]]]
    if kinds[entry["type"]] == "t":
        return None if value is None else _array(value)
    return tuple(value) if isinstance(value, list) else value


def _array(tensor: Message) -> Array:
    """The numbers of a tensor, read-only."""
    name, dims, kind = tensor["name"], tensor["dims"], tensor["data_type"]
    if tensor["data_location"] or tensor["external_data"]:
        raise ValueError(f"keeps the tensor {name!r} in another file; a file must hold all of its tensors")
    if kind not in TYPES:
        raise ValueError(
            f"tensor {name!r} has data type {kind}; float32 (1), float16 (10) and int64 (7) are known here"
        )
    size = prod(dims) * np.dtype(TYPES[kind]).itemsize
    if min(dims, default=0) < 0 or len(dims) > 8 or size != len(tensor["raw_data"]):
        raise ValueError(
            f"tensor {name!r} {tuple(dims)} should have {size} raw bytes but has {len(tensor['raw_data'])}"
        )
    array = np.frombuffer(tensor["raw_data"], TYPES[kind]).reshape(dims)
    if not np.isfinite(array).all():
        raise ValueError(f"tensor {name!r} holds NaN or infinity; the file was damaged or its training failed")
    return array


def _sides(value: Message) -> tuple[int | str | None, ...]:
    """What is said of the sides of an input."""
    tensor = value["type"] and value["type"]["tensor_type"]
    if not tensor or tensor["elem_type"] != FLOAT or tensor["shape"] is None:
        raise ValueError(f"input {value['name']!r} is not a float32 tensor with a shape")
    return tuple(side["dim_param"] or side["dim_value"] or None for side in tensor["shape"]["dim"])


def _unique(what: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"has two of one name for a {what}; names must differ")
    return found
