"""The focus of an aberrated microscope: no longer round, scalar or vectorial."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .optics import Optics
from .pupil import Pupil
from .rays import phase
from .vectorial import amplitudes
from .zernike import wavefront

BLOCK = 2**22  # complex values held at a time
LOOKS = 257  # rays at which the slope of the phase is looked at

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


def aberrated_density(z: Array, y: Array, x: Array, *, optics: Optics, theory: str) -> Array:
    """Light per area at the points of a grid, with the Zernike aberrations and the layers of `optics`.

    Parameters
    ----------
    z : array, shape (p,)
        Stage positions, as in `scalar_intensity`.
    y, x : array
        Coordinates, evenly spaced, micrometres.
    optics : Optics
        Microscope.
    theory : {"vectorial", "scalar"}
        As in `widefield`.

    Returns
    -------
    array, shape (p, len(y), len(x))
        Per square micrometre; each plane holds 1 in all. Signs of the aberrations as in `pupil`.

    References
    ----------
    .. [1] B. M. Hanser, M. G. L. Gustafsson, D. A. Agard, J. W. Sedat, J. Microsc. 216, 32 (2004).
    """
    pupil = _nodes(z, y, x, optics)
    s = optics.na * pupil.rho
    waves = [pupil.weight * part for part in _components(optics, theory, s, pupil.theta)]
    ideal = optics.ideal
    aberration = 2 * math.pi * wavefront(optics.aberrations_listed, pupil.rho, pupil.theta)
    fade = np.exp(-phase(ideal, s.ravel(), z[:1]).imag).reshape(s.shape)
    flux = (optics.wavelength / optics.na) ** 2 * sum(
        float(np.sum(np.abs(wave * fade) ** 2 / pupil.weight)) for wave in waves
    )
    k = 2 * math.pi / optics.wavelength
    p, q = s * np.cos(pupil.theta), s[:, 0] * np.sin(pupil.theta[:, 0])
    rows = np.exp(-1j * k * np.multiply.outer(y, q))
    columns = np.exp(-1j * k * np.multiply.outer(p, x))
    found = np.zeros((len(z), len(y), len(x)))
    for part in _blocks(len(z), max(columns[0].size, len(y) * len(x), s.size)):
        turned = np.exp(1j * (phase(ideal, s.ravel(), z[part]).reshape(-1, *s.shape) - aberration))
        for wave in waves:
            lines = (turned * wave).swapaxes(0, 1) @ columns  # (q, z, x)
            field = np.tensordot(rows, lines, axes=1)  # (y, z, x)
            found[part] += (field.real**2 + field.imag**2).swapaxes(0, 1)
    found /= flux
    return found


def _components(optics: Optics, theory: str, s: Array, theta: Array) -> list[Complex]:
    """Amplitudes of the pupil for each component of the field of x- and of y-polarised light; those alike as one."""
    if theory == "scalar":
        return [np.ones(s.shape, dtype=np.complex128)]
    f0, f1, f2 = (f.reshape(s.shape) for f in amplitudes(optics, s.ravel()))
    twice = 2 * theta
    return [
        0.5 * (f0 - f2 * np.cos(twice)),
        0.5 * (f0 + f2 * np.cos(twice)),
        math.sqrt(0.5) * f2 * np.sin(twice),
        f1 * np.cos(theta),
        f1 * np.sin(theta),
    ]


def _nodes(z: Array, y: Array, x: Array, optics: Optics) -> Pupil:
    """A quadrature over the pupil that is fine enough."""
    angle = np.linspace(0, math.pi / 2, LOOKS)
    s = optics.na * np.sin(angle)
    turns = phase(optics.ideal, s, np.array([z.min(), z.max()])).real
    around = np.linspace(0, math.pi, 9)[:, None]
    waves = wavefront(optics.aberrations_listed, np.sin(angle)[None], around)
    slope = np.abs(np.diff(turns, axis=1)).max() + 2 * math.pi * np.abs(np.diff(waves, axis=1)).max()
    step = [abs(float(v[1] - v[0])) if len(v) > 1 else optics.wavelength for v in (y, x)]
    sizes = [2 * math.ceil(np.abs(v).max() / d) + 1 for v, d in zip((y, x), step, strict=True)]
    return Pupil(
        [0.0],
        sizes,
        step,
        na=optics.na,
        wavelength=optics.wavelength,
        ri=optics.ri,
        steepness=float(slope) * (LOOKS - 1) / (math.pi / 2),
    )


def _blocks(count: int, values: int) -> Iterator[slice]:
    """Planes worked on together, each of so many values."""
    size = max(1, BLOCK // values)
    for start in range(0, count, size):
        yield slice(start, start + size)
