"""The pixels of an image that is read in slices: what `Frames` is for an image in memory."""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backend import Array, Backend
from .blocks import Block, Blocks
from .camera import Camera, CameraEstimate, estimate, hot_pixels
from .frames import Region
from .io.image import SPATIAL
from .pixels import Pixels, check, look_at
from .psf.type import PSF
from .recipe import LINEAR, Recipe
from .stopping import crops
from .tiles import Source

Mask = NDArray[np.bool_]
SLAB = 2**26  # bytes of the source looked at at a time


class Slices:
    """A source as one block, checked in slabs.

    Its saturated pixels are ignored if the recipe's camera knows their level. It is its own `exposure`;
    `notes` say what was done to its pixels.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    source : Source
        2 or 3 spatial axes.
    psf : PSF
        Its blur.
    device : Backend
        Where the work is done.

    Raises
    ------
    ValueError
        If the recipe's method cannot work on the pixels; see `pixels.check`.
    """

    def __init__(self, recipe: Recipe, source: Source, psf: PSF, device: Backend) -> None:
        shape = tuple(source.shape)
        self.blocks = Blocks(SPATIAL[-len(shape) :], tuple(range(len(shape))), (), shape)
        self.device, self.known = device, recipe.camera if isinstance(recipe.camera, Camera) else Camera()
        self._recipe, self._source, self._psf = recipe, source, psf
        self._found = _look(source)
        self.notes = check(self._found, recipe)
        self.scale, self._clip = self._found.scale, recipe.method not in LINEAR

    @property
    def exposure(self) -> Slices:
        """What is known of the camera."""
        return self

    def pixels(self, block: Block) -> Source:
        """The source, to be read by slices."""
        return self._source

    def counts(self, block: Block, region: Region) -> Array:
        """Part of the source as `scaled` has it."""
        return self.scaled(np.asarray(self._source[region]))

    def scaled(self, pixels: NDArray[Any]) -> Array:
        """Pixels as float32 on the device, scaled to a mean near 1."""
        y = pixels.astype("float64") * self.scale
        return self.device.asarray(np.maximum(y, 0, out=y) if self._clip else y, self.device.xp.float32)

    def ignored(self, block: Block, region: Region) -> Mask | None:
        """`faulty` pixels of a part of the source."""
        return self.faulty(np.asarray(self._source[region])) if self.may_ignore else None

    @property
    def may_ignore(self) -> bool:
        """Whether there may be pixels to ignore."""
        return self.known.saturation is not None or self._recipe.hot_pixels

    def faulty(self, pixels: NDArray[Any]) -> Mask | None:
        """Where pixels are saturated or hot; None if none is, or all are.

        What is hot is judged by the noise of the whole source; only where that tells no gain, by that of these pixels.
        """
        if not self.may_ignore:
            return None
        found: Mask = pixels >= (np.inf if self.known.saturation is None else self.known.saturation)
        if self._recipe.hot_pixels:
            found |= hot_pixels(pixels, self._estimate.camera)
        return found if found.any() and not found.all() else None

    def flat(self, block: Block) -> float:
        """The flat object with the light of the source, in the units of `counts`."""
        mean = self._found.total / self._found.counted
        return max(mean - self._recipe.background, 0.01 * mean) * self.scale

    def span(self, block: Block) -> float:
        """Largest minus smallest pixel."""
        return self._found.largest - self._found.lowest

    def estimate(self, block: Block) -> CameraEstimate:
        """The camera, from the brightest crop."""
        return self._estimate

    @cached_property
    def _estimate(self) -> CameraEstimate:
        brightest = crops(self._source, self._psf.shape, seed=self._recipe.seed)[-1]
        known = self.known
        return estimate(
            np.asarray(self._source[brightest]),
            gain=known.gain,
            offset=known.offset if known.offset is not None else self._recipe.background or None,
            read_noise=known.read_noise,
            saturation=known.saturation,
        )


def _look(source: Source) -> Pixels:
    """All pixels once, in slabs."""
    whole, rows = Pixels(), max(1, SLAB // (8 * prod(source.shape[1:])))
    for start in range(0, source.shape[0], rows):
        found = look_at(np.asarray(source[(slice(start, min(start + rows, source.shape[0])),)]), None)
        if found.bad and not whole.bad:
            whole.first_bad = (start + found.first_bad[0], *found.first_bad[1:])
        whole.counted += found.counted
        whole.bad += found.bad
        whole.negative += found.negative
        whole.total += found.total
        whole.lowest = min(whole.lowest, found.lowest)
        whole.largest = max(whole.largest, found.largest)
    return whole
