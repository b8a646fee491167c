"""The pixels of a job: from an image to counts that a solver can work on, and from its estimates to an image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import colour, light
from .backend import Array, Backend, is_cupy
from .blocks import Block, Blocks
from .camera import Camera
from .exposure import Exposure
from .io.image import Image
from .masks import about, in_order
from .pixels import check, look_at
from .recipe import LINEAR, Recipe

Region = tuple[Any, ...]  # slices


class Frames:
    """An image in the order of work, checked.

    Parameters
    ----------
    source : Image
        What is to be restored.
    plan : Image
        The same, or a view of one of its colours if only the luminance is restored.
    blocks : Blocks
        How the axes of `plan` are worked on.
    recipe : Recipe
        What to do.
    mask : array of bool, optional
        True where a pixel is to be ignored.
    device : Backend
        Where the work is done; pixels that are there already stay.

    Raises
    ------
    ValueError
        If pixels, mask and recipe do not go together.
    """

    def __init__(
        self, source: Image, plan: Image, blocks: Blocks, recipe: Recipe, mask: ArrayLike | None, device: Backend
    ) -> None:
        self.source, self.blocks, self.device = source, blocks, device
        self._given = in_order(mask, plan, blocks.letters, len(blocks.frames))
        self._background = recipe.background
        self.encoded = source.encoding == "srgb" and recipe.light == "linear"
        if self.encoded and (recipe.background or _in_counts(recipe)):
            raise ValueError(
                "background and the camera's gain, offset and read noise are in counts, but a photograph is restored "
                "in linear light; pass light='stored'"
            )
        stays = is_cupy(source.data) and device.name != "numpy"
        self.home = device.xp if stays else np  # where pixels and results live
        stored: Array = source.data
        if is_cupy(stored) and not stays:
            stored = stored.get()
        self.exposure = Exposure(source.with_data(stored), blocks, recipe, self._given)
        self.notes = list(self.exposure.notes)
        self._load(source.with_data(stored), recipe)

    def _load(self, stored: Image, recipe: Recipe) -> None:
        """Pixels in the order of work, in linear light if they are a photograph's; whether they can be restored."""
        picture = light.to_linear(stored) if self.encoded else stored
        self.read_notes = list(picture.metadata.get("notes", ()))
        self._colours = picture if recipe.colour == "luminance" else None
        data = picture.data if self._colours is None else colour.grey(self._colours)
        self._pixels = data.transpose(self.blocks.order)
        self._lowered = None if self._given is None else self.home.asarray(self._given)
        found = look_at(self._pixels, self._lowered)
        found.first_bad = tuple(found.first_bad[i] for i in self.blocks.back()) if found.first_bad else ()
        self.notes += check(found, recipe)
        self._lowest = found.lowest
        self.scale, self._clip = found.scale, found.negative > 0 and recipe.method not in LINEAR

    def counts(self, block: Block, region: Region) -> Array:
        """Part of a block as float32 on the device, scaled to a mean near 1; ignored pixels as low as any."""
        y = self._pixels[(*block, *region)].astype("float64") * self.scale
        if self._lowered is not None:
            y[self._lowered[(*block, *region)]] = self._lowest * self.scale
        return self.device.asarray(y.clip(min=0) if self._clip else y, self.device.xp.float32)

    def pixels(self, block: Block) -> Array:
        """A block as it is looked at: in the units and at the place of the image."""
        return self._pixels[block]

    def span(self, block: Block) -> float:
        """Largest minus smallest pixel of a block that counts, in the units of the image."""
        counted = self._counted(block)
        return float(counted.max()) - float(counted.min())

    def flat(self, block: Block) -> float:
        """The flat object with the light of a block, in the units of `counts`: where tiles and crops of it start."""
        mean = float(self._counted(block).mean(dtype="float64"))
        return max(mean - self._background, 0.01 * mean) * self.scale

    def _counted(self, block: Block) -> Array:
        """The pixels of a block that count."""
        pixels, ignored = self._pixels[block], self.ignored(block, ())
        return pixels if ignored is None else pixels[self.home.asarray(~ignored)]

    def ignored(self, block: Block, region: Region) -> NDArray[np.bool_] | None:
        """Pixels of part of a block that do not count: the caller's, the saturated, the hot; None if there are none."""
        found = self.exposure.ignored(block)
        if self._given is not None:
            both = self._given[block] if found is None else found | self._given[block]
            found = self._given[block] if both.all() else both  # something has to be left
        return None if found is None else found[(..., *region)]

    def empty(self) -> Array:
        """An image of zeros in the order of work, for the results."""
        return self.home.zeros(self._pixels.shape, dtype="float32")

    def at_home(self, x: Array) -> Array:
        """An estimate from the device in the units of the image, where results live."""
        with np.errstate(over="ignore"):  # what overflows is found by `picture`
            x = x / self.scale
        return self.device.to_host(x) if self.home is np else x

    def picture(self, restored: Array) -> tuple[Image, list[str]]:
        """The image that results make, in the axes, encoding and dtype of the source; what had to be clipped.

        Raises
        ------
        ValueError
            If a value does not fit into float32.
        """
        data = restored.transpose(self.blocks.back())
        if not bool(np.isfinite(data).all()):
            raise ValueError("the result does not fit into float32; divide the image by a constant first")
        notes: list[str] = []
        if self._colours is not None:
            data = colour.recoloured(self._colours, colour.grey(self._colours), data)
        if self.encoded:
            data, clipped = light.to_encoded(data, self.source)
            if clipped:
                notes.append(f"{clipped:.2%} of the values were outside the range of {data.dtype} and were clipped")
        return self.source.with_data(data), notes

    def about_mask(self) -> dict[str, Any] | None:
        """What is known of the caller's mask, for the provenance."""
        return None if self._given is None else about(self._given, self.blocks.order)


def _in_counts(recipe: Recipe) -> bool:
    """Whether the recipe's camera knows more than where it saturates."""
    return isinstance(recipe.camera, Camera) and bool(set(recipe.camera.to_dict()) - {"saturation"})
