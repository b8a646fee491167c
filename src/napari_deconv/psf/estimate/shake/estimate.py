"""The blur of a shaken camera, found in the photograph itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....backend import FFT, numpy_backend
from ...centring import trim
from ...type import PSF
from ..picture import grey
from ..type import Estimate
from .confidence import Verdict, judge
from .crop import best, halves
from .pyramid import climb, shrunk

SMALLEST, LARGEST = 15, 101  # pixels
FIRST_SIZES = (35, 71, LARGEST)  # tried in turn where none is given, until the kernel does not reach the border
SIDE = 512  # pixels; of a larger picture a part of this size and the kernel's is looked at
METHOD = (
    "Coarse to fine: the picture of fewest edges (Xu, Zheng and Jia 2013) and the kernel that blurs its edges into the "
    "recorded ones, in turn."
)

Array = NDArray[np.float32]
Tick = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Found:
    """A kernel, whether to believe it, and the rows and columns of the picture that showed it."""

    kernel: Array
    verdict: Verdict
    part: tuple[slice, slice]


def camera_shake(
    image: Any, size: int | None = None, *, progress: Callable[[int, int], None] | None = None
) -> Estimate:
    r"""The path that a shaken camera drew during the exposure, as a kernel of any shape.

    Kernel and sharp picture are found in turn, from a small copy of the picture to the full one [1]_: the sharp
    picture as the one of fewest edges that explains the recorded one, the kernel by least squares on the edges,
    without negative values, faint dust and separate crumbs. Edges must be there, strong and in several directions.
    All parts of the picture must be blurred alike: a camera that turned about its axis, or objects that moved on their
    own, are outside of what one kernel can say.

    Parameters
    ----------
    image : Image or array, shape (rows, columns)
        A photograph, or linear light of any scale; 96 x 96 pixels at least. Of a large one the window with the most
        edges is used: 512 pixels and the size of the kernel on a side; a note says which.
    size : int, optional
        Largest kernel looked for: an odd number of pixels from 15 to 101, at most a third of the picture's shorter
        side. By default 35 is tried, then 71 and 101 if the blur reaches the border of the kernel; a smaller blur is
        found nearly as well, but a larger size takes longer.
    progress : callable, optional
        ``progress(done, total)``; an exception raised there ends the work. The total grows when a larger size is tried.

    Returns
    -------
    Estimate
        ``psf`` (odd sizes, float32, not negative, sum 1, centre of mass within half a pixel of the centre); values
        "width", the root mean square distance from the centre in pixels. The confidence is the mean
        correlation of the kernel with those found in two halves of the picture at half size. Failure is declared where
        they disagree, where there is no blur to speak of or nothing but noise, and where it is larger than `size`.

    Raises
    ------
    ValueError
        If `image` is not a picture (`picture.grey`), or `size` is even, out of range or too large for it.

    Examples
    --------
    >>> camera_shake(np.random.default_rng(0).normal(size=(96, 96)), 15).ok
    False

    References
    ----------
    .. [1] L. Xu, S. Zheng, J. Jia, "Unnatural L0 sparse representation for natural image deblurring", CVPR 2013.
           S. Cho, S. Lee, "Fast motion deblurring", ACM Trans. Graph. 28(5), 145 (2009).
    """
    light = grey(image)
    work, fft = _Work(progress), numpy_backend().fft
    first, *larger = _attempts(size, light.shape)
    kept = found = _found(light, first, fft, work)
    while found.verdict.larger and larger:
        found = _found(light, larger.pop(0), fft, work)
        if found.verdict.larger or found.verdict.confidence > 0:
            kept = found
    return _estimate(kept, light.shape, kept is not found)


def _attempts(size: int | None, shape: tuple[int, ...]) -> list[int]:
    """The sizes to try, the given one checked."""
    largest = min(LARGEST, (min(shape) // 3 - 1) | 1)
    if size is None:
        return [n for n in FIRST_SIZES if n < largest] + [largest] if largest < LARGEST else list(FIRST_SIZES)
    whole = not isinstance(size, bool) and isinstance(size, int | np.integer)
    if not whole or size % 2 == 0 or not SMALLEST <= size <= LARGEST:
        raise ValueError(f"size is an odd number of pixels from {SMALLEST} to {LARGEST}, got {size!r}")
    if size > largest:
        raise ValueError(
            f"a kernel of {size} pixels cannot be found in a picture of {shape[0]} x {shape[1]}: its shorter side "
            f"must be three times the size; take size={largest} or less, or a larger picture"
        )
    return [int(size)]


class _Work:
    """Tells `progress` in thousandths how much is done of the attempts so far."""

    def __init__(self, progress: Callable[[int, int], None] | None) -> None:
        self.progress, self.done, self.total = progress, 0.0, 0

    def expect(self) -> None:
        """One more attempt."""
        self.done, self.total = float(self.total), self.total + 1000

    def part(self, share: float) -> Tick:
        """What is to be called with the progress of a part that is `share` of an attempt."""

        def tick(more: float) -> None:
            self.done += 1000 * share * more
            if self.progress is not None:
                self.progress(min(round(self.done), self.total), self.total)

        return tick


def _found(light: NDArray[np.float64], size: int, fft: FFT, work: _Work) -> Found:
    """The kernel of a picture, and what the two halves of it at half size say about it."""
    work.expect()
    part = best(light, SIDE + size)
    y = light[part]
    y = ((y - y.mean()) / (4 * y.std())).astype(np.float32)
    kernel = climb(y, size, fft, work.part(0.7))
    small = [climb(half, size // 2 | 1, fft, work.part(0.15)) for half in halves(shrunk(y, 0.5))]
    return Found(kernel, judge(y, kernel, small, fft), part)


def _estimate(found: Found, shape: tuple[int, ...], tried_larger: bool) -> Estimate:
    kernel, verdict, (rows, columns) = found.kernel, found.verdict, found.part
    notes = []
    if tried_larger:
        notes.append(
            "Larger kernels were looked for too, and none was found: if the motion was straight, estimate that."
        )
    if (rows.stop - rows.start, columns.stop - columns.start) != shape:
        notes.append(
            f"The part of the picture with the most edges was used: rows {rows.start} to {rows.stop - 1}, columns "
            f"{columns.start} to {columns.stop - 1}."
        )
    uncertainty = {"width": verdict.spread}
    info = {
        "model": "camera_shake",
        "parameters": {},
        "energy": 1.0,
        "estimated": True,
        "confidence": verdict.confidence,
        "failure": verdict.failure,
        "uncertainty": uncertainty,
    }
    psf = PSF(trim(kernel.astype(np.float64)).astype(np.float32), (1.0, 1.0), "px", info)
    return Estimate(
        psf, {"width": verdict.width}, uncertainty, verdict.confidence, verdict.failure, METHOD, tuple(notes)
    )
