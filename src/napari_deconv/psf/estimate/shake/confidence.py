"""How far a kernel found in a picture is to be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....backend import FFT
from ....balance import detail_noise
from .cleanup import centre
from .pyramid import shrunk

NARROW = 1.2  # pixels root mean square: the width that a sharp picture's kernel may have
CUT = 0.02  # of the light in the outermost pixels of the array: the kernel goes on outside
NOISY = 0.75  # standard deviation of the noise over that of the picture
AGREED = 0.65  # correlation

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Verdict:
    """What is known about a kernel: its width, how uncertain that is, and whether it is to be believed."""

    width: float
    spread: float
    confidence: float
    failure: str
    larger: bool


def judge(y: Array, kernel: Array, halves: Sequence[Array], fft: FFT) -> Verdict:
    """The verdict on the kernel of a picture, from both and the kernels of two halves of the picture at half its size.

    The confidence is the mean correlation of the kernel with those of the halves. Failure is declared when even the
    better half disagrees, when the kernel is not wider than that of a sharp picture, when it reaches the border,
    and when the picture is little but noise.
    """
    small = shrunk(np.pad(kernel, 4), 0.5)
    agreed = [agreement(small, half, fft) for half in halves]
    widths = [2 * width(half) for half in halves]
    spread = float(np.std([width(kernel), *widths]))
    larger = at_border(kernel) > CUT
    noise = detail_noise(y, np) / float(y.std())
    failure = _hopeless(noise, width(kernel), larger, kernel.shape[0]) or _unsteady(width(kernel), spread)
    confidence = 0.0 if failure else float(np.clip(np.mean(agreed), 0, 1))
    failure = failure or _disagreement(max(agreed))
    return Verdict(width(kernel), spread, confidence, failure, larger)


def _hopeless(noise: float, wide: float, larger: bool, size: int) -> str:
    """Why the kernel means nothing; empty if it may mean something."""
    if noise > NOISY:
        return f"The picture is little but noise ({noise:.0%} of its contrast): no edge in it shows a blur."
    if wide < NARROW:
        return "No camera shake was found: the picture is sharp, or it has no strong edges that show a blur."
    if larger:
        return f"The blur is larger than {size} pixels: it reaches the border of the kernel; try a larger size."
    return ""


def _unsteady(wide: float, spread: float) -> str:
    if spread <= wide:
        return ""
    return (
        f"No blur is certain: its width is {wide:.1f} pixels in the whole picture and {spread:.1f} apart in its halves."
    )


def _disagreement(best: float) -> str:
    if best >= AGREED:
        return ""
    return (
        f"The two halves of the picture do not show the blur of the whole (correlation {best:.2f} at best): it has too "
        "few strong edges, too much noise, or is not blurred alike everywhere."
    )


def agreement(a: Array, b: Array, fft: FFT) -> float:
    """Correlation, 0 to 1, of two kernels at the shift where it is largest."""
    n = fft.fast_size(max(a.shape) + max(b.shape))
    spectra = [fft.rfftn(np.pad(k, [(0, n - m) for m in k.shape])) for k in (a, b)]
    product = float(fft.irfftn(spectra[0] * np.conj(spectra[1]), (n, n)).max())
    return product / float(np.sqrt((a**2).sum() * (b**2).sum()))


def width(kernel: Array) -> float:
    """Root mean square distance from the centre of mass, samples."""
    rows, columns = (np.arange(n) - c for n, c in zip(kernel.shape, centre(kernel), strict=True))
    return float(np.sqrt((kernel * (rows[:, None] ** 2 + columns**2)).sum(dtype=np.float64)))


def at_border(kernel: Array) -> float:
    """Share of the kernel in the outermost samples of its array."""
    return 1 - float(kernel[1:-1, 1:-1].sum(dtype=np.float64))
