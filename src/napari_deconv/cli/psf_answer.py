"""What the commands of ``napari-deconv psf`` have in common to say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..shell import Answer

if TYPE_CHECKING:
    from ..psf import PSF


def written(psf: PSF, output: Path, text: str = "", **more: Any) -> Answer:
    """Size, sampling and width of a PSF that was written, after what else there is to say."""
    found = about(psf)
    size = " x ".join(map(str, psf.shape))
    said = f"{size} samples of {lengths(psf.spacing, psf.unit)}, FWHM {lengths(found['fwhm'], psf.unit)}"
    line = f"wrote {output}: {said} ({'ZYX'[-psf.ndim :]})"
    return Answer({"output": str(output), **found, **more}, "\n".join(filter(None, [text, line])))


def about(psf: PSF) -> dict[str, Any]:
    """A PSF for machines."""
    from ..psf.width import fwhm

    return {
        "shape": list(psf.shape),
        "spacing": list(psf.spacing),
        "unit": psf.unit,
        "fwhm": fwhm(psf),
        "sha256": psf.sha256,
    }


def lengths(values: Sequence[float | None], unit: str) -> str:
    """Numbers in a row with their unit."""
    return " x ".join("?" if v is None else f"{v:.4g}" for v in values) + f" {unit}"
