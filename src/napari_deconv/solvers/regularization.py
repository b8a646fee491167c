"""The weight of total variation, chosen by photons put aside."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..backend import Array
from ..camera import Camera
from ..operators import Blur
from ..photons import put_aside, scale_of, uncountable

SHARE = 0.1  # of the photons, put aside
WEIGHTS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1)  # the error is flat between them
USUAL = 0.003  # in the middle of what is chosen
FIRST = 2  # where the search begins
STEPS = 12  # accelerated; worth about fifty plain ones

Restore = Callable[[Array, float], Array]  # (image, weight) -> estimate


def held_out_weight(
    y: Array, H: Blur, restore: Restore, camera: Camera, *, background: float | Array = 0.0, seed: int = 0
) -> float:
    """The weight with which an estimate from nine photons in ten predicts the tenth best.

    Photons are parted at random [1]_. Neighbouring weights of WEIGHTS are tried downhill from 0.003 until
    the squared error of the prediction rises on both sides. Too large a weight blurs what is there, too small a one
    fits noise; both predict badly.

    Parameters
    ----------
    y : array, shape ``H.out_shape``
        Image.
    H : Blur
        Blur.
    restore : callable
        ``restore(y, weight)``: the estimate from another image of that scale.
    camera : Camera
        What a photon is in `y`.
    background : float or array
        What `restore` takes as background.
    seed : int
        Of the random numbers that part the photons.

    Raises
    ------
    ValueError
        If the image holds too few photons, or more than a pixel can, to be counted.

    References
    ----------
    .. [1] A. Neufeld, A. Dharamshi, L. L. Gao, D. Witten, J. Mach. Learn. Res. 25, 57 (2024): data thinning.
    """
    scale, why = scale_of(camera), uncountable([(y, H)], camera)
    if scale is None or why:
        raise ValueError(f"{why}; give the regularization as a number, e.g. {USUAL}")
    parted = put_aside(y, H, scale, SHARE, np.random.default_rng(seed))
    seen = H.xp.maximum(parted.seen - parted.lift, 0)  # a higher background would slow the steps down
    known: dict[int, float] = {}

    def error(index: int) -> float:
        if index not in known:
            predicted = H.forward(restore(seen, WEIGHTS[index])) + background + parted.lift
            away = parted.expected(predicted) - parted.aside
            away = away if H.weight is None else away * H.weight
            known[index] = float(H.xp.sum(away * away, dtype=H.xp.float64))
        return known[index]

    best: float = WEIGHTS[_downhill(error, FIRST, len(WEIGHTS))]
    return best


def _downhill(error: Callable[[int], float], start: int, count: int) -> int:
    """The index where an error stops falling."""
    best = start
    while True:
        beside = [i for i in (best - 1, best + 1) if 0 <= i < count]
        lowest = min((best, *beside), key=error)
        if lowest == best:
            return best
        best = lowest
