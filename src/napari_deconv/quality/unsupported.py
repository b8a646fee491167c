"""How much of a result the data cannot have told, and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..operators import Blur
from ..psf.type import PSF
from .noise import given_noise
from .pictures import checked
from .power import Where, frequencies, object_power

MARGIN = 24  # samples at least, on each side, in which the mirrored picture fades before it meets itself

Factor = Callable[[Any, Where], NDArray[Any]]


class Unsupported(NamedTuple):
    """What a method wrote by itself.

    Parameters
    ----------
    ratio : float
        Share of the result's energy (about its mean) that the data do not support. Near 0 for a Wiener filter.
    detail : float
        The same share of its detail alone: of the energy of what blurring the result once more would take away.
    map : array, float32, shape of the image
        That part of the result, in its units, positive and negative.
    """

    ratio: float
    detail: float
    map: NDArray[np.float32]


def unsupported(
    image: Any, result: Any, psf: PSF | ArrayLike, sigma: ArrayLike, *, spacing: tuple[float, ...] | None = None
) -> Unsupported:
    r"""The part of a result at frequencies that the noise, or the blur, kept from the image.

    .. math::

        T(f) = \frac{|K|^2}{|K|^2 + \sigma^2 / S(f)}, \qquad E = \frac{\sum (1 - T) |X|^2}{\sum |X|^2} \quad (f > 0)

    T is the share of each frequency that the data support, K the transfer function, S the power spectrum of the object
    (`object_power`: from the image, not from the result, which would vouch for itself). Sums are taken in space, over
    the view: the picture is mirrored around it and fades there, so that an edge of the view is no detail.

    Not supported is not the same as wrong: Richardson-Lucy knows that light is not negative and continues
    sharp points beyond the cutoff, often rightly. It means that another picture would have explained the image as
    well. And supported is not the same as right: the data support whatever detail they could have shown; whether the
    result shows that of this image is for `fidelity` to say.

    Parameters
    ----------
    image : array, 1 to 3 axes
        What was restored.
    result : array, shape of the image
        What came out.
    psf : PSF or array
        The blur that was undone, on the image's grid.
    sigma : float or array, shape of the image
        Standard deviation of the noise, in the units of the image.
    spacing : tuple of float, optional
        Length of a sample along each axis, if they differ.

    Raises
    ------
    ValueError
        If shapes do not fit, pixels are not finite, or sigma is not positive.
    """
    y = checked(image).astype(np.float32)
    x = checked(result, name="result", ndim=y.ndim).astype(np.float32)
    if x.shape != y.shape:
        raise ValueError(f"result has shape {x.shape} but the image {y.shape}; pass the image the result was made from")
    steps = (1.0,) * y.ndim if spacing is None else tuple(spacing)
    if len(steps) != y.ndim or not all(np.isfinite(steps)) or min(steps) <= 0:
        raise ValueError(f"spacing has one positive number per axis of the image {y.shape}, got {spacing}")
    H = Blur(_with_room(psf.data if isinstance(psf, PSF) else np.asarray(psf)), y.shape, boundary="reflect")
    power = object_power(y, H, given_noise(sigma, y.shape).variance, steps)
    contrast = x - np.float32(x.mean(dtype=np.float64))
    wide = (H.mirror(contrast) * _fading(H)).astype(np.float32)

    def share(otf: Any, where: Where) -> NDArray[np.float32]:
        return 1 - power.share(otf, frequencies(H, steps, where))

    def energy(factor: Factor) -> float:
        return float(np.sum(H.filtered(wide, factor) ** 2, dtype=np.float64))

    whole = float(np.sum(contrast**2, dtype=np.float64))
    detail = energy(lambda otf, where: abs(1 - otf))
    return Unsupported(
        ratio=_ratio(energy(lambda otf, where: np.sqrt(share(otf, where))), whole),
        detail=_ratio(energy(lambda otf, where: abs(1 - otf) * np.sqrt(share(otf, where))), detail),
        map=np.asarray(H.filtered(wide, share), np.float32),
    )


def _with_room(kernel: NDArray[Any]) -> NDArray[Any]:
    """The kernel with zeros around it, its centre still at ``n // 2``, so that the grid has room for the margin."""
    before = [max(MARGIN - n // 2, 0) for n in kernel.shape]
    after = [max(MARGIN + 1 - (n - n // 2), 0) for n in kernel.shape]
    return np.pad(kernel, list(zip(before, after, strict=True)))


def _fading(H: Blur) -> NDArray[np.float32]:
    """1 in the view, falling to 0 in the middle of the margin, where the mirrored sides meet."""
    weight: NDArray[np.float32] = np.ones((), np.float32)
    for n, size in zip(H.out_shape, H.grid, strict=True):
        margin = (1 + np.cos(2 * np.pi * (np.arange(size - n) + 0.5) / (size - n))) / 2
        weight = weight[..., None] * np.concatenate([np.ones(n), margin]).astype(np.float32)
    return weight


def _ratio(part: float, whole: float) -> float:
    """Nothing of nothing is 0."""
    return part / whole if whole > 0 else 0.0
