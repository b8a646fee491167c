"""Pixel values as photons, and photons parted at random into those that are seen and those put aside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .backend import Array
from .camera import Camera
from .operators import Blur

FEW = 100  # photons
MANY = 1e9  # photons in a pixel: no detector counts so many, and single precision could not add up their noise
SLAB = 16  # rows or planes parted at a time: part of what a seed means

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Scale:
    r"""The line between the units of an image and counts :math:`n = g (y - o) + s` that follow Poisson's law closely.

    With s the variance of the read noise in electrons, mean and variance of n agree [1]_.

    Parameters
    ----------
    gain : float
        Electrons per unit.
    shift : float
        Counts at y = 0: :math:`s - g o`.

    References
    ----------
    .. [1] D. L. Snyder, A. M. Hammoud, R. L. White, J. Opt. Soc. Am. A 10, 1014 (1993).
    """

    gain: float
    shift: float

    def counts(self, y: NDArray[np.floating], rng: np.random.Generator) -> tuple[Counts, Mask]:
        """Whole, non-negative counts, and where pixels were below 0.

        A value between two whole numbers becomes one of them by chance, so that its mean is kept.
        """
        n = np.asarray(y, np.float64) * self.gain + self.shift
        whole = np.rint(n)
        exact = np.abs(n - whole) < 1e-3  # float32 carries integers scaled by a gain that nearly exactly
        n = np.where(exact, whole, np.floor(n + rng.random(n.shape)))
        return np.maximum(n, 0).astype(np.int64), n < 0


def scale_of(camera: Camera) -> Scale | None:
    """The scale of a camera in the units of the image; None if its gain is unknown."""
    if camera.gain is None:
        return None
    return Scale(camera.gain, (camera.read_noise or 0.0) ** 2 - camera.gain * (camera.offset or 0.0))


def uncountable(pictures: Sequence[tuple[Array, Blur]], camera: Camera) -> str:
    """Why photons cannot be counted in pictures, each with its blur; empty if they can.

    Parameters
    ----------
    pictures : sequence of (array, Blur)
        Pixels masked in the blur do not count.
    camera : Camera
        In the units of the pictures.
    """
    scale = scale_of(camera)
    if scale is None:
        return "the camera's gain is not known, so that photons cannot be counted"
    most = max(float(H.xp.max(_counted(y, H))) for y, H in pictures) * scale.gain + abs(scale.shift)
    if most > MANY:
        return f"with a gain of {scale.gain:.3g} electrons per unit, a pixel would hold {most:.3g} photons"
    photons = light(pictures, camera)
    return f"the image holds {max(photons, 0):.3g} photons above the camera's offset" if photons < FEW else ""


def light(pictures: Sequence[tuple[Array, Blur]], camera: Camera) -> float:
    """Photons above the offset of a camera whose gain is known, pixels masked in the blur left out."""
    above = (H.xp.sum(_counted(y - (camera.offset or 0.0), H), dtype=H.xp.float64) for y, H in pictures)
    return (camera.gain or 0.0) * math.fsum(map(float, above))


def _counted(y: Array, H: Blur) -> Array:
    return y if H.weight is None else H.xp.where(H.weight > 0, y, 0)  # not a product: they may hold anything


@dataclass(frozen=True, eq=False)
class Parted:
    """An image without the photons put aside, for a solver, and these.

    Parameters
    ----------
    seen : array
        At the full brightness of the image, raised by `lift`; not negative, and 0 where pixels are masked.
    lift : float or array
        Read noise may take pixels below 0, which no solver accepts; raise its background by as much.
    aside : array
        Counts; 0 where pixels are masked.
    slope, level : float
        Of the line from a prediction to counts put aside.
    below : float
        The share of the pixels that were below 0 counts.
    """

    seen: Array
    lift: float | Array
    aside: Array
    slope: float
    level: float
    below: float

    def expected(self, prediction: Array) -> Array:
        """Counts put aside where this is predicted of `seen`, background and lift included."""
        return prediction * self.slope + self.level


def put_aside(y: Array, H: Blur, scale: Scale, share: float, rng: np.random.Generator) -> Parted:
    """Put each photon aside with the same probability: of Poisson counts, both parts are independent [1]_.

    Parameters
    ----------
    y : array, shape ``H.out_shape``
        Image, not `uncountable`.
    H : Blur
        Its blur; pixels masked in it hold nothing.
    scale : Scale
        From the image to counts.
    share : float
        The probability.
    rng : numpy.random.Generator
        The chance.

    References
    ----------
    .. [1] A. Neufeld, A. Dharamshi, L. L. Gao, D. Witten, J. Mach. Learn. Res. 25, 57 (2024): data thinning.
    """
    weight = H.weight
    counted = None if weight is None else np.asarray(H.backend.to_host(weight), dtype=bool)
    host, aside, below = _drawn(H.backend.to_host(y), counted, scale, share, rng)
    lift = max(scale.shift / scale.gain, 0.0)
    host += np.float32(lift)
    seen, taken = H.backend.asarray(host, H.dtype), H.backend.asarray(aside, H.dtype)
    if weight is not None:
        seen = seen * weight
    return Parted(
        seen,
        lift if weight is None or not lift else lift * weight,
        taken,
        share * scale.gain,
        share * (scale.shift - scale.gain * lift),
        below,
    )


def _drawn(
    y: NDArray[np.floating], counted: Mask | None, scale: Scale, share: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """What is seen, in the units of the image; counts put aside; the share of counted pixels that were below 0."""
    seen, aside, below = np.empty(y.shape, np.float32), np.empty(y.shape, np.float32), 0
    for start in range(0, len(y), SLAB):
        rows = slice(start, start + SLAB)
        values = y[rows] if counted is None else np.where(counted[rows], y[rows], -scale.shift / scale.gain)
        n, negative = scale.counts(values, rng)
        taken = rng.binomial(n, share)
        aside[rows], seen[rows] = taken, ((n - taken) / (1 - share) - scale.shift) / scale.gain
        below += int(negative.sum())
    return seen, aside, below / max(y.size if counted is None else int(counted.sum()), 1)
