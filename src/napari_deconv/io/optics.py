"""What OME-XML says about the microscope: objective, immersion, wavelengths, the way it looked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .units import micrometres

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MODALITIES = {  # OME's AcquisitionMode, as far as there is a PSF for it
    "WideField": "widefield",
    "LaserScanningConfocalMicroscopy": "confocal",
    "SpinningDiskConfocal": "spinning_disk",
    "MultiPhotonMicroscopy": "two_photon",
    "SPIM": "light_sheet",
}
IMMERSIONS = {"Air": 1.0, "Water": 1.333, "WaterDipping": 1.333, "Glycerol": 1.47, "Oil": 1.515}
PER_CHANNEL = ("wavelengths", "excitations")


@dataclass(frozen=True)
class Optics:
    """A microscope.

    Parameters
    ----------
    na, ri : float, optional
        Numerical aperture of the objective and refractive index of the immersion.
    wavelengths, excitations : tuple
        Of emission and excitation: micrometres, None unknown, one per channel.
    modality : str
        A model of `napari_deconv.psf`, "" unknown or not the same in all channels.
    """

    na: float | None = None
    ri: float | None = None
    wavelengths: tuple[float | None, ...] = ()
    excitations: tuple[float | None, ...] = ()
    modality: str = ""

    def known(self) -> dict[str, Any]:
        """Entries for a picture's metadata."""
        found = {"na": self.na, "ri": self.ri, "modality": self.modality or None}
        found |= {name: value if any(value := getattr(self, name)) else None for name in PER_CHANNEL}
        return {name: value for name, value in found.items() if value is not None}


def optics(root: Element, image: Element, channels: list[Element], notes: list[str]) -> Optics:
    """The microscope of one Image element; what cannot be used is named in `notes`."""
    objective, settings = _objective(root, image), next(deep(image, "ObjectiveSettings"), None)
    modes = {MODALITIES.get(c.get("AcquisitionMode", ""), "") for c in channels}
    return Optics(
        na=_plausible(objective, "LensNA", 0.0, 1.9, notes),
        ri=_plausible(settings, "RefractiveIndex", 0.9, 3.0, notes) or _of_immersion(objective, notes),
        wavelengths=tuple(_wavelength(c, "EmissionWavelength", notes) for c in channels),
        excitations=tuple(_wavelength(c, "ExcitationWavelength", notes) for c in channels),
        modality=modes.pop() if len(modes) == 1 else "",
    )


def tag(element: Element) -> str:
    """Name without the namespace."""
    return str(element.tag).rpartition("}")[2]


def deep(element: Element, name: str) -> Iterator[Element]:
    """All descendants called `name`."""
    return (e for e in element.iter() if tag(e) == name)


def _objective(root: Element, image: Element) -> Element | None:
    """The objective that this image names, or the only one there is."""
    objectives = {e.get("ID", ""): e for e in deep(root, "Objective")}
    settings = next(deep(image, "ObjectiveSettings"), None)
    chosen = objectives.get(settings.get("ID", "")) if settings is not None else None
    return next(iter(objectives.values())) if chosen is None and len(objectives) == 1 else chosen


def _of_immersion(objective: Element | None, notes: list[str]) -> float | None:
    """The usual refractive index of the immersion that is named."""
    immersion = objective.get("Immersion", "") if objective is not None else ""
    ri = IMMERSIONS.get(immersion)
    if ri is not None:
        notes.append(f"Refractive index {ri:g}: the usual one of the immersion that the file names, {immersion}.")
    return ri


def _wavelength(channel: Element, name: str, notes: list[str]) -> float | None:
    """A wavelength in micrometres; OME's default unit is the nanometre."""
    value = channel.get(name)
    if value is None:
        return None
    try:
        length = micrometres(value, channel.get(f"{name}Unit", "nm"))
        if not 0.01 < length < 100:
            raise ValueError(f"{length:.3g} µm: not light")
    except ValueError as error:
        notes.append(f"{name} was ignored ({error}).")
        return None
    return length


def _plausible(element: Element | None, name: str, low: float, high: float, notes: list[str]) -> float | None:
    """A number attribute between two limits, or None and a note."""
    text = element.get(name) if element is not None else None
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if low < value < high:
        return value
    notes.append(f"{name} was ignored ({text[:40]!r}: expected a number between {low:g} and {high:g}).")
    return None
