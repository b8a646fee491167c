"""What is known of a microscope: aperture, wavelength, and the layers between objective and specimen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import finite, number

COVERSLIP = 170.0  # micrometres, No. 1.5
COVERSLIP_INDEX = 1.515
LOWEST_INDEX, HIGHEST_INDEX = 0.5, 4.0  # beyond these it is a typing error, or a length
FIRST, LAST = 4, 11  # Noll indices of the aberrations
ROUND = {4, 11}

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Optics:
    r"""A microscope with the layers of Gibson and Lanni: immersion, coverslip, specimen.

    Rays are named by :math:`s = n \sin\theta`, the same in every layer, and :math:`c = \sqrt{n^2 - s^2}`. The path of a
    ray differs from that of the design by

    .. math:: d\,(c_s - c_i) + t_g c_g - t_g^* c_g^* + w\,(c_i - c_i^*) - z\,c_i

    for a point at depth :math:`d` in the specimen (s), under a coverslip (g) of thickness :math:`t_g`, behind an
    immersion medium (i); stars mark the design, :math:`w` is the working distance, and the stage stands
    :math:`z` beyond the depth at which a point would be sharp if everything were as designed.

    Parameters
    ----------
    na : float
        Numerical aperture, less than `ri` and `ri_coverslip`. More than `ri_sample` is allowed: beyond its critical
        angle an objective collects evanescent light, which falls off exponentially with `depth`.
    wavelength : float
        In vacuum, micrometres.
    ri, ri_coverslip : float
        Refractive indices of immersion medium and coverslip.
    ri_sample : float, optional
        That of the specimen; `ri` by default.
    depth : float
        Micrometres of specimen between the coverslip and the point.
    coverslip : float
        Thickness, micrometres; 0 for none.
    ri_design, ri_coverslip_design, coverslip_design : float, optional
        What the objective (and its correction collar) is made for; by default what is there.
    working_distance : float, optional
        Immersion medium between front lens and coverslip in the design, micrometres; needed where `ri` differs from
        `ri_design`.
    aberrations : sequence of float, or float
        Zernike coefficients, waves RMS of `wavelength`, of the Noll indices 4 (defocus), 5, ... 11 (spherical);
        trailing zeros may be left out.

    Raises
    ------
    ValueError
        If a number is missing, not finite, or cannot be meant (an aperture beyond the index, nanometres).

    References
    ----------
    .. [1] S. F. Gibson, F. Lanni, J. Opt. Soc. Am. A 9, 154 (1992).
    """

    na: float
    wavelength: float
    ri: float = 1.515
    ri_sample: float | None = None
    depth: float = 0.0
    ri_coverslip: float = COVERSLIP_INDEX
    coverslip: float = COVERSLIP
    ri_design: float | None = None
    ri_coverslip_design: float | None = None
    coverslip_design: float | None = None
    working_distance: float | None = None
    aberrations: Sequence[float] | float = ()

    def __post_init__(self) -> None:
        self._put("na", number("na", self.na))
        for name in ("ri", "ri_coverslip", "ri_sample", "ri_design", "ri_coverslip_design"):
            if name in ("ri", "ri_coverslip") or getattr(self, name) is not None:
                self._put(name, _index(name, getattr(self, name)))
        self._put("wavelength", wavelength("wavelength", self.wavelength))
        self._put("depth", micrometres("depth", self.depth, most=2000, positive=False))
        for name in ("coverslip", "coverslip_design", "working_distance"):
            if getattr(self, name) is not None:
                self._put(name, _not_millimetres(name, getattr(self, name)))
        self._put("aberrations", _coefficients(self.aberrations))
        self._check_aperture()
        if self.immersion_design != self.ri and self.working_distance is None:
            raise ValueError(
                f"ri={self.ri:g} differs from ri_design={self.immersion_design:g}; how much that matters depends on "
                "the thickness of the immersion medium: give working_distance= in micrometres"
            )

    def _put(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _check_aperture(self) -> None:
        if self.na >= self.ri:
            raise ValueError(
                f"NA cannot reach the refractive index, got na={self.na:g} and ri={self.ri:g}; "
                "check both (ri: oil 1.515, glycerol 1.47, water 1.33, air 1.0)"
            )
        for name, index in (("ri_coverslip", self.ri_coverslip), ("ri_coverslip_design", self.glass_design)):
            if self.na >= index:
                raise ValueError(
                    f"no light of the outer aperture crosses the coverslip, got na={self.na:g} and {name}={index:g}; "
                    "give the index of the glass used (high-index glass: about 1.78)"
                )
        if self.na >= self.immersion_design:
            raise ValueError(
                f"NA cannot reach the refractive index, got na={self.na:g} and ri_design={self.immersion_design:g}"
            )

    @property
    def sample(self) -> float:
        """Refractive index of the specimen."""
        return self.ri if self.ri_sample is None else self.ri_sample

    @property
    def immersion_design(self) -> float:
        """Refractive index of the immersion medium that the objective is made for."""
        return self.ri if self.ri_design is None else self.ri_design

    @property
    def glass_design(self) -> float:
        """Refractive index of the coverslip that the objective is made for."""
        return self.ri_coverslip if self.ri_coverslip_design is None else self.ri_coverslip_design

    @property
    def thickness_design(self) -> float:
        """Thickness of the coverslip that the objective is made for, micrometres."""
        return self.coverslip if self.coverslip_design is None else self.coverslip_design

    @property
    def aberrations_listed(self) -> tuple[float, ...]:
        """Zernike coefficients from Noll 4 on."""
        assert isinstance(self.aberrations, tuple)
        return self.aberrations

    @property
    def zernike(self) -> dict[int, float]:
        """Coefficients other than zero by their Noll index."""
        return {index: value for index, value in enumerate(self.aberrations_listed, FIRST) if value}

    @property
    def is_round(self) -> bool:
        """Whether all aberrations are round: defocus (4) and spherical (11)."""
        return not set(self.zernike) - ROUND

    @property
    def as_designed(self) -> bool:
        """Whether the layers leave the focus symmetric about the focal plane."""
        return (
            (self.depth == 0 or self.sample == self.ri)
            and self.ri == self.immersion_design
            and (self.coverslip, self.ri_coverslip) == (self.thickness_design, self.glass_design)
            and not (self.depth == 0 and self.na > self.sample)  # evanescent waves arrive with a phase of their own
        )

    @property
    def ideal(self) -> Optics:
        """The same microscope without Zernike aberrations."""
        return replace(self, aberrations=()) if self.aberrations else self

    def at(self, wavelength: float) -> Optics:
        """The same microscope with light of another wavelength; aberrations keep their length, not their phase."""
        same_length = tuple(a * self.wavelength / wavelength for a in self.aberrations_listed)
        return replace(self, wavelength=wavelength, aberrations=same_length)

    def along(self, index: float, s: Array) -> NDArray[np.complex128]:
        """Index times cosine of rays in a medium; imaginary, and positive, where they are evanescent."""
        return np.sqrt(np.asarray(index**2 - s**2, dtype=np.complex128))

    def path(self, s: Array) -> NDArray[np.complex128]:
        """Path of rays through the layers less that of the design, at stage position 0, micrometres."""
        immersion = self.along(self.ri, s)
        total = np.zeros(s.shape, dtype=np.complex128)
        if self.depth:
            total += self.depth * (self.along(self.sample, s) - immersion)
        total += self.coverslip * self.along(self.ri_coverslip, s)
        total -= self.thickness_design * self.along(self.glass_design, s)
        if self.working_distance:
            total += self.working_distance * (immersion - self.along(self.immersion_design, s))
        return total

    def words(self) -> dict[str, Any]:
        """The parameters that were given, for `info`: numbers and lists only."""
        always = {"na": self.na, "wavelength": self.wavelength, "ri": self.ri}
        rest = {n: getattr(self, n) for n, f in self.__dataclass_fields__.items() if getattr(self, n) != f.default}
        found: dict[str, Any] = {**always, **rest}
        if self.aberrations:
            found["aberrations"] = list(self.aberrations_listed)
        return found


def _index(name: str, value: Any) -> float:
    """A refractive index."""
    found = number(name, value)
    if not LOWEST_INDEX <= found <= HIGHEST_INDEX:
        raise ValueError(
            f"{name} is a refractive index, about 1 to 2.5, got {found:g} (air 1.0, water 1.33, oil 1.515)"
        )
    return found


def wavelength(name: str, value: Any) -> float:
    """A wavelength in micrometres."""
    return micrometres(name, value, most=10)


def micrometres(name: str, value: Any, *, most: float, positive: bool = True) -> float:
    """A length that nobody gives in nanometres."""
    found = number(name, value, unit="micrometres", positive=positive)
    if found > most:
        raise ValueError(f"{name} is in micrometres; did you mean {found / 1000:g}? got {found:g}")
    return found


def _not_millimetres(name: str, value: Any) -> float:
    """A thickness of glass or oil, 0 or at least 1 micrometre."""
    found = number(name, value, unit="micrometres", positive=False)
    if 0 < found < 1:
        raise ValueError(f"{name} is in micrometres; did you mean {found * 1000:g}? got {found:g}")
    return micrometres(name, found, most=50_000, positive=False)


def _coefficients(value: Any) -> tuple[float, ...]:
    """Zernike coefficients without trailing zeros."""
    plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    told = (plain,) if isinstance(plain, int | float) else plain
    wanted = f"waves RMS, one number each for the Noll indices {FIRST} to {LAST}"
    if isinstance(told, str) or not isinstance(told, Sequence):
        raise ValueError(f"aberrations are {wanted}, got {value!r}")
    found = [finite("aberrations", v, wanted) for v in told]
    if len(found) > LAST - FIRST + 1:
        raise ValueError(f"aberrations are {wanted}, got {len(found)} numbers")
    worst = max(map(abs, found), default=0)
    if worst > 10:
        raise ValueError(f"aberrations are in waves RMS; {worst:g} waves leave no image")
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def refuse_nanometres(spacing: tuple[float, ...], optics: Optics) -> None:
    """Pixels of ten times wavelength / NA show nothing of the PSF: somebody gave nanometres."""
    if max(spacing) > 100 or max(spacing[-2:]) > 10 * optics.wavelength / optics.na:
        given, meant = (", ".join(f"{s * scale:g}" for s in spacing) for scale in (1, 1e-3))
        raise ValueError(f"spacing is in micrometres; did you mean ({meant})? got ({given})")


def axial_frequency(optics: Optics) -> float:
    """Highest axial frequency that the focus holds, periods per micrometre of stage movement."""
    return (optics.ri - math.sqrt(optics.ri**2 - optics.na**2)) / optics.wavelength


def lateral_frequency(optics: Optics) -> float:
    """Highest lateral frequency that the focus holds, periods per micrometre."""
    return 2 * optics.na / optics.wavelength
