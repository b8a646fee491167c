"""Setting up a blur, and H and its transpose in one sweep by each engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from .problems import CASES, problem


class Otf:
    """The transfer function of a PSF."""

    params = tuple(CASES)
    param_names = ("case",)

    def setup(self, case: str) -> None:
        self.picture, self.kernel = problem(case)

    def time_blur(self, case: str) -> None:
        from napari_deconv.operators import Blur

        Blur(self.kernel, self.picture.shape)


class Through:
    """Transpose of the blur times the ratio of picture and prediction."""

    params = (("whole", "slab, scipy", "slab, ducc0"), tuple(CASES))
    param_names = ("engine", "case")

    def setup(self, engine: str, case: str) -> None:
        from napari_deconv.backend import resolve
        from napari_deconv.operators import fft_grid

        picture, kernel = problem(case)
        grid = fft_grid(picture.shape, kernel.shape, "extended", resolve("numpy"))
        try:
            self.engine = made(engine, kernel, grid, picture.shape)
        except (ImportError, TypeError) as error:  # before the engine there was none; without ducc0 there is none
            raise NotImplementedError from error
        self.x = np.full(grid, 20.0, np.float32)
        self.ratio = lambda block, part: np.divide(picture[part], block, out=block)

    def time_through(self, engine: str, case: str) -> None:
        self.engine.through(self.x, self.ratio)


def made(engine: str, kernel: Any, grid: tuple[int, ...], window: tuple[int, ...]) -> Any:
    """An engine by its name."""
    if engine == "whole":
        from napari_deconv.backend import resolve
        from napari_deconv.engines.whole import Whole

        return Whole(kernel, grid, window, resolve("numpy"), "float32")
    from napari_deconv.engines.slab import Slab

    return Slab(kernel, grid, window, "float32", library="ducc0" if engine.endswith("ducc0") else "scipy")
