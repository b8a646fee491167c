"""sdeconv as it comes: no padding, and the start is the image. It wants a PSF of the image's shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torchvision_stand_in  # noqa: F401
from numpy.typing import NDArray
from sdeconv.deconv import SRichardsonLucy, SWiener

Array = NDArray[Any]
PACKAGES = ["sdeconv", "torch", "numpy"]


def richardson_lucy(image: Array, psf: Array, num_iter: int) -> Any:
    return SRichardsonLucy(widened(psf, image.shape), niter=num_iter)(torch.from_numpy(image)).numpy()


def wiener(image: Array, psf: Array, _: int) -> Any:
    return SWiener(widened(psf, image.shape), beta=0.01)(torch.from_numpy(image)).numpy()


def widened(psf: Array, shape: tuple[int, ...]) -> torch.Tensor:
    """The PSF among zeros, its centre at ``n // 2`` as before."""
    wide = np.zeros(shape, np.float32)
    wide[tuple(slice(n // 2 - p // 2, n // 2 - p // 2 + p) for n, p in zip(shape, psf.shape, strict=True))] = psf
    return torch.from_numpy(wide)


METHODS = {"richardson_lucy": richardson_lucy, "wiener": wiener}
