"""Which detail of a picture is more than noise: before a deconvolution and after it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..camera import Camera
from .halves import split_photons
from .pictures import checked
from .ring_correlation import SHARED, Along, Correlation, Threshold, ring_correlation, shell_correlation

LEAST = 0.05  # correlation that is worth a word
BEYOND = 0.9  # of the Nyquist frequency: above it a well-sampled picture has noise alone


@dataclass(frozen=True, eq=False)
class Resolution:
    """The smallest periods that two independent halves of the light agree on.

    Parameters
    ----------
    lateral : float or None
        In the plane, `unit`; infinity if nothing agrees, None if agreement reaches the sampling limit.
    axial : float or None
        Along z, likewise; None as well for 2-D pictures.
    nyquist : tuple of float
        The smallest periods that the pixels can hold: (lateral,) or (lateral, axial).
    unit : {"um", "px"}
        Of these lengths.
    curves : tuple of Correlation
        Lateral, and axial for stacks.
    notes : tuple of str
        Why not to trust the numbers, one sentence each.
    """

    lateral: float | None
    axial: float | None
    nyquist: tuple[float, ...]
    unit: str
    curves: tuple[Correlation, ...]
    notes: tuple[str, ...]


def resolution(
    image: Any,
    rng: np.random.Generator,
    *,
    spacing: float | Sequence[float] | None = None,
    camera: Camera | None = None,
    restore: Callable[[NDArray[np.float32]], NDArray[Any]] | None = None,
    threshold: Threshold = "1/7",
) -> Resolution:
    """The resolution of one picture, found by dividing its photons into two; of its restoration with `restore`.

    What counts is whether a detail would be seen again by a second picture: signal against noise, not sharpness. A
    filter that is linear makes a picture sharper and leaves this number as it is.

    Parameters
    ----------
    image : array, 2-D or 3-D (ZYX)
        Counts as the camera gave them; see `split_photons`.
    rng : numpy.random.Generator
        Divides the photons.
    spacing : float or sequence of float, optional
        Micrometres per sample (z, y, x); without it lengths are in pixels.
    camera : Camera, optional
        Its gain matters: with one too large the halves share noise, and the curve ends above zero (a note says so).
    restore : callable, optional
        Array to array: how the picture is restored; applied to both halves. Without it: the picture as it is.
        A restored picture itself cannot be divided, because its noise is no longer one pixel's own.
    threshold : {"1/7", "half-bit", "2-sigma"}
        See `Correlation.threshold`. 1/7 for halves means a signal as strong as the noise in the whole picture.

    Raises
    ------
    ValueError
        If the image is not 2-D or 3-D, constant, too small, masked, or not finite.
    """
    data = checked(image, varied=True)
    halves = split_photons(data, rng, camera=camera)
    if restore is None:
        return agreement(halves, spacing=spacing, threshold=threshold)
    restored = [np.asarray(restore(half)) for half in halves]
    return agreement((restored[0], restored[1]), spacing=spacing, threshold=threshold, raw=False)


def agreement(
    pair: tuple[NDArray[Any], NDArray[Any]],
    *,
    spacing: float | Sequence[float] | None = None,
    threshold: Threshold = "1/7",
    raw: bool = True,
) -> Resolution:
    """The resolution of two pictures of one scene with independent noise: two halves of one, or two exposures.

    Parameters
    ----------
    pair : two arrays, 2-D or 3-D
        The pictures.
    spacing, threshold
        See `resolution`.
    raw : bool
        Whether they are as the camera gave them: then noise is expected, and looked for, at the highest frequencies.

    Raises
    ------
    ValueError
        As `ring_correlation`.
    """
    ndim = np.ndim(pair[0])
    if ndim not in (2, 3):
        raise ValueError(f"image has {ndim} axes {np.shape(pair[0])}; resolution needs a picture (YX) or a stack (ZYX)")
    steps = tuple(float(s) for s in np.broadcast_to(1.0 if spacing is None else np.asarray(spacing, float), (ndim,)))
    known = None if spacing is None else steps
    lateral = _along(pair, "lateral", known)
    axial = _along(pair, "axial", known) if ndim == 3 else None
    curves = (lateral,) if axial is None else (lateral, axial)
    return Resolution(
        lateral=lateral.resolution(threshold),
        axial=None if axial is None else axial.resolution(threshold),
        nyquist=(2 * max(steps[-2:]), 2 * steps[0])[: len(curves)],
        unit=lateral.unit,
        curves=curves,
        notes=_doubts(lateral) if raw else (),
    )


def _along(pair: Sequence[NDArray[Any]], along: Along, steps: tuple[float, ...] | None) -> Correlation:
    if pair[0].ndim == 2:
        return ring_correlation(pair[0], pair[1], spacing=steps)
    return shell_correlation(pair[0], pair[1], spacing=steps, along=along)


def _doubts(curve: Correlation) -> tuple[str, ...]:
    """Whether noise alone, at the highest frequencies, is as uncorrelated as independent halves must be."""
    high = curve.frequency >= BEYOND * curve.frequency[-1]
    weight = curve.samples[high]
    level = float(np.average(curve.correlation[high], weights=weight))
    chance = 4 * math.sqrt(2 * SHARED / float(weight.sum()))
    if level > max(chance, LEAST):
        return (
            f"the halves agree ({level:.2f}) up to the sampling limit: either the pixels are too coarse for the "
            "detail, or there is more noise than was assumed (a smaller gain, more read noise)",
        )
    if level < -max(chance, LEAST):
        return (
            f"the halves disagree ({level:.2f}) near the sampling limit: there is less noise than was assumed (a "
            "larger gain, or the image was averaged, interpolated or compressed)",
        )
    return ()
