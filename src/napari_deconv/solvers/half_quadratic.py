"""Half-quadratic splitting: fit the data, denoise, fit the data again, from coarse to fine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..backend import Array
from ..operators import Blur
from .iterate import Iterate
from .margins import filled
from .spectra import Ring, resampled

NAN = float("nan")
FIRST = 49 / 255  # noise that the first step asks the denoiser to remove, as a share of the image's range
LEAST = 0.3 / 255  # … and the least that any step asks for
QUIETEST = 0.1 / 255  # noise that is assumed even if there is none: frequencies that the blur stops stay unknown
COUPLING = 0.23  # weight of the denoised picture in the next fit, as a share of what its noise level alone would say
REFILLS = 2  # times within a step that what was not recorded is predicted anew

Denoise = Callable[[Array, Array, Any], Iterator[Array | None]]


@dataclass(frozen=True)
class Stage:
    """One step: how much coarser than the image it is, and the noise level that it asks to be removed."""

    factor: int
    level: Any


def stages(num_iter: int, first: Any, last: Any) -> list[Stage]:
    """The steps of a restoration; levels fall from `first` to `last`, evenly in their logarithm.

    Parameters
    ----------
    num_iter : int
        Steps. The first quarter of them is done at a quarter of the resolution, the second at half. A single step asks
        for the level in the middle.
    first, last : float or array
        Noise levels, in the units of the image.
    """
    quarter = num_iter // 4
    factors = [4] * quarter + [2] * quarter + [1] * (num_iter - 2 * quarter)
    shares = [step / (num_iter - 1) if num_iter > 1 else 0.5 for step in range(num_iter)]
    return [Stage(factor, first ** (1 - f) * last**f) for factor, f in zip(factors, shares, strict=True)]


def half_quadratic(
    y: Array, H: Blur, denoise: Denoise, *, sigma: float, span: float, num_iter: int = 8
) -> Iterator[Iterate]:
    r"""Estimates of an object seen through `H` with white noise, with a denoiser for a prior.

    Each step fits the data while staying near the last estimate, then removes noise of the level :math:`s_t`:

    .. math::

        x_t = \arg\min_x |H x - y|^2 + \lambda \frac{\sigma^2}{s_t^2} |x - z_{t-1}|^2, \qquad z_t = D(x_t, z_{t-1}, s_t)

    The fit is exact, by FFT. Pixels that were not recorded (beyond the edges, under a mask) are first those that a few
    Richardson-Lucy steps predict, then those that the last fit predicts. Early steps see the low frequencies only, on a
    coarser grid; each finer step starts from the coarser answer and adds to it what data and denoiser know beyond.

    Parameters
    ----------
    y : array, shape ``(..., *H.out_shape)``
        Image, any offset; axes before those of `H` are colours.
    H : Blur
        The blur, boundary "extended" or "periodic".
    denoise : callable
        ``denoise(x, prior, level)``: `x`, which lies on a ring, without white noise of that standard deviation; `prior`
        is the estimate before the fit, on the same ring. A generator: the picture comes last, and before it None after
        each piece of work.
    sigma : float
        Standard deviation of the noise in `y`.
    span : float
        Range of the image, of which the noise level of the first step is a share.
    num_iter : int
        Steps.

    Yields
    ------
    Iterate
        Estimates under the image, shape of `y`; those of coarse steps interpolated. One comes again (the image itself
        as number 0) whenever a piece of the next is done, so that whoever waits may stop.

    References
    ----------
    .. [1] D. Geman, C. Yang, IEEE Trans. Image Process. 4, 932 (1995): half-quadratic splitting.
    .. [2] K. Zhang et al., "Plug-and-play image restoration with deep denoiser prior", IEEE Trans. Pattern Anal. Mach.
           Intell. 44, 6360 (2022).
    """
    fit = fit_of(y, H, sigma, span)
    last = Iterate(0, [NAN], H.crop(fit.seen))
    for z in estimates(fit, denoise, stages(num_iter, *levels(sigma, span))):
        if z is not None:
            last = Iterate(last.iteration + 1, [NAN], H.crop(fit.fine(z)))
        yield last


def levels(sigma: float, span: float) -> tuple[float, float]:
    """Noise levels of the first and of the last step."""
    last = max(sigma, LEAST * span)
    return max(FIRST * span, last), last


def fit_of(y: Array, H: Blur, sigma: float, span: float) -> Fit:
    """The data step for an image and its blur; see `half_quadratic`."""
    ring = Ring(H.xp, H.grid, H.backend.fft.rfftn, H.backend.fft.irfftn)
    return Fit(ring, H.otf, _around(y, H), _recorded(H), max(sigma, QUIETEST * span))


def estimates(fit: Fit, denoise: Denoise, steps: list[Stage]) -> Iterator[Array | None]:
    """What the denoiser returns in each step, and before that what tells that a piece is done."""
    z = fit.seen
    for stage in steps:
        x, prior = fit.near(z, stage), fit.on(stage, z)
        level = stage.level * fit.ring.coarser(stage.factor).noise / fit.ring.noise
        for found in denoise(x, prior, level):
            yield found
        z = found


class Fit:
    """The data step: the exact minimiser on a ring, or on a coarser ring of its low frequencies.

    Parameters
    ----------
    ring : Ring
        Where the object lies.
    otf : array
        Transfer function of the blur on it.
    seen : array, shape ``(..., *ring.shape)``
        The image; anything where nothing was recorded.
    recorded : array, shape of the ring, optional
        1 where a pixel was recorded, else 0; None: everywhere.
    sigma : float or array
        Standard deviation of the noise.
    """

    def __init__(self, ring: Ring, otf: Array, seen: Array, recorded: Array | None, sigma: Any) -> None:
        self.ring, self.otf, self.seen, self.sigma = ring, otf, seen, sigma
        self._image, self._recorded = seen, recorded

    def near(self, z: Array, stage: Stage) -> Array:
        """The fit near `z`, which may be coarser, on the ring of a stage."""
        ring, xp = self.ring.coarser(stage.factor), self.ring.xp
        otf, weight, power = self._system(stage)
        before = self.ring.like(z)
        near = weight * resampled(before.forward(z), before, ring)
        for _ in range(self._rounds):
            data = resampled(self.ring.forward(self.seen), self.ring, ring)
            fitted = (xp.conj(otf) * data + near) / power
            if self._recorded is not None:
                predicted = self.ring.backward(resampled(fitted * otf, ring, self.ring))
                self.seen = xp.where(self._recorded > 0, self._image, predicted)
        return ring.backward(fitted)

    @property
    def _rounds(self) -> int:
        return 1 if self._recorded is None else REFILLS

    def _system(self, stage: Stage) -> tuple[Array, Any, Array]:
        """Transfer function on the ring of a stage, the weight of what was known before, and what to divide by."""
        ring = self.ring.coarser(stage.factor)
        otf = resampled(self.otf, self.ring, ring, scaled=False)
        weight = COUPLING * (self.sigma / stage.level) ** 2
        return otf, weight, self.ring.xp.abs(otf) ** 2 + weight

    def back(self, by_x: Array, by_seen: Array, stage: Stage, shape: tuple[int, ...]) -> tuple[Array, Array, Array]:
        """The transpose of `near`.

        Parameters
        ----------
        by_x : array
            Gradient by what `near` gave.
        by_seen : array
            Gradient by what `seen` was afterwards.
        stage : Stage
            The stage.
        shape : tuple of int
            Of the estimate `z` that `near` was given.

        Returns
        -------
        by_z, by_seen, by_image : array
            Gradients by the estimate and by `seen` before, and by the recorded image on the ring.
        """
        full, ring, xp = self.ring, self.ring.coarser(stage.factor), self.ring.xp
        before = replace(full, shape=shape)
        otf, weight, power = self._system(stage)
        by_z, by_image = 0.0, 0.0 * by_seen
        for turn in range(self._rounds):
            if self._recorded is not None:
                by_image = by_image + xp.where(self._recorded > 0, by_seen, 0)
                unseen = full.forward(xp.where(self._recorded > 0, 0, by_seen))
                predicted = ring.backward(xp.conj(otf) * resampled(unseen, full, ring, scaled=False))
                by_x = predicted if turn else by_x + predicted
            spectrum = ring.forward(by_x) / power
            by_z = by_z + before.backward(weight * resampled(spectrum, ring, before, scaled=False))
            data = full.backward(resampled(otf * spectrum, ring, full, scaled=False))
            by_seen = data if self._recorded is not None else by_seen + data
        return by_z, by_seen, by_image

    def on(self, stage: Stage, z: Array) -> Array:
        """An estimate, which may be coarser, on the ring of a stage."""
        before, ring = self.ring.like(z), self.ring.coarser(stage.factor)
        return z if before == ring else ring.backward(resampled(before.forward(z), before, ring))

    def back_on(self, by_z: Array, shape: tuple[int, ...]) -> Array:
        """The transpose of `on`, for an estimate of a shape."""
        ring, before = self.ring.like(by_z), replace(self.ring, shape=shape)
        if before == ring:
            return by_z
        return before.backward(resampled(ring.forward(by_z), ring, before, scaled=False))

    def fine(self, z: Array) -> Array:
        """An estimate, which may be coarser, on the ring of the image."""
        return self.on(Stage(1, None), z)


def _around(y: Array, H: Blur) -> Array:
    """The image on the whole ring: beyond its edges and under a mask, what an object that explains it would show."""
    return filled(y, H) if y.ndim == len(H.grid) else H.xp.stack([_around(one, H) for one in y])


def _recorded(H: Blur) -> Array | None:
    """1 on the ring where a pixel was recorded; None if that is everywhere."""
    if H.grid == H.out_shape:
        return H.weight
    recorded = H.backend.zeros(H.grid, H.dtype)
    recorded[tuple(slice(0, n) for n in H.out_shape)] = 1 if H.weight is None else H.weight
    return recorded
