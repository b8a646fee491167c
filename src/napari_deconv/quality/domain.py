"""Is an image of the kind that the network was trained on?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import uniform_filter

from ..balance import detail_noise, squared, stopped_noise
from ..camera import Camera, saturated
from ..operators import Blur
from ..psf.type import PSF
from .noise import given_noise
from .pictures import checked
from .power import periodogram

QUIETEST, LOUDEST = 0.4 / 255, 60 / 255  # noise over range of the pictures of the training
WIDEST = 65  # samples a side: as wide as a blur may be before it is mostly guessed what was there
HELD = 0.95  # share of a PSF's light, along one axis, that counts as its width; the faint rest restores nothing
SMALLEST = 32  # samples a side; on less the network sees more of the mirrored border than of the picture
SATURATED, BLIND = 0.01, 0.5  # share of pixels: as many as bright spots have; from here on more is hidden than seen
MISJUDGED = 2.0  # times: a sigma wrong by this leaves visible noise, or rubs out visible detail
SIDE = 5  # samples a side of the means that a range is taken of, so that it is the picture's and not the noise's
CHANCE = 1.5  # times the range of these means that noise alone would have


def domain(
    image: Any, psf: PSF | ArrayLike, sigma: ArrayLike | None = None, *, camera: Camera | None = None
) -> tuple[str, ...]:
    """What about an image, its blur and its noise is foreign to the network; empty if nothing is.

    The network was trained on pictures with a noise of 0.16 % to 24 % of their range. Beyond, it still gives a
    picture, and nothing in it shows that it should not be believed.

    Parameters
    ----------
    image : array, shape (Y, X) or (Z, Y, X)
        What is to be restored, in linear light.
    psf : PSF or array
        Its blur, on the image's grid: of a plane, or of the stack.
    sigma : float or array, shape of the image, optional
        Standard deviation of the noise as the network will be told, in the units of the image. By default it is
        measured in the image, in its finest detail and where the blur lets nothing pass.
    camera : Camera, optional
        Its saturation, if known.

    Returns
    -------
    tuple of str
        A sentence for each finding: what was found, what is expected, what to do.

    Raises
    ------
    ValueError
        If a learned result would mean nothing: pixels or sigma are not finite, image or PSF is no plane or stack, the
        PSF is wider than the image, or most pixels are saturated.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_deconv import psf
    >>> from napari_deconv.quality import domain
    >>> y = np.random.default_rng(0).normal(100, 5, (64, 64))
    >>> print(domain(y, psf.gaussian(2.0))[0])
    the image shows hardly more than noise; what a network makes of it, it makes up: expose longer or average frames
    """
    y = checked(image)
    kernel = checked(psf.data if isinstance(psf, PSF) else psf, name="psf")
    if not 2 <= kernel.ndim <= y.ndim:
        raise ValueError(
            f"image has shape {y.shape} and psf {kernel.shape}; a plane or a stack is needed, a PSF of either"
        )
    if y.min() == y.max():
        return ()  # nothing to restore, and nothing to invent
    values = y.astype(np.float32)
    measured = _measured(values, kernel)
    told = None if sigma is None else float(np.median(np.sqrt(given_noise(sigma, y.shape).variance)))
    return (
        *_noise(values, _likely(*measured) if told is None else told),
        *_misjudged(told, *measured),
        *_width(kernel, y.shape),
        *_saturation(y, camera or Camera()),
        *_size(y.shape),
    )


def _measured(y: NDArray[np.float32], kernel: NDArray[Any]) -> tuple[float, float]:
    """Standard deviation of the noise in the finest detail, and at frequencies that the blur does not pass; 0: unknown.

    A narrow blur leaves fine detail of the picture in the first; noise with a memory (compressed, resampled) makes the
    two differ.
    """
    part = y if y.ndim == kernel.ndim else y[len(y) // 2]
    H = Blur(kernel, part.shape, boundary="reflect")
    energy = periodogram(part, H)[0] * np.float32(part.size)
    return detail_noise(y, np), stopped_noise(energy, squared(H.otf, np), H)


def _likely(detail: float, stopped: float) -> float:
    """The finest detail, unless most of it must be the picture's, or most pixels equal their neighbours."""
    return stopped if detail == 0 or 0 < stopped < detail / MISJUDGED else detail


def _noise(y: NDArray[np.float32], sigma: float) -> Iterator[str]:
    """Of the range of the picture; the range of means over a few pixels, in which noise is small."""
    means = uniform_filter(y, (*(1,) * (y.ndim - 2), SIDE, SIDE), mode="mirror")
    span = float(means.max() - means.min())
    by_chance = 2 * sigma / SIDE * math.sqrt(2 * math.log(max(y.size / SIDE**2, 2)))
    share = sigma / span if span else math.inf
    if span < CHANCE * by_chance:
        yield (
            "the image shows hardly more than noise; what a network makes of it, it makes up: expose longer or average "
            "frames"
        )
    elif share > LOUDEST:
        yield (
            f"the noise is {share:.0%} of the image's range, the network was trained on up to {LOUDEST:.0%}: average "
            "frames, bin pixels, or use a classical method"
        )
    elif share < QUIETEST:
        yield (
            f"the noise is {share:.2%} of the image's range, the network was trained on {QUIETEST:.2%} or more: it "
            "may take fine detail for noise; compare with a classical result"
        )


def _misjudged(told: float | None, *measured: float) -> Iterator[str]:
    known = [sigma for sigma in measured if sigma > 0]
    if told is None or not known or min(known) / MISJUDGED <= told <= max(known) * MISJUDGED:
        return
    nearest = min(known) if told < min(known) else max(known)
    yield (
        f"sigma {told:.3g} was given, but the noise in the image looks like {nearest:.3g}: check the gain, or leave "
        "sigma out; in an image that was compressed, sharpened or averaged neither is right"
    )


def _width(kernel: NDArray[Any], shape: tuple[int, ...]) -> Iterator[str]:
    widths = [_extent(kernel, kernel.ndim + axis) for axis in (-2, -1)]
    if any(width > n for width, n in zip(widths, shape[-2:], strict=True)):
        raise ValueError(
            f"psf is {widths[0]} x {widths[1]} samples wide but the image {shape[-2]} x {shape[-1]}: nothing in it is "
            "seen whole; pass a larger image, or check the voxel sizes"
        )
    if max(widths) > WIDEST:
        yield (
            f"psf is {max(widths)} samples wide ({HELD:.0%} of its light), {WIDEST} or fewer are expected: bin the "
            "image, or use a classical method"
        )


def _extent(kernel: NDArray[Any], axis: int) -> int:
    """Samples along an axis, between which lies `HELD` of the light."""
    line = kernel.sum(axis=tuple(a for a in range(kernel.ndim) if a != axis), dtype=np.float64)
    below = np.cumsum(line) / max(float(line.sum()), 1e-30)
    first, last = np.searchsorted(below, [(1 - HELD) / 2, (1 + HELD) / 2])
    return int(last - first) + 1


def _saturation(y: NDArray[Any], camera: Camera) -> Iterator[str]:
    full = saturated(y, camera)
    share = 0.0 if full is None else float(full.mean())
    if share > BLIND:
        raise ValueError(
            f"{share:.0%} of the pixels are saturated; at most {BLIND:.0%} may be, better none: expose shorter"
        )
    if share > SATURATED:
        yield (
            f"{share:.1%} of the pixels are saturated, the network knows none: detail beside them is made up; expose "
            "shorter, or use a classical method, which ignores them"
        )


def _size(shape: tuple[int, ...]) -> Iterator[str]:
    if min(shape[-2:]) < SMALLEST:
        yield (
            f"the image has {shape[-2]} x {shape[-1]} samples, {SMALLEST} x {SMALLEST} are the least that the network "
            "needs around a pixel: pass a larger part"
        )
