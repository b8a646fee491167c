"""Hot pixels: brighter than any light that came through a lens could make a single pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..io.image import Image
from .assumptions import CONTRAST, UNCERTAIN, coarse_to_fine, relative_error
from .photon_transfer import photon_transfer, weighted_line
from .pixels import Array, Mask, as_planes, grey_step, thinned
from .type import Camera
from .windows import DIFFERENCE, correlate

SURROUND = 0.8  # weight of the surroundings; 0.73 would do for a point in the middle of a pixel
CERTAIN = 4.3  # standard deviations
OFTEN = 1.5  # mean excess, in standard deviations, of a pixel that is hot in every plane
SHARP = 0.2  # excess over what the neighbours allow, relative: lenses are not exactly Gaussian
RING = [(-2, x) for x in range(-2, 2)] + [(y, 2) for y in range(-2, 2)]
RING += [(2, -x) for x in range(-2, 2)] + [(-y, -2) for y in range(-2, 2)]  # clockwise
CLIPPED = 4.0  # standard deviations, where the noise is measured: hot pixels are to be left out
ROUNDS = 2  # the noise is measured again without the hot pixels
PLANES = 4  # least of a stack, to look along z

Variance = Callable[[Array], Array]


def hot_pixels(y: Any, camera: Camera | None = None) -> Mask:
    r"""True where a single pixel is brighter than its neighbours, the noise and any PSF of sigma 1 px or more allow.

    Seen through such a PSF, light that gives a pixel 1 gives the mean of its four neighbours at least
    :math:`e^{-1/2}`, wherever within the pixel it comes from, and sums of light do the same. So a pixel is hot if it
    exceeds :math:`m + 0.8 (m - b)` by 4.3 standard deviations of the noise, :math:`m` the mean of its neighbours and
    :math:`b` that of the darkest five in a row of the sixteen pixels around the 3 x 3 square. In a stack of four planes
    or more, a pixel that is brighter than this allows in nearly all planes is hot in all of them.

    Sharper images (undersampled ones, drawings) have bright single pixels of their own: not for them.

    Parameters
    ----------
    y : array, YX or ZYX
        Image of one channel and time point, in counts.
    camera : Camera, optional
        Gives the noise if its gain, offset and read noise are known; else it is measured in the image.

    Returns
    -------
    array of bool, shape of `y`

    Raises
    ------
    ValueError
        If `y` is empty, masked, has other than 2 or 3 axes, or holds NaN or no real numbers.
    """
    planes = as_planes(y)
    if np.ndim(y.data if isinstance(y, Image) else y) < 2:
        raise ValueError(
            f"hot pixels are found in planes, YX or ZYX; the image is one line of {planes.size} pixels: "
            "turn the search for hot pixels off"
        )
    hot = np.zeros(planes.shape, dtype=bool)
    for _ in range(ROUNDS):
        hot = _found(planes, *_noise_of(thinned(planes).astype(np.float64), thinned(hot), camera))
    return hot.reshape(np.shape(y.data if isinstance(y, Image) else y))


def _found(planes: NDArray[Any], variance: Variance, photon: float) -> Mask:
    """Hot pixels, given the variance of the noise at a level and the counts of one photon."""
    hot = np.zeros(planes.shape, dtype=bool)
    total = np.zeros(planes.shape[1:])
    for z, plane in enumerate(planes):
        excess, error, sharp = _excess(plane.astype(np.float64), variance)
        hot[z] = sharp & (excess > CERTAIN * error + CERTAIN**2 / 6 * photon)
        total += np.clip(excess / np.maximum(error, 1e-300), -CERTAIN, CERTAIN)
    if len(planes) >= PLANES:
        hot |= total > np.maximum(CERTAIN * np.sqrt(len(planes)), OFTEN * len(planes))
    return hot


def _excess(plane: Array, variance: Variance) -> tuple[Array, Array, Mask]:
    """Counts above what the neighbours allow, their standard deviation, and whether that is much of the pixel."""
    beside, share = _beside(plane)
    around, darkest = _around(plane)
    allowed = beside + SURROUND * np.maximum(beside - darkest, 0)
    factor = 1 + (1 + SURROUND) ** 2 * share + SURROUND**2 / 5
    error = np.sqrt(factor * variance(np.maximum(allowed, around)))  # four dark neighbours may be so by chance
    excess = plane - allowed
    return excess, error, excess > SHARP * (allowed - darkest)


def _beside(plane: Array) -> tuple[Array, Array]:
    """Mean of the four neighbours, of the two along the edge at the edge, and the share of their variance it has."""
    wide = np.pad(plane, 1, mode="edge")
    along, down = (wide[1:-1, 2:] + wide[1:-1, :-2]) / 2, (wide[2:, 1:-1] + wide[:-2, 1:-1]) / 2
    mean, share = (along + down) / 2, np.full(plane.shape, 0.25)
    for edge in (0, -1):
        mean[edge], mean[:, edge] = along[edge], down[:, edge]
        share[edge], share[:, edge] = 0.5, 0.5
    for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        mean[corner] = plane[corner]  # no pair of neighbours, no judgement
    return mean, share


def _around(plane: Array) -> tuple[Array, Array]:
    """Of the sixteen pixels around the 3 x 3 square of each pixel: the mean, and that of the darkest five in a row."""
    wide = np.pad(plane, 2, mode="reflect" if min(plane.shape) > 2 else "edge")
    rows, columns = plane.shape
    around = [wide[2 + y : 2 + y + rows, 2 + x : 2 + x + columns] for y, x in RING]
    arcs = [np.sum([around[(start + i) % 16] for i in range(5)], axis=0) for start in range(0, 16, 2)]
    mean, darkest = np.mean(around, axis=0), np.min(arcs, axis=0) / 5
    return mean, darkest


def _noise_of(planes: Array, hot: Mask, camera: Camera | None) -> tuple[Variance, float]:
    """Variance of the noise at a level, and the counts of one photon."""
    if camera is not None and camera.gain and None not in (camera.offset, camera.read_noise):
        return lambda level: camera.sigma(level) ** 2, 1 / camera.gain
    line = photon_transfer(planes, hot, clipped=CLIPPED)
    if line is None:
        constant = _white_noise(planes)
        return lambda level: np.full_like(level, constant), grey_step(planes)
    bins, wider = line.bins, max(1.0, coarse_to_fine(line))
    mean = float(np.average(bins.variance, weights=bins.windows))
    slope, intercept = 0.0, mean
    if np.ptp(bins.level) > CONTRAST * np.sqrt(mean):
        whole = weighted_line(bins.windows, bins.level, bins.variance)
        slope, intercept = max((line.slope, line.intercept), whole)  # structure that leaked in counts as noise here
    least = float(bins.variance[bins.variance > 0].min(initial=mean))
    photon = line.slope if relative_error(line) < UNCERTAIN else grey_step(planes)
    return lambda level: wider * np.maximum(slope * level + intercept, least), photon


def _white_noise(planes: Array) -> float:
    """Variance of noise taken as the same everywhere."""
    if min(planes.shape[1:]) < DIFFERENCE.size:
        return float(planes.var())
    residuals = np.concatenate([correlate(plane, DIFFERENCE, DIFFERENCE).ravel() for plane in planes])
    return max((float(np.median(np.abs(residuals))) / 0.6745) ** 2, 1e-12 * float(np.ptp(planes)) ** 2)
