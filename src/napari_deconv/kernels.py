"""The pointwise arithmetic of one step: formulas for blocks in the cache, and beside each its fused twin for CUDA.

Every function works on NumPy, CuPy and array-API arrays of float32 or float64; on CuPy arrays the twin runs in one
kernel. Arguments said to change are changed in place.
"""

from __future__ import annotations

import functools
import importlib
import math
from typing import Any

from .backend import Array, is_cupy

TINY = 1e-30


def expected(prediction: Array, background: Array | float, floor: float, xp: Any) -> Array:
    """``max(prediction + background, floor)``; the prediction may change."""
    if is_cupy(prediction):
        _fused("T background, T floor", "T m", "m = max(m + background, floor)")(background, floor, prediction)
        return prediction
    prediction += background
    return xp.clip(prediction, floor, math.inf)  # NumPy's maximum of an array and a number takes twice as long


def compare(y: Array, prediction: Array, xp: Any) -> tuple[Array, Any]:
    """The ratio y / m of pixels and their prediction m > 0, and their divergence; the prediction may change.

    The divergence is the sum of m - y + y log(y / m) with 0 log 0 = 0, in float64, a number on the device. Only lines
    are added up in the arrays' own precision: their terms are small and not negative.
    """
    ratio = y / prediction
    if is_cupy(y):
        return ratio, _reduced("T y, T m", "double d", "m - y + (y > 0 ? y * log(y / m) : 0)")(y, prediction)
    terms = xp.log(ratio + TINY)
    terms *= y
    prediction -= y
    terms += prediction
    return ratio, xp.sum(xp.sum(terms, axis=-1), dtype=xp.float64)


def update(x: Array, step: Array, gain: Array, xp: Any) -> None:
    """Multiply `x` by gain times step; where gain is negative (unseen voxels) `x` stays as it is.

    Changes `x`, and the step perhaps.
    """
    if is_cupy(x):
        _fused("T step, T gain", "T x", "if (gain >= 0) x *= max(step * gain, T(0))")(step, gain, x)
        return
    x *= _factor(step, gain, xp)


def extrapolate(x: Array, p: Array, step: Array, gain: Array, weight: float, kept: float, xp: Any) -> None:
    """The step from `p` becomes `x`; `p` goes on in the direction from the old `x`, by the share `weight` of the way.

    At least the share `kept` of a voxel is left. Where gain is negative `x` and `p` are the same and stay it. Changes
    both, and the step perhaps.
    """
    if is_cupy(x):
        _fused(
            "T step, T gain, T weight, T kept",
            "T x, T p",
            "T now = gain < 0 ? p : p * max(step * gain, T(0));"
            "p = gain < 0 ? p : max(now + weight * (now - x), kept * now); x = now",
        )(step, gain, weight, kept, x, p)
        return
    now = _factor(step, gain, xp)
    now *= p
    ahead = now - x
    ahead *= weight
    ahead += now
    x[...] = now
    now *= kept
    p[...] = xp.maximum(ahead, now)


def _factor(step: Array, gain: Array, xp: Any) -> Array:
    """Gain times step, at least 0; 1 where gain is negative, because there step is not. Changes the step."""
    step *= gain
    return xp.maximum(step, xp.asarray(gain < 0, dtype=step.dtype))  # much faster than `where`


def multiply_conjugate(spectrum: Array, otf: Array, xp: Any) -> None:
    """Multiply a spectrum by the conjugate of a transfer function. Changes the spectrum."""
    if is_cupy(spectrum):
        _fused("T otf", "T z", "z *= conj(otf)")(otf, spectrum)
        return
    spectrum *= xp.conj(otf)


@functools.cache
def _fused(given: str, changed: str, formula: str) -> Any:
    """An elementwise CUDA kernel, compiled once."""
    return importlib.import_module("cupy").ElementwiseKernel(given, changed, formula, "napari_deconv_step")


@functools.cache
def _reduced(given: str, result: str, formula: str) -> Any:
    """A CUDA kernel that adds up."""
    cupy = importlib.import_module("cupy")
    return cupy.ReductionKernel(given, result, formula, "a + b", "d = a", "0", "napari_deconv_sum")
