"""One recipe on an image larger than memory, from any array on disk to another, tile by tile."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backend import Backend, resolve
from .balance import noise_balance
from .evidence import Evidence
from .io.image import SPATIAL, Image
from .iterations import Iterations
from .matching import Given, Match, match
from .memory import predicted_bytes
from .operators import Blur, fft_grid
from .recipe import LEARNED, PARAMETERS, Recipe
from .slices import Slices
from .smoothness import Smoothness, solver_of
from .solvers import wiener
from .stopping import Solver
from .tiles import Sink, Source, Tile, check_sink, halo, plan, restore_tiles, size

Shape = tuple[int, ...]
WHOLE = ()  # the one block of a source
ELSEWHERE = ("light", "colour", "channel_axis")  # for photographs and channels, which have no place here


@dataclass(frozen=True)
class Progress:
    """Where `run_tiled` stands after a tile; what a later run needs in order to go on.

    Parameters
    ----------
    tile : Tile
        The tile that has just been written.
    done : tuple of int
        Indices of all finished tiles, those of earlier runs included.
    total : int
        How many there are.
    recipe : Recipe
        With all that was decided before the first tile: iterations, weights, size of the tiles.
    stopping : tuple of dict
        How the number of iterations was decided, as the provenance of `run` has it; empty if it was given.
    notes : tuple of str
        What was done to pixels and PSF, and what is to be known of the decisions; each is a warning, too.
    """

    tile: Tile
    done: tuple[int, ...]
    total: int
    recipe: Recipe
    stopping: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()


def run_tiled(
    recipe: Recipe,
    source: Source,
    sink: Sink,
    *,
    psf: Given = None,
    spacing: tuple[float, ...] | None = None,
    done: Collection[int] = (),
    callback: Callable[[Progress], bool | None] | None = None,
) -> Recipe:
    """Restore an image that does not fit into memory, reading and writing slices.

    The source is read once in slabs, for faulty pixels and the mean; what the recipe leaves open (iterations, weights)
    is decided on crops; then tile after tile is restored from the same flat start. Saturated pixels are ignored if the
    recipe's camera knows their level.

    Parameters
    ----------
    recipe : Recipe
        What to do. `tile` is the most that a tile answers for, "auto" what fits into memory.
    source, sink : array-like
        2 or 3 spatial axes, ZYX; anything that is read, and written, by slices: memmap, Zarr, HDF5. Linear pixels; the
        sink takes float32 and shares nothing with the source.
    psf : PSF, array or str, optional
        Instead of the recipe's.
    spacing : tuple of float, optional
        Voxel size of the source, micrometres.
    done : collection of int
        Tiles that an earlier run has written; pass its ``Progress.recipe`` as the recipe, so that the tiles are the
        same.
    callback : callable, optional
        Called with `Progress` after each tile; returning False stops, and what is finished stays.

    Returns
    -------
    Recipe
        With all that was decided. To go on later, pass it again.

    Raises
    ------
    ValueError
        If source, sink, PSF, recipe and `done` do not go together, or pixels are NaN, infinite or negative where counts
        are needed. Nothing has been written then.
    MemoryError
        If not even the smallest tiles fit; both figures are given.
    """
    matched = _checked(recipe, source, sink, psf, spacing)
    finished = _finished(recipe, done)
    backend = resolve(recipe.backend)
    try:
        work = _Work(recipe, source, matched, backend)
        tiles, notes = work.tiles(), work.notes()
        if finished and not 0 <= finished[0] <= finished[-1] < len(tiles):
            raise ValueError(
                f"done={tuple(finished)} names tiles that are none: they are numbered 0 to {len(tiles) - 1}"
            )
        for note in notes:
            warnings.warn(note, stacklevel=2)
        for tile in restore_tiles(tiles, source, sink, work.restore, done=finished):
            finished.append(tile.index)
            so_far = Progress(tile, tuple(finished), len(tiles), work.recipe, work.stopping, notes)
            if callback is not None and callback(so_far) is False:
                break
        return work.recipe
    finally:
        backend.release()


def _finished(recipe: Recipe, done: Collection[int]) -> list[int]:
    """Tiles that are not to be made again, if the recipe says what they were."""
    undecided = [name for name in ("num_iter", "regularization", "balance", "tile") if _is_open(recipe, name)]
    if done and undecided:
        raise ValueError(
            f"done={tuple(done)}, but the recipe leaves {', '.join(undecided)} open, so that other tiles might differ; "
            "pass the Progress.recipe of the run that made them"
        )
    return sorted(set(done))


def _is_open(recipe: Recipe, name: str) -> bool:
    """Whether a parameter that matters is still to be decided."""
    matters = name == "tile" or (name in PARAMETERS[recipe.method] and (name != "balance" or recipe.noise is None))
    return matters and getattr(recipe, name) == "auto"


def _checked(recipe: Recipe, source: Source, sink: Sink, psf: Given, spacing: tuple[float, ...] | None) -> Match:
    """The one PSF on the voxel grid of the source, if all goes together."""
    if recipe.method in LEARNED:
        raise ValueError(f"run_tiled has no {recipe.method!r}; pass a part of the source, or another method")
    for name in ELSEWHERE:
        if getattr(recipe, name) != Recipe.model_fields[name].default:
            raise ValueError(
                f"{name}={getattr(recipe, name)!r} is for pictures with colours or channels; here a source has spatial "
                f"axes and linear pixels only: leave {name} out and pass channels one by one"
            )
    shape = tuple(source.shape)
    if tuple(sink.shape) != shape or not 2 <= len(shape) <= 3 or 0 in shape:
        raise ValueError(
            f"source has shape {shape} and sink {tuple(sink.shape)}; both need the same 2 or 3 axes (ZYX): "
            "pass frames and channels one by one"
        )
    check_sink(source, sink)
    if recipe.boundary == "periodic":
        raise ValueError("boundary='periodic' joins opposite edges and cannot be cut into tiles; pass 'extended'")
    empty = np.broadcast_to(np.float32(1), shape)  # has a shape, takes no memory
    matched = match(recipe, Image(empty, SPATIAL[-len(shape) :], spacing), psf)
    if len(matched.psfs) > 1 or matched.psfs[0].ndim != len(shape):
        raise ValueError(
            f"a source with {len(shape)} axes takes one PSF with as many, got {[p.shape for p in matched.psfs]}"
        )
    return matched


class _Work:
    """What all tiles share, decided before the first of them."""

    def __init__(self, recipe: Recipe, source: Source, matched: Match, backend: Backend) -> None:
        self._psf, self._backend = matched.psfs[0], backend
        self._slices = Slices(recipe, source, self._psf, backend)
        self._said = [*matched.notes, *self._slices.notes]
        self._evidence = Evidence(recipe, self._slices, matched.psfs, tuple, matched.image.spacing)
        self._smoothness = Smoothness(recipe, self._slices.blocks, self._evidence)
        self.stopping: tuple[dict[str, Any], ...] = ()
        self.recipe = self._settled(recipe)
        self._blur: Blur | None = None

    def _settled(self, recipe: Recipe) -> Recipe:
        """The recipe with nothing left open but the size of its tiles."""
        recipe = recipe.changed(backend=self._backend.name.partition(":")[0])
        if recipe.method == "wiener":
            return recipe.changed(balance=self._balance(recipe), noise=None)
        iterations = Iterations(recipe, self._slices.blocks, self._evidence)
        if iterations.of(WHOLE) is None:
            for _ in iterations.decide(WHOLE, self._solver(recipe)):
                pass
        self.stopping = tuple(iterations.told())
        self._said += [note for decision in self.stopping for note in decision["notes"]]
        self._solver(recipe)
        return recipe.changed(**iterations.frozen(), **self._smoothness.frozen())

    def _balance(self, recipe: Recipe) -> float:
        """The weight of a Wiener filter: from the noise if that is known, else the median of what crops ask for."""
        if recipe.noise is not None:
            return noise_balance(recipe.noise, self._slices.span(WHOLE))
        if recipe.balance != "auto":
            return recipe.balance
        return float(np.median([wiener(problem.y, problem.H)[1] for problem in self._evidence.problems(WHOLE)]))

    def _solver(self, recipe: Recipe) -> Solver:
        return solver_of(recipe, self._smoothness, WHOLE)

    def notes(self) -> tuple[str, ...]:
        """What was done to pixels and PSF, and what is to be known of the decisions."""
        return tuple(dict.fromkeys([*self._said, *self._smoothness.notes]))

    def tiles(self) -> tuple[Tile, ...]:
        """The plan; afterwards the recipe knows the size of its tiles."""
        recipe = self.recipe
        balance = recipe.balance if isinstance(recipe.balance, float) else 1.0
        seen = halo(self._psf, method=recipe.method, num_iter=recipe.limit, balance=balance)
        tiles = plan(
            self._slices.blocks.shape,
            seen,
            available=self._backend.free_bytes(),
            predict=self._bytes,
            grid=lambda block: fft_grid(block, self._psf.shape, recipe.boundary, self._backend),
            tile=None if recipe.tile == "auto" else recipe.tile,
        )
        self.recipe = recipe.changed(tile=size(tiles, seen))
        return tiles

    def restore(self, block: NDArray[Any]) -> NDArray[Any]:
        """One tile, halo included."""
        y, H = self._slices.scaled(block), self._operator(block)
        if self.recipe.method == "wiener":
            x, _ = wiener(y, H, balance=self.recipe.balance)
        else:
            background = self.recipe.background * self._slices.scale
            steps = self._solver(self.recipe)(y, H, x0=self._slices.flat(WHOLE), background=background)
            x = H.crop(next(itertools.islice(steps, self.recipe.limit - 1, None)).snapshot())
        return self._backend.to_host(x / self._slices.scale)

    def _operator(self, block: NDArray[Any]) -> Blur:
        """The blur of a block, faulty pixels ignored; its arrays are kept for the next, which has the same shape."""
        if self._blur is None:
            self._blur = Blur(self._psf, block.shape, boundary=self.recipe.boundary, backend=self._backend)
        return self._blur.with_mask(self._slices.faulty(block))

    def _bytes(self, block: Shape) -> int:
        """Memory of one tile, what is read and what is written included."""
        recipe = self.recipe
        taken = predicted_bytes(
            recipe.method,
            block,
            self._psf.shape,
            boundary=recipe.boundary,
            backend=self._backend,
            masked=self._slices.may_ignore,
            automatic=False,
        )
        return taken + (8 + 4) * prod(block)
