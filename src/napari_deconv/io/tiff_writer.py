"""TIFF, ImageJ TIFF and OME-TIFF out."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any, BinaryIO

import numpy as np
import tifffile
from numpy.typing import NDArray

from . import extras, imagej
from .image import Image
from .optics import MODALITIES

_CLASSIC_LIMIT = 2**32 - 2**25  # beyond, offsets need BigTIFF; tifffile's own margin
_OME_TYPES = ["int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64"]
_TIFF_TYPES = [*_OME_TYPES, "int64", "uint64", "float16"]


def write_ome(file: BinaryIO, image: Image) -> None:
    """Write an OME-TIFF: axes, voxel size, channels, wavelengths as OME-XML, the rest as one key-value annotation."""
    _check_type(image, _OME_TYPES, "OME-TIFF")
    data, axes, options = _samples(image)
    more = extras.dumps(image)
    metadata: dict[str, Any] = {
        "axes": axes,
        "UUID": _uuid(data, more),  # tifffile's default would hold this machine's network address and the time
        "Creator": "napari-deconv",
        "Name": _text(image.metadata.get("name", "")),
        "MapAnnotation": {"Namespace": extras.KEY, "Value": {extras.KEY: more}},
        **_physical_size(image),
    }
    channels = _channels(image)
    if channels:
        metadata["Channel"] = channels
    with tifffile.TiffWriter(file, ome=True, bigtiff=data.nbytes > _CLASSIC_LIMIT) as writer:
        writer.write(data, metadata=metadata, software="napari-deconv", **options)


def write_tiff(file: BinaryIO, image: Image) -> None:
    """Write a TIFF that ImageJ opens as a hyperstack where it can, else a plain one; both carry the same metadata."""
    _check_type(image, _TIFF_TYPES, "TIFF")
    more = extras.dumps(image)
    if imagej.fits(image) and not {"alpha", "icc"} & image.metadata.keys():
        options = imagej.options(image, f"{extras.KEY}={more}\n")
        with tifffile.TiffWriter(file, imagej=True) as writer:
            writer.write(imagej.arranged(image), photometric="minisblack", software="napari-deconv", **options)
        return
    data, axes, options = _samples(image)
    options |= _resolution(image)
    with tifffile.TiffWriter(file, bigtiff=data.nbytes > _CLASSIC_LIMIT) as writer:
        writer.write(data, metadata={"axes": axes, extras.KEY: more}, software="napari-deconv", **options)


def _check_type(image: Image, known: list[str], form: str) -> None:
    """Raise the ValueError that says why these pixels cannot be written."""
    if image.data.dtype.name not in known:
        raise ValueError(
            f"{form} cannot hold pixels of type {image.data.dtype}, expected one of {', '.join(known)}; "
            "convert them first, for instance image.with_data(image.data.astype('float32'))"
        )
    if image.data.size == 0 or not {"Y", "X"} <= set(image.axes):
        raise ValueError(
            f"{form} holds pictures with rows and columns, got axes {image.axes} with shape {image.data.shape}"
        )


def _samples(image: Image) -> tuple[NDArray[Any], str, dict[str, Any]]:
    """Pixels with alpha put back as the last sample, their axes, and the tags that describe both."""
    data, axes, alpha = image.data, image.axes, image.metadata.get("alpha")
    colours = data.shape[-1] if "S" in axes else 1
    if colours not in (1, 3) or (colours == 1 and "S" in axes):
        raise ValueError(
            f"a colour picture has 3 samples (red, green, blue) along S, got {colours}; use the axis C for channels"
        )
    options: dict[str, Any] = {
        "photometric": "rgb" if colours == 3 else "minisblack",
        "iccprofile": image.metadata.get("icc"),
    }
    if alpha is None:
        return data, axes, options
    data = with_alpha(data, alpha, colours == 3)
    return (
        data,
        axes if "S" in axes else axes + "S",
        options | {"extrasamples": ["unassalpha"], "planarconfig": "contig"},
    )


def with_alpha(data: NDArray[Any], alpha: NDArray[Any], colour: bool) -> NDArray[Any]:
    """`data` and `alpha` along one last axis.

    Raises
    ------
    ValueError
        If their shapes or types do not agree.
    """
    plane = data.shape[:-1] if colour else data.shape
    if alpha.shape != plane or alpha.dtype != data.dtype:
        raise ValueError(
            f"alpha has shape {alpha.shape} and type {alpha.dtype}, the picture {plane} and {data.dtype}; "
            "convert it, or remove 'alpha' from the metadata"
        )
    return np.concatenate([data if colour else data[..., None], alpha[..., None]], axis=-1)


def _physical_size(image: Image) -> dict[str, Any]:
    """OME's voxel size."""
    if image.spacing is None:
        return {}
    sizes = {f"PhysicalSize{a}": float(s) for a, s in zip(image.spatial_axes, image.spacing, strict=True)}
    return {**sizes, **{f"{k}Unit": "µm" for k in sizes}}


def _resolution(image: Image) -> dict[str, Any]:
    """TIFF's voxel size: samples per centimetre."""
    if image.spacing is None:
        return {}
    size = dict(zip(image.spatial_axes, image.spacing, strict=True))
    return {"resolution": (1e4 / size["X"], 1e4 / size["Y"]), "resolutionunit": "CENTIMETER"}


def _channels(image: Image) -> list[dict[str, Any]]:
    """OME's channel elements, as far as names, wavelengths and the modality are known."""
    count = image.data.shape[image.axes.index("C")] if "C" in image.axes else 1
    channels: list[dict[str, Any]] = [{} for _ in range(count)]
    mode = next((ome for ome, modality in MODALITIES.items() if modality == image.metadata.get("modality")), None)
    for channel, name in zip(channels, image.metadata.get("channels", ()), strict=False):
        channel["Name"] = _text(name)
    for key, told in (("EmissionWavelength", "wavelengths"), ("ExcitationWavelength", "excitations")):
        for channel, wave in zip(channels, image.metadata.get(told, ()), strict=False):
            channel |= {} if wave is None else {key: float(wave) * 1e3, f"{key}Unit": "nm"}
    for channel in channels:
        channel |= {"AcquisitionMode": mode} if mode else {}
    return channels if any(channels) else []


def _text(value: object) -> str:
    """Characters that XML 1.0 can hold."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(value))


def _uuid(data: NDArray[Any], more: str) -> str:
    """Same picture, same name."""
    digest = hashlib.blake2b(np.ascontiguousarray(data).data, digest_size=16, key=b"napari-deconv")
    digest.update(more.encode())
    return str(uuid.UUID(bytes=digest.digest(), version=4))
