"""What a caller may hand over as images of beads, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...arrays import as_image
from ...io.image import Image
from ..checks import per_axis

SAME = 1e-3  # relative difference of voxel sizes that is no difference
AGAIN = 3  # samples at the largest value are no chance
FEWEST = (3, 8, 8)  # samples along each axis in which a bead can be told from its surroundings
Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Stack:
    """One picture of beads.

    Parameters
    ----------
    values : array of float32, 2 or 3 axes
        Pixels; what was NaN or infinite is NaN.
    clipped : array of bool or None
        Where the camera had reached its end; None if nowhere.
    least : int
        How many clipped samples make a bead saturated.
    level : float
        Median of the pixels: the camera's offset, if beads are few.
    """

    values: Array
    clipped: NDArray[np.bool_] | None
    least: int
    level: float


def stacks_of(
    images: Any, spacing: Sequence[float] | None, saturation: float | None, notes: list[str]
) -> tuple[list[Stack], tuple[float, ...]]:
    """Stacks, and their common voxel size in micrometres.

    Raises
    ------
    ValueError
        If there is none, one is not a grey picture of 2 or 3 axes, is constant or not a number everywhere, or the
        voxel sizes are unknown or differ.
    """
    given = list(images) if isinstance(images, list | tuple) else [images]
    if not given:
        raise ValueError("no image was given; pass a stack with beads, or a list of stacks")
    pictures = [_spatial(image, _name(i, len(given))) for i, image in enumerate(given)]
    axes = {picture.data.ndim for picture in pictures}
    if len(axes) > 1:
        raise ValueError(
            f"the images have different numbers of axes ({sorted(axes)}); pass stacks or planes, not both together"
        )
    step = _common_spacing(pictures, spacing, notes)
    return [_stack(p.data, _name(i, len(given)), saturation) for i, p in enumerate(pictures)], step


def _name(index: int, count: int) -> str:
    return "image" if count == 1 else f"image {index}"


def _spatial(source: Any, name: str) -> Image:
    """The picture with axes ZYX or YX and nothing else."""
    if np.ma.is_masked(source):
        count = int(np.count_nonzero(np.ma.getmaskarray(source)))
        raise ValueError(f"{name} has {count} masked pixels; fill them with NaN: beads that touch them are left out")
    ndim = np.ndim(source.data if isinstance(source, Image) else source)
    if not isinstance(source, Image) and ndim not in (2, 3):
        raise ValueError(
            f"{name} has {ndim} axes; a stack (ZYX) or a plane (YX) of one channel is needed, or a list of them"
        )
    image = as_image(source, ndim).in_order()
    for letter in "TCS":
        if letter in image.axes:
            image = _without(image, letter, name)
    if image.axes == "ZYX" and image.data.shape[0] == 1:
        spacing = image.spacing[1:] if image.spacing else None
        image = Image(image.data[0], "YX", spacing, metadata=image.metadata)
    if image.axes not in ("ZYX", "YX"):
        raise ValueError(f"{name} has the axes {image.axes!r}; a stack (ZYX) or a plane (YX) is needed")
    return image


def _without(image: Image, letter: str, name: str) -> Image:
    """The picture without an axis that is not spatial and has one entry."""
    axis = image.axes.index(letter)
    count = image.data.shape[axis]
    if count > 1:
        what = {"T": "time points", "C": "channels", "S": "colours"}[letter]
        raise ValueError(f"{name} has {count} {what}; beads are measured in one, pass it alone")
    axes = image.axes.replace(letter, "")
    return Image(np.take(image.data, 0, axis), axes, image.spacing, metadata=image.metadata)


def _common_spacing(pictures: list[Image], spacing: Sequence[float] | None, notes: list[str]) -> tuple[float, ...]:
    """Micrometres per voxel, as given or as all images say."""
    ndim = pictures[0].data.ndim
    known = {i: p.spacing for i, p in enumerate(pictures) if p.spacing is not None}
    if spacing is not None:
        step = per_axis("spacing", spacing, (ndim,), unit="micrometres")
        if max(step) > 20:
            meant = ", ".join(f"{s / 1000:g}" for s in step)
            raise ValueError(f"spacing is in micrometres; did you mean ({meant})? got {step}")
        others = [f"image {i} says {s} um" for i, s in known.items() if not np.allclose(s, step, SAME)]
        notes.extend(f"voxel size {step} um as given; {other}" for other in others)
        return step
    missing = [i for i in range(len(pictures)) if i not in known]
    if missing:
        raise ValueError(
            f"the voxel size of image {missing[0]} is unknown and there is no default: give it in micrometres, "
            + ("e.g. spacing=(0.2, 0.065, 0.065)" if ndim == 3 else "e.g. spacing=(0.065, 0.065)")
        )
    first = known[0]
    for i, other in known.items():
        if not np.allclose(other, first, SAME):
            raise ValueError(
                f"the images have different voxel sizes: image 0 {first} um, image {i} {other} um; measure them "
                "apart, or give spacing= if one of the two is wrong"
            )
    return first


def _stack(data: NDArray[Any], name: str, saturation: float | None) -> Stack:
    """The picture as float32, its faults as NaN."""
    least = FEWEST[-data.ndim :]
    if any(n < m for n, m in zip(data.shape, least, strict=True)):
        raise ValueError(f"{name} has shape {data.shape}; beads need at least {least} samples")
    with np.errstate(over="ignore"):
        values = np.array(data, dtype=np.float32)
    good = np.isfinite(values)
    if not good.any():
        raise ValueError(f"{name} holds no finite number (NaN or infinite everywhere)")
    values[~good] = np.nan
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low == high:
        raise ValueError(f"{name} is constant ({low:g}), it shows no bead; is it the right channel?")
    if high - low > 1e30 or high - low < 1e-30:
        raise ValueError(f"{name} has values from {low:.3g} to {high:.3g}; scale them to a range near 1")
    thin = values.reshape(-1)[:: max(1, values.size // 2**20)]
    return Stack(values, _clipped(data, saturation), 2 if saturation is None else 1, float(np.nanmedian(thin)))


def _clipped(data: NDArray[Any], saturation: float | None) -> NDArray[np.bool_] | None:
    """Where the camera has reached its end: the level given, or the largest value if it occurs again and again.

    One sample at the largest value, even that of the dtype, is how a rescaled picture looks.
    """
    end = data[np.isfinite(data)].max() if saturation is None else saturation
    clipped: NDArray[np.bool_] = data >= end
    least = 1 if saturation is not None else AGAIN
    return clipped if np.count_nonzero(clipped) >= least else None
