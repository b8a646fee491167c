"""Which PSF belongs to which channel, brought onto the voxel grid of the image; everything done is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import psf as psf_models
from .arrays import as_image
from .io.image import Image
from .psf.sampling import SAME
from .psf.spelling import assumed, per_channel
from .psf.type import PSF, check_kernel
from .recipe import PSFName, Recipe

Given = PSF | str | ArrayLike | Sequence[PSF | str | ArrayLike] | None
Spacing = tuple[float, ...] | None


@dataclass
class Match:
    """An image with axes, one PSF or one per channel on its voxel grid, and what was done to get there."""

    image: Image
    psfs: list[PSF]
    names: tuple[str | PSFName, ...]
    notes: list[str]


def match(recipe: Recipe, image: Any, given: Given) -> Match:
    """Image and PSFs of a recipe, fitted to each other.

    Raises
    ------
    ValueError
        If there is no PSF, the numbers of axes or channels do not fit, or a voxel size that is needed is
        unknown.
    """
    notes: list[str] = []
    if recipe.method == "learned_blind":
        return _without(recipe, image, given)
    found = _named(recipe) if given is None else _handed_over(given, recipe, notes)
    ndim = _axes_of(found[0], recipe, image)
    source = as_image(image, ndim, recipe.channel_axis, len(found))
    source, spacing = _with_spacing(source, recipe.spacing, ndim, notes)
    shape = source.spatial_shape[-ndim:]
    psfs = [one if isinstance(one, PSF) else _made(one, spacing, shape, notes) for one in found]
    if len({p.ndim for p in psfs}) > 1:
        raise ValueError(f"the PSFs of the channels have different numbers of axes: {[p.shape for p in psfs]}")
    _check_channels(len(psfs), source)
    names = _names(found, recipe)
    for psf, name in zip(psfs, names, strict=True):
        called = name if isinstance(name, str) else name.file or name.name
        notes += [f"psf {called}: {repair}" for repair in psf.info.get("repairs", ())]
    return Match(source, [_on_grid(p, spacing, notes) for p in psfs], names, notes)


def _without(recipe: Recipe, image: Any, given: Given) -> Match:
    """An image whose blur is not known: planes, and a PSF that blurs nothing."""
    if given is not None or recipe.psf is not None:
        raise ValueError("method 'learned_blind' takes no PSF; with one, 'learned' is the better method")
    source = as_image(image, 2, recipe.channel_axis)
    source, _ = _with_spacing(source, recipe.spacing, 2, [])
    return Match(source, [PSF(np.ones((1, 1), np.float32), (1.0, 1.0))], (PSFName(name="none"),), [])


def _named(recipe: Recipe) -> list[PSF | str]:
    """The PSFs that the recipe names: words, or files in the recipe's folder."""
    if recipe.psf is None:
        raise ValueError(
            "no PSF: pass psf=, or name one in the recipe, e.g. psf: 'widefield:na=1.4,wavelength=0.52,ri=1.515'"
        )
    names = recipe.psf if isinstance(recipe.psf, tuple) else (recipe.psf,)
    return _one_each([name if isinstance(name, str) else _from_folder(name, recipe) for name in names])


def _one_each(psfs: list[PSF | str]) -> list[PSF | str]:
    """Words that name several wavelengths stand for one PSF each."""
    return [one for psf in psfs for one in (per_channel(psf) if isinstance(psf, str) else [psf])]


def _made(words: str, spacing: Spacing, shape: tuple[int, ...], notes: list[str]) -> PSF:
    """The PSF in words, for an image of that voxel size and shape."""
    model, parameters = psf_models.parse(words)
    psf = psf_models.make(model, parameters, spacing=spacing, image_shape=shape)
    notes += [note for note in assumed(model, parameters) if note not in notes]
    if model == "gaussian" and psf.unit == "um":
        samples = " x ".join(f"{sigma:.3g}" for sigma in psf.info["sigma_samples"])
        notes.append(f"{words!r}: sigma was taken in micrometres, as the voxel size is known: {samples} voxels")
    return psf


def _from_folder(name: PSFName, recipe: Recipe) -> PSF:
    if name.file is None:
        raise ValueError(
            f"the recipe's PSF {name.name or ''!r} was handed over as an array or layer; pass it again: psf="
        )
    if recipe.folder is None:
        raise ValueError(
            f"this recipe may not open the PSF file {name.file!r} by itself; pass it: psf= or --psf {name.file}"
        )
    path = (recipe.folder / name.file).resolve()
    if not path.is_relative_to(recipe.folder):
        raise ValueError(f"psf file {name.file!r} leads out of the recipe's folder; pass it yourself: psf= or --psf")
    psf = psf_models.from_file(path)
    _check_hash(psf, name)
    return psf


def _check_hash(psf: PSF, name: PSFName) -> None:
    if name.sha256 is not None and psf.sha256 != name.sha256:
        raise ValueError(
            f"psf {name.file or name.name!r} is not the one of the recipe: SHA-256 {psf.sha256[:12]}…, "
            f"expected {name.sha256[:12]}…; "
            "find the original, or remove sha256 from the recipe"
        )


def _handed_over(given: Any, recipe: Recipe, notes: list[str]) -> list[PSF | str]:
    """PSFs passed by the caller; a list (not an array) means one per channel."""
    several = isinstance(given, list | tuple) and bool(given)
    several = several and (isinstance(given[0], PSF | str) or np.ndim(given[0]) > 1)
    found = _one_each([one if isinstance(one, str) else _as_psf(one, notes) for one in (given if several else [given])])
    names = recipe.psf if isinstance(recipe.psf, tuple) else (recipe.psf,)
    for psf, name in zip(found, names, strict=False):
        if isinstance(name, PSFName) and isinstance(psf, PSF):
            _check_hash(psf, name)
    return found


def _as_psf(given: Any, notes: list[str]) -> PSF:
    """A PSF from an array: used as it is, but for its sum."""
    if isinstance(given, PSF):
        return given
    if isinstance(given, Path):
        raise ValueError(f"psf is the path {str(given)!r}; read it first: psf.from_file(path)")
    kernel = given.get() if hasattr(given, "get") and not isinstance(given, dict) else np.asarray(given)
    if kernel.dtype.kind not in "biuf":
        raise ValueError(
            f"psf holds values of dtype {kernel.dtype}; a kernel of real numbers is needed, not a transfer function"
        )
    kernel = kernel.astype(np.float64)
    check_kernel(kernel)
    peak = kernel.max()
    if not peak > 0:
        raise ValueError(f"psf of shape {kernel.shape} is zero everywhere; a kernel has at least one positive value")
    total = kernel.sum() if np.isfinite(kernel.sum()) else np.inf
    if abs(total - 1) > 1e-3:
        notes.append(f"psf summed to {total:.6g} and was normalised to 1")
    kernel /= peak
    notes += _off_centre(kernel)
    return PSF((kernel / kernel.sum()).astype(np.float32), (1.0,) * kernel.ndim)


def _off_centre(kernel: np.ndarray[Any, Any]) -> list[str]:
    """A sentence if neither the maximum nor the centre of mass is near n // 2."""
    centre = np.array(kernel.shape) // 2
    peak = np.array(np.unravel_index(int(kernel.argmax()), kernel.shape))
    grid = np.indices(kernel.shape).reshape(kernel.ndim, -1)
    mass = grid @ kernel.ravel() / kernel.sum()
    far = [float(np.abs(p - centre).max()) for p in (peak, mass)]
    wrapped = kernel.flat[0] == 1 > kernel[tuple(centre)]  # centred at index 0, as FFTs like it: its mass is at n // 2
    if min(far) <= 1 and not wrapped:
        return []
    return [
        f"psf is not centred: its maximum is at {tuple(map(int, peak))}, n // 2 is {tuple(map(int, centre))}, "
        "so the result is displaced; psf.from_array(psf) centres it"
    ]


def _names(found: list[PSF | str], recipe: Recipe) -> tuple[str | PSFName, ...]:
    """What a recipe says to find these PSFs again: words as they are, everything else by name and SHA-256."""
    asked = recipe.psf if isinstance(recipe.psf, tuple) else (recipe.psf,) * len(found)
    asked = (*asked, *(None,) * (len(found) - len(asked)))
    named: list[str | PSFName] = []
    for one, before in zip(found, asked, strict=False):
        if isinstance(one, str):
            named.append(one)
        else:
            known = before if isinstance(before, PSFName) else PSFName(name=str(one.info.get("name") or "array"))
            named.append(known.model_copy(update={"sha256": one.sha256}))
    return tuple(named)


def _axes_of(first: PSF | str, recipe: Recipe, image: Any) -> int:
    """Number of axes of the PSF; for a model, as many as it has or the image has spatial ones."""
    if isinstance(first, PSF):
        return first.ndim
    model, _ = psf_models.parse(first)
    if not {"spacing", "image_shape"} & set(signature(psf_models.MODELS[model]).parameters):
        return 2  # a model of photographs
    if recipe.spacing is not None:
        return len(recipe.spacing)
    if isinstance(image, Image):
        return image.spatial_ndim
    return min(3, np.ndim(image) - (recipe.channel_axis is not None))


def _with_spacing(source: Image, given: Spacing, ndim: int, notes: list[str]) -> tuple[Image, Spacing]:
    """The image with the voxel size that was given, if it was, and that of the PSF's axes."""
    known = source.spacing
    if given is None:
        return source, None if known is None else known[-ndim:]
    if len(given) not in (ndim, source.spatial_ndim):
        raise ValueError(
            f"spacing {given} has {len(given)} numbers, the image has the spatial axes {source.spatial_axes}"
        )
    whole = given if len(given) == source.spatial_ndim else None if known is None else (*known[:-ndim], *given)
    if known is not None and whole is not None and not np.allclose(whole, known, rtol=SAME):
        notes.append(f"the voxel size given, {_um(whole)}, is used instead of the image's {_um(known)}")
    return Image(source.data, source.axes, whole, source.encoding, source.metadata), given[-ndim:]


def _check_channels(count: int, source: Image) -> None:
    """One PSF for all, or one for each channel."""
    channels = next((n for a, n in zip(source.axes, source.data.shape, strict=True) if a in "CS"), None)
    if count > 1 and count != channels:
        raise ValueError(
            f"{count} PSFs were given, the image ({source.axes} {source.data.shape}) has {channels or 'no'} channels"
        )


def _on_grid(psf: PSF, spacing: tuple[float, ...] | None, notes: list[str]) -> PSF:
    """The PSF with the voxel size of the image."""
    if psf.unit == "px":
        if spacing is not None and "repairs" in psf.info:
            notes.append("the voxel size of the PSF is unknown; it was taken to be the image's")
        return psf
    if spacing is None:
        raise ValueError(
            f"the PSF has a voxel size {psf.spacing} um but the image's is unknown; "
            "give spacing=(z, y, x) in micrometres (shell: --spacing)"
        )
    if np.allclose(psf.spacing, spacing, rtol=SAME):
        return psf
    resampled = psf_models.resample(psf, spacing)
    notes.append(f"psf resampled from {_um(psf.spacing)} to the image's {_um(spacing)}")
    return resampled


def _um(spacing: tuple[float, ...]) -> str:
    return " x ".join(f"{s:.4g}" for s in spacing) + " um"
