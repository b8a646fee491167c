"""The stack that an estimate of a microscope's PSF looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...io.image import Image
from ..checks import per_axis
from ..type import PSF

SMALLEST = 16  # samples along y and x
FEWEST = 5  # planes


def stack(
    image: Image | ArrayLike, psf: PSF, spacing: Sequence[float] | None
) -> tuple[NDArray[np.float64], tuple[float, ...], tuple[str, ...]]:
    """Pixels and voxel size of one channel at one time, checked against the PSF to start from.

    Parameters
    ----------
    image : Image or array, shape (z, y, x) or (y, x)
        As many axes as `psf`, axes of length 1 aside.
    psf : PSF
        Where the estimate starts.
    spacing : sequence of float or None
        Micrometres per sample; None: the image's own, else that of `psf`.

    Returns
    -------
    pixels : array
        A new float64 array.
    spacing : tuple of float
        Micrometres per sample.
    notes : tuple of str
        Said if the voxel size was taken from the PSF.

    Raises
    ------
    ValueError
        If the image has other axes, is too small or constant, or has masked, complex, NaN or infinite values.
    """
    pixels = _pixels(image, psf.ndim)
    _check(pixels)
    told = own_spacing(image, psf.ndim) if spacing is None else spacing
    if told is None:
        size = " x ".join(f"{s:g}" for s in psf.spacing)
        return pixels, psf.spacing, (f"the voxel size of the image is unknown; that of the PSF, {size} um, was taken",)
    return pixels, per_axis("spacing", told, (psf.ndim,), unit="micrometres"), ()


def own_spacing(image: Image | ArrayLike, ndim: int) -> tuple[float, ...] | None:
    """Micrometres per sample that an Image knows, of its last `ndim` axes."""
    known = image.spacing if isinstance(image, Image) else None
    return None if known is None or len(known) < ndim else known[-ndim:]


def _pixels(image: Image | ArrayLike, ndim: int) -> NDArray[np.float64]:
    """Real numbers with as many axes as the PSF."""
    if np.ma.is_masked(image):
        raise ValueError("the image has masked pixels; fill them, or cut a part without any")
    data = _ordered(image) if isinstance(image, Image) else np.asarray(image)
    if data.dtype.kind not in "fiub":
        raise ValueError(f"the image has values of type {data.dtype}; an estimate needs real numbers")
    if data.ndim > ndim:
        data = data.reshape([n for n in data.shape if n > 1])
    if data.ndim != ndim:
        raise ValueError(
            f"the image has shape {np.shape(data)} but the PSF {ndim} axes; pass one channel at one time "
            f"({'z, y, x' if ndim == 3 else 'y, x'}), or a PSF with {data.ndim} numbers in its spacing"
        )
    return np.array(data, dtype=np.float64)


def _ordered(image: Image) -> NDArray[Any]:
    """Its pixels, the spatial axes in the order z, y, x; refused if another axis is longer than 1."""
    ordered = image.in_order()
    others = [a for a, n in zip(ordered.axes, ordered.data.shape, strict=True) if a not in "ZYX" and n > 1]
    if others:
        raise ValueError(
            f"the image has axes {image.axes} and shape {image.data.shape}; an estimate needs one channel at one time"
        )
    return ordered.data


def _check(pixels: NDArray[np.float64]) -> None:
    """Refuse what no estimate can be made from."""
    if pixels.size == 0 or min(pixels.shape[-2:]) < SMALLEST or (pixels.ndim == 3 and len(pixels) < FEWEST):
        least = f"{FEWEST} planes of {SMALLEST} x {SMALLEST}" if pixels.ndim == 3 else f"{SMALLEST} x {SMALLEST}"
        raise ValueError(f"the image has {pixels.shape} pixels; an estimate needs at least {least}")
    wrong = ~np.isfinite(pixels)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(f"the image has {int(wrong.sum())} NaN or infinite values, the first at {where}; fill them")
    if pixels.max() == pixels.min():
        raise ValueError(f"the image is constant ({pixels.flat[0]:g}): nothing in it shows a blur")
