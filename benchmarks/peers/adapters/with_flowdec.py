"""flowdec as it comes: sides are padded to powers of two, so powers of two are not padded at all."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from flowdec.data import Acquisition
from flowdec.restoration import RichardsonLucyDeconvolver
from numpy.typing import NDArray

Array = NDArray[Any]
PACKAGES = ["flowdec", "tensorflow-cpu", "numpy"]


def richardson_lucy(image: Array, psf: Array, num_iter: int) -> Any:
    solver = RichardsonLucyDeconvolver(n_dims=image.ndim).initialize()
    return solver.run(Acquisition(data=image, kernel=psf), niter=num_iter).data


METHODS = {"richardson_lucy": richardson_lucy}
