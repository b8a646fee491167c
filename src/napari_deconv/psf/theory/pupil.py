r"""What a microscope makes of a pupil: the scalar focus with any phase, integrated over the pixels of a camera.

.. math:: E(x, y, z) = \iint_{p^2 + q^2 \le 1} \exp i\left[\varphi(p, q) + k\,\mathrm{NA}\,(p x + q y) +
          k z \sqrt{n^2 - \mathrm{NA}^2 (p^2 + q^2)}\right] dp\, dq, \qquad k = 2 \pi / \lambda

The intensity is :math:`|E|^2`. The pupil is evenly lit in p and q, as in `scalar.scalar_intensity`. Signs follow from
the formula: p points along +x, q along +y, the polar angle runs from +x to +y, and a phase that grows along +x moves
the image to -x. With positive spherical aberration (Noll 11) the light forms rings at positive z.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .band_limit import pixel_filter
from .zernike import FIRST_ABERRATION, wavefront, zernike

SPARE_NODES = 12  # quadrature nodes beyond the number that the phase demands
BLOCK = 2**22  # complex values held at a time
SLOPES = 257  # radii at which the phase is looked at

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


class Pupil:
    """The map from a pupil's phase to the pixels of some planes, and its derivative.

    The disk is integrated by a product rule: Gauss-Chebyshev nodes along q and, for each, Gauss-Legendre nodes along
    the chord. It has no ragged edge and converges spectrally; being a product, it allows separable Fourier sums to
    exactly the points wanted. The integral over a pixel is a short weighted sum over neighbouring points, exact up
    to the band limit 2 NA / wavelength of the intensity.

    Parameters
    ----------
    z : array, shape (p,)
        Positions of the planes from the focal plane, micrometres.
    sizes, spacing : tuple
        Samples and micrometres per sample of the lateral axes (y, x). The axis is at ``n // 2``.
    na, wavelength, ri : float
        Numerical aperture, emission wavelength in micrometres, refractive index of the immersion medium (above NA).
    steepness : float
        Largest slope, in radians per unit of the angle arccos(rho), that phases given later may have.

    Attributes
    ----------
    rho, theta : array, shape (q, p)
        Polar coordinates of the nodes.
    weight : array, shape (q, p)
        Their areas, which sum to pi.
    """

    def __init__(
        self,
        z: Sequence[float] | Array,
        sizes: Sequence[int],
        spacing: Sequence[float],
        *,
        na: float,
        wavelength: float,
        ri: float,
        steepness: float = 0.0,
    ) -> None:
        self.z = np.asarray(z, dtype=np.float64)
        k = 2 * math.pi / wavelength
        filters = [pixel_filter(n, s, 2 * na / wavelength) for n, s in zip(sizes, spacing, strict=True)]
        (y, self._to_rows), (x, self._to_columns) = filters
        defocus = _steepness(lambda rho: _defocus(rho, na, wavelength, ri)) * np.max(np.abs(self.z), initial=0)
        count = _nodes(k * na * max(y[-1], x[-1]) + float(defocus) + steepness)
        q, chord, u, along = _disk(count)
        self.weight = np.multiply.outer(chord, along)
        p = np.multiply.outer(np.sqrt(1 - q**2), u)
        self.rho, self.theta = np.hypot(p, q[:, None]), np.arctan2(q[:, None], p)
        self._defocus = _defocus(self.rho, na, wavelength, ri)
        self._rows = np.exp(1j * k * na * np.multiply.outer(y, q))
        self._along, self._x = k * na * p, x
        pixel = float(np.prod(spacing))
        self._share = pixel * (na / wavelength) ** 2  # of a plane's flux, for |E|^2 over the flux of the pupil

    def intensity(self, phase: Array | Complex) -> Array:
        """Shares of each plane's flux that the pixels collect.

        Parameters
        ----------
        phase : array, shape of `rho`
            Radians; an imaginary part dims the pupil.

        Returns
        -------
        array, shape (p, sizes[0], sizes[1])
            Non-negative; the sum over an endless plane would be 1.
        """
        found = self._empty()
        for part in self._blocks():
            field = self._field(self._wave(phase), part)
            found[part] = self._pixels(field.real**2 + field.imag**2)
        return np.maximum(found, 0, out=found)

    def derivatives(self, phase: Array, directions: Sequence[Array]) -> tuple[Array, Array]:
        """`intensity`, and how it grows with each of several additions to the phase.

        Parameters
        ----------
        phase : array, shape of `rho`
            Real, radians.
        directions : sequence of array, shape of `rho`
            Phases in radians per unit of the parameter.

        Returns
        -------
        intensity : array, shape (p, sizes[0], sizes[1])
        slopes : array, shape (d, p, sizes[0], sizes[1])
            Per unit of each parameter.
        """
        wave = self._wave(phase)
        found, slopes = self._empty(), self._empty(len(directions))
        for part in self._blocks():
            field = self._field(wave, part)
            found[part] = self._pixels(field.real**2 + field.imag**2)
            for slope, direction in zip(slopes, directions, strict=True):
                change = self._field(1j * direction * wave, part)
                slope[part] = self._pixels(2 * (field.real * change.real + field.imag * change.imag))
        return np.maximum(found, 0, out=found), slopes

    def _empty(self, *lead: int) -> Array:
        return np.empty((*lead, len(self.z), len(self._to_rows), len(self._to_columns)))

    def _blocks(self) -> Iterator[slice]:
        """Planes that are worked on together: as many as fit into `BLOCK` values."""
        size = max(1, BLOCK // (max(len(self._rows), self._rows.shape[1]) * len(self._x)))
        for start in range(0, len(self.z), size):
            yield slice(start, start + size)

    def _wave(self, phase: Array | Complex) -> Complex:
        """Weighted pupil, scaled so that the squared field is in shares of a plane's flux per pixel."""
        wave: Complex = np.exp(1j * phase)
        flux = float(np.sum(self.weight * np.abs(wave) ** 2))
        scaled: Complex = wave * self.weight * math.sqrt(self._share / flux)
        return scaled

    def _field(self, wave: Complex, part: slice) -> Complex:
        """Amplitudes of some planes on the fine grid, shape (planes, y, x): along the chords, then across them."""
        z = 1j * self.z[part, None]
        lines = [
            (weights * np.exp(z * depth)) @ np.exp(1j * np.multiply.outer(p, self._x))
            for weights, depth, p in zip(wave, self._defocus, self._along, strict=True)
        ]
        field: Complex = np.tensordot(self._rows, np.stack(lines), axes=1)
        return field.swapaxes(0, 1)

    def _pixels(self, fine: Array) -> Array:
        """Integrals over the pixels from values on the fine grid."""
        whole: Array = self._to_rows @ fine @ self._to_columns.T
        return whole


def planes(
    z: Sequence[float] | Array,
    sizes: Sequence[int],
    spacing: Sequence[float],
    *,
    na: float,
    wavelength: float,
    ri: float,
    aberrations: Sequence[float] = (),
    radial_phase: Callable[[Array], Array | Complex] | None = None,
) -> Array:
    """The scalar focus of an aberrated microscope, plane by plane, integrated over the pixel.

    Parameters
    ----------
    z : sequence of float
        Positions of the planes from the focal plane, micrometres, any order.
    sizes : tuple of int
        Samples of the lateral axes (y, x); the axis of the microscope is at ``n // 2``.
    spacing : tuple of float
        Micrometres per sample (y, x).
    na, wavelength, ri : float
        Numerical aperture, emission wavelength in micrometres, refractive index of the immersion medium (above NA).
    aberrations : sequence of float
        Zernike coefficients in waves RMS, Noll 4, 5, 6, ... in this order.
    radial_phase : callable, optional
        A further round phase in radians: ``radial_phase(rho)`` for radii from 0 to 1, array in, array out, smooth. A
        positive imaginary part dims the pupil there.

    Returns
    -------
    array, shape (len(z), sizes[0], sizes[1])
        Shares of a plane's flux, which is the same in every plane; what falls outside `sizes` is missing.

    References
    ----------
    .. [1] B. M. Hanser, M. G. L. Gustafsson, D. A. Agard, J. W. Sedat, J. Microsc. 216, 32 (2004).
    .. [2] R. J. Noll, J. Opt. Soc. Am. 66, 207 (1976).
    .. [3] A. H. Stroud, Approximate Calculation of Multiple Integrals (1971), section 2.7: product rules for the disk.

    Examples
    --------
    >>> planes([0, 0.2], (9, 9), (0.065, 0.065), na=1.4, wavelength=0.52, ri=1.515, aberrations=(0,) * 7 + (0.1,)).shape
    (2, 9, 9)
    """
    steepness = _aberration_steepness(aberrations)
    if radial_phase is not None:
        steepness += _steepness(lambda rho: np.real(radial_phase(rho)))
    pupil = Pupil(z, sizes, spacing, na=na, wavelength=wavelength, ri=ri, steepness=steepness)
    phase: Array | Complex = 2 * math.pi * wavefront(aberrations, pupil.rho, pupil.theta)
    if radial_phase is not None:
        phase = phase + radial_phase(pupil.rho)
    return pupil.intensity(phase)


def _defocus(rho: Array, na: float, wavelength: float, ri: float) -> Array:
    """Radians per micrometre of z, 0 in the middle of the pupil."""
    depth: Array = 2 * math.pi / wavelength * (np.sqrt(ri**2 - (na * rho) ** 2) - ri)
    return depth


def _steepness(phase: Callable[[Array], Array]) -> float:
    """Largest slope of a round phase, per unit of the angle arccos(rho) in which the nodes lie evenly."""
    rho = np.sin(np.linspace(0, math.pi / 2, SLOPES))
    return float(np.max(np.abs(np.diff(phase(rho)))) * (SLOPES - 1) / (math.pi / 2))


def _aberration_steepness(aberrations: Sequence[float]) -> float:
    """The same for Zernike aberrations in waves, all at their worst angle."""
    return sum(
        2 * math.pi * abs(value) * _steepness(lambda rho, n=index: zernike(n, rho, math.pi / 8))  # type: ignore[misc]
        for index, value in enumerate(aberrations, FIRST_ABERRATION)
    )


def _nodes(steepness: float) -> int:
    """Nodes per axis: a Gauss rule of N nodes integrates exp(i s u) over [-1, 1] once N exceeds s / 2."""
    return SPARE_NODES + math.ceil(0.55 * steepness)


def _disk(count: int) -> tuple[Array, Array, Array, Array]:
    """Nodes q with their weights, and nodes u along each chord (-1 to 1) with theirs; the products sum to pi."""
    angle = math.pi * np.arange(1, count + 1) / (count + 1)
    q = np.cos(angle)
    chord = math.pi / (count + 1) * np.sin(angle) ** 2  # Gauss-Chebyshev of the second kind holds the chord's length
    u, along = np.polynomial.legendre.leggauss(count)
    return q, chord, u, along
