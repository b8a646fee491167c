"""How far a result is from the classical one of the same image."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .noise import given_noise
from .pictures import checked


class Disagreement(NamedTuple):
    """Where two results differ.

    Parameters
    ----------
    map : array, float32
        Their absolute difference, in standard deviations of the noise in the image.
    median : float
        Of the map.
    """

    map: NDArray[np.float32]
    median: float


def disagreement(result: Any, classical: Any, sigma: ArrayLike) -> Disagreement:
    r"""The difference between a result and the classical one: :math:`|x - x_c| / \sigma(y)`.

    Neither is the truth. Where both agree, the detail does not hang on what a network learned; where they do not, one
    of them made it up.

    Parameters
    ----------
    result, classical : array
        Of the same image, background treated alike.
    sigma : float or array, shape of the result
        Standard deviation of the noise of the image, as `Fidelity.sigma` has it.

    Raises
    ------
    ValueError
        If shapes do not fit, pixels are not finite, or sigma is not positive.
    """
    x = checked(result, name="result")
    other = checked(classical, name="classical result", ndim=x.ndim)
    if x.shape != other.shape:
        raise ValueError(f"result has shape {x.shape} but the classical one {other.shape}; both are of one image")
    sigmas = np.sqrt(given_noise(sigma, x.shape).variance)
    apart = (abs(x.astype(np.float32) - other.astype(np.float32)) / sigmas).astype(np.float32)
    return Disagreement(apart, float(np.median(apart)))
