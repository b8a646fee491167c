"""How large a kernel camera shake is looked for."""

from __future__ import annotations

from qtpy.QtWidgets import QFormLayout, QSpinBox, QWidget

from ..form import shrink, tidy
from ..qt import Signal

SMALLEST, LARGEST = 15, 101  # pixels, odd
AUTOMATIC = SMALLEST - 2  # stands for no size given


class ShakeSize(QWidget):
    """One odd number, or none: then the size is found too."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.box = QSpinBox()
        self.box.setRange(AUTOMATIC, LARGEST)
        self.box.setSpecialValueText("automatic")
        self.box.setSingleStep(2)
        self.box.setValue(AUTOMATIC)
        self.box.setSuffix(" pixels")
        self.box.setToolTip(
            "Side of the square in which the camera's path lies: a little more than the longest smear. Automatic tries "
            "larger ones until the path fits; a size that is known saves time"
        )
        shrink(self.box, "Size of the kernel")
        form = QFormLayout(self)
        tidy(form)
        form.addRow("Si&ze of the kernel", self.box)
        self.box.valueChanged.connect(self.changed)

    @property
    def value(self) -> int | None:
        """Rows and columns, odd; None for automatic."""
        size = int(self.box.value())
        return None if size == AUTOMATIC else size | 1

    @value.setter
    def value(self, size: int | None) -> None:
        self.box.setValue(AUTOMATIC if size is None else size)
