"""The kinds of blur that a photograph's spectrum is compared with, and the search for the best of each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import photo
from ..gaussian import gaussian
from ..type import PSF
from .likelihood import Fit, Likelihood
from .spectrum import Spectrum

COARSE = 0.25  # cycles per pixel: the first look is at frequencies below
REFINED = 6  # candidates that are looked at closely
TURN = 6.0  # degrees between candidates; half of it from the axes, along which the likelihood of an angle is level

Array = NDArray[np.float64]
Tick = Callable[[], None]


@dataclass(frozen=True)
class Family:
    """Blurs with the same parameters; the first one is the size of the blur.

    Parameters
    ----------
    name, words : str
        The name of the model in `psf`, and how a sentence calls it.
    parameters : tuple of str
        Their names.
    psf : callable
        From the parameters to a PSF.
    sizes : tuple of float
        Smallest size, largest size as a share of a patch, ratio of neighbours: the candidates of the first look.
    smallest : float
        A photograph is called sharp when the size is below this, pixels.
    """

    name: str
    words: str
    parameters: tuple[str, ...]
    psf: Callable[..., PSF]
    sizes: tuple[float, float, float]
    smallest: float

    def kernel(self, theta: Array) -> Array:
        """The kernel of parameters theta."""
        return self.psf(*(float(t) for t in theta)).data.astype(np.float64)

    def largest(self, side: int) -> float:
        """The largest candidate size for patches of `side` pixels."""
        return self.sizes[1] * side

    def grid(self, side: int) -> Array:
        """The candidates for patches of `side` pixels, shape (candidates, parameters)."""
        if not self.parameters:
            return np.zeros((1, 0))
        first, last, ratio = self.sizes[0], self.largest(side), self.sizes[2]
        sizes = np.geomspace(first, last, 1 + math.ceil(math.log(last / first) / math.log(ratio)))
        angles = np.arange(TURN / 2, 180, TURN) if "angle" in self.parameters else np.zeros(1)
        pairs = np.array([(size, angle) for size in sizes for angle in angles])
        return pairs[:, : len(self.parameters)]


SHARP = Family("sharp", "no blur", (), lambda: photo.defocus(0), (1, 1, 1), 0)
MOTION = Family("motion", "motion", ("length", "angle"), photo.motion, (3, 0.38, 1.25), 3.2)
DEFOCUS = Family("defocus", "defocus", ("radius",), photo.defocus, (0.8, 0.19, 1.08), 1.2)
GAUSSIAN = Family("gaussian", "a Gaussian blur", ("sigma",), lambda s: gaussian((s, s)), (0.4, 0.08, 1.2), 0.75)
ALL = (SHARP, MOTION, DEFOCUS, GAUSSIAN)


def likelihood(family: Family, spectrum: Spectrum) -> Likelihood:
    """The likelihood of a spectrum under the blurs of a family."""
    grid = family.grid(spectrum.size)
    if not family.parameters:
        return Likelihood(spectrum, family.kernel, *np.zeros((3, 0)))
    lower, upper, step = grid.min(axis=0) / 1.5, grid.max(axis=0) * 1.1, np.full(grid.shape[1], 0.1)
    if "angle" in family.parameters:
        lower[1], upper[1], step[1] = -360, 540, 1
    return Likelihood(spectrum, family.kernel, lower, upper, step)


def looks(spectrum: Spectrum) -> int:
    """How often `best` ticks, over all families."""
    return sum(len(family.grid(spectrum.size)) for family in ALL)


def best(family: Family, spectrum: Spectrum, tick: Tick) -> tuple[Likelihood, list[Fit]]:
    """The most likely blurs of a family, best first: all candidates at coarse frequencies, a few refined at all."""
    whole = likelihood(family, spectrum)
    coarse = likelihood(family, spectrum.below(COARSE))
    grid, costs = family.grid(spectrum.size), []
    for theta in grid:
        costs.append(coarse.fit(theta, free=False, steps=12).cost)
        tick()
    fits = [whole.fit(grid[i]) for i in _separate(grid, np.array(costs))]
    fits.sort(key=lambda fit: fit.cost)
    return whole, [fits[0], *(fit for fit in fits[1:] if apart(fit.theta, fits[0].theta))]


def _separate(grid: Array, cost: Array) -> list[int]:
    """The best candidates, no two of them neighbours."""
    chosen: list[int] = []
    for i in np.argsort(cost):
        if len(chosen) < REFINED and all(apart(grid[i], grid[j]) for j in chosen):
            chosen.append(int(i))
    return chosen or [0]


def apart(a: Array, b: Array) -> bool:
    """Whether two blurs of a family are more than neighbours."""
    if len(a) == 0:
        return False
    turn = abs((a[1] - b[1] + 90) % 180 - 90) if len(a) > 1 else 0
    return bool(abs(math.log(a[0] / b[0])) > 0.25 or turn > 2.2 * TURN)
