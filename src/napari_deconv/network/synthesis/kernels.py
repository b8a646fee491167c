"""Blurs of all kinds that cameras and microscopes make, drawn at random."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ...psf import defocus, path

Kernel = NDArray[np.float32]

LARGEST = 33  # pixels to a side
POINTS = 48  # on a path


def smooth_path(rng: np.random.Generator) -> Kernel:
    """A hand's tremor: both coordinates a Gaussian process with a Matérn 3/2 covariance, as slow as fast."""
    time = np.linspace(0, 1, POINTS)
    away = np.sqrt(3) * np.abs(time[:, None] - time) / rng.uniform(0.12, 0.5)
    root = np.linalg.cholesky((1 + away) * np.exp(-away) + 1e-8 * np.eye(POINTS))
    places = root @ rng.normal(0, 1, (POINTS, 2)) * (1, rng.uniform(0.4, 1))
    return _moved(rng, places, np.ones(POINTS))


def turning_path(rng: np.random.Generator) -> Kernel:
    """A hand's inertia with sudden turns; the light lingers where it is slow."""
    speed, turns = rng.normal(0, 1, 2), rng.random(POINTS) < rng.uniform(0, 0.12)
    places = np.zeros((POINTS, 2))
    for i in range(1, POINTS):
        speed = speed + rng.normal(0, 0.25, 2) - 0.05 * places[i - 1] / 8
        speed = -speed + rng.normal(0, 0.7, 2) if turns[i] else speed
        places[i] = places[i - 1] + speed
    return _moved(rng, places, rng.uniform(0.3, 1, POINTS))


def bell(rng: np.random.Generator) -> Kernel:
    """A Gaussian, round or not."""
    wide = rng.uniform(0.6, 4)
    narrow = wide if rng.random() < 0.5 else wide * rng.uniform(0.4, 1)
    rows, columns = _turned(rng.uniform(0, np.pi))
    return _normal(np.exp(-0.5 * ((rows / wide) ** 2 + (columns / narrow) ** 2)))


def disk(rng: np.random.Generator) -> Kernel:
    """Defocus, of a round iris or of one with blades."""
    blades = 0 if rng.random() < 0.6 else int(rng.integers(5, 9))
    return _normal(defocus(rng.uniform(1, 7), blades=blades, rotation=rng.uniform(0, 360)).data)


def lens(rng: np.random.Generator) -> Kernel:
    """A microscope's: a round pupil with defocus, astigmatism, coma and spherical aberration."""
    side, cutoff = LARGEST - 1, rng.uniform(0.14, 0.5)  # cycles per pixel that the intensity keeps
    f = np.fft.fftfreq(side)
    across, along = np.meshgrid(f, f, indexing="ij")
    radius, angle = np.hypot(across, along) / (cutoff / 2), np.arctan2(across, along)
    waves = [rng.normal(0, size) for size in (0.2, 0.06, 0.06, 0.06)]
    modes = (
        2 * radius**2 - 1,
        radius**2 * np.cos(2 * angle),
        (3 * radius**3 - 2 * radius) * np.cos(angle),
        6 * radius**4 - 6 * radius**2 + 1,
    )
    phase = 2 * np.pi * sum(wave * mode for wave, mode in zip(waves, modes, strict=True))
    field = scipy.fft.fftshift(scipy.fft.ifft2((radius <= 1) * np.exp(1j * phase)))
    kernel = np.zeros((LARGEST, LARGEST))
    kernel[:side, :side] = np.abs(field) ** 2
    return _normal(np.rot90(kernel, int(rng.integers(4))))


def none(rng: np.random.Generator) -> Kernel:
    """No blur at all."""
    return np.ones((1, 1), np.float32)


KINDS: dict[Callable[[np.random.Generator], Kernel], float] = {
    smooth_path: 30,
    turning_path: 20,
    bell: 15,
    disk: 12,
    lens: 18,
    none: 5,
}


def any_kernel(rng: np.random.Generator) -> Kernel:
    """Any of them: odd sides up to `LARGEST`, sum 1, the middle at ``n // 2``.

    The centre of mass is within half a pixel of the middle, but for coma and for paths that are cut: up to about 1.5.
    """
    kinds, shares = list(KINDS), np.array(list(KINDS.values()))
    made = kinds[rng.choice(len(kinds), p=shares / shares.sum())](rng)
    return made if rng.random() < 0.5 else made.T


def mild(rng: np.random.Generator) -> Kernel:
    """A blur so small that a network may undo it unseen: up to about 9 pixels wide; one in ten is none at all."""
    if rng.random() < 0.1:
        return none(rng)
    if rng.random() < 0.4:
        reach = 0.5 * rng.uniform(2, 9) * np.array([np.cos(angle := rng.uniform(0, np.pi)), np.sin(angle)])
        return _normal(path([-reach[0], reach[0]], [-reach[1], reach[1]]).data)
    if rng.random() < 0.5:
        return _normal(defocus(rng.uniform(0.8, 3)).data)
    rows, columns = _turned(rng.uniform(0, np.pi))
    wide = rng.uniform(0.5, 2.2)
    narrow = wide * rng.uniform(0.6, 1)
    return _normal(np.exp(-0.5 * ((rows / wide) ** 2 + (columns / narrow) ** 2)))


def of_instrument(psf: NDArray[np.floating]) -> Kernel:
    """The kernel of somebody's instrument, of which only the plane in focus is used.

    Parameters
    ----------
    psf : array
        One to three axes, centre at ``n // 2``. What reaches beyond `LARGEST` is cut; an even side gets a row of zeros.

    Raises
    ------
    ValueError
        If no light is left.
    """
    while psf.ndim > 2:
        psf = psf[psf.shape[0] // 2]
    plane = np.atleast_2d(psf)
    kernel = _cut(np.pad(plane, [(0, 1 - n % 2) for n in plane.shape]))
    if not kernel.sum() > 0:
        raise ValueError(
            f"psf has no light within {LARGEST} x {LARGEST} pixels of its middle; move its peak to n // 2 of each axis"
        )
    return _normal(kernel)


def wrong(rng: np.random.Generator, right: Kernel) -> Kernel:
    """The kernel as somebody measured or estimated it: noise, and up to half a pixel out of place."""
    noise = rng.uniform(0.005, 0.03) * right.max() * rng.standard_normal(right.shape) * (right > 0)
    place = rng.uniform(-0.5, 0.5, 2)
    moved = np.pad(np.maximum(right + noise, 0), 1)
    for axis, part in enumerate(place):
        moved = (1 - abs(part)) * moved + abs(part) * np.roll(moved, int(np.sign(part)), axis)
    return _normal(moved)


def _moved(rng: np.random.Generator, places: NDArray[np.float64], light: NDArray[np.float64]) -> Kernel:
    """The kernel of a path, drawn so large that it spans 5 pixels or more."""
    span = np.ptp(places, axis=0).max()
    places = (places - places.mean(axis=0)) * (rng.uniform(5, LARGEST - 4) / max(span, 1e-6))
    return _normal(path(places[:, 0].tolist(), places[:, 1].tolist(), light.tolist()).data)


def _turned(angle: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    line = np.arange(LARGEST) - LARGEST // 2
    rows, columns = np.meshgrid(line, line, indexing="ij")
    return rows * np.cos(angle) + columns * np.sin(angle), columns * np.cos(angle) - rows * np.sin(angle)


def _normal(values: NDArray[np.floating]) -> Kernel:
    """Cut to `LARGEST` around the middle, sum 1."""
    kept = _cut(values)
    return np.asarray(kept / kept.sum(), np.float32)


def _cut(values: NDArray[np.floating]) -> NDArray[np.floating]:
    return values[tuple(slice(max(0, n // 2 - LARGEST // 2), n // 2 + LARGEST // 2 + 1) for n in values.shape)]
