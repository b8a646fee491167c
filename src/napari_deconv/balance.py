"""How much to regularise a Wiener filter: the weight, chosen from the image and the blur."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from .backend import Array
from .operators import Blur

PASSED = 0.1  # cross-validation looks at frequencies where |H| is above this
STOPPED = 0.05  # the noise is measured where |H| is below this
BANDS = (0.5, 1.0, 1.6, 2.2, np.inf)  # radians per sample
DAUBECHIES = (-0.4829629131, 0.8365163037, -0.2241438680, -0.1294095226)  # high-pass of the four-tap wavelet


def automatic(y: Array, spectrum: Array, otf: Array, span: float, H: Blur) -> float:
    r"""The weight of the Laplacian in a Wiener filter, from the image itself.

    The largest of three: generalised cross-validation [1]_ over the frequencies with :math:`|H| > 0.1`, and
    :math:`60 \sigma^2` for two estimates of the noise, each a median absolute deviation: of the finest
    wavelet detail [2]_, and of the spectrum where the blur lets nothing pass (:math:`|H| < 0.05`), band by
    band. The last one sees correlated noise (JPEG, interpolation), on which cross-validation collapses and
    which fine detail underestimates.

    Parameters
    ----------
    y : array, shape ``H.out_shape``
        Image.
    spectrum, otf : array
        Half spectra on the grid of `H`: of the image with its margins filled, and the transfer function.
    span : float
        Largest minus smallest pixel.
    H : Blur
        The blur.

    References
    ----------
    .. [1] G. H. Golub, M. Heath, G. Wahba, Technometrics 21, 215 (1979).
    .. [2] D. L. Donoho, I. M. Johnstone, Biometrika 81, 425 (1994).
    """
    energy, power = squared(spectrum, H.xp), squared(otf, H.xp)
    sigma = max(detail_noise(y, H.xp), stopped_noise(energy, power, H))
    return max(cross_validated(energy, power, laplacian(H) ** 2, H.xp), noise_balance(sigma, span))


def laplacian(H: Blur, where: tuple[slice, ...] | None = None) -> Array:
    """Transfer function, half spectrum, of minus the discrete Laplacian (2 per axis in the centre, -1 beside it).

    Parameters
    ----------
    H : Blur
        Its grid.
    where : tuple of slice, optional
        The block wanted, all of it otherwise.
    """
    total: Array = 0.0
    for axis, n in enumerate(H.grid):
        count = n // 2 + 1 if axis == len(H.grid) - 1 else n
        line = 2 - 2 * np.cos(2 * np.pi * np.arange(count) / n)
        shape = tuple(-1 if i == axis else 1 for i in range(len(H.grid)))
        here = line if where is None else line[where[axis]]
        total = total + H.backend.asarray(here.reshape(shape), H.dtype)
    return total


def squared(z: Array, xp: Any) -> Array:
    """|z|^2 of a complex array, real."""
    return xp.real(z) ** 2 + xp.imag(z) ** 2


def noise_balance(sigma: float, span: float) -> float:
    """60 sigma^2 with sigma in units of the image's range; 1 for a flat image, where any weight gives the same."""
    return 60 * (sigma / span) ** 2 if span > 0 else 1.0


def detail_noise(y: Array, xp: Any) -> float:
    """Standard deviation of white noise from the finest diagonal wavelet detail; 0 where the image is too small."""
    detail = y
    for axis, n in enumerate(y.shape):
        if n >= 8:
            ahead = (slice(None),) * axis
            detail = sum(tap * detail[(*ahead, slice(i, n - 3 + i), Ellipsis)] for i, tap in enumerate(DAUBECHIES))
    return _median(xp.abs(detail), xp) / 0.6745 if max(y.shape) >= 8 else 0.0


def stopped_noise(energy: Array, power: Array, H: Blur) -> float:
    """Standard deviation of the noise where the blur lets nothing pass: the largest over bands of spatial frequency."""
    radius, pixels = _radial_frequency(H), float(np.prod(H.out_shape))
    found = [0.0]
    for low, high in itertools.pairwise(BANDS):
        band = (radius >= low) & (radius < high)
        weak = H.xp.sort(power[band])
        if weak.shape[0] < 1000:
            continue
        stopped = band & (power <= min(float(weak[weak.shape[0] * 3 // 100]), STOPPED**2))
        coefficients = energy[stopped]
        if coefficients.shape[0] >= 30:
            found.append(float((_median(coefficients, H.xp) / np.log(2) / pixels) ** 0.5))
    return max(found)


def cross_validated(energy: Array, power: Array, rough: Array, xp: Any) -> float:
    """The weight with the least generalised cross-validation score over the frequencies that the blur passes."""
    passed = power > PASSED**2
    energy, power, rough = energy[passed], power[passed], rough[passed]

    def score(exponent: float) -> float:
        rest = rough * 10.0 ** float(exponent)
        rest = rest / (power + rest)
        left = float(xp.sum(rest, dtype=xp.float64))
        return float(xp.sum(rest**2 * energy, dtype=xp.float64)) / max(left, 1e-30) ** 2

    coarse = min(np.arange(-8.0, 2.5, 0.5), key=score)
    return float(10 ** min(coarse + np.linspace(-0.4, 0.4, 9), key=score))


def _median(values: Array, xp: Any) -> float:
    flat = xp.sort(xp.reshape(values, (-1,)))
    return float(flat[flat.shape[0] // 2])


def _radial_frequency(H: Blur) -> Array:
    """Distance from zero frequency on the half spectrum, radians per sample."""
    total = np.zeros(())
    for axis, n in enumerate(H.grid):
        last = axis == len(H.grid) - 1
        line = 2 * np.pi * (np.fft.rfftfreq(n) if last else np.fft.fftfreq(n))
        total = total[..., None] + line**2
    return H.backend.asarray(np.sqrt(total), H.dtype)
