"""In a real napari window: the manifest, the samples, closing in the middle of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from npe2 import PluginManager, PluginManifest
from qtpy.QtCore import QThreadPool

from napari_deconv import Image, run, samples, write
from napari_deconv.widgets.deconvolve import Deconvolve
from napari_deconv.widgets.layers import role
from napari_deconv.widgets.samples import KEYS
from widgets.scenes import add_stack, beads, spots, use_gaussian

LongRun = Callable[[Deconvolve], None]
Finish = Callable[[Deconvolve], str]
NAME = "napari-deconv"
TITLE = "Deconvolve (microscopy)"


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_distribution(NAME)


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any]) -> Any:
    PluginManager.instance().discover()
    return make_napari_viewer()


def opened(window: Any) -> tuple[Any, Deconvolve]:
    """The frame and the dock in it, as Plugins > … opens them; without previews."""
    frame, dock = window.window.add_plugin_dock_widget(NAME, TITLE)
    dock.live.box.setChecked(False)
    return frame, dock


def ready(dock: Deconvolve) -> None:
    add_stack(dock.viewer)
    use_gaussian(dock, "0.15", "0.4")


def test_manifest_says_what_it_should(manifest: PluginManifest) -> None:
    given = manifest.contributions
    assert manifest.name == NAME
    assert manifest.visibility == "public"
    assert manifest.categories == ["Image Processing"]
    assert [w.display_name for w in given.widgets or ()] == [TITLE, "Deblur photo", "PSF"]
    assert [s.key for s in given.sample_data or ()] == list(KEYS)
    assert set(given.menus) == {"napari/layers/filter", "napari-deconv.filter", "napari/file/new_layer"}
    assert [s.id for s in given.submenus or ()] == ["napari-deconv.filter"]


def test_dock_is_in_both_menus_and_opens(window: Any) -> None:
    menus = window.window._qt_window
    plugins, layers = (getattr(window.window, name) for name in ("plugins_menu", "layers_menu"))
    assert menus is not None
    for menu in (plugins, layers):
        assert any("Deconv" in text for text in texts(menu)), texts(menu)
    assert isinstance(opened(window)[1], Deconvolve)


def texts(menu: Any) -> list[str]:
    """All entries of a menu and of those in it."""
    menu.aboutToShow.emit()
    found = []
    for action in menu.actions():
        found.append(action.text())
        if action.menu() is not None:
            found += texts(action.menu())
    return found


@pytest.mark.parametrize("key", KEYS)
def test_sample_opens_with_its_psf_and_is_restored(window: Any, key: str, finish: Finish, qtbot: Any) -> None:
    layers = window.open_sample(NAME, key)
    image, kernel = layers
    sample = samples.load(KEYS[key])
    np.testing.assert_array_equal(image.data, sample.image.data)
    np.testing.assert_array_equal(kernel.data, sample.psf.data)
    _, dock = opened(window)
    assert dock.picker.layer is image
    assert dock.psf.layer.layer is kernel
    if image.rgb:
        assert dock.state == "invalid"
        return
    assert dock.recipe().background == sample.recipe.background
    dock.method.put({"method": "richardson_lucy", "num_iter": 2})
    dock.start()
    assert finish(dock) == "done"
    assert dock.result is not None
    expected = run(sample.recipe.changed(num_iter=2), sample.image, psf=sample.psf).data
    np.testing.assert_array_equal(dock.result.data, expected)


def test_sample_stack_has_its_voxel_size(window: Any) -> None:
    image, kernel = window.open_sample(NAME, "widefield")
    sample = samples.load(KEYS["widefield"])
    for layer in (image, kernel):
        np.testing.assert_allclose(layer.scale, sample.image.spacing)
        assert [str(u) for u in layer.units] == ["micrometer"] * 3
        assert layer.axis_labels == ("z", "y", "x")
    centre = tuple(n // 2 for n in kernel.data.shape)
    middle = [(n - 1) / 2 for n in image.data.shape]
    np.testing.assert_allclose(kernel.data_to_world(centre), image.data_to_world(middle))


def test_picker_follows_the_layer_list(window: Any) -> None:
    _, dock = opened(window)
    first, second = (window.add_image(beads(8, 6), name=name) for name in "ab")
    assert dock.picker.layer is second
    window.layers.selection.active = first
    assert dock.picker.layer is first
    first.name = "c"
    assert dock.picker.combo.currentText() == "c (y 8 · x 6, uint16)"


def test_live_layer_is_drawn_and_the_window_survives(
    window: Any, long_run: LongRun, finish: Finish, qtbot: Any
) -> None:
    _, dock = opened(window)
    ready(dock)
    long_run(dock)
    qtbot.waitUntil(lambda: len(window.layers) == 2, timeout=20_000)
    dock.stop()
    assert finish(dock) == "done"
    assert [layer.name for layer in window.layers] == ["beads", dock.result.name if dock.result else ""]


def test_window_closed_mid_run_ends_the_job(window: Any, long_run: LongRun, qtbot: Any) -> None:
    _, dock = opened(window)
    ready(dock)
    long_run(dock)
    stop = dock._stop
    del dock
    window.close()
    qtbot.waitUntil(stop.is_set, timeout=20_000)
    assert QThreadPool.globalInstance().waitForDone(20_000)


def test_dock_closed_mid_run_ends_the_job_and_another_one_works(
    window: Any, long_run: LongRun, finish: Finish, destroyed: Any
) -> None:
    frame, dock = opened(window)
    ready(dock)
    long_run(dock)
    with destroyed(dock):
        window.window.remove_dock_widget(frame)
    assert " of 100000" in window.layers[-1].name  # what was there is kept
    assert QThreadPool.globalInstance().waitForDone(20_000)
    _, again = opened(window)
    again.picker.pick(window.layers["beads"])
    use_gaussian(again, "0.15", "0.4")
    again.method.put({"method": "richardson_lucy", "num_iter": 2})
    again.start()
    assert finish(again) == "done"


def test_the_preview_is_of_what_the_canvas_shows_and_follows_it(
    make_napari_viewer: Callable[..., Any], qtbot: Any
) -> None:
    PluginManager.instance().discover()
    shown = make_napari_viewer(show=True)
    _, dock = opened(shown)
    source = shown.add_image(spots(6, 200, 260), axis_labels=("z", "y", "x"))
    use_gaussian(dock, "1.4", "1")
    dock.method.put({"num_iter": 2})
    shown.reset_view()
    shown.scene.camera.zoom = 20
    qtbot.waitUntil(lambda: source.corner_pixels[1][1] - source.corner_pixels[0][1] < 100, timeout=20_000)
    with qtbot.waitSignal(dock.live.finished, timeout=20_000):
        dock.live.box.setChecked(True)
    first = dock.live.preview.layer.data.shape
    np.testing.assert_array_equal(first, (6, *(np.diff(source.corner_pixels, axis=0)[0] + 1)[1:]))
    with qtbot.waitSignal(dock.live.finished, timeout=20_000):
        shown.scene.camera.zoom = 40
    assert dock.live.preview.layer.data.shape[1] < first[1]
    corner = dock.live.preview.layer.data_to_world((0, 0, 0))
    np.testing.assert_allclose(corner[1:], source.corner_pixels[0][1:], atol=1)


def test_closing_the_dock_takes_the_preview_away(window: Any, qtbot: Any, destroyed: Any) -> None:
    frame, dock = opened(window)
    source = window.add_image(spots(60, 70))
    with qtbot.waitSignal(dock.live.finished, timeout=20_000):
        use_gaussian(dock, "1.4")
        dock.method.put({"num_iter": 3})
        dock.live.box.setChecked(True)
    assert [role(layer) for layer in window.layers] == ["", "preview"]
    with destroyed(dock):
        window.window.remove_dock_widget(frame)
    assert list(window.layers) == [source]
    window.scene.camera.zoom = 3
    window.add_image(np.zeros((3, 4, 4)))
    window.dims.set_point(0, 2)


def begun(dock: Deconvolve, qtbot: Any) -> None:
    """A preview in the middle of its work."""
    dock.live.now()
    qtbot.waitUntil(lambda: len(dock.live.preview.frames) > 2, timeout=20_000)


def test_closing_the_dock_mid_preview_is_safe(window: Any, qtbot: Any, destroyed: Any) -> None:
    frame, dock = opened(window)
    source = window.add_image(spots(60, 70))
    use_gaussian(dock, "1.4")
    dock.method.put({"num_iter": 100_000})
    begun(dock, qtbot)
    with destroyed(dock):
        window.window.remove_dock_widget(frame)
    assert QThreadPool.globalInstance().waitForDone(20_000)
    qtbot.wait(50)
    assert list(window.layers) == [source]


def test_closing_the_window_mid_preview_and_mid_run_is_safe(window: Any, qtbot: Any) -> None:
    _, dock = opened(window)
    window.add_image(spots(60, 70))
    use_gaussian(dock, "1.4")
    dock.method.put({"num_iter": 100_000})
    begun(dock, qtbot)
    dock.start()
    stop = dock._stop
    del dock
    window.close()
    qtbot.waitUntil(stop.is_set, timeout=20_000)
    assert QThreadPool.globalInstance().waitForDone(20_000)


def test_file_behind_the_layer_fills_what_napari_drops(window: Any, tmp_path: Path, qtbot: Any) -> None:
    path = tmp_path / "stack.ome.tif"
    write(path, Image(beads(6, 14, 10), "ZYX", (0.3, 0.105, 0.1), metadata={"wavelengths": (0.52,)}))
    _, dock = opened(window)
    window.open(path, plugin="napari")
    qtbot.waitUntil(lambda: dock.image.voxel.badge.text() == "file", timeout=20_000)
    assert dock.image.spacing == (0.3, 0.105, 0.1)
    assert dock.psf.models["widefield"].edits["wavelength"].text() == "520"
    assert dock.psf.models["widefield"].badges["wavelength"].text() == "file"
    window.add_image(beads(6, 14, 10), name="bare")
    assert dock.image.voxel.badge.text() == "unknown"
    assert dock.psf.models["widefield"].edits["wavelength"].text() == ""
