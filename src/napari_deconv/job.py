"""One recipe on one image: everything checked before the first FFT, then block by block, step by step."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import colour, light
from .arrays import mask_of
from .backend import Array, is_cupy, require, resolve
from .engines.whole import predicted_bytes
from .io.image import SPATIAL, Image
from .masks import about, in_order
from .matching import Given, match
from .operators import Blur, fft_grid
from .pixels import check, look_at
from .psf.type import PSF
from .recipe import METADATA_KEY, Recipe
from .solvers import Iterate, richardson_lucy, wiener

SCHEMA = 1


@dataclass
class Step:
    """What a caller sees after each step of a job.

    Parameters
    ----------
    iteration : int
        Step of the current block: 1, 2, ...
    divergence : float
        I-divergence of the estimate that entered the step; NaN for methods that have none.
    done, total : int
        Steps done and to do over all blocks (frames, channels, planes).
    """

    iteration: int
    divergence: float
    done: int
    total: int
    _copy: Callable[[], Array]

    def snapshot(self) -> Array:
        """A copy of the current block's estimate in the units of the image; only before the next step."""
        return self._copy()


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
        If the work would not fit; both figures are given.
    """

    def __init__(self, recipe: Recipe, image: Any, *, psf: Given = None, mask: ArrayLike | None = None) -> None:
        self.recipe = recipe
        self.notes: list[str] = []
        self.stopped = "not started"
        matched = match(recipe, image, psf)
        self.source, self.psfs, self._names = matched.image, matched.psfs, matched.names
        self.notes += matched.notes
        self._plan = self._one_colour() if recipe.colour == "luminance" else self.source
        self._order_axes()
        self.backend = resolve("cupy" if recipe.backend == "auto" and is_cupy(self.source.data) else recipe.backend)
        self._require_memory()
        self._mask = in_order(
            mask if mask is not None else mask_of(image), self._plan, self._letters, len(self._frames)
        )
        self._look_at_pixels()
        self._balances: list[float] = []
        self._done = 0
        self._started = time.perf_counter()
        self._out: Array = None

    def _one_colour(self) -> Image:
        if len(self.psfs) > 1:
            raise ValueError(f"colour='luminance' takes one PSF, got {len(self.psfs)}; pass colour='per_channel'")
        return colour.one_colour(self.source)

    def _order_axes(self) -> None:
        """Axes that are looped over to the front, those of the PSF to the end."""
        axes, sizes, ndim = self._plan.axes, self._plan.data.shape, self.psfs[0].ndim
        spatial = self._plan.spatial_axes[-ndim:]
        if len(spatial) < ndim:
            raise ValueError(
                f"psf has {ndim} axes ({SPATIAL[-ndim:]}) but the image has {axes} {sizes}; "
                "pass a PSF with as many axes, e.g. psf.plane() of a 3-D one"
            )
        self._looped = "".join(a for a in axes if a not in spatial)
        self._letters = self._looped + spatial
        self._order = [axes.index(a) for a in self._letters]
        ordered = tuple(sizes[i] for i in self._order)
        self._frames, self._shape = ordered[: len(self._looped)], ordered[len(self._looped) :]
        if "Z" in self._looped:
            count = sizes[axes.index("Z")]
            self.notes.append(
                f"2-D PSF: each of the {count} planes is restored on its own; a 3-D PSF restores depth too"
            )

    def _look_at_pixels(self) -> None:
        """Pixels in the order of work, in linear light if they are a photograph's; whether they can be restored."""
        self._encoded = self.source.encoding == "srgb" and self.recipe.light == "linear"
        if self._encoded and self.recipe.background:
            raise ValueError(
                "background is in counts, but a photograph is restored in linear light; pass light='stored'"
            )
        picture = light.to_linear(self.source) if self._encoded else self.source
        self._read_notes = list(picture.metadata.get("notes", ()))
        data: Array = picture.data
        stays = is_cupy(data) and self.backend.name != "numpy"
        self._home = self.backend.xp if stays else np  # where pixels and results live
        data = data if stays or not is_cupy(data) else data.get()
        self._colours = picture.with_data(data) if self.recipe.colour == "luminance" else None
        data = data if self._colours is None else colour.grey(self._colours)
        self._pixels = data.transpose(self._order)
        self._ignored = None if self._mask is None else self._home.asarray(self._mask)
        found = look_at(self._pixels, self._ignored)
        found.first_bad = tuple(found.first_bad[self._order.index(axis)] for axis in range(len(found.first_bad)))
        self.notes += check(found, self.recipe)
        self._scale, self._clip = found.scale, found.negative > 0 and self.recipe.method == "richardson_lucy"

    def _require_memory(self) -> None:
        grids = [fft_grid(self._shape, p.shape, self.recipe.boundary, self.backend) for p in self.psfs]
        work = max(predicted_bytes(grid, self._shape) for grid in grids)
        whole = 4 * int(np.prod(self._frames + self._shape))
        whole *= 2 if self.source.encoding == "srgb" else 1  # linear light is a copy of its own
        whole += 4 * self.source.data.size if self._plan is not self.source else 0  # so are the colours
        require(work + whole, self.backend, "crop the image or the PSF, or pass fewer axes at once")

    @property
    def total(self) -> int:
        """Steps of the whole job."""
        return self._steps_per_block * int(np.prod(self._frames))

    @property
    def _steps_per_block(self) -> int:
        return self.recipe.num_iter if self.recipe.method == "richardson_lucy" else 1

    def __iter__(self) -> Iterator[Step]:
        """Do the work; stop at any step and `result` keeps what is there."""
        self._started = time.perf_counter()
        self.stopped, self._done, self._balances = "early", 0, []
        self._out = self._home.zeros(self._pixels.shape, dtype="float32")
        try:
            for number, psf in enumerate(self.psfs):
                yield from self._with_one_psf(number, psf)
        finally:
            self.backend.release()

    def _with_one_psf(self, number: int, psf: PSF) -> Iterator[Step]:
        """Every block of one channel (or of all, if they share the PSF), on one operator where no mask differs."""
        H, before = None, None
        for block in self._blocks(number):
            ignored = None if self._mask is None else self._mask[block]
            changed = ignored is not None and before is not None and not np.array_equal(ignored, before)
            if H is None or changed:
                H, before = None, ignored  # the old one's memory first
                H = Blur(psf, self._shape, boundary=self.recipe.boundary, mask=ignored, backend=self.backend)
            yield from self._restore(block, H)

    def _blocks(self, number: int) -> Iterator[tuple[int, ...]]:
        for block in np.ndindex(self._frames):
            if len(self.psfs) == 1 or block[self._channel_position] == number:
                yield block

    @property
    def _channel_position(self) -> int:
        return next(i for i, a in enumerate(self._looped) if a in "CS")

    def _restore(self, block: tuple[int, ...], H: Blur) -> Iterator[Step]:
        y, scale = self._counts(block, H), self._scale
        last: Iterate | None = None
        before = self._done

        def copy() -> Array:
            assert last is not None
            with np.errstate(over="ignore"):  # what overflows is found by `result`
                x = H.crop(last.snapshot()) / scale
            return self.backend.to_host(x) if self._home is np else x

        try:
            for last in self._iterates(y, H):
                self._done = before + last.iteration
                yield Step(last.iteration, last.divergence, self._done, self.total, copy)
        finally:
            if last is not None and last.alive:
                self._out[block] = copy()

    def _counts(self, block: tuple[int, ...], H: Blur) -> Array:
        """The block's pixels as float32 on the device, scaled by a power of two to a mean near 1, masked ones 0."""
        y = self._pixels[block].astype("float64") * self._scale
        if self._ignored is not None:
            y[self._ignored[block]] = 0
        return H.backend.asarray(y.clip(min=0) if self._clip else y, H.dtype)

    def _iterates(self, y: Array, H: Blur) -> Iterator[Iterate]:
        recipe, scale = self.recipe, self._scale
        if recipe.method == "richardson_lucy":
            offset = recipe.background * scale
            background = offset if H.weight is None else offset * H.weight
            return itertools.islice(richardson_lucy(y, H, background=background), recipe.num_iter)
        noise = None if recipe.noise is None else recipe.noise * scale
        x, balance = wiener(y, H, balance=recipe.balance, noise=noise)
        self._balances.append(balance)
        return iter([Iterate(1, float("nan"), x)])

    def result(self) -> Image:
        """The picture as far as it is done, with recipe and provenance in its metadata; blocks not reached are 0."""
        if self._out is None:
            raise RuntimeError("the job has not begun: iterate over it first")
        if self._done == self.total:
            self.stopped = "complete"
        data = self._out.transpose([self._order.index(axis) for axis in range(len(self._order))])
        if not bool(np.isfinite(data).all()):
            raise ValueError("the result does not fit into float32; divide the image by a constant first")
        notes = self._read_notes + self.notes
        if self.stopped != "complete":
            rest = "; frames not reached are 0" if self.total > self._steps_per_block else ""
            notes.append(f"stopped after {self._done} of {self.total} steps{rest}")
        if self._colours is not None:
            data = colour.recoloured(self._colours, colour.grey(self._colours), data)
        if self._encoded:
            data, clipped = light.to_encoded(data, self.source)
            notes += (
                [f"{clipped:.2%} of the values were outside the range of {data.dtype} and were clipped"]
                if clipped
                else []
            )
        return self.source.with_data(data, **{METADATA_KEY: self._provenance(notes)})

    def _provenance(self, notes: list[str]) -> dict[str, Any]:
        """What was done, JSON-safe; file names only, no paths."""
        return {
            "schema": SCHEMA,
            "package": f"napari-deconv {version('napari-deconv')}",
            "recipe": self.resolved().to_dict(),
            "source": {
                key: str(self.source.metadata[key]) for key in ("name", "sha256") if self.source.metadata.get(key)
            },
            "psf": [
                {"sha256": p.sha256, "shape": list(p.shape), "spacing": list(p.spacing), "unit": p.unit}
                for p in self.psfs
            ],
            "mask": None if self._mask is None else about(self._mask, self._order),
            "backend": self.backend.name,
            "steps": self._done,
            "of": self.total,
            "stopped": self.stopped,
            "seconds": round(time.perf_counter() - self._started, 3),
            "notes": notes,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }

    def resolved(self) -> Recipe:
        """The recipe with what "auto" decided filled in."""
        psf = self._names if len(self._names) > 1 else self._names[0]
        decided: dict[str, Any] = {"backend": self.backend.name.partition(":")[0], "psf": psf}
        if len(set(self._balances)) == 1 and self.recipe.noise is None:
            decided["balance"] = self._balances[0]
        return self.recipe.changed(**decided)
