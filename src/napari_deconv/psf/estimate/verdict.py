"""Whether the picture holds the answer: limits, a sentence when it does not, and a number for how sure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .families import Family

# Each check: what is too little, and what leaves no doubt. Chosen on other photographs than those of the benchmark:
# blurred, sharp and noisy ones, and pictures of nothing.
LIGHT = (0.003, 0.02)  # share of the spectrum that is picture and not noise
GAIN = (25.0, 100.0)  # log-likelihood above that of no blur
AGREEMENT = (1.5, 4.0)  # the same over the patches, in standard errors
RIVAL = (-15.0, 10.0)  # log-likelihood above that of the best blur of another kind
RUNNER = (3.0, 15.0)  # and of a clearly different blur of the same kind


@dataclass(frozen=True)
class Evidence:
    """What speaks for and against an estimate.

    Parameters
    ----------
    family : Family
        The kind of blur asked for.
    size : float
        Its size, pixels.
    limit : bool
        Whether that is the largest that was looked for.
    light : float
        Share of the spectrum that is picture and not noise.
    gain, rival_lag, runner_lag : float
        Log-likelihood above that of no blur, of the best of another kind, of the next best of this kind.
    agreement : float
        How many standard errors over the patches the first of these is.
    rival_visible : bool
        Whether that other blur is large enough to be one.
    rival_words, runner_words : str
        Those blurs in words.
    """

    family: Family
    size: float
    limit: bool
    light: float
    gain: float
    agreement: float
    rival_visible: bool
    rival_words: str
    rival_lag: float
    runner_words: str
    runner_lag: float


def judge(evidence: Evidence) -> tuple[str, float]:
    """The failure in one sentence ("" for none) and the confidence, 0 to 1: that of the weakest check."""
    e, small = evidence, evidence.family.smallest
    other = (e.rival_lag, RIVAL, f"It is not {e.family.words}: the picture looks like {e.rival_words}.")
    checks = [
        (e.light, LIGHT, "There is hardly anything but noise in the picture: no blur can be told from it."),
        (e.size / small, (1.0, 1.5), f"No blur was found: {e.family.words} of {e.size:.2g} px is as good as none."),
        (0.0 if e.limit else 2.0, (1.0, 2.0), "The blur found is the largest that was looked for: it may be larger, or "
         "the picture has no detail that could show it."),
        (e.gain, GAIN, f"No blur was found: {e.family.words} explains the picture hardly better than none."),
        (e.agreement, AGREEMENT, "Parts of the picture disagree: some show no such blur."),
        (e.runner_lag, RUNNER, f"The picture does not decide: {e.runner_words} fits about as well."),
    ]  # fmt: skip
    checks.insert(1 if e.rival_visible else len(checks), other)
    failures = [sentence for value, (limit, _), sentence in checks if not value >= limit]
    confidence = min(_ramp(value, limit, sure) for value, (limit, sure), _ in checks)
    return (failures[0] if failures else ""), confidence


def _ramp(value: float, limit: float, sure: float) -> float:
    """0.5 at the limit, 0.95 where there is no doubt, towards 0 as far below the limit as that is above."""
    return float(np.clip(0.5 + 0.45 * (value - limit) / (sure - limit), 0.0, 0.95))
