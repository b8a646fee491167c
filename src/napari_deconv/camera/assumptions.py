"""What must hold before the noise of an image says anything about its camera."""

from __future__ import annotations

import numpy as np

from .photon_transfer import Line
from .pixels import Array

ALIKE = (0.85, 1.10)  # noise at lower spatial frequencies over that at the highest; 1 is white
WHITE = 0.5  # least share of windows whose residuals are white
EDGES = (0.08, 4.0)  # jump at the edges of JPEG's blocks beyond that inside: relative, in standard errors
ROUNDED = 0.5  # least noise, in steps of the grey values
CONTRAST = 0.2  # least range of brightness, in standard deviations of the noise, along which it can be seen to grow
CURVED = 0.3  # largest departure from the line, relative
UNCERTAIN = 0.12  # largest standard deviation of the gain, relative


def not_camera_noise(plane: Array, line: Line, step: float) -> str:
    """Why the residuals are not the noise of pixels that were read out one by one; empty if they are.

    Parameters
    ----------
    plane : array, YX
        A plane of the image.
    line : Line
        Its photon transfer, in the same unit.
    step : float
        Between neighbouring grey values; 0 for a continuum.
    """
    noise = float(np.sqrt(np.max(line.bins.variance)))
    if in_blocks(plane) and in_blocks(plane.T):
        return "the image shows the 8 x 8 blocks of JPEG compression, which removes noise"
    if noise < ROUNDED * step:
        return f"the grey values are {step / max(noise, 1e-300):.2g} times as far apart as the noise is large"
    alike = coarse_to_fine(line)
    if not alike <= ALIKE[1] or np.average(line.white, weights=line.bins.windows) < WHITE:
        return (
            "neighbouring pixels are more alike than a camera makes them: interpolated, denoised or compressed, "
            "or structure as fine as the pixels"
        )
    if alike < ALIKE[0]:
        return "neighbouring pixels differ more than a camera makes them: sharpened, or median-filtered"
    return ""


def not_on_a_line(line: Line) -> str:
    """Why the noise does not follow from photons and read noise, or not certainly; empty if it does."""
    slope, error = line.slope, relative_error(line)
    if slope <= 0 or error > 1:
        if np.ptp(line.bins.level) <= CONTRAST * np.sqrt(np.mean(line.bins.variance)):
            return "the image has no range of brightness along which its noise could be seen to grow"
        return "the noise does not grow with the brightness: gamma-encoded, or too little light"
    if error > UNCERTAIN:
        return f"the gain is uncertain by {error:.0%}: too few flat patches, or too little range of brightness"
    off = departure(line)
    if off > CURVED:
        return f"the noise does not grow along a line, but is {off:.0%} off it: gamma-encoded, or processed"
    return ""


def in_blocks(plane: Array) -> bool:
    """Whether every eighth step along the rows is larger than all others but its neighbours."""
    jump = np.abs(plane[:, 3:] - 3 * plane[:, 2:-1] + 3 * plane[:, 1:-2] - plane[:, :-3]).mean(0)
    blocks = jump[: jump.size // 8 * 8].reshape(-1, 8)
    usual = np.median(blocks, axis=1, keepdims=True)
    if len(blocks) < 4 or not usual.all():
        return False
    ratios = blocks / usual
    ratios = np.roll(ratios, -int(ratios.mean(0).argmax()), axis=1)
    beyond = ratios[:, 0] - ratios[:, 2 + int(ratios[:, 2:7].mean(0).argmax())]
    return bool(beyond.mean() > max(EDGES[0], EDGES[1] * beyond.std(ddof=1) / np.sqrt(len(beyond))))


def coarse_to_fine(line: Line) -> float:
    """Power of the residuals at lower over that at the highest frequencies, where a quarter of the windows has less."""
    bins = line.bins
    some = bins.variance > 0
    if not some.any():
        return float("inf")
    ratios, share = bins.coarse[some] / bins.variance[some], bins.windows[some] / bins.windows[some].sum()
    order = np.argsort(ratios)
    at = order[int(np.searchsorted(np.cumsum(share[order]), 0.25))]
    slack = 2 * float(bins.error[some][at] / bins.variance[some][at])
    return float(ratios[at] - np.clip(ratios[at] - 1, -slack, slack))


def relative_error(line: Line) -> float:
    """Standard deviation of the slope over the slope; larger where the bins scatter more than they should."""
    if line.slope <= 0:
        return float("inf")
    return line.error(line.replicas[:, 0]) / line.slope * scatter(line)


def scatter(line: Line) -> float:
    """Root mean square of the distances from the line in standard errors, at least 1."""
    use = line.white & (line.bins.error > 0)
    if use.sum() <= 2:
        return 1.0
    distance = (line.bins.variance - line.variance(line.bins.level))[use] / line.bins.error[use]
    return max(1.0, float(np.sqrt(np.sum(distance**2) / (use.sum() - 2))))


def departure(line: Line) -> float:
    """Root mean square of the relative distances from the line that their standard errors do not explain."""
    expected = line.variance(line.bins.level)
    use = line.white & (expected > 0)
    distance = ((line.bins.variance - expected)[use] / expected[use]) ** 2
    excess = distance - (line.bins.error[use] / expected[use]) ** 2
    return float(np.sqrt(max(0.0, excess.mean()))) if use.any() else float("inf")
