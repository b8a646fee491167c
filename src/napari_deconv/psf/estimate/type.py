"""What an estimate of a blur says: the PSF, the numbers behind it, and whether to believe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..type import PSF


@dataclass(frozen=True, eq=False)
class Estimate:
    """A PSF found in an image, and how sure it is.

    Parameters
    ----------
    psf : PSF
        The best guess, also when the estimate failed. Its ``info`` repeats confidence, failure and uncertainty.
    values : mapping
        The numbers found, by name: ``{"length": 14.2, "angle": 31.0}``. Units as in the model's parameters.
    uncertainty : mapping
        One standard deviation of each number in `values` that has one.
    confidence : float
        From 0 (a guess) to 1 (certain).
    failure : str
        Empty if the estimate is to be trusted; else one sentence that says why the image does not hold the answer.
    method : str
        How it was found, one sentence with its reference.
    notes : tuple of str
        What else the user should know, one sentence each.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1, or `uncertainty` names a value that was not found.
    """

    psf: PSF
    values: Mapping[str, float]
    uncertainty: Mapping[str, float]
    confidence: float
    failure: str = ""
    method: str = ""
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"confidence is a number from 0 to 1, got {self.confidence!r}")
        strange = sorted(set(self.uncertainty) - set(self.values))
        if strange:
            raise ValueError(f"uncertainty names {', '.join(strange)}, which values does not; both use the same names")
        object.__setattr__(self, "values", dict(self.values))
        object.__setattr__(self, "uncertainty", dict(self.uncertainty))
        object.__setattr__(self, "notes", tuple(self.notes))

    @property
    def ok(self) -> bool:
        """Whether the estimate is to be trusted."""
        return not self.failure
