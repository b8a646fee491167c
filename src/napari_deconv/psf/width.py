"""How wide a PSF is."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from .type import PSF


def fwhm(psf: PSF) -> list[float | None]:
    """Full width at half maximum along each axis through the centre, in `psf.unit`; None where the PSF ends before."""
    centre = tuple(n // 2 for n in psf.shape)
    widths: list[float | None] = []
    for axis, (middle, step) in enumerate(zip(centre, psf.spacing, strict=True)):
        line_through: tuple[Any, ...] = (*centre[:axis], slice(None), *centre[axis + 1 :])
        profile = psf.data[line_through].astype(float)
        sides = [_half_width(side) for side in (profile[middle:], profile[middle::-1])]
        widths.append(None if None in sides else round(step * sum(side or 0 for side in sides), 4))
    return widths


def _half_width(profile: NDArray[Any]) -> float | None:
    """Samples from the centre, at index 0, to half of its value."""
    below = (profile < profile[0] / 2).nonzero()[0]
    if not below.size:
        return None
    i = int(below[0])
    return float(i - 1 + (profile[i - 1] - profile[0] / 2) / (profile[i - 1] - profile[i]))
