"""The average of beads as a PSF, and what is known of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..centring import move
from ..type import PSF
from ..width import fwhm as full_widths
from . import clean
from .diameter import without_ball
from .pile import Pile
from .progress import Steps
from .reject import Spot
from .symmetry import radial as round_average
from .type import Bead, Beads, counted
from .widths import bootstrap

SEED = 20201120  # of the bootstrap
Array = NDArray[np.float64]


def result_of(
    pile: Pile,
    spacing: tuple[float, ...],
    width: tuple[float, ...],
    diameter: float | None,
    radial: bool,
    notes: list[str],
    steps: Steps,
) -> Beads:
    """The average as a PSF, and what is known of it."""
    steps.stage(15, 60)
    repairs: list[str] = []
    outside = clean.ground(pile.mean, spacing, width).beyond
    mean = clean.no_brighter_than_focus(pile.mean, width, repairs)
    mean = round_average(mean, spacing) if radial else mean
    light, lost = clean.faint_light(mean, spacing, width)
    repairs.append(f"background subtracted; light too faint to tell from noise set to zero ({lost:.1%} of all)")
    raw = _widths(_psf(light, spacing, {}))
    if diameter is not None:
        smallest = min(w for w in (*raw, math.inf) if not math.isnan(w))
        light = without_ball(light, diameter, spacing, smallest, steps.tick, repairs)
    if radial:
        light = np.maximum(round_average(light, spacing), 0)
        repairs.append("averaged over all angles about the optical axis")
    light = _with_middle(light, repairs)
    beads = tuple(
        replace(b, fwhm=None if b.fwhm is None else tuple(w * s for w, s in zip(b.fwhm, spacing, strict=True)))
        for b in told(pile.spots)
    )
    psf = _psf(light, spacing, {})
    fwhm = _widths(psf)
    error = tuple(e * r / w for e, r, w in zip(_errors(pile, spacing, notes), raw, fwhm, strict=True))
    notes.append(_energy_sentence(light, outside, info := _energy(light, outside)))
    info |= {
        "model": "beads",
        "parameters": {"diameter": diameter, "radial": radial, "spacing": list(spacing), "shape": list(psf.shape)},
        "beads": {"used": len(pile.boxes), "rejected": counted(beads)},
        "diameter": diameter,
        "fwhm": [None if math.isnan(w) else w for w in fwhm],
        "uncertainty": [None if math.isnan(e) else round(e, 5) for e in error],
        "repairs": repairs,
        "notes": list(notes),
    }
    steps.finish()
    return Beads(_psf(light, spacing, info), beads, fwhm, error, (*notes, *repairs))


def _widths(psf: PSF) -> tuple[float, ...]:
    """Full widths at half maximum, micrometres; NaN where the PSF ends before."""
    return tuple(math.nan if width is None else width for width in full_widths(psf))


def _psf(light: Array, spacing: tuple[float, ...], info: dict[str, Any]) -> PSF:
    return PSF((light / light.sum()).astype(np.float32), spacing, "um", info)


def _with_middle(light: Array, repairs: list[str]) -> Array:
    """`light` with its maximum in the middle, where noise or a hollow focus had put it elsewhere."""
    middle = tuple(n // 2 for n in light.shape)
    if light[middle] >= light.max():
        return light
    peak = tuple(int(i) for i in np.unravel_index(int(np.argmax(light)), light.shape))
    if max(abs(p - m) for p, m in zip(peak, middle, strict=True)) == 1 and light[middle] > 0.95 * light.max():
        light = light.copy()
        repairs.append(f"the middle raised by {light.max() / light[middle] - 1:.1%} to be the maximum")
        light[middle] = light.max()
        return light
    repairs.append(f"the maximum lay at {peak} and was moved to the middle")
    return move(light, peak)


def _errors(pile: Pile, spacing: tuple[float, ...], notes: list[str]) -> tuple[float, ...]:
    """Standard errors of the widths of the average."""
    if len(pile.boxes) >= 3:
        return bootstrap(pile.boxes, pile.weights, spacing, np.random.default_rng(SEED))
    notes.append(f"only {len(pile.boxes)} bead(s): the errors of the widths are those of the fit")
    errors = [s.fit.error for s in pile.spots if not s.reason and s.fit is not None]
    return tuple(float(e) * s for e, s in zip(np.mean(errors, axis=0) / math.sqrt(len(errors)), spacing, strict=True))


def _energy(light: Array, outside: float) -> dict[str, Any]:
    """Share of the flux of the plane in focus that lies inside, and that of every plane in units of it."""
    planes = light.reshape(-1, *light.shape[-2:]).sum(axis=(1, 2))
    focus = float(planes[len(planes) // 2])
    return {
        "energy": focus / (focus + max(0.0, outside)),
        "flux_per_plane": [round(float(p) / focus, 4) for p in planes],
    }


def _energy_sentence(light: Array, outside: float, info: dict[str, Any]) -> str:
    """What is known of the light outside the crop."""
    said = f"the crop holds about {info['energy']:.1%} of the light of the plane in focus"
    if light.ndim == 2:
        return said
    first, last = info["flux_per_plane"][0], info["flux_per_plane"][-1]
    return f"{said}; the first plane {first:.0%} and the last {last:.0%} of that (widefield: 100 % in an endless one)"


def told(spots: list[Spot]) -> tuple[Bead, ...]:
    """What became of every bead, in micrometres where a length is told."""
    return tuple(
        Bead(s.image, s.centre, not s.reason, s.reason, s.fit.width if s.fit else None, s.fit.r2 if s.fit else None)
        for s in spots
        if s.listed
    )
