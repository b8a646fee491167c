"""Richardson-Lucy that prefers flat regions with sharp edges: total variation."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Literal

from .. import kernels
from ..backend import Array
from ..camera import Camera
from ..operators import Blur, through
from .iterate import Iterate
from .momentum import accelerate
from .regularization import STEPS, held_out_weight
from .start import begin
from .step import Ratio, Watch
from .variation import Variation, lateral_samples

NOTHING = 1e3  # times the smallest prediction allowed, a thousandth of the mean object: a slope that is next to none


def richardson_lucy_tv(
    y: Array,
    H: Blur,
    *,
    x0: Array | float | None = None,
    background: float | Array = 0.0,
    watch: Watch | None = None,
    regularization: float | Literal["auto"] = "auto",
    spacing: tuple[float, ...] | None = None,
    gain: float = 1.0,
) -> Iterator[Iterate]:
    r"""Richardson-Lucy's estimates, drawn towards objects of flat regions and sharp edges.

    .. math::

        x \leftarrow \frac{x}{H^T 1 \; \left(1 - \lambda \, \nabla \cdot \frac{\nabla x}{|\nabla x|_\epsilon}\right)}
        \, H^T \frac{y}{H x + b}

    The gradient is taken in units of the finest voxel side. The divergence is then the curvature of a level surface in
    one over lateral samples (a ball of radius r has :math:`-2 / r`), and :math:`\lambda` a length in lateral samples
    whatever the units of the image: the edge of that ball is lowered by the share :math:`2 \lambda / r` in each step.
    Twice as coarse planes along z mean half the slope for the same step in brightness.

    :math:`|\nabla x|_\epsilon` and the guard of the denominator: see `Variation`.

    Parameters
    ----------
    y, H, x0, background, watch
        See `richardson_lucy`.
    regularization : float or "auto"
        The weight :math:`\lambda`; 0 is `richardson_lucy`. "auto" asks `automatic_regularization`.
    spacing : tuple of float, optional
        Voxel sides in any unit; only their ratios matter. A cube by default.
    gain : float
        Electrons per unit of `y`: how "auto" counts photons above `background`.

    Yields
    ------
    Iterate
        Iterates 1, 2, ... without end. The divergence is that of image and prediction, without the variation.

    Raises
    ------
    ValueError
        If `spacing` has another number of axes than the object or a side that is not positive, `regularization` is
        negative or not finite, or "auto" cannot count photons (`automatic_regularization`).

    References
    ----------
    .. [1] N. Dey et al., Microsc. Res. Tech. 69, 260 (2006).
    .. [2] L. I. Rudin, S. Osher, E. Fatemi, Physica D 60, 259 (1992).
    """
    sides = lateral_samples(spacing, len(H.in_shape))
    if regularization == "auto":
        regularization = automatic_regularization(y, H, background=background, spacing=spacing, gain=gain)
    if not 0 <= regularization < math.inf:
        raise ValueError(
            f"regularization is {regularization}; give a number from 0 (none) on, or 'auto'; 0.01 is usual"
        )
    x, inverse, floor = begin(y, H, x0, background)
    variation, weighted = Variation(H, sides, regularization, NOTHING * floor), inverse + 0
    ratio = Ratio(y, H, background, floor, watch)

    def update(step: Array, part: slice) -> None:
        kernels.update(x[part, ...], step, weighted[part, ...], H.xp)

    for iteration in itertools.count(1):
        variation.divide(x, inverse, weighted)
        through(H, x, ratio, update)
        iterate = Iterate(iteration, ratio.divergence(), x)
        yield iterate
        iterate.expire()


def automatic_regularization(
    y: Array,
    H: Blur,
    *,
    background: float | Array = 0.0,
    spacing: tuple[float, ...] | None = None,
    gain: float = 1.0,
    offset: float | None = None,
    read_noise: float = 0.0,
    seed: int = 0,
) -> float:
    """The weight of total variation that suits an image: the one that predicts photons put aside best.

    Costs about forty iterations; a crop of a big image is enough.

    Parameters
    ----------
    y, H, background, spacing, gain
        See `richardson_lucy_tv`.
    offset : float, optional
        Of the camera, not made of photons; by default `background`, the least of it if it is an array.
    read_noise : float
        Electrons, root mean square.
    seed : int
        Of the random numbers that part the photons.

    Returns
    -------
    float
        One of `regularization.WEIGHTS`.

    Raises
    ------
    ValueError
        If `spacing` does not suit the object, a number of the camera is impossible, or photons cannot be counted:
        fewer than a hundred, or more than a pixel can hold.
    """
    sides = lateral_samples(spacing, len(H.in_shape))

    lowest = float(background if isinstance(background, float | int) else H.xp.min(background))
    camera = Camera(gain, lowest if offset is None else offset, read_noise)

    def restore(seen: Array, weight: float) -> Array:
        """A few steps of the scaled heavy ball with total variation: the fit of many plain ones."""
        x, inverse, floor = begin(seen, H, None, background)
        p, weighted = x + 0, inverse + 0
        variation, ratio = Variation(H, sides, weight, NOTHING * floor), Ratio(seen, H, background, floor, None)
        for iteration in range(1, STEPS + 1):

            def update(step: Array, part: slice, iteration: int = iteration) -> None:
                accelerate(x[part, ...], p[part, ...], step, weighted[part, ...], iteration, H.xp)

            variation.divide(p, inverse, weighted)
            through(H, p, ratio, update)
        return x

    return held_out_weight(y, H, restore, camera, background=background, seed=seed)
