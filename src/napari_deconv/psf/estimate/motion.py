"""How far and in which direction a camera moved."""

from __future__ import annotations

from numpy.typing import ArrayLike

from ...io.image import Image
from .families import MOTION
from .parametric import Progress, estimate
from .type import Estimate


def motion(image: Image | ArrayLike, *, progress: Progress | None = None) -> Estimate:
    r"""Length and angle of a uniform motion along a line, from the picture alone.

    The power spectrum of the picture is compared with that of sharp photographs, a power law of the spatial
    frequency, times the stripes :math:`\mathrm{sinc}^2(L f_\parallel)` of the motion, plus noise. Its likelihood
    is also computed for defocus, for a Gaussian blur and for none.

    Parameters
    ----------
    image : Image or array, shape (rows, columns)
        A photograph; an array holds linear light. At least 96 pixels on each side, better 256. The motion should
        be the same everywhere: cut out the part that matters.
    progress : callable, optional
        Told (candidates tried, of how many), again from 1 if a large blur makes it look at a reduced picture; an
        exception raised by it ends the work.

    Returns
    -------
    Estimate
        ``values["length"]`` in pixels, ``values["angle"]`` in degrees from 0 to 180 as in `psf.motion`: a picture
        does not tell the way there from the way back. ``failure`` says when no such blur shows.

    Raises
    ------
    ValueError
        If the picture is not a finite plane, is too small, or constant.

    References
    ----------
    .. [1] M. Cannon, IEEE Trans. Acoust. Speech Signal Process. 24, 58 (1976): the stripes.
    .. [2] J. P. Oliveira, M. A. T. Figueiredo, J. M. Bioucas-Dias, IEEE Trans. Image Process. 23, 466 (2014): the
           power law.
    .. [3] P. Whittle, J. R. Stat. Soc. B 15, 125 (1953): the likelihood.
    """
    return estimate(image, MOTION, progress)
