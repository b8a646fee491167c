"""A small line plot: the profiles of a PSF through its centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

BLUE, ORANGE = "#3db8ff", "#ffb000"  # told apart by colour-blind people too, and one is dashed
MARGIN = 3.0  # pixels


@dataclass(frozen=True)
class Curve:
    """One line: its name, positions and values from 0 to 1, and whether it is dashed."""

    name: str
    position: NDArray[np.float64]
    value: NDArray[np.float64]
    dashed: bool = False


class ProfilePlot(QWidget):
    """Curves over one axis, with a line at half of the maximum."""

    def __init__(self) -> None:
        super().__init__()
        self.curves: tuple[Curve, ...] = ()
        self.reach, self.unit = 1.0, ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumWidth(60)
        self.setAccessibleName("Profiles of the PSF")

    def draw(self, curves: Sequence[Curve], unit: str, reach: float) -> None:
        """Show `curves` from -`reach` to `reach`."""
        self.curves, self.unit, self.reach = tuple(curves), unit, reach
        self.setAccessibleDescription(", ".join(f"{c.name}: {len(c.position)} points" for c in self.curves))
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Draw everything anew."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = painter.fontMetrics().height()
        box = QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN - line)
        faint = QColor(self.palette().windowText().color())
        faint.setAlpha(90)
        painter.setPen(QPen(faint, 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(box.left(), box.center().y()), QPointF(box.right(), box.center().y()))
        painter.setPen(QPen(faint, 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        for curve in self.curves:
            pen = QPen(QColor(ORANGE if curve.dashed else BLUE), 1.6)
            pen.setStyle(Qt.PenStyle.DashLine if curve.dashed else Qt.PenStyle.SolidLine)
            painter.setPen(pen)
            painter.setClipRect(box.adjusted(0, -1, 0, 1))
            painter.drawPolyline(self._points(curve, box))
        painter.setClipping(False)
        self._write(painter, box, line)

    def _points(self, curve: Curve, box: QRectF) -> QPolygonF:
        x = box.center().x() + curve.position / self.reach * box.width() / 2
        y = box.bottom() - curve.value * box.height()
        return QPolygonF([QPointF(float(a), float(b)) for a, b in zip(x, y, strict=True)])

    def _write(self, painter: QPainter, box: QRectF, line: int) -> None:
        """The reach below the axis."""
        painter.setPen(self.palette().windowText().color())
        below = QRectF(box.left(), box.bottom() + 1, box.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"± {self.reach:.3g} {self.unit}" if self.curves else "")


def legend(curves: Sequence[Curve]) -> str:
    """Which line is which, as rich text."""
    return " ".join(
        f'<span style="color: {ORANGE if c.dashed else BLUE}">{c.name}&nbsp;{"- -" if c.dashed else "—"}</span>'
        for c in curves
    )
