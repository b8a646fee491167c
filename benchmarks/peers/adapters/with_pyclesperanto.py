"""pyclesperanto; it needs an OpenCL, CUDA or Metal device, of which a CPU can be one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyclesperanto as cle
from numpy.typing import NDArray

Array = NDArray[Any]
PACKAGES = ["pyclesperanto", "numpy"]

if not hasattr(cle, "deconvolve"):
    raise RuntimeError("no OpenCL, CUDA or Metal device was found (a CPU is one with an OpenCL driver)")


def richardson_lucy(image: Array, psf: Array, num_iter: int) -> Any:
    return np.asarray(cle.pull(cle.deconvolve(cle.push(image), cle.push(psf), iteration=num_iter)))


METHODS = {"richardson_lucy": richardson_lucy}
