"""A result judged without the truth: against the image it was made from, the PSF, and the noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from ..arrays import as_image
from ..backend import is_cupy
from ..camera import Camera, estimate, hot_pixels, saturated
from ..io.image import Image
from ..masks import in_order
from ..operators import Blur, Boundary
from ..psf.sampling import resample
from ..psf.type import PSF
from ..recipe import METADATA_KEY
from . import verdicts
from .fidelity import fidelity
from .flux import flux
from .halves import split_photons
from .reblur import predicted
from .report import Report, Row
from .resolution import Resolution, agreement
from .ringing import ringing

MORE = 100  # steps to find out whether a result that does not explain its image would in the end
RIM = 8  # samples
PASSED = 0.01  # of the contrast

Restore = Callable[[NDArray[np.float32]], Any]


def assess(
    image: Any,
    result: Any,
    psf: PSF,
    *,
    mask: ArrayLike | None = None,
    camera: Camera | None = None,
    background: float | None = None,
    boundary: Boundary | None = None,
    restore: Restore | None = None,
    rng: np.random.Generator | None = None,
    frame: Sequence[int] | None = None,
) -> Report:
    """What can be said about a result: does it explain the image, keep the light, ring, resolve, amplify noise?

    Parameters
    ----------
    image : Image or array
        What was restored: counts.
    result : Image or array
        What came out. An `Image` of `run` brings background, boundary and camera along in its provenance.
    psf : PSF
        That of the frame judged.
    mask : array of bool, optional
        True where a pixel was ignored; as in `run`. Neither it nor saturated pixels count, nor hot ones if the recipe
        in the provenance ignored them: their places are taken by what the result predicts there.
    camera : Camera, optional
        Gain, offset and read noise; see `fidelity` and `split_photons`. By default what the provenance knows, else what
        `camera.estimate` finds in the image; the notes say which.
    background : float, optional
        Camera offset of the deconvolution; by default what the provenance says, else 0.
    boundary : {"extended", "reflect", "periodic"}, optional
        Likewise, else "extended".
    restore : callable, optional
        Array to array (or Image): the same deconvolution for another picture,
        ``lambda half: run(recipe, half, psf=psf)`` with a fixed number of iterations. It is called twice, with the two
        halves of the light, for the resolution after restoration and for the noise.
    rng : numpy.random.Generator, optional
        Divides the light; ``default_rng(0)`` if not given.
    frame : sequence of int, optional
        Index into the axes before those of the PSF (time, channel, and depth for a 2-D PSF); by default the first.

    Returns
    -------
    Report
        One line per question; ``print(report.table())``.

    Raises
    ------
    ValueError
        If image, result and PSF do not fit together, or the image is a gamma-encoded photograph.
    """
    given = _Given.of(image, result, psf, frame, mask)
    provenance = _provenance(result)
    told = _mapping(provenance.get("recipe"))
    background = float(told.get("background") or 0.0) if background is None else background
    boundary = told.get("boundary") or "extended" if boundary is None else boundary
    y, x = given.image, given.result
    camera, found = _camera(y, camera or _recorded(told), background)
    ignored = _ignored(y, given.mask, camera, bool(told.get("hot_pixels")))
    H = Blur(given.psf, y.shape, boundary=boundary, mask=ignored)
    y = _completed(y, x, H, ignored, background)
    fit = fidelity(y, x, H, camera=camera, background=background)
    doubtful = fit.flagged > verdicts.UNEXPLAINED[0]
    goes_on = fidelity(y, x, H, camera=camera, background=background, steps=MORE).flagged if doubtful else None
    rims = ringing(x, spacing=given.spacing)
    reach = max(n // 2 for n in given.psf.shape)
    split = _Split.of(y, camera, background, restore, rng or np.random.default_rng(0), given)
    rows = (
        verdicts.explained(fit, goes_on),
        verdicts.fitted(fit),
        verdicts.kept(flux(y, x, background=background, border=reach), _held(H)),
        verdicts.border(*fit.border(RIM)),
        verdicts.rims(rims),
        *split.rows(),
    )
    return Report(
        rows,
        fit,
        rims,
        split.before,
        split.after,
        (*given.notes, *_unmasked(provenance, mask), *found, *fit.notes, *split.notes),
    )


@dataclass(frozen=True, eq=False)
class _Given:
    """One frame of image and result, the PSF on its grid."""

    image: NDArray[Any]
    result: NDArray[Any]
    psf: PSF
    mask: NDArray[np.bool_] | None
    spacing: tuple[float, ...] | None
    notes: tuple[str, ...]

    @classmethod
    def of(cls, image: Any, result: Any, psf: PSF, frame: Sequence[int] | None, mask: ArrayLike | None) -> _Given:
        source, found = (as_image(v, psf.ndim).in_order() for v in (image, result))
        if "srgb" in (source.encoding, found.encoding):
            raise ValueError(
                "the image is a gamma-encoded photograph; its noise is not that of counts: pass linear light"
            )
        if source.data.shape != found.data.shape:
            raise ValueError(
                f"image has shape {source.data.shape} ({source.axes}) but the result {found.data.shape} "
                f"({found.axes}); pass the image the result was made from"
            )
        lead = source.data.shape[: source.data.ndim - psf.ndim]
        at = tuple(0 for _ in lead) if frame is None else tuple(int(i) for i in frame)
        if len(at) != len(lead) or not all(-n <= i < n for i, n in zip(at, lead, strict=True)):
            raise ValueError(
                f"frame {at} of an image with {lead} frames; one index for each of {source.axes[: len(lead)]}"
            )
        spacing = None if source.spacing is None else source.spacing[-psf.ndim :]
        fits = psf if spacing is None or psf.unit == "px" else resample(psf, spacing)
        notes = (f"judged frame {at} of {lead}",) if lead and frame is None and math.prod(lead) > 1 else ()
        ignored = in_order(mask, source, source.axes, len(lead))
        here = None if ignored is None else ignored[at]
        return cls(_host(source)[at], _host(found)[at], fits, here, spacing, notes)


@dataclass(frozen=True, eq=False)
class _Split:
    """What two halves of the light say about the image, and about its restoration."""

    before: Resolution | None
    after: Resolution | None
    gain: float | None
    asked: bool
    passed: tuple[float, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        y: NDArray[Any],
        camera: Camera,
        background: float,
        restore: Restore | None,
        rng: np.random.Generator,
        given: _Given,
    ) -> _Split:
        asked = restore is not None
        if camera.gain is None:
            return cls(None, None, None, asked, (), ("the gain is not known: photons cannot be divided; pass camera=",))
        if y.ndim == 1:
            return cls(None, None, None, asked, (), ())
        offset = background if camera.offset is None else camera.offset
        halves = split_photons(y, rng, camera=Camera(camera.gain, offset, camera.read_noise))
        before = agreement(halves, spacing=given.spacing)
        passed = _finest(given)
        if restore is None:
            return cls(before, None, None, asked, passed, before.notes)
        lowest = min(float(y.min()), 0.0)  # read noise must not make pixels negative that were not
        one, other = (_host(restore(np.maximum(half, lowest))) for half in halves)
        amplified = float(np.std(one - other) / np.std(halves[0] - halves[1]))
        after = agreement((one, other), spacing=given.spacing, raw=False)
        return cls(before, after, amplified, asked, passed, before.notes)

    def rows(self) -> tuple[Row, ...]:
        """Resolution before and after, and the noise."""
        return (
            *verdicts.resolved(self.before, self.after, self.asked, self.passed),
            verdicts.amplified(self.gain, self.asked, self.before is not None),
        )


def _held(H: Blur) -> float:
    """Share of the light of a point in the middle of the view that the view holds."""
    seen = H.backend.to_host(H.crop(H.adjoint(H.backend.asarray(np.ones(H.out_shape), H.dtype))))
    return float(seen[tuple(n // 2 for n in H.out_shape)])


def _finest(given: _Given) -> tuple[float, ...]:
    """The smallest period, lateral and axial, of which the PSF passes a share worth the name."""
    grid = tuple(2 * n for n in given.psf.shape)
    passed = np.abs(scipy.fft.fftn(given.psf.data, grid)) >= PASSED
    steps = given.spacing or (1.0,) * len(grid)
    lines = [scipy.fft.fftfreq(n, s) for n, s in zip(grid, steps, strict=True)]
    lateral = np.hypot(lines[-2][:, None], lines[-1])
    in_plane = passed[0] if passed.ndim == 3 else passed
    highest = [float(lateral[in_plane].max())]
    if passed.ndim == 3:
        highest.append(float(np.abs(lines[0])[passed.any(axis=(1, 2))].max()))
    return tuple(1 / f if f else math.inf for f in highest)


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


def _unmasked(provenance: Mapping[str, Any], mask: ArrayLike | None) -> tuple[str, ...]:
    """A sentence if pixels were ignored that are not known here."""
    ignored = _mapping(provenance.get("mask")).get("ignored")
    if mask is not None or not ignored:
        return ()
    return (f"{ignored} pixels were ignored in the restoration but count here: pass the same mask=",)


def _provenance(result: Any) -> Mapping[str, Any]:
    """Of a result, empty if there is none."""
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


def _host(picture: Any) -> NDArray[Any]:
    data: Any = picture.data if isinstance(picture, Image) else picture
    return np.asarray(data.get() if is_cupy(data) else data)
