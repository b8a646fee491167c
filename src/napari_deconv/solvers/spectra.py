"""Pictures on rings of different sizes: the same low frequencies, finer or coarser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from ..backend import Array

SMALLEST = 8  # pixels to a side of a coarser ring

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Ring:
    """A periodic grid and its real Fourier transforms.

    Parameters
    ----------
    xp : module
        Array namespace.
    shape : tuple of int
        Of the grid. Arrays may have axes before it.
    rfftn, irfftn : callable
        ``rfftn(x)`` and ``irfftn(z, shape)``; the latter may overwrite its argument.
    together : bool
        Whether both take arrays with axes before those of the grid; else each picture is transformed on its own.
    """

    xp: Any
    shape: Shape
    rfftn: Callable[[Array], Array]
    irfftn: Callable[[Array, Shape], Array]
    together: bool = False

    @property
    def noise(self) -> float:
        """Standard deviation of white noise of unit density: on a coarser ring, less of the same noise is left."""
        return float(prod(self.shape) ** 0.5)

    def coarser(self, factor: int) -> Ring:
        """The ring of about that many times fewer pixels to a side, an even number; planes of a stack are all kept."""
        if factor == 1:
            return self
        sides = (min(n, max(SMALLEST, 2 * round(n / (2 * factor)))) for n in self.shape[-2:])
        return replace(self, shape=(*self.shape[:-2], *sides))

    def like(self, x: Array) -> Ring:
        """The ring on which `x` lies."""
        return replace(self, shape=tuple(x.shape[-len(self.shape) :]))

    def forward(self, x: Array) -> Array:
        """The half spectrum of one or more pictures."""
        return (
            self.rfftn(x)
            if self.together or x.ndim == len(self.shape)
            else self.xp.stack([self.forward(one) for one in x])
        )

    def backward(self, z: Array) -> Array:
        """Pictures of a half spectrum."""
        if self.together or z.ndim == len(self.shape):
            return self.irfftn(z + 0, self.shape)
        return self.xp.stack([self.backward(one) for one in z])


def resampled(spectrum: Array, old: Ring, new: Ring, *, scaled: bool = True) -> Array:
    """The half spectrum of the same picture on another ring: frequencies left out, or filled with zeros.

    Parameters
    ----------
    spectrum : array
        Half spectrum on `old`.
    old, new : Ring
        The rings.
    scaled : bool
        Whether the values of the picture are kept; else those of the spectrum, as for a transfer function.
    """
    if old.shape == new.shape:
        return spectrum
    for axis, (n, m) in enumerate(zip(old.shape, new.shape, strict=True), -len(old.shape)):
        if n != m:
            spectrum = _along(spectrum, axis, n, m, old.xp)
    return spectrum * (prod(new.shape) / prod(old.shape)) if scaled else spectrum


def _along(spectrum: Array, axis: int, n: int, m: int, xp: Any) -> Array:
    """Frequencies of one axis of length `n` that one of length `m` holds too, in its order; Nyquist's is left out."""
    half = axis == -1
    keep = (min(n, m) - 1) // 2  # the highest frequency that both hold
    low = spectrum[_at(axis, slice(0, keep + 1))]
    high = spectrum[_at(axis, slice(n - keep, n))]
    gap = (m // 2 + 1 if half else m) - (keep + 1) - (0 if half else keep)
    shape = list(spectrum.shape)
    shape[axis] = gap
    zeros = xp.zeros(tuple(shape), dtype=spectrum.dtype)
    return xp.concatenate([low, zeros] if half else [low, zeros, high], axis)


def _at(axis: int, where: slice) -> tuple[Any, ...]:
    return (Ellipsis, where, *(slice(None),) * (-axis - 1))
