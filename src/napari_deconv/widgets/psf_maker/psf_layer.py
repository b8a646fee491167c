"""A PSF as an image layer, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...psf import PSF
from ...psf.picture import plain
from ...recipe import METADATA_KEY
from ..layers import describe, pixels

if TYPE_CHECKING:
    from napari.layers import Image, Layer

ROLE = "psf"


def layer_of(psf: PSF, name: str, over: Layer | None = None) -> Image:
    """A layer of `psf` with its voxel size, over the middle of the image `over`.

    A PSF in micrometres has its own voxel size, in the unit of `over` if that is a length; one in pixels has that
    of `over`. Its metadata tell how it was made, and that it is a PSF.
    """
    from napari.layers import Image

    ndim = psf.ndim
    scale, units = _steps(psf, over)
    return Image(
        psf.data,
        name=f"PSF · {name}",
        scale=scale,
        units=units,
        translate=_offset(psf, scale, over),
        axis_labels=tuple("zyx"[-ndim:]),
        colormap="magma",
        gamma=0.4,
        blending="additive",  # black hides nothing
        contrast_limits=(0.0, float(psf.data.max())),
        metadata={METADATA_KEY: {"role": ROLE, "schema": 1, "sha256": psf.sha256, "psf": plain(psf.info)}},
    )


def told(layer: Layer) -> dict[str, Any]:
    """How the PSF in `layer` was made, as far as the layer says: model, parameters, energy, …"""
    said = layer.metadata.get(METADATA_KEY)
    found = said.get("psf") if isinstance(said, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


def with_info(psf: PSF, said: Mapping[str, Any]) -> PSF:
    """`psf`, read from a layer or file, with what is known of how it was made; what was done to it since is added."""
    if not said:
        return psf
    repairs = [*said.get("repairs", ()), *psf.info.get("repairs", ())]
    kept = {k: v for k, v in psf.info.items() if k not in ("model", "parameters", "energy", "repairs")}
    return PSF(psf.data, psf.spacing, psf.unit, {**kept, **said, "repairs": repairs})


def _steps(psf: PSF, over: Layer | None) -> tuple[list[float], list[str]]:
    """Scale and units."""
    ndim = psf.ndim
    lengths = () if over is None else describe(over).lengths[-ndim:]
    if psf.unit == "px":
        if over is None or len(lengths) < ndim:
            return [1.0] * ndim, ["pixel"] * ndim
        return [float(s) for s in over.scale[-ndim:]], [str(u) for u in over.units[-ndim:]]
    if over is None or len(lengths) < ndim or None in lengths:
        return list(psf.spacing), ["micrometer"] * ndim
    units = over.units[-ndim:]
    return [float((s * _micrometre(u)).to(u).magnitude) for s, u in zip(psf.spacing, units, strict=True)], [
        str(u) for u in units
    ]


def _micrometre(unit: Any) -> Any:
    """One micrometre in the registry of `unit`."""
    return unit._REGISTRY("micrometer")


def _offset(psf: PSF, scale: list[float], over: Layer | None) -> list[float]:
    """Where its first sample is, for its centre to be in the middle of `over`."""
    if over is None:
        return [0.0] * psf.ndim
    axes = len(over.scale)
    middle = over.data_to_world([(n - 1) / 2 for n in pixels(over).shape[:axes]])
    centre = ([0.0] * psf.ndim + [float(m) for m in middle])[-psf.ndim :]
    return [c - n // 2 * s for c, n, s in zip(centre, psf.shape, scale, strict=True)]
