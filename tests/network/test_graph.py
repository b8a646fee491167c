"""ONNX files read without the onnx package: what is in them, and what is refused."""

from __future__ import annotations

import contextlib
import hashlib
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_deconv.network import graph as reading
from napari_deconv.network import wire
from network import onnx_bytes as onnx

FILE = onnx.network()
HASH = hashlib.sha256(FILE).hexdigest()


@pytest.fixture
def saved(tmp_path):
    """A function that writes bytes to a file."""

    def save(data):
        path = tmp_path / "network.onnx"
        path.write_bytes(data)
        return path

    return save


def with_node(*nodes, tensors=None, inputs=None, **how):
    """A file of some nodes between `image` and `out`."""
    body = onnx.graph(list(nodes), inputs or {"image": ("N", 1, "H", "W")}, ["out"], tensors or {})
    return onnx.model(body, **how)


def with_tensor(content):
    """A file whose only tensor is made of those bytes."""
    body = onnx.graph([onnx.node("Relu", "image", "out")], {"image": ("N", 1)}, ["out"], {})
    return onnx.model(body + onnx.field(5, content))


def test_everything_in_the_file_is_read(saved):
    found = reading.check(saved(FILE))
    assert found.inputs == onnx.INPUTS
    assert found.outputs == ("denoised",)
    assert (found.opset, found.sha256, found.metadata) == (17, HASH, {"name": "test"})
    assert [node.op for node in found.nodes][4:8] == ["Slice", "Concat", "Conv", "Conv"]
    down = next(node for node in found.nodes if node.name == "down.0")
    assert (down.inputs, down.outputs) == (("both", "door.float"), ("down",))
    assert down.attributes == {"strides": (2, 2), "pads": (1, 1, 1, 1)}
    for name, array in onnx.weights().items():
        assert found.initializers[name].dtype == array.dtype
        assert np.array_equal(found.initializers[name], array)
        assert not found.initializers[name].flags.writeable


def test_attributes_of_every_type_are_read():
    strings = onnx.field(1, "words") + onnx.field(9, "a") + onnx.field(9, "b") + onnx.field(20, 8)
    floats = onnx.field(1, "floats") + onnx.field(7, np.array([1.5, -2], "<f4").tobytes()) + onnx.field(20, 6)
    packed = onnx.field(1, "packed") + onnx.field(8, onnx.varint(300) + onnx.varint(-1)) + onnx.field(20, 7)
    array = onnx.field(1, "array") + onnx.field(5, onnx.tensor("", np.eye(2, dtype=np.float32))) + onnx.field(20, 4)
    node = onnx.node("Odd", "image", "out", number=-3, half=0.5, word="x", many=(1, 2))
    node += b"".join(onnx.field(5, one) for one in (strings, floats, packed, array))
    found = dict(reading.parse(with_node(node)).nodes[0].attributes)
    assert np.array_equal(found.pop("array"), np.eye(2))
    assert found == {
        "number": -3,
        "half": 0.5,
        "word": "x",
        "many": (1, 2),
        "words": ("a", "b"),
        "floats": (1.5, -2.0),
        "packed": (300, -1),
    }


def test_initializers_that_are_listed_as_inputs_are_none():
    tensors = {"factor": np.ones(1, np.float32)}
    inputs = {"image": ("N", 1, "H", "W"), "factor": (1,)}
    found = reading.parse(with_node(onnx.node("Mul", "image factor", "out"), tensors=tensors, inputs=inputs))
    assert list(found.inputs) == ["image"]


@pytest.mark.parametrize("allowed", [HASH, HASH.upper(), [HASH, "0" * 64], {HASH}])
def test_known_hash_passes(saved, allowed):
    assert reading.check(saved(FILE), allowed).sha256 == HASH


@pytest.mark.parametrize("allowed", ["0" * 64, [], ["0" * 64]])
def test_unknown_hash_is_refused(saved, allowed):
    with pytest.raises(ValueError, match=rf"^network.onnx: has SHA-256 {HASH}, which is not a known one"):
        reading.check(saved(FILE), allowed)


def test_large_file_is_refused_before_it_is_read(saved, monkeypatch):
    monkeypatch.setattr(reading, "LIMIT", len(FILE) - 1)
    with pytest.raises(ValueError, match="has more than"):
        reading.check(saved(FILE))


def test_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        reading.check(tmp_path / "nothing.onnx")


EXTERNAL = onnx.field(13, onnx.field(1, "location") + onnx.field(2, "../weights.bin"))
RAW = np.zeros(2, np.float32)
UNKNOWN = {
    "operator": (
        onnx.node("Sigmoid", "image", "out"),
        {},
        "uses the operator 'Sigmoid', which is not known here; known",
    ),
    "domain of a node": (onnx.node("Relu", "image", "out", domain="com.acme"), {}, "operator 'Relu' of 'com.acme'"),
    "attribute": (onnx.node("Relu", "image", "out", alpha=1), {}, "Relu 'out' has the attribute 'alpha'"),
    "cast to integers": (onnx.node("Cast", "image", "out", to=7), {}, "has to = 7"),
    "padding": (onnx.node("Conv", "image w", "out", auto_pad="SAME_LOWER"), {}, "has auto_pad = 'SAME_LOWER'"),
    "padding without end": (onnx.node("Conv", "image w", "out", pads=(10**9,) * 4), {}, "has pads = "),
    "bias": (onnx.node("Conv", "image w b", "out"), {}, "biases are not known here"),
    "added constant": (onnx.node("Add", "image b", "out"), {}, "that is a bias"),
    "product": (onnx.node("Mul", "image image", "out"), {}, "multiplies two images"),
    "computed weights": (onnx.node("Conv", "image image", "out"), {}, "does not have constant weights"),
    "two outputs": (onnx.node("Relu", "image", "out more"), {}, "has inputs"),
    "nothing made": (onnx.node("Relu", "mask", "out"), {}, "uses the tensor 'mask', which nothing before it makes"),
    "made twice": (onnx.node("Relu", "image", "image"), {}, "makes the tensor 'image', which is there already"),
    "no output": (onnx.node("Relu", "image", "other"), {}, "no node makes all of its outputs"),
    "old operators": (onnx.node("Relu", "image", "out"), {"opset": 9}, r"uses opset \[9\]"),
    "domain of operators": (onnx.node("Relu", "image", "out"), {"domain": "com.acme"}, "operators of 'com.acme'"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_is_not_known_is_refused_by_name(saved, case):
    node, how, words = UNKNOWN[case]
    tensors = {"w": np.ones((1, 1, 3, 3), np.float32), "b": np.ones(1, np.float32)}
    with pytest.raises(ValueError, match=words):
        reading.check(saved(with_node(node, tensors=tensors, **how)))


TENSORS = {
    "external data": (onnx.tensor("w", RAW) + EXTERNAL, "keeps the tensor 'w' in another file"),
    "external location": (onnx.tensor("w", RAW) + onnx.field(14, 1), "keeps the tensor 'w' in another file"),
    "type": (onnx.tensor("w", np.zeros(2)), "tensor 'w' has data type 11"),
    "too few bytes": (
        onnx.field(1, 3) + onnx.tensor("w", RAW),
        r"tensor 'w' \(3, 2\) should have 24 raw bytes but has 8",
    ),
    "negative side": (onnx.field(1, -1) + onnx.tensor("w", RAW), "should have"),
    "sides without end": (onnx.field(1, 2**62) * 3 + onnx.tensor("w", RAW), "should have"),
    "numbers that are not raw": (onnx.tensor("w", RAW) + onnx.field(4, RAW.tobytes()), "has the field 4 in a tensor"),
    "NaN": (onnx.tensor("w", np.array([1, np.nan], np.float32)), "holds NaN or infinity"),
    "two types": (onnx.tensor("w", RAW) + onnx.field(2, 1), "has the field 2 of a tensor twice"),
}


@pytest.mark.parametrize("case", TENSORS)
def test_odd_tensors_are_refused(saved, case):
    content, words = TENSORS[case]
    with pytest.raises(ValueError, match=rf"^network.onnx: .*{words}"):
        reading.check(saved(with_tensor(content)))


RELU = onnx.node("Relu", "image", "out")
MALFORMED = {
    "empty": (b"", "holds no graph; is it an ONNX file"),
    "text": (b"PK\3\4 not a network at all", "."),
    "a number that does not end": (b"\xff" * 11, "malformed or cut off in a number"),
    "a number of 65 bits": (b"\x08" + b"\xff" * 9 + b"\x02", "malformed or cut off in a number"),
    "group": (b"\x0b", "wire type 3"),
    "functions": (with_node(RELU) + onnx.field(25, b""), "field 25 in a model"),
    "subgraph": (with_node(RELU + onnx.field(5, onnx.field(1, "body") + onnx.field(6, b""))), "field 6 in a attribute"),
    "attribute without a type": (with_node(RELU + onnx.field(5, onnx.field(1, "a"))), "is of type 0"),
    "attribute twice": (with_node(RELU + 2 * onnx.field(5, onnx.attribute("a", 1))), "two of one name"),
    "two graphs": (with_node(RELU) + onnx.field(7, b""), "field 7 of a model twice"),
    "a name that is no text": (with_node(RELU + onnx.field(1, b"\xff\xfe")), "a name in a node is not text"),
    "a number for a message": (onnx.field(7, 1), "wire type 0, not 2"),
    "half a float": (with_node(RELU + onnx.field(5, onnx.field(7, b"abc"))), "cut off in the numbers"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_files_are_refused_in_plain_words(saved, case):
    data, words = MALFORMED[case]
    with pytest.raises(ValueError, match=rf"^network.onnx: .*{words}"):
        reading.check(saved(data))


def test_input_that_is_no_float32_is_refused():
    body = (
        onnx.field(1, RELU)
        + onnx.field(11, onnx.value("image", ("N",), kind=7))
        + onnx.field(12, onnx.value("out", ()))
    )
    with pytest.raises(ValueError, match="input 'image' is not a float32 tensor"):
        reading.parse(onnx.model(body))


def test_files_of_many_small_parts_are_refused(monkeypatch):
    monkeypatch.setattr(wire, "MOST", 1000)
    for many in (onnx.field(1, b"") * 1000, onnx.field(5, onnx.field(1, b"\1" * 1000))):
        with pytest.raises(ValueError, match="more than 1,000 values"):
            reading.parse(onnx.field(7, many))


@pytest.mark.parametrize("share", np.linspace(0, 0.999, 25).tolist())
def test_files_that_are_cut_off_are_refused(saved, share):
    with pytest.raises(ValueError, match=r"^network.onnx: "):
        reading.check(saved(FILE[: int(share * len(FILE))]))


@given(st.data())
@settings(max_examples=300)
def test_damaged_files_are_read_or_refused_but_nothing_else(data):
    damaged = bytearray(FILE)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(FILE) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ValueError):
        reading.check_operators(reading.parse(bytes(damaged)))


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_anything_else_is_refused(data):
    with pytest.raises(ValueError):
        reading.check_operators(reading.parse(data))


def test_what_the_onnx_package_writes_is_read(tmp_path):
    package = pytest.importorskip("onnx")
    weight = np.random.default_rng(0).normal(size=(2, 1, 3, 3)).astype(np.float32)
    nodes = [package.helper.make_node("Conv", ["image", "w"], ["out"], name="c", pads=[1, 1, 1, 1], doc_string="words")]
    value = package.helper.make_tensor_value_info("image", 1, ["N", 1, "H", "W"])
    out = package.helper.make_tensor_value_info("out", 1, ["N", 2, "H", "W"])
    body = package.helper.make_graph(nodes, "g", [value], [out], [package.numpy_helper.from_array(weight, "w")])
    opset = [package.helper.make_opsetid("", 17)]
    path = tmp_path / "network.onnx"
    path.write_bytes(package.helper.make_model(body, opset_imports=opset, doc_string="words").SerializeToString())
    found = reading.check(os.fspath(path))
    assert np.array_equal(found.initializers["w"], weight)
    assert found.nodes[0].attributes == {"pads": (1, 1, 1, 1)}
    assert found.inputs == {"image": ("N", 1, "H", "W")}


def test_bytes_of_the_tests_are_what_the_onnx_package_understands():
    package = pytest.importorskip("onnx")
    package.checker.check_model(package.load_model_from_string(FILE), full_check=True)
