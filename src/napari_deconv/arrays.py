"""What a caller may hand over as an image: NumPy, CuPy, dask, xarray, masked arrays, lists. Checked, and given axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .backend import Array, gib, host_free_bytes, is_cupy
from .io.image import SPATIAL, Image

DIMENSIONS = {"t": "T", "time": "T", "c": "C", "channel": "C", "z": "Z", "y": "Y", "x": "X"}
LEADING = {
    1: ("",),
    2: ("", "Z", "TZ", "TCZ"),
    3: ("", "T", "TC"),
}  # axes before the spatial ones, by their number
MICROMETRES = ("um", "µm", "μm", "micron", "microns", "micrometer", "micrometre")


def as_image(source: Any, spatial_ndim: int, channel_axis: int | None = None, channels: int = 1) -> Image:
    """An Image from anything that is one: axes from the object itself if it has them, else counted from the end.

    Parameters
    ----------
    source : array-like or Image
        Pixels. An xarray's dimension names and evenly spaced coordinates in micrometres are used; a dask
        array is computed.
    spatial_ndim : int
        Axes of the PSF.
    channel_axis : int, optional
        Axis that holds colours or channels.
    channels : int
        How many PSFs were given: with more than one, the first axis is taken for channels.

    Raises
    ------
    ValueError
        If it is empty, has too few or too many axes, or holds no real numbers.
    MemoryError
        If a dask array would not fit.
    """
    if isinstance(source, Image):
        return source if channel_axis is None else _with_channels(source, channel_axis)
    if type(source).__module__.startswith("xarray."):
        return _from_xarray(source, spatial_ndim, channel_axis, channels)
    data = _numbers(source)
    return Image(data, _axes(data.shape, spatial_ndim, channel_axis, channels))


def _with_channels(image: Image, channel_axis: int) -> Image:
    """The same picture with the axis called C that holds its channels."""
    if not -image.data.ndim <= channel_axis < image.data.ndim:
        raise ValueError(f"channel_axis {channel_axis}, but the image has {image.data.ndim} axes, {image.axes}")
    letter = image.axes[channel_axis]
    if letter in "CS":
        return image
    if "C" in image.axes or letter in "YX":
        raise ValueError(
            f"channel_axis {channel_axis} is the axis {letter} of {image.axes}, which cannot hold channels"
        )
    spacing = image.spacing[1:] if letter == "Z" and image.spacing else image.spacing
    return Image(image.data, image.axes.replace(letter, "C"), spacing, image.encoding, image.metadata)


def _numbers(source: Any) -> Array:
    """`source` as an array of real numbers (a CuPy array stays one)."""
    if type(source).__module__.startswith("dask."):
        source = _computed(source)
    data = source if is_cupy(source) else np.asarray(source)
    if data.dtype.kind not in "biuf":
        raise ValueError(
            f"image holds {_kind(data, source)}; real numbers are needed "
            "(bool, integers or floats), e.g. abs(image) of complex ones"
        )
    if data.size == 0:
        raise ValueError(f"image is empty, shape {data.shape}; at least one pixel is needed")
    return data


def _kind(data: Array, source: Any) -> str:
    return f"a {type(source).__name__}" if data.dtype == object and data.ndim == 0 else f"values of dtype {data.dtype}"


def _computed(lazy: Any) -> Array:
    """A dask array in memory, refused if its size is unknown or too large."""
    if any(np.isnan(n) for n in lazy.shape):
        raise ValueError(f"dask image has an unknown size {lazy.shape}; call .compute_chunk_sizes() first")
    free = host_free_bytes()
    if lazy.nbytes > free:
        raise MemoryError(f"image needs {gib(lazy.nbytes)}, {gib(free)} free; pass a part of it")
    return lazy.compute()


def _axes(shape: tuple[int, ...], spatial_ndim: int, channel_axis: int | None, channels: int) -> str:
    """Letters for the axes of a bare array: spatial ones last, before them time, channel and, for 2-D PSFs, depth."""
    ndim = len(shape)
    if channel_axis is not None:
        if not -ndim <= channel_axis < ndim:
            raise ValueError(
                f"channel_axis {channel_axis} of an image with {ndim} axes {shape}; it goes from {-ndim} to {ndim - 1}"
            )
        at = channel_axis % ndim
        rest = _axes((*shape[:at], *shape[at + 1 :]), spatial_ndim, None, 1)
        return rest[:at] + "C" + rest[at:]
    if ndim > 2 and shape[-1] in (3, 4) and min(shape[-3:-1]) >= 16:
        raise ValueError(f"image of shape {shape} looks like a colour picture; pass channel_axis=-1")
    lead = ndim - spatial_ndim
    if lead < 0:
        raise ValueError(
            f"psf has {spatial_ndim} axes ({SPATIAL[-spatial_ndim:]}) but the image has {ndim} {shape}; "
            "pass a PSF with as many axes, e.g. psf.plane() of a 3-D one"
        )
    if spatial_ndim == 1 and lead:
        raise ValueError(f"psf has 1 axis but the image has {ndim} {shape}; pass a PSF with {min(ndim, 3)} axes")
    if lead >= len(LEADING[spatial_ndim]):
        raise ValueError(f"image has {ndim} axes {shape}; at most 5 (TCZYX) are understood: pass it piece by piece")
    names = LEADING[spatial_ndim][lead]
    if channels > 1 and names and "C" not in names:
        names = "C" + names[1:]
    return names + SPATIAL[-spatial_ndim:]


def _from_xarray(source: Any, spatial_ndim: int, channel_axis: int | None, channels: int) -> Image:
    data = _numbers(source.data)
    known = [DIMENSIONS.get(str(name).lower()) for name in source.dims]
    if not any(known) or len(set(known)) < len(known):
        return Image(data, _axes(data.shape, spatial_ndim, channel_axis, channels))
    if None in known:
        strange = source.dims[known.index(None)]
        raise ValueError(f"dimension {strange!r} is none of {', '.join(DIMENSIONS)}; rename it, or pass .values")
    letters = "".join(letter or "" for letter in known)
    steps = {
        letter: _step(source, name) for name, letter in zip(source.dims, letters, strict=True) if letter in SPATIAL
    }
    sizes = [steps[letter] for letter in SPATIAL if letter in steps]
    spacing = None if None in sizes else tuple(size for size in sizes if size is not None)
    image = Image(data, letters, spacing, metadata={"name": str(source.name or "")})
    return image if channel_axis is None else _with_channels(image, channel_axis)


def _step(source: Any, name: Any) -> float | None:
    """Micrometres per sample along one dimension, None if its coordinates are not lengths."""
    if name not in source.coords:
        return None
    coordinate = source.coords[name]
    steps = np.diff(np.asarray(coordinate.values, dtype=float))
    if steps.size and (steps[0] == 0 or not np.allclose(steps, steps[0], rtol=1e-3)):
        raise ValueError(
            f"coordinates of {name!r} are not evenly spaced (steps {steps.min():.6g} to {steps.max():.6g}); "
            "resample the image or drop the coordinate"
        )
    lengths = str(coordinate.attrs.get("units", "")).lower() in MICROMETRES
    return float(abs(steps[0])) if steps.size and lengths else None


def mask_of(source: Any) -> Any:
    """The mask of a NumPy masked array (True: ignore), None for everything else."""
    return np.ma.getmaskarray(source) if isinstance(source, np.ma.MaskedArray) and np.ma.is_masked(source) else None
