"""A trained network as an ONNX file: constant weights, eight operators, the same file for every engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..io.files import write_whole
from .graph import check_operators, parse

if TYPE_CHECKING:
    from .model import Network, Trunk

OPSET, IR_VERSION = 17, 8  # of one age: onnxruntime reads both from 1.11 on
INPUTS = ("image", "prior", "sigma")


def export(
    network: Network,
    path: str | Path,
    colours: int,
    *,
    dtype: Literal["float16", "float32"] = "float16",
    facts: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> str:
    """Write a network as an ONNX file for pictures of so many colours.

    The graph takes ``image`` and ``prior`` (N, colours, H, W) and ``sigma`` (N, 1, H, W) and gives ``denoised``. A
    kernel that goes down as `down.n` comes up as `up.n` and is stored once, as `resample.n.weight`, with all that is
    done to it before use; level 0 is the door, level n + 1 number n of the trunk. Other names are those of the model:
    `encode.level.block.first`, ….

    Parameters
    ----------
    network : Network
        Its weights are read, whatever device they are on.
    path : path
        File to write.
    colours : int
        1 or 3: the door through which pictures go in and out.
    dtype : {"float16", "float32"}
        How weights are stored, but for those of the door: these have sums of exactly zero, and rounded to half
        precision they would let the mean of an image in. Engines compute in float32 in either case.
    facts : dict of str, optional
        Metadata of the file: name, licence, hash of the training state, ….
    overwrite : bool
        Replace an existing file.

    Returns
    -------
    str
        SHA-256 of the file.

    Raises
    ------
    ValueError
        If the network has an option (those are for comparisons only) or no such door, or weights are not finite in
        `dtype`.
    FileExistsError
        If `path` exists and is not to be overwritten.
    """
    import onnx

    drawing = _Drawing(dtype)
    _draw(drawing, network, colours)
    model = onnx.helper.make_model(
        _graph(drawing, colours),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="napari-deconv",
    )
    onnx.helper.set_model_props(model, dict(facts or {}))
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString()
    check_operators(graph := parse(data))
    with write_whole(path, overwrite=overwrite) as file:
        file.write(data)
    return graph.sha256


class _Drawing:
    """Nodes and tensors of a graph under construction; every step is named, and so is its result."""

    def __init__(self, dtype: str) -> None:
        self.nodes: list[Any] = []
        self.tensors: list[Any] = []
        self._dtype = dtype

    def step(self, op: str, name: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def numbers(self, name: str, array: Any) -> str:
        from onnx import numpy_helper

        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weight(self, name: str, tensor: Any, *, exact: bool = False) -> str:
        """Store a weight once; in half precision a cast follows, which engines do while they load."""
        array = tensor.detach().cpu().numpy().astype(np.float32)
        if exact or self._dtype == "float32":
            return self.numbers(name, array)
        with np.errstate(over="ignore"):  # what becomes infinite is refused when the file is checked
            half = self.numbers(f"{name}.half", array.astype(np.float16))
        return self.step("Cast", name, half, to=1)

    def convolution(self, name: str, x: str, layer: Any) -> str:
        weight = self.weight(f"{name}.weight", layer.weight)
        return self.step("Conv", name, x, weight, pads=[layer.padding[0]] * 4)

    def resampling(self, op: str, name: str, x: str, weight: str) -> str:
        return self.step(op, name, x, weight, strides=[2, 2], pads=[1] * 4)

    def residual(self, name: str, x: str, block: Any) -> str:
        inner = self.convolution(f"{name}.first", x, block.first)
        branch = self.convolution(f"{name}.second", self.step("Relu", f"{name}.relu", inner), block.second)
        return self.step("Add", name, x, branch)


def _draw(drawing: _Drawing, network: Network, colours: int) -> None:
    """All steps from the inputs to `denoised`."""
    if network.option != "shared":
        raise ValueError(f"a network with the option {network.option!r} is for comparisons only; export Network(size)")
    if str(colours) not in network.doors:
        raise ValueError(f"the network has no door for {colours} colours; it has {', '.join(network.doors)}")
    trunk: Any = network.trunk
    kernels: list[Any] = [network.doors[str(colours)], *trunk.resample]
    names = (f"resample.{level}.weight" for level in range(len(kernels)))
    weights = [drawing.weight(n, k.weight, exact=k is kernels[0]) for n, k in zip(names, kernels, strict=True)]
    both = drawing.step("Concat", "image.prior.sigma", *INPUTS, axis=1)
    features = _level(drawing, trunk, drawing.resampling("Conv", "down.0", both, weights[0]), weights, 0)
    corners = [drawing.numbers(f"up.0.{name}", np.array([n])) for name, n in zip(CORNERS, (0, colours, 1), strict=True)]
    narrow = drawing.step("Slice", "up.0.weight", weights[0], *corners)  # what would come up for sigma is not wanted
    residual = drawing.resampling("ConvTranspose", "up.0", features, narrow)
    drawing.step("Add", "denoised", INPUTS[0], residual)


CORNERS = ("starts", "ends", "axes")


def _level(drawing: _Drawing, trunk: Trunk, x: str, weights: list[str], level: int) -> str:
    """The steps of `Trunk._level`."""
    x = _blocks(drawing, f"encode.{level}", x, trunk.encode[level])
    if level + 1 < len(weights):
        below = drawing.resampling("Conv", f"down.{level + 1}", x, weights[level + 1])
        below = _level(drawing, trunk, below, weights, level + 1)
        x = drawing.step(
            "Add", f"join.{level}", x, drawing.resampling("ConvTranspose", f"up.{level + 1}", below, weights[level + 1])
        )
        x = _blocks(drawing, f"decode.{level}", x, trunk.decode[level])
    return drawing.convolution(f"mix.{level}", x, trunk.mix[level])


def _blocks(drawing: _Drawing, name: str, x: str, blocks: Any) -> str:
    for number, block in enumerate(blocks):
        x = drawing.residual(f"{name}.{number}", x, block)
    return x


def _graph(drawing: _Drawing, colours: int) -> Any:
    """The graph with its doors to the outside; batch and sides are free."""
    from onnx import TensorProto, helper

    def tensor(name: str, channels: int) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", channels, "H", "W"])

    inputs = [tensor(name, channels) for name, channels in zip(INPUTS, (colours, colours, 1), strict=True)]
    return helper.make_graph(drawing.nodes, "denoiser", inputs, [tensor("denoised", colours)], drawing.tensors)
