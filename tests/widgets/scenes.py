"""Layers to restore, and forms filled in."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_deconv.widgets.deconvolve import Deconvolve

MICROMETRES = ("micrometer",) * 3


def beads(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).poisson(20, shape).astype(np.uint16)


def add_stack(viewer: Any, **more: Any) -> Any:
    """A stack with a place in the world of its own: anisotropic, x unlike y, turned, moved."""
    turn = np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])
    place = {
        "scale": (0.3, 0.105, 0.1),
        "translate": (5.0, 6.0, 7.0),
        "rotate": turn,
        "units": MICROMETRES,
        "axis_labels": ("z", "y", "x"),
        "colormap": "green",
        "blending": "additive",
    }
    return viewer.add_image(beads(6, 14, 10), **{"name": "beads", **place, **more})


def use_gaussian(dock: Deconvolve, *sigmas: str) -> None:
    """The PSF that needs least: sigma y, x and, for stacks, z."""
    dock.psf.choose("gaussian")
    for edit, sigma in zip(dock.psf.models["gaussian"].edits.values(), sigmas, strict=False):
        edit.type(sigma)
