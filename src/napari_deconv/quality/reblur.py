"""What an estimate predicts of the image: blurred again, with light from outside the view where it needs some."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import Array
from ..operators import Blur
from ..solvers import scaled_heavy_ball

OUTSIDE = 100  # steps for the light from outside; the misfit that fewer leave in shallow stacks looks like a wrong PSF
DARK = 1e-6  # of the mean: an estimate of 0 could never be changed by a multiplicative step


def predicted(
    y: NDArray[np.float32], estimate: NDArray[Any], H: Blur, background: float, steps: int
) -> NDArray[np.float64]:
    """H x + b on the host, after `steps` more accelerated steps from the estimate.

    An estimate of the shape of the image says nothing about the object outside it. There it is mirrored first, then
    fitted to the image while the estimate itself stays. The solver knows no negative pixels: an image that has some is
    lifted, and the background with it.
    """
    image, x = (H.backend.asarray(values, H.dtype) for values in (y, estimate))
    lift = max(0.0, -float(H.xp.min(image)))
    image = image + lift
    if x.shape != H.in_shape:
        x = _with_outside(image, x, H, background + lift)
    if steps:
        dark = DARK * float(H.xp.mean(abs(x))) + 1e-30
        iterates = scaled_heavy_ball(image, H, x0=H.xp.maximum(x, dark), background=background + lift)
        x = next(itertools.islice(iterates, steps - 1, None)).snapshot()
    return np.asarray(H.backend.to_host(H.forward(x)), np.float64) + background


def _with_outside(y: Array, x: Array, H: Blur, background: float) -> Array:
    """The estimate within the view, and around it what explains the rest of the image best.

    The light of the estimate is background to the search outside; what is 0 there, a multiplicative step leaves at 0.
    """
    if x.shape != H.out_shape:
        raise ValueError(f"estimate has shape {x.shape}; {H.out_shape} (the image's) or {H.in_shape} is needed")
    xp = H.xp
    inside = H.backend.zeros(H.in_shape, H.dtype)
    inside[tuple(slice(0, n) for n in H.out_shape)] = x
    view = H.mirror(x * 0) + 1
    view[tuple(slice(0, n) for n in H.out_shape)] = 0
    outside = view * xp.maximum(H.mirror(x), DARK * float(xp.mean(abs(x))) + 1e-30)
    seen = H.forward(inside) + background
    iterates = scaled_heavy_ball(y, H, x0=outside, background=xp.maximum(seen, 0.0))
    return inside + view * next(itertools.islice(iterates, OUTSIDE - 1, None)).snapshot()
