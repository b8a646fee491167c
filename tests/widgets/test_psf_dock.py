"""The dock PSF: what it shows of a PSF, repairs, adds; cancel, failures, closing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtGui import QShortcut
from qtpy.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QScrollArea

from napari_deconv import psf
from napari_deconv.widgets.deconvolve import Deconvolve
from napari_deconv.widgets.psf_maker.dock import PSFDock
from napari_deconv.widgets.psf_maker.psf_layer import layer_of, told
from napari_deconv.widgets.psf_maker.tab import Made
from napari_deconv.widgets.task import MINIMUM_WIDTH
from widgets.psf_scenes import PLACE, SPACING, fill_theory
from widgets.scenes import beads

Settled = Callable[[PSFDock], str]
Finish = Callable[[Deconvolve], str]


def bad_psf() -> psf.PSF:
    """Off its centre, on a pedestal."""
    data = np.roll(psf.gaussian(WIDTHS_IN_SAMPLES, shape=(15, 21, 21)).data, 2, axis=1) + 1e-4
    return psf.PSF(data / data.sum(), SPACING, "um", {"model": "measured"})


WIDTHS_IN_SAMPLES = (1.2, 1.5, 1.5)


def show(dock: PSFDock, *kernels: psf.PSF, doubt: str = "") -> None:
    """Do as if the tab shown had made these."""
    dock.tab.made.emit(Made(kernels, tuple(f"test {i}" for i in range(len(kernels))), doubt=doubt))


def test_nothing_can_be_added_before_there_is_a_psf(maker: PSFDock) -> None:
    assert maker.state == "empty"
    assert not maker.footer.run.isEnabled()
    maker.add()
    assert len(maker.viewer.layers) == 0


def test_healthy_psf_has_no_findings(maker: PSFDock, settled: Settled) -> None:
    show(maker, psf.widefield((0.15, 0.08, 0.08), na=1.2, wavelength=0.52, ri=1.33))
    assert settled(maker) == "Examined: nothing found."
    assert maker.panel.findings.all.isHidden()


def test_findings_have_a_badge_a_sentence_and_a_button(maker: PSFDock, settled: Settled) -> None:
    show(maker, bad_psf())
    assert settled(maker) != "Examined: nothing found."
    found = {finding.name for finding in maker.panel.findings.findings}
    assert {"not_centred", "pedestal"} <= found
    assert set(maker.panel.findings.buttons) >= {"not_centred", "pedestal"}
    words = {label.text() for label in maker.panel.findings.findChildren(QLabel)}
    assert words & {"error", "warning"}
    assert not maker.panel.findings.all.isHidden()


def test_one_repair_leaves_the_others(maker: PSFDock, settled: Settled, qtbot: Any) -> None:
    show(maker, bad_psf())
    settled(maker)
    maker.panel.findings.buttons["pedestal"].click()
    qtbot.waitUntil(lambda: "pedestal" not in maker.panel.findings.buttons, timeout=20_000)
    settled(maker)
    assert "not_centred" in maker.panel.findings.buttons
    assert maker.made is not None
    assert not any("maximum" in said for said in maker.made.psfs[0].info["repairs"])


def test_all_repairs_are_in_the_layer(maker: PSFDock, settled: Settled, qtbot: Any) -> None:
    show(maker, bad_psf())
    settled(maker)
    maker.panel.findings.all.click()
    qtbot.waitUntil(lambda: not maker.panel.findings.buttons, timeout=20_000)
    settled(maker)
    maker.add()
    layer: Any = maker.result
    assert len(told(layer)["repairs"]) >= 2
    assert layer.metadata["napari-deconv"]["sha256"] == maker.panel.psf.sha256 if maker.panel.psf else False


def test_repair_of_one_channel_leaves_the_other(maker: PSFDock, settled: Settled, qtbot: Any) -> None:
    show(maker, bad_psf(), bad_psf())
    maker.shown.channel_box.setCurrentIndex(1)
    settled(maker)
    maker.panel.findings.all.click()
    qtbot.waitUntil(lambda: maker.made is not None and "repairs" in maker.made.psfs[1].info, timeout=20_000)
    assert maker.made is not None
    assert "repairs" not in maker.made.psfs[0].info
    settled(maker)


def test_doubtful_psf_is_added_only_after_saying_so(maker: PSFDock, settled: Settled) -> None:
    show(maker, bad_psf(), doubt="the picture has no edges.")
    settled(maker)
    assert maker.footer.hint.text() == "Not trusted: the picture has no edges."
    assert maker.footer.run.text() == "Add an&yway"
    maker.footer.run.click()
    assert maker.footer.message.text() == "Added PSF · test 0, not trusted."
    maker.show_tab("Draw")
    assert maker.footer.run.text() == "Add as la&yer"


def test_layers_are_never_overwritten(maker: PSFDock, settled: Settled) -> None:
    show(maker, bad_psf())
    settled(maker)
    maker.add()
    maker.add()
    assert [layer.name for layer in maker.viewer.layers] == ["PSF · test 0", "PSF · test 0 [1]"]


def test_what_was_added_is_not_said_of_the_next_psf(maker: PSFDock, settled: Settled) -> None:
    maker.viewer.add_image(beads(6, 30, 30), **PLACE)
    fill_theory(maker)
    settled(maker)
    maker.add()
    assert maker.footer.message.text().startswith("Added ")
    maker.theory.forms["widefield"].edits["na"].type("1.1")
    assert maker.footer.message.text() == ""


def test_each_tab_keeps_its_psf(maker: PSFDock, settled: Settled) -> None:
    show(maker, bad_psf())
    settled(maker)
    maker.show_tab("Draw")
    assert maker.made is None
    assert maker.panel.picture.caption.text() != ""
    maker.show_tab("Theory")
    settled(maker)
    assert maker.made is not None


def test_photo_blur_has_the_pixels_of_the_photograph(viewer: ViewerModel) -> None:
    photo = viewer.add_image(beads(30, 40), scale=(2, 3))
    layer = layer_of(psf.motion(5, 30), "motion", photo)
    np.testing.assert_array_equal(layer.scale, (2, 3))
    assert layer.units == photo.units


def test_repaired_layer_is_taken_by_deconvolve(dock: Deconvolve, qtbot: Any) -> None:
    dock.picker.pick(dock.viewer.add_image(beads(30, 60, 60), name="cells", **PLACE))
    kernel = psf.gaussian(WIDTHS_IN_SAMPLES, shape=(15, 21, 21)).data
    place = {**PLACE, "scale": (0.2, 0.15, 0.15)}
    dock.psf.layer.pick(dock.viewer.add_image(kernel, name="measured", **place))
    dock.psf.choose("layer")
    qtbot.waitUntil(lambda: bool(dock.psf.panel.findings.buttons), timeout=20_000)
    next(iter(dock.psf.panel.findings.buttons.values())).click()
    qtbot.waitUntil(lambda: len(dock.viewer.layers) == 3, timeout=20_000)
    layer = dock.psf.layer.layer
    assert layer is not None
    assert layer.name == "PSF · measured · repaired"
    np.testing.assert_allclose(layer.scale, SPACING)
    qtbot.waitUntil(lambda: dock.psf.psf is not None, timeout=20_000)


def test_layer_that_is_no_psf_as_it_is_can_be_repaired_in_deconvolve(dock: Deconvolve, qtbot: Any) -> None:
    dock.picker.pick(dock.viewer.add_image(beads(30, 60, 60), name="cells", **PLACE))
    kernel = 1000 * psf.gaussian(WIDTHS_IN_SAMPLES, shape=(15, 21, 21)).data
    kernel[0, 0, 0] = -0.2
    dock.psf.layer.pick(dock.viewer.add_image(kernel, name="broken", **PLACE))
    dock.psf.choose("layer")
    qtbot.waitUntil(lambda: "negative" in dock.psf.panel.findings.buttons, timeout=20_000)
    assert "negative" in dock.psf.problem
    dock.psf.panel.findings.buttons["negative"].click()
    qtbot.waitUntil(lambda: dock.psf.psf is not None, timeout=20_000)
    layer = dock.psf.layer.layer
    assert layer is not None
    assert layer.name == "PSF · broken · repaired"
    np.testing.assert_allclose(layer.scale, SPACING)
    assert dock.psf.problem == ""


def test_layer_that_cannot_be_a_psf_says_why_and_offers_nothing(dock: Deconvolve, qtbot: Any) -> None:
    dock.picker.pick(dock.viewer.add_image(beads(30, 60, 60), name="cells", **PLACE))
    dock.psf.layer.pick(dock.viewer.add_image(np.zeros((5, 5, 5), np.float32), name="nothing", **PLACE))
    dock.psf.choose("layer")
    qtbot.waitUntil(lambda: "zero everywhere" in dock.psf.panel.picture.caption.text(), timeout=20_000)
    qtbot.waitUntil(lambda: dock.psf.panel.findings.summary.isHidden(), timeout=20_000)
    assert not dock.psf.panel.findings.buttons


def test_computed_psf_is_not_repaired_in_deconvolve(dock: Deconvolve, qtbot: Any) -> None:
    dock.viewer.add_image(beads(6, 30, 30), **PLACE)
    dock.psf.choose("widefield")
    for name, text in {"na": "1.2", "wavelength": "520", "ri": "1.33"}.items():
        dock.psf.models["widefield"].edits[name].type(text)
    summary = dock.psf.panel.findings.summary
    qtbot.waitUntil(lambda: summary.text().startswith("Examined"), timeout=20_000)
    assert not dock.psf.panel.findings.buttons


def test_fits_a_narrow_dock(maker: PSFDock, settled: Settled, qtbot: Any) -> None:
    maker.viewer.add_image(beads(6, 30, 30), name="a stack with a long name, as microscopes give them", **PLACE)
    fill_theory(maker)
    show(maker, bad_psf())
    settled(maker)
    maker.resize(330, 900)
    maker.show()
    for title in ("Theory", "Beads", "From image", "Draw"):
        maker.show_tab(title)
        qtbot.wait(10)
        assert maker.minimumSizeHint().width() <= MINIMUM_WIDTH, title
        areas = [a for a in maker.findChildren(QScrollArea) if a.isVisible() and a.widget() is not None]
        assert areas
        for area in areas:
            inside = area.widget()
            assert inside is not None
            assert inside.width() <= area.viewport().width(), title  # type: ignore[union-attr]


def test_labels_have_mnemonics_that_do_not_clash(maker: PSFDock) -> None:
    for tab in maker._named.values():
        shown = [*tab.findChildren(QPushButton), *tab.findChildren(QLabel), maker.footer.run, maker.footer.cancel]
        shown.append(maker.panel.findings.all)
        letters = [w.text()[w.text().index("&") + 1].upper() for w in shown if "&" in w.text()]
        assert len(set(letters)) == len(letters), letters
        assert not set(letters) & set("FVLPWH")


def test_every_field_has_a_name_and_a_tooltip(maker: PSFDock) -> None:
    maker.viewer.add_image(beads(6, 30, 30), **PLACE)
    for kind in (QComboBox, QLineEdit):
        for field in maker.findChildren(kind):
            assert field.accessibleName(), field.toolTip()
            assert field.toolTip(), field.accessibleName()


def test_keys(maker: PSFDock, settled: Settled) -> None:
    keys = {shortcut.key().toString(): shortcut for shortcut in maker.findChildren(QShortcut)}
    assert set(keys) == {"Ctrl+Return", "Ctrl+Enter", "Esc"}
    assert {k.context() for k in keys.values()} == {Qt.ShortcutContext.WidgetWithChildrenShortcut}
    show(maker, bad_psf())
    settled(maker)
    keys["Ctrl+Return"].activated.emit()
    assert len(maker.viewer.layers) == 1


def test_dock_destroyed_while_a_psf_is_computed(viewer: ViewerModel, qtbot: Any, destroyed: Any) -> None:
    maker = PSFDock(viewer)
    viewer.add_image(beads(6, 30, 30), **PLACE)
    fill_theory(maker)
    qtbot.wait(300)
    with destroyed(maker):
        maker.deleteLater()
    viewer.add_image(beads(4, 4))
    qtbot.wait(50)


def endless(stop: threading.Event) -> Callable[..., None]:
    """A function that works until it is told to stop."""

    def work(*_: Any, progress: Callable[[int, int], None]) -> None:
        for i in range(100_000):
            if stop.wait(0.005):
                return
            progress(i, 100_000)

    return work


def run_endless(dock: PSFDock, stop: threading.Event, monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> None:
    dock.viewer.add_image(beads(6, 30, 30), **PLACE)
    dock.show_tab("Beads")
    monkeypatch.setattr(dock.beads, "task", lambda: (endless(stop), ()))
    dock.start()
    qtbot.waitUntil(lambda: dock.footer.bar.value() > 0, timeout=20_000)


def test_cancel_ends_at_the_next_report_and_keeps_nothing(
    maker: PSFDock, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    stop = threading.Event()
    run_endless(maker, stop, monkeypatch, qtbot)
    assert maker.state == "running"
    assert not maker.beads.run.isEnabled()
    maker.stop()
    assert maker.state == "cancelling"
    qtbot.waitUntil(lambda: not maker.errand.busy, timeout=20_000)
    assert maker.state == "empty"
    assert maker.footer.message.text() == "Cancelled."
    assert maker.beads.run.isEnabled()
    assert not stop.is_set()


def test_dock_destroyed_mid_run_ends_the_work(
    viewer: ViewerModel, monkeypatch: pytest.MonkeyPatch, qtbot: Any, destroyed: Any
) -> None:
    maker, stop = PSFDock(viewer), threading.Event()
    run_endless(maker, stop, monkeypatch, qtbot)
    with destroyed(maker):
        maker.deleteLater()
    assert not stop.is_set()  # the fixture sees that no worker is left


def test_failure_is_told_with_its_trace(maker: PSFDock, monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("no bead was found; lower the threshold")

    maker.viewer.add_image(beads(6, 30, 30), **PLACE)
    maker.show_tab("Beads")
    monkeypatch.setattr(maker.beads, "task", lambda: (fail, ()))
    maker.start()
    qtbot.waitUntil(lambda: not maker.errand.busy, timeout=20_000)
    assert maker.state == "failed"
    assert maker.footer.message.text() == "Failed: No bead was found. Lower the threshold."
    assert "Traceback" in maker.footer.text.toPlainText()
    assert maker.beads.run.isEnabled()
