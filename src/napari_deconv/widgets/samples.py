"""File > Open Sample: the pictures of the package with their PSFs, as layers."""

from __future__ import annotations

from typing import Any

from .. import samples
from ..io.image import Image
from ..psf import PSF
from ..psf.picture import plain
from ..recipe import METADATA_KEY

LayerData = tuple[Any, dict[str, Any], str]

KEYS = {
    "widefield": "widefield_stack",
    "clock": "clock_motion",
    "defocus": "defocused_coffee",
}  # in the menu: in samples
KNOWN = ("icc", "na", "ri", "wavelengths", "excitations", "modality")  # what a layer is told of its picture


def widefield() -> list[LayerData]:
    """A simulated widefield stack and its PSF."""
    return _layers(KEYS["widefield"], "widefield")


def clock() -> list[LayerData]:
    """A photograph of a clock blurred by motion, and its PSF."""
    return _layers(KEYS["clock"], "clock")


def defocus() -> list[LayerData]:
    """A photograph out of focus and its PSF."""
    return _layers(KEYS["defocus"], "coffee out of focus")


def _layers(key: str, name: str) -> list[LayerData]:
    """The picture, which the window is fitted to, and its PSF, not shown at first."""
    sample = samples.load(key)
    settings = {"background": sample.recipe.background}
    return [_image_layer(name, sample.image, settings), _psf_layer(name, sample.psf, sample.image)]


def _image_layer(name: str, image: Image, said: dict[str, Any]) -> LayerData:
    known = {k: image.metadata[k] for k in KNOWN if image.metadata.get(k)}
    arguments = {
        "name": name,
        "rgb": "S" in image.axes,
        "metadata": {METADATA_KEY: {"encoding": image.encoding, **known, **said}},
        **_world(image.axes.replace("S", ""), image.spacing),
    }
    return image.data, arguments, "image"


def _psf_layer(name: str, psf: PSF, image: Image) -> LayerData:
    """The PSF over the middle of the picture, so that it does not enlarge the field of view more than it must."""
    axes = "ZYX"[-psf.ndim :]
    spacing = psf.spacing if psf.unit == "um" else (image.spacing or ())[-psf.ndim :] or None
    middle = [(n - 1) / 2 for n in image.spatial_shape[-psf.ndim :]]
    steps = spacing or (1.0,) * psf.ndim
    arguments = {
        "name": f"PSF · {name}",
        "visible": False,
        "colormap": "magma",
        "gamma": 0.4,
        "translate": [(m - n // 2) * s for m, n, s in zip(middle, psf.shape, steps, strict=True)],
        "metadata": {METADATA_KEY: {"role": "psf", "sha256": psf.sha256, "psf": plain(psf.info)}},
        **_world(axes, spacing),
    }
    return psf.data, arguments, "image"


def _world(axes: str, spacing: tuple[float, ...] | None) -> dict[str, Any]:
    """Scale, units and axis labels."""
    labels: dict[str, Any] = {"axis_labels": tuple(axes.lower())}
    if spacing is None:
        return labels
    steps = dict(zip([a for a in axes if a in "ZYX"], spacing, strict=True))
    return {
        **labels,
        "scale": [steps.get(a, 1.0) for a in axes],
        "units": ["micrometer" if a in steps else "pixel" for a in axes],
    }
