"""Point spread functions: computed, measured, and in words."""

from .measured import from_array, from_file
from .photo import defocus, motion
from .sampling import resample
from .theory import gaussian, widefield
from .type import PSF
from .words import MODELS, make, parse

__all__ = [
    "MODELS",
    "PSF",
    "defocus",
    "from_array",
    "from_file",
    "gaussian",
    "make",
    "motion",
    "parse",
    "resample",
    "widefield",
]
