"""Method Learned in the dock Deconvolve: what its form says is what is run, step by step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QApplication

from napari_deconv import Image, restore, run
from napari_deconv.network import engine, models
from napari_deconv.quality import LEARNED_CAVEAT
from napari_deconv.recipe import LEARNED_STEPS, PARAMETERS
from napari_deconv.widgets.deconvolve import Deconvolve
from napari_deconv.widgets.learned_form import STEPS, LearnedForm
from widgets.learned_scenes import none_at_all, own_model, ready, without_blind
from widgets.scenes import MICROMETRES, spots, use_gaussian

Finish = Callable[[Deconvolve], str]


def restored(dock: Deconvolve, finish: Finish) -> np.ndarray[Any, Any]:
    dock.start()
    assert finish(dock) == "done", dock.footer.message.text()
    assert dock.result is not None
    data: np.ndarray[Any, Any] = dock.result.data
    return data


def test_the_form_offers_every_parameter_of_the_method(qtbot: Any) -> None:
    form = LearnedForm()
    qtbot.addWidget(form)
    assert form.noise is not None
    form.noise.fields["noise"].value = "2.5"
    assert set(form.values()) == set(PARAMETERS["learned"])
    form.show_blind(True)
    assert set(form.values()) == set(PARAMETERS["learned_blind"])
    assert form.steps_box.isHidden() is True
    assert next(iter(STEPS)) == LEARNED_STEPS


def test_the_dock_restores_as_the_function_does(dock: Deconvolve, finish: Finish) -> None:
    layer = ready(dock)
    dock.method.learned.noise.fields["noise"].value = "3"  # type: ignore[union-attr]
    expected = restore(layer.data, dock.psf.source.texts[0], 3.0, num_iter=3)  # type: ignore[union-attr]
    found = restored(dock, finish)
    np.testing.assert_array_equal(found, expected)
    assert dock.result is not None
    told = dock.result.metadata["napari-deconv"]
    assert dock.result.name == "spots · Learned 3"
    assert (told["steps"], told["of"], told["recipe"]["noise"]) == (3, 3, 3.0)
    assert told["model"] == {"name": models.find().name, "sha256": models.find().sha256}


def test_the_copied_script_gives_the_same_bits(dock: Deconvolve, finish: Finish) -> None:
    ready(dock)
    found = restored(dock, finish)
    dock.settings.copy.click()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    space: dict[str, Any] = {"viewer": dock.viewer}
    exec(clipboard.text(), space)
    np.testing.assert_array_equal(found, space["restored"])


def test_a_stack_in_time_with_a_camera_is_restored(dock: Deconvolve, finish: Finish) -> None:
    place = {"scale": (1, 0.2, 0.1, 0.1), "units": ("second", *MICROMETRES), "axis_labels": ("t", "z", "y", "x")}
    ready(dock, 2, 4, 24, 20, steps=1, **place)
    for edit, text in zip(dock.psf.models["gaussian"].edits.values(), ("0.14", "0.3"), strict=False):
        edit.type(text)
    dock.method.camera.edits["gain"].type("1")
    assert dock.recipe().camera.gain == 1  # type: ignore[union-attr]
    found = restored(dock, finish)
    assert found.shape == (2, 4, 24, 20)
    assert dock.result is not None
    assert dock.result.metadata["napari-deconv"]["of"] == 2


def test_what_a_learned_result_can_do_is_said_while_it_is_chosen(dock: Deconvolve) -> None:
    ready(dock)
    dock.show()
    assert dock.method.learned.caveat.text() == LEARNED_CAVEAT
    assert dock.method.learned.caveat.isVisible()
    dock.method.choose("wiener")
    assert not dock.method.learned.caveat.isVisible()


def test_the_preview_begins_with_wiener_and_goes_through_all_steps(dock: Deconvolve, qtbot: Any) -> None:
    layer = ready(dock, 60, 70, steps=8)
    qtbot.waitUntil(lambda: dock.psf.psf is not None, timeout=20_000)
    with qtbot.waitSignal(dock.live.finished, timeout=20_000):
        dock.live.now()
    frames, panel = dock.live.preview.frames, dock.live.panel
    assert [frame.iteration for frame in frames] == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert panel.words.text() == "step 8 of 8"
    whole = run(dock.recipe(), Image(layer.data, "YX")).data
    assert np.abs(frames[-1].data - whole).max() <= 1e-3 * np.ptp(whole)
    panel.slider.setValue(0)
    assert panel.words.text() == "Wiener"
    panel.slider.setValue(3)
    assert panel.words.text() == "step 3 of 8"
    assert not panel.use.isEnabled()  # 3 of 8 steps are not what 3 steps are


def test_the_preview_of_a_part_is_told_the_noise_of_the_whole(dock: Deconvolve, qtbot: Any) -> None:
    layer = ready(dock, 120, 240, steps=3)
    dim = layer.data.copy()
    dim[:, 120:] = dim[:, 120:] * 10  # noisier, and far away from what is in view
    layer.data = dim
    layer.corner_pixels = np.array([[20, 10], [59, 49]])
    qtbot.waitUntil(lambda: dock.psf.psf is not None, timeout=20_000)
    with qtbot.waitSignal(dock.live.finished, timeout=20_000):
        dock.live.now()
    whole = run(dock.recipe(), Image(dim, "YX")).data[20:60, 10:50]
    alone = run(dock.recipe(), Image(dim[:, :60], "YX")).data[20:60, 10:50]
    off = [np.abs(dock.live.preview.frames[-1].data - one).mean() for one in (whole, alone)]
    assert off[0] < 0.5 * off[1]


def test_there_is_no_curve_without_a_divergence(dock: Deconvolve, finish: Finish) -> None:
    ready(dock, steps=8)
    restored(dock, finish)
    assert dock.watch.curve.empty
    assert not dock.watch.tabs.isTabVisible(1)


def test_cancel_ends_after_the_step_in_progress(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    ready(dock, 400, 400, steps=200)
    dock.start()
    qtbot.waitUntil(lambda: dock.footer.bar.value() > 0, timeout=60_000)
    dock.stop()
    assert finish(dock) == "done"
    assert dock.result is not None
    steps = dock.result.metadata["napari-deconv"]["steps"]
    assert 0 < steps < 200
    assert dock.result.name == f"spots · Learned {steps} of 200"


def test_a_step_is_shown_while_the_next_is_done(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    ready(dock, 300, 300, steps=100)
    dock.start()
    qtbot.waitUntil(lambda: len(dock.viewer.layers) == 2, timeout=60_000)
    assert dock.viewer.layers[-1].name == "spots · in progress"
    dock.stop()
    assert finish(dock) == "done"


def test_without_onnxruntime_it_gives_the_same_picture(
    dock: Deconvolve, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(dock, 32, 40)
    by_runtime = restored(dock, finish)
    asked: list[str] = []
    monkeypatch.setattr(engine, "find_spec", lambda name: asked.append(name))
    engine.load.cache_clear()
    by_numpy = restored(dock, finish)
    engine.load.cache_clear()
    assert asked == ["onnxruntime"]
    assert np.abs(by_numpy - by_runtime).max() < 1e-4 * np.ptp(by_runtime)


def test_mirrored_edges_are_refused_with_the_name_of_the_field(dock: Deconvolve) -> None:
    ready(dock)
    dock.method.put({"boundary": "reflect"})
    assert dock.state == "invalid"
    assert dock.footer.hint.text().endswith("choose Edges: estimate what is beyond.")


def test_text_that_is_no_noise_is_refused(dock: Deconvolve) -> None:
    ready(dock)
    dock.method.learned.noise.fields["noise"].value = "much"  # type: ignore[union-attr]
    assert dock.state == "invalid"
    assert "noise" in dock.footer.hint.text()


def test_a_number_of_steps_is_no_number_of_iterations(dock: Deconvolve) -> None:
    ready(dock, steps=3)
    dock.method.put({"method": "richardson_lucy", "num_iter": 17, "background": 12.0})
    dock.method.choose("learned")
    assert dock.recipe().num_iter == 3
    dock.method.put({"num_iter": 1, "background": 4.0})
    dock.method.choose("richardson_lucy")
    assert (dock.recipe().num_iter, dock.recipe().background) == (17, 4.0)


def test_settings_of_a_learned_result_come_back(dock: Deconvolve, finish: Finish) -> None:
    ready(dock)
    own_model()
    dock.method.put({"method": "learned", "num_iter": 1, "noise": 2.0, "model": "mine"})
    restored(dock, finish)
    result = dock.result
    dock.method.put({"method": "learned", "num_iter": 8})
    dock.method.choose("wiener")
    dock.viewer.layers.selection.active = result
    dock.settings.take.click()
    recipe = dock.recipe()
    assert (recipe.method, recipe.num_iter, recipe.noise, recipe.model) == ("learned", 1, 2.0, "mine")


def test_values_come_back_at_the_next_opening(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    ready(dock, steps=1)
    restored(dock, finish)
    again = Deconvolve(dock.viewer)
    qtbot.addWidget(again)
    assert again.method.values() == dock.method.values()


def test_models_of_your_own_are_listed(dock: Deconvolve, finish: Finish) -> None:
    model = own_model()
    ready(dock, steps=1)
    dock.method.learned.refill("mine")
    restored(dock, finish)
    assert dock.result is not None
    assert dock.result.metadata["napari-deconv"]["model"]["name"] == model.name


def test_a_model_that_is_not_there_is_named_and_not_run(dock: Deconvolve) -> None:
    ready(dock)
    dock.method.put({"method": "learned", "model": "lost"})
    assert dock.method.learned.model_box.currentText() == "lost (not found)"
    assert dock.state == "invalid"
    assert "'lost'" in dock.footer.hint.text()


def test_a_damaged_list_of_models_disturbs_no_other_method(
    dock: Deconvolve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none_at_all(tmp_path / "damaged", monkeypatch)
    ready(dock)
    assert dock.footer.hint.text().startswith("To run: no network here")
    dock.method.choose("wiener")
    assert dock.state == "ready"


def test_only_models_that_can_do_without_a_psf_are_offered_then(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    without_blind(monkeypatch)
    own_model("sharp", blind=False)
    form = LearnedForm()
    qtbot.addWidget(form)
    assert form.model_box.findData("sharp") > 0
    form.show_blind(True)
    assert form.problem == "no network here restores without a PSF"
    own_model("mild")
    form.refill()
    assert form.problem == ""
    assert [form.model_box.itemData(i) for i in range(form.model_box.count())] == ["auto", "mild"]


def test_it_fits_a_narrow_dock(dock: Deconvolve) -> None:
    ready(dock)
    dock.show()
    dock.method.teach.button.setChecked(True)
    QApplication.processEvents()
    inside = dock.image.parentWidget()
    assert inside is not None
    assert inside.minimumSizeHint().width() <= 315


def test_gamma_encoded_pictures_are_restored_in_linear_light(dock: Deconvolve, finish: Finish) -> None:
    pixels = (spots(40, 48) // 8).clip(0, 255).astype(np.uint8)
    dock.viewer.add_image(pixels, metadata={"napari-deconv": {"encoding": "srgb"}})
    use_gaussian(dock, "1.4")
    dock.method.put({"method": "learned", "num_iter": 1})
    expected = run(dock.recipe(), Image(pixels, "YX", encoding="srgb")).data
    np.testing.assert_array_equal(restored(dock, finish), expected)
