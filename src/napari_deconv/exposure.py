"""What the camera did to the pixels of a job: which are saturated or hot, and the noise of each channel."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import colour
from .backend import is_cupy
from .blocks import Block, Blocks
from .camera import Camera, CameraEstimate, estimate, hot_pixels, saturation_level
from .io.image import Image
from .recipe import Recipe

Mask = NDArray[np.bool_]


class Exposure:
    """The camera behind an image, as far as the recipe tells and the image shows.

    Parameters
    ----------
    stored : Image
        The image as it came: counts, or a photograph still encoded.
    blocks : Blocks
        How its axes (one colour's, if only the luminance is restored) are worked on.
    recipe : Recipe
        Its camera, its background, whether hot pixels are ignored.
    given : array of bool, optional
        Pixels that the caller ignores, in the order of work.

    Raises
    ------
    ValueError
        If hot pixels are to be found along a line.
    """

    def __init__(self, stored: Image, blocks: Blocks, recipe: Recipe, given: Mask | None) -> None:
        if recipe.hot_pixels and len(blocks.shape) < 2:
            raise ValueError("hot_pixels=True looks at the neighbours of pixels in planes, but the image has one axis")
        self.known = recipe.camera if isinstance(recipe.camera, Camera) else Camera()
        self.notes: list[str] = []
        self._blocks, self._recipe, self._given = blocks, recipe, given
        self._encoding = stored.encoding
        data = _lowest_colour(stored) if recipe.colour == "luminance" else stored.data
        self._stored = data.transpose(blocks.order)
        self._levels = [self._level(channel) for channel in range(blocks.channels)]
        self._estimates: dict[int, CameraEstimate] = {}
        self.ignored = lru_cache(maxsize=1)(self._ignored)

    def estimate(self, block: Block) -> CameraEstimate:
        """The camera of a block's channel: what is known of it, the rest from the first block that was asked about."""
        channel = self._blocks.channel(block)
        if channel not in self._estimates:
            self._estimates[channel] = self._estimated(block)
        return self._estimates[channel]

    def remarks(self) -> list[str]:
        """What the image says to a gain and an offset that the caller gave."""
        given = self.known.gain is not None and self.known.offset is not None
        return [note for found in self._estimates.values() for note in found.notes] if given else []

    def told(self) -> list[dict[str, Any]]:
        """What has been found so far, as the provenance has it."""
        return [
            {
                "channel": channel,
                **found.camera.to_dict(),
                "trusted": found.ok,
                "said": found.describe(),
                "notes": [*found.notes],
            }
            for channel, found in sorted(self._estimates.items())
        ]

    def _estimated(self, block: Block) -> CameraEstimate:
        known, pixels = self.known, self._pixels(block)
        offset = known.offset if known.offset is not None else self._recipe.background or None
        return estimate(
            Image(pixels, "ZYX"[-pixels.ndim :], None, self._encoding),
            gain=known.gain,
            offset=offset,
            read_noise=known.read_noise,
            saturation=self._levels[self._blocks.channel(block)],
            mask=None if self._given is None else self._given[block],
        )

    def _level(self, channel: int) -> float | None:
        """Counts from which on the pixels of a channel are saturated."""
        pixels = np.atleast_2d(_host(self._stored[self._of_channel(channel)]))
        level = saturation_level(pixels, self.known)
        count = 0 if level is None else int((pixels >= level).sum())
        if not count:
            return None
        where = f" of channel {channel}" if self._blocks.channels > 1 else ""
        self.notes.append(f"{count} saturated pixels{where} (at {level:g} or above) are ignored")
        return level

    def _of_channel(self, channel: int) -> tuple[Any, ...]:
        looped = self._blocks.looped
        return tuple(channel if a in "CS" else slice(None) for a in looped)

    def _ignored(self, block: Block) -> Mask | None:
        """Saturated and hot pixels of a block; None if there are none, or nothing else."""
        level, pixels = self._levels[self._blocks.channel(block)], None
        found: Mask | None = None
        if level is not None:
            pixels = self._pixels(block)
            found = pixels >= level
        if self._recipe.hot_pixels:
            pixels = self._pixels(block) if pixels is None else pixels
            hot = hot_pixels(pixels, self.estimate(block).camera)
            found = hot if found is None else found | hot
        return found if found is not None and found.any() and not found.all() else None

    def _pixels(self, block: Block) -> NDArray[Any]:
        return _host(self._stored[block])


def _lowest_colour(stored: Image) -> NDArray[Any]:
    """A colour picture is saturated where its least bright colour is."""
    lowest: NDArray[Any] = stored.data.min(axis=colour.axis_of(stored))
    return lowest


def _host(pixels: Any) -> NDArray[Any]:
    return pixels.get() if is_cupy(pixels) else np.asarray(pixels)
