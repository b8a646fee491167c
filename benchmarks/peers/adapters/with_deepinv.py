"""deepinv: MLEM with its "valid" blur, whose object is wider than the image; flat start at the image's mean."""

from __future__ import annotations

from typing import Any

import torch
import torchvision_stand_in  # noqa: F401
from deepinv.optim import MLEM
from deepinv.physics import Blur
from numpy.typing import NDArray

Array = NDArray[Any]
PACKAGES = ["deepinv", "torch", "numpy"]


def richardson_lucy(image: Array, psf: Array, num_iter: int) -> Any:
    y = torch.from_numpy(image)[None, None]
    physics = Blur(filter=torch.from_numpy(psf)[None, None], padding="valid", use_fft=True)
    wide = [n + p - 1 for n, p in zip(image.shape, psf.shape, strict=True)]
    start = torch.full((1, 1, *wide), float(image.mean()))
    with torch.no_grad():
        x = MLEM(max_iter=num_iter, custom_init=lambda *_: {"est": (start, start)})(y, physics)
    before = [p - 1 - p // 2 for p in psf.shape]
    view = tuple(slice(b, b + n) for b, n in zip(before, image.shape, strict=True))
    return x[0, 0][view].numpy().copy()


METHODS = {"richardson_lucy": richardson_lucy}
