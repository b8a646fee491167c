"""Pixel values as counts whose variance is their mean, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..camera import Camera

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Scale:
    r"""The line between the units of an image and counts :math:`n = g (y - o) + s` that follow Poisson's law closely.

    With s the variance of the read noise in electrons, mean and variance of n agree [1]_.

    Parameters
    ----------
    gain : float
        Electrons per unit.
    shift : float
        Counts at y = 0: :math:`s - g o`.
    added : float
        The share :math:`s` of the shift that stands for the read noise.

    References
    ----------
    .. [1] D. L. Snyder, A. M. Hammoud, R. L. White, J. Opt. Soc. Am. A 10, 1014 (1993).
    """

    gain: float
    shift: float
    added: float

    def counts(self, y: NDArray[np.floating], rng: np.random.Generator) -> tuple[Counts, float]:
        """Whole, non-negative counts, and the share of pixels that were below 0.

        A value between two whole numbers becomes one of them by chance, so that its mean is kept.
        """
        n = np.asarray(y, np.float64) * self.gain + self.shift
        whole = np.rint(n)
        exact = np.abs(n - whole) < 1e-3  # float32 carries integers scaled by a gain that nearly exactly
        n = np.where(exact, whole, np.floor(n + rng.random(n.shape)))
        return np.maximum(n, 0).astype(np.int64), float(np.mean(n < 0))


def scale_of(camera: Camera) -> Scale | None:
    """The scale of a camera in the units of the image; None if its gain is unknown."""
    if camera.gain is None:
        return None
    added = (camera.read_noise or 0.0) ** 2
    return Scale(camera.gain, added - camera.gain * (camera.offset or 0.0), added)
