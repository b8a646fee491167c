"""Richardson-Lucy with momentum: the same solutions in a quarter of the steps."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ..backend import Array
from ..operators import LinearOperator, through
from .iterate import Iterate
from .momentum import accelerate
from .start import begin
from .step import Ratio, Watch


def scaled_heavy_ball(
    y: Array,
    H: LinearOperator,
    *,
    x0: Array | float | None = None,
    background: float | Array = 0.0,
    watch: Watch | None = None,
) -> Iterator[Iterate]:
    r"""Richardson-Lucy's estimates, accelerated: each step starts beyond the last one, in its direction.

    .. math::

        p = \max\left(x_k + \tfrac{k - 1}{k + 2} (x_k - x_{k-1}),\; 0.9\, x_k\right), \qquad
        x_{k+1} = \frac{p}{H^T 1} \, H^T \frac{y}{H p + b}

    The paper's smallest value is next to zero; there a dark corner of a bright image, which the first steps overshoot,
    stays black for long. With a share of the voxel itself it does not, and nothing else changes.

    About four times fewer steps reach the same fit. Noise is fitted as much sooner: choose the number of iterations
    with a stopping rule.

    Parameters
    ----------
    y, H, x0, background, watch
        See `richardson_lucy`. What `watch` is told, and the divergence of an iterate, belong to p.

    Yields
    ------
    Iterate
        Iterates 1, 2, ... without end.

    References
    ----------
    .. [1] H. Wang, P. C. Miller, IEEE Trans. Image Process. 23, 848 (2014).
    """
    x, gain, floor = begin(y, H, x0, background)
    p = x + 0
    ratio = Ratio(y, H, background, floor, watch)
    for iteration in itertools.count(1):

        def update(step: Array, part: slice, iteration: int = iteration) -> None:
            accelerate(x[part, ...], p[part, ...], step, gain[part, ...], iteration, H.xp)

        through(H, p, ratio, update)
        iterate = Iterate(iteration, ratio.divergence(), x)
        yield iterate
        iterate.expire()
