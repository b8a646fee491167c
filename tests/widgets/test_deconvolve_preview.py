"""The preview of the dock Deconvolve: it is what the full run will be, and nothing is left of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QThreadPool

from napari_deconv import Image, Recipe, run
from napari_deconv.widgets.deconvolve import Deconvolve, preview, previewing
from napari_deconv.widgets.deconvolve.live_preview import WAIT
from napari_deconv.widgets.layers import role
from widgets.scenes import MICROMETRES, spots, use_gaussian

Finish = Callable[[Deconvolve], str]


def in_view(layer: Any, *parts: tuple[int, int]) -> tuple[slice, ...]:
    """What a canvas would tell the layer that it shows."""
    layer.corner_pixels = np.array([[first for first, _ in parts], [last for _, last in parts]])
    return tuple(slice(first, last + 1) for first, last in parts)


def flat(dock: Deconvolve, method: str = "richardson_lucy", num_iter: int = 8, **more: Any) -> Any:
    layer = dock.viewer.add_image(spots(96, 110), name="spots", **more)
    use_gaussian(dock, "1.4")
    dock.method.put({"method": method, "num_iter": num_iter})
    return layer


def ready(dock: Deconvolve, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: dock.psf.psf is not None and dock.state == "ready", timeout=20_000)


def previewed(dock: Deconvolve, qtbot: Any) -> np.ndarray[Any, Any]:
    """Make one; its last picture."""
    ready(dock, qtbot)
    with qtbot.waitSignal(dock.live.finished, timeout=20_000):
        dock.live.now()
    data: np.ndarray[Any, Any] = dock.live.preview.frames[-1].data
    return data


def whole(dock: Deconvolve, axes: str) -> np.ndarray[Any, Any]:
    layer = dock.picker.layer
    assert layer is not None
    data: np.ndarray[Any, Any] = run(dock.recipe(), Image(layer.data, axes)).data
    return data


@pytest.mark.filterwarnings("ignore:.*regularization 0.003 was taken:UserWarning")
@pytest.mark.parametrize("method", ["richardson_lucy", "scaled_heavy_ball", "richardson_lucy_tv"])
@pytest.mark.parametrize("background", [0.0, 100.0])
def test_a_fixed_count_gives_what_the_full_run_gives(
    dock: Deconvolve, qtbot: Any, method: str, background: float
) -> None:
    layer = flat(dock, method, 12)
    layer.data = layer.data + int(background)
    dock.method.put({"background": background})
    part = in_view(layer, (30, 69), (40, 89))
    found, expected = previewed(dock, qtbot), whole(dock, "YX")
    assert found.shape == (40, 50)
    assert np.abs(found - expected[part]).max() <= 1e-3 * np.ptp(expected)


def test_a_stack_gives_what_the_full_run_gives_at_its_place(dock: Deconvolve, qtbot: Any) -> None:
    turn = np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])
    place = {"scale": (0.3, 0.105, 0.1), "translate": (5, 6, 7), "rotate": turn, "units": MICROMETRES}
    layer = dock.viewer.add_image(spots(8, 50, 60), name="stack", axis_labels=("z", "y", "x"), **place)
    use_gaussian(dock, "0.14", "0.4")
    dock.method.put({"num_iter": 6})
    part = in_view(layer, (0, 7), (20, 34), (25, 49))
    ready(dock, qtbot)
    found = previewed(dock, qtbot)
    with pytest.warns(UserWarning, match="sigma was taken in micrometres"):
        expected = run(dock.recipe(), Image(layer.data, "ZYX", (0.3, 0.105, 0.1))).data
    assert np.abs(found - expected[(slice(None), *part[1:])]).max() <= 1e-3 * np.ptp(expected)
    shown = dock.live.preview.layer
    assert shown is not None
    np.testing.assert_allclose(shown.data_to_world((1, 2, 3)), layer.data_to_world((1, 22, 28)))
    assert (shown.units, shown.axis_labels) == (layer.units, layer.axis_labels)


def test_periodic_edges_are_those_of_the_whole_picture(dock: Deconvolve, qtbot: Any) -> None:
    part = in_view(flat(dock), (0, 29), (0, 39))
    dock.method.put({"boundary": "periodic"})
    found, expected = previewed(dock, qtbot), whole(dock, "YX")
    assert np.abs(found - expected[part]).max() <= 1e-3 * np.ptp(expected)


def test_masked_pixels_of_the_part_do_not_count(dock: Deconvolve, qtbot: Any) -> None:
    layer = flat(dock)
    spoilt = layer.data.copy()
    spoilt[50, 60] = 60_000
    layer.data = spoilt
    mask = np.zeros(spoilt.shape, int)
    mask[50, 60] = 1
    dock.method.mask_picker.pick(dock.viewer.add_labels(mask, name="dead"))
    part = in_view(layer, (30, 69), (40, 89))
    found = previewed(dock, qtbot)
    expected = run(dock.recipe(), Image(spoilt, "YX"), mask=mask != 0).data
    assert np.abs(found - expected[part]).max() <= 1e-3 * np.ptp(expected)


def test_it_begins_with_a_wiener_filter_and_keeps_iterations(dock: Deconvolve, qtbot: Any) -> None:
    flat(dock, "scaled_heavy_ball", 15)
    came: list[int] = []
    dock.live.preview.grown.connect(lambda frame: came.append(frame.iteration))
    previewed(dock, qtbot)
    assert came == [0, 1, 2, 3, 5, 8, 13, 15]
    assert [f.iteration for f in dock.live.preview.frames] == came


def test_the_slider_goes_through_the_iterations(dock: Deconvolve, qtbot: Any) -> None:
    flat(dock, num_iter=8)
    previewed(dock, qtbot)
    panel, shown = dock.live.panel, dock.live.preview
    assert panel.words.text() == "iteration 8"
    panel.slider.setValue(3)
    assert panel.words.text() == "iteration 3"
    assert shown.layer is not None
    layer = dock.picker.layer
    assert layer is not None
    three = run(dock.recipe().changed(num_iter=3), Image(layer.data, "YX")).data
    np.testing.assert_array_equal(shown.layer.data, three)  # all of it is in view
    panel.use.click()
    assert dock.recipe().num_iter == 3
    panel.slider.setValue(0)
    assert panel.words.text() == "Wiener"
    assert not panel.use.isEnabled()


def test_pictures_that_do_not_fit_are_dropped_but_never_first_and_last(
    dock: Deconvolve, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "MOST", 3 * 4 * 96 * 110)
    flat(dock, num_iter=13)
    previewed(dock, qtbot)
    assert [f.iteration for f in dock.live.preview.frames] == [0, 8, 13]


def test_many_changes_make_one_preview(dock: Deconvolve, qtbot: Any) -> None:
    flat(dock)
    ready(dock, qtbot)
    asked: list[int] = []
    dock.live.began.connect(lambda: asked.append(dock.recipe().num_iter))  # type: ignore[arg-type]
    with qtbot.waitSignal(dock.live.finished, timeout=20_000):
        dock.live.box.setChecked(True)
        for count in (3, 4, 5, 6):
            dock.method.put({"num_iter": count})
            assert dock.live._timer.isActive()
    assert asked == [6]
    assert (dock.live._timer.interval(), WAIT) == (300, 300)


def test_a_newer_preview_ends_the_older_one_first(
    dock: Deconvolve, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once: list[int] = []

    def counted(*given: Any) -> Any:
        at_once.append(1)
        most.append(len(at_once))
        try:
            yield from previewing.previewed(*given)
        finally:
            at_once.pop()

    most: list[int] = []
    monkeypatch.setattr(preview, "previewed", counted)
    flat(dock, num_iter=100_000)
    ready(dock, qtbot)
    dock.live.now()
    qtbot.waitUntil(lambda: len(dock.live.preview.frames) > 2, timeout=20_000)
    for count in (90_000, 80_000, 2):
        dock.method.put({"num_iter": count})
        dock.live.now()
    with qtbot.waitSignal(dock.live.finished, timeout=20_000):
        pass
    assert most == [1, 1]  # those in between never began
    assert [f.iteration for f in dock.live.preview.frames] == [0, 1, 2]


def test_escape_ends_it_and_what_is_there_stays(dock: Deconvolve, qtbot: Any) -> None:
    flat(dock, num_iter=100_000)
    ready(dock, qtbot)
    dock.live.now()
    assert dock.state == "previewing"
    qtbot.waitUntil(lambda: len(dock.live.preview.frames) > 2, timeout=20_000)
    dock.stop()
    assert dock.state == "ready"
    assert not dock.live.busy
    assert dock.live.preview.layer in dock.viewer.layers


def test_the_preview_waits_for_its_psf(dock: Deconvolve, qtbot: Any) -> None:
    flat(dock)
    dock.live.now()
    assert dock.psf.psf is None
    assert not dock.live.preview.busy
    qtbot.waitUntil(lambda: len(dock.live.preview.frames) > 2, timeout=20_000)


def test_there_is_none_of_a_form_that_cannot_run(dock: Deconvolve, qtbot: Any) -> None:
    flat(dock)
    previewed(dock, qtbot)
    dock.psf.models["gaussian"].edits["sigma"].type("")
    dock.live.now()
    assert [role(layer) for layer in dock.viewer.layers] == [""]
    assert not dock.watch.tabs.isTabVisible(0)


def test_the_result_takes_its_place(dock: Deconvolve, qtbot: Any, finish: Finish) -> None:
    flat(dock)
    previewed(dock, qtbot)
    assert [role(layer) for layer in dock.viewer.layers] == ["", "preview"]
    dock.start()
    assert finish(dock) == "done"
    assert [role(layer) for layer in dock.viewer.layers] == ["", "result"]


def test_removing_its_layer_switches_it_off(dock: Deconvolve, qtbot: Any) -> None:
    flat(dock)
    ready(dock, qtbot)
    with qtbot.waitSignal(dock.live.finished, timeout=20_000):
        dock.live.box.setChecked(True)
    dock.viewer.layers.remove(dock.live.preview.layer)
    dock.method.put({"num_iter": 2})
    qtbot.waitUntil(lambda: not dock.live.box.isChecked(), timeout=20_000)
    assert [role(layer) for layer in dock.viewer.layers] == [""]


def test_source_removed_mid_preview(dock: Deconvolve, qtbot: Any) -> None:
    layer = flat(dock, num_iter=100_000)
    ready(dock, qtbot)
    dock.live.now()
    qtbot.waitUntil(lambda: len(dock.live.preview.frames) > 2, timeout=20_000)
    dock.viewer.layers.remove(layer)
    dock.live.now()
    assert not dock.live.busy
    assert len(dock.viewer.layers) == 0


def test_the_channel_and_time_point_at_the_sliders_are_shown(dock: Deconvolve, qtbot: Any) -> None:
    pixels = np.stack([[spots(40, 50, seed=2 * t + c) for c in range(2)] for t in range(3)])
    dock.viewer.add_image(pixels, axis_labels=("t", "c", "y", "x"))
    dock.viewer.dims.set_point([0, 1], [2, 1])
    use_gaussian(dock, "1.4")
    dock.method.put({"num_iter": 4})
    found = previewed(dock, qtbot)
    assert found.shape == (1, 1, 40, 50)
    expected = run(dock.recipe(), Image(pixels[2, 1], "YX")).data
    np.testing.assert_allclose(found[0, 0], expected, atol=1e-4 * np.ptp(expected))
    shown = dock.live.preview.layer
    assert shown is not None
    np.testing.assert_array_equal(shown.data_to_world((0, 0, 0, 0)), (2, 1, 0, 0))
    with qtbot.waitSignal(dock.live.finished, timeout=20_000):
        dock.live.box.setChecked(True)
    with qtbot.waitSignal(dock.live.finished, timeout=20_000):
        dock.viewer.dims.set_point(0, 0)
    np.testing.assert_array_equal(shown.data_to_world((0, 0, 0, 0)), (0, 1, 0, 0))


def test_each_channel_is_previewed_with_its_own_psf(dock: Deconvolve, qtbot: Any) -> None:
    pixels = np.stack([spots(60, 70, seed=c) for c in range(2)])
    place = {"scale": (1, 0.1, 0.1), "units": ("pixel", *MICROMETRES[1:]), "axis_labels": ("c", "y", "x")}
    layer = dock.viewer.add_image(pixels, **place)
    dock.viewer.dims.set_point(0, 1)
    dock.psf.choose("widefield")
    for name, text in {"na": "0.8", "wavelength": "480, 700", "ri": "1.0"}.items():
        dock.psf.models["widefield"].edits[name].type(text)
    dock.method.put({"num_iter": 5})
    part = in_view(layer, (0, 1), (20, 39), (25, 49))
    found, expected = previewed(dock, qtbot), run(dock.recipe(), Image(pixels, "CYX", (0.1, 0.1))).data
    assert np.abs(found[0] - expected[1][part[1:]]).max() <= 1e-3 * np.ptp(expected[1])


def test_a_plane_of_a_stack_is_enough_for_a_psf_of_planes(dock: Deconvolve, qtbot: Any) -> None:
    stack = spots(5, 40, 50)
    dock.viewer.add_image(stack, axis_labels=("z", "y", "x"))
    dock.viewer.dims.set_point(0, 3)
    dock.psf.choose("defocus")
    dock.psf.models["defocus"].edits["radius"].type("2")
    dock.method.put({"method": "richardson_lucy", "num_iter": 4})
    found = previewed(dock, qtbot)
    assert found.shape == (1, 40, 50)
    expected = run(dock.recipe(), Image(stack[3], "YX")).data
    np.testing.assert_allclose(found[0], expected, atol=1e-4 * np.ptp(expected))


def test_sections_of_a_stack_are_drawn_in_true_proportions(dock: Deconvolve, qtbot: Any) -> None:
    place = {"scale": (0.4, 0.1, 0.1), "units": MICROMETRES, "axis_labels": ("z", "y", "x")}
    dock.viewer.add_image(spots(6, 30, 40), **place)
    use_gaussian(dock, "0.14", "0.4")
    dock.method.put({"num_iter": 2})
    previewed(dock, qtbot)
    xy, xz = (dock.live.panel.pictures[name].pixmap() for name in ("XY", "XZ"))
    assert (xy.width(), xy.height()) == (128, 96)
    assert (xz.width(), xz.height()) == (128, round(128 * 6 * 0.4 / 4))
    flat(dock)
    previewed(dock, qtbot)
    assert dock.live.panel.pictures["XZ"].isHidden()


def test_automatic_counts_are_marked_in_the_curve(dock: Deconvolve, qtbot: Any) -> None:
    flat(dock)
    dock.method.put({"num_iter": "auto", "stop": "plateau", "max_iter": 40})
    previewed(dock, qtbot)
    assert dock.watch.curve.mark == dock.live.preview.frames[-1].iteration
    assert dock.watch.curve.score


def test_a_gamma_encoded_picture_is_previewed_as_it_is_stored(dock: Deconvolve, qtbot: Any) -> None:
    pixels = (spots(40, 50) // 8).clip(0, 255).astype(np.uint8)
    dock.viewer.add_image(pixels, metadata={"napari-deconv": {"encoding": "srgb"}})
    use_gaussian(dock, "1.4")
    dock.method.put({"num_iter": 3, "method": "richardson_lucy"})
    found = previewed(dock, qtbot)
    recipe = Recipe.build(num_iter=3, psf="gaussian:sigma=1.4")
    np.testing.assert_array_equal(found, run(recipe, Image(pixels, "YX", encoding="srgb")).data)
    assert {f.data.dtype for f in dock.live.preview.frames} == {np.dtype(np.uint8)}


def test_bad_pixels_are_told(dock: Deconvolve, qtbot: Any) -> None:
    layer = flat(dock)
    layer.data = np.where(layer.data > 100, np.nan, layer.data.astype(np.float32))
    ready(dock, qtbot)
    with qtbot.waitSignal(dock.live.failed, timeout=20_000):
        dock.live.now()
    assert dock.footer.message.text().startswith("No preview: ")
    assert dock.state == "ready"


def test_dock_destroyed_mid_preview_leaves_no_thread(viewer: Any, qtbot: Any, destroyed: Any) -> None:
    dock = Deconvolve(viewer)
    dock.live.box.setChecked(False)
    flat(dock, num_iter=100_000)
    ready(dock, qtbot)
    dock.live.now()
    qtbot.waitUntil(lambda: len(dock.live.preview.frames) > 1, timeout=20_000)
    with destroyed(dock):
        dock.deleteLater()
    assert QThreadPool.globalInstance().waitForDone(20_000)
    viewer.add_image(np.zeros((3, 4, 4)))  # nothing listens any more
    viewer.dims.set_point(0, 2)
    qtbot.wait(50)
