"""Noisy pictures with their noise level, as the denoiser learns from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .drawings import drawing
from .pictures import Picture, piece, turned

DRAWN = 0.15  # share of pieces that are drawn, not photographed
QUIETEST, LOUDEST = 0.4 / 255, 60 / 255  # standard deviation of the noise, of pictures from 0 to 1
SHOT = 0.25  # share of pieces with noise that grows with the light
RAISED = 0.12  # share of pieces with an offset, as cameras have

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Noisy:
    """A batch: sharp and noisy pictures (N, colours, side, side), noise level (N, 1, side, side)."""

    sharp: Array
    noisy: Array
    sigma: Array


def noisy(rng: np.random.Generator, pictures: Sequence[Picture], *, count: int, side: int, colours: int) -> Noisy:
    """A batch of noisy pictures, with white noise or with noise that grows with the light.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    pictures : sequence of Picture
        Sharp ones, from `pictures.load`.
    count, side, colours : int
        Size of the batch; sides and channels, 1 or 3, of each picture.
    """
    sharp = np.stack([sharp_piece(rng, pictures, side, colours) for _ in range(count)])
    sigma = np.stack([_sigma(rng, one) for one in sharp]).astype(np.float32)
    noise = rng.standard_normal(sharp.shape, dtype=np.float32)
    return Noisy(sharp, sharp + sigma * noise, sigma)


def sharp_piece(rng: np.random.Generator, pictures: Sequence[Picture], side: int, colours: int) -> Array:
    """A sharp picture, (colours, side, side), photographed or drawn; some with an offset."""
    part = drawing(rng, side, colours) if rng.random() < DRAWN else piece(rng, pictures, side, colours)
    if rng.random() < RAISED:
        part = part * rng.uniform(0.1, 1) + rng.uniform(0, 3)
    return np.ascontiguousarray(turned(rng, part), np.float32)


def _sigma(rng: np.random.Generator, sharp: Array) -> Array:
    """Standard deviation of the noise of a picture, (1, side, side), the same for all colours."""
    level = np.exp(rng.uniform(np.log(QUIETEST), np.log(LOUDEST)))
    if rng.random() >= SHOT:
        return np.full((1, *sharp.shape[1:]), level, np.float32)
    light = np.maximum(sharp.mean(axis=0, keepdims=True), 0)
    share = rng.uniform(0.2, 1)  # of the variance that comes from the light
    sigma: Array = level * np.sqrt(1 - share + share * light / max(float(light.mean()), 1e-3)).astype(np.float32)
    return sigma
