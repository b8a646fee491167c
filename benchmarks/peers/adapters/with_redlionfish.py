"""RedLionfish on the CPU, 3-D only. Gives an odd last axis one sample more than it had; that is cut off."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from RedLionfishDeconv import doRLDeconvolutionFromNpArrays

Array = NDArray[Any]
PACKAGES = ["RedLionfish", "scipy", "numpy"]


def richardson_lucy(image: Array, psf: Array, num_iter: int) -> Any:
    result = doRLDeconvolutionFromNpArrays(image, psf, niter=num_iter, method="cpu", resAsUint8=False)
    return result[tuple(slice(n) for n in image.shape)]


METHODS = {"richardson_lucy": richardson_lucy}
