"""Parts of the dock Deconvolve: method and stop, camera, region, curve, cost, settings of a result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtGui import QColor, QGuiApplication, QPalette
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider, QTabWidget, QWidget

from napari_deconv import Image, Recipe, run
from napari_deconv.widgets.deconvolve import Deconvolve, cost
from napari_deconv.widgets.deconvolve.curve import RunCurve
from napari_deconv.widgets.deconvolve.method_section import NAMES
from napari_deconv.widgets.deconvolve.scale import label, span, ticks
from napari_deconv.widgets.drive import Chosen, Point
from napari_deconv.widgets.fold import Fold
from napari_deconv.widgets.psf_maker.profile import BLUE, ORANGE
from widgets.scenes import MICROMETRES, spots, use_gaussian

Finish = Callable[[Deconvolve], str]


def ready(dock: Deconvolve, *shape: int, num_iter: Any = 4, **more: Any) -> Any:
    layer = dock.viewer.add_image(spots(*shape or (60, 70)), name="spots", **more)
    use_gaussian(dock, "1.4")
    dock.method.put({"num_iter": num_iter})
    return layer


def copied(dock: Deconvolve) -> str:
    dock.settings.copy.click()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    return clipboard.text()


def restored(dock: Deconvolve, finish: Finish) -> np.ndarray[Any, Any]:
    dock.start()
    assert finish(dock) == "done", dock.footer.message.text()
    assert dock.result is not None
    data: np.ndarray[Any, Any] = dock.result.data
    return data


def as_script(dock: Deconvolve) -> np.ndarray[Any, Any]:
    space: dict[str, Any] = {"viewer": dock.viewer}
    exec(copied(dock), space)
    data: np.ndarray[Any, Any] = space["restored"]
    return data


def test_the_dock_begins_accelerated_and_automatic(dock: Deconvolve) -> None:
    dock.viewer.add_image(spots(20, 20))
    use_gaussian(dock, "1.4")
    recipe = dock.recipe()
    assert (recipe.method, recipe.num_iter, recipe.stop) == ("scaled_heavy_ball", "auto", "held_out")
    assert recipe == Recipe.build(method="scaled_heavy_ball", psf="gaussian:sigma=1.4")


@pytest.mark.filterwarnings("ignore:.*(max_iter|plateau):UserWarning")
@pytest.mark.parametrize("rule", ["held_out", "plateau", "discrepancy"])
@pytest.mark.filterwarnings("ignore:.*cannot decide", "ignore:.*camera")
def test_automatic_runs_give_the_bits_of_their_script(dock: Deconvolve, finish: Finish, rule: str) -> None:
    ready(dock, num_iter="auto")
    dock.method.put({"stop": rule, "max_iter": 20, "seed": 3, "camera": {"gain": 1.0, "read_noise": 0.0}})
    assert dock.recipe().stop == rule
    np.testing.assert_array_equal(restored(dock, finish), as_script(dock))


def test_every_method_has_a_form_of_its_own_parameters(dock: Deconvolve) -> None:
    dock.viewer.add_image(spots(20, 20))
    use_gaussian(dock, "1.4")
    for method in NAMES:
        dock.method.choose(method)
        assert dock.recipe().method == method
        assert dock.method.stop.isHidden() == (method in ("wiener", "learned"))
        assert dock.method.forms["smoothing"].isHidden() == (method != "richardson_lucy_tv")
    dock.method.choose("richardson_lucy_tv")
    dock.method.forms["smoothing"].fields["regularization"].value = "0.002"
    assert dock.recipe().regularization == 0.002
    dock.method.forms["smoothing"].fields["regularization"].value = "much"
    assert dock.state == "invalid"
    assert "regularization" in dock.footer.hint.text()


def test_what_is_typed_stays_when_the_method_changes(dock: Deconvolve) -> None:
    dock.method.put({"background": 12.0, "num_iter": 17})
    dock.method.choose("wiener")
    assert "num_iter" not in dock.method.values()
    dock.method.choose("richardson_lucy")
    assert (dock.method.values()["background"], dock.method.values()["num_iter"]) == (12.0, 17)


def test_details_of_stopping_are_in_the_recipe(dock: Deconvolve) -> None:
    ready(dock, num_iter="auto")
    dock.method.stop.details.put({"max_iter": 50, "held_out": 0.2, "seed": 7, "decide": "each"})
    recipe = dock.recipe()
    assert (recipe.max_iter, recipe.held_out, recipe.seed, recipe.decide) == (50, 0.2, 7, "each")
    dock.method.stop.details.put({"max_iter": None})
    assert dock.recipe().max_iter is None


def test_the_curve_marks_the_iteration_that_was_chosen(dock: Deconvolve, finish: Finish) -> None:
    ready(dock, num_iter="auto")
    dock.method.put({"stop": "plateau", "max_iter": 40})
    restored(dock, finish)
    assert dock.result is not None
    told = dock.result.metadata["napari-deconv"]
    curve = dock.watch.curve
    assert curve.mark == told["recipe"]["num_iter"] == told["stopping"][0]["num_iter"]
    np.testing.assert_allclose(list(curve.score.values()), told["stopping"][0]["curve"], rtol=1e-5)
    assert f"chosen: iteration {curve.mark}" in curve.accessibleDescription()
    assert max(curve.divergence) == curve.mark
    assert dock.watch.tabs.isTabVisible(1)


def test_a_fixed_count_has_a_curve_without_a_mark(dock: Deconvolve, finish: Finish) -> None:
    ready(dock, num_iter=5)
    restored(dock, finish)
    curve = dock.watch.curve
    assert (list(curve.divergence), curve.score, curve.mark) == ([1, 2, 3, 4, 5], {}, None)
    assert (np.diff(list(curve.divergence.values())) < 0).all()


def test_channels_and_time_points_have_curves_of_their_own() -> None:
    points = [Point("restoring", 0, i, 1 / i) for i in (1, 2, 3)]
    both = [Point("deciding", 0, i, 1.0) for i in (1, 2)]
    shown: dict[str, list[int]] = {}
    for name, more in {
        "next time point": [Point("restoring", 0, 1, 9.0)],
        "next channel": [Point("deciding", 1, 1, 9.0)],
    }.items():
        curve = _Curve()
        curve.add([*both, *points])
        curve.choose([Chosen(0, 2, "plateau")])
        curve.add(more)
        shown[name] = [len(curve.score), len(curve.divergence), curve.mark or 0]
    assert shown == {"next time point": [2, 1, 2], "next channel": [1, 0, 0]}


def _Curve() -> RunCurve:
    curve = RunCurve()
    curve.clear()
    return curve


@pytest.mark.parametrize("ground", ["white", "black"])
def test_the_curve_is_drawn_in_the_colours_of_the_theme(dock: Deconvolve, qtbot: Any, ground: str) -> None:
    curve = _Curve()
    qtbot.addWidget(curve)
    palette = QPalette()
    text = "black" if ground == "white" else "white"
    palette.setColor(QPalette.ColorRole.Window, QColor(ground))
    palette.setColor(QPalette.ColorRole.WindowText, QColor(text))
    curve.setPalette(palette)
    curve.resize(310, 150)
    curve.add([Point("deciding", 0, i, 1 + 10 / i) for i in range(1, 30)])
    curve.add([Point("restoring", 0, i, 1e6 / i) for i in range(1, 21)])
    curve.choose([Chosen(0, 20, "held_out")])
    image = curve.grab().toImage()
    colours = [image.pixelColor(x, y) for x in range(0, image.width()) for y in range(image.height())]

    def seen(name: str) -> int:
        wanted = QColor(name)
        far = (max(abs(c.red() - wanted.red()), abs(c.blue() - wanted.blue())) for c in colours)
        return sum(d < 12 for d in far)

    assert min(seen(BLUE), seen(ORANGE), seen(text)) > 20
    column = round(46 + (image.width() - 46 - 44) * 19 / 29)  # where iteration 20 is between 1 and 30
    dark = [image.pixelColor(column + d, y).lightness() for d in (-1, 0, 1) for y in range(30, 110)]
    assert abs(QColor(ground).lightness() - np.array(dark)).max() > 100


def test_curves_with_one_point_with_nan_and_without_change_are_drawn(qtbot: Any) -> None:
    for values in ([1.0], [np.nan, 2.0, 1.0], [3.0, 3.0, 3.0], [1e30, 1e-30], [0.0, 0.0]):
        curve = _Curve()
        qtbot.addWidget(curve)
        curve.resize(300, 140)
        curve.add([Point("deciding", 0, i, v) for i, v in enumerate(values, 1)])
        assert not curve.grab().isNull()


def test_ticks_are_round_and_few() -> None:
    assert ticks(0, 17, 4) == [0, 5, 10, 15]
    assert ticks(1, 100, 6) == [20, 40, 60, 80, 100]
    assert ticks(3, 3, 4) == [3]
    for low, high in ((0.011, 0.0113), (-5, 1e6), (1e-9, 3e-9)):
        found = ticks(low, high, 4)
        assert 1 <= len(found) <= 5
        room = 1e-9 * (high - low)
        assert all(low - room <= t <= high + room for t in found)
        assert len({label(t, low, high) for t in found}) == len(found)
    low, high = span([1e6, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
    assert low < 1
    assert 10 < high < 12  # the first, steep fall does not flatten the rest


def noisy(gain: float = 2.0, offset: float = 100.0, seed: int = 0) -> np.ndarray[Any, Any]:
    """A smooth scene as a camera records it."""
    ramp = 200 * (1 + np.sin(np.arange(200) / 30)) * np.ones((180, 1)) + 20
    return np.rint(np.random.default_rng(seed).poisson(ramp) / gain + offset).astype(np.uint16)


def estimated(dock: Deconvolve, qtbot: Any) -> str:
    camera = dock.method.camera
    camera.button.click()
    qtbot.waitUntil(lambda: camera.words.text() not in ("", "Looking at the noise…"), timeout=20_000)
    return str(camera.words.text())


def test_the_camera_is_estimated_and_shown_with_its_uncertainty(dock: Deconvolve, qtbot: Any) -> None:
    dock.viewer.add_image(noisy())
    use_gaussian(dock, "1.4")
    dock.method.put({"background": 100.0})
    said, camera = estimated(dock, qtbot), dock.method.camera
    gain = camera.edits["gain"].value
    assert gain == pytest.approx(2, rel=0.1)
    assert camera.badges["gain"].text().startswith("± 0.0")
    assert said.startswith(f"Camera: gain {gain:.4g} ± ")
    assert camera.edits["offset"].value is None  # the background was taken, nothing was found
    recipe: Any = dock.recipe()
    assert recipe.camera.gain == gain
    assert f"gain {gain:.4g}" in camera.fold.button.text()


def test_a_camera_that_cannot_be_estimated_is_said_with_what_to_do(dock: Deconvolve, qtbot: Any) -> None:
    smooth = noisy().astype(np.float32)
    for _ in range(3):
        smooth = (np.roll(smooth, 1, 0) + smooth + np.roll(smooth, 1, 1)) / 3
    dock.viewer.add_image(smooth)
    use_gaussian(dock, "1.4")
    said = estimated(dock, qtbot)
    assert said.startswith("Camera not estimated: ")
    assert "plateau" in said
    assert all(edit.value is None for edit in dock.method.camera.edits.values())
    assert "camera" not in dock.method.values()


def test_what_was_typed_of_the_camera_stays_and_what_was_estimated_goes_with_its_image(
    dock: Deconvolve, qtbot: Any
) -> None:
    dock.viewer.add_image(noisy())
    camera = dock.method.camera
    camera.edits["offset"].type("100")
    estimated(dock, qtbot)
    assert camera.edits["offset"].value == 100
    assert camera.edits["gain"].value is not None
    dock.viewer.add_image(noisy(seed=1))
    assert (camera.edits["offset"].value, camera.edits["gain"].value) == (100, None)
    assert camera.words.text() == ""


def test_saturated_pixels_are_counted(dock: Deconvolve, qtbot: Any) -> None:
    dock.viewer.add_image(noisy().clip(0, 255))
    said = estimated(dock, qtbot)
    count = int((noisy() >= 255).sum())
    assert f"{count} of 36000 pixels are saturated" in said
    assert dock.method.camera.edits["saturation"].value == 255


@pytest.mark.parametrize(("name", "text"), [("gain", "-2"), ("gain", "much"), ("read_noise", "-1")])
def test_impossible_cameras_do_not_run(dock: Deconvolve, name: str, text: str) -> None:
    ready(dock)
    dock.method.camera.edits[name].type(text)
    assert dock.state == "invalid"
    assert dock.footer.hint.text().startswith("To run: ")


def test_hot_pixels_are_an_option(dock: Deconvolve) -> None:
    ready(dock)
    assert not dock.recipe().hot_pixels
    dock.method.camera.hot.setChecked(True)
    assert dock.recipe().hot_pixels


def rectangle(dock: Deconvolve, *corners: tuple[float, ...], **more: Any) -> Any:
    shapes = dock.viewer.add_shapes([np.array(corners)], shape_type="rectangle", **more)
    dock.region.picker.pick(shapes)
    return shapes


def test_only_a_rectangle_is_restored_and_lies_where_it_was_drawn(dock: Deconvolve, finish: Finish) -> None:
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    place = {"scale": (0.2, 0.1), "translate": (6, 7), "rotate": turn, "units": MICROMETRES[1:]}
    layer = dock.viewer.add_image(spots(60, 70), name="spots", axis_labels=("y", "x"), **place)
    use_gaussian(dock, "0.2")
    dock.method.put({"num_iter": 4})
    world = [layer.data_to_world(c) for c in ((20, 30), (20, 49), (44, 49), (44, 30))]
    rectangle(dock, *world, units=MICROMETRES[1:])
    assert dock.region.words.text() == "Samples y 20 to 44 · x 30 to 49"
    found = restored(dock, finish)
    assert found.shape == (25, 20)
    assert dock.result is not None
    np.testing.assert_allclose(dock.result.data_to_world((3, 4)), layer.data_to_world((23, 34)))
    with pytest.warns(UserWarning, match="sigma was taken in micrometres"):
        np.testing.assert_array_equal(found, as_script(dock))
    with pytest.warns(UserWarning, match="sigma was taken in micrometres"):
        whole = run(dock.recipe(), Image(layer.data, "YX", (0.2, 0.1))).data
    assert np.abs(found - whole[20:45, 30:50]).max() < 0.01 * np.ptp(whole)


def test_a_rectangle_in_a_stack_takes_all_planes_and_time_points(dock: Deconvolve, finish: Finish) -> None:
    layer = dock.viewer.add_image(spots(2, 6, 40, 50), axis_labels=("t", "z", "y", "x"))
    use_gaussian(dock, "1.2", "1")
    dock.method.put({"num_iter": 2})
    mask = np.zeros((6, 40, 50), int)
    mask[2, 20, 20] = 1
    dock.method.mask_picker.pick(dock.viewer.add_labels(mask, name="dead"))
    rectangle(dock, (10, 12), (10, 31), (29, 31), (29, 12))
    found = restored(dock, finish)
    assert found.shape == (2, 6, 20, 20)
    assert dock.result is not None
    np.testing.assert_array_equal(dock.result.data_to_world((1, 2, 3, 4)), layer.data_to_world((1, 2, 13, 16)))
    np.testing.assert_array_equal(found, as_script(dock))


def test_a_rectangle_outside_or_nothing_drawn_is_said(dock: Deconvolve) -> None:
    ready(dock)
    shapes = rectangle(dock, (200, 200), (200, 220), (220, 220), (220, 200))
    assert "outside of the picture" in dock.footer.hint.text()
    shapes.data = []
    assert "nothing is drawn" in dock.footer.hint.text()
    dock.viewer.layers.remove(shapes)
    assert dock.state == "ready"


def test_a_rectangle_that_sticks_out_is_cut_off(dock: Deconvolve, finish: Finish) -> None:
    ready(dock)
    rectangle(dock, (-20, -20), (-20, 9.6), (9.4, 9.6), (9.4, -20))
    assert dock.region.part == {"Y": (0, 10), "X": (0, 11)}


def test_a_layer_to_draw_on_is_added_once(dock: Deconvolve) -> None:
    layer = ready(dock, 40, 50, scale=(2, 3), translate=(5, 6))
    dock.region.draw.click()
    shapes = dock.region.picker.layer
    assert shapes is not None
    assert shapes.mode == "add_rectangle"
    assert dock.picker.layer is layer
    shapes.add(np.array([[5, 6], [5, 15], [14, 15], [14, 6]]), shape_type="rectangle")
    assert dock.region.part == {"Y": (5, 15), "X": (6, 16)}
    dock.region.draw.click()
    assert dock.region.picker.layer is shapes


def test_memory_is_told_before_the_run(dock: Deconvolve, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ready(dock)
    qtbot.waitUntil(lambda: "free memory" in dock.cost.words.text(), timeout=20_000)

    def too_large(*_: Any, **__: Any) -> None:
        raise MemoryError("needs about 9.1 GiB, 1.0 GiB free on numpy; crop the image")

    monkeypatch.setattr(cost, "pieces", too_large)
    dock.method.put({"num_iter": 5})
    qtbot.waitUntil(lambda: "Not enough memory" in dock.cost.words.text(), timeout=20_000)


def test_time_is_told_after_a_preview(dock: Deconvolve, qtbot: Any) -> None:
    ready(dock)
    qtbot.waitUntil(lambda: dock.psf.psf is not None, timeout=20_000)
    with qtbot.waitSignal(dock.live.finished, timeout=20_000):
        dock.live.now()
    qtbot.waitUntil(lambda: "about 1 s" in dock.cost.words.text(), timeout=20_000)


@pytest.mark.parametrize("source", ["widefield", "gaussian"])
def test_settings_of_a_result_come_back(dock: Deconvolve, finish: Finish, source: str) -> None:
    place = {"scale": (0.2, 0.1, 0.1), "units": MICROMETRES, "axis_labels": ("z", "y", "x")}
    dock.viewer.add_image(spots(6, 30, 40), name="stack", **place)
    if source == "gaussian":
        use_gaussian(dock, "0.14", "0.3")
    else:
        dock.psf.choose("widefield")
        for name, text in {"na": "1.2", "wavelength": "520", "ri": "1.33", "depth": "2"}.items():
            dock.psf.models["widefield"].edits[name].type(text)
    dock.method.put({"method": "richardson_lucy_tv", "num_iter": 3, "background": 1.0, "boundary": "reflect"})
    dock.method.put({"method": "richardson_lucy", "camera": {"gain": 2.0}, "hot_pixels": True})
    before = dock.recipe()
    restored(dock, finish)
    result = dock.result
    use_gaussian(dock, "3", "3")
    dock.method.put({"method": "wiener", "camera": "auto", "hot_pixels": False, "boundary": "extended"})
    dock.method.put({"num_iter": "auto", "background": 0.0})
    assert dock.recipe() != before
    dock.viewer.layers.selection.active = result
    dock.settings.take.click()
    assert dock.recipe().changed(backend="auto") == before
    assert "settings of" in dock.footer.message.text()


def test_layers_without_settings_offer_none(dock: Deconvolve) -> None:
    ready(dock)
    assert not dock.settings.take.isEnabled()


def test_every_control_says_what_it_is(dock: Deconvolve) -> None:
    ready(dock)
    for fold in dock.findChildren(Fold):
        fold.button.setChecked(True)
    kinds = (QComboBox, QLineEdit, QAbstractSpinBox, QSlider, QAbstractButton, QTabWidget)
    of_qt = ("qt_", "ScrollLeft", "ScrollRight")  # parts of Qt's own widgets
    found: list[QWidget] = [w for kind in kinds for w in dock.findChildren(kind)]
    ours = [
        w
        for w in found
        if not w.objectName().startswith(of_qt) and type(w.parent()).__name__ not in ("QTabBar", "QScrollArea")
    ]
    nameless = [w for w in ours if not w.accessibleName() and not getattr(w, "text", lambda: "")()]
    silent = [w for w in ours if not w.toolTip() and not isinstance(w, QTabWidget)]
    assert [(type(w).__name__, type(w.parent()).__name__) for w in nameless] == []
    assert [(type(w).__name__, w.accessibleName() or w.text()) for w in silent] == [("QLineEdit", "PSF file")]  # type: ignore[attr-defined]
