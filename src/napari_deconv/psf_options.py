"""The PSFs that ``--psf`` names: words for a model, or a file anywhere; recipes keep names and fingerprints only."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import psf as psf_models
from .psf import PSF
from .psf.spelling import assumed, complete, per_channel
from .psf.words import partial
from .recipe import WORDS, PSFName, Recipe
from .shell import Refused, as_asked, note_all, shown


def psf_names(given: Sequence[str]) -> list[str | Path]:
    """Words whose names are known, or the path of a file, for each --psf."""
    found: list[str | Path] = []
    for text in given:
        if not text.strip():
            raise Refused("--psf is empty; give a file or words such as widefield:na=1.4,wavelength=0.52,ri=1.515")
        if WORDS.match(text) or text in psf_models.MODELS:
            partial(text)
            found.append(text)
        else:
            found.append(Path(text))
    return found


def with_psfs(
    recipe: Recipe, names: Sequence[str | Path], metadata: Mapping[str, Any]
) -> tuple[Recipe, list[PSF | str] | None]:
    """The recipe with its PSFs named, completed from the image's file, and those to hand over if one is a file."""
    if not names:
        return recipe, None
    names = [name if isinstance(name, Path) else completed(name, metadata) for name in names]
    found = [name if isinstance(name, str) else _measured(name, recipe) for name in names]
    called = tuple(_called(name, psf) for name, psf in zip(names, found, strict=True))
    named = recipe.changed(psf=called[0] if len(called) == 1 else called)
    return named, found if any(isinstance(name, Path) for name in names) else None


def completed(words: str, metadata: Mapping[str, Any]) -> str:
    """The words with what is missing taken from the image's file, and a note for each such number."""
    with as_asked():
        text, notes = complete(words, metadata)
    note_all([], notes)
    return text


def _measured(path: Path, recipe: Recipe) -> PSF:
    """The PSF in a file, with a note if it is not the one that the recipe asks for."""
    psf = psf_models.from_file(path)
    note_all([path], psf.info["notes"])
    asked = recipe.psf if isinstance(recipe.psf, tuple) else (recipe.psf,)
    hashes = {name.sha256 for name in asked if isinstance(name, PSFName) and name.sha256}
    if hashes and psf.sha256 not in hashes:
        note_all([path], ["this is not the PSF of the recipe, its SHA-256 differs; it is used because --psf names it"])
    return psf


def _called(name: str | Path, psf: PSF | str) -> str | PSFName:
    """A PSF in a recipe: words as they are, a file's name without folders and its fingerprint."""
    if isinstance(name, str) or isinstance(psf, str):
        return str(name)
    with contextlib.suppress(ValueError):  # a name such as ~psf.tif, which a recipe may not open by itself
        return PSFName(file=shown(name.name), sha256=psf.sha256)
    return PSFName(name=shown(name.name), sha256=psf.sha256)


def computed(
    words: str, spacing: Sequence[float] | None, shape: Sequence[int] | None, image_shape: Sequence[int] | None
) -> PSF:
    """The PSF in words."""
    with as_asked():
        model, parameters = psf_models.parse(words)
        if (count := len(per_channel(words))) > 1:
            raise Refused(f"{words!r} means one PSF for each of {count} wavelengths; give one wavelength here")
        if shape is not None and "shape" in parameters:
            raise Refused(f"shape is given twice: --shape and in {words!r}")
        size = {} if shape is None else {"shape": shape}
        psf = psf_models.make(model, {**parameters, **size}, spacing=spacing, image_shape=image_shape)
    note_all([], assumed(model, parameters))
    return psf
