"""A result judged without the truth: against the image it was made from, the PSF, and the noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from ..camera import Camera
from ..operators import Blur, Boundary
from ..psf.type import PSF
from . import verdicts
from .fidelity import fidelity
from .flux import flux
from .given import Given, on_host
from .halves import split_photons
from .report import Report, Row
from .resolution import Resolution, agreement
from .ringing import ringing

MORE = 100  # steps to find out whether a result that does not explain its image would in the end
RIM = 8  # samples
PASSED = 0.01  # of the contrast

Restore = Callable[[NDArray[np.float32]], Any]


def assess(
    image: Any,
    result: Any,
    psf: PSF,
    *,
    mask: ArrayLike | None = None,
    camera: Camera | None = None,
    background: float | None = None,
    boundary: Boundary | None = None,
    restore: Restore | None = None,
    rng: np.random.Generator | None = None,
    frame: Sequence[int] | None = None,
) -> Report:
    """What can be said about a result: does it explain the image, keep the light, ring, resolve, amplify noise?

    Parameters
    ----------
    image : Image or array
        What was restored: counts.
    result : Image or array
        What came out. An `Image` of `run` brings background, boundary and camera along in its provenance.
    psf : PSF
        That of the frame judged.
    mask : array of bool, optional
        True where a pixel was ignored; as in `run`. Neither it nor saturated pixels count, nor hot ones if the recipe
        in the provenance ignored them: their places are taken by what the result predicts there.
    camera : Camera, optional
        Gain, offset and read noise; see `fidelity` and `split_photons`. By default what the provenance knows, else what
        `camera.estimate` finds in the image; the notes say which.
    background : float, optional
        Camera offset of the deconvolution; by default what the provenance says, else 0.
    boundary : {"extended", "reflect", "periodic"}, optional
        Likewise, else "extended".
    restore : callable, optional
        Array to array (or Image): the same deconvolution for another picture,
        ``lambda half: run(recipe, half, psf=psf)`` with a fixed number of iterations. It is called twice, with the two
        halves of the light, for the resolution after restoration and for the noise.
    rng : numpy.random.Generator, optional
        Divides the light; ``default_rng(0)`` if not given.
    frame : sequence of int, optional
        Index into the axes before those of the PSF (time, channel, and depth for a 2-D PSF); by default the first.

    Returns
    -------
    Report
        One line per question; ``print(report.table())``.

    Raises
    ------
    ValueError
        If image, result and PSF do not fit together, or the image is a gamma-encoded photograph.
    """
    given = Given.of(
        image, result, psf, mask=mask, camera=camera, background=background, boundary=boundary, frame=frame
    )
    y, x, H, camera, background = given.image, given.result, given.H, given.camera, given.background
    fit = fidelity(y, x, H, camera=camera, background=background)
    doubtful = fit.flagged > verdicts.UNEXPLAINED[0]
    goes_on = fidelity(y, x, H, camera=camera, background=background, steps=MORE).flagged if doubtful else None
    rims = ringing(x, spacing=given.spacing)
    reach = max(n // 2 for n in given.psf.shape)
    split = _Split.of(y, camera, background, restore, rng or np.random.default_rng(0), given)
    rows = (
        verdicts.explained(fit, goes_on),
        verdicts.fitted(fit),
        verdicts.kept(flux(y, x, background=background, border=reach), _held(H)),
        verdicts.border(*fit.border(RIM)),
        verdicts.rims(rims),
        *split.rows(),
    )
    return Report(
        rows,
        fit,
        rims,
        split.before,
        split.after,
        (*given.notes, *fit.notes, *split.notes),
    )


@dataclass(frozen=True, eq=False)
class _Split:
    """What two halves of the light say about the image, and about its restoration."""

    before: Resolution | None
    after: Resolution | None
    gain: float | None
    asked: bool
    passed: tuple[float, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        y: NDArray[Any],
        camera: Camera,
        background: float,
        restore: Restore | None,
        rng: np.random.Generator,
        given: Given,
    ) -> _Split:
        asked = restore is not None
        if camera.gain is None:
            return cls(None, None, None, asked, (), ("the gain is not known: photons cannot be divided; pass camera=",))
        if y.ndim == 1:
            return cls(None, None, None, asked, (), ())
        offset = background if camera.offset is None else camera.offset
        halves = split_photons(y, rng, camera=Camera(camera.gain, offset, camera.read_noise))
        before = agreement(halves, spacing=given.spacing)
        passed = _finest(given)
        if restore is None:
            return cls(before, None, None, asked, passed, before.notes)
        lowest = min(float(y.min()), 0.0)  # read noise must not make pixels negative that were not
        one, other = (on_host(restore(np.maximum(half, lowest))) for half in halves)
        amplified = float(np.std(one - other) / np.std(halves[0] - halves[1]))
        after = agreement((one, other), spacing=given.spacing, raw=False)
        return cls(before, after, amplified, asked, passed, before.notes)

    def rows(self) -> tuple[Row, ...]:
        """Resolution before and after, and the noise."""
        return (
            *verdicts.resolved(self.before, self.after, self.asked, self.passed),
            verdicts.amplified(self.gain, self.asked, self.before is not None),
        )


def _held(H: Blur) -> float:
    """Share of the light of a point in the middle of the view that the view holds."""
    seen = H.backend.to_host(H.crop(H.adjoint(H.backend.asarray(np.ones(H.out_shape), H.dtype))))
    return float(seen[tuple(n // 2 for n in H.out_shape)])


def _finest(given: Given) -> tuple[float, ...]:
    """The smallest period, lateral and axial, of which the PSF passes a share worth the name."""
    grid = tuple(2 * n for n in given.psf.shape)
    passed = np.abs(scipy.fft.fftn(given.psf.data, grid)) >= PASSED
    steps = given.spacing or (1.0,) * len(grid)
    lines = [scipy.fft.fftfreq(n, s) for n, s in zip(grid, steps, strict=True)]
    lateral = np.hypot(lines[-2][:, None], lines[-1])
    in_plane = passed[0] if passed.ndim == 3 else passed
    highest = [float(lateral[in_plane].max())]
    if passed.ndim == 3:
        highest.append(float(np.abs(lines[0])[passed.any(axis=(1, 2))].max()))
    return tuple(1 / f if f else math.inf for f in highest)
