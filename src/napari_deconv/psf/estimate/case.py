"""What an estimate of a microscope's PSF begins with: photons, and the PSF to start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...io.image import Image
from ..sampling import SAME
from ..type import PSF
from ..words import make
from .photons import Halves, halved, most_telling, photons
from .stack import stack
from .theory import SIZE, Theory, starting_psf, theory_of

LEAST_SIGNAL = 5.0  # standard deviations


@dataclass(frozen=True, eq=False)
class Case:
    """One image and one starting PSF on its voxel grid.

    Parameters
    ----------
    halves : Halves
        Photons of the part of the image that tells most.
    start : PSF
        At the voxel size of the image.
    notes : tuple of str
        What was decided on the way.
    """

    halves: Halves
    start: PSF
    notes: tuple[str, ...]

    def theory(self, modes: tuple[int, ...], *, width: bool = False) -> Theory:
        """The microscope behind the start, with some numbers free."""
        return theory_of(self.start, self.start.spacing, modes, width=width)


def case_of(
    image: Image | ArrayLike,
    psf: PSF | str,
    spacing: Sequence[float] | None,
    background: float | None,
    gain: float | None,
    seed: int,
) -> Case:
    """Check everything, bring the PSF onto the voxels of the image, and part the photons."""
    own = image.spacing if isinstance(image, Image) else None
    told = own if spacing is None else spacing
    start = starting_psf(psf, told, _spatial_shape(image, told))
    pixels, step, notes = stack(image, start, spacing)
    start, moved = _on_grid(start, step, pixels.shape)
    counts, dark, used = photons(pixels, gain, background)
    part = most_telling(counts)
    notes = (*notes, *moved, *_said(counts.shape, counts[part].shape, gain, used))
    return Case(halved(counts[part], dark, np.random.default_rng(seed)), start, notes)


def marked(psf: PSF, confidence: float, failure: str, uncertainty: dict[str, float]) -> PSF:
    """The same PSF, saying that it was estimated and how sure that is."""
    said: dict[str, Any] = {"estimated": True, "confidence": confidence, "failure": failure, "uncertainty": uncertainty}
    return PSF(psf.data, psf.spacing, psf.unit, {**psf.info, **said})


def _spatial_shape(image: Image | ArrayLike, spacing: Sequence[float] | None) -> tuple[int, ...] | None:
    """Sizes of the image along the axes of `spacing`, if that is clear."""
    shape = image.spatial_shape if isinstance(image, Image) else np.shape(image)
    return None if spacing is None or len(spacing) > len(shape) else shape[len(shape) - len(spacing) :]


def _on_grid(psf: PSF, spacing: tuple[float, ...], image_shape: tuple[int, ...]) -> tuple[PSF, tuple[str, ...]]:
    """The PSF computed anew where its voxels are not those of the image."""
    if all(abs(a / b - 1) <= SAME for a, b in zip(psf.spacing, spacing, strict=True)):
        return psf, ()
    parameters = {name: value for name, value in psf.info["parameters"].items() if name not in SIZE}
    old, new = (" x ".join(f"{s:.4g}" for s in sizes) for sizes in (psf.spacing, spacing))
    told = f"the PSF was computed anew for voxels of {new} um, which the image has, instead of {old} um"
    return make(psf.info["model"], parameters, spacing=spacing, image_shape=image_shape), (told,)


def _said(whole: tuple[int, ...], part: tuple[int, ...], gain: float | None, used: float) -> list[str]:
    """Notes on the part looked at and on the gain."""
    said = [f"a gain of {used:.3g} camera units per photon was read from the noise"] if gain is None else []
    if part != whole:
        said.append(f"the estimate looks at the {part} voxels with the most contrast of {whole}")
    return said
