"""How likely a picture's spectrum is under a blur: a sharp picture's power law, times the blur, plus noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .spectrum import Spectrum

EXPONENT, SPREAD = 2.45, 0.4  # of the power law of sharp photographs: mean and standard deviation
HARMONICS = 2  # of the direction: natural pictures have more upright and level edges than slanted ones
ANISOTROPY = 1.0  # standard deviation of their coefficients
TINY = 1e-12

Array = NDArray[np.float64]
Kernel = Callable[[Array], Array]  # parameters of the blur to kernel


@dataclass(frozen=True, eq=False)
class Fit:
    r"""The most likely spectrum with a blur of given kind.

    Parameters
    ----------
    theta : array
        Parameters of the blur; may be empty.
    nuisance : array
        Logarithm of the amplitude at 0.1 cycles per pixel, exponent, harmonics of the direction, logarithm of
        the noise power.
    cost : float
        Negative logarithm of likelihood and priors.
    transfer : array, shape (points,)
        |K|² of the blur.
    signal, noise : array, float
        The two parts of the expected power at the points of the spectrum.
    """

    theta: Array
    nuisance: Array
    cost: float
    transfer: Array
    signal: Array
    noise: float

    @property
    def total(self) -> Array:
        """Expected power."""
        return self.signal + self.noise


class Likelihood:
    r"""Whittle's likelihood of a spectrum under blurs of one family.

    .. math:: S(f, \varphi) = A \, (f / 0.1)^{-\alpha} e^{\sum_m a_m \cos 2 m \varphi + b_m \sin 2 m \varphi}
              \, |K_\theta(f, \varphi)|^2 + N, \qquad
              -\log L = \sum_f \log S + I / S

    with the mean periodogram :math:`I`. The power law of natural pictures and the parametric blur are those
    of [1]_ (there isotropic, and fitted by least squares to averages along lines or circles); the likelihood
    of a spectrum is Whittle's [2]_. Gaussian priors hold the exponent near that of sharp photographs and the
    harmonics near zero.

    Parameters
    ----------
    spectrum : Spectrum
        Of the picture.
    kernel : callable
        The blur of parameters theta: a small array, sum 1.
    lower, upper : array
        Limits of theta.
    step : array
        Changes of theta, to either side, over which a kernel made of whole pixels changes smoothly.

    References
    ----------
    .. [1] J. P. Oliveira, M. A. T. Figueiredo, J. M. Bioucas-Dias, IEEE Trans. Image Process. 23, 466 (2014).
    .. [2] P. Whittle, J. R. Stat. Soc. B 15, 125 (1953).
    """

    def __init__(self, spectrum: Spectrum, kernel: Kernel, lower: Array, upper: Array, step: Array) -> None:
        self.spectrum, self.kernel = spectrum, kernel
        self.lower, self.upper, self.step = lower, upper, step
        self.observed = np.maximum(spectrum.mean, TINY)
        waves = [f(2 * m * spectrum.direction) for m in range(1, HARMONICS + 1) for f in (np.cos, np.sin)]
        self._basis = np.stack([np.ones_like(self.observed), -np.log(spectrum.frequency / 0.1), *waves], axis=1)
        self._mean = np.array([0, EXPONENT] + [0] * (2 * HARMONICS + 1), float)
        self._precision = np.array([0, SPREAD**-2] + [ANISOTROPY**-2] * (2 * HARMONICS) + [0], float)

    def _start(self, transfer: Array) -> Array:
        """Nuisance parameters to start from: noise from the finest frequencies, amplitude from the coarse ones."""
        frequency = self.spectrum.frequency
        noise = float(np.median(self.observed[frequency > 0.8 * frequency.max()]))
        coarse = frequency < 0.15
        law = transfer[coarse] * (frequency[coarse] / 0.1) ** -EXPONENT
        excess = float(np.maximum(self.observed[coarse] - noise, 0).sum()) + TINY
        found = self._mean.copy()
        found[[0, -1]] = np.log(excess / max(float(law.sum()), TINY)), np.log(noise)
        return found

    def fit(self, theta: Array, nuisance: Array | None = None, *, free: bool = True, steps: int = 40) -> Fit:
        """The best fit near `theta`: Fisher scoring, damped as Levenberg and Marquardt do.

        Parameters
        ----------
        theta : array
            Parameters of the blur to start from, or to keep.
        nuisance : array, optional
            Where the other parameters start.
        free : bool
            Whether theta is fitted too.
        steps : int
            At most so many.
        """
        transfer = self._transfer(theta)
        nuisance = self._start(transfer) if nuisance is None else nuisance
        now, damping = self._at(theta, nuisance, transfer), 1e-3
        for _ in range(steps):
            gradient, curvature = self._normal(now, self.slopes(now, free=free))
            better = None
            while better is None and damping < 1e6:
                step = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature) + 1e-9), gradient)
                better = self._moved(now, np.clip(step, -2, 2), free)
                damping = damping * 10 if better is None else damping / 10
            if better is None:
                break
            gain, now = now.cost - better.cost, better
            if gain < 0.01:
                break
        return now

    def slopes(self, fit: Fit, *, free: bool = True) -> Array:
        """Derivatives of the logarithm of the expected power: of theta (by differences), then of the others."""
        share = fit.signal / fit.total
        nuisance = np.concatenate([self._basis * share[:, None], (1 - share)[:, None]], axis=1)
        if not free or not len(fit.theta):
            return nuisance
        law = fit.signal / np.maximum(fit.transfer, TINY) / fit.total
        changes = [law * self._change(fit.theta, i) for i in range(len(fit.theta))]
        return np.concatenate([np.stack(changes, axis=1), nuisance], axis=1)

    def _change(self, theta: Array, i: int) -> Array:
        """Derivative of |K|² of one parameter."""
        low, high = (theta + sign * self.step[i] * (np.arange(len(theta)) == i) for sign in (-1, 1))
        low, high = np.clip(low, self.lower, self.upper), np.clip(high, self.lower, self.upper)
        return (self._transfer(high) - self._transfer(low)) / float(high[i] - low[i])

    def _normal(self, fit: Fit, slopes: Array) -> tuple[Array, Array]:
        """Gradient of log-likelihood and priors, and Fisher's information."""
        gradient = slopes.T @ (self.observed / fit.total - 1)
        curvature = slopes.T @ slopes
        kept = slice(len(gradient) - len(fit.nuisance), None)
        gradient[kept] -= self._precision * (fit.nuisance - self._mean)
        curvature[kept, kept] += np.diag(self._precision)
        return gradient, curvature

    def covariance(self, fit: Fit) -> Array:
        """Of theta, with other patches (the sandwich of Fisher's information and scores) and other noise."""
        slopes, count, patches = self.slopes(fit), len(fit.theta), len(self.spectrum.power)
        information = self._normal(fit, slopes)[1]
        information[:count, :count] += 1e-3 * np.eye(count)  # a blur that shows nowhere is not known
        bread = np.linalg.inv(information)
        scores = (self.spectrum.power / fit.total - 1) @ slopes
        scores -= scores.mean(axis=0)
        found: Array = bread @ (scores.T @ scores / max(patches * (patches - 1), 1)) @ bread + bread / patches
        return found[:count, :count]

    def _moved(self, now: Fit, step: Array, free: bool) -> Fit | None:
        """The fit after a step, or None if it is no better."""
        if free and len(now.theta):
            theta = np.clip(now.theta + step[: len(now.theta)], self.lower, self.upper)
            found = self._at(theta, now.nuisance + step[len(now.theta) :], self._transfer(theta))
        else:
            found = self._at(now.theta, now.nuisance + step, now.transfer)
        return found if found.cost < now.cost else None

    def _at(self, theta: Array, nuisance: Array, transfer: Array) -> Fit:
        signal, noise = np.exp(np.minimum(self._basis @ nuisance[:-1], 80)) * transfer, float(np.exp(nuisance[-1]))
        total = signal + noise
        cost = float((np.log(total) + self.observed / total).sum())
        cost += 0.5 * float((self._precision * (nuisance - self._mean) ** 2).sum())
        return Fit(theta, nuisance, cost, transfer, signal, noise)

    def _transfer(self, theta: Array) -> Array:
        return self.spectrum.transfer(self.kernel(theta))
