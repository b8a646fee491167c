"""From stacks of beads to a PSF."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...backend import host_free_bytes
from ..checks import finite, number
from .candidates import candidates, checked_points
from .crop import chosen
from .pile import aligned, averaged, unlike
from .progress import Progress, Steps
from .reject import Spot, boxed
from .result import result_of, told
from .stack import stacks_of
from .type import Beads, counted


def measure(
    images: Any,
    *,
    points: Any = None,
    spacing: Sequence[float] | None = None,
    diameter: float | None = None,
    radial: bool = False,
    crop: Sequence[float] | None = None,
    saturation: float | None = None,
    threshold: float = 0.1,
    min_distance: float | None = None,
    min_snr: float = 8.0,
    min_r2: float = 0.8,
    progress: Progress | None = None,
) -> Beads:
    """The PSF of a microscope from pictures of small beads.

    Beads are found or pointed at, bad ones are rejected with the reason, the others are brought onto one grid,
    averaged robustly, freed from their background and, if their diameter is given, from their size.

    *Alignment*: first the centre of a Gaussian fitted to each bead; then, in up to five rounds, the least squares shift
    to the average, with a quintic spline between the samples. *Average*: heights set to 1, weighted with the heights,
    samples more than four standard deviations off the median left out; what the spline takes from the highest
    frequencies is given back. *Background*: level far from the bead in the planes of its focus, where the rings of the
    PSF are allowed for; planes with more light than those nearer to focus are evened. *Noise*: never clipped at zero,
    see `clean.faint_light`. *Diameter*: Richardson-Lucy with a ball of that size on a finer grid.
    *Widths*: through the centre of the result, by a cubic spline between the samples; their errors by drawing the beads
    again (bootstrap), or from the fit if there are fewer than three.

    Parameters
    ----------
    images : array, Image, or list of them
        Stacks (ZYX) or planes (YX) of one channel, any real dtype, all with the same voxel size.
    points : array, shape (n, 3) or (n, 2), or list of them, optional
        Beads to measure, in voxels, one array for each image. Each is moved to the spot nearest to it. By default
        `find` looks for them.
    spacing : sequence of float, optional
        Micrometres per voxel, ZYX or YX order. Overrules what an Image says; needed if one says nothing.
    diameter : float, optional
        Of the beads, micrometres. By default their size stays in the PSF.
    radial : bool
        Average over all angles about the optical axis.
    crop : sequence of float, optional
        Size of the PSF in micrometres. By default it follows from the width of the beads and, where they
        are crowded or near the borders, from the room around them.
    saturation : float, optional
        Value at which the camera ends. Without it a bead is clipped if it has a flat top, or more than one sample at
        the largest value of an image that has several.
    threshold, min_distance
        As for `find`.
    min_snr : float
        Height over noise that a bead needs.
    min_r2 : float
        Share of its variance that a Gaussian must explain, 0 to 1.
    progress : callable, optional
        Called with (done, total); an exception that it raises ends the work and is passed on.

    Returns
    -------
    Beads
        The PSF, every bead with its fate, widths with errors, and notes on what was done.

    Raises
    ------
    ValueError
        If an image is not what is described above, a number is out of range, or no bead is left; the message
        tells how many were rejected for which reason.

    References
    ----------
    .. [1] R. W. Cole, T. Jinadasa, C. M. Brown, Nat. Protoc. 6, 1929 (2011): measuring PSFs with beads.
    .. [2] J. L. Anderson, I. R. King, Publ. Astron. Soc. Pac. 112, 1360 (2000): effective PSFs.
    """
    notes: list[str] = []
    _check_numbers(diameter, saturation, threshold, min_snr, min_r2)
    steps = Steps(progress)
    stacks, step = stacks_of(images, spacing, saturation, notes)
    asked = None if points is None else checked_points(points, stacks)
    spots, width = candidates(stacks, step, asked, (threshold, min_distance, min_snr, min_r2), steps)
    half = chosen(spots, stacks, step, width, crop, notes)
    spots = _affordable(boxed(spots, stacks, half), half, notes)
    _refuse_none(spots, step)
    spots, matches = aligned(spots, stacks, width, steps)
    pile = averaged(unlike(spots, matches), stacks, half, step, width, steps)
    return result_of(pile, step, width, diameter, radial, notes, steps)


def _check_numbers(
    diameter: float | None, saturation: float | None, threshold: float, min_snr: float, min_r2: float
) -> None:
    if diameter is not None:
        found = number("diameter", diameter, unit="micrometres")
        if found > 20:
            raise ValueError(f"diameter is in micrometres; did you mean {found / 1000:g}? got {found:g}")
    if saturation is not None:
        finite("saturation", saturation, "None or a number, in the units of the image")
    if not 0 <= number("threshold", threshold, positive=False) <= 1:
        raise ValueError(f"threshold is a share of the typical bead's brightness, 0 to 1, got {threshold!r}")
    number("min_snr", min_snr, positive=False)
    if not 0 <= number("min_r2", min_r2, positive=False) <= 1:
        raise ValueError(f"min_r2 is a share, 0 to 1, got {min_r2!r}")


def _affordable(spots: list[Spot], half: tuple[int, ...], notes: list[str]) -> list[Spot]:
    """The spots, the dimmest of them left out if memory does not hold the boxes of all."""
    one = 4 * math.prod(2 * h + 1 for h in half)
    room = max(1, host_free_bytes() // 3 // one)
    heights = {i: s.fit.height for i, s in enumerate(spots) if not s.reason and s.fit is not None}
    if len(heights) <= room:
        return spots
    kept = set(sorted(heights, key=lambda i: -heights[i])[:room])
    notes.append(f"memory holds {room} boxes: the brightest of {len(heights)} good beads were taken")
    return [
        replace(s, reason="not needed: memory is full") if i in heights and i not in kept else s
        for i, s in enumerate(spots)
    ]


REMEDIES = {
    "saturated": "record with less light or exposure",
    "crowded": "dilute the beads, or give a smaller crop=",
    "edge": "give a smaller crop=, or record a deeper or wider stack",
    "dim": "record with more light, or lower min_snr=",
    "badly fitted": "lower min_r2=, or check that these are beads",
    "odd width": "most beads are of different width: are they clusters?",
    "not finite": "replace NaN in the image",
    "unlike the others": "are these beads of one kind?",
    "duplicate": "give every bead one point",
}


def _refuse_none(spots: list[Spot], spacing: tuple[float, ...]) -> None:
    """The ValueError for beads of which none can be used."""
    if any(not s.reason for s in spots):
        return
    counts = counted(told(spots))
    if not counts:
        raise ValueError("no bead was found; lower threshold=, or give points=")
    listed = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    remedies = "; ".join(f"{kind}: {REMEDIES[kind]}" for kind in counts if kind in REMEDIES)
    voxel = ", ".join(f"{s:g}" for s in spacing)
    raise ValueError(f"no bead can be used of {sum(counts.values())} ({listed}; voxels of ({voxel}) um). {remedies}")
