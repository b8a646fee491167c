"""An image as blocks: the axes of the PSF are restored together, those before them are looped over."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from types import EllipsisType

from .io.image import SPATIAL, Image

RGB = 3

Block = tuple[int | EllipsisType, ...]  # an index of the looped axes; with an ellipsis at its end, of all colours


@dataclass(frozen=True)
class Blocks:
    """How the axes of an image are worked on.

    Parameters
    ----------
    letters : str
        Axes in the order of work: those looped over first.
    order : tuple of int
        Where each of them is in the image.
    frames : tuple of int
        Sizes of the axes that are looped over.
    shape : tuple of int
        Sizes of the others: of one block.
    colours : int
        How many colours a block holds, on an axis before those of its shape; 0: no such axis.
    """

    letters: str
    order: tuple[int, ...]
    frames: tuple[int, ...]
    shape: tuple[int, ...]
    colours: int = 0

    @classmethod
    def of(cls, image: Image, ndim: int, *, together: bool = False) -> Blocks:
        """The blocks of an image under a PSF of `ndim` axes.

        Parameters
        ----------
        image : Image
            The image.
        ndim : int
            Axes of the PSF.
        together : bool
            Whether red, green and blue make one block.

        Raises
        ------
        ValueError
            If the PSF has more spatial axes than the image.
        """
        axes, sizes = image.axes, image.data.shape
        spatial = image.spatial_axes[-ndim:]
        if len(spatial) < ndim:
            raise ValueError(
                f"psf has {ndim} axes ({SPATIAL[-ndim:]}) but the image has {axes} {sizes}; "
                "pass a PSF with as many axes, e.g. psf.plane() of a 3-D one"
            )
        looped = "".join(a for a in axes if a not in spatial)
        last = "S" if together and "S" in looped and sizes[axes.index("S")] == RGB else ""
        letters = looped.replace(last, "") + last + spatial
        order = tuple(axes.index(a) for a in letters)
        ordered = tuple(sizes[i] for i in order)
        return cls(letters, order, ordered[: len(looped) - len(last)], ordered[-ndim:], RGB if last else 0)

    @property
    def looped(self) -> str:
        """The axes that are looped over."""
        return self.letters[: len(self.frames)]

    @property
    def count(self) -> int:
        """How many blocks there are."""
        return prod(self.frames)

    @property
    def channels(self) -> int:
        """How many channels or colours there are."""
        position = self._channel_position
        return 1 if position is None else self.frames[position]

    def channel(self, block: Block) -> int:
        """Which channel a block belongs to."""
        position = self._channel_position
        index = 0 if position is None else block[position]
        assert isinstance(index, int)
        return index

    def __iter__(self) -> Iterator[Block]:
        """Every block, channel by channel."""
        frames: Iterator[Block] = itertools.product(*map(range, self.frames))
        return iter(sorted(((*frame, ...) if self.colours else frame for frame in frames), key=self.channel))

    def back(self) -> list[int]:
        """The permutation that brings axes from the order of work into that of the image."""
        return [self.order.index(axis) for axis in range(len(self.order))]

    @property
    def _channel_position(self) -> int | None:
        return next((i for i, a in enumerate(self.looped) if a in "CS"), None)
