"""A PSF as a picture, ready to be written."""

from __future__ import annotations

from typing import Any

from ..io.image import Image
from .type import PSF


def as_image(psf: PSF, name: str) -> Image:
    """The PSF as an Image called `name`, with its voxel size (if in micrometres), its model and parameters."""
    told = psf.info.get("parameters", {})
    metadata: dict[str, Any] = {key: told[key] for key in ("na", "ri") if key in told}
    if "wavelength" in told:
        metadata["wavelengths"] = (told["wavelength"],)
    kept = {key: value for key, value in psf.info.items() if key in ("model", "parameters", "energy", "background")}
    metadata |= {"name": name, "napari-deconv": {"schema": 1, "psf": kept}}
    return Image(psf.data, "ZYX"[-psf.ndim :], psf.spacing if psf.unit == "um" else None, metadata=metadata)
