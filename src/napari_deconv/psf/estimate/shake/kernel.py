"""The kernel that blurs the edges of a sharp picture into those of the recorded one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ....backend import FFT

RIDGE = 0.01  # of the energy of the edges
STEPS = 60

Array = NDArray[np.float32]


def fitted(sharp: Sequence[Array], blurred: Sequence[Array], size: int, fft: FFT) -> Array:
    r"""The non-negative kernel k of least squares with a small ridge,

    .. math:: \min_{k \ge 0} \sum_i |k * s_i - b_i|^2 + \gamma |k|^2

    solved on its own size x size samples: the normal equations need only the correlations of the pictures for lags
    within that window, and their matrix is applied by small FFTs [1]_. Projected gradient steps with momentum [2]_.

    Parameters
    ----------
    sharp, blurred : sequence of array
        Differences of both pictures on one periodic grid, zero where nothing is to be learnt.
    size : int
        Odd.
    fft : FFT
        Fourier transforms.

    Returns
    -------
    array, shape (size, size)
        Not normalised.

    References
    ----------
    .. [1] S. Cho, S. Lee, "Fast motion deblurring", ACM Trans. Graph. 28(5), 145 (2009).
    .. [2] A. Beck, M. Teboulle, SIAM J. Imaging Sci. 2, 183 (2009).
    """
    auto, cross = _correlations(sharp, blurred, size, fft)
    n = fft.fast_size(2 * size - 1)
    transfer = np.real(fft.rfftn(_wrapped(auto, n)))
    transfer += RIDGE

    def gradient(k: Array) -> Array:
        padded = np.pad(k, (0, n - size))
        moved: Array = fft.irfftn(transfer * fft.rfftn(padded), (n, n))[:size, :size]
        return moved - cross

    return _descent(gradient, 1 / float(transfer.max()), size)


def _correlations(sharp: Sequence[Array], blurred: Sequence[Array], size: int, fft: FFT) -> tuple[Array, Array]:
    """Of the sharp edges with themselves, lags up to size - 1, and with the blurred ones, up to size // 2."""
    shape = sharp[0].shape
    spectra = [(fft.rfftn(s), fft.rfftn(b)) for s, b in zip(sharp, blurred, strict=True)]
    auto = _lags(sum(np.abs(s) ** 2 for s, _ in spectra), shape, size - 1, fft)
    cross = _lags(sum(np.conj(s) * b for s, b in spectra), shape, size // 2, fft)
    energy = max(float(auto[size - 1, size - 1]), 1e-12)
    return auto / energy, cross / energy


def _lags(spectrum: Array, shape: tuple[int, ...], reach: int, fft: FFT) -> Array:
    """The part of a circular correlation with lags from -reach to reach."""
    rolled = np.roll(fft.irfftn(spectrum, shape), (reach, reach), (0, 1))
    part: Array = rolled[: 2 * reach + 1, : 2 * reach + 1]
    return part


def _wrapped(auto: Array, n: int) -> Array:
    """An array of lags on a periodic grid of n x n, lag 0 at index 0."""
    reach = len(auto) // 2
    return np.roll(np.pad(auto, (0, n - len(auto))), (-reach, -reach), (0, 1))


def _descent(gradient: Callable[[Array], Array], step: float, size: int) -> Array:
    """FISTA with projection on k >= 0, from the kernel that does nothing."""
    k = np.zeros((size, size), np.float32)
    k[size // 2, size // 2] = 1
    ahead, t = k, 1.0
    for _ in range(STEPS):
        new = np.maximum(ahead - step * gradient(ahead), 0)
        following = (1 + (1 + 4 * t * t) ** 0.5) / 2
        ahead = new + (t - 1) / following * (new - k)
        k, t = new, following
    return k
