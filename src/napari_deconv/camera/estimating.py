"""The camera behind an image: its gain, offset and read noise from the noise of flat patches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..io.image import Image
from .assumptions import not_camera_noise, not_on_a_line, relative_error
from .bad_pixels import saturation_level
from .photon_transfer import Line, photon_transfer
from .pixels import Array, Mask, as_mask, as_planes, grey_step, thinned
from .splitting import split
from .type import Camera

PLATEAU = "no noise level is used; stop where the I-divergence levels off (plateau)"
ENCODED = "photographs are gamma-encoded and compressed: their noise is not a camera's"
CONTRADICTION = 3.0  # standard deviations between a gain that is given and that of the noise
BIAS = 0.07  # of a gain found: structure that leaks into the noise
NO_NOISE = 1e-6  # of the range of brightness: rounding of single precision


@dataclass(frozen=True, eq=False)
class CameraEstimate:
    """The camera found in an image, and whether to believe it.

    Parameters
    ----------
    camera : Camera
        What was given and, if the estimate is to be trusted, what was found.
    uncertainty : mapping
        One standard deviation of each number found, by name.
    failure : str
        Empty if the estimate is to be trusted; else one sentence that says why not.
    fallback : str
        What to do instead, one sentence; empty if the estimate is to be trusted.
    points : tuple of (float, float)
        Level and variance, in counts and counts squared, of patches of like brightness: for a plot.
    notes : tuple of str
        What else the user should know, one sentence each.
    """

    camera: Camera
    uncertainty: Mapping[str, float]
    failure: str = ""
    fallback: str = ""
    points: tuple[tuple[float, float], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the estimate is to be trusted."""
        return not self.failure

    def describe(self) -> str:
        """One line for people."""
        if self.failure:
            return f"camera not estimated: {self.failure}; {self.fallback}"
        units = {"gain": "electrons per count", "offset": "counts", "read_noise": "electrons", "saturation": "counts"}
        said = []
        for name, value in self.camera.to_dict().items():
            error = f" ± {self.uncertainty[name]:.2g}" if name in self.uncertainty else ""
            said.append(f"{name.replace('_', ' ')} {value:.4g}{error} {units[name]}")
        return "camera: " + ", ".join(said)


def estimate(
    image: Any,
    *,
    gain: float | None = None,
    offset: float | None = None,
    read_noise: float | None = None,
    saturation: float | None = None,
    mask: Mask | None = None,
) -> CameraEstimate:
    r"""The camera, from the noise of one image: photon transfer on its flat patches.

    The variance of the noise grows along a line with the brightness [1]_,
    :math:`\sigma^2 = y / g + (r / g)^2 - o / g`. The slope is one over the gain. The intercept holds offset and read
    noise together: if neither is given, the offset is only bounded, below by a read noise of 0 and above by the darkest
    patches. Then 0 is taken where it is within the bounds, else what goes with a read noise of 2 electrons, or the
    middle if that is lower; `uncertainty` covers the whole range. `Camera.sigma` does not depend on that choice.

    Parameters
    ----------
    image : array or Image, YX or ZYX
        One channel and time point, in counts as recorded; noise is measured within planes. In a single line of
        pixels (X) nothing is found.
    gain, offset, read_noise, saturation : float, optional
        What is known (see `Camera`); kept as it is.
    mask : array of bool, optional
        True where a pixel is to be ignored, same shape.

    Returns
    -------
    CameraEstimate

    Raises
    ------
    ValueError
        If the image is empty, masked, has other than 1 to 3 axes, or holds NaN or no real numbers, or a given number is
        impossible.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> light = 200 * (1 + np.sin(np.arange(128) / 20)) * np.ones((128, 1))
    >>> found = estimate(rng.poisson(light) / 2 + 100, offset=100)
    >>> found.ok, abs(found.camera.gain - 2) < 0.2
    (True, True)

    References
    ----------
    .. [1] J. R. Janesick, Photon Transfer, SPIE Press (2007).
    """
    given = Camera(gain, offset, read_noise, saturation)
    planes = as_planes(image)
    ignored = as_mask(mask, planes.shape)
    if isinstance(image, Image) and image.encoding != "linear":
        return CameraEstimate(given, {}, ENCODED, PLATEAU)
    level = saturation_level(planes, given)
    given = given if level is None else replace(given, saturation=level)
    ceiling = np.inf if level is None else level
    planes, ignored = thinned(planes).astype(np.float64), thinned(ignored)
    seen = planes[~ignored & (planes < ceiling)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0)
    if planes.shape[1] == 1:
        return _unknown(given, "one line of pixels holds no flat patches")
    if high == low:
        return _unknown(given, "the image is constant")
    # brought to 0 … 1, so that no power of a small unit underflows
    slope = None if given.gain is None else 1 / given.gain / (high - low)
    line = photon_transfer((planes - low) / (high - low), ignored, slope, (ceiling - low) / (high - low))
    if line is None:
        return _unknown(given, f"{planes.shape[1]} x {planes.shape[2]} pixels hold too few flat patches")
    if np.average(line.bins.variance, weights=line.bins.windows) < NO_NOISE**2:
        return _unknown(given, "the image has no noise")
    found = _judged(line.in_units(low, high - low), planes, given, low)
    if slope is None or given.gain is None or not found.ok:
        return found
    free = photon_transfer((planes - low) / (high - low), ignored, None, (ceiling - low) / (high - low))
    doubts = () if free is None else _contradicted(free.in_units(low, high - low), given.gain)
    return replace(found, notes=(*found.notes, *doubts))


def _judged(line: Line, planes: Array, given: Camera, low: float) -> CameraEstimate:
    """The camera from a line in counts, if the image's noise is a camera's."""
    bins = line.bins
    points = tuple((float(m), float(v)) for m, v in zip(bins.level, bins.variance, strict=True))
    failure = not_camera_noise(planes[len(planes) // 2], line, grey_step(planes))
    if failure:
        return CameraEstimate(given, {}, failure, PLATEAU, points)
    failure = "" if given.gain is not None else not_on_a_line(line)
    if failure:
        return CameraEstimate(given, {}, failure, PLATEAU, points)
    camera, uncertainty, notes = split(line, given, low)
    return CameraEstimate(camera, uncertainty, "", "", points, notes)


def _contradicted(line: Line, gain: float) -> tuple[str, ...]:
    """A note if a line that was fitted without the gain belongs to quite another one."""
    if not_on_a_line(line):
        return ()
    found, error = 1 / line.slope, relative_error(line) / line.slope
    if abs(gain - found) <= CONTRADICTION * max(error, BIAS * found):
        return ()
    return (f"the noise says a gain of {found:.3g} ± {error:.2g} electrons per count, not {gain:.4g}: check it",)


def _unknown(given: Camera, failure: str) -> CameraEstimate:
    """No noise to look at: whoever knows the camera needs none."""
    if None in (given.gain, given.offset, given.read_noise):
        return CameraEstimate(given, {}, failure, PLATEAU)
    return CameraEstimate(given, {})
