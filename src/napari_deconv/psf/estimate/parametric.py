"""One picture, every kind of blur: which of them its spectrum shows, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...io.image import Image
from ..type import PSF
from .families import ALL, GAUSSIAN, MOTION, SHARP, Family, best, looks
from .likelihood import TINY, Fit, Likelihood
from .picture import grey
from .spectrum import LEAST_FOR_LARGE, Spectrum, spectrum
from .type import Estimate
from .verdict import Evidence, judge

INFLATION = 2.0  # of the spread over patches, which overlap and whose spectra are no exact power laws

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]
METHOD = (
    "Whittle likelihood of the windowed power spectrum: the power law of natural pictures, times that of the blur, "
    "plus noise (after Oliveira, Figueiredo and Bioucas-Dias, IEEE Trans. Image Process. 23, 466, 2014)."
)


@dataclass(frozen=True, eq=False)
class Search:
    """What was found in a spectrum: for each family its likelihood and its fits, best first."""

    spectrum: Spectrum
    found: dict[str, tuple[Likelihood, list[Fit]]]
    scale: int

    def top(self, family: Family) -> Fit:
        """The best fit of a family."""
        return self.found[family.name][1][0]


def estimate(image: Image | ArrayLike, family: Family, progress: Progress | None) -> Estimate:
    """The blur of a family that the picture shows best, compared with all others and with none."""
    picture, scale = grey(image), 1
    search = _search(picture, scale, progress)
    while _at_limit(search, family) and min(picture.shape) >= 2 * LEAST_FOR_LARGE:
        picture, scale = _halved(picture), 2 * scale
        search = _search(picture, scale, progress)
    evidence = _evidence(search, family)
    failure, confidence = judge(evidence)
    fit = search.top(family)
    theta, spread = _rounded(fit.theta, family), _spread(search, family)
    values, uncertainty = (_named(family, v, scale) for v in (theta, spread))
    return Estimate(
        _informed(family, values, uncertainty, confidence, failure),
        values,
        uncertainty,
        confidence,
        failure,
        METHOD,
        () if failure else _notes(evidence, search),
    )


def _search(picture: Array, scale: int, progress: Progress | None) -> Search:
    seen = spectrum(picture)
    total, done = looks(seen), 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    return Search(seen, {family.name: best(family, seen, tick) for family in ALL}, scale)


def _halved(picture: Array) -> Array:
    rows, columns = (n // 2 * 2 for n in picture.shape)
    even = picture[:rows, :columns]
    found: Array = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
    return found


def _at_limit(search: Search, family: Family) -> bool:
    return bool(search.top(family).theta[0] > 0.93 * family.largest(search.spectrum.size))


def _evidence(search: Search, family: Family) -> Evidence:
    fits = search.found[family.name][1]
    sharp = search.top(SHARP)
    others = [other for other in ALL if other.parameters and other is not family and not _at_limit(search, other)]
    rival = min(others, key=lambda other: search.top(other).cost, default=SHARP)
    gains = patch_cost(search.spectrum, sharp) - patch_cost(search.spectrum, fits[0])
    runner = fits[1] if len(fits) > 1 else None
    return Evidence(
        family=family,
        size=float(fits[0].theta[0]) * search.scale,
        limit=_at_limit(search, family),
        light=float((fits[0].signal / fits[0].total).mean()),
        gain=sharp.cost - fits[0].cost,
        agreement=_significance(gains),
        rival_visible=rival is not SHARP and float(search.top(rival).theta[0]) * search.scale >= rival.smallest,
        rival_words=_told(rival, _named(rival, search.top(rival).theta, search.scale)),
        rival_lag=search.top(rival).cost - fits[0].cost,
        runner_words="" if runner is None else _told(family, _named(family, runner.theta, search.scale)),
        runner_lag=np.inf if runner is None else runner.cost - fits[0].cost,
    )


def patch_cost(spectrum: Spectrum, fit: Fit) -> Array:
    """Negative log-likelihood of every patch, each with its own contrast."""
    contrast = np.zeros(len(spectrum.power))
    for _ in range(12):
        signal = np.exp(contrast)[:, None] * fit.signal
        share = signal / (signal + fit.noise)
        slope = (share * (spectrum.power / (signal + fit.noise) - 1)).sum(axis=1)
        contrast = np.clip(contrast + np.clip(slope / ((share**2).sum(axis=1) + TINY), -1, 1), -12, 12)
    total = np.exp(contrast)[:, None] * fit.signal + fit.noise
    cost: Array = (np.log(total) + spectrum.power / total).sum(axis=1)
    return cost


def _significance(gains: Array) -> float:
    """Mean over its standard error: Vuong's test (Econometrica 57, 307, 1989) of two models, patches as samples."""
    if len(gains) < 2:
        return 0.0
    return float(gains.mean() / max(gains.std(ddof=1) / np.sqrt(len(gains)), TINY))


def _spread(search: Search, family: Family) -> Array:
    """One standard deviation of theta."""
    likelihood, fits = search.found[family.name]
    spread: Array = INFLATION * np.sqrt(np.diag(likelihood.covariance(fits[0])))
    if family is MOTION:
        length, angle = fits[0].theta
        level = np.degrees(np.arcsin(min(1.0, 1 / length)))  # within this of an axis all PSFs are the same
        off = abs((angle + 45) % 90 - 45)
        spread[1] = level if off < level else max(spread[1], 0.05 * level)
    return np.minimum(spread, (fits[0].theta[0], 90)[: len(spread)])


def _rounded(theta: Array, family: Family) -> Array:
    return np.array([theta[0], theta[1] % 180]) if family is MOTION else theta


def _named(family: Family, values: Array, scale: int) -> dict[str, float]:
    """Numbers by name; lengths in pixels of the picture as it came."""
    factors = [1 if name == "angle" else scale for name in family.parameters]
    return {n: float(v) * f for n, v, f in zip(family.parameters, values, factors, strict=True)}


def _told(family: Family, values: dict[str, float]) -> str:
    """'defocus (radius 3.4)'."""
    values = {n: v % 180 if n == "angle" else v for n, v in values.items()}
    numbers = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
    return f"{family.words} ({numbers})"


def _informed(
    family: Family, values: dict[str, float], uncertainty: dict[str, float], confidence: float, failure: str
) -> PSF:
    found = family.psf(*values.values())
    more: dict[str, Any] = {"estimated": True, "confidence": confidence, "failure": failure, "uncertainty": uncertainty}
    return PSF(found.data, found.spacing, found.unit, {**found.info, **more})


def _notes(evidence: Evidence, search: Search) -> tuple[str, ...]:
    notes = []
    if evidence.rival_visible and evidence.rival_lag <= 10:
        notes.append(f"The picture would be explained about as well by {evidence.rival_words}.")
    if search.scale > 1:
        notes.append(f"The blur is large: it was looked for in the picture reduced {search.scale} times.")
    if evidence.family is GAUSSIAN:
        notes.append("The width rests on the spectrum that sharp photographs have on average.")
    return tuple(notes)
