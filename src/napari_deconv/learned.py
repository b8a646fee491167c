"""The learned restoration in a job: which network, how noisy the image, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from .backend import Array
from .blocks import Block
from .evidence import Evidence
from .frames import Frames
from .network import models
from .network.denoiser import NEAR, Denoiser
from .network.engine import load
from .network.noise_level import noise_level, span
from .operators import Blur
from .recipe import Recipe
from .solvers import Iterate
from .solvers.half_quadratic import half_quadratic

MISTAKEN = 0.1  # error of an image explained with a PSF of no confidence, in standard deviations of the image
WINDOW = 1024  # pixels to a side, planes in depth: looked at to find the noise

NAN = float("nan")


class Learned:
    """What a learned restoration knows of each block: noise, range, network.

    Parameters
    ----------
    recipe : Recipe
        Its `model`, `noise`, `num_iter`.
    frames : Frames
        The pixels.
    evidence : Evidence
        The PSFs and the camera.

    Raises
    ------
    ValueError
        If there is no such model.
    """

    def __init__(self, recipe: Recipe, frames: Frames, evidence: Evidence) -> None:
        self._recipe, self._frames, self._evidence = recipe, frames, evidence
        self.model = models.find(recipe.model)
        self.blind = recipe.method == "learned_blind"
        self._of = lru_cache(maxsize=None)(self._look)

    def estimates(self, block: Block, y: Array, H: Blur) -> Iterator[Iterate]:
        """The steps of restoring a tile of a block."""
        sigma, reach = self._of(block)
        ndim = len(H.out_shape)
        path, sha256 = self.model.file(colours=max(1, self._frames.blocks.colours), blind=self.blind)
        denoise = Denoiser(load(path, sha256, H.backend), H.xp, ndim)
        if self.blind:
            return _beyond_edges(denoise, y, sigma, H.xp)
        return half_quadratic(y, H, denoise, sigma=sigma, span=reach, num_iter=self._steps())

    def _steps(self) -> int:
        assert isinstance(self._recipe.num_iter, int)
        return self._recipe.num_iter

    def _look(self, block: Block) -> tuple[float, float]:
        """Standard deviation of the noise and range of a block, in the units that solvers work in."""
        frames = self._frames
        middle = tuple(_middle(n, WINDOW) for n in frames.blocks.shape)
        y = frames.device.to_host(frames.counts(block, middle))
        sigma = self._given(block, y)
        return float(np.hypot(sigma, self._doubt(block) * y.std())), span(y)

    def _given(self, block: Block, y: Array) -> float:
        """The noise that the recipe or its camera tells, or that the image shows."""
        if self._recipe.noise is not None:
            return self._recipe.noise * self._frames.scale
        known = self._frames.exposure.known
        if known.gain is not None and not self._frames.encoded:
            camera, _ = self._evidence.camera(block)
            if camera.offset is not None and camera.read_noise is not None:
                return float(np.sqrt(np.mean(camera.sigma(y) ** 2)))
        return noise_level(y)

    def _doubt(self, block: Block) -> float:
        """How far an estimated PSF is to be doubted: what it leaves unexplained counts as noise."""
        confidence = 1.0 if self.blind else float(self._evidence.psf(block).info.get("confidence", 1.0))
        return MISTAKEN * (1 - confidence)

    def frozen(self) -> dict[str, Any]:
        """What the resolved recipe holds."""
        return {"model": self.model.name}

    def told(self) -> dict[str, Any]:
        """What the provenance says of it."""
        return {"name": self.model.name, "sha256": self.model.sha256}


def _beyond_edges(denoise: Denoiser, y: Array, sigma: float, xp: Any) -> Iterator[Iterate]:
    """The only step for a picture that is no ring: it is mirrored beyond its edges while the network looks at it."""
    margins = [(0, 0)] * (y.ndim - 2) + [(NEAR, NEAR)] * 2
    wide = xp.pad(y, margins, mode="symmetric")
    for seen in denoise(wide, wide, sigma):
        if seen is None:
            yield Iterate(0, [NAN], y)
    assert seen is not None
    yield Iterate(1, [NAN], seen[(..., slice(NEAR, -NEAR), slice(NEAR, -NEAR))])


def _middle(n: int, most: int) -> slice:
    start = max(0, (n - most) // 2)
    return slice(start, min(n, start + most))
