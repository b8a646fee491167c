"""The course of a training as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from ..io import write_whole

FINER = 3  # drawn so many times as large, then made smaller: smooth lines
SIZE = (840, 480)
LEFT, TOP, RIGHT, BOTTOM = 90, 50, 30, 44  # margins
TEXT, LINE, DOT = 20, 2.5, 5  # height of letters, width of the line, radius of dots
SMOOTH = 200  # points that the line is averaged to
TICKS = 7  # along an axis, at most
LEAST = 1e-12  # what is drawn for a loss of nothing, which has no logarithm
PAPER, INK, FAINT, WORDS, MARK = "white", "#1f4e79", "#dddddd", "#444444", "#c0392b"

Points = NDArray[np.float64]


def draw(losses: Sequence[float], scores: Sequence[tuple[int, float]], path: Path) -> None:
    """Loss against step as a line, scores on held-out pictures as dots, both on a logarithmic scale, to a PNG.

    Parameters
    ----------
    losses : sequence of float
        Of every step, from the first; one or more. Averaged over neighbours where there are many.
    scores : sequence of (int, float)
        Step and score; may be empty.
    path : Path
        PNG to write; an older one is replaced.
    """
    groups = np.array_split(np.stack([np.arange(1, len(losses) + 1), losses], axis=1), min(len(losses), SMOOTH))
    line = np.array([group.mean(axis=0) for group in groups])
    dots = np.asarray(scores, float).reshape(-1, 2)
    values = np.maximum(np.concatenate([line[:, 1], dots[:, 1]]), LEAST)
    page = _Page(len(losses), float(values.min()) / 1.05, float(values.max()) * 1.05)
    page.frame()
    page.line(line)
    page.dots(dots)
    page.legend(bool(len(dots)))
    small = page.picture.resize(SIZE, Pillow.Resampling.BOX)
    with write_whole(path, overwrite=True) as file:
        small.save(file, "PNG")


class _Page:
    """Paper with axes: steps from 0 to the right, values from `low` to `high` upwards."""

    def __init__(self, steps: int, low: float, high: float) -> None:
        self.picture = Pillow.new("RGB", (SIZE[0] * FINER, SIZE[1] * FINER), PAPER)
        self._pen = ImageDraw.Draw(self.picture)
        self._font = ImageFont.load_default(TEXT * FINER)
        self._steps, self._low, self._high = steps, low, high

    def frame(self) -> None:
        """Lines at round numbers, and these beside them."""
        for value in _round_numbers(self._low, self._high):
            ((_, y),) = self._places(np.array([[0, value]]))
            self._pen.line((LEFT * FINER, y, (SIZE[0] - RIGHT) * FINER, y), fill=FAINT, width=FINER)
            self._text((LEFT - 10) * FINER, y, f"{value:g}", "rm")
        for step in _round_numbers(0, self._steps):
            if step == round(step):
                ((x, _),) = self._places(np.array([[step, self._low]]))
                self._text(x, (SIZE[1] - BOTTOM + 14) * FINER, f"{step:.0f}", "mt")
        self._text((LEFT - 10) * FINER, (SIZE[1] - BOTTOM + 14) * FINER, "step", "rt")

    def line(self, points: Points) -> None:
        """Points joined by a line."""
        places = [tuple(place) for place in self._places(points)]
        self._pen.line(places, fill=INK, width=round(LINE * FINER), joint="curve")
        self._dot(places[-1], LINE / 2, INK)

    def dots(self, points: Points) -> None:
        """A dot at each point."""
        for place in self._places(points):
            self._dot(tuple(place), DOT, MARK)

    def legend(self, scored: bool) -> None:
        """What line and dots are, above them."""
        y = TOP / 2 * FINER
        self._pen.line((LEFT * FINER, y, (LEFT + 30) * FINER, y), fill=INK, width=round(LINE * FINER))
        self._text((LEFT + 40) * FINER, y, "loss", "lm")
        if scored:
            self._dot(((LEFT + 135) * FINER, y), DOT, MARK)
            self._text((LEFT + 150) * FINER, y, "loss of the average, on images held out", "lm")

    def _dot(self, place: tuple[float, ...], radius: float, colour: str) -> None:
        (x, y), r = place, radius * FINER
        self._pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def _text(self, x: float, y: float, text: str, anchor: str) -> None:
        self._pen.text((x, y), text, fill=WORDS, font=self._font, anchor=anchor)

    def _places(self, points: Points) -> Points:
        """Pixels of points (step, value)."""
        right = points[:, 0] / self._steps
        up = np.log(np.maximum(points[:, 1], LEAST) / self._low) / np.log(self._high / self._low)
        across = LEFT + right * (SIZE[0] - LEFT - RIGHT)
        return FINER * np.stack([across, SIZE[1] - BOTTOM - up * (SIZE[1] - TOP - BOTTOM)], axis=1)


def _round_numbers(low: float, high: float) -> Points:
    """Few round numbers from `low` to `high`: evenly spaced, or, over a wider range, 1, 2, 5, 10, … and the like."""
    if low > 0 and high > 3 * low:
        tens = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)))
        for digits in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
            found = np.outer(tens, digits).ravel()
            found = found[(found >= low) & (found <= high)]
            if len(found) <= TICKS:
                return found
        return found[:: -(-len(found) // TICKS)]
    least = (high - low) / (TICKS - 1)
    size = 10.0 ** np.floor(np.log10(least))
    step = float(next(size * digit for digit in (1, 2, 5, 10) if size * digit >= least))
    return step * np.arange(np.ceil(low / step), np.floor(high / step) + 1)
