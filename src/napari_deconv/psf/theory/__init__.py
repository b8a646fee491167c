"""Microscopes: from the pupil of an objective to what the pixels of a camera collect."""

from .confocal import confocal, spinning_disk
from .light_sheet import light_sheet
from .two_photon import two_photon
from .widefield import widefield

__all__ = ["confocal", "light_sheet", "spinning_disk", "two_photon", "widefield"]
