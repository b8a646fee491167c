"""A microscope whose numbers may change: the PSFs among which an estimate chooses."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..theory.zernike import FIRST_ABERRATION
from ..type import PSF
from ..words import MODELS, make, parse

SIZE = ("spacing", "shape", "image_shape")
START = "widefield:na=1.4,wavelength=0.52,ri=1.515"

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Theory:
    """The PSFs of one microscope with some of its numbers free.

    Parameters
    ----------
    model : str
        A key of `MODELS` that knows aberrations.
    parameters : mapping
        What is known of it, voxel size and shape aside.
    spacing : tuple of float
        Micrometres per sample.
    modes : tuple of int
        Noll's numbers of the free aberrations; their values are added to those in `parameters`, in waves.
    width : bool
        Whether the aperture is free too. Its value is the logarithm of the ratio to that in `parameters`, and comes
        first.
    """

    model: str
    parameters: Mapping[str, Any]
    spacing: tuple[float, ...]
    modes: tuple[int, ...]
    width: bool = False

    @property
    def count(self) -> int:
        """Free numbers."""
        return len(self.modes) + self.width

    def told(self, values: Sequence[float] | Array) -> dict[str, Any]:
        """Parameters of the microscope for these values."""
        rest = [float(v) for v in values]
        changed = dict(self.parameters)
        if self.width:
            changed["na"] = min(self.parameters["na"] * float(np.exp(rest.pop(0))), self.largest_na)
        if self.modes:
            listed = coefficients(self.parameters)
            listed += [0.0] * (max(self.modes) + 1 - FIRST_ABERRATION - len(listed))
            for mode, value in zip(self.modes, rest, strict=True):
                listed[mode - FIRST_ABERRATION] += value
            changed["aberrations"] = listed
        return changed

    @property
    def largest_na(self) -> float:
        """Just below the smallest refractive index on the way."""
        indices = [self.parameters.get(name) for name in ("ri", "ri_design", "ri_coverslip", "ri_coverslip_design")]
        return 0.995 * min([float(n) for n in indices if n is not None], default=1.0)

    def psf(self, values: Sequence[float] | Array, shape: Sequence[int]) -> PSF:
        """The PSF for these values."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # coarse voxels were told when the start was made
            return make(self.model, {**self.told(values), "spacing": self.spacing, "shape": tuple(shape)})

    def kernel(self, values: Sequence[float] | Array, shape: Sequence[int]) -> Array:
        """Its values."""
        return self.psf(values, shape).data.astype(np.float64)


def coefficients(parameters: Mapping[str, Any]) -> list[float]:
    """Zernike coefficients from Noll 4 on; a lone number stands for defocus."""
    listed = parameters.get("aberrations", ())
    return [float(a) for a in np.atleast_1d(np.asarray(listed, dtype=np.float64))]


def starting_psf(psf: PSF | str, spacing: Sequence[float] | None, image_shape: Sequence[int] | None) -> PSF:
    """A PSF that was computed, or is to be computed from words; refused if no microscope is behind it."""
    if isinstance(psf, str):
        model, parameters = parse(psf)
        psf = make(model, parameters, spacing=spacing, image_shape=image_shape)
    known = psf.info.get("model")
    if known not in MODELS or "aberrations" not in inspect.signature(MODELS[str(known)]).parameters:
        raise ValueError(
            f"a PSF that was computed for a microscope is needed, e.g. {START!r}; this one is "
            f"{known or 'of unknown origin'}: a measured PSF has no parameters to fit"
        )
    if not isinstance(psf.info.get("parameters"), Mapping):
        raise ValueError(f"this {known} PSF does not say its parameters; compute it anew, e.g. {START!r}")
    return psf


def theory_of(psf: PSF, spacing: tuple[float, ...], modes: tuple[int, ...], *, width: bool = False) -> Theory:
    """The microscope behind a computed PSF, with some numbers free."""
    parameters = {name: value for name, value in psf.info["parameters"].items() if name not in SIZE}
    return Theory(str(psf.info["model"]), parameters, spacing, modes, width)
