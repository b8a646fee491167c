"""One recipe on one image: everything checked before the first FFT, then block by block, tile by tile, step by step."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from . import colour
from .arrays import mask_of
from .backend import Array, is_cupy, resolve
from .balance import noise_balance
from .blocks import Block, Blocks
from .camera import Camera
from .evidence import Evidence
from .frames import Frames
from .io.image import Image
from .iterations import Iterations
from .learned import Learned
from .matching import Given, match
from .operators import Blur
from .pieces import expected, pieces
from .provenance import provenance
from .recipe import LEARNED, LINEAR, METADATA_KEY, Recipe
from .smoothness import Smoothness, solver_of
from .solvers import Iterate, wiener
from .step import Step
from .stopping import Solver
from .tiles import Tile

NAN = float("nan")


class Job:
    """A recipe about to be run on an image: iterate over it to do the work, ask `result` for the picture.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    image : Image or array-like
        See `arrays.as_image`.
    psf : PSF, array or a sequence of them, optional
        Instead of the recipe's; one per channel is allowed.
    mask : array of bool, optional
        True where a pixel is to be ignored; shape of the image or of its spatial axes.

    Raises
    ------
    ValueError
        If image, PSF, mask and recipe do not go together: before anything is computed.
    MemoryError
        If not even tiles of the work would fit; both figures are given.
    """

    def __init__(self, recipe: Recipe, image: Any, *, psf: Given = None, mask: ArrayLike | None = None) -> None:
        self.recipe = recipe
        self.stopped = "not started"
        matched = match(recipe, image, psf)
        self.source, self.psfs, self._names = matched.image, matched.psfs, matched.names
        plan = self._one_colour() if recipe.colour == "luminance" else self.source
        together = recipe.method in LEARNED and len(self.psfs) == 1  # noise of one colour is told by the others
        self.blocks = Blocks.of(plan, self.psfs[0].ndim, together=together)
        self.backend = resolve("cupy" if recipe.backend == "auto" and is_cupy(self.source.data) else recipe.backend)
        given = mask if mask is not None else mask_of(image)
        self._masked = given is not None or recipe.hot_pixels
        self._cut(expected(recipe))
        self.frames = Frames(self.source, plan, self.blocks, recipe, given, self.backend)
        self._evidence = Evidence(recipe, self.frames, self.psfs, lambda: self.tiles, self.source.spacing)
        self.iterations = Iterations(recipe, self.blocks, self._evidence, photograph=self.frames.encoded)
        self._smoothness = Smoothness(recipe, self.blocks, self._evidence)
        self._learned = Learned(recipe, self.frames, self._evidence) if recipe.method in LEARNED else None
        self.notes = [*matched.notes, *_two_offsets(recipe), *self._plane_by_plane(), *self.frames.notes]
        self._out: Array = None
        self._begin()

    def _cut(self, num_iter: int, available: int | None = None) -> None:
        """Choose the tiles, for so many iterations."""
        self._cut_for = num_iter
        self._pieces = pieces(
            self.recipe,
            self.source,
            self.blocks,
            self.psfs,
            self.backend,
            num_iter=num_iter,
            masked=self._masked,
            available=available,
        )

    def _begin(self) -> None:
        """Nothing done yet."""
        self._done, self._looked = 0, 0  # steps of restoring, of deciding
        self._finished, self._open = 0, list(self.blocks)  # steps of blocks that are done, and the other blocks
        self._balances: dict[Block, float] = {}
        self._blur: tuple[Any, Blur] | None = None
        self._started = time.perf_counter()

    def _one_colour(self) -> Image:
        if len(self.psfs) > 1:
            raise ValueError(f"colour='luminance' takes one PSF, got {len(self.psfs)}; pass colour='per_channel'")
        return colour.one_colour(self.source)

    def _plane_by_plane(self) -> list[str]:
        if "Z" not in self.blocks.looped:
            return []
        count = self.blocks.frames[self.blocks.looped.index("Z")]
        return [f"2-D PSF: each of the {count} planes is restored on its own; a 3-D PSF restores depth too"]

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """What every block is cut into; one, if it is restored whole."""
        return self._pieces.tiles

    @property
    def total(self) -> int:
        """Steps of the whole job, those of deciding included; fewer once the number of iterations is known."""
        undecided = {self.blocks.channel(b) for b in self.blocks if self.iterations.of(b) is None}
        looks = len(undecided) if self.recipe.decide == "once" else self.blocks.count
        return self._looked + self._to_restore() + looks * self.iterations.limit * bool(undecided)

    def _to_restore(self) -> int:
        """Steps of restoring, done and to do."""
        return self._finished + len(self.tiles) * sum(self.iterations.most(block) for block in self._open)

    def __iter__(self) -> Iterator[Step]:
        """Do the work; stop at any step and `result` keeps what is there."""
        self._begin()
        self.stopped = "early"
        self._out = self.frames.empty()
        try:
            for block in self.blocks:
                if self.iterations.of(block) is None:
                    yield from self._decide(block)
            if len(self.tiles) > 1:  # what is seen of their surroundings depends on the number of iterations
                self._cut(max(self.iterations.most(block) for block in self.blocks))
            for block in self.blocks:
                yield from self._tile_by_tile(block)
                self._finished, self._open = self._done, self._open[1:]
        finally:
            self._blur = None
            self.backend.release()

    def _tile_by_tile(self, block: Block) -> Iterator[Step]:
        """All tiles of a block; if memory runs out on the way, again in smaller ones."""
        while True:
            try:
                for tile in self.tiles:
                    yield from self._restore(block, tile)
                return
            except MemoryError as error:
                self._done, self._blur = self._finished, None
                self._cut_smaller(error)

    def _cut_smaller(self, error: MemoryError) -> None:
        """Tiles that take half the memory, where the recipe leaves that to us."""
        if self.recipe.tile != "auto":
            raise error
        self.backend.release()
        count = len(self.tiles)
        self._cut(self._cut_for, self._pieces.bytes // 2)
        self.notes.append(f"memory ran out with {count} tile{'s' * (count > 1)}; went on with {len(self.tiles)}")

    def _decide(self, block: Block) -> Iterator[Step]:
        for score in self.iterations.decide(block, self._solver(block)):
            self._looked += 1
            yield self._step(block, score.iteration, score=score.value)

    def _restore(self, block: Block, tile: Tile) -> Iterator[Step]:
        H, y = self._operator(block, tile), self.frames.counts(block, tile.read)
        last: Iterate | None = None
        before, core = self._done, (*block, *tile.core)

        def estimate() -> Array:
            assert last is not None
            return self.frames.at_home(H.crop(last.snapshot()))[(..., *tile.inner)]

        def so_far() -> Array:
            picture = self._out[block].copy()
            picture[(..., *tile.core)] = estimate()
            return picture

        try:
            for last in self._iterates(block, y, H):
                self._done = before + last.iteration
                yield self._step(block, last.iteration, tile, last, estimate if len(self.tiles) == 1 else so_far)
        finally:
            if last is not None and last.alive:
                self._out[core] = estimate()

    def _step(
        self,
        block: Block,
        iteration: int,
        tile: Tile | None = None,
        iterate: Iterate | None = None,
        copy: Callable[[], Array] | None = None,
        score: float = NAN,
    ) -> Step:
        """What the caller is told."""
        return Step(
            iteration=iteration,
            done=self._looked + self._done,
            total=self.total,
            phase="deciding" if iterate is None else "restoring",
            channel=self.blocks.channel(block),
            tile=None if tile is None or len(self.tiles) == 1 else (tile.index + 1, len(self.tiles)),
            score=score,
            _divergence=(lambda: NAN) if iterate is None else (lambda: iterate.divergence),
            _copy=copy or _no_estimate,
        )

    def _operator(self, block: Block, tile: Tile) -> Blur:
        """The blur of a tile; one is kept, for the next tile or block will mostly need the same."""
        psf = self._evidence.psf(block)
        shape = tuple(part.stop - part.start for part in tile.read)
        if self._blur is None or self._blur[0] != (psf, shape):
            self._blur = None  # its memory first
            self._blur = (psf, shape), Blur(psf, shape, boundary=self.recipe.boundary, backend=self.backend)
        ignored = self.frames.ignored(block, tile.read)
        if ignored is not None and self.blocks.colours:  # what is missing of one colour is told by none
            ignored = np.any(ignored, axis=0)
        return self._blur[1].with_mask(ignored)

    def _solver(self, block: Block) -> Solver:
        """The recipe's Poisson solver with its own parameters."""
        return solver_of(self.recipe, self._smoothness, block)

    def _iterates(self, block: Block, y: Array, H: Blur) -> Iterator[Iterate]:
        recipe, scale = self.recipe, self.frames.scale
        if self._learned is not None:
            return self._learned.estimates(block, y, H)
        if recipe.method == "wiener":
            x, balance = wiener(y, H, balance=self._balance(block))
            self._balances[block] = balance
            return iter([Iterate(1, [NAN], x)])
        start = self.frames.flat(block) if len(self.tiles) > 1 else None
        steps = self._solver(block)(y, H, x0=start, background=recipe.background * scale)
        return itertools.islice(steps, self.iterations.of(block))

    def _balance(self, block: Block) -> float | Literal["auto"]:
        """Of a Wiener filter: the same for all tiles of a block."""
        recipe = self.recipe
        if recipe.noise is not None:
            return noise_balance(recipe.noise, self.frames.span(block))
        if recipe.balance == "auto" and len(self.tiles) > 1 and block not in self._balances:
            middle = self.tiles[len(self.tiles) // 2]
            self._balances[block] = wiener(self.frames.counts(block, middle.read), self._operator(block, middle))[1]
        return self._balances.get(block, recipe.balance) if recipe.balance == "auto" else recipe.balance

    def result(self) -> Image:
        """The picture as far as it is done, with recipe and provenance in its metadata; blocks not reached are 0."""
        if self._out is None:
            raise RuntimeError("the job has not begun: iterate over it first")
        of = self._to_restore()
        if self._done == of:
            self.stopped = "complete"
        picture, clipped = self.frames.picture(self._out)
        notes = self.frames.read_notes + self.notes + self._hindsight(of) + clipped
        return picture.with_data(picture.data, **{METADATA_KEY: self._provenance(of, notes)})

    def _hindsight(self, of: int) -> list[str]:
        """What only the work has shown."""
        notes = self._smoothness.notes + [
            note for decision in self.iterations.decisions.values() for note in decision.notes
        ]
        if self._done < of:
            kinds = ["tiles"] * (len(self.tiles) > 1) + ["frames"] * (self.blocks.count > 1)
            rest = f"; {' and '.join(kinds)} not reached are 0" if kinds else ""
            notes.append(f"stopped after {self._done} of {of} steps{rest}")
        return notes

    def decided(self) -> list[str]:
        """What a user should know of the decisions made on the way."""
        decisions = self.iterations.decisions.values()
        camera = self.frames.exposure.remarks()
        return list(
            dict.fromkeys([*camera, *self._smoothness.notes, *(note for found in decisions for note in found.notes)])
        )

    def _provenance(self, of: int, notes: list[str]) -> dict[str, Any]:
        """What was done, JSON-safe; file names only, no paths."""
        return provenance(
            self.resolved(),
            self.source,
            self.psfs,
            mask=self.frames.about_mask(),
            camera=self.frames.exposure.told(),
            stopping=self.iterations.told(),
            **({} if self._learned is None else {"model": self._learned.told()}),
            tiles=len(self.tiles),
            backend=self.backend.name,
            steps=self._done,
            of=of,
            stopped=self.stopped,
            seconds=round(time.perf_counter() - self._started, 3),
            notes=notes,
        )

    def resolved(self) -> Recipe:
        """The recipe with what "auto" decided filled in."""
        psf = self._names if len(self._names) > 1 else self._names[0]
        decided: dict[str, Any] = {"backend": self.backend.name.partition(":")[0], "psf": psf}
        if self._pieces.tile is not None:
            decided["tile"] = self._pieces.tile
        balances = set(self._balances.values())
        if len(balances) == 1 and self.recipe.noise is None:
            decided["balance"] = balances.pop()
        learned = {} if self._learned is None else self._learned.frozen()
        if self.recipe.method == "learned_blind":
            del decided["psf"]
        return self.recipe.changed(**decided, **learned, **self.iterations.frozen(), **self._smoothness.frozen())


def _two_offsets(recipe: Recipe) -> list[str]:
    """What is odd about a background that is not the camera's offset."""
    offset = recipe.camera.offset if isinstance(recipe.camera, Camera) else None
    if offset is None or recipe.method in LINEAR or recipe.background >= offset:
        return []
    found = f"background {recipe.background:g} is below the camera's offset {offset:g}"
    return [f"{found}: counts without light are taken for light"]


def _no_estimate() -> Array:
    raise RuntimeError("there is no estimate while the number of iterations is being decided")
