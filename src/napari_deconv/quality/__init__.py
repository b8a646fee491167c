"""Is the result to be believed? What can be measured without the truth."""

from __future__ import annotations

from .assess import assess
from .fidelity import Fidelity, fidelity
from .flux import flux
from .halves import split_photons
from .report import Report, Row
from .resolution import Resolution, agreement, resolution
from .ring_correlation import Correlation, ring_correlation, shell_correlation
from .ringing import Ringing, ringing

__all__ = [
    "Correlation",
    "Fidelity",
    "Report",
    "Resolution",
    "Ringing",
    "Row",
    "agreement",
    "assess",
    "fidelity",
    "flux",
    "resolution",
    "ring_correlation",
    "ringing",
    "shell_correlation",
    "split_photons",
]
