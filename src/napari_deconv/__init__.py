"""Deconvolution for microscopy and photographs: right to the edge of the image."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import psf, quality
    from .camera import Camera
    from .deconvolution import (
        deconvolve,
        restore,
        richardson_lucy,
        richardson_lucy_tv,
        run,
        scaled_heavy_ball,
        wiener,
    )
    from .io import Image, read, write
    from .psf import PSF
    from .recipe import Recipe

__all__ = [
    "PSF",
    "Camera",
    "Image",
    "Recipe",
    "deconvolve",
    "psf",
    "quality",
    "read",
    "restore",
    "richardson_lucy",
    "richardson_lucy_tv",
    "run",
    "scaled_heavy_ball",
    "wiener",
    "write",
]

_HOMES = {
    "PSF": "psf",
    "Camera": "camera",
    "Image": "io",
    "Recipe": "recipe",
    "deconvolve": "deconvolution",
    "read": "io",
    "restore": "deconvolution",
    "richardson_lucy": "deconvolution",
    "richardson_lucy_tv": "deconvolution",
    "run": "deconvolution",
    "scaled_heavy_ball": "deconvolution",
    "wiener": "deconvolution",
    "write": "io",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that importing the package costs nothing."""
    if name in ("psf", "quality"):
        return importlib.import_module(f".{name}", __name__)
    if name in _HOMES:
        return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("napari-deconv")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; known: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
