"""Networks run with NumPy or CuPy alone: forwards, and backwards for explanations."""

from __future__ import annotations

from collections.abc import Iterable
from math import lcm
from typing import Any, Literal

import numpy as np

from .graph import Graph, Node, check_operators
from .operations import IN_PLACE, OPERATIONS, Array, Back, Rule

RULES: tuple[Rule, ...] = ("gradient", "deconvnet", "guided")
Shape = tuple[int, ...]
Arrays = dict[str, Array]


class Executor:
    """A network that was read from a file, ready to run.

    Parameters
    ----------
    graph : Graph
        What `graph.check` gave.
    xp : module
        NumPy or CuPy: where weights and results are.
    dtype : {"float32", "float64"}
        Precision of weights and computation.

    Raises
    ------
    ValueError
        If the graph has an operator that is not known, no input, or several outputs.

    Notes
    -----
    Networks have no biases. They are therefore homogeneous, f(a y, a sigma) = a f(y, sigma) for a > 0, and linear where
    no rectifier switches: f(y, sigma) is exactly its Jacobian there times (y, sigma) [1]_.

    References
    ----------
    .. [1] S. Mohan, Z. Kadkhodaie, E. P. Simoncelli, C. Fernandez-Granda, "Robust and interpretable blind image
           denoising via bias-free convolutional neural networks", ICLR (2020).
    """

    def __init__(self, graph: Graph, xp: Any = np, dtype: Literal["float32", "float64"] = "float32") -> None:
        check_operators(graph)
        if len(graph.outputs) != 1 or not graph.inputs:
            raise ValueError(
                f"the network has inputs {list(graph.inputs)} and outputs {list(graph.outputs)}, not one output"
            )
        self.graph = graph
        self.xp = xp
        self.dtype = np.dtype(dtype)
        constants = {name: self._on_device(array) for name, array in graph.initializers.items()}
        self._steps = [node for node in graph.nodes if not self._folded(node, constants)]
        last = {name: number for number, node in enumerate(self._steps) for name in node.inputs}
        self._constants = {name: array for name, array in constants.items() if name in last}
        kept = {*constants, *graph.outputs}
        self._dying = [
            [name for name in dict.fromkeys(node.inputs) if last[name] == number and name not in kept]
            for number, node in enumerate(self._steps)
        ]

    def _on_device(self, array: Array) -> Array:
        """A tensor of the file in the precision of the computation; corners of slices stay on the host."""
        return array if array.dtype.kind == "i" else self.xp.asarray(array.astype(self.dtype))

    def _folded(self, node: Node, constants: Arrays) -> bool:
        """Whether the result of a node depends on no image; it is then a constant too, computed once."""
        if not all(name in constants for name in node.inputs):
            return False
        forward, _ = OPERATIONS[node.op]
        constants[node.outputs[0]] = forward(node, self.xp, None, *(constants[name] for name in node.inputs))
        return True

    @property
    def multiple(self) -> Shape:
        """What the sides of an image must be multiples of, so that it comes up in the size in which it went down."""
        ndim = max(map(len, self.graph.inputs.values())) - 2
        scales: dict[str, Shape] = dict.fromkeys(self.graph.inputs, (1,) * ndim)
        for node in self._steps:
            scale = next(scales[name] for name in node.inputs if name in scales)
            strides = node.attributes.get("strides", (1,) * ndim)
            if node.op == "Conv":
                scale = tuple(a * b for a, b in zip(scale, strides, strict=True))
            elif node.op == "ConvTranspose":
                scale = tuple(max(a // b, 1) for a, b in zip(scale, strides, strict=True))
            scales[node.outputs[0]] = scale
        return tuple(lcm(*along) for along in zip(*scales.values(), strict=True))

    def __call__(self, *inputs: Array) -> Array:
        """What the network makes of its inputs; for ours ``executor(image, sigma)``.

        Parameters
        ----------
        *inputs : array
            As many as the graph has, in its order. Ours has an image (N, C, H, W) in any unit, and the standard
            deviation of its noise in that unit, (N, 1, H, W). Sides are multiples of `multiple`.

        Returns
        -------
        array
            In the executor's precision.

        Raises
        ------
        ValueError
            If number or shapes of the inputs are not those of the graph.
        """
        values = self._constants | self._checked(inputs)
        for node, dying in zip(self._steps, self._dying, strict=True):
            arrays = [values[name] for name in node.inputs]
            forward, _ = OPERATIONS[node.op]
            values[node.outputs[0]] = forward(node, self.xp, self._spare(node, dying, arrays), *arrays)
            for name in dying:
                del values[name]
        return values[self.graph.outputs[0]]

    def _spare(self, node: Node, dying: list[str], arrays: list[Array]) -> Array | None:
        """An input that nobody needs any more and the result may overwrite; never one of the caller's."""
        if node.op not in IN_PLACE:
            return None
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        free = zip(node.inputs, arrays, strict=True)
        return next(
            (a for name, a in free if name in dying and name not in self.graph.inputs and a.shape == shape), None
        )

    def tape(self, *inputs: Array, keep: Iterable[str] = ()) -> Tape:
        """What the network makes of its inputs, and the way back from there.

        Parameters
        ----------
        *inputs : array
            As for a plain call.
        keep : iterable of str
            Names of inner tensors whose values are wanted.

        Raises
        ------
        ValueError
            If number or shapes of the inputs are not those of the graph, or no node makes a tensor of that name.
        """
        values = self._constants | self._checked(inputs)
        shapes = {name: values[name].shape for name in self.graph.inputs}
        tape = Tape(self.xp, shapes, self.graph.outputs[0], self.dtype)
        if unknown := sorted(set(keep) - {name for node in self._steps for name in node.outputs}):
            raise ValueError(f"no step makes a tensor {unknown[0]!r}; graph.nodes has the names")
        kept = {*keep, *self.graph.outputs}
        for node, dying in zip(self._steps, self._dying, strict=True):
            arrays = [values[name] for name in node.inputs]
            forward, back = OPERATIONS[node.op]
            value = values[node.outputs[0]] = forward(node, self.xp, None, *arrays)
            tape.record(node, value, back(node, self.xp, value, *arrays), keep=node.outputs[0] in kept)
            for name in dying:
                del values[name]
        return tape

    def _checked(self, inputs: tuple[Array, ...]) -> Arrays:
        """Inputs by their names, once number and shapes are right."""
        if len(inputs) != len(self.graph.inputs):
            raise ValueError(f"{len(inputs)} inputs were given; the network takes {', '.join(self.graph.inputs)}")
        free: dict[str, int] = {}
        found = {}
        for (name, sides), given in zip(self.graph.inputs.items(), inputs, strict=True):
            array = found[name] = self.xp.asarray(given, dtype=self.dtype)
            if len(sides) != array.ndim or not all(
                _fits(said, n, free) for said, n in zip(sides, array.shape, strict=True)
            ):
                raise ValueError(
                    f"{name} has shape {array.shape}; expected ({', '.join(map(str, sides))}), with {free}"
                )
        self._check_sides(next(iter(found.values())).shape)
        return found

    def _check_sides(self, shape: Shape) -> None:
        multiple = self.multiple
        sides = shape[len(shape) - len(multiple) :]
        if any(n % m or not n for n, m in zip(sides, multiple, strict=True)):
            raise ValueError(f"sides {sides} must be multiples of {multiple}; pad by reflection, and crop the result")


class Tape:
    """A run of a network that remembers which rectifiers let through, so that gradients find their way back.

    Made by `Executor.tape`. Of feature maps it holds those that were asked for, and those that meet a constant factor.

    Attributes
    ----------
    output : array
        Result of the run.
    values : dict of array
        Inner tensors that were to be kept, and the result.
    shapes : dict of tuple
        Shapes of all tensors by name, inputs first.
    """

    def __init__(self, xp: Any, inputs: dict[str, Shape], output: str, dtype: Any) -> None:
        self.values: Arrays = {}
        self.shapes = dict(inputs)
        self._xp, self._dtype, self._inputs, self._output = xp, dtype, tuple(inputs), output
        self._steps: list[tuple[Node, Back]] = []

    def record(self, node: Node, value: Array, back: Back, *, keep: bool) -> None:
        """Remember a step."""
        self._steps.append((node, back))
        self.shapes[node.outputs[0]] = value.shape
        if keep:
            self.values[node.outputs[0]] = value

    @property
    def output(self) -> Array:
        """Result of the run."""
        return self.values[self._output]

    def back(
        self,
        gradient: Array | None = None,
        *,
        rule: Rule = "gradient",
        at: str | None = None,
        unit: tuple[int, ...] | None = None,
    ) -> tuple[Array, ...]:
        r"""A gradient with respect to a tensor, taken back to the inputs: :math:`J^T g`.

        Parameters
        ----------
        gradient : array, optional
            Of the shape of the tensor.
        rule : {"gradient", "deconvnet", "guided"}
            What rectifiers do on the way back: stay closed where they were closed on the way there, which is the true
            gradient; let through what is positive [1]_; both [2]_.
        at : str, optional
            Name of the tensor, one of `shapes`; the result of the network by default.
        unit : tuple of int, optional
            Instead of a gradient: index of the one sample, or of the samples, whose sum is explained. ``(0, 5)`` is all
            of channel 5 of the first picture, ``(0, 5, 120, 88)`` one sample of it.

        Returns
        -------
        tuple of array
            One for each input, of its shape.

        Raises
        ------
        ValueError
            If the rule or the tensor is unknown, or not one of gradient and unit was given, of that tensor's shape.

        References
        ----------
        .. [1] M. D. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks", ECCV (2014).
        .. [2] J. T. Springenberg et al., "Striving for simplicity: the all convolutional net", ICLR workshop (2015).
        """
        if rule not in RULES:
            raise ValueError(f"unknown rule {rule!r}; known: {', '.join(RULES)}")
        start = self._output if at is None else at
        if start not in self.shapes:
            raise ValueError(f"there is no tensor {at!r}; known: {', '.join(self.shapes)}")
        gradients = {start: self._gradient(self.shapes[start], gradient, unit)}
        for node, back in reversed(self._steps):
            arriving = gradients.pop(node.outputs[0], None)
            if arriving is not None:
                self._share(gradients, node, back(arriving, rule))
        return tuple(
            gradients[name] if name in gradients else self._xp.zeros(self.shapes[name], self._dtype)
            for name in self._inputs
        )

    def _share(self, gradients: Arrays, node: Node, shares: tuple[Array | None, ...]) -> None:
        """Add what reaches the inputs of a node to what has reached them before; constants get nothing."""
        for name, share in zip(node.inputs, shares, strict=True):
            if share is not None and name in self.shapes:
                gradients[name] = gradients[name] + share if name in gradients else share

    def _gradient(self, shape: Shape, gradient: Array | None, unit: tuple[int, ...] | None) -> Array:
        """What to start with, in the precision of the run."""
        if (gradient is None) == (unit is None):
            raise ValueError("give either a gradient or a unit")
        if unit is None:
            found = self._xp.asarray(gradient, dtype=self._dtype)
            if found.shape != shape:
                raise ValueError(f"gradient has shape {found.shape} but the tensor has {shape}")
            return found
        if len(unit) > len(shape) or not all(-n <= i < n for i, n in zip(unit, shape, strict=False)):
            raise ValueError(f"unit {unit} lies outside the tensor, which has shape {shape}")
        found = self._xp.zeros(shape, self._dtype)
        found[unit] = 1
        return found


def _fits(said: int | str | None, n: int, free: dict[str, int]) -> bool:
    """Whether a side is what the graph says of it; sides of one name are equal."""
    expected = free.setdefault(said, n) if isinstance(said, str) else said
    return expected is None or n == expected
