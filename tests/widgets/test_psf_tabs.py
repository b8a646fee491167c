"""The tabs Beads, From image and Draw: what they measure, estimate and draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_deconv import psf
from napari_deconv.psf.estimate import Estimate
from napari_deconv.psf.width import fwhm
from napari_deconv.widgets.file_facts import modality, optics
from napari_deconv.widgets.psf_maker.dock import PSFDock
from napari_deconv.widgets.psf_maker.psf_layer import told
from napari_deconv.widgets.psf_maker.strokes import PROFILES, blur, in_words, line
from napari_deconv.widgets.psf_maker.verdict import quantities, with_error
from widgets.psf_scenes import PLACE, SPACING, WIDTHS, bead_field, blurred_photo, centres, fill_theory

Settled = Callable[[PSFDock], str]
FWHM = [2.3548 * w for w in WIDTHS]


def ran(dock: PSFDock, qtbot: Any) -> str:
    """Run the tab shown; the state it ends in."""
    assert dock.tab.problem() == ""
    dock.start()
    qtbot.waitUntil(lambda: not dock.errand.busy, timeout=60_000)
    return dock.state


def add_beads(dock: PSFDock, **more: Any) -> Any:
    layer = dock.viewer.add_image(bead_field(), **{"name": "beads", **PLACE, **more})
    dock.show_tab("Beads")
    return layer


def test_beads_are_found_measured_and_listed(maker: PSFDock, settled: Settled, qtbot: Any) -> None:
    layer = add_beads(maker)
    assert ran(maker, qtbot) == "ready", maker.footer.message.text()
    settled(maker)
    table = maker.beads.table
    assert table.rowCount() == 8
    assert {table.item(row, 3).text() for row in range(8)} == {"used"}  # type: ignore[union-attr]
    found = {(round(b.position[1]), round(b.position[2])) for b in table.beads}
    assert found == set(centres())
    assert "8 of 8 beads used" in maker.beads.summary.text()
    assert "±" in maker.beads.summary.text()
    maker.add()
    result: Any = maker.result
    np.testing.assert_allclose(result.scale, SPACING)
    assert result.units == layer.units
    kernel = psf.PSF(result.data, SPACING, "um")
    np.testing.assert_allclose(fwhm(kernel), FWHM, rtol=0.08)


def test_beads_at_the_points_of_a_layer(maker: PSFDock, qtbot: Any) -> None:
    layer = add_beads(maker, translate=(1, 2, 3))
    at = [layer.data_to_world((12, y, x)) for y, x in centres()[:4]]
    points = maker.viewer.add_points(at, size=0.5, units=PLACE["units"], axis_labels=tuple("zyx"))
    maker.beads.image.picker.pick(layer)
    maker.beads.points.pick(points)
    assert maker.beads.points.combo.currentText() == "Points (4 points)"
    assert ran(maker, qtbot) == "ready", maker.footer.message.text()
    assert len(maker.beads.table.beads) == 4


def test_beads_of_several_stacks(maker: PSFDock, qtbot: Any) -> None:
    first = add_beads(maker)
    second = maker.viewer.add_image(bead_field(4, seed=9), name="again", **PLACE)
    maker.beads.image.picker.pick(first)
    maker.beads.more.tick(second)
    assert maker.beads.more.chosen == [second]
    assert ran(maker, qtbot) == "ready", maker.footer.message.text()
    assert [sum(b.image == i for b in maker.beads.table.beads) for i in (0, 1)] == [8, 4]
    assert "12 of 12" in maker.beads.summary.text()


def test_rejected_beads_have_a_reason(maker: PSFDock, qtbot: Any) -> None:
    stack = bead_field()
    stack[:, 50:71, 50:71] *= 20
    stack = stack.clip(max=4095)  # as a camera of 12 bits would
    maker.viewer.add_image(stack, name="beads", **PLACE)
    maker.show_tab("Beads")
    ran(maker, qtbot)
    left_out = [b for b in maker.beads.table.beads if not b.accepted]
    assert [b.kind for b in left_out] == ["saturated"]
    last = maker.beads.table.rowCount() - 1
    item = maker.beads.table.item(last, 3)
    assert item is not None
    assert item.text() == maker.beads.table.beads[-1].reason
    assert item.toolTip().endswith(item.text())


def test_bead_chosen_in_the_list_is_shown(maker: PSFDock, qtbot: Any) -> None:
    layer = add_beads(maker)
    ran(maker, qtbot)
    maker.beads.table.setCurrentCell(2, 0)
    bead = maker.beads.table.beads[2]
    np.testing.assert_allclose(maker.viewer.dims.point, layer.data_to_world(bead.position), atol=0.2)


def test_picture_without_beads_is_told(maker: PSFDock, qtbot: Any) -> None:
    noise = np.random.default_rng(0).poisson(20, (16, 64, 64)).astype(np.uint16)
    maker.viewer.add_image(noise, name="empty", **PLACE)
    maker.show_tab("Beads")
    assert ran(maker, qtbot) == "failed"
    assert maker.footer.message.text().startswith("Failed: ")
    assert "Points layer" in maker.footer.message.text()
    assert maker.made is None
    assert maker.footer.details.isVisibleTo(maker)


def test_beads_need_a_voxel_size(maker: PSFDock) -> None:
    maker.viewer.add_image(bead_field(), name="bare")
    maker.show_tab("Beads")
    assert maker.footer.hint.text() == "To measure: type the voxel size z, y, x (µm)."
    assert not maker.beads.run.isEnabled()


def test_layer_ticks_follow_the_layer_list(maker: PSFDock) -> None:
    first = add_beads(maker)
    second = maker.viewer.add_image(bead_field(2), name="second", **PLACE)
    maker.beads.image.picker.pick(first)
    maker.beads.more.tick(second)
    third = maker.viewer.add_image(bead_field(2), name="third", **PLACE)
    assert maker.beads.more.chosen == [second]
    maker.viewer.layers.remove(second)
    assert maker.beads.more.chosen == []
    maker.beads.more.tick(third)
    item = maker.beads.more.item(0)
    assert item is not None
    assert item.checkState() == Qt.CheckState.Checked


def test_motion_is_estimated_with_its_uncertainty(maker: PSFDock, settled: Settled, qtbot: Any) -> None:
    maker.viewer.add_image(blurred_photo(psf.motion(14, 30)), name="photo")
    maker.show_tab("From image")
    assert maker.estimate.kind == "motion"
    assert ran(maker, qtbot) == "ready", maker.footer.message.text()
    settled(maker)
    assert maker.made is not None
    found = maker.made.psfs[0].info["parameters"]
    assert abs(found["length"] - 14) < 1.5
    assert abs((found["angle"] - 30 + 90) % 180 - 90) < 5
    assert maker.estimate.verdict.isVisibleTo(maker.estimate)
    maker.add()
    layer: Any = maker.result
    assert layer.name == "PSF · straight motion of photo"
    assert told(layer)["estimated"] is True


def test_answer_is_named_by_what_was_asked_though_the_form_has_moved_on(
    maker: PSFDock, settled: Settled, qtbot: Any
) -> None:
    maker.viewer.add_image(blurred_photo(psf.motion(15, 30)), name="photo")
    maker.show_tab("From image")
    maker.estimate.choose("motion")
    maker.start()
    maker.estimate.choose("gaussian")
    qtbot.waitUntil(lambda: not maker.errand.busy, timeout=20_000)
    settled(maker)
    assert maker.made is not None
    assert maker.made.names == ("straight motion of photo",)


def test_estimate_that_failed_says_so_before_it_can_be_added(maker: PSFDock, settled: Settled, qtbot: Any) -> None:
    noise = np.random.default_rng(1).normal(0.5, 0.05, (160, 160)).astype(np.float32)
    maker.viewer.add_image(noise, name="noise")
    maker.show_tab("From image")
    maker.estimate.choose("defocus")
    assert ran(maker, qtbot) == "ready", maker.footer.message.text()
    settled(maker)
    assert maker.footer.hint.text().startswith("Not trusted: ")
    assert maker.footer.run.text() == "Add an&yway"
    maker.add()
    assert maker.footer.message.text().endswith(", not trusted.")
    layer: Any = maker.result
    assert told(layer)["failure"]


def test_what_is_sought_depends_on_the_picture(maker: PSFDock) -> None:
    box = maker.estimate.kind_box
    maker.viewer.add_image(np.zeros((40, 50, 3), np.uint8), name="colour", rgb=True)
    assert [box.itemData(i) for i in range(box.count())] == ["motion", "defocus", "gaussian", "camera_shake"]
    assert maker.estimate.problem() == ""
    maker.viewer.add_image(np.ones((8, 40, 50), np.uint8), name="stack", **PLACE)
    assert [box.itemData(i) for i in range(box.count())] == ["microscope", "refine"]
    assert maker.estimate.problem() == ("type Numerical aperture, Emission (nm), Immersion index in the tab Theory")
    fill_theory(maker)
    assert maker.estimate.problem() == ""


def test_estimate_of_a_stack_starts_from_the_microscope_of_theory(maker: PSFDock) -> None:
    maker.viewer.add_image(np.ones((8, 40, 50), np.uint8), name="stack", **PLACE)
    fill_theory(maker)
    _, (kind, part, start, _) = maker.estimate.task()
    assert (kind, start) == ("microscope", "widefield:na=1.2,wavelength=0.52,ri=1.33")
    assert part.image().spacing == SPACING


def test_size_of_the_shake_is_asked_for_only_there(maker: PSFDock) -> None:
    maker.viewer.add_image(np.ones((40, 50), np.uint8), name="photo")
    assert maker.estimate.shake.isHidden()
    maker.estimate.choose("camera_shake")
    assert not maker.estimate.shake.isHidden()
    maker.estimate.shake.type("31")
    _, (_, _, _, options) = maker.estimate.task()
    assert options == {"size": 31}


def test_line_on_the_picture_becomes_a_motion(maker: PSFDock, settled: Settled, qtbot: Any) -> None:
    photo = maker.viewer.add_image(np.ones((60, 80), np.float32), name="photo", scale=(2, 2), translate=(5, 7))
    maker.show_tab("Draw")
    shapes = maker.drawing.draw("line")
    assert shapes.mode == "add_line"
    assert maker.viewer.layers.selection.active is shapes
    ends = np.array([[30.0, 20.0], [20.0, 30.0]])
    shapes.add_lines([ends])
    settled(maker)
    assert maker.made is not None
    np.testing.assert_array_equal(maker.made.psfs[0].data, psf.motion(np.hypot(10, 10), 45).data)
    assert maker.drawing.told.text() == "Line: 14.1 pixels, 45°."
    before = maker.made
    shapes.data = [np.array([[30.0, 20.0], [30.0, 40.0]])]
    qtbot.waitUntil(lambda: maker.made not in (None, before), timeout=20_000)
    settled(maker)
    np.testing.assert_array_equal(maker.made.psfs[0].data, psf.motion(20, 0).data)
    maker.add()
    layer: Any = maker.result
    np.testing.assert_array_equal(layer.scale, photo.scale)
    assert layer.name == "PSF · drawn line"


def test_path_with_a_fading_exposure(maker: PSFDock, settled: Settled) -> None:
    maker.viewer.add_image(np.ones((60, 80), np.float32), name="photo")
    shapes = maker.viewer.add_shapes(
        [np.array([[10.0, 10], [10, 30], [25, 30]])], shape_type="path", edge_width=1, name="mine"
    )
    maker.show_tab("Draw")
    maker.drawing.strokes.pick(shapes)
    maker.drawing.profile_box.setCurrentIndex(list(PROFILES).index("start"))
    settled(maker)
    assert maker.made is not None
    data = maker.made.psfs[0].data
    light = np.argwhere(data > 0)
    first, last = data[tuple(light[light[:, 1].argmin()])], data[tuple(light[light[:, 0].argmax()])]
    assert first > 5 * last
    assert maker.drawing.told.text() == "Path of 3 points: 35.0 pixels."


@pytest.mark.parametrize(
    ("shape_type", "points", "words"),
    [
        ("rectangle", [[1, 1], [1, 9], [9, 9], [9, 1]], "rectangle"),
        ("line", [[1.0, 1.0], [1.0, 1.2]], "shorter than a pixel"),
    ],
)
def test_what_is_no_stroke_is_told(
    maker: PSFDock, qtbot: Any, shape_type: str, points: list[list[float]], words: str
) -> None:
    shapes = maker.viewer.add_shapes([np.array(points, float)], shape_type=shape_type, edge_width=1)
    maker.show_tab("Draw")
    maker.drawing.strokes.pick(shapes)
    qtbot.waitUntil(lambda: words in maker.panel.picture.caption.text(), timeout=20_000)
    assert maker.made is None


def test_removed_strokes_leave_no_psf(maker: PSFDock, settled: Settled, qtbot: Any) -> None:
    maker.viewer.add_image(np.ones((60, 80), np.float32), name="photo")
    maker.show_tab("Draw")
    shapes = maker.drawing.draw("line")
    shapes.add_lines([np.array([[30.0, 20.0], [20.0, 30.0]])])
    settled(maker)
    maker.viewer.layers.remove(shapes)
    qtbot.waitUntil(lambda: maker.made is None, timeout=20_000)
    assert maker.panel.picture.caption.text() == "Draw a line or a path."


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_keeps_the_light(profile: str) -> None:
    points = np.array([[0.0, 0.0], [5.0, 12.0], [-3.0, 20.0]])
    kernel = blur(points, profile)
    assert kernel.data.sum(dtype=float) == pytest.approx(1, abs=1e-5)
    assert kernel.unit == "px"


def test_direction_is_that_of_psf_motion() -> None:
    assert line(np.array([[10.0, 0.0], [0.0, 10.0]]))[1] == pytest.approx(45)
    assert in_words(np.array([[0.0, 0.0], [0.0, 8.0]])) == "Line: 8.0 pixels, 0°."


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [(14.23, 0.31, "14.23 ± 0.31"), (31.4, 1.6, "31.4 ± 1.6"), (4.0, float("nan"), "4.000"), (120.0, 25.0, "120 ± 25")],
)
def test_numbers_show_no_more_than_they_are_worth(value: float, error: float, text: str) -> None:
    assert with_error(value, error) == text


def test_quantities_have_names_and_units() -> None:
    found = Estimate(psf.motion(14, 30), {"length": 14.2, "angle": 31.0}, {"length": 0.3}, 0.9)
    assert quantities(found) == {"Length": "14.20 ± 0.30 pixels", "Angle": "31.00°"}


def test_optics_of_a_file_by_the_names_of_the_models() -> None:
    known = {"na": 1.2, "ri": 1.33, "wavelengths": (0.52, 0.61), "excitations": (0.488, 0.561), "modality": "confocal"}
    assert optics(known) == {"na": (1.2,), "ri": (1.33,), "wavelength": (0.52, 0.61), "excitation": (0.488, 0.561)}
    assert modality(known) == "confocal"
    assert optics({"excitations": (0.488, None)}) == {}
    assert modality({"modality": "telescope"}) == ""
