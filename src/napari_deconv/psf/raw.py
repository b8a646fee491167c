"""Numbers from outside that are to become a PSF: checked, and on the host."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .type import refuse_infinite

Array = NDArray[np.float64]


def as_kernel(array: Any) -> tuple[Array, float, list[str]]:
    """A kernel as float64 of largest magnitude 1, that magnitude, and what was done, one sentence each.

    Scaled, sums of 1e38 or 1e-38 neither overflow nor vanish.

    Raises
    ------
    ValueError
        If `array` is complex, not numeric, empty, all zero, a colour picture, or has more than 3 axes, NaN, infinite or
        masked values.
    """
    values, said = _without_leading_axes(as_real(array))
    _refuse_colour(values.shape)
    scale = float(np.abs(values).max())
    if scale == 0:
        raise ValueError(f"psf is zero everywhere (shape {values.shape}); was it cropped or converted to integers?")
    return values / scale, scale, said


def as_real(array: Any, name: str = "psf") -> NDArray[Any]:
    """`array` as real numbers on the host, or the reason why not."""
    if np.ma.is_masked(array):
        count = np.count_nonzero(np.ma.getmaskarray(array))
        raise ValueError(f"{name} has {count} masked values; fill them first, e.g. {name}.filled(0)")
    on_device = hasattr(array, "__cuda_array_interface__") and hasattr(array, "get")
    found = np.asarray(array.get() if on_device else array)
    if np.iscomplexobj(found):
        raise ValueError(
            f"{name} is complex ({found.dtype}): this looks like a transfer function (OTF); pass the kernel in "
            "space, e.g. numpy.fft.fftshift(numpy.fft.ifftn(otf).real)"
        )
    if found.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers, got dtype {found.dtype}")
    if not np.isfinite(found).all():
        refuse_infinite(np.atleast_1d(found), name)
    return found


def _without_leading_axes(values: NDArray[Any]) -> tuple[Array, list[str]]:
    shape, said = values.shape, []
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    if values.shape != shape:
        said.append(f"leading axes of length 1 dropped: shape {shape} became {values.shape}")
    if values.ndim not in (1, 2, 3) or values.size == 0:
        raise ValueError(f"a PSF has 1 to 3 axes (ZYX) and at least one value, got shape {shape}")
    with np.errstate(over="ignore"):
        converted = values.astype(np.float64)
    if not np.isfinite(converted).all():
        raise ValueError(f"psf has values beyond 1e308 (dtype {values.dtype}); divide it by its maximum")
    return converted, said


def _refuse_colour(shape: tuple[int, ...]) -> None:
    if len(shape) == 3 and shape[2] in (3, 4) and min(shape[:2]) >= 16:
        raise ValueError(
            f"psf has shape {shape}: this looks like a colour picture, not a PSF; pass one channel, psf[..., 0], "
            "or for a real volume that narrow pad the last axis with zeros"
        )
