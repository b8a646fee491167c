"""How wide the Gaussian is that blurred a photograph."""

from __future__ import annotations

from numpy.typing import ArrayLike

from ...io.image import Image
from .families import GAUSSIAN
from .parametric import Progress, estimate
from .type import Estimate


def gaussian(image: Image | ArrayLike, *, progress: Progress | None = None) -> Estimate:
    r"""The standard deviation of a Gaussian blur, from the picture alone.

    The power spectrum of the picture is compared with that of sharp photographs, a power law of the spatial
    frequency, times :math:`\exp(-4 \pi^2 \sigma^2 f^2)`, plus noise. A Gaussian has no zeros that would prove it:
    the width rests on the exponent that sharp photographs have on average. Its likelihood is also computed for
    motion, for defocus and for no blur.

    Parameters
    ----------
    image : Image or array, shape (rows, columns)
        A photograph; an array holds linear light. At least 96 pixels on each side, better 256. The blur should be
        the same everywhere: cut out the part that matters.
    progress : callable, optional
        Told (candidates tried, of how many), again from 1 if a large blur makes it look at a reduced picture; an
        exception raised by it ends the work.

    Returns
    -------
    Estimate
        ``values["sigma"]`` in pixels. ``failure`` says when no such blur shows.

    Raises
    ------
    ValueError
        If the picture is not a finite plane, is too small, or constant.

    References
    ----------
    .. [1] J. P. Oliveira, M. A. T. Figueiredo, J. M. Bioucas-Dias, IEEE Trans. Image Process. 23, 466 (2014): the
           power law.
    .. [2] P. Whittle, J. R. Stat. Soc. B 15, 125 (1953): the likelihood.
    """
    return estimate(image, GAUSSIAN, progress)
