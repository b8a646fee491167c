"""A combo box that shows where its text goes on."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox


class Choice(QComboBox):
    """A combo box whose text ends in "…" where there is no room for all of it; Qt's own cuts through a letter."""

    def initStyleOption(self, option: QStyleOptionComboBox | None) -> None:
        """Shorten what is painted, not what is chosen."""
        super().initStyleOption(option)
        style = self.style()
        if option is None or style is None:
            return
        part, field = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = style.subControlRect(part, option, field, self).width() - 2  # Qt's own margin
        option.currentText = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, room)
