"""What lies on the doctor's table: a PSF, what is known of it, and the image that it is to sharpen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import background, centring
from ..checks import per_axis
from ..raw import as_kernel, as_real
from ..type import PSF

PHOTO = ("motion", "path", "defocus")  # complete and flat by nature

Array = NDArray[np.float64]
Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """Something about a PSF that a result would show.

    Parameters
    ----------
    name : str
        Which of the checks found it, a key of `CHECKS`.
    severity : {"info", "warning", "error"}
        To know; to look at; results will be wrong.
    sentence : str
        What it is, how much, and what it does to a result.
    repair : str or None
        Key for `repair`; None where nothing can be done to the PSF itself.
    remedy : str
        What that repair does, or what one can do.
    value : float
        How much, in the unit of the sentence.
    """

    name: str
    severity: Severity
    sentence: str
    repair: str | None
    remedy: str
    value: float


@dataclass(frozen=True, eq=False)
class Case:
    """A PSF as the checks look at it.

    Parameters
    ----------
    values : array, 1 to 3 axes
        The kernel as given, its largest magnitude 1.
    scale : float
        That magnitude.
    spacing : tuple of float, or None
        Micrometres per sample; None where not known.
    info : mapping
        `PSF.info`, empty for an array.
    image : array, 2 or 3 axes, or None
        Pixels of the image.
    image_spacing : tuple of float, or None
        Micrometres per sample of the image, for as many axes as the PSF has.
    """

    values: Array
    scale: float
    spacing: tuple[float, ...] | None
    info: Mapping[str, Any]
    image: Array | None
    image_spacing: tuple[float, ...] | None

    @property
    def model(self) -> str:
        """Name of the model, "measured", or nothing for an array."""
        return str(self.info.get("model", ""))

    @property
    def computed(self) -> bool:
        """Whether a formula made it."""
        return self.model not in ("", "measured") and "parameters" in self.info

    @property
    def photo(self) -> bool:
        """Whether it is a motion or defocus, which ends where it ends and is flat."""
        return self.model in PHOTO

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """What is known of the optics and of the model."""
        told = dict(self.info.get("parameters") or {})
        for key in ("na", "ri"):
            told.setdefault(key, self.info.get(key))
        waves = list(self.info.get("wavelengths") or ())
        told.setdefault("wavelength", waves[0] if len(waves) == 1 else None)
        return {key: value for key, value in told.items() if value is not None}

    @cached_property
    def peak(self) -> tuple[int, ...]:
        """Index of the maximum."""
        return centring.maximum(self.values)

    @cached_property
    def pedestal(self) -> background.Pedestal | None:
        """The level on which it stands."""
        return None if self.photo else background.find_pedestal(self.values, self.peak)

    @cached_property
    def above(self) -> Array:
        """The values above that level."""
        return self.values - self.pedestal.level if self.pedestal else self.values

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the noise around it, in units of the peak; 0 where there is none."""
        flat = self.photo or is_flat(self.above[self.peak[:-2]])
        return 0.0 if flat else background.find_noise(self.above, self.peak)

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """Where it stands out of the noise."""
        noisy = self.noise > 0
        return background.support(self.above, self.peak) if noisy else np.ones(self.values.shape, dtype=bool)

    @cached_property
    def clean(self) -> Array:
        """What belongs to the PSF: no level, no noise around it, nothing negative."""
        found: Array = np.where(self.inside, np.maximum(self.above, 0), 0)
        return found if found.any() else np.maximum(self.values, 0)

    @cached_property
    def plane(self) -> Array:
        """The plane of the maximum, cleaned."""
        found: Array = self.clean[self.peak[:-2]]
        return found


def is_flat(plane: Array) -> bool:
    """Whether most of the light is in samples that are as bright as the brightest: a disk, a polygon, a box."""
    return bool(plane[plane > 0.95 * plane.max()].sum() > 0.5 * plane.sum())


def admit(psf: Any, image: Any, spacing: Sequence[float] | None) -> Case:
    """The case of a PSF or array, with an image and its voxel size if they are known.

    Raises
    ------
    ValueError
        If `psf` cannot be read as a kernel at all, or `image` or `spacing` make no sense.
    """
    known: tuple[float, ...] | None = None
    info: Mapping[str, Any] = {}
    if isinstance(psf, PSF):
        known, info = psf.spacing if psf.unit == "um" else None, psf.info
        scale = float(psf.data.max())
        values = psf.data.astype(np.float64) / scale
    else:
        values, scale, _ = as_kernel(psf)
    if not (values > 0).any():
        raise ValueError("psf has no positive value; was a background subtracted twice?")
    step = None
    if spacing is not None:
        step = per_axis("spacing", spacing, tuple(range(max(2, values.ndim), 4)), unit="micrometres")[-values.ndim :]
    return Case(values, scale, known, info, None if image is None else _pixels(image), step)


def _pixels(image: Any) -> Array:
    """The image with spatial axes only, float64."""
    pixels = as_real(image, "image")
    pixels = pixels.reshape([n for n in pixels.shape[:-3] if n != 1] + list(pixels.shape[-3:]))
    if pixels.ndim not in (2, 3) or pixels.size == 0:
        raise ValueError(
            f"image has shape {np.shape(image)}; pass the pixels of one channel and time point, axes YX or ZYX"
        )
    return pixels.astype(np.float64)
