"""From numbers to words: where each limit lies, and the sentence that goes with it."""

from __future__ import annotations

import math

from .fidelity import Fidelity
from .report import Row, Verdict
from .resolution import Resolution
from .ringing import Ringing

UNEXPLAINED = (0.03, 0.10)  # share of the image: three times chance; where a person sees it in the map
OVERFIT = 0.5  # chi-square: half of the noise's power is in the estimate
FLUX = (0.02, 0.10)
WORSE = 2.0  # times the share elsewhere
HELD = 0.95  # of a point's light; where less stays in the view, image and object need not hold the same
RIM = (0.03, 0.10)  # of the height; Gibbs's is 0.14
SIGNIFICANT = 3.0  # standard errors
BEYOND = 0.9  # of the smallest period that the PSF passes; rings are that coarse
AMPLIFIED = 20.0  # times; then one sees little else


def explained(found: Fidelity, goes_on: float | None) -> Row:
    """Whether the result explains the image; `goes_on` is the share flagged after more iterations, if it was asked."""
    verdict = _graded(found.flagged, UNEXPLAINED)
    share = f"{found.flagged:.1%} of the image contradicts the result ({found.chance:.0%} would by chance)"
    end = {
        "good": "; a PSF that is too narrow would not show here",
        "look": _reason(found.flagged, goes_on),
        "poor": _reason(found.flagged, goes_on),
    }
    return Row("image explained", found.flagged, f"{found.flagged:.1%}", verdict, share + end[verdict])


def _reason(flagged: float, goes_on: float | None) -> str:
    """Whether more iterations would help."""
    if goes_on is not None and goes_on <= max(UNEXPLAINED[0], flagged / 4):
        return f": the iterations are too few (more of them bring it to {goes_on:.1%})"
    return ": the PSF is too wide or another one, or the camera's numbers are wrong; see the map"


def fitted(found: Fidelity) -> Row:
    """How much of the noise the estimate follows."""
    value = found.chi_square
    if value < OVERFIT:
        sentence, verdict = "the result follows most of the noise: fewer iterations, or a wider PSF", "look"
    else:
        sentence, verdict = "the residual is of the size of the noise", "good"
        if value > 1 + UNEXPLAINED[1]:
            sentence, verdict = "the residual is larger than the noise", "look"
    return Row("residual", value, f"chi² {value:.2f}", _word(verdict), sentence)


def kept(ratio: float, held: float) -> Row:
    """Whether the light is kept; `held` is the share of a point's light that stays in the view."""
    if not math.isfinite(ratio):
        return _unknown("flux", "the image has no light above the background")
    if held < HELD:
        sentence = f"cannot be judged: the view holds {held:.0%} of the light of a point in its middle"
        return Row("flux", ratio, f"{ratio:.3f}", "unknown", sentence)
    verdict = _graded(abs(ratio - 1), FLUX)
    sentence = f"the result holds {ratio:.1%} of the light of the image, its background taken off"
    return Row("flux", ratio, f"{ratio:.3f}", verdict, sentence)


def border(share: float, rest: float) -> Row:
    """Whether the result contradicts the image more near the borders than elsewhere."""
    verdict = _graded(share, UNEXPLAINED) if share > WORSE * rest else "good"
    sentence = f"{share:.1%} of the outermost samples contradict the result, {rest:.1%} of the others"
    if verdict != "good":
        sentence += ": what lies outside the view was not taken into account"
    return Row("border", share, f"{share:.1%}", verdict, sentence)


def rims(found: Ringing) -> Row:
    """Whether bright structures have dark rims."""
    if not math.isfinite(found.rim):
        return _unknown("ringing", "no structures stand out from their surroundings")
    seen = found.rim > SIGNIFICANT * found.error
    verdict = _graded(found.rim if seen else 0.0, RIM)
    sentence = "no dark rims" if verdict == "good" else "dark rims"
    sentence += f" around bright structures ({found.rim:.1%} ± {found.error:.1%} of their height)"
    return Row("ringing", found.rim, f"{found.rim:.3f}", verdict, sentence)


def resolved(
    before: Resolution | None, after: Resolution | None, asked: bool, passed: tuple[float, ...]
) -> tuple[Row, ...]:
    """Resolution, lateral and axial, before and after; `passed` are the smallest periods that the PSF passes."""
    rows = []
    for axis, direction in enumerate(("lateral", "axial")):
        if direction == "axial" and (before is None or len(before.curves) == 1):
            continue
        for when, found in (("before", before), ("after", after)):
            name = f"{direction} resolution {when}"
            if found is None:
                why = "it needs the gain of the camera" if asked or when == "before" else "it needs restore="
                rows.append(_unknown(name, why))
            else:
                rows.append(_detail(name, found, axis, passed[axis]))
    return tuple(rows)


def _detail(name: str, found: Resolution, axis: int, passed: float) -> Row:
    value, limit = (found.lateral, found.axial)[axis], found.nyquist[axis]
    unit = "µm" if found.unit == "um" else "px"
    if value is not None and math.isinf(value):
        return Row(name, None, "none", "poor", "two halves of the light agree on nothing: too few photons")
    finest, text = (limit, f"< {limit:.3g} {unit}") if value is None else (value, f"{value:.3g} {unit}")
    sentence = f"two halves of the light agree on periods down to {finest:.3g} {unit}"
    verdict: Verdict = "look" if found.notes else "good"
    if finest < BEYOND * passed:
        verdict = "look"
        sentence += (
            f", the PSF passes none below {passed:.3g} {unit}: what is finer is the method's guess, made alike twice"
        )
    return Row(name, finest, text, verdict, sentence)


def amplified(factor: float | None, asked: bool, counted: bool) -> Row:
    """How much larger the noise of the result is than that of the image; else whether `restore` or gain is missing."""
    if factor is None:
        missing = ["restore="] * (not asked) + ["the gain of the camera"] * (not counted)
        return _unknown("noise", f"it needs {' and '.join(missing)}" if missing else "two halves of a line say nothing")
    verdict = "look" if factor > AMPLIFIED else "good"
    return Row(
        "noise", factor, f"× {factor:.2g}", _word(verdict), f"its standard deviation is {factor:.2g} times the image's"
    )


def _unknown(name: str, why: str) -> Row:
    return Row(name, None, "–", "unknown", f"not measured: {why}")


def _graded(value: float, limits: tuple[float, float]) -> Verdict:
    return "good" if value <= limits[0] else "look" if value <= limits[1] else "poor"


def _word(verdict: str) -> Verdict:
    return "look" if verdict == "look" else "good"
