"""What the file behind a layer knows and napari's own reader leaves out: voxel size, objective, wavelengths."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import io
from .psf_maker.entries import MICROSCOPES

ENDINGS = (".tif", ".tiff", ".png", ".jpg", ".jpeg")
LARGEST = 2**29  # bytes; larger files are not read a second time just for their metadata


@dataclass(frozen=True)
class FileFacts:
    """A picture file without its pixels.

    Parameters
    ----------
    shape : tuple of int
        Sizes along `axes`.
    axes : str
        Letters of TCZYXS.
    spacing : mapping
        Micrometres per sample for each spatial letter, empty if not known.
    encoding : str
        "linear" or "srgb".
    metadata : mapping
        What `napari_deconv.read` found: ``na``, ``ri``, ``wavelengths``, ``excitations``, ``modality``, ``icc``,
        ``channels``, ``sha256``.
    """

    shape: tuple[int, ...]
    axes: str
    spacing: Mapping[str, float]
    encoding: str
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a layer of that shape can be this picture: the same sizes, whatever their order."""
        return sorted(n for n in self.shape if n > 1) == sorted(n for n in shape if n > 1)

    def labels(self, shape: tuple[int, ...]) -> str | None:
        """The axes, if a layer of that shape has them in this order."""
        return self.axes if shape == self.shape else None


def readable(path: Path | None) -> bool:
    """Whether `facts` may be asked about this file."""
    return path is not None and path.suffix.lower() in ENDINGS and path.is_file() and path.stat().st_size <= LARGEST


def facts(path: Path) -> FileFacts:
    """What a picture file says about itself. Reads all of it: for a worker thread.

    Raises
    ------
    OSError, ValueError, MemoryError
        See `napari_deconv.read`.
    """
    image = io.read(path)
    spacing = dict(zip(image.spatial_axes, image.spacing, strict=True)) if image.spacing else {}
    known = {k: v for k, v in image.metadata.items() if k not in ("alpha", "path", "notes")}
    return FileFacts(image.data.shape, image.axes, spacing, image.encoding, known)


def optics(metadata: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    """What is known of the optics, by the names of the PSF models' parameters.

    Numerical aperture, refractive index, and the wavelengths of emission and excitation (micrometres, one per channel;
    left out unless those of all channels are known).
    """
    found: dict[str, tuple[float, ...]] = {
        name: (float(metadata[name]),) for name in ("na", "ri") if metadata.get(name)
    }
    for name, key in (("wavelength", "wavelengths"), ("excitation", "excitations")):
        waves = metadata.get(key) or ()
        if waves and all(w is not None and math.isfinite(w) for w in waves):
            found[name] = tuple(float(w) for w in waves)
    return found


def modality(metadata: Mapping[str, Any]) -> str:
    """The kind of microscope, a key of `MICROSCOPES`, if it is known."""
    found = str(metadata.get("modality") or "")
    return found if found in MICROSCOPES else ""
