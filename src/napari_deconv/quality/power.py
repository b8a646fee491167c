"""The power spectrum of an object, from its blurred and noisy image alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ..balance import squared
from ..engines.whole import slabs
from ..operators import Blur

ROUNDING = 1e-6  # of the largest pixel: float32 tells no noise below it, and no transfer function either
LEVELS = 40  # cells per shell: powers of two of |K|²
COEFFICIENTS = 64  # samples of the image per shell, at least
STEPS = 30  # of Fisher scoring; a shell with one |K|² needs a single one
STRONG = 8.0  # coefficients that must stand above the noise before a shell is believed
ABOVE = 2.0  # times the power of the noise: noise is no object yet where sigma is given as 0.6 of what it is
TAIL = 4.0  # factor of frequency below the last shell that is believed, which the power law is drawn through
STEEPEST, USUAL = -8.0, -2.0  # exponents: no object falls faster; of pictures, if too few shells say anything

Array = NDArray[np.float64]
Where = tuple[slice, ...]


@dataclass(frozen=True, eq=False)
class Power:
    """Power of the object per Fourier coefficient, in the units in which white noise has the power sigma².

    Parameters
    ----------
    frequency, power : array
        Knots, rising, of straight lines in logarithms.
    noise : float
        Mean variance of the noise.
    finest : float
        Highest frequency at which the image was believed; above it stands a power law. 0 if nowhere.
    """

    frequency: Array
    power: Array
    noise: float
    finest: float

    def share(self, otf: NDArray[np.complex64], frequency: Array) -> NDArray[np.float32]:
        r"""Share of these coefficients that the data support: :math:`T = |K|^2 S / (|K|^2 S + \sigma^2)`."""
        x, y = np.log(self.frequency), np.log(self.power)
        S = np.exp(np.interp(np.log(np.maximum(frequency, self.frequency[0])), x, y))
        signal = squared(otf, np) * S
        return np.asarray(np.where(frequency > 0, signal / (signal + self.noise), 1.0), np.float32)


class _Cells(NamedTuple):
    """Sums over coefficients of like frequency (rows) and like |K|² (columns)."""

    number: Array
    passed: Array  # mean |K|²
    energy: Array  # mean power of the image
    frequency: Array  # mean


def object_power(y: NDArray[np.float32], H: Blur, variance: Array, spacing: tuple[float, ...]) -> Power:
    r"""The power spectrum of the object, the same in all directions, by maximum likelihood.

    The image has the power :math:`|K|^2 S + \sigma^2`. In shells of frequency, S is fitted to its periodogram
    (Whittle's likelihood, Fisher scoring). A shell is believed if coefficients in it stand above the noise; where
    none do, lines between neighbours are taken, and beyond the last one a power law through the two octaves before it,
    never rising. So an error of sigma does not become detail behind the cutoff, where division by :math:`|K|^2` would
    make anything of it. Whatever a restoration made up cannot deceive it: it is not asked.

    Parameters
    ----------
    y : array
        Image.
    H : Blur
        Its blur.
    variance : array, shape of the image
        Of the noise.
    spacing : tuple of float
        Length of a sample along each axis.

    References
    ----------
    .. [1] P. Whittle, J. R. Stat. Soc. B 15, 125 (1953).
    """
    energy, weight = periodogram(y, H)
    noise = float((weight * variance).sum() / weight.sum()) + (ROUNDING * float(np.abs(y).max())) ** 2
    cells = _cells(energy, H, _width(y.shape, spacing), spacing)
    independent = weight.sum() ** 2 / (weight**2).sum() / float(np.prod(H.grid))  # the window and the padding correlate
    S = _fitted(cells, noise)
    strong = independent * _strong(cells, S, noise)
    believed = strong >= STRONG
    if not believed.any():
        return _unknown(cells, noise)
    total = np.maximum(cells.number.sum(1), 1e-30)
    frequency = (cells.number * cells.frequency).sum(1) / total
    return _with_tail(frequency[believed], S[believed], strong[believed], noise)


def frequencies(H: Blur, spacing: tuple[float, ...], where: Where) -> Array:
    """Distance from zero frequency on a block of the half spectrum, periods per length."""
    total = np.zeros(())
    for axis, (n, step) in enumerate(zip(H.grid, spacing, strict=True)):
        line = scipy.fft.rfftfreq(n, step) if axis == len(H.grid) - 1 else scipy.fft.fftfreq(n, step)
        total = total[..., None] + line[where[axis]] ** 2
    return np.asarray(np.sqrt(total))


def periodogram(y: NDArray[np.float32], H: Blur) -> tuple[NDArray[np.float32], Array]:
    """Power of the image under a Hann window, on the grid of `H`, and the window squared; white noise keeps sigma²."""
    window: NDArray[np.float32] = np.ones((), np.float32)
    for n in y.shape:
        window = window[..., None] * np.sin(np.pi * (np.arange(n) + 0.5) / n).astype(np.float32) ** 2
    weight = window.astype(np.float64) ** 2
    mean = float((window * y).sum(dtype=np.float64) / window.sum(dtype=np.float64))
    padded = np.zeros(H.grid, np.float32)
    padded[tuple(slice(0, n) for n in y.shape)] = window * (y - np.float32(mean))
    return squared(H.backend.fft.rfftn(padded), np) / np.float32(weight.sum()), weight


def _width(shape: tuple[int, ...], spacing: tuple[float, ...]) -> float:
    """Of a shell: two steps of the longest axis (the window blurs that much), more where samples are few."""
    longest = max(n * step for n, step in zip(shape, spacing, strict=True))
    highest = float(np.sqrt(sum((0.5 / step) ** 2 for step in spacing)))
    return max(2 / longest, highest * COEFFICIENTS / float(np.prod(shape)))


def _cells(energy: NDArray[np.float32], H: Blur, width: float, spacing: tuple[float, ...]) -> _Cells:
    highest = float(np.sqrt(sum((0.5 / step) ** 2 for step in spacing)))
    shape = (int(highest / width) + 1, LEVELS)
    sums = np.zeros((4, shape[0] * shape[1]))
    both = np.where(_own_mirror(energy.shape[-1], H.grid[-1]), 1.0, 2.0)
    counted = np.broadcast_to(both, energy.shape)
    for part in slabs(energy.shape[0]):
        f = frequencies(H, spacing, (part, *(slice(None),) * (energy.ndim - 1)))
        passed = squared(H.otf[part, ...], np)
        level = np.clip(-np.log2(np.maximum(passed, 2.0**-LEVELS)), 0, LEVELS - 1).astype(int)
        cell = (np.minimum(f / width, shape[0] - 1).astype(int) * LEVELS + level).ravel()
        count = counted[part, ...]
        for total, values in zip(sums, (count, count * passed, count * energy[part, ...], count * f), strict=True):
            total += np.bincount(cell, values.ravel(), total.size)
    count, *others = (total.reshape(shape) for total in sums)
    return _Cells(count, *(total / np.maximum(count, 1e-30) for total in others))


def _own_mirror(columns: int, n: int) -> NDArray[np.bool_]:
    """Columns of a half spectrum that stand for themselves alone; the others stand for their mirror image too."""
    column = np.arange(columns)
    return np.asarray((column == 0) | (2 * column == n))


def _fitted(cells: _Cells, noise: float) -> Array:
    """The most likely power in each shell."""
    least = 1e-9 * noise
    K, excess = cells.passed, cells.energy - noise
    S = np.full(len(K), max(float(cells.energy.max()), noise))
    for _ in range(STEPS):
        weight = cells.number * K / (K * S[:, None] + noise) ** 2
        S = np.maximum((weight * excess).sum(1) / np.maximum((weight * K).sum(1), 1e-300), least)
    return S


def _strong(cells: _Cells, S: Array, noise: float) -> Array:
    """Coefficients of each shell that stand above the noise: as the fit says, and as the image has it, too.

    Where |K|² spans decades, a sigma a little too small would otherwise be taken for an object behind the smallest.
    """
    signal = cells.passed * S[:, None]
    count = np.where(signal > ABOVE * noise, cells.number, 0.0)
    seen = (count * cells.energy).sum(1) > (1 + ABOVE) * noise * count.sum(1)
    return np.asarray(np.where(seen, (count * (signal / (signal + noise)) ** 2).sum(1), 0.0))


def _with_tail(frequency: Array, S: Array, strong: Array, noise: float) -> Power:
    """Knots at the shells that are believed, and one far beyond on the power law of the last of them."""
    x, y, finest = np.log(frequency), np.log(S), float(frequency[-1])
    last = frequency >= finest / TAIL
    fitted = np.polyfit(x[last], y[last], 1, w=np.sqrt(strong[last]))[0] if last.sum() >= 3 else USUAL
    slope = float(np.clip(fitted, STEEPEST, 0))
    level = float(np.average(y[last] - slope * x[last], weights=strong[last]))
    far = np.log(1e3) + x[-1]
    return Power(np.append(frequency, np.exp(far)), np.exp(np.append(y, level + slope * far)), noise, finest)


def _unknown(cells: _Cells, noise: float) -> Power:
    """The same power everywhere, as far as the whole image shows any: no shell stands above the noise."""
    everything = _Cells(*(values.reshape(1, -1) for values in cells))
    return Power(np.array([1.0]), _fitted(everything, noise), noise, 0.0)
