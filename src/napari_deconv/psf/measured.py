"""PSFs from outside: an array, a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import background as pedestals
from . import centring
from .checks import finite, per_axis
from .picture import FILE, as_psf
from .raw import as_kernel
from .type import PSF, SUM_TOLERANCE

if TYPE_CHECKING:
    from ..io.image import Image

Array = NDArray[np.float64]
Background = float | Literal["auto"] | None


def from_array(
    array: Any,
    spacing: Sequence[float] | None = None,
    unit: Literal["um", "px"] | None = None,
    *,
    background: Background = "auto",
    centre: Literal["auto"] | None = "auto",
    name: str | None = None,
) -> PSF:
    """The PSF in an array: background removed, centred, sum 1. Whatever was done is told.

    Parameters
    ----------
    array : array-like, 1 to 3 axes
        Kernel in ZYX or YX order, any real dtype. Leading axes of length 1 are dropped.
    spacing : sequence of float, optional
        Size of a sample along each axis. Unknown by default.
    unit : {"um", "px"}, optional
        Unit of `spacing`: micrometres by default, pixels if there is none.
    background : "auto", float or None
        Level to subtract. "auto" finds a camera's offset in the border around the plane of the maximum
        (`background.find_pedestal` has the rule) and leaves computed PSFs as they are. A number is
        subtracted, then negative values are clipped. None subtracts nothing.
    centre : "auto" or None
        "auto" leaves a PSF alone whose maximum is at ``n // 2`` or whose centre of mass lies within half a
        sample of it, rolls one that is wrapped around index 0, and brings the maximum (three axes) or the
        centre of mass (one or two) of any other to the middle of an odd box by whole samples. None moves
        nothing.
    name : str, optional
        Where it comes from, for `PSF.info`.

    Returns
    -------
    PSF
        ``info["repairs"]`` lists what was done, one sentence each; ``info["background"]`` and
        ``info["moved"]`` (in samples) give the numbers.

    Raises
    ------
    ValueError
        If the array is complex, not numeric, empty, all zero, a colour picture, or has more than 3 axes, NaN,
        infinite or masked values, or negative ones without a background to explain them.

    Examples
    --------
    >>> from_array([[0, 1, 0], [1, 4, 1], [0, 1, 0]]).info["repairs"]
    ['normalised: divided by its sum, 8']
    """
    if centre not in ("auto", None):
        raise ValueError(f"centre must be 'auto' or None, got {centre!r}")
    values, scale, repairs = as_kernel(array)
    step, unit = _spacing(spacing, unit, np.ndim(array), values.ndim)
    values, level, said = _above_background(values, background, scale)
    repairs += said
    before, moved = values.shape, (0,) * values.ndim
    if centre == "auto":
        values, moved, said = centring.centred(values)
        repairs += said
    if values.shape != before or level:
        values, said = centring.trimmed(values)
        repairs += said
    total = float(values.sum())
    if abs(total * scale - 1) > SUM_TOLERANCE:
        repairs.append(f"normalised: divided by its sum, {total * scale:.6g}")
    info = {
        "model": "measured",
        "name": name,
        "background": level,
        "moved": list(moved),
        "sum": total * scale,
        "repairs": repairs,
    }
    return PSF((values / total).astype(np.float32), step, unit, info)


def from_file(
    path: str | Path,
    spacing: Sequence[float] | None = None,
    *,
    background: Background = "auto",
    centre: Literal["auto"] | None = "auto",
) -> PSF:
    """The PSF in an image file, treated as by `from_array`.

    Parameters
    ----------
    path : path
        Any image that `napari_deconv.read` opens: one channel, one time point.
    spacing : sequence of float, optional
        Micrometres per sample, ZYX order. Overrules the file; by default what the file says.
    background, centre
        As for `from_array`.

    Returns
    -------
    PSF
        ``info`` also holds the notes of the reader and the wavelength, NA and refractive index of the file. A PSF that
        napari-deconv wrote comes back as it was, bit for bit, with all that was known about it.

    Raises
    ------
    ValueError
        If the picture is in colour or has more than one channel or time point, or `from_array` refuses it.
    OSError
        If the file cannot be read.
    """
    from ..io import read

    image = read(path)
    own = as_psf(image) if spacing is None else None
    if own is not None:
        return own
    repairs: list[str] = []
    data = _only_space(image, Path(path).name, repairs)
    if spacing is not None and image.spacing is not None and not np.allclose(spacing, image.spacing, 1e-3):
        repairs.append(f"voxel size {tuple(spacing)} um as given; the file says {image.spacing} um")
    known = image.spacing if spacing is None else spacing
    psf = from_array(data, known, background=background, centre=centre, name=Path(path).name)
    info = {**psf.info, **{k: image.metadata[k] for k in FILE if image.metadata.get(k)}}
    info["notes"] = list(image.metadata.get("notes", ()))
    info["repairs"] = repairs + list(psf.info["repairs"])
    return PSF(psf.data, psf.spacing, psf.unit, info)


def _spacing(
    spacing: Sequence[float] | None, unit: Literal["um", "px"] | None, given: int, kept: int
) -> tuple[tuple[float, ...], Literal["um", "px"]]:
    """Sample size and unit of the axes that were kept."""
    if spacing is None:
        if unit == "um":
            raise ValueError("unit 'um' needs the spacing, one number per axis")
        return (1.0,) * kept, "px"
    return per_axis("spacing", spacing, tuple(sorted({kept, given})))[-kept:], unit or "um"


def _above_background(values: Array, background: Background, scale: float) -> tuple[Array, float, list[str]]:
    """`values` without their background, its level in the units of the input, and what was done."""
    peak = centring.maximum(values)
    if background == "auto":
        pedestal = pedestals.find_pedestal(values, peak)
    elif background is None:
        pedestal = None
    else:
        level = finite("background", background, "'auto', None or a finite number")
        pedestal = pedestals.pedestal_at(values, peak, level / scale)
    if pedestal is None:
        _refuse_negative(values, scale)
        return values, 0.0, []
    cleaned, lost = pedestals.remove_pedestal(values, peak, pedestal)
    if not cleaned.any():
        raise ValueError(f"background {pedestal.level * scale:.6g} is above every value of psf (maximum {scale:.6g})")
    return cleaned, pedestal.level * scale, pedestals.describe(values, cleaned, pedestal, scale, lost)


def _refuse_negative(values: Array, scale: float) -> None:
    if values.min() < 0:
        share = float(-values[values < 0].sum() / np.abs(values).sum())
        raise ValueError(
            f"psf has negative values ({share:.2%} of its energy, minimum {values.min() * scale:.3g}); "
            "pass background=<the camera's offset>, or background=0 to clip them"
        )


def _only_space(image: Image, name: str, repairs: list[str]) -> NDArray[Any]:
    """The pixels with spatial axes only."""
    data, axes = image.data, image.axes
    if "S" in axes:
        data, axes = _grey(data, axes, name), axes.replace("S", "")
        repairs.append("all colours of the file are equal; one was taken")
    for letter, what in (("T", "time points"), ("C", "channels")):
        if letter in axes:
            n = data.shape[axes.index(letter)]
            if n > 1:
                raise ValueError(f"{name} has {n} {what}; a PSF file holds one PSF, save them as {n} files")
            data, axes = np.take(data, 0, axes.index(letter)), axes.replace(letter, "")
    return data


def _grey(data: NDArray[Any], axes: str, name: str) -> NDArray[Any]:
    """One colour of a picture whose colours are all the same."""
    colours = np.moveaxis(data, axes.index("S"), 0)
    if any(not np.array_equal(colours[0], c) for c in colours[1:3]):
        raise ValueError(f"{name} is a colour picture, not a PSF; save one channel as a grey image")
    grey: NDArray[Any] = colours[0]
    return grey
