"""The shell: states, results, cancelling, errors. A viewer without a window is enough."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication, QShortcut

from napari_deconv.job import Job
from napari_deconv.widgets.deconvolve import Deconvolve
from napari_deconv.widgets.drive import contrast
from napari_deconv.widgets.layers import role
from napari_deconv.widgets.task import STATES
from widgets.scenes import MICROMETRES, add_stack, beads, use_gaussian

Finish = Callable[[Deconvolve], str]
LongRun = Callable[[Deconvolve], None]


def ready(dock: Deconvolve, iterations: int = 3, **more: Any) -> Any:
    """A stack, a PSF and a few iterations."""
    layer = add_stack(dock.viewer, **more)
    use_gaussian(dock, "0.15", "0.4")
    dock.method.put({"method": "richardson_lucy", "num_iter": iterations})
    return layer


def test_empty_without_a_layer(dock: Deconvolve) -> None:
    assert dock.state == "empty"
    assert not dock.footer.run.isEnabled()
    assert "Open Sample" in dock.footer.hint.text()


def test_invalid_with_the_reason_in_words(dock: Deconvolve) -> None:
    add_stack(dock.viewer)
    assert dock.state == "invalid"
    assert dock.footer.hint.text() == ("To run: type Numerical aperture, Emission (nm), Immersion index in section 2.")
    dock.start()
    assert dock.state == "invalid"


def test_ready_when_nothing_is_missing(dock: Deconvolve) -> None:
    ready(dock)
    assert dock.state == "ready"
    assert dock.footer.run.isEnabled()
    assert dock.footer.hint.text() == ""


def test_empty_again_when_the_layer_goes(dock: Deconvolve) -> None:
    dock.viewer.layers.remove(ready(dock))
    assert dock.state == "empty"


def test_running_then_done(dock: Deconvolve, finish: Finish) -> None:
    ready(dock)
    seen: list[str] = []
    dock.state_changed.connect(seen.append)
    dock.start()
    assert not dock.footer.run.isEnabled()
    assert dock.footer.cancel.isEnabled()
    assert finish(dock) == "done"
    assert seen == ["running", "done"]
    assert dock.footer.run.isEnabled()
    assert not dock.footer.cancel.isEnabled()
    assert dock.footer.message.text().startswith("Done: 3 steps in")
    assert set(seen) <= set(STATES)


def test_done_until_the_form_changes(dock: Deconvolve, finish: Finish) -> None:
    ready(dock)
    dock.start()
    finish(dock)
    dock.method.put({"method": "richardson_lucy", "num_iter": 4})
    assert dock.state == "ready"


def test_result_is_where_the_source_is(dock: Deconvolve, finish: Finish) -> None:
    source = ready(dock)
    dock.start()
    finish(dock)
    result = dock.result
    assert result is not None
    assert result.name == "beads · Richardson-Lucy 3"
    for name in ("scale", "translate", "rotate", "shear"):
        np.testing.assert_array_equal(getattr(result, name), getattr(source, name))
    np.testing.assert_array_equal(result.affine.affine_matrix, source.affine.affine_matrix)
    assert (result.units, result.axis_labels) == (source.units, source.axis_labels)
    assert (result.colormap.name, result.blending) == ("green", "additive")
    assert result.data.dtype == np.float32
    assert result.data.shape == source.data.shape


@pytest.mark.parametrize("matrix", [{"shear": (0.1, 0.2, 0.3)}, {"affine": np.diag((1.0, 2.0, 3.0, 1.0))}])
def test_shear_and_affine_are_copied_too(dock: Deconvolve, finish: Finish, matrix: dict[str, Any]) -> None:
    source = ready(dock, **({"rotate": None} | matrix))
    dock.start()
    finish(dock)
    assert dock.result is not None
    corner = (5.0, 13.0, 9.0)
    np.testing.assert_allclose(dock.result.data_to_world(corner), source.data_to_world(corner))


def test_result_has_recipe_and_origin_in_its_metadata(dock: Deconvolve, finish: Finish) -> None:
    ready(dock)
    dock.start()
    finish(dock)
    assert dock.result is not None
    told = dock.result.metadata["napari-deconv"]
    assert told["recipe"]["psf"] == "gaussian:sigma=0.4x0.15x0.15"
    assert told["source"]["name"] == "beads"
    assert (told["steps"], told["of"], told["stopped"]) == (3, 3, "complete")


def test_result_is_a_new_layer_every_time_just_above_its_source(dock: Deconvolve, finish: Finish) -> None:
    source = ready(dock)
    above = dock.viewer.add_image(beads(4, 4), name="above")
    dock.picker.pick(source)
    before = source.data.copy()
    for _ in range(2):
        dock.start()
        finish(dock)
    names = [layer.name for layer in dock.viewer.layers]
    assert names == ["beads", "beads · Richardson-Lucy 3 [1]", "beads · Richardson-Lucy 3", "above"]
    assert dock.viewer.layers[-1] is above
    np.testing.assert_array_equal(source.data, before)


def test_picker_does_not_follow_to_the_result(dock: Deconvolve, finish: Finish) -> None:
    source = ready(dock)
    dock.start()
    finish(dock)
    dock.viewer.layers.selection.active = dock.result
    assert dock.picker.layer is source
    assert dock.result is not None
    dock.picker.pick(dock.result)
    assert dock.picker.layer is dock.result


def test_contrast_is_that_of_the_middle_of_the_values(dock: Deconvolve, finish: Finish) -> None:
    ready(dock)
    dock.start()
    finish(dock)
    assert dock.result is not None
    expected = np.percentile(dock.result.data, (0.1, 99.9))
    np.testing.assert_allclose(dock.result.contrast_limits, expected, rtol=1e-6)


def test_cancel_keeps_what_is_there_with_its_count(dock: Deconvolve, long_run: LongRun, finish: Finish) -> None:
    ready(dock)
    long_run(dock)
    dock.stop()
    assert dock.state == "cancelling"
    assert not dock.footer.cancel.isEnabled()
    assert finish(dock) == "done"
    assert dock.result is not None
    steps = dock.result.metadata["napari-deconv"]["steps"]
    assert 0 < steps < 100_000
    assert dock.result.name == f"beads · Richardson-Lucy {steps} of 100000"
    assert f"Stopped after {steps} of 100000 steps" in dock.footer.message.text()


def test_cancel_before_the_first_step_adds_nothing(
    dock: Deconvolve, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Event()

    def prepared(*given: Any, **more: Any) -> Job:
        assert told.wait(20)
        return Job(*given, **more)

    ready(dock)
    monkeypatch.setattr("napari_deconv.widgets.order.Job", prepared)
    dock.start()
    dock.stop()
    told.set()
    assert finish(dock) == "ready"
    assert dock.result is None
    assert len(dock.viewer.layers) == 1
    assert "nothing was added" in dock.footer.message.text()


def test_live_layer_grows_and_goes(dock: Deconvolve, long_run: LongRun, finish: Finish, qtbot: Any) -> None:
    source = ready(dock)

    def live() -> list[Any]:
        return [layer for layer in dock.viewer.layers if role(layer) == "live"]

    long_run(dock)
    qtbot.waitUntil(lambda: len(live()) == 1, timeout=20_000)
    layer = live()[0]
    np.testing.assert_allclose(layer.contrast_limits, contrast(layer.data))
    layer.contrast_limits, first = (1, 99), layer.data
    qtbot.waitUntil(lambda: layer.data is not first, timeout=20_000)
    assert tuple(layer.contrast_limits) == (1, 99)  # the user's
    corner = (1.0, 2.0, 3.0)
    np.testing.assert_allclose(layer.data_to_world(corner), source.data_to_world(corner))
    assert layer.units == source.units
    assert dock.picker.layer is source
    dock.stop()
    finish(dock)
    assert not live()


def test_live_layer_that_the_user_removes_stays_away(
    dock: Deconvolve, long_run: LongRun, finish: Finish, qtbot: Any
) -> None:
    ready(dock)
    long_run(dock)
    qtbot.waitUntil(lambda: len(dock.viewer.layers) == 2, timeout=20_000)
    dock.viewer.layers.remove(dock._live.layer)
    done = dock.footer.bar.value()
    qtbot.waitUntil(lambda: dock.footer.bar.value() > done + 100, timeout=20_000)
    assert len(dock.viewer.layers) == 1
    dock.stop()
    assert finish(dock) == "done"


def test_source_removed_mid_run_the_result_still_comes(dock: Deconvolve, long_run: LongRun, finish: Finish) -> None:
    source = ready(dock)
    long_run(dock)
    dock.viewer.layers.remove(source)
    dock.stop()
    assert finish(dock) == "done"
    assert dock.result in dock.viewer.layers
    assert dock.result is not None
    assert dock.result.units == source.units


def test_all_layers_removed_mid_run(dock: Deconvolve, long_run: LongRun, finish: Finish) -> None:
    ready(dock)
    long_run(dock)
    dock.viewer.layers.clear()
    dock.stop()
    assert finish(dock) == "done"
    assert [role(layer) for layer in dock.viewer.layers] == ["result"]


def test_second_start_while_running_is_ignored(dock: Deconvolve, long_run: LongRun, finish: Finish) -> None:
    ready(dock)
    long_run(dock)
    worker = dock._worker
    dock.start()
    assert dock._worker is worker
    dock.stop()
    finish(dock)
    assert dock.viewer.layers.index(dock.result) == 1
    assert len(dock.viewer.layers) == 2


def test_bad_pixels_are_told_with_the_remedy(dock: Deconvolve, finish: Finish) -> None:
    source = ready(dock)
    source.data = source.data.astype(np.float32) - 30
    dock.start()
    assert finish(dock) == "failed"
    text = dock.footer.message.text()
    assert text.startswith("Failed: Image has ")
    assert "choose Negative pixels: set to 0" in text
    assert "Traceback" in dock.footer.text.toPlainText()
    assert not dock.footer.details.isHidden()
    assert len(dock.viewer.layers) == 1
    assert dock.footer.run.isEnabled()


def test_details_can_be_copied(dock: Deconvolve, finish: Finish) -> None:
    source = ready(dock)
    source.data = source.data * np.nan
    dock.start()
    finish(dock)
    dock.footer.details.setChecked(True)
    dock.footer.copy.click()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text().startswith("Traceback")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError("needs about 9.1 GiB, 1.0 GiB free on numpy; crop the image"), "Not enough memory"),
        (RuntimeError("cudaErrorIllegalAddress"), "RuntimeError: cudaErrorIllegalAddress"),
    ],
)
def test_failures_below_do_not_hang_the_dock(
    dock: Deconvolve, finish: Finish, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    ready(dock)
    monkeypatch.setattr("napari_deconv.job.pieces", fail)
    dock.start()
    assert finish(dock) == "failed"
    assert words in dock.footer.message.text()
    monkeypatch.undo()
    dock.start()
    assert finish(dock) == "done"


def test_dock_destroyed_mid_run_ends_the_job(viewer: Any, qtbot: Any, long_run: LongRun, destroyed: Any) -> None:
    dock = Deconvolve(viewer)
    ready(dock)
    long_run(dock)
    stop = dock._stop
    with destroyed(dock):
        dock.deleteLater()
    assert stop.is_set()
    viewer.add_image(beads(4, 4))
    qtbot.wait(50)


def test_time_left_is_told(dock: Deconvolve, long_run: LongRun, finish: Finish) -> None:
    ready(dock)
    long_run(dock)
    assert "of 100000 · " in dock.footer.bar.format()
    assert dock.footer.bar.format().endswith(" left")
    dock.stop()
    finish(dock)


def test_keys_start_and_cancel(dock: Deconvolve, long_run: LongRun, finish: Finish) -> None:
    keys = {shortcut.key().toString(): shortcut for shortcut in dock.findChildren(QShortcut)}
    again = {"Ctrl+Shift+Return", "Ctrl+Shift+Enter"}
    assert set(keys) == {"Ctrl+Return", "Ctrl+Enter", "Esc", *again}
    assert {k.context() for k in keys.values()} == {Qt.ShortcutContext.WidgetWithChildrenShortcut}
    ready(dock, iterations=100_000)
    keys["Ctrl+Return"].activated.emit()
    assert dock.state == "running"
    keys["Esc"].activated.emit()
    assert dock.state == "cancelling"
    finish(dock)


def test_units_of_the_result_fit_those_of_other_layers(dock: Deconvolve, finish: Finish) -> None:
    ready(dock)
    dock.start()
    finish(dock)  # napari would warn of unlike units, and warnings are errors here
    assert [str(u) for u in dock.viewer.layers.extent.units] == list(MICROMETRES)
