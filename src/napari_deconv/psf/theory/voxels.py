"""A PSF from the light around a focus: the same steps for every microscope."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import per_axis, whole_shape
from ..type import PSF
from .band_limit import pixel_filter
from .energy import box, check_share, lateral_shape, limits, total
from .focus import Focus
from .optics import Optics, refuse_nanometres
from .pixels import plane_sums, quadrant, unfold

FAR = 4  # axial periods on either side of an endless focus, where no image says how many planes matter

Array = NDArray[np.float64]


def checked_spacing(spacing: Sequence[float], optics: Optics) -> tuple[float, ...]:
    """Micrometres per sample, two or three."""
    step = per_axis("spacing", spacing, (2, 3), unit="micrometres")
    refuse_nanometres(step, optics)
    return step


def microscope_psf(
    model: str,
    focus: Focus,
    middle: float,
    words: dict[str, Any],
    spacing: tuple[float, ...],
    shape: Sequence[int] | None,
    image_shape: Sequence[int] | None,
    energy: float,
) -> PSF:
    """The PSF of a focus, integrated over the pixel, with the stage position `middle` at ``n // 2``.

    Parameters
    ----------
    model : str
        For `info`.
    focus : Focus
        Light around the focus.
    middle : float
        Micrometres.
    words : dict
        Parameters for `info`.
    spacing : tuple of float
        Checked.
    shape, image_shape, energy
        As the models have them.

    Returns
    -------
    PSF

    Raises
    ------
    ValueError
        If a size or the energy is not what it should be.
    """
    if shape is None:
        shape = _default_shape(focus, middle, spacing, image_shape, check_share(energy))
    sizes = whole_shape("shape", shape, len(spacing))
    planes = (*sizes[:-2], 1)[0]
    z: Array = middle + spacing[0] * (np.arange(planes, dtype=np.float64) - planes // 2)
    if focus.density is None:
        data, held = _round_voxels(focus, middle, z, sizes[-2:], spacing)
    else:
        data, held = _voxels(focus, z, sizes[-2:], spacing)
    nyquist = focus.nyquist[3 - len(spacing) :]
    notes = _sampling_notes(spacing, nyquist)
    info = {
        "model": model,
        "parameters": {**words, "spacing": list(spacing), "shape": list(sizes)},
        "focus_shift": middle,
        **_energies(focus, middle, z, held, spacing, sizes),
        "nyquist": list(nyquist),
        "notes": notes,
    }
    for note in notes:
        warnings.warn(note, UserWarning, stacklevel=3)
    return PSF(data.reshape(sizes), spacing, "um", info)


def _default_shape(
    focus: Focus, middle: float, spacing: tuple[float, ...], image_shape: Sequence[int] | None, energy: float
) -> tuple[int, ...]:
    """Odd sizes that hold the energy, no larger than an image can feel; for an endless focus 2 Z - 1 planes."""
    most = limits(image_shape, len(spacing))
    if len(spacing) == 2:
        return lateral_shape(focus, middle, spacing, energy, most)
    if focus.endless:
        planes = 2 * int(np.ceil(FAR / (focus.axial * spacing[0]) - 0.5)) + 1 if image_shape is None else int(most[0])
        return (planes, *lateral_shape(focus, middle, spacing, energy, most))
    return box(focus, middle, spacing, energy, most)


def _round_voxels(
    focus: Focus, middle: float, z: Array, lateral: tuple[int, ...], spacing: tuple[float, ...]
) -> tuple[NDArray[np.float32], Array]:
    """Values that sum to 1, and the light of each plane inside."""
    planes = len(z)
    looked = z[planes // 2 :: -1] if focus.symmetric else z  # downwards, where an even count has one more
    part = np.maximum(quadrant(focus.intensity, looked, lateral, spacing[-2:], focus.period), 0)
    if focus.symmetric:
        part = part[np.abs(np.arange(planes) - planes // 2)]
    held = plane_sums(part, lateral)
    return unfold((part / held.sum()).astype(np.float32), lateral), held


def _voxels(
    focus: Focus, z: Array, lateral: tuple[int, ...], spacing: tuple[float, ...]
) -> tuple[NDArray[np.float32], Array]:
    """The same for a focus that is not round."""
    assert focus.density is not None
    (y, rows), (x, columns) = (pixel_filter(n, s, focus.lateral) for n, s in zip(lateral, spacing[-2:], strict=True))
    area = spacing[-2] * spacing[-1]
    data = np.maximum(rows @ focus.density(z, y, x) @ columns.T, 0) * area
    return (data / data.sum()).astype(np.float32), data.sum(axis=(1, 2))


def _energies(
    focus: Focus, middle: float, z: Array, held: Array, spacing: tuple[float, ...], sizes: tuple[int, ...]
) -> dict[str, Any]:
    """What `info` says of the light inside: all of it, and plane by plane where the whole of a plane is known."""
    found: dict[str, Any] = {}
    if focus.flux is not None:
        found["energy_per_plane"] = [float(h) for h in held / np.maximum(focus.flux(z), 1e-30)]
    if focus.endless:
        return {"energy": found["energy_per_plane"][len(z) // 2], **found}
    everything = total(focus, middle, spacing)
    inside = float(held.sum())
    if (
        focus.density is not None and focus.flux is None
    ):  # what lies outside is taken from the focus without aberrations
        ideal = _round_voxels(focus, middle, z, sizes[-2:], spacing)[1].sum()
        everything = inside + max(0.0, everything - float(ideal))
    return {"energy": min(1.0, inside / everything), **found}


def _sampling_notes(spacing: tuple[float, ...], nyquist: tuple[float, ...]) -> list[str]:
    """A sentence if the voxels are larger than Nyquist's."""
    if all(s <= 1.01 * limit for s, limit in zip(spacing, nyquist, strict=True)):
        return []
    have, need = (", ".join(f"{s:.3g}" for s in values) for values in (spacing, nyquist))
    return [f"voxels of ({have}) um are larger than Nyquist's ({need}) um for this microscope; detail is lost"]
