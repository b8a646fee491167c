"""Point spread functions: computed, measured, estimated, examined, and in words."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .doctor import Finding, examine, repair
from .gaussian import gaussian
from .measured import from_array, from_file
from .photo import defocus, motion, path
from .sampling import resample
from .theory import confocal, light_sheet, spinning_disk, two_photon, widefield
from .type import PSF
from .words import MODELS, make, parse

__all__ = [
    "MODELS",
    "PSF",
    "Finding",
    "confocal",
    "defocus",
    "examine",
    "from_array",
    "from_file",
    "gaussian",
    "light_sheet",
    "make",
    "motion",
    "parse",
    "path",
    "repair",
    "resample",
    "spinning_disk",
    "two_photon",
    "widefield",
]


def __getattr__(name: str) -> ModuleType:
    """The packages `beads` and `estimate`, which stand on the solvers, when they are first asked for."""
    if name in ("beads", "estimate"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
