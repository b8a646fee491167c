"""One picture as two with independent noise, as if each had been taken with half the light."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..camera import Camera
from .pictures import checked


def split_photons(
    image: Any, rng: np.random.Generator, *, camera: Camera | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    r"""Two pictures with independent noise whose mean is `image`, each of half its photons at its full brightness.

    Every electron falls into one half or the other by the toss of a coin: of a Poisson number, both halves are then
    independent Poisson numbers [1]_. Read noise does not split that way; a random number of variance
    :math:`\sigma_r^2 / 4`, added to one half and taken from the other, undoes the correlation it would leave [2]_.

    .. math:: a = e / 2 + (k - n / 2) + g, \quad b = e - a, \quad
              k \sim \mathrm{Binomial}(n, 1/2), \quad g \sim N(0, \sigma_r^2 / 4)

    with :math:`e` the electrons of a pixel and :math:`n` the same rounded. Both come back in the counts of `image`,
    with its offset and twice the noise variance, so that whatever is done to `image` can be done to them.

    Parameters
    ----------
    image : array, 1 to 3 axes
        Counts, offset included, as the camera gave them: not scaled, averaged, interpolated or compressed.
    rng : numpy.random.Generator
        The coin.
    camera : Camera, optional
        Gain, offset and read noise; what is unknown counts as 1 electron per count, 0 and 0.

    Raises
    ------
    ValueError
        If the image is empty, masked, not finite, or has no pixel above the offset.

    References
    ----------
    .. [1] B. Rieger, I. Droste, F. Gerritsma, T. ten Brink, S. Stallinga, Opt. Express 32, 21767 (2024).
    .. [2] A. Neufeld, A. Dharamshi, L. L. Gao, D. Witten, J. Mach. Learn. Res. 25, 57 (2024): thinning a normal number.
    """
    counts = checked(image).astype(np.float64)
    gain, offset, read_noise = known(camera)
    electrons = (counts - offset) * gain
    whole = np.rint(np.maximum(electrons, 0))
    if not whole.any():
        raise ValueError(
            f"no pixel lies above the offset of {offset:g} by a photon (highest {counts.max():g}, {gain:g} electrons "
            "per count): there is nothing to split; check offset and gain"
        )
    tossed = rng.binomial(whole.astype(np.int64), 0.5) - whole / 2
    if read_noise:
        tossed += rng.normal(0, read_noise / 2, counts.shape)
    apart = 2 * tossed / gain
    return (counts + apart).astype(np.float32), (counts - apart).astype(np.float32)


def known(camera: Camera | None) -> tuple[float, float, float]:
    """Gain, offset and read noise; 1, 0 and 0 where they are not known."""
    if camera is None:
        return 1.0, 0.0, 0.0
    return camera.gain or 1.0, camera.offset or 0.0, camera.read_noise or 0.0
