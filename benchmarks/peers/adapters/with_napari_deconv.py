"""napari-deconv: the public functions, as a user calls them. ducc0 is used by itself where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from numpy.typing import NDArray

import napari_deconv

Array = NDArray[Any]
PACKAGES = ["napari-deconv", "scipy", "numpy", *(["ducc0"] if find_spec("ducc0") else [])]


def iterative(name: str) -> Callable[[Array, Array, int], Array]:
    def run(image: Array, psf: Array, num_iter: int) -> Any:
        return napari_deconv.deconvolve(image, psf, method=name, num_iter=num_iter, backend="numpy")

    return run


def wiener(image: Array, psf: Array, _: int) -> Any:
    return napari_deconv.wiener(image, psf, balance=0.01, backend="numpy")


def wiener_auto(image: Array, psf: Array, _: int) -> Any:
    return napari_deconv.wiener(image, psf, backend="numpy")


METHODS = {
    "richardson_lucy": iterative("richardson_lucy"),
    "scaled_heavy_ball": iterative("scaled_heavy_ball"),
    "wiener": wiener,
    "wiener_auto": wiener_auto,
}
