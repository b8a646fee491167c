"""The answer of `assess`: one line per question, each with a number, a word and a sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from .fidelity import Fidelity
from .resolution import Resolution
from .ringing import Ringing

Verdict = Literal["good", "look", "poor", "unknown"]


@dataclass(frozen=True)
class Row:
    """One question about a result.

    Parameters
    ----------
    name : str
        What was asked.
    value : float or None
        The number found; None where there is none.
    text : str
        The number with its unit.
    verdict : {"good", "look", "poor", "unknown"}
        "look": see whether it matters for your question. "unknown": it was not, or could not be, measured.
    sentence : str
        What it means.
    """

    name: str
    value: float | None
    text: str
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, eq=False)
class Report:
    """What could be found out about a result without knowing the truth.

    Parameters
    ----------
    rows : tuple of Row
        One line per question.
    fidelity : Fidelity
        With the map.
    ringing : Ringing
        With its profile.
    before, after : Resolution or None
        With their curves.
    notes : tuple of str
        What to know before believing it.
    """

    rows: tuple[Row, ...]
    fidelity: Fidelity
    ringing: Ringing
    before: Resolution | None
    after: Resolution | None
    notes: tuple[str, ...]

    def row(self, name: str) -> Row:
        """The line of that name."""
        for row in self.rows:
            if row.name == name:
                return row
        raise ValueError(f"no line {name!r}; there are {', '.join(row.name for row in self.rows)}")

    def to_dict(self) -> dict[str, Any]:
        """Numbers, words and sentences, fit for JSON; no maps and curves."""
        rows = {
            row.name: {
                "value": row.value if row.value is not None and math.isfinite(row.value) else None,
                "text": row.text,
                "verdict": row.verdict,
                "sentence": row.sentence,
            }
            for row in self.rows
        }
        return {"rows": rows, "noise": self.fidelity.noise, "notes": list(self.notes)}

    def table(self, markdown: bool = False) -> str:
        """The lines in columns, the notes below; as plain text, or as a Markdown table."""
        if markdown:
            lines = ["| | | | |", "|---|---|---|---|"]
            lines += [f"| {r.name} | {r.text} | {r.verdict} | {r.sentence} |" for r in self.rows]
        else:
            wide = [
                max(len(v) for v in column)
                for column in zip(*((r.name, r.text, r.verdict) for r in self.rows), strict=True)
            ]
            lines = [f"{r.name:{wide[0]}}  {r.text:>{wide[1]}}  {r.verdict:{wide[2]}}  {r.sentence}" for r in self.rows]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])
