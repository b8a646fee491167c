"""The curve of a run: what the stopping rule saw, how the divergence falls, and the iteration that was chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from ..drive import DECIDING, Chosen, Point
from ..psf_maker.profile import BLUE, ORANGE
from .scale import label, span, ticks

HEIGHT = 130  # pixels, at least
LEFT, RIGHT, GAP = 46.0, 44.0, 4.0  # pixels beside the curves, where their numbers are; between numbers and axis
COLOURS = {True: BLUE, False: ORANGE}  # told apart by colour-blind people too, and one is dashed
NAMES = {  # what the score of a rule is; less is better
    "": "score of the stopping rule",
    "held_out": "misfit of held-out photons",
    "plateau": "divergence while deciding",
    "discrepancy": "misfit beyond the noise",
}
PIXELS = 42  # of a tick label and its surroundings


class RunCurve(QWidget):
    """Two curves over the iterations: the score while deciding (solid), the I-divergence while restoring (dashed)."""

    def __init__(self) -> None:
        super().__init__()
        self.score: dict[int, float] = {}
        self.divergence: dict[int, float] = {}
        self.chosen: dict[int, int] = {}
        self.channel, self._rule = 0, ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(HEIGHT)
        self.setAccessibleName("Curve of the run")
        self.setToolTip(
            "Solid: what the stopping rule sees at each iteration, the smaller the better. Dashed: how far the "
            "estimate is from explaining the image (I-divergence). Vertical line: the number of iterations chosen."
        )

    def clear(self) -> None:
        """A new run begins."""
        self.score, self.divergence, self.chosen, self.channel, self._rule = {}, {}, {}, 0, ""
        self._tell()

    def add(self, points: Iterable[Point]) -> None:
        """More steps; those of another channel or block take the place of what is there, those of no value none."""
        for point in (p for p in points if p.value == p.value):  # learned steps have no divergence
            deciding = point.phase == DECIDING
            kept = self.score if deciding else self.divergence
            if point.channel != self.channel:
                self.score.clear()
                self.divergence.clear()
            elif point.iteration <= max(kept, default=0):
                kept.clear()
            self.channel = point.channel
            kept[point.iteration] = point.value
        self._tell()

    def choose(self, chosen: Iterable[Chosen]) -> None:
        """What the stopping rule has chosen."""
        for one in chosen:
            self.chosen[one.channel], self._rule = one.num_iter, one.rule
        self._tell()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to be seen."""
        return len(self.score) + len(self.divergence) < 2

    @property
    def mark(self) -> int | None:
        """The iteration that is marked: the one chosen for the channel shown."""
        return self.chosen.get(self.channel)

    def _tell(self) -> None:
        said = [
            f"{what}: {len(curve)} points, last {list(curve.values())[-1]:.4g}"
            for what, curve in (("score", self.score), ("divergence", self.divergence))
            if curve
        ]
        said += [f"chosen: iteration {self.mark}"] if self.mark is not None else []
        self.setAccessibleDescription(", ".join(said))
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Draw everything anew."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = painter.fontMetrics().height()
        both = bool(self.score) and bool(self.divergence)
        box = QRectF(self.rect()).adjusted(LEFT, line + 4, -RIGHT if both else -10, -2 * line - 4)
        self._axes(painter, box, line)
        for solid, curve in ((False, self.divergence), (True, self.score)):
            if curve:
                on_right = both and not solid
                self._draw(painter, box, curve, solid)
                self._numbers(painter, box, curve, line, on_right)
        self._mark(painter, box, line)
        self._legend(painter, box, line)

    @property
    def _last(self) -> int:
        """Where the horizontal axis ends."""
        return max(*self.score, *self.divergence, self.mark or 0, 5, 0)

    def _across(self, box: QRectF, iteration: float) -> float:
        return box.left() + box.width() * (iteration - 1) / max(1, self._last - 1)

    def _axes(self, painter: QPainter, box: QRectF, line: int) -> None:
        """The frame, and the iterations below it."""
        text, faint = self.palette().windowText().color(), self._faint()
        painter.setPen(QPen(faint, 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.drawLine(box.topLeft(), box.bottomLeft())
        painter.setPen(text)
        most = max(2, int(box.width() / PIXELS))
        for at in sorted({1.0, *(t for t in ticks(1, self._last, most) if t == int(t) and t > 1)}):
            x = self._across(box, at)
            painter.setPen(QPen(faint, 1))
            painter.drawLine(QPointF(x, box.bottom()), QPointF(x, box.bottom() + 3))
            painter.setPen(text)
            room = QRectF(x - PIXELS / 2, box.bottom() + 3, PIXELS, line)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, f"{at:.0f}")
        below = QRectF(box.left(), box.bottom() + 2 + line, box.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, "iteration")

    def _draw(self, painter: QPainter, box: QRectF, curve: Mapping[int, float], solid: bool) -> None:
        low, high = span(list(curve.values()))
        points = [QPointF(self._across(box, i), self._up(box, v, low, high)) for i, v in curve.items() if v == v]
        pen = QPen(QColor(COLOURS[solid]), 1.8)
        pen.setStyle(Qt.PenStyle.SolidLine if solid else Qt.PenStyle.DashLine)
        painter.save()
        painter.setClipRect(box.adjusted(0, -2, 2, 1))
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(QColor(COLOURS[solid]))
        if points:
            painter.drawEllipse(points[-1], 2.0, 2.0)
        painter.restore()

    def _numbers(self, painter: QPainter, box: QRectF, curve: Mapping[int, float], line: int, on_right: bool) -> None:
        """The values beside the axis of that curve."""
        low, high = span(list(curve.values()))
        for value in ticks(low, high, max(2, int(box.height() / (1.6 * line)))):
            y = self._up(box, value, low, high)
            side = Qt.AlignmentFlag.AlignLeft if on_right else Qt.AlignmentFlag.AlignRight
            left = box.right() + GAP if on_right else 0.0
            room = QRectF(left, y - line / 2, (RIGHT if on_right else LEFT) - GAP, line)
            painter.setPen(self.palette().windowText().color())
            painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, label(value, low, high))
            painter.setPen(QPen(self._faint(), 1))
            edge = box.right() if on_right else box.left()
            painter.drawLine(QPointF(edge - 2, y), QPointF(edge + 2, y))

    def _up(self, box: QRectF, value: float, low: float, high: float) -> float:
        height = (min(value, high + 9 * (high - low)) - low) / (high - low)  # a huge number would overflow the painter
        return box.bottom() - box.height() * height

    def _mark(self, painter: QPainter, box: QRectF, line: int) -> None:
        """The chosen iteration: a vertical line with its number."""
        if self.mark is None:
            return
        x = self._across(box, self.mark)
        colour = self.palette().windowText().color()
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
        text = f"chosen: {self.mark}"
        width = painter.fontMetrics().horizontalAdvance(text) + 4
        left = x + 3 if x + width + 3 < box.right() else x - width - 3
        painter.drawText(QRectF(left, box.top(), width, line), Qt.AlignmentFlag.AlignVCenter, text)
        if self.mark in self.score:
            low, high = span(list(self.score.values()))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(x, self._up(box, self.score[self.mark], low, high)), 4.0, 4.0)

    def _legend(self, painter: QPainter, box: QRectF, line: int) -> None:
        """Which line is which."""
        left = 4.0
        known = [(self.score, True, NAMES[self._rule]), (self.divergence, False, "divergence")]
        for curve, solid, name in known:
            if not curve:
                continue
            pen = QPen(QColor(COLOURS[solid]), 1.8)
            pen.setStyle(Qt.PenStyle.SolidLine if solid else Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawLine(QPointF(left, line / 2 + 1), QPointF(left + 16, line / 2 + 1))
            painter.setPen(self.palette().windowText().color())
            width = painter.fontMetrics().horizontalAdvance(name)
            painter.drawText(QRectF(left + 20, 1, width + 4, line), Qt.AlignmentFlag.AlignVCenter, name)
            left += width + 32

    def _faint(self) -> QColor:
        colour = QColor(self.palette().windowText().color())
        colour.setAlpha(110)
        return colour
