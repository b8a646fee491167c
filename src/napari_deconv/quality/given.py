"""What a result is judged by: one frame of image and result, the blur between them, the camera, and what was told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrays import as_image
from ..backend import is_cupy
from ..camera import Camera, estimate, hot_pixels, saturated
from ..io.image import Image
from ..light import to_linear
from ..masks import in_order
from ..operators import Blur, Boundary
from ..psf.sampling import resample
from ..psf.type import PSF
from ..recipe import METADATA_KEY
from .reblur import predicted

Index = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Given:
    """One frame of image and result, and how one came from the other.

    Parameters
    ----------
    image : array
        Counts; pixels that do not count hold what the result predicts there.
    result : array, shape of the image
        What came out.
    psf : PSF
        On the grid of the image.
    H : Blur
        By this PSF; ignores the pixels that do not count.
    camera : Camera
        As told, as recorded, or estimated.
    background : float
        Camera offset of the deconvolution, counts.
    spacing : tuple of float or None
        Micrometres per sample.
    frame : tuple of int
        Which of the frames.
    notes : tuple of str
        What to know before believing a judgement.
    """

    image: NDArray[Any]
    result: NDArray[Any]
    psf: PSF
    H: Blur
    camera: Camera
    background: float
    spacing: tuple[float, ...] | None
    frame: Index
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        image: Any,
        result: Any,
        psf: PSF,
        *,
        mask: ArrayLike | None,
        camera: Camera | None,
        background: float | None,
        boundary: Boundary | None,
        frame: Sequence[int] | None,
        noise_known: bool = False,
        photographs: bool = False,
    ) -> Given:
        """What was handed over, the rest from the result's provenance.

        With `noise_known`, no gain is estimated. With `photographs`, encoded ones are taken to linear light, where they
        have no gain either; else they are refused.
        """
        source, found = (as_image(v, psf.ndim).in_order() for v in (image, result))
        encoded = "srgb" in (source.encoding, found.encoding)
        if encoded and not photographs:
            raise ValueError(
                "the image is a gamma-encoded photograph; its noise is not that of counts: pass linear light"
            )
        one = _one_frame(_frames_first(source), _frames_first(found), psf, frame, mask)
        told = recipe_of(result)
        background = background_of(result) if background is None else background
        boundary = told.get("boundary") or "extended" if boundary is None else boundary
        camera = camera or _recorded(told)
        camera, said = (camera, ()) if noise_known or encoded else _camera(one.image, camera, background)
        ignored = _ignored(one.image, one.mask, camera, bool(told.get("hot_pixels")))
        H = Blur(one.psf, one.image.shape, boundary=boundary, mask=ignored)
        return cls(
            image=_completed(one.image, one.result, H, ignored, background),
            result=one.result,
            psf=one.psf,
            H=H,
            camera=camera,
            background=background,
            spacing=one.spacing,
            frame=one.at,
            notes=(*one.notes, *_unmasked(result, mask), *said),
        )

    def same_frame(self, picture: Any, name: str) -> NDArray[Any]:
        """The frame that is judged of another picture of the same scene."""
        other = on_host(_frames_first(as_image(picture, self.psf.ndim).in_order()))
        lead = other.ndim - self.psf.ndim
        found = other[self.frame] if lead == len(self.frame) else other
        if found.shape != self.image.shape:
            raise ValueError(
                f"{name} has shape {other.shape}; that of the image, {self.image.shape} in each frame, is needed"
            )
        return found


class _Frame(NamedTuple):
    """One frame of image and result, the PSF on its grid."""

    image: NDArray[Any]
    result: NDArray[Any]
    psf: PSF
    mask: NDArray[np.bool_] | None
    spacing: tuple[float, ...] | None
    at: Index
    notes: tuple[str, ...]


def _one_frame(source: Image, found: Image, psf: PSF, frame: Sequence[int] | None, mask: ArrayLike | None) -> _Frame:
    if source.data.shape != found.data.shape:
        raise ValueError(
            f"image has shape {source.data.shape} ({source.axes}) but the result {found.data.shape} "
            f"({found.axes}); pass the image the result was made from"
        )
    lead = source.data.shape[: source.data.ndim - psf.ndim]
    at = tuple(0 for _ in lead) if frame is None else tuple(int(i) for i in frame)
    if len(at) != len(lead) or not all(-n <= i < n for i, n in zip(at, lead, strict=True)):
        raise ValueError(f"frame {at} of an image with {lead} frames; one index for each of {source.axes[: len(lead)]}")
    spacing = None if source.spacing is None else source.spacing[-psf.ndim :]
    fits = psf if spacing is None or psf.unit == "px" else resample(psf, spacing)
    notes = (f"judged frame {at} of {lead}",) if lead and frame is None and math.prod(lead) > 1 else ()
    ignored = in_order(mask, source, source.axes, len(lead))
    here = None if ignored is None else ignored[at]
    return _Frame(on_host(source)[at], on_host(found)[at], fits, here, spacing, at, notes)


def _frames_first(picture: Image) -> Image:
    """The picture in linear light, its colours before rows and columns as other frames are."""
    light = to_linear(picture)
    if "S" not in light.axes:
        return light
    return replace(light, data=np.moveaxis(on_host(light), -1, 0), axes="S" + light.axes.removesuffix("S"))


def recipe_of(result: Any) -> Mapping[str, Any]:
    """What the provenance of a result says of its recipe, empty if there is none."""
    return _mapping(_provenance(result).get("recipe"))


def background_of(result: Any) -> float:
    """Camera offset that is left out of a result, counts; 0 if nothing is told."""
    return float(recipe_of(result).get("background") or 0.0)


def on_host(picture: Any) -> NDArray[Any]:
    """Pixels of an image or array as a NumPy array."""
    data: Any = picture.data if isinstance(picture, Image) else picture
    return np.asarray(data.get() if is_cupy(data) else data)


def _ignored(y: NDArray[Any], mask: NDArray[np.bool_] | None, camera: Camera, hot: bool) -> NDArray[np.bool_] | None:
    """Pixels that do not count; None if there are none, or nothing else."""
    found = np.zeros(y.shape, bool) if mask is None else mask.copy()
    if y.ndim > 1:
        full = saturated(y, camera)
        found |= False if full is None else full
        found |= hot_pixels(y, camera) if hot else False
    return found if found.any() and not found.all() else None


def _completed(
    y: NDArray[Any], x: NDArray[Any], H: Blur, ignored: NDArray[np.bool_] | None, background: float
) -> NDArray[Any]:
    """The image with what the result predicts of the pixels that do not count."""
    if ignored is None:
        return y
    guess = np.where(ignored, np.maximum(x, 0) + background, y).astype(np.float32)
    return np.where(ignored, predicted(guess, x, H.with_mask(None), background, 0), y)


def _unmasked(result: Any, mask: ArrayLike | None) -> tuple[str, ...]:
    """A sentence if pixels were ignored that are not known here."""
    ignored = _mapping(_provenance(result).get("mask")).get("ignored")
    if mask is not None or not ignored:
        return ()
    return (f"{ignored} pixels were ignored in the restoration but count here: pass the same mask=",)


def _provenance(result: Any) -> Mapping[str, Any]:
    return _mapping(result.metadata.get(METADATA_KEY)) if isinstance(result, Image) else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _recorded(recipe: Mapping[str, Any]) -> Camera:
    """What the recipe knows of the camera."""
    told = recipe.get("camera")
    return Camera.from_dict(told) if isinstance(told, Mapping) else Camera()


def _camera(y: NDArray[Any], known: Camera, background: float) -> tuple[Camera, tuple[str, ...]]:
    """The camera with a gain, if the image tells it, and a sentence about it."""
    if known.gain is not None or y.ndim == 1:
        return known, ()
    offset = background if known.offset is None and background else known.offset
    found = estimate(y, offset=offset, read_noise=known.read_noise, saturation=known.saturation)
    return found.camera, (found.describe(),)
