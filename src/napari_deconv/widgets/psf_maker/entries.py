"""The parameters of the PSF models as a form shows them: labels, units, what an empty field means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MICROSCOPES = {
    "widefield": "Widefield",
    "confocal": "Confocal",
    "spinning_disk": "Spinning disk",
    "two_photon": "Two-photon",
    "light_sheet": "Light sheet",
}
THEORIES = {"vectorial": "vectorial", "scalar": "scalar"}
FOLDS = ("Sample, coverslip, theory", "Aberrations (waves RMS)")
CHANNELS = ("wavelength", "excitation")  # one number per channel
ABERRATIONS = "aberrations"
APERTURES, LIGHT = (0.05, 1.7), (200.0, 2000.0)  # of microscopes: NA, nanometres
FIRST = 4  # Noll index of the first aberration
ZERNIKE = (
    "Defocus",
    "Astigmatism, oblique",
    "Astigmatism, vertical",
    "Coma, vertical",
    "Coma, horizontal",
    "Trefoil, vertical",
    "Trefoil, oblique",
    "Spherical",
)


@dataclass(frozen=True)
class Entry:
    """One parameter in the form.

    Parameters
    ----------
    label, tip : str
        The label with its unit, and the tooltip.
    factor : float
        What is shown per unit of the model.
    empty : str
        What an empty field means; without it the field must be filled.
    fold : str
        The part of the form that it is in, of `FOLDS`.
    limits : (float, float), optional
        Least and greatest number that can be meant, in the unit shown: a wavelength in another unit is noticed.
    """

    label: str
    tip: str
    factor: float = 1.0
    empty: str = ""
    fold: str = ""
    limits: tuple[float, float] | None = None


def _microscope() -> dict[str, Entry]:
    sample, zernike = FOLDS
    per_channel = "in nanometres; for several channels one each, joined by commas: "
    return {
        "na": Entry("Numerical aperture", "Of the objective, as engraved on it: 0.05 to 1.7", limits=APERTURES),
        "wavelength": Entry(
            "Emission (nm)", f"Wavelength of the light that was recorded, {per_channel}461, 509", 1000.0, limits=LIGHT
        ),
        "excitation": Entry(
            "Excitation (nm)", f"Wavelength of the laser or lamp, {per_channel}405, 488", 1000.0, limits=LIGHT
        ),
        "ri": Entry("Immersion index", "Its refractive index: air 1.0, water 1.33, glycerol 1.47, oil 1.515"),
        "pinhole": Entry("Pinhole (Airy units)", "Diameter of the pinhole, in diameters of the Airy disk"),
        "sheet": Entry("Sheet (µm)", "Thickness of the light sheet: its full width at half maximum"),
        "ri_sample": Entry(
            "Sample index", "Refractive index around the object: water 1.33, tissue 1.38", 1, "as immersion", sample
        ),
        "depth": Entry("Depth (µm)", "Micrometres of sample between the coverslip and the object", 1, "0", sample),
        "ri_coverslip": Entry("Coverslip index", "Refractive index of the coverslip", 1, "1.515", sample),
        "coverslip": Entry("Coverslip (µm)", "Its thickness: No. 1.5 has 170", 1, "170", sample),
        "ri_design": Entry(
            "Made for index",
            "Immersion that the objective was made for, if it is another one",
            1,
            "as immersion",
            sample,
        ),
        "working_distance": Entry(
            "Working dist. (µm)",
            "Immersion medium between front lens and coverslip; needed if the immersion is not the one it was made for",
            1,
            "not needed",
            sample,
        ),
        **{
            f"noll{i}": Entry(name, f"Zernike coefficient, Noll {i}, in waves RMS: 0.07 is visible", 1, "0", zernike)
            for i, name in enumerate(ZERNIKE, FIRST)
        },
    }


ENTRIES: Mapping[str, Mapping[str, Entry]] = {
    "microscope": _microscope(),
    "gaussian": {
        "sigma": Entry("Sigma y, x", "Standard deviation along rows and columns"),
        "sigma_z": Entry("Sigma z", "Standard deviation along z"),
    },
    "motion": {
        "length": Entry("Length (pixels)", "Pixels travelled during the exposure"),
        "angle": Entry("Angle (degrees)", "0 is horizontal, 90 vertical, counter-clockwise as seen on the screen"),
    },
    "defocus": {
        "radius": Entry("Radius (pixels)", "Radius of the disk, or polygon, that a point has become"),
        "blades": Entry("Iris blades", "Sides of the iris, 3 or more, if points became polygons", 1, "round"),
        "rotation": Entry("Iris turned (degrees)", "Direction of one corner, counter-clockwise from the right", 1, "0"),
    },
}


def family(model: str) -> str:
    """The key of `ENTRIES` for a model."""
    return "microscope" if model in MICROSCOPES else model
