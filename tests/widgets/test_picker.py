"""The layer picker: what it lists, whom it follows, when it stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtWidgets import QStyleOptionComboBox

from napari_deconv.widgets.choice import Choice
from napari_deconv.widgets.picker import LayerPicker

PLANE = np.zeros((8, 6), np.uint8)


@pytest.fixture
def picker(viewer: Any, qtbot: Any) -> LayerPicker:
    widget = LayerPicker(
        viewer.layers, "Image", lambda layer: isinstance(layer, Image), lambda: viewer.layers.selection.active
    )
    qtbot.addWidget(widget)
    return widget


def entries(picker: LayerPicker) -> list[str]:
    return [picker.combo.itemText(i) for i in range(picker.combo.count())]


def test_lists_accepted_layers_only(picker: LayerPicker, viewer: Any) -> None:
    viewer.add_image(PLANE, name="a")
    viewer.add_labels(PLANE, name="b")
    viewer.add_points(name="c")
    assert entries(picker) == ["a (y 8 · x 6, uint8)"]


def test_follows_the_active_layer(picker: LayerPicker, viewer: Any) -> None:
    first, second = viewer.add_image(PLANE), viewer.add_image(PLANE)
    assert picker.layer is second
    viewer.layers.selection.active = first
    assert picker.layer is first


def test_stays_when_a_layer_of_another_kind_is_selected(picker: LayerPicker, viewer: Any) -> None:
    image = viewer.add_image(PLANE)
    viewer.add_labels(PLANE)
    assert picker.layer is image


def test_stays_with_what_was_picked_until_released(picker: LayerPicker, viewer: Any) -> None:
    first, second = viewer.add_image(PLANE), viewer.add_image(PLANE)
    picker.pick(first)
    viewer.layers.selection.active = second
    third = viewer.add_image(PLANE)
    assert picker.layer is first
    assert picker.pin.text() == "Pinned"
    picker.pin.setChecked(False)
    assert picker.layer is third


def test_lets_go_of_a_removed_layer(picker: LayerPicker, viewer: Any) -> None:
    first, second = viewer.add_image(PLANE), viewer.add_image(PLANE)
    picker.pick(second)
    viewer.layers.remove(second)
    assert picker.layer is first
    assert not picker.pin.isChecked()
    viewer.layers.clear()
    assert picker.layer is None


@pytest.mark.parametrize(
    ("change", "entry"),
    [
        (lambda layer: setattr(layer, "name", "new"), "new (y 8 · x 6, uint8)"),
        (lambda layer: setattr(layer, "axis_labels", ("x", "y")), "a (x 8 · y 6, uint8)"),
        (lambda layer: setattr(layer, "data", np.zeros((3, 5, 5))), "a (3 · 5 · 5, float64)"),
    ],
)
def test_entry_changes_with_its_layer(
    picker: LayerPicker, viewer: Any, change: Callable[[Any], None], entry: str
) -> None:
    layer = viewer.add_image(PLANE, name="a")
    change(layer)
    assert entries(picker) == [entry]


def test_tells_when_the_layer_says_something_else(picker: LayerPicker, viewer: Any, qtbot: Any) -> None:
    layer = viewer.add_image(PLANE)
    with qtbot.waitSignal(picker.changed):
        layer.scale = (2, 3)
    other = viewer.add_image(PLANE)
    with qtbot.assertNotEmitted(picker.changed):
        layer.scale = (3, 4)
    assert picker.layer is other


def test_text_without_room_ends_in_dots(qtbot: Any) -> None:
    box, option = Choice(), QStyleOptionComboBox()
    qtbot.addWidget(box)
    box.addItems(["c z y x: one 3-D volume per channel", "yx"])
    box.resize(120, 24)
    box.initStyleOption(option)
    assert option.currentText.startswith("c z")
    assert option.currentText.endswith("…")
    assert box.currentText().endswith("channel")
    box.setCurrentIndex(1)
    box.initStyleOption(option)
    assert option.currentText == "yx"


def test_an_entry_for_no_layer_stays_first(viewer: Any, qtbot: Any) -> None:
    picker = LayerPicker(viewer.layers, "Mask", lambda layer: True, lambda: None, none="none")
    qtbot.addWidget(picker)
    labels = viewer.add_labels(PLANE)
    assert picker.layer is None
    picker.pick(labels)
    assert picker.layer is labels
    viewer.layers.remove(labels)
    assert picker.layer is None


def test_a_destroyed_picker_hears_no_more(viewer: Any, destroyed: Any) -> None:
    picker = LayerPicker(viewer.layers, "Image", lambda layer: True, lambda: None)
    layer = viewer.add_image(PLANE)
    with destroyed(picker):
        picker.deleteLater()
    layer.scale = (2, 2)
    viewer.add_image(PLANE)
    viewer.layers.clear()
