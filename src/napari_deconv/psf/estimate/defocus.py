"""How far out of focus a photograph is."""

from __future__ import annotations

from numpy.typing import ArrayLike

from ...io.image import Image
from .families import DEFOCUS
from .parametric import Progress, estimate
from .type import Estimate


def defocus(image: Image | ArrayLike, *, progress: Progress | None = None) -> Estimate:
    r"""The radius of the disk that an ideal lens out of focus makes of a point, from the picture alone.

    The power spectrum of the picture is compared with that of sharp photographs, a power law of the spatial
    frequency, times the rings :math:`[2 J_1(2 \pi R f) / (2 \pi R f)]^2` of the disk, plus noise. Its likelihood
    is also computed for motion, for a Gaussian blur and for none.

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
        ``values["radius"]`` in pixels. ``failure`` says when no such blur shows.

    Raises
    ------
    ValueError
        If the picture is not a finite plane, is too small, or constant.

    References
    ----------
    .. [1] D. B. Gennery, J. Opt. Soc. Am. 63, 1571 (1973): the rings.
    .. [2] J. P. Oliveira, M. A. T. Figueiredo, J. M. Bioucas-Dias, IEEE Trans. Image Process. 23, 466 (2014): the
           power law.
    .. [3] P. Whittle, J. R. Stat. Soc. B 15, 125 (1953): the likelihood.
    """
    return estimate(image, DEFOCUS, progress)
