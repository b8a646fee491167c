"""A filled-in form as data: recipe and arrays, no widgets. The worker thread gets this and nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import as_image
from ..io.image import KNOWN_AXES, SPATIAL, Encoding, Image
from ..job import Job
from ..matching import match
from ..psf import PSF, from_array, from_file
from ..recipe import PSFName, Recipe
from ..tiles import halo
from .file_facts import facts, readable
from .part_job import PartJob

SAMPLE = 2**24  # pixels that a mean is taken of
USUAL = 30  # iterations, where nobody knows yet how many: what is restored around a window is chosen for them


@dataclass(frozen=True)
class Words:
    """A PSF computed from words; one text per channel, or one for all; none where nobody knows it."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class FromLayer:
    """A PSF in a layer: its pixels, its voxel size in micrometres if it tells, its name, the file it came from."""

    array: Any
    spacing: tuple[float, ...] | None
    name: str
    path: Path | None = None


@dataclass(frozen=True)
class FromFile:
    """A PSF in an image file."""

    path: Path


@dataclass(frozen=True, eq=False)
class FromDock:
    """A PSF that a dock has made itself: estimated, or drawn."""

    psf: PSF
    name: str


PSFSource = Words | FromLayer | FromFile | FromDock


def kernel(source: FromLayer | FromFile | FromDock) -> PSF:
    """The measured PSF, with what was done to it in ``info["repairs"]``."""
    if isinstance(source, FromDock):
        return source.psf
    if isinstance(source, FromFile):
        return from_file(source.path)
    return from_array(np.asarray(source.array), spacing_of(source), name=source.name)


def spacing_of(source: FromLayer) -> tuple[float, ...] | None:
    """The voxel size of a PSF layer: the layer's own, or that of its file."""
    if source.spacing is not None or source.path is None:
        return source.spacing
    return _spacing_in_file(source.path, tuple(source.array.shape))


def _spacing_in_file(path: Path, shape: tuple[int, ...]) -> tuple[float, ...] | None:
    """The voxel size that napari's reader left out, if the file has one and holds a picture of that shape."""
    if not readable(path):
        return None
    found = facts(path)
    sizes = tuple(found.spacing[a] for a in found.axes if a in found.spacing)
    return sizes if found.shape == shape and len(sizes) == len(shape) else None


@dataclass(frozen=True)
class Order:
    """What to do to which pixels.

    Parameters
    ----------
    recipe : Recipe
        Without the PSF if that is measured.
    pixels : array-like
        Of the layer at full resolution; computed in the worker thread.
    axes : str
        Letters of its axes, in its order.
    spacing : tuple of float, optional
        Micrometres per sample, order ZYX.
    name : str
        Of the source, for the provenance.
    psf : Words, FromLayer, FromFile or FromDock
        Where the PSF comes from.
    mask : array-like, optional
        Non-zero where a pixel is to be ignored; shape of the pixels, or of their spatial axes.
    current : mapping
        Axes of which only one sample is restored, and which; they keep their place with length 1.
    encoding : {"linear", "srgb"}
        See `Image`.
    metadata : mapping
        Of the `Image`: its ICC profile.
    window : mapping
        Spatial axes of which only a part is wanted: its first sample, and the one after its last.
    around : mapping
        Samples before and after that part which are restored too, as light from there reaches it; see `ready`.
    """

    recipe: Recipe
    pixels: Any
    axes: str
    spacing: tuple[float, ...] | None
    name: str
    psf: PSFSource
    mask: Any = None
    current: Mapping[str, int] = field(default_factory=dict)
    encoding: Encoding = "linear"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    window: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    around: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def ready(self) -> Order:
        """The order with what has to be restored around its window: computes the PSF, so for a worker thread."""
        return self.widened(self.kernels()) if self.window else self

    def widened(self, psfs: Sequence[PSF]) -> Order:
        """The order with what these PSFs reach around its window; all there is, if it wraps around."""
        method = self.recipe.method
        count = min(self.recipe.limit, USUAL) if self.recipe.num_iter == "auto" else self.recipe.limit
        reach = [max(n) for n in zip(*(halo(p, method=method, num_iter=count) for p in psfs), strict=True)]
        far = dict(zip(SPATIAL[-len(reach) :], reach, strict=True))
        around = {}
        for axis, (start, stop) in self.window.items():
            n, reach_here = self.sizes[axis], far.get(axis, 0)
            wide = n if self.recipe.boundary == "periodic" and reach_here else reach_here
            around[axis] = (min(wide, start), min(wide, n - stop))
        return replace(self, around=around)

    def kernels(self) -> list[PSF]:
        """The PSFs as the whole picture is restored with them, on its voxel grid."""
        psf, recipe = self.named()
        return match(recipe, self.hollow(), psf).psfs

    def psf_at(self, channel: int) -> PSF:
        """The PSF of a channel."""
        psfs = self.kernels()
        return psfs[channel if len(psfs) > 1 else 0]

    def hollow(self) -> Image:
        """The whole picture without its pixels: only sizes are looked at."""
        axes = "".join(self.axes[i] for i in self._order)
        zeros = np.broadcast_to(np.zeros((), self.pixels.dtype), [self.sizes[a] for a in axes])
        return Image(zeros, axes, self.spacing, self.encoding)

    def part_of(self, image: Image) -> Image:
        """What is read of a picture that has its axes in the order TCZYX."""
        read = self.outer
        return image.with_data(image.data[tuple(read.get(a, slice(None)) for a in image.axes)])

    @property
    def sizes(self) -> dict[str, int]:
        """Samples of the layer along each of its axes."""
        return dict(zip(self.axes, map(int, self.pixels.shape), strict=False))

    def job(self) -> Job:
        """The job, everything checked; see `Job` for what is raised."""
        psf, recipe = self.named()
        return Job(recipe, self.image(), psf=psf, mask=self.ignored())

    def job_from(self, level: float) -> Job:
        """The job, beginning with a flat picture of that level."""
        psf, recipe = self.named()
        return PartJob(recipe, self.image(), psf=psf, mask=self.ignored(), level=level)

    def level(self) -> float:
        """Where the restoration of the whole picture begins: the mean of its pixels (of a regular sample, if they are
        many), less the background.
        """
        frame = replace(self, window={}, around={})
        part, ignored = frame._part(self.pixels), frame.ignored()
        every = slice(None, None, max(1, round((math.prod(part.shape) / SAMPLE) ** (1 / part.ndim))))
        counted = np.asarray(part[(every,) * part.ndim]).transpose(self._order)
        if ignored is not None:
            counted = counted[~np.broadcast_to(ignored[(every,) * ignored.ndim], counted.shape)]
        counted = counted[np.isfinite(counted)]
        if not counted.size:
            return 1.0  # the job will say what is wrong
        known = counted.clip(min=0) if self.recipe.negative == "clip" else counted
        mean = float(known.mean(dtype=np.float64))
        return max(mean - self.recipe.background, 0.01 * mean)

    def named(self) -> tuple[PSF | None, Recipe]:
        """The PSF, unless it is in words, and the recipe with its name."""
        if isinstance(self.psf, Words):
            return None, self.recipe
        psf = kernel(self.psf)
        name = self.psf.path.name if isinstance(self.psf, FromFile) else self.psf.name
        return psf, self.recipe.changed(psf=PSFName(name=name, sha256=psf.sha256))

    def settled(self, image: Image) -> Image:
        """The result as it goes into a layer, its axes still in the order TCZYX."""
        return image

    def about(self) -> dict[str, Any]:
        """What the result's layer should know about itself beside its provenance."""
        return {"encoding": "srgb"} if self.encoding == "srgb" else {}

    def image(self) -> Image:
        """The pixels with their axes in the order TCZYX."""
        data = as_image(self._part(self.pixels), 2).data
        order = self._order
        axes = "".join(self.axes[i] for i in order)
        return Image(data.transpose(order), axes, self.spacing, self.encoding, {**self.metadata, "name": self.name})

    def home(self, data: NDArray[Any]) -> NDArray[Any]:
        """A result with its axes in the order of the layer, without what was only restored around its window."""
        return self.back(data)[self._inside(self.axes)]

    def back(self, data: NDArray[Any]) -> NDArray[Any]:
        """Pixels with their axes in the order of the layer; they come in the order TCZYX."""
        return data.transpose(np.argsort(self._order))

    def away(self, data: NDArray[Any]) -> NDArray[Any]:
        """Pixels with their axes in the order TCZYX; they come in that of the layer."""
        return data.transpose(self._order)

    def trimmed(self, block: NDArray[Any]) -> NDArray[Any]:
        """The last axes of a result, Z Y X or Y X, without what was only restored around its window."""
        return block[self._inside(SPATIAL[-block.ndim :])]

    @property
    def start(self) -> tuple[int, ...]:
        """The sample of the layer at which the result begins."""
        return tuple(self.window[a][0] if a in self.window else self.current.get(a, 0) for a in self.axes)

    @property
    def outer(self) -> dict[str, slice]:
        """What is read: of every axis that is not read whole, from where to where."""
        read = {a: slice(i, i + 1) for a, i in self.current.items()}
        for axis, (start, stop) in self.window.items():
            before, after = self.around.get(axis, (0, 0))
            read[axis] = slice(start - before, stop + after)
        return read

    @property
    def inner(self) -> dict[str, slice]:
        """What of that is wanted: of every axis that was widened."""
        lengths = {a: stop - start for a, (start, stop) in self.window.items()}
        return {a: slice(b, b + lengths[a]) for a, (b, after) in self.around.items() if b or after}

    def _inside(self, axes: str) -> tuple[slice, ...]:
        inner = self.inner
        return tuple(inner.get(a, slice(None)) for a in axes)

    @property
    def _order(self) -> list[int]:
        return sorted(range(len(self.axes)), key=lambda i: KNOWN_AXES.index(self.axes[i]))

    def _part(self, pixels: Any, axes: str = "") -> Any:
        """Of pixels with these axes (the layer's, if not said), only what is read."""
        read = self.outer
        return pixels[tuple(read.get(a, slice(None)) for a in axes or self.axes)]

    def ignored(self) -> NDArray[np.bool_] | None:
        """Pixels that are left out, axes in the order TCZYX or only the spatial ones; None if there are none."""
        if self.mask is None:
            return None
        ignored: NDArray[np.bool_] = np.asarray(self.mask) != 0
        if ignored.ndim != len(self.axes):
            spatial = "".join(a for a in SPATIAL if a in self.axes)
            part: NDArray[np.bool_] = self._part(ignored, spatial) if ignored.ndim == len(spatial) else ignored
            return part
        part = self._part(ignored)
        return part.transpose(self._order)
