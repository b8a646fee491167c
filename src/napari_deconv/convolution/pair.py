"""A convolution and its transpose with the same weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from .arithmetic import Axis, Padding, PerAxis, Shape, axes_of, backward_shape, forward_shape, whole
from .gather import Array, Offsets, gather, kind, moved, namespace, real, window, zeros


def convolution(
    x: Array, weight: Array, *, stride: PerAxis = 1, padding: Padding = 0, dilation: PerAxis = 1, groups: int = 1
) -> Array:
    r"""Strided convolution C x of an image with a bank of kernels, in the sense of neural networks: not mirrored.

    .. math:: (C x)_i = \sum_t w_t \, x_{i s + t d - b}

    Parameters
    ----------
    x : array, shape (C_in, ...) or (N, C_in, ...)
        Image with channels first, one to three further axes; a batch of them with one axis more.
    weight : array, shape (C_out, C_in / groups, ...)
        Kernels.
    stride, dilation : int or tuple of int
        Samples between two outputs, and between two taps.
    padding : int, tuple of int, tuple of pairs, or {"same", "valid", "full"}
        Zeros around the image: everywhere, for each axis, or (before, behind) for each axis. "valid" is none; "full" as
        many as let every tap see every sample; "same" as many as make the size ``ceil(n / stride)``, one more behind
        where their number is odd, as TensorFlow does.
    groups : int
        Groups of channels that do not see each other.

    Returns
    -------
    array, shape (C_out, ...) or (N, C_out, ...)
        float64 if `x` or `weight` is, else float32.

    Raises
    ------
    ValueError
        If shapes do not belong together, a number is not possible, or the kernel does not fit into the padded image.
    TypeError
        If the arrays belong to different libraries.

    References
    ----------
    .. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv 1603.07285 (2016).

    Examples
    --------
    >>> import numpy as np
    >>> convolution(np.array([[1, 2, 3, 4]]), np.array([[[1, 0, -1]]])).tolist()
    [[-2.0, -2.0]]
    """
    xp = namespace(x, weight)
    x, weight = _floats("x", x, weight, xp)
    bank = _Bank(weight, axes_of(_kernel(weight), stride, padding, dilation), _groups(weight, groups))
    single = _is_single("x", x, weight, bank.fine)
    shape = forward_shape(bank.axes, x.shape[-len(bank.axes) :])
    return _each(bank.forward, x, single, (bank.coarse, *shape), xp)


def transposed_convolution(
    z: Array,
    weight: Array,
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    output_shape: Sequence[int] | None = None,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Array:
    r"""The transpose Cᵀ z of `convolution` with the same weights: its size comes back, not its values.

    .. math:: (C^T z)_j = \sum_{i, t:\; i s + t d - b = j} w_t^T z_i

    Parameters
    ----------
    z : array, shape (C_out, ...) or (N, C_out, ...)
        What a convolution makes: feature maps.
    weight : array, shape (C_out, C_in / groups, ...)
        Kernels of that convolution: the same array, nothing mirrored or swapped.
    stride, padding, dilation, groups
        Of the convolution that is transposed. Padding is therefore cut off here.
    output_padding : int or tuple of int
        Samples by which the result is larger than the smallest possible, as in torch.
    output_shape : tuple of int, optional
        Sides of the result, without channels, as in TensorFlow: from stride 2 on, images of several sizes have
        convolutions of the same size. Without it "same" gives the largest, ``n * stride``; other padding the smallest.

    Returns
    -------
    array, shape (C_in, ...) or (N, C_in, ...)
        float64 if `z` or `weight` is, else float32.

    Raises
    ------
    ValueError
        If shapes do not belong together, a number is not possible, or the convolution of what was asked for would
        not have the size of `z`; the message lists the sizes that would.
    TypeError
        If the arrays belong to different libraries.

    Notes
    -----
    Outputs whose index plus `b` has the same remainder by the stride see the same taps: for each remainder this is an
    ordinary convolution with some of them, and no zero is ever multiplied.

    References
    ----------
    .. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv 1603.07285 (2016).

    Examples
    --------
    >>> import numpy as np
    >>> z, weight = np.ones((1, 3)), np.array([[[1, 2, 3]]])
    >>> transposed_convolution(z, weight, stride=2, padding="same", output_shape=(6,)).tolist()
    [[1.0, 2.0, 4.0, 2.0, 4.0, 2.0]]
    """
    xp = namespace(z, weight)
    z, weight = _floats("z", z, weight, xp)
    bank = _Bank(weight, axes_of(_kernel(weight), stride, padding, dilation), _groups(weight, groups))
    single = _is_single("z", z, weight, bank.coarse)
    shape = backward_shape(bank.axes, z.shape[-len(bank.axes) :], output_padding, output_shape)
    return _each(bank.adjoint, z, single, (bank.fine, *shape), xp)


def weight_from_tensorflow(filter: Array) -> Array:
    """A filter of TensorFlow's ``conv2d_transpose`` as the weight that `transposed_convolution` takes.

    Parameters
    ----------
    filter : array, shape (..., out, in)
        Kernel axes first, one to three of them, then the channels of the result, then those of what comes in. Filters
        of ``conv2d`` have the same order, seen from the convolution; this function brings them to `convolution`.

    Returns
    -------
    array, shape (in, out, ...)
        A view where the library allows.

    Raises
    ------
    ValueError
        If it does not have three to five axes.
    """
    xp = namespace(filter)
    filter = xp.asarray(filter)
    if not 3 <= filter.ndim <= 5:
        raise ValueError(
            f"filter {tuple(filter.shape)} has {filter.ndim} axes; TensorFlow's have 3 to 5: kernel, out, in"
        )
    return xp.moveaxis(filter, (-1, -2), (0, 1))


class StridedConvolution:
    """The convolution C of images of one shape as a `LinearOperator`, with its transpose.

    Parameters
    ----------
    weight : array, shape (C_out, C_in / groups, ...)
        Kernels; their library is that of all arrays.
    shape : tuple of int
        Shape of the object: (C_in, ...) or (N, C_in, ...).
    stride, padding, dilation, groups
        As for `convolution`.

    Raises
    ------
    ValueError
        If they do not belong together.

    Examples
    --------
    >>> import numpy as np
    >>> C = StridedConvolution(np.ones((1, 1, 2, 2)), (1, 6, 8), stride=2)  # a camera that adds 2 x 2 pixels up
    >>> C.out_shape
    (1, 3, 4)
    """

    def __init__(
        self,
        weight: Array,
        shape: Sequence[int],
        *,
        stride: PerAxis = 1,
        padding: Padding = 0,
        dilation: PerAxis = 1,
        groups: int = 1,
    ) -> None:
        self.xp = namespace(weight)
        self.weight = weight = self.xp.asarray(weight)
        bank = _Bank(weight, axes_of(_kernel(weight), stride, padding, dilation), _groups(weight, groups))
        self._how: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        self.in_shape: Shape = tuple(whole("shape", n, 1) for n in shape)
        _check_channels("shape", self.in_shape, weight, bank.fine)
        lead, self._sides = self.in_shape[: -len(bank.axes) - 1], self.in_shape[-len(bank.axes) :]
        self.out_shape: Shape = (*lead, bank.coarse, *forward_shape(bank.axes, self._sides))

    def forward(self, x: Array) -> Array:
        """C x, shape `out_shape`."""
        return convolution(x, self.weight, **self._how)

    def adjoint(self, z: Array) -> Array:
        """Cᵀ z, shape `in_shape`."""
        return transposed_convolution(z, self.weight, output_shape=self._sides, **self._how)


@dataclass(frozen=True)
class _Bank:
    """Kernels, and how they are laid over an image.

    Parameters
    ----------
    weight : array, shape (C_out, C_in / groups, ...)
    axes : tuple of Axis
    groups : int
    """

    weight: Array
    axes: tuple[Axis, ...]
    groups: int

    @property
    def coarse(self) -> int:
        """Channels of what the convolution makes."""
        return int(self.weight.shape[0])

    @property
    def fine(self) -> int:
        """Channels of what it is made of."""
        return int(self.weight.shape[1]) * self.groups

    def forward(self, x: Array, out: Array, xp: Any) -> None:
        """Write C x into `out`."""
        sides, shape = x.shape[1:], out.shape[1:]
        before = tuple(axis.pads(n)[0] for axis, n in zip(self.axes, sides, strict=True))
        taps = list(product(*(range(axis.kernel) for axis in self.axes)))
        offsets = [tuple(t * a.dilation - b for t, a, b in zip(tap, self.axes, before, strict=True)) for tap in taps]
        stride = tuple(axis.stride for axis in self.axes)
        framed, corner = _framed(self._grouped(x, xp), offsets, stride, shape, xp)
        grouped = self._grouped(out, xp)
        for where, block in gather(framed, self._matrix(taps, False, xp), moved(offsets, corner), stride, shape, xp):
            grouped[(..., *where)] = block

    def adjoint(self, z: Array, out: Array, xp: Any) -> None:
        """Write Cᵀ z into `out`, which holds zeros: one remainder by the stride after the other."""
        phases, once = list(self._phases(out.shape[1:])), (1,) * len(self.axes)
        if not phases:  # no tap reaches what is not cut off
            return
        widest = tuple(max(side.count for side in along) for along in zip(*phases, strict=True))
        offsets = [offset for phase in phases for offset in _offsets(phase)]
        framed, corner = _framed(self._grouped(z, xp), offsets, once, widest, xp)
        grouped = self._grouped(out, xp)
        for phase in phases:
            matrix = self._matrix(list(product(*(side.taps for side in phase))), True, xp)
            shape = tuple(side.count for side in phase)
            for where, block in gather(framed, matrix, moved(_offsets(phase), corner), once, shape, xp):
                grouped[(..., *(side.place(part) for side, part in zip(phase, where, strict=True)))] = block

    def _phases(self, sides: Shape) -> Iterator[tuple[_Phase, ...]]:
        """Remainders by the stride, of all axes, that any tap reaches."""
        each = (_phases(axis, n) for axis, n in zip(self.axes, sides, strict=True))
        return product(*([phase for phase in phases if phase.taps and phase.count > 0] for phases in each))

    def _grouped(self, x: Array, xp: Any) -> Array:
        """A view (groups, channels of a group, ...) of (channels, ...)."""
        return xp.reshape(x, (self.groups, x.shape[0] // self.groups, *x.shape[1:]))

    def _matrix(self, taps: list[Shape], transposed: bool, xp: Any) -> Array:
        """Kernels as matrices (groups, new channels, taps * channels)."""
        weight = self._grouped(self.weight, xp)
        weight = xp.moveaxis(weight, 1, 2) if transposed else weight
        rows, columns = weight.shape[1:3]
        matrix = zeros((self.groups, rows, len(taps) * columns), weight, xp)
        for number, tap in enumerate(taps):
            matrix[:, :, number * columns : (number + 1) * columns] = weight[(..., *tap)]
        return matrix


@dataclass(frozen=True)
class _Phase:
    """Outputs of a transposed convolution along one axis that have one remainder by the stride.

    Parameters
    ----------
    first, step, count : int
        The first of them, samples between two, how many.
    taps, offsets : list of int
        What reaches them, and from where: output ``first + i * step`` sees input ``i + offset``.
    """

    first: int
    step: int
    count: int
    taps: list[int]
    offsets: list[int]

    def place(self, part: slice) -> slice:
        """Where a part of these outputs lies among all."""
        return slice(self.first + part.start * self.step, self.first + (part.stop - 1) * self.step + 1, self.step)


def _phases(axis: Axis, n: int) -> Iterator[_Phase]:
    before = axis.pads(n)[0]
    for first in range(min(axis.stride, n)):
        whole_steps, remainder = divmod(first + before, axis.stride)
        taps = [t for t in range(axis.kernel) if t * axis.dilation % axis.stride == remainder]
        offsets = [whole_steps - t * axis.dilation // axis.stride for t in taps]
        yield _Phase(first, axis.stride, -(-(n - first) // axis.stride), taps, offsets)


def _offsets(phase: Sequence[_Phase]) -> Offsets:
    return list(product(*(side.offsets for side in phase)))


def _framed(x: Array, offsets: Offsets, stride: Shape, shape: Shape, xp: Any) -> tuple[Array, Shape]:
    """`x` with zeros around it wherever a tap looks beyond it, and how far its corner has moved."""
    lo = tuple(map(min, zip(*offsets, strict=True)))
    reach = tuple(map(max, zip(*offsets, strict=True)))
    hi = tuple((n - 1) * s + o + 1 for n, s, o in zip(shape, stride, reach, strict=True))
    return window(x, lo, hi, xp), tuple(max(-a, 0) for a in lo)


def _each(apply: Callable[[Array, Array, Any], None], x: Array, single: bool, shape: Shape, xp: Any) -> Array:
    """`apply` to every picture of a batch."""
    pictures = x[None, ...] if single else x
    out = zeros((pictures.shape[0], *shape), x, xp)
    for number in range(pictures.shape[0]):
        apply(pictures[number, ...], out[number, ...], xp)
    return out[0, ...] if single else out


def _floats(name: str, x: Array, weight: Array, xp: Any) -> tuple[Array, Array]:
    """Both in the precision of the better one, single at least."""
    wide = any(kind(array, xp) in ("float64", "float128", "longdouble") for array in (x, weight))
    return real(name, x, xp, wide), real("weight", weight, xp, wide)


def _kernel(weight: Array) -> Shape:
    if not 3 <= weight.ndim <= 5:
        raise ValueError(
            f"weight {tuple(weight.shape)} has {weight.ndim} axes; it takes 3 to 5: (C_out, C_in / groups, *kernel)"
        )
    return tuple(weight.shape[2:])


def _groups(weight: Array, groups: int) -> int:
    groups = whole("groups", groups, 1)
    if weight.shape[0] % groups or not weight.shape[0]:
        raise ValueError(f"weight makes {weight.shape[0]} channels, which {groups} groups do not divide")
    return groups


def _is_single(name: str, x: Array, weight: Array, channels: int) -> bool:
    """Whether `x` is one picture, not a batch."""
    _check_channels(name, tuple(x.shape), weight, channels)
    return bool(x.ndim == weight.ndim - 1)


def _check_channels(name: str, shape: Shape, weight: Array, channels: int) -> None:
    ndim = weight.ndim - 2
    if len(shape) not in (ndim + 1, ndim + 2):
        raise ValueError(
            f"{name} {shape} has {len(shape)} axes; with a weight {tuple(weight.shape)} it takes {ndim + 1}, "
            f"(channels, {ndim} sides), or {ndim + 2} with a batch in front"
        )
    if shape[-ndim - 1] != channels:
        raise ValueError(
            f"{name} {shape} has {shape[-ndim - 1]} channels but weight {tuple(weight.shape)} takes {channels}; "
            "weight is (C_out, C_in / groups, *kernel) of the convolution, also where that is transposed"
        )
    if 0 in shape:
        raise ValueError(f"{name} {shape} is empty")
