"""What measuring beads gives back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..type import PSF


@dataclass(frozen=True)
class Bead:
    """One bead that was looked at.

    Parameters
    ----------
    image : int
        Index of its image.
    position : tuple of float
        Its centre in voxels of that image, ZYX or YX order.
    accepted : bool
        Whether it is part of the average.
    reason : str
        Why not, ``"kind: details"``; empty if it was accepted.
    fwhm : tuple of float or None
        Widths of the Gaussian fitted to it, micrometres; None if none could be fitted.
    r2 : float or None
        Share of the variance that the fit explains.
    """

    image: int
    position: tuple[float, ...]
    accepted: bool
    reason: str
    fwhm: tuple[float, ...] | None
    r2: float | None

    @property
    def kind(self) -> str:
        """The reason without its details: 'saturated', 'crowded', ...; empty if accepted."""
        return self.reason.partition(":")[0]


@dataclass(frozen=True, eq=False)
class Beads:
    """A PSF averaged from beads, and what became of each of them.

    Parameters
    ----------
    psf : PSF
        The average: background removed, maximum at ``n // 2``, sum 1.
    beads : tuple of Bead
        All that were looked at.
    fwhm : tuple of float
        Full width at half maximum of `psf` along each axis, micrometres; NaN where the PSF ends before.
    uncertainty : tuple of float
        Standard errors of `fwhm`, micrometres.
    notes : tuple of str
        What was chosen and done, one sentence each.
    """

    psf: PSF
    beads: tuple[Bead, ...]
    fwhm: tuple[float, ...]
    uncertainty: tuple[float, ...]
    notes: tuple[str, ...]

    @property
    def rejected(self) -> dict[str, int]:
        """How many beads were rejected, by kind of reason."""
        return counted(self.beads)


def counted(beads: tuple[Bead, ...]) -> dict[str, int]:
    """Numbers of rejected beads by kind of reason, the commonest first."""
    return dict(Counter(bead.kind for bead in beads if not bead.accepted).most_common())
