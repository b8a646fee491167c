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


def spots(*shape: int, seed: int = 0, background: float = 0.0) -> np.ndarray[Any, Any]:
    """Photon counts of blurred points on a dim ground: something to restore."""
    rng = np.random.default_rng(seed)
    light = np.full(shape, 5.0)
    for place in rng.integers(0, shape, (light.size // 300, len(shape))):
        light[tuple(place)] += rng.uniform(300, 3000)
    for axis in range(len(shape)):  # a binomial blur, about that of sigma 1.4
        for _ in range(4):
            light = (np.roll(light, 1, axis) + 2 * light + np.roll(light, -1, axis)) / 4
    return rng.poisson(light + background).astype(np.uint16)
