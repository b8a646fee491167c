"""Is the result to be believed? What can be measured without the truth."""

from __future__ import annotations

from .assess import assess
from .disagreement import Disagreement, disagreement
from .domain import domain
from .fidelity import Fidelity, fidelity
from .flux import flux
from .halves import split_photons
from .report import Report, Row
from .resolution import Resolution, agreement, resolution
from .ring_correlation import Correlation, ring_correlation, shell_correlation
from .ringing import Ringing, ringing
from .spread import Spread, spread
from .trust import LEARNED_CAVEAT, Trust, trust
from .unsupported import Unsupported, unsupported

__all__ = [
    "LEARNED_CAVEAT",
    "Correlation",
    "Disagreement",
    "Fidelity",
    "Report",
    "Resolution",
    "Ringing",
    "Row",
    "Spread",
    "Trust",
    "Unsupported",
    "agreement",
    "assess",
    "disagreement",
    "domain",
    "fidelity",
    "flux",
    "resolution",
    "ring_correlation",
    "ringing",
    "shell_correlation",
    "split_photons",
    "spread",
    "trust",
    "unsupported",
]
