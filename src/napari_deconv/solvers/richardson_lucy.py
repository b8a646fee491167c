"""Richardson-Lucy: the maximum-likelihood estimate under Poisson noise, step by step."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from .. import kernels
from ..backend import Array
from ..operators import LinearOperator, through
from .iterate import Iterate
from .start import begin
from .step import Ratio, Watch


def richardson_lucy(
    y: Array,
    H: LinearOperator,
    *,
    x0: Array | float | None = None,
    background: float | Array = 0.0,
    watch: Watch | None = None,
) -> Iterator[Iterate]:
    r"""Maximum-likelihood estimates of an object seen through `H` with Poisson noise.

    Each step multiplies the estimate by the back-projected ratio of image and prediction,

    .. math:: x \leftarrow \frac{x}{H^T 1} \, H^T \frac{y}{H x + b}

    Voxels that no recorded pixel sees (:math:`H^T 1 \le 10^{-3}`) keep their value.

    Parameters
    ----------
    y : array, shape ``H.out_shape``
        Image in counts, non-negative, camera offset included.
    H : LinearOperator
        Blur. Only ``forward`` and ``adjoint`` are used.
    x0 : array, shape ``H.in_shape``, or float, optional
        Positive start; a number is a flat start of that value. By default flat with the flux of the image. Voxels
        that no pixel sees start as the mirrored image unless an array says otherwise. Not changed.
    background : float or array
        Camera offset :math:`b` in counts, part of the model and never subtracted.
    watch : callable, optional
        ``watch(prediction, part)`` is told each block of :math:`H x + b` of the estimate that enters a step, and the
        slice of the first axis that it is; blocks may come from several threads, in any order, and are not to be
        changed.

    Yields
    ------
    Iterate
        Iterates 1, 2, ... without end: the count, and the estimate when asked for (``snapshot()`` copies it).

    References
    ----------
    .. [1] W. H. Richardson, J. Opt. Soc. Am. 62, 55 (1972). L. B. Lucy, Astron. J. 79, 745 (1974).
    .. [2] M. Bertero, P. Boccacci, Astron. Astrophys. 437, 369 (2005).
    """
    x, gain, floor = begin(y, H, x0, background)
    ratio = Ratio(y, H, background, floor, watch)

    def update(step: Array, part: slice) -> None:
        kernels.update(x[part, ...], step, gain[part, ...], H.xp)

    for iteration in itertools.count(1):
        through(H, x, ratio, update)
        iterate = Iterate(iteration, ratio.divergence(), x)
        yield iterate
        iterate.expire()
