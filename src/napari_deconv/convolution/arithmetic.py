"""Convolution arithmetic: which size comes of which, how padding is spelt, and what cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

Shape = tuple[int, ...]
PerAxis = int | Sequence[int]
Padding = int | Sequence[int] | Sequence[Sequence[int]] | str
WORDS = ("same", "valid", "full")


@dataclass(frozen=True)
class Axis:
    """A strided convolution along one axis.

    Parameters
    ----------
    kernel, stride, dilation : int
        Taps; samples between two outputs; samples between two taps.
    padding : (int, int) or None
        Zeros before and behind the image. None is "same", where they depend on the size.
    """

    kernel: int
    stride: int
    dilation: int
    padding: tuple[int, int] | None

    @property
    def span(self) -> int:
        """Samples from the first tap to the last, both counted."""
        return self.dilation * (self.kernel - 1) + 1

    def pads(self, n: int) -> tuple[int, int]:
        """Zeros before and behind an image of `n` samples; where "same" needs an odd number, one more behind."""
        if self.padding is not None:
            return self.padding
        total = max((-(-n // self.stride) - 1) * self.stride + self.span - n, 0)
        return total // 2, total - total // 2

    def forward(self, n: int) -> int:
        """Samples that come out of `n`; less than 1 if the kernel does not fit."""
        return (n + sum(self.pads(n)) - self.span) // self.stride + 1

    def backward(self, n: int) -> range:
        """Sizes out of which `n` samples come: one for stride 1, perhaps none where all is padding."""
        if self.padding is None:
            return range((n - 1) * self.stride + 1, n * self.stride + 1)
        least = (n - 1) * self.stride + self.span - sum(self.padding)
        return range(max(least, 1), max(least + self.stride, 1))


def axes_of(kernel: Sequence[int], stride: PerAxis, padding: Padding, dilation: PerAxis) -> tuple[Axis, ...]:
    """What was said of a convolution, axis by axis.

    Raises
    ------
    ValueError
        If a number is not whole, too small, or there are more or fewer than the kernel has axes.
    """
    taps = [whole("kernel", k, 1) for k in kernel]
    if not 1 <= len(taps) <= 3:
        raise ValueError(f"kernel {tuple(taps)} has {len(taps)} axes; one to three can be convolved")
    strides, steps = per_axis("stride", stride, len(taps), 1), per_axis("dilation", dilation, len(taps), 1)
    pads = _paddings(padding, taps, steps)
    return tuple(Axis(*numbers) for numbers in zip(taps, strides, steps, pads, strict=True))


def convolution_shape(
    shape: Sequence[int], kernel: Sequence[int], *, stride: PerAxis = 1, padding: Padding = 0, dilation: PerAxis = 1
) -> Shape:
    r"""Sides of the convolution of an image.

    .. math:: n' = \lfloor (n + b + e - d (k - 1) - 1) / s \rfloor + 1

    for `k` taps, stride `s`, dilation `d`, padding `b` before and `e` behind; :math:`\lceil n / s \rceil` for "same".

    Parameters
    ----------
    shape, kernel : sequence of int
        Sides of image and kernel, without channels; one to three.
    stride, padding, dilation
        As for `convolution`.

    Raises
    ------
    ValueError
        If a number is not possible, or the kernel does not fit into the padded image.

    References
    ----------
    .. [1] V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv 1603.07285 (2016).

    Examples
    --------
    >>> convolution_shape((5, 6), (3, 3), stride=2, padding="same")
    (3, 3)
    """
    axes = axes_of(kernel, stride, padding, dilation)
    return forward_shape(axes, per_axis("shape", shape, len(axes), 1))


def transposed_convolution_shape(
    shape: Sequence[int],
    kernel: Sequence[int],
    *,
    stride: PerAxis = 1,
    padding: Padding = 0,
    output_padding: PerAxis = 0,
    output_shape: Sequence[int] | None = None,
    dilation: PerAxis = 1,
) -> Shape:
    r"""Sides of the transposed convolution of feature maps.

    .. math:: n = (n' - 1) s - (b + e) + d (k - 1) + 1 + o

    with output padding `o`: less than the stride, else the convolution of the result is larger than what came in.

    Parameters
    ----------
    shape, kernel : sequence of int
        Sides of feature maps and kernel, without channels; one to three.
    stride, padding, output_padding, output_shape, dilation
        As for `transposed_convolution`.

    Raises
    ------
    ValueError
        If a number is not possible, no size is admissible, or the one asked for is not.

    Examples
    --------
    >>> transposed_convolution_shape((3,), (3,), stride=2, padding=1)
    (5,)
    """
    axes = axes_of(kernel, stride, padding, dilation)
    return backward_shape(axes, per_axis("shape", shape, len(axes), 1), output_padding, output_shape)


def forward_shape(axes: Sequence[Axis], shape: Shape) -> Shape:
    """Sides of the convolution; refuses a kernel that does not fit."""
    for number, (axis, n) in enumerate(zip(axes, shape, strict=True)):
        if axis.forward(n) < 1:
            raise ValueError(
                f"the kernel spans {axis.span} samples along axis {number} but the image has {n} and "
                f"{sum(axis.pads(n))} of padding; pad more, or take a smaller kernel or dilation"
            )
    return tuple(axis.forward(n) for axis, n in zip(axes, shape, strict=True))


def backward_shape(
    axes: Sequence[Axis], shape: Shape, output_padding: PerAxis, output_shape: Sequence[int] | None
) -> Shape:
    """Sides of the transposed convolution; refuses what no convolution leads to."""
    extra = per_axis("output_padding", output_padding, len(axes), 0)
    if output_shape is None:
        return tuple(_grown(*numbers) for numbers in zip(axes, shape, extra, range(len(axes)), strict=True))
    if any(extra):
        raise ValueError(f"both output_padding {extra} and output_shape {tuple(output_shape)} were given; give one")
    wanted = per_axis("output_shape", output_shape, len(axes), 1)
    for number, (axis, n, size) in enumerate(zip(axes, shape, wanted, strict=True)):
        if size not in axis.backward(n):
            raise ValueError(
                f"output_shape {wanted}: along axis {number} no convolution makes {n} of {size}; {_choice(axis, n)}"
            )
    return wanted


def _grown(axis: Axis, n: int, extra: int, number: int) -> int:
    """Samples along an axis when only the output padding was said."""
    if axis.padding is None:
        if extra:
            raise ValueError("output_padding has no meaning with padding='same'; give output_shape")
        return axis.backward(n)[-1]
    most = max(axis.stride, axis.dilation)
    if extra >= most:
        raise ValueError(f"output_padding {extra} along axis {number} must be less than stride or dilation, {most}")
    size = (n - 1) * axis.stride + axis.span - sum(axis.padding) + extra
    if size < 1:
        raise ValueError(f"padding {axis.padding} leaves nothing of {n} along axis {number}; {_choice(axis, n)}")
    return size


def _choice(axis: Axis, n: int) -> str:
    sizes = ", ".join(map(str, axis.backward(n)))
    return f"admissible: {sizes}" if sizes else "nothing is admissible; take less padding"


def per_axis(name: str, value: Any, ndim: int, least: int) -> Shape:
    """One whole number for each axis; a single one stands for all."""
    numbers = list(value) if hasattr(value, "__iter__") else [value] * ndim
    if len(numbers) != ndim:
        raise ValueError(
            f"{name} {value} has {len(numbers)} numbers for {ndim} axes; give one for each, or one for all"
        )
    return tuple(whole(name, number, least) for number in numbers)


def whole(name: str, value: Any, least: int) -> int:
    """`value` as an int."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ValueError(f"{name} must be a whole number, {least} or more, not {value!r}")
    if index(value) < least:
        raise ValueError(f"{name} must be {least} or more, not {index(value)}")
    return index(value)


def _paddings(padding: Any, taps: list[int], steps: Shape) -> list[tuple[int, int] | None]:
    if isinstance(padding, str):
        return _worded(padding, [d * (k - 1) for k, d in zip(taps, steps, strict=True)])
    pads: list[Any] = list(padding) if hasattr(padding, "__iter__") else [padding] * len(taps)
    if len(pads) != len(taps):
        raise ValueError(
            f"padding {padding} is for {len(pads)} axes but the kernel has {len(taps)}; give a number, or a number or "
            "a pair (before, behind) for each axis"
        )
    return [_pair(pad) for pad in pads]


def _worded(word: str, reach: list[int]) -> list[tuple[int, int] | None]:
    if word == "full":
        return [(n, n) for n in reach]
    if word not in WORDS:
        raise ValueError(f"unknown padding {word!r}; known: {', '.join(WORDS)}, or numbers")
    return [None if word == "same" else (0, 0)] * len(reach)


def _pair(pad: Any) -> tuple[int, int]:
    before, behind = per_axis("padding", pad, 2, 0)
    return before, behind
