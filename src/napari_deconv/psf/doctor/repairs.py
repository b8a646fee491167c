"""What can be mended in a PSF, in the order in which it is mended."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from .. import background, centring
from .case import Array, Case

Step = Callable[[Case, Array], tuple[Array, list[str]]]


def mend(case: Case, wanted: Collection[str]) -> tuple[Array, list[str]]:
    """The values after the wanted repairs, and a sentence for each that did something."""
    values, said = case.values, []
    for key, step in STEPS.items():
        if key in wanted:
            values, sentences = step(case, values)
            said += sentences
    return values, said


def _background(case: Case, values: Array) -> tuple[Array, list[str]]:
    if case.pedestal is None:
        return values, []
    cleaned, lost = background.remove_pedestal(values, case.peak, case.pedestal)
    return cleaned, background.describe(values, cleaned, case.pedestal, case.scale, lost)


def _noise(case: Case, values: Array) -> tuple[Array, list[str]]:
    zeroed = float(np.mean((values != 0) & ~case.inside))
    if not zeroed:
        return values, []
    cleaned, lost = background.keep_support(values, case.inside)
    return cleaned, [f"noise around the PSF set to zero: {zeroed:.1%} of the samples, {lost:.1%} of the energy"]


def _negative(case: Case, values: Array) -> tuple[Array, list[str]]:
    share = float(-values[values < 0].sum() / np.abs(values).sum())
    return np.maximum(values, 0), [f"negative values ({share:.2%} of the energy) set to zero"] if share else []


def _centre(case: Case, values: Array) -> tuple[Array, list[str]]:
    moved, _, said = centring.centred(values, case.clean)
    if moved.shape == values.shape:
        return moved, said
    smaller, cut = centring.trimmed(moved)
    return smaller, said + cut


def _odd(case: Case, values: Array) -> tuple[Array, list[str]]:
    return centring.made_odd(values)


STEPS: dict[str, Step] = {
    "background": _background,
    "noise": _noise,
    "negative": _negative,
    "centre": _centre,
    "odd": _odd,
}
