"""What a job looks at to decide what its recipe leaves open: the first block of a channel, or crops of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .blocks import Block
from .camera import Camera
from .frames import Frames, Region
from .operators import Blur
from .psf.type import PSF
from .recipe import Recipe
from .slices import Slices
from .stopping import Problem, crops
from .tiles import Tile


class Evidence:
    """Pieces of a job's pixels with their blur and their noise.

    Parameters
    ----------
    recipe : Recipe
        Background, boundary, seed.
    frames : Frames or Slices
        The pixels.
    psfs : sequence of PSF
        One, or one per channel.
    tiles : callable
        The tiles that a block is cut into: if it is too big to be restored whole, it is too big to be looked at whole.
    spacing : tuple of float, optional
        Voxel size of the image in micrometres.
    """

    def __init__(
        self,
        recipe: Recipe,
        frames: Frames | Slices,
        psfs: Sequence[PSF],
        tiles: Callable[[], tuple[Tile, ...]],
        spacing: tuple[float, ...] | None,
    ) -> None:
        self._spacing = spacing
        self._recipe, self._frames, self._psfs, self._tiles = recipe, frames, psfs, tiles

    def camera(self, block: Block) -> tuple[Camera, str]:
        """The camera in the units that solvers work in, and why its estimate is not to be trusted, if so."""
        found, scale = self._frames.exposure.estimate(block), self._frames.scale
        known = found.camera
        scaled = Camera(
            None if known.gain is None else known.gain / scale,
            None if known.offset is None else known.offset * scale,
            known.read_noise,
        )
        return scaled, "" if self._frames.exposure.known.gain is not None else found.failure

    def psf(self, block: Block) -> PSF:
        """The PSF of a block."""
        return self._psfs[self._frames.blocks.channel(block) if len(self._psfs) > 1 else 0]

    def spacing(self, block: Block) -> tuple[float, ...]:
        """Sides of a voxel, in whatever unit is known."""
        psf = self.psf(block)
        return psf.spacing if self._spacing is None else self._spacing[-psf.ndim :]

    def problems(self, block: Block) -> list[Problem]:
        """The whole block, or crops of it from dim to bright if it is big."""
        frames, psf = self._frames, self.psf(block)
        whole = tuple(slice(0, n) for n in frames.blocks.shape)
        ignored = frames.ignored(block, whole)
        found = crops(frames.pixels(block), psf.shape, seed=self._recipe.seed, ignored=ignored)
        alone, tiles = len(found) == 1, self._tiles()
        if alone and len(tiles) > 1:
            found, alone = (tiles[len(tiles) // 2].read,), False
        shape = tuple(part.stop - part.start for part in found[0])
        H = Blur(psf, shape, boundary=self._recipe.boundary if alone else "extended", backend=frames.device)
        start = None if alone else frames.flat(block)
        return [self._problem(block, crop, H, start) for crop in found]

    def _problem(self, block: Block, crop: Region, H: Blur, start: float | None) -> Problem:
        frames, ignored = self._frames, self._frames.ignored(block, crop)
        if ignored is not None and not ignored.all():
            H = H.with_mask(ignored)
        return Problem(frames.counts(block, crop), H, self._recipe.background * frames.scale, start)
