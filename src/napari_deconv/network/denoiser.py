"""The network as a denoiser of pictures of any shape: planes, colours, rings, tiles."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..backend import Array

STEP = 8  # sides that the network takes are multiples of this
REACH = 80  # pixels that may matter to a pixel of `small`, to each side: 77 by the gradient's support, in steps of 8
NEAR = 24  # … of which those beyond the picture's edge that are shown to it: further ones hardly matter
LARGEST = 768  # pixels to a side that are worked on at a time

Run = Callable[[Array, Array, Array], Array]


@dataclass(frozen=True)
class Denoiser:
    """What a step of a restoration calls: ``denoise(x, prior, level)``.

    Parameters
    ----------
    run : callable
        ``run(image, prior, sigma)``: the network, on arrays (N, C, H, W), the same, and (N, 1, H, W).
    xp : module
        Array namespace.
    ndim : int
        Spatial axes of what is to be denoised, 1 to 3; an axis before them holds colours. Depth is worked on plane by
        plane.
    """

    run: Run
    xp: Any
    ndim: int

    def __call__(self, x: Array, prior: Array, level: float) -> Iterator[Array | None]:
        """`x`, on a ring, without white noise of that standard deviation.

        Parameters
        ----------
        x : array
            The picture; an axis before the spatial ones holds colours.
        prior : array, shape of `x`
            What was known before.
        level : float
            Standard deviation of the noise.

        Yields
        ------
        None or array
            None after every piece but the last, then the picture.
        """
        planes, before = self._planes(x), self._planes(prior)
        ground = planes.mean(
            axis=(-2, -1), keepdims=True
        )  # a step from it to the zeros that pad would be a strong edge
        planes, before, out = planes - ground, before - ground, self.xp.empty_like(planes)
        todo = list(
            itertools.product(range(len(planes)), _pieces(x.shape[-2] if self.ndim > 1 else 1), _pieces(x.shape[-1]))
        )
        for count, (number, rows, columns) in enumerate(todo, 1):
            here = (slice(number, number + 1), slice(None), rows.inside, columns.inside)
            out[here] = self._piece(planes[number : number + 1], before[number : number + 1], rows, columns, level)
            if count < len(todo):
                yield None
        yield self._home(out + ground, x)

    def _planes(self, x: Array) -> Array:
        """(N, C, H, W): colours of a plane together, planes and rows apart."""
        shape = (1,) * (2 - self.ndim) + tuple(x.shape)
        colours = x.ndim > self.ndim
        if self.ndim < 3:
            return x.reshape((1, *shape) if colours else (1, 1, *shape))
        return self.xp.moveaxis(x, 0, 1) if colours else x[:, None]

    def _home(self, planes: Array, x: Array) -> Array:
        """Planes in the shape they came in."""
        if self.ndim == 3 and x.ndim == 4:
            planes = self.xp.moveaxis(planes, 1, 0)
        return planes.reshape(x.shape)

    def _piece(self, plane: Array, prior: Array, rows: _Piece, columns: _Piece, level: float) -> Array:
        """A piece of a picture (1, C, H, W), which sees its surroundings."""
        seen, before = (self._around(one, rows, columns) for one in (plane, prior))
        sigma = self.xp.full((1, 1, *seen.shape[-2:]), level, dtype=plane.dtype)
        return self.run(seen, before, sigma)[(..., rows.within, columns.within)]

    def _around(self, plane: Array, rows: _Piece, columns: _Piece) -> Array:
        """A piece of the ring and what surrounds it, sides divisible by `STEP`."""
        xp = self.xp
        for axis, piece in ((-2, rows), (-1, columns)):
            length = piece.stop - piece.start + 2 * piece.margin
            places = xp.arange(piece.start - piece.margin, piece.start - piece.margin + length + (-length) % STEP)
            plane = xp.take(plane, places % plane.shape[axis], axis=axis)
        return xp.ascontiguousarray(plane)


@dataclass(frozen=True)
class _Piece:
    start: int
    stop: int
    margin: int

    @property
    def inside(self) -> slice:
        """Where it is in the picture."""
        return slice(self.start, self.stop)

    @property
    def within(self) -> slice:
        """Where it is in itself and its surroundings."""
        return slice(self.margin, self.margin + self.stop - self.start)


def _pieces(n: int) -> list[_Piece]:
    """A side in pieces no longer than `LARGEST`, as even as they come; each begins where the network's grid does."""
    count = -(-n // LARGEST)
    bounds = [*(STEP * round(i * n / (count * STEP)) for i in range(count)), n]
    margin = NEAR if count == 1 else REACH
    return [_Piece(start, stop, margin) for start, stop in pairwise(bounds)]
