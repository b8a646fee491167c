"""Where a PSF comes from, and how a worker gets it: from words, a layer, a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ... import psf as psf_models
from ...psf import PSF
from ..file_facts import readable
from ..layers import describe, pixels, role
from ..order import FromLayer, PSFSource, Words, kernel
from ..part import Part
from .psf_layer import with_info

if TYPE_CHECKING:
    from napari.layers import Layer


@dataclass(frozen=True)
class Scene:
    """What the PSF must fit: spatial axes, voxel size (ZYX, micrometres), sizes, channels restored, and the picture."""

    axes: str = ""
    spacing: tuple[float, ...] | None = None
    shape: tuple[int, ...] = ()
    channels: int = 1
    part: Part | None = field(default=None, compare=False)


def picture_of(scene: Scene) -> Any:
    """The pixels behind a scene, as one thing to compare."""
    return None if scene.part is None else scene.part.pixels


def made(source: PSFSource, scene: Scene, said: Mapping[str, Any]) -> PSF:
    """The PSF as it will be used."""
    if not isinstance(source, Words):
        return with_info(kernel(source), said)
    model, parameters = psf_models.parse(source.texts[0])
    return psf_models.make(model, parameters, spacing=scene.spacing, image_shape=scene.shape)


def layer_source(layer: Layer) -> FromLayer:
    """The PSF in a layer, for a worker."""
    found = describe(layer)
    sizes = tuple(n for n in found.lengths if n is not None)
    return FromLayer(
        pixels(layer),
        sizes if len(sizes) == len(found.lengths) else None,
        found.name,
        found.path if readable(found.path) else None,
    )


def can_be_psf(layer: Layer) -> bool:
    """Whether a layer may hold a PSF."""
    from napari.layers import Image

    return isinstance(layer, Image) and not layer.rgb and role(layer) in ("", "psf")
