"""Small pictures that come with the package, each with its PSF and the recipe that restores it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from . import psf as psf_models
from .io import Image, read
from .psf import PSF
from .recipe import PSFName, Recipe

NAMES = ("widefield_stack", "clock_motion", "defocused_coffee")
_ENDINGS = (".ome.tif", ".png")


@dataclass(frozen=True, eq=False)
class Sample:
    """A blurred picture and all that is known about it.

    Parameters
    ----------
    image : Image
        As the camera recorded it.
    psf : PSF
        Its blur.
    recipe : Recipe
        How to restore it; names the same PSF.
    truth : Image, optional
        What an ideal camera would have recorded, without offset (`recipe.background`) and noise; None if nobody knows.
    """

    image: Image
    psf: PSF
    recipe: Recipe
    truth: Image | None


def path(name: str) -> Path:
    """Where a sample picture lies, or another file beside it, e.g. ``path("widefield_stack_psf.ome.tif")``.

    Parameters
    ----------
    name : str
        One of `NAMES`, or the whole name of a file in the folder of samples.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    folder = Path(str(files("napari_deconv.sample_data")))
    found = [folder / f"{name}{ending}" for ending in ("", *_ENDINGS)]
    known = [file for file in found if file.is_file() and file.parent == folder]
    if not known:
        raise ValueError(f"no sample {name!r}; known: {', '.join(NAMES)}")
    return known[0]


def load(name: str) -> Sample:
    """The sample of that name: picture, PSF, recipe, and the truth where it is known.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> sample = load("clock_motion")
    >>> sample.image.data.shape, sample.recipe.psf
    ((300, 400), 'motion:length=36,angle=2')
    """
    if name not in NAMES:
        raise ValueError(f"no sample {name!r}; known: {', '.join(NAMES)}")
    image, recipe = read(path(name)), Recipe.from_file(path(f"{name}.yaml"))
    return Sample(image, _psf(recipe, image), recipe, _truth(name))


def _psf(recipe: Recipe, image: Image) -> PSF:
    """The PSF that the recipe names."""
    if isinstance(recipe.psf, PSFName):
        return psf_models.from_file(path(str(recipe.psf.file)))
    model, parameters = psf_models.parse(str(recipe.psf))
    return psf_models.make(model, parameters, spacing=image.spacing, image_shape=image.spatial_shape)


def _truth(name: str) -> Image | None:
    try:
        return read(path(f"{name}_truth"))
    except ValueError:
        return None
