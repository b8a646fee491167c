"""Blurred and noisy pictures with what is known of their blur, as a deconvolution learns from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ...operators import Blur
from ...solvers.margins import filled
from .kernels import LARGEST, Kernel, any_kernel, wrong
from .noisy import sharp_piece
from .pictures import Picture

REAL_EDGES = 0.5  # share of pictures that the camera's edge cut; the others are periodic
MISTAKEN = 0.3  # share of pictures whose kernel is not quite the one that blurred them
STEPS_OF_8_BITS = 0.2  # share of pictures that were rounded to 8 bits
FAINTEST, BRIGHTEST = 20, 5000  # electrons at white
READ_NOISE = 5.0  # electrons, at most
QUIET, LOUD = 0.5 / 255, 12 / 255  # standard deviation of plain noise

Array = NDArray[np.float32]
DrawKernel = Callable[[np.random.Generator], Kernel]


@dataclass(frozen=True)
class Blurred:
    """A batch of pictures of side G on a ring.

    Parameters
    ----------
    sharp : array, shape (N, colours, G, G)
        The truth.
    seen : array, shape (N, colours, G, G)
        Blurred and noisy; continued where nothing was recorded, as `solvers.margins.filled` does it.
    recorded : array, shape (N, 1, G, G)
        1 where a pixel was recorded.
    kernels : array, shape (N, 1, G, G)
        What is believed to have blurred them, centre at index 0.
    sigma : array, shape (N, 1, 1, 1)
        Standard deviation of the noise, and of what the kernel cannot explain.
    """

    sharp: Array
    seen: Array
    recorded: Array
    kernels: Array
    sigma: Array


def blurred(
    rng: np.random.Generator,
    pictures: Sequence[Picture],
    *,
    count: int,
    side: int,
    colours: int,
    kernel: DrawKernel = any_kernel,
) -> Blurred:
    """A batch of blurred pictures, each with a kernel of its own.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    pictures : sequence of Picture
        Sharp ones, from `pictures.load`.
    count, side, colours : int
        Size of the batch; sides and channels, 1 or 3, of each picture. Sides are larger than `LARGEST`, and of small
        prime factors: the frame is smaller by a kernel, and its grid must be exactly as large.
    kernel : callable
        Draws a kernel.
    """
    made = [_one(rng, sharp_piece(rng, pictures, side, colours), kernel(rng)) for _ in range(count)]
    return Blurred(*(np.stack(parts).astype(np.float32) for parts in zip(*made, strict=True)))


def _one(rng: np.random.Generator, sharp: Array, true: Kernel) -> tuple[Array, ...]:
    """The parts of `Blurred` for one picture."""
    side = sharp.shape[-1]
    believed = wrong(rng, true) if rng.random() < MISTAKEN else true
    light = _convolved(sharp, on_ring(true, side))
    y, sigma = _recorded(rng, light)
    if believed is not true:  # what the kernel leaves unexplained counts as noise, as far as somebody could know it
        unexplained = float((_convolved(sharp, on_ring(believed, side)) - light).std())
        sigma = float(np.hypot(sigma, unexplained * rng.uniform(0.6, 1.4)))
    recorded = np.ones((1, side, side), np.float32)
    if rng.random() < REAL_EDGES:
        y, recorded = _cut(y, believed)
    return sharp, y, recorded, on_ring(believed, side)[None], np.full((1, 1, 1), sigma, np.float32)


def _convolved(sharp: Array, ring: Array) -> Array:
    blurred: Array = scipy.fft.irfft2(scipy.fft.rfft2(sharp) * scipy.fft.rfft2(ring), ring.shape)
    return blurred


def on_ring(k: Kernel, side: int) -> Array:
    """A kernel on a ring, its centre at index 0."""
    ring = np.zeros((side, side), np.float32)
    ring[: k.shape[0], : k.shape[1]] = k
    return np.roll(ring, tuple(-(n // 2) for n in k.shape), (0, 1))


def _recorded(rng: np.random.Generator, light: Array) -> tuple[Array, float]:
    """What a camera makes of light from 0 to about 1, and the standard deviation of its noise."""
    if rng.random() < 0.5:
        sigma = np.exp(rng.uniform(np.log(QUIET), np.log(LOUD)))
        variance = np.full_like(light, sigma**2)
    else:
        white, read = np.exp(rng.uniform(np.log(FAINTEST), np.log(BRIGHTEST))), rng.uniform(0, READ_NOISE)
        variance = np.maximum(light, 0) / white + (read / white) ** 2
    y = light + np.sqrt(variance) * rng.standard_normal(light.shape)
    if rng.random() < STEPS_OF_8_BITS:
        y, variance = np.rint(y * 255) / 255, variance + (1 / 255) ** 2 / 12
    return np.asarray(y, np.float32), float(np.sqrt(variance.mean()))


def _cut(y: Array, k: Kernel) -> tuple[Array, Array]:
    """The picture up to the edge of a smaller frame, continued beyond it; where it was recorded."""
    side = y.shape[-1] - (LARGEST - 1)
    margins = [((LARGEST - n) // 2, (LARGEST - n) // 2) for n in k.shape]
    H = Blur(np.pad(k, margins), (side, side))
    recorded = np.zeros((1, *y.shape[1:]), np.float32)
    recorded[:, :side, :side] = 1
    return np.stack([filled(np.ascontiguousarray(one[:side, :side], np.float32), H) for one in y]), recorded
