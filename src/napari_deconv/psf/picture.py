"""A PSF as a picture, ready to be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..io.image import Image
from ..io.optics import MODALITIES
from .type import PSF

KEY = "napari-deconv"
FILE = ("wavelengths", "na", "ri", "sha256")  # what a file says of the PSF in it


def as_image(psf: PSF, name: str) -> Image:
    """The PSF as an Image called `name`, with its voxel size (if in micrometres) and all that is known about it."""
    told = psf.info.get("parameters", {})
    metadata: dict[str, Any] = {key: told[key] for key in ("na", "ri") if key in told}
    waves = {"wavelengths": "wavelength", "excitations": "excitation"}
    metadata |= {key: (told[of],) for key, of in waves.items() if of in told}
    if psf.info.get("model") in MODALITIES.values():
        metadata["modality"] = psf.info["model"]
    metadata |= {"name": name, KEY: {"schema": 1, "psf": {"sha256": psf.sha256, "info": plain(psf.info)}}}
    return Image(psf.data, "ZYX"[-psf.ndim :], psf.spacing if psf.unit == "um" else None, metadata=metadata)


def as_psf(image: Image) -> PSF | None:
    """The PSF that `as_image` made this picture of; None if it is another picture, or its pixels have become others."""
    told = image.metadata.get(KEY)
    said = told.get("psf") if isinstance(told, Mapping) else None
    if not isinstance(said, Mapping) or not isinstance(said.get("info"), Mapping) or image.data.dtype != np.float32:
        return None
    unit, spacing = ("px", (1.0,) * image.data.ndim) if image.spacing is None else ("um", image.spacing)
    info = {**said["info"], **{k: image.metadata[k] for k in FILE if k in image.metadata}}
    info["notes"] = [*image.metadata.get("notes", ()), *_texts(info.get("notes"))]
    info["repairs"] = _texts(info.get("repairs"))
    try:
        psf = PSF(image.data, spacing, unit, info)
    except ValueError:
        return None
    return psf if psf.sha256 == said.get("sha256") else None


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def plain(value: Any) -> Any:
    """What JSON can say of `value`: arrays and tuples as lists, numbers not finite as None, the rest as text."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)
