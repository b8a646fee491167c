"""Algorithms: generators of iterates, and plain functions where one step is enough."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np

from .backend import Array
from .balance import automatic, noise_balance, squared
from .engines.whole import slabs
from .operators import Blur, LinearOperator, through

SEEN = 1e-3  # voxels with H^T 1 below this are not seen by any pixel and stay as they are (Bertero & Boccacci 2005)
TINY = 1e-30


@dataclass
class Iterate:
    """One estimate of an iterative solver.

    Parameters
    ----------
    iteration : int
        Steps done: 1, 2, ...
    divergence : float
        I-divergence between the image and the prediction of the estimate that *entered* this step.
    """

    iteration: int
    divergence: float
    _estimate: Array | None = field(repr=False)

    def snapshot(self) -> Array:
        """A copy of the estimate, shape ``H.in_shape``; only before the solver takes its next step, and in its thread.

        Raises
        ------
        RuntimeError
            If the solver has moved on: the estimate lives in a buffer that is reused.
        """
        if self._estimate is None:
            raise RuntimeError(f"iterate {self.iteration} is gone: take the snapshot before the solver's next step")
        return self._estimate + 0

    @property
    def alive(self) -> bool:
        """Whether `snapshot` may still be taken."""
        return self._estimate is not None

    def expire(self) -> None:
        """Forget the estimate: called by the solver when it goes on."""
        self._estimate = None


def richardson_lucy(
    y: Array, H: LinearOperator, *, x0: Array | None = None, background: float | Array = 0.0
) -> Iterator[Iterate]:
    r"""Maximum-likelihood estimates of an object seen through `H` with Poisson noise.

    Each step multiplies the estimate by the back-projected ratio of image and prediction,

    .. math:: x \leftarrow \frac{x}{H^T 1} \, H^T \frac{y}{H x + b}

    Voxels that no recorded pixel sees (:math:`H^T 1 \le 10^{-3}`) keep their value.

    Parameters
    ----------
    y : array, shape ``H.out_shape``
        Image in counts, non-negative, camera offset included.
    H : LinearOperator
        Blur. Only ``forward`` and ``adjoint`` are used.
    x0 : array, shape ``H.in_shape``, optional
        Positive start. By default flat with the flux of the image; only voxels that no pixel sees start as the
        mirrored image. Not changed.
    background : float or array
        Camera offset :math:`b` in counts, part of the model and never subtracted.

    Yields
    ------
    Iterate
        Iterates 1, 2, ... without end: the count, and the estimate when asked for (``snapshot()`` copies it).

    References
    ----------
    .. [1] W. H. Richardson, J. Opt. Soc. Am. 62, 55 (1972). L. B. Lucy, Astron. J. 79, 745 (1974).
    .. [2] M. Bertero, P. Boccacci, Astron. Astrophys. 437, 369 (2005).
    """
    xp = H.xp
    gain, unseen, start, flat = _start(y, H, background)
    x = start if x0 is None else x0 + 0
    floor = max(1e-6 * flat, TINY)
    for iteration in itertools.count(1):
        divergence: list[float] = []
        step = through(H, x, partial(_ratio, y, background, floor, divergence, xp))
        for part in slabs(H.in_shape[0]):
            factor = xp.maximum(step[part, ...] * gain[part, ...], 0.0)
            x[part, ...] *= xp.where(unseen[part, ...], 1.0, factor)
        iterate = Iterate(iteration, sum(divergence), x)
        yield iterate
        iterate.expire()


def _ratio(
    y: Array, background: float | Array, floor: float, sums: list[float], xp: Any, prediction: Array, part: slice
) -> Array:
    """Image over prediction in one block; its share of the divergence is added to `sums`."""
    counts = y[part, ...]
    prediction = prediction + (background if isinstance(background, float | int) else background[part, ...])
    prediction = xp.maximum(prediction, floor)
    ratio = counts / prediction
    sums.append(_divergence(counts, ratio, prediction, xp))
    return ratio


def _start(y: Array, H: LinearOperator, background: float | Array) -> tuple[Array, Array, Array, float]:
    """1 / H^T 1 (0 where unseen), where no pixel sees a voxel, the first estimate, and its flat value."""
    xp = H.xp
    sensitivity = H.adjoint(y * 0 + 1)
    total, signal = (float(xp.sum(v, dtype=xp.float64)) for v in (sensitivity, H.adjoint(y - background)))
    flat = max(signal / total, 0.01 * float(xp.mean(y)))
    unseen = sensitivity <= SEEN
    gain = xp.where(unseen, 0.0, 1 / xp.maximum(sensitivity, SEEN))
    start = sensitivity * 0 + flat
    if isinstance(H, Blur) and H.boundary == "extended":
        start = xp.where(unseen, _outside(y - background, H, flat), start)
    return gain, unseen, start, flat


def _outside(signal: Array, H: Blur, flat: float) -> Array:
    """Where unseen voxels start and stay: the mirrored image, because all together they send light into the view."""
    known = signal if H.weight is None else H.xp.where(H.weight > 0, signal, flat)
    return H.xp.maximum(H.mirror(known), 1e-8 * flat)


def _divergence(y: Array, ratio: Array, prediction: Array, xp: Any) -> float:
    """Sum of prediction - y + y log(y / prediction), with 0 log 0 = 0, in float64."""
    log_term = y * xp.log(xp.maximum(ratio, TINY))
    sums = [float(xp.sum(v, dtype=xp.float64)) for v in (log_term, prediction, y)]
    return sums[0] + sums[1] - sums[2]


def wiener(
    y: Array, H: Blur, *, balance: float | Literal["auto"] = "auto", noise: float | None = None
) -> tuple[Array, float]:
    r"""Linear estimate of an object seen through `H`: the regularised inverse filter with a Laplacian.

    .. math:: X = \frac{\bar H}{|H|^2 + \lambda |L|^2} Y

    The Laplacian vanishes at zero frequency, so that the mean is kept. What lies outside the image (and under
    a mask) is filled with the prediction of five Richardson-Lucy steps before the filter, so that no edge is
    seen by it.

    Parameters
    ----------
    y : array, shape ``H.out_shape``
        Image, any offset.
    H : Blur
        Blur; its boundary decides what is assumed outside.
    balance : float or "auto"
        The weight :math:`\lambda`; "auto" asks `balance.automatic`.
    noise : float, optional
        Standard deviation of white noise in the units of the image, if it is known: then :math:`\lambda = 60
        \sigma^2` with sigma in units of the range of the image.

    Returns
    -------
    x : array, shape ``H.out_shape``
        The estimate under the image; may be negative.
    balance : float
        The weight used.

    References
    ----------
    .. [1] N. Wiener, Extrapolation, Interpolation, and Smoothing of Stationary Time Series (1949); B. R.
           Hunt, IEEE Trans. Comput. C-22, 805 (1973).
    """
    filled = _filled(y, H)
    spectrum = H.backend.fft.rfftn(filled)
    power, laplacian = squared(H.otf, H.xp), _laplacian_power(H)
    low, high = _extremes(y, H)
    if noise is not None:
        balance = noise_balance(noise, high - low)
    elif balance == "auto":
        balance = automatic(H.crop(filled), spectrum, power, laplacian, high - low, H)
    spectrum *= H.xp.conj(H.otf)
    spectrum /= H.xp.maximum(power + balance * laplacian, TINY)
    return H.crop(H.backend.fft.irfftn(spectrum, H.grid)), float(balance)


def _laplacian_power(H: Blur) -> Array:
    """|L|^2 of the discrete Laplacian (2 per axis in the centre, -1 at the neighbours) on the half spectrum."""
    transfer = np.zeros(())
    for axis, n in enumerate(H.grid):
        count = n // 2 + 1 if axis == len(H.grid) - 1 else n
        line = 2 - 2 * np.cos(2 * np.pi * np.arange(count) / n)
        transfer = transfer[..., None] + line
    return H.backend.asarray(transfer**2, H.dtype)


def _filled(y: Array, H: Blur) -> Array:
    """The image on the whole grid; margins and masked pixels as five Richardson-Lucy steps predict them."""
    xp = H.xp
    if H.grid == H.out_shape and H.weight is None:
        return y
    low, high = _extremes(y, H)
    offset = 0.05 * (high - low) - low if high > low else 1 - low
    steps = richardson_lucy((y + offset) if H.weight is None else (y + offset) * H.weight, H)
    estimate = next(itertools.islice(steps, 4, None)).snapshot()
    filled = H.blur_everywhere(estimate) - offset
    window = tuple(slice(0, n) for n in H.out_shape)
    filled[window] = y if H.weight is None else xp.where(H.weight > 0, y, filled[window])
    return filled


def _extremes(y: Array, H: Blur) -> tuple[float, float]:
    """Smallest and largest pixel that counts."""
    counted = y if H.weight is None else y[H.weight > 0]
    return float(H.xp.min(counted)), float(H.xp.max(counted))
