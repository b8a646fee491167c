"""A filled-in form as data: recipe and arrays, no widgets. The worker thread gets this and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import as_image
from ..io.image import KNOWN_AXES, Encoding, Image
from ..job import Job
from ..psf import PSF, from_array, from_file
from ..recipe import PSFName, Recipe
from .file_facts import facts, readable


@dataclass(frozen=True)
class Words:
    """A PSF computed from words; one text per channel, or one for all."""

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

    def job(self) -> Job:
        """The job, everything checked; see `Job` for what is raised."""
        psf, recipe = self.named()
        return Job(recipe, self.image(), psf=psf, mask=self._mask())

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
        """A result with its axes in the order of the layer."""
        return data.transpose(np.argsort(self._order))

    @property
    def start(self) -> tuple[int, ...]:
        """The sample of the layer at which the result begins."""
        return tuple(self.current.get(a, 0) for a in self.axes)

    @property
    def _order(self) -> list[int]:
        return sorted(range(len(self.axes)), key=lambda i: KNOWN_AXES.index(self.axes[i]))

    def _part(self, pixels: Any) -> Any:
        """Only the current time point or channel."""
        kept = {a: slice(i, i + 1) for a, i in self.current.items()}
        return pixels[tuple(kept.get(a, slice(None)) for a in self.axes)]

    def _mask(self) -> NDArray[np.bool_] | None:
        if self.mask is None:
            return None
        ignored: NDArray[np.bool_] = np.asarray(self.mask) != 0
        if ignored.ndim != len(self.axes):
            return ignored
        part: NDArray[np.bool_] = self._part(ignored)
        return part.transpose(self._order)
