"""Blurs that are computed: the Gaussian and the widefield microscope."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from functools import partial, reduce

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, erfinv, j0, j1

from .checks import number, odd, per_axis, refuse_huge, whole_shape
from .pixels import BLOCK, plane_sums, quadrant, unfold
from .type import PSF

GAUSSIAN_ENERGY = 0.999  # held by the default size
WIDEST_GAUSSIAN = 2001  # samples

Array = NDArray[np.float64]


def gaussian(
    sigma: float | Sequence[float],
    *,
    spacing: Sequence[float] | None = None,
    shape: Sequence[int] | None = None,
    image_shape: Sequence[int] | None = None,
) -> PSF:
    r"""A Gaussian blur, integrated over every sample.

    .. math:: h_i = \tfrac12 \left[\operatorname{erf}\frac{i + 1/2}{\sqrt2\,\sigma} -
              \operatorname{erf}\frac{i - 1/2}{\sqrt2\,\sigma}\right] \quad\text{along each axis}

    Parameters
    ----------
    sigma : float or sequence of float
        Standard deviation in samples, or in micrometres if `spacing` is given; one number, or one per axis
        (ZYX order). Zero along an axis leaves that axis sharp.
    spacing : sequence of float, optional
        Micrometres per sample. Then `sigma` is in micrometres too.
    shape : sequence of int, optional
        Samples along each axis. By default the smallest odd sizes that hold 99.9 % of the energy.
    image_shape : sequence of int, optional
        Spatial sizes of the image. Limits the default size to ``2 * image_shape - 1``.

    Returns
    -------
    PSF
        With as many axes as `sigma`, `spacing`, `shape` or `image_shape` has numbers (the first that tells),
        else two. ``info["energy"]`` is the share of the Gaussian inside.

    Raises
    ------
    ValueError
        If a number is negative, not finite or missing, or the PSF would be more than 2001 samples wide.

    Examples
    --------
    >>> gaussian(1.5).shape
    (11, 11)
    >>> gaussian((0.4, 0.1, 0.1), spacing=(0.2, 0.05, 0.05)).unit
    'um'
    """
    widths = _widths(sigma, spacing, shape, image_shape)
    ndim = len(widths)
    step = (1.0,) * ndim if spacing is None else per_axis("spacing", spacing, (ndim,), unit="micrometres")
    samples = tuple(w / s for w, s in zip(widths, step, strict=True))
    if shape is None:
        shape = _gaussian_shape(samples, image_shape)
    sizes = whole_shape("shape", shape, ndim)
    data = reduce(np.multiply.outer, [_gaussian_line(s, n) for s, n in zip(samples, sizes, strict=True)])
    energy = float(data.sum())
    info = {
        "model": "gaussian",
        "parameters": {
            "sigma": list(widths),
            "spacing": None if spacing is None else list(step),
            "shape": list(sizes),
        },
        "sigma_samples": list(samples),
        "energy": energy,
    }
    return PSF((data / energy).astype(np.float32), step, "px" if spacing is None else "um", info)


def widefield(
    spacing: Sequence[float],
    *,
    na: float,
    wavelength: float,
    ri: float = 1.515,
    shape: Sequence[int] | None = None,
    image_shape: Sequence[int] | None = None,
    energy: float = 0.99,
) -> PSF:
    r"""The PSF of an aberration-free widefield fluorescence microscope: scalar, integrated over the pixel.

    .. math:: h(r, z) = \left| 2 \int_0^1 J_0(k\, \mathrm{NA}\, r \rho)
              \exp\left(i k z \sqrt{n^2 - \mathrm{NA}^2 \rho^2}\right) \rho \, d\rho \right|^2,
              \quad k = 2 \pi / \lambda

    Both this integral and the one over the pixel are done by Gauss-Legendre quadrature. Every plane carries
    the same flux; what falls outside `shape` is not given back to the plane but reported.

    Parameters
    ----------
    spacing : sequence of float
        Micrometres per sample: (z, y, x), or (y, x) for the in-focus plane alone.
    na : float
        Numerical aperture, less than `ri`.
    wavelength : float
        Emission wavelength, micrometres.
    ri : float
        Refractive index of the immersion medium.
    shape : sequence of int, optional
        Samples along each axis. By default ``2 Z - 1`` planes, and laterally what holds `energy` of the
        in-focus plane but no more than ``2 N - 1``; always odd.
    image_shape : sequence of int, optional
        Spatial sizes of the image, for the default `shape`. Without it the planes reach the fourth axial zero
        of the focus on either side, :math:`4 \lambda / (n - \sqrt{n^2 - \mathrm{NA}^2})`.
    energy : float
        Share of the in-focus plane that the default lateral size holds, 0.5 to 0.999. Planes out of focus are
        wider: a larger share makes a truer and slower PSF for thick specimens.

    Returns
    -------
    PSF
        Its maximum is at ``n // 2``. ``info["energy_per_plane"]`` is the share of each plane's flux inside
        `shape`, ``info["nyquist"]`` the largest spacing that loses no detail.

    Raises
    ------
    ValueError
        If the NA reaches the refractive index, a length looks like nanometres, or a number is not positive.

    Warns
    -----
    UserWarning
        If the voxels are larger than Nyquist's.

    References
    ----------
    .. [1] S. F. Gibson, F. Lanni, J. Opt. Soc. Am. A 9, 154 (1992), without its aberrations.
    .. [2] M. Born, E. Wolf, Principles of Optics, section 8.8.

    Examples
    --------
    >>> widefield((0.2, 0.065, 0.065), na=1.4, wavelength=0.52, image_shape=(16, 64, 64)).shape
    (31, 117, 117)
    """
    step = per_axis("spacing", spacing, (2, 3), unit="micrometres")
    na, wavelength, ri = _checked_optics(na, wavelength, ri)
    _refuse_nanometres(step, na, wavelength)
    if shape is None:
        shape = _widefield_shape(step, image_shape, na, wavelength, ri, energy)
    sizes = whole_shape("shape", shape, len(step))
    planes, lateral = (*sizes[:-2], 1)[0], sizes[-2:]
    z = step[0] * np.arange(planes // 2 + 1.0)
    intensity = partial(scalar_intensity, na=na, wavelength=wavelength, ri=ri)
    part = np.maximum(quadrant(intensity, z, lateral, step[-2:], wavelength / na), 0)
    part *= math.pi * na**2 / wavelength**2  # now shares of a plane's flux
    held = unfold(plane_sums(part, lateral), (planes,))
    data = unfold((part / held.sum()).astype(np.float32), (planes, *lateral)).reshape(sizes)
    info = {
        "model": "widefield",
        "parameters": {
            "na": na,
            "wavelength": wavelength,
            "ri": ri,
            "spacing": list(step),
            "shape": list(sizes),
        },
        "focus_shift": 0.0,
        "energy": float(held[planes // 2]),
        "energy_per_plane": [float(h) for h in held],
        "nyquist": list(_nyquist(len(step), na, wavelength, ri)),
        "notes": _sampling_notes(step, na, wavelength, ri),
    }
    for note in _sampling_notes(step, na, wavelength, ri):
        warnings.warn(note, UserWarning, stacklevel=2)
    return PSF(data, step, "um", info)


def scalar_intensity(radius: Array, z: Array, *, na: float, wavelength: float, ri: float) -> Array:
    """Intensity at points of the scalar, aberration-free focus, 1 at its centre.

    Parameters
    ----------
    radius : array, shape (r,)
        Distances from the optical axis, micrometres.
    z : array, shape (p,)
        Distances from the focal plane, micrometres.
    na, wavelength, ri : float
        As in `widefield`, where the formula stands.

    Returns
    -------
    array, shape (p, r)
        Accurate to about 1e-14.
    """
    k = 2 * math.pi / wavelength
    lowest = math.sqrt(1 - (na / ri) ** 2)  # cosine of the marginal ray
    farthest = k * na * float(np.max(radius, initial=0))
    deepest = k * ri * (1 - lowest) * float(np.max(np.abs(z), initial=0))
    node, weight = np.polynomial.legendre.leggauss(32 + math.ceil((farthest + deepest) / 3))
    cosine = 0.5 * (1 + lowest) + 0.5 * (1 - lowest) * node
    weight = weight * cosine  # rho d(rho) is proportional to cosine d(cosine)
    weight /= weight.sum()
    sine = np.sqrt(1 - cosine**2)
    defocus = np.exp(1j * k * ri * np.multiply.outer(z, cosine - 1)) * weight
    found = np.empty((len(z), len(radius)))
    block = max(1, BLOCK // node.size)
    for start in range(0, len(radius), block):
        amplitude = defocus @ j0(k * ri * np.multiply.outer(sine, radius[start : start + block]))
        found[:, start : start + block] = amplitude.real**2 + amplitude.imag**2
    return found


def _widths(
    sigma: float | Sequence[float],
    spacing: Sequence[float] | None,
    shape: Sequence[int] | None,
    image_shape: Sequence[int] | None,
) -> tuple[float, ...]:
    """Sigma for each axis."""
    if isinstance(sigma, Iterable):
        return per_axis("sigma", sigma, (1, 2, 3), positive=False)
    ndim = next((len(told) for told in (spacing, shape, image_shape) if told is not None), 2)
    if ndim not in (1, 2, 3):
        raise ValueError(f"a PSF has 1 to 3 axes, got {ndim} numbers in spacing, shape or image_shape")
    return (number("sigma", sigma, positive=False),) * ndim


def _gaussian_shape(sigma: tuple[float, ...], image_shape: Sequence[int] | None) -> tuple[int, ...]:
    """Odd sizes that hold `GAUSSIAN_ENERGY` together, no wider than an image of `image_shape` can feel."""
    reach = math.sqrt(2) * float(erfinv(GAUSSIAN_ENERGY ** (1 / len(sigma))))
    sizes = tuple(odd(reach * s) for s in sigma)
    if image_shape is not None:
        limits = per_axis("image_shape", image_shape, (len(sigma),), unit="samples")
        sizes = tuple(min(n, 2 * int(m) - 1) for n, m in zip(sizes, limits, strict=True))
    if max(sizes) > WIDEST_GAUSSIAN:
        raise ValueError(
            f"sigma of {max(sigma):.4g} samples needs {max(sizes)} samples, more than {WIDEST_GAUSSIAN}; sigma is "
            "in samples, or in micrometres when spacing is given"
        )
    refuse_huge(sizes)
    return sizes


def _gaussian_line(sigma: float, n: int) -> Array:
    """The Gaussian's share of every sample of one axis."""
    edges = np.arange(n + 1) - n // 2 - 0.5
    scaled = edges / (math.sqrt(2) * max(sigma, 1e-3))  # below 1e-3 all of it is in one sample
    shares: Array = 0.5 * np.diff(erf(scaled))
    return shares


def _checked_optics(na: float, wavelength: float, ri: float) -> tuple[float, float, float]:
    wavelength = number("wavelength", wavelength, unit="micrometres")
    if wavelength > 10:
        meant = wavelength / 1000
        raise ValueError(f"wavelength is in micrometres; did you mean {meant:g}? got {wavelength:g}")
    na, ri = number("na", na), number("ri", ri)
    if na >= ri:
        raise ValueError(
            f"NA cannot reach the refractive index, got na={na:g} and ri={ri:g}; "
            "check both (ri: oil 1.515, glycerol 1.47, water 1.33, air 1.0)"
        )
    return na, wavelength, ri


def _refuse_nanometres(spacing: tuple[float, ...], na: float, wavelength: float) -> None:
    """Pixels of ten times wavelength / NA show nothing of the PSF: somebody gave nanometres."""
    if max(spacing) > 100 or max(spacing[-2:]) > 10 * wavelength / na:
        given, meant = (", ".join(f"{s * scale:g}" for s in spacing) for scale in (1, 1e-3))
        raise ValueError(f"spacing is in micrometres; did you mean ({meant})? got ({given})")


def _axial_period(na: float, wavelength: float, ri: float) -> float:
    """Distance between the zeros along the optical axis."""
    return wavelength / (ri - math.sqrt(ri**2 - na**2))


def _nyquist(ndim: int, na: float, wavelength: float, ri: float) -> tuple[float, ...]:
    """The largest spacing that samples the widefield transfer function without aliasing."""
    lateral = wavelength / (4 * na)
    return (_axial_period(na, wavelength, ri) / 2, lateral, lateral)[3 - ndim :]


def _sampling_notes(spacing: tuple[float, ...], na: float, wavelength: float, ri: float) -> list[str]:
    """A sentence if the voxels are larger than Nyquist's."""
    limits = _nyquist(len(spacing), na, wavelength, ri)
    if all(s <= 1.01 * limit for s, limit in zip(spacing, limits, strict=True)):
        return []
    have, need = (", ".join(f"{s:.3g}" for s in values) for values in (spacing, limits))
    return [f"voxels of ({have}) um are larger than Nyquist's ({need}) um for this microscope; detail is lost"]


def _widefield_shape(
    spacing: tuple[float, ...],
    image_shape: Sequence[int] | None,
    na: float,
    wavelength: float,
    ri: float,
    energy: float,
) -> tuple[int, ...]:
    """2 Z - 1 planes; laterally what holds `energy` of the in-focus plane, at most 2 N - 1."""
    if not 0.5 <= number("energy", energy) <= 0.999:
        raise ValueError(f"energy is a share from 0.5 to 0.999, got {energy!r}; shape= takes any size")
    radius = _airy_radius(float(energy)) * wavelength / (2 * math.pi * na)
    lateral = tuple(odd(radius / s) for s in spacing[-2:])
    if image_shape is None:
        return (*(odd(4 * _axial_period(na, wavelength, ri) / s) for s in spacing[:-2]), *lateral)
    limits = tuple(2 * n - 1 for n in whole_shape("image_shape", image_shape, len(spacing)))
    return (*limits[:-2], *(min(n, m) for n, m in zip(lateral, limits[-2:], strict=True)))


def _airy_radius(share: float) -> float:
    """Radius that holds `share` of the Airy disk, in wavelength / (2 pi NA), by Rayleigh's formula."""
    v = np.linspace(0, 4 / (math.pi * (1 - share)), 4096)  # the rest falls like 2 / (pi v)
    return float(v[np.argmax(1 - j0(v) ** 2 - j1(v) ** 2 >= share)])
