"""Layers of trust: a result held against its image, from either dock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QThreadPool

from napari_deconv import Image, psf, quality
from napari_deconv.widgets import trusting
from napari_deconv.widgets.deconvolve import Deconvolve
from napari_deconv.widgets.layers import role
from napari_deconv.widgets.photo.dock import DeblurPhoto
from widgets.learned_scenes import own_model
from widgets.photo_scenes import add_photo, blurred, encoded
from widgets.scenes import MICROMETRES, spots, use_gaussian

Finish = Callable[[Any], str]
CONTRADICTS, UNSUPPORTED = "contradicts the image (χ²)", "not supported by the data"
WIENER, RICHARDSON = "differs from the Wiener filter (σ)", "differs from Richardson-Lucy (σ)"
TURNED = "varies when turned"


def restored(dock: Any, finish: Finish) -> Any:
    dock.start()
    assert finish(dock) == "done", dock.footer.message.text()
    return dock.result


def judged(dock: Any, qtbot: Any) -> dict[str, Any]:
    """Press the button; the new layers by name, without that of the result."""
    before = set(dock.viewer.layers)
    dock.trust.button.click()
    assert dock.trust.busy
    qtbot.waitUntil(lambda: not dock.trust.busy, timeout=60_000)
    return {layer.name.split(" · ")[0]: layer for layer in dock.viewer.layers if layer not in before}


def plane(dock: Deconvolve, method: str = "learned", **more: Any) -> Any:
    layer = dock.viewer.add_image(spots(60, 72), **{"name": "spots", **more})
    use_gaussian(dock, "1.4")
    dock.method.put({"method": method, "num_iter": 1 if method == "learned" else 4})
    return layer


def test_there_is_no_button_without_a_result(dock: Deconvolve, finish: Finish) -> None:
    dock.show()
    plane(dock, "wiener")
    assert not dock.trust.isVisible()
    result = restored(dock, finish)
    assert dock.trust.isVisible()
    assert not dock.trust.turns.isVisible()  # a classical method has no preferred direction
    dock.viewer.layers.remove(result)
    assert not dock.trust.isVisible()


@pytest.mark.parametrize("method", ["wiener", "richardson_lucy", "learned"])
def test_maps_and_words_are_those_of_the_function(dock: Deconvolve, finish: Finish, qtbot: Any, method: str) -> None:
    layer = plane(dock, method)
    result = restored(dock, finish)
    found = judged(dock, qtbot)
    told = Image(result.data, "YX", metadata={"napari-deconv": result.metadata["napari-deconv"]})
    expected = quality.trust(Image(layer.data, "YX"), told, psf.gaussian(1.4))
    assert list(found) == [CONTRADICTS, UNSUPPORTED, *([WIENER] if method == "learned" else [])]
    np.testing.assert_allclose(found[CONTRADICTS].data, expected.fidelity.map, rtol=1e-5)
    np.testing.assert_allclose(found[UNSUPPORTED].data, expected.unsupported.map, atol=1e-5 * expected.span)
    assert dock.footer.message.text().startswith(expected.words.rstrip(".")[:60])
    assert found[CONTRADICTS].metadata["napari-deconv"]["of"] == result.name


def test_how_it_was_found_is_in_the_details(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    plane(dock, "wiener")
    restored(dock, finish)
    judged(dock, qtbot)
    assert "camera" in dock.footer.text.toPlainText().lower()
    assert not dock.footer.details.isHidden()


def test_a_learned_result_is_held_against_the_classical_one_that_is_there(
    dock: Deconvolve, finish: Finish, qtbot: Any
) -> None:
    layer = plane(dock, "richardson_lucy")
    classical = restored(dock, finish)
    dock.method.put({"method": "learned", "num_iter": 1})
    learned = restored(dock, finish)
    found = judged(dock, qtbot)
    assert list(found) == [CONTRADICTS, UNSUPPORTED, RICHARDSON]
    both = (Image(one.data, "YX", metadata=one.metadata) for one in (learned, classical))
    expected = quality.trust(Image(layer.data, "YX"), next(both), psf.gaussian(1.4), classical=next(both))
    assert expected.disagreement is not None
    np.testing.assert_allclose(found[RICHARDSON].data, expected.disagreement.map, rtol=1e-4)
    assert "differs from Richardson-Lucy" in dock.footer.message.text()
    dock.viewer.layers.remove(classical)
    dock.viewer.layers.selection.active = learned
    assert WIENER in judged(dock, qtbot)


def test_the_selected_result_is_judged_else_the_last(dock: Deconvolve, finish: Finish) -> None:
    layer = plane(dock, "richardson_lucy")
    first, second = restored(dock, finish), restored(dock, finish)
    dock.viewer.layers.selection.active = first
    assert dock.trust.layer is first
    dock.viewer.layers.selection.active = layer
    assert dock.trust.layer is second


def test_maps_lie_over_the_result_and_leave_the_selection(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    place = {"scale": (0.2, 0.1), "translate": (6, 7), "rotate": turn, "units": MICROMETRES[1:]}
    layer = plane(dock, "wiener", axis_labels=("y", "x"), colormap="green", **place)
    for edit in dock.psf.models["gaussian"].edits.values():
        edit.type("0.2")
    result = restored(dock, finish)
    found = judged(dock, qtbot)
    for one in found.values():
        np.testing.assert_allclose(one.data_to_world((3, 5)), layer.data_to_world((3, 5)))
        assert one.units == layer.units
    assert dock.viewer.layers.selection.active is result
    assert dock.picker.layer is layer
    assert dock.picker.combo.findText(found[CONTRADICTS].name) < 0
    assert [one.visible for one in found.values()] == [True, False]
    assert {one.colormap.name for one in found.values()} == {"magma", "PiYG"}
    assert {role(one) for one in found.values()} == {"trust"}


def test_the_frame_at_the_sliders_is_judged_with_the_psf_of_its_channel(
    dock: Deconvolve, finish: Finish, qtbot: Any
) -> None:
    pixels = np.stack([[spots(40, 48, seed=2 * t + c) for c in range(2)] for t in range(2)])
    place = {"scale": (1, 1, 0.1, 0.1), "units": ("second", "pixel", *MICROMETRES[1:])}
    dock.viewer.add_image(pixels, name="film", axis_labels=("t", "c", "y", "x"), **place)
    dock.psf.choose("widefield")
    for name, text in {"na": "0.8", "wavelength": "480, 700", "ri": "1.0"}.items():
        dock.psf.models["widefield"].edits[name].type(text)
    dock.method.put({"method": "wiener"})
    result = restored(dock, finish)
    dock.viewer.dims.set_point([0, 1], [1, 1])
    found = judged(dock, qtbot)[CONTRADICTS]
    assert found.data.shape == (1, 1, 40, 48)
    np.testing.assert_array_equal(found.data_to_world((0, 0, 0, 0)), (1, 1, 0, 0))
    optics = {"na": 0.8, "wavelength": 0.7, "ri": 1.0}
    kernel = psf.make("widefield", optics, spacing=(0.1, 0.1), image_shape=(40, 48))
    image, told = Image(pixels[1, 1], "YX"), Image(result.data[1, 1], "YX", metadata=result.metadata)
    expected = quality.trust(image, told, kernel).fidelity.map
    np.testing.assert_allclose(found.data[0, 0], expected, rtol=1e-5)


def test_a_rectangle_is_judged_where_it_was_drawn(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    layer = plane(dock, "wiener")
    shapes = dock.viewer.add_shapes([np.array([(10, 12), (10, 51), (49, 51), (49, 12)])], shape_type="rectangle")
    dock.region.picker.pick(shapes)
    result = restored(dock, finish)
    found = judged(dock, qtbot)[CONTRADICTS]
    assert found.data.shape == result.data.shape == (40, 40)
    np.testing.assert_array_equal(found.data_to_world((0, 0)), layer.data_to_world((10, 12)))


def test_axes_in_another_order_come_back_in_that_order(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    stack = spots(5, 40, 48)
    dock.viewer.add_image(np.moveaxis(stack, 0, -1), name="stack", axis_labels=("y", "x", "z"))
    use_gaussian(dock, "1.4", "1")
    dock.method.put({"method": "wiener"})
    restored(dock, finish)
    assert judged(dock, qtbot)[CONTRADICTS].data.shape == (40, 48, 5)


def test_a_stack_restored_plane_by_plane_is_judged_in_the_plane_shown(
    dock: Deconvolve, finish: Finish, qtbot: Any
) -> None:
    dock.viewer.add_image(spots(3, 40, 48), name="stack", axis_labels=("z", "y", "x"))
    dock.psf.choose("defocus")
    dock.psf.models["defocus"].edits["radius"].type("2")
    dock.method.put({"method": "wiener"})
    restored(dock, finish)
    dock.viewer.dims.set_point(0, 2)
    found = judged(dock, qtbot)[CONTRADICTS]
    assert found.data.shape == (1, 40, 48)
    np.testing.assert_array_equal(found.data_to_world((0, 0, 0)), (2, 0, 0))


def test_ignored_pixels_do_not_count(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    layer = plane(dock, "wiener")
    spoilt = layer.data.copy()
    spoilt[20:24, 30:34] = 3000 + 100 * np.arange(16).reshape(4, 4)  # all different: not taken for saturated
    layer.data = spoilt
    mask = np.zeros(spoilt.shape, int)
    mask[20:24, 30:34] = 1
    dock.method.mask_picker.pick(dock.viewer.add_labels(mask, name="dead"))
    restored(dock, finish)
    assert judged(dock, qtbot)[CONTRADICTS].data.max() < 100


def test_eight_ways_to_hold_a_picture_are_told_one_by_one(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    plane(dock)
    restored(dock, finish)
    dock.trust.turns.setChecked(True)
    far: list[tuple[int, int]] = []
    dock.trust._work.far.connect(lambda done, total: far.append((done, total)))
    found = judged(dock, qtbot)
    assert list(found) == [CONTRADICTS, UNSUPPORTED, WIENER, TURNED]
    assert np.median(found[TURNED].data) > 0
    assert any(total == 8 for _, total in far)
    assert "varies by" in dock.footer.message.text()


def test_it_can_be_cancelled(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    plane(dock)
    restored(dock, finish)
    dock.trust.turns.setChecked(True)
    count = len(dock.viewer.layers)
    dock.trust.button.click()
    dock.stop()  # Escape
    qtbot.waitUntil(lambda: not dock.trust.busy, timeout=60_000)
    assert len(dock.viewer.layers) == count
    assert dock.footer.message.text() == "The judgement was cancelled; nothing was added."
    assert dock.trust.button.isEnabled()


def test_a_result_removed_meanwhile_is_missed(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    plane(dock)
    result = restored(dock, finish)
    dock.trust.button.click()
    dock.viewer.layers.remove(result)
    qtbot.waitUntil(lambda: not dock.trust.busy, timeout=60_000)
    assert len(dock.viewer.layers) == 1
    assert dock.footer.message.text() == "The result that was judged is gone."


def test_errors_are_told(dock: Deconvolve, finish: Finish, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plane(dock, "wiener")
    restored(dock, finish)

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("psf is upside down; turn it")

    monkeypatch.setattr(trusting.quality, "trust", fail)
    assert judged(dock, qtbot) == {}
    assert dock.footer.message.text() == "Not judged: Psf is upside down. Turn it."


def test_what_is_foreign_to_the_network_is_said(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    dock.viewer.add_image(np.random.default_rng(0).normal(100, 5, (64, 64)), name="noise")
    use_gaussian(dock, "2")
    dock.method.put({"method": "learned", "num_iter": 1})
    restored(dock, finish)
    judged(dock, qtbot)
    assert "hardly more than noise" in dock.footer.message.text()


def test_another_dock_judges_the_results_of_one_that_is_gone(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    plane(dock, "wiener")
    restored(dock, finish)
    again = Deconvolve(dock.viewer)
    again.live.box.setChecked(False)
    qtbot.addWidget(again)
    assert again.trust.layer is dock.result
    assert CONTRADICTS in judged(again, qtbot)


def coffee(dock: DeblurPhoto, colours: int, method: str = "learned") -> Any:
    kernel = psf.gaussian(1.5)
    layer = add_photo(dock, encoded(blurred(kernel, 60, 72)[1], colours=colours))
    dock.blur.choose("gaussian")
    dock.blur.numbers["gaussian"].edits["sigma"].type("1.5")
    dock.strength.choose(method)
    dock.strength.learned.put({"num_iter": 1})
    return layer


@pytest.mark.parametrize("light", ["linear", "stored"])
@pytest.mark.parametrize("colours", [0, 3, 4])
def test_photographs_are_judged_in_the_light_they_were_restored_in(
    photo_dock: DeblurPhoto, finish: Finish, qtbot: Any, colours: int, light: str
) -> None:
    layer = coffee(photo_dock, colours)
    photo_dock.photo.light_box.setChecked(light == "linear")
    photo_dock.photo.light_box.clicked.emit()
    result = restored(photo_dock, finish)
    found = judged(photo_dock, qtbot)
    assert list(found) == [CONTRADICTS, UNSUPPORTED, WIENER]
    green = [one.data[..., 1] if colours else one.data for one in (layer, result)]
    encoding: Any = "srgb" if light == "linear" else "linear"
    image, told = (Image(one, "YX", None, encoding) for one in green)
    expected = quality.trust(image, told, psf.gaussian(1.5), boundary="extended").fidelity.map
    np.testing.assert_allclose(found[CONTRADICTS].data, expected, rtol=1e-3)
    assert not found[CONTRADICTS].rgb


def test_colours_are_turned_together(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    coffee(photo_dock, 3)
    restored(photo_dock, finish)
    photo_dock.trust.turns.setChecked(True)
    found = judged(photo_dock, qtbot)[TURNED].data
    assert found.shape == (60, 72)
    assert 0 < np.median(found) < 0.1


def test_without_a_psf_only_the_spread_is_told(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    own_model("mild")
    coffee(photo_dock, 3)
    photo_dock.blur.choose("unknown")
    photo_dock.strength.learned.refill("mild")
    restored(photo_dock, finish)
    assert list(judged(photo_dock, qtbot)) == [TURNED]
    assert photo_dock.footer.message.text().startswith(trusting.BLIND)


def test_the_dock_closed_meanwhile_ends_it(viewer: Any, finish: Finish, qtbot: Any, destroyed: Any) -> None:
    dock = Deconvolve(viewer)
    dock.live.box.setChecked(False)
    plane(dock)
    restored(dock, finish)
    dock.trust.turns.setChecked(True)
    dock.trust.button.click()
    with destroyed(dock):
        dock.deleteLater()
    assert QThreadPool.globalInstance().waitForDone(20_000)
    qtbot.wait(50)
    assert len(viewer.layers) == 2


def test_classical_photographs_are_judged_too(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    coffee(photo_dock, 3, "wiener")
    restored(photo_dock, finish)
    assert list(judged(photo_dock, qtbot)) == [CONTRADICTS, UNSUPPORTED]
