"""Pictures to make a PSF for or from, and a dock filled in."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_deconv import psf
from napari_deconv.widgets.psf_maker.dock import PSFDock
from widgets.scenes import MICROMETRES

SPACING = (0.2, 0.1, 0.1)
OPTICS = {"na": "1.2", "wavelength": "520", "ri": "1.33"}
WIDTHS = (0.25, 0.12, 0.12)  # sigma of a bead's picture, micrometres
PLACE: dict[str, Any] = {"scale": SPACING, "units": MICROMETRES, "axis_labels": ("z", "y", "x")}


def fill_theory(dock: PSFDock, kind: str = "widefield", **texts: str) -> None:
    dock.theory.choose(kind)
    for name, text in {**OPTICS, **texts}.items():
        dock.theory.forms["widefield"].edits[name].type(text)


def bead_field(count: int = 8, seed: int = 3) -> np.ndarray[Any, Any]:
    """A field of beads on a grid, so that none is crowded, and their centres."""
    rng = np.random.default_rng(seed)
    kernel = psf.gaussian(WIDTHS, spacing=SPACING).data
    stack = np.zeros((24, 120, 120))
    half = [n // 2 for n in kernel.shape]
    for y, x in centres(count):
        place = tuple(slice(c - h, c + h + 1) for c, h in zip((12, y, x), half, strict=True))
        stack[place] += 20000 * kernel
    return rng.poisson(stack + 20).astype(np.uint16)


def centres(count: int = 8) -> list[tuple[int, int]]:
    """Row and column of each bead."""
    return [(y, x) for y in (20, 60, 100) for x in (20, 60, 100)][:count]


def blurred_photo(kernel: psf.PSF, side: int = 256, seed: int = 5) -> np.ndarray[Any, Any]:
    """Rectangles of all sizes and directions under a blur, in linear light, with 1 % of noise."""
    from scipy.signal import fftconvolve

    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:side, :side] - side / 2
    scene = np.full((side, side), 0.4)
    for _ in range(120):
        y, x, turn = *rng.uniform(-side / 2, side / 2, 2).tolist(), rng.uniform(0, np.pi)
        along = (row - y) * np.cos(turn) + (column - x) * np.sin(turn)
        across = (column - x) * np.cos(turn) - (row - y) * np.sin(turn)
        scene[(abs(along) < rng.uniform(3, 40)) & (abs(across) < rng.uniform(3, 20))] = rng.uniform(0.05, 0.95)
    edge = [n // 2 for n in kernel.shape]
    blurred = fftconvolve(scene, kernel.data, mode="same")[edge[0] : side - edge[0], edge[1] : side - edge[1]]
    return (blurred + rng.normal(0, 0.01, blurred.shape)).clip(0).astype(np.float32)
