"""Gain, offset and read noise out of the line of photon transfer, which holds two numbers, not three."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from .assumptions import scatter
from .photon_transfer import Line
from .pixels import Array
from .type import Camera

USUAL_READ_NOISE = 2.0  # electrons, where the image leaves it open
CERTAIN = 2.5  # standard deviations
KNOWN = 0.05  # standard deviation of the level without noise, relative to the darkest patches

Split = tuple[Camera, dict[str, float], tuple[str, ...]]


@dataclass(frozen=True)
class Choice:
    """An offset that the image does not determine: the one taken, and the bounds within which it might be."""

    offset: float
    low: float
    high: float

    def spread(self, of: Callable[[Array], Array]) -> float:
        """Root mean square distance of a function of an offset between the bounds from that of the one taken."""
        anywhere = of(np.linspace(self.low, self.high, 65))
        return float(np.sqrt(np.mean((anywhere - of(np.array([self.offset]))) ** 2)))


def split(line: Line, given: Camera, lowest: float) -> Split:
    """The camera, one standard deviation of each number found, and what the user should know.

    Parameters
    ----------
    line : Line
        In counts.
    given : Camera
        What is known; kept.
    lowest : float
        The darkest pixel, counts.
    """
    slopes, constants = np.concatenate([[(line.slope, line.intercept)], line.replicas]).T
    gains, zeros = 1 / slopes, -constants / slopes  # zeros: levels without noise; the offset if nothing is read
    wider = scatter(line)
    choice = None
    if given.offset is not None:
        offsets = np.full_like(zeros, given.offset)
    elif given.read_noise is not None:
        offsets = zeros + given.read_noise**2 * slopes
    else:
        choice = _choose(float(zeros[0]), line.error(zeros[1:]) * wider, line, lowest)
        offsets = np.zeros_like(zeros) if choice.offset == 0 else zeros + (choice.offset - zeros[0])
    powers = gains * (offsets - zeros)  # read noise squared; negative by chance
    read, power_error = float(np.sqrt(max(powers[0], 0))), line.error(powers[1:]) * wider
    unsure = (0.0, 0.0)
    if choice:
        unsure = choice.spread(lambda o: o), choice.spread(lambda o: np.sqrt(gains[0] * np.maximum(o - zeros[0], 0)))
    errors = {
        "gain": line.error(gains[1:]) * wider,
        "offset": float(np.hypot(line.error(offsets[1:]) * wider, unsure[0])),
        "read_noise": float(np.hypot(np.sqrt(read**2 + power_error) - read, unsure[1])),
    }
    found = {"gain": float(gains[0]), "offset": float(offsets[0]), "read_noise": read}
    unknown = [name for name in found if getattr(given, name) is None]
    camera = replace(given, **{name: found[name] for name in unknown})
    return camera, {name: errors[name] for name in unknown}, _notes(choice, zeros[0], camera, powers[0], power_error)


def _choose(zero: float, error: float, line: Line, lowest: float) -> Choice:
    """The offset between the level without noise and the darkest patches.

    0 where that is possible: surely so where the noise is that of photons alone. Else the one that goes with the usual
    read noise, or the middle if that is lower.
    """
    dark = max(zero, float(line.bins.level[0]))
    photons_only = abs(zero) <= CERTAIN * error and (lowest <= 0 or error < KNOWN * dark)
    if photons_only and dark >= 0:
        return Choice(0.0, min(zero, -error), max(zero, error))
    if zero <= 0 <= dark:
        return Choice(0.0, min(zero, 0.0) if lowest < 0 else 0.0, dark)
    return Choice(zero + min(USUAL_READ_NOISE**2 * line.slope, (dark - zero) / 2), zero, dark)


def _notes(choice: Choice | None, zero: float, camera: Camera, power: float, error: float) -> tuple[str, ...]:
    notes = []
    if choice and choice.high > choice.low:
        notes.append(
            f"the image allows offsets from {choice.low:.4g} to {choice.high:.4g} counts; {choice.offset:.4g} was "
            "taken (offset= or read_noise= says better)"
        )
    if choice is None and power < -CERTAIN * error:
        notes.append(f"the noise says that the offset is {zero:.4g} counts or more, not {camera.offset:.4g}")
    return tuple(notes)
