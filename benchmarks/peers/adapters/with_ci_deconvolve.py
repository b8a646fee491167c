"""ci-deconvolve: scaled heavy ball on the extended domain; offset, background, stop and tiles are switched off."""

from __future__ import annotations

from typing import Any

from core.deconvolve_ci import ci_rl_deconvolve
from numpy.typing import NDArray

Array = NDArray[Any]
PACKAGES = ["ci-deconvolve", "torch", "numpy"]


def scaled_heavy_ball(image: Array, psf: Array, num_iter: int) -> Any:
    options: dict[str, Any] = {"offset": 0.0, "background": 0.0, "start": "flat", "convergence": "fixed"}
    options |= {"check_every": num_iter, "two_d_mode": "legacy_2d", "tiling": "none", "device": "cpu"}
    return ci_rl_deconvolve(image, psf, niter=num_iter, **options)["result"]


METHODS = {"scaled_heavy_ball": scaled_heavy_ball}
