"""Learned restorations in the dock Deblur photo: with a PSF, and without one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_deconv import Image, Recipe, psf, run
from napari_deconv.light import to_linear
from napari_deconv.widgets.layers import role
from napari_deconv.widgets.photo.dock import DeblurPhoto
from napari_deconv.widgets.photo.strength import noise_factor
from widgets.learned_scenes import own_model, without_blind
from widgets.photo_scenes import Finish, add_photo, blurred, encoded, restored, use_motion

GAUSSIAN = psf.gaussian(1.5)
WORDS = "gaussian:sigma=1.5"


def ready(dock: DeblurPhoto, pixels: np.ndarray[Any, Any], steps: int = 3, **more: Any) -> Any:
    """A photograph under a Gaussian, method Learned."""
    layer = add_photo(dock, pixels, **more)
    dock.blur.choose("gaussian")
    dock.blur.numbers["gaussian"].edits["sigma"].type("1.5")
    dock.strength.choose("learned")
    dock.strength.learned.put({"num_iter": steps})
    return layer


def told(dock: DeblurPhoto) -> dict[str, Any]:
    assert dock.result is not None
    found: dict[str, Any] = dock.result.metadata["napari-deconv"]
    return found


def noisy(colours: int = 0, rows: int = 72, columns: int = 80) -> np.ndarray[Any, Any]:
    smeared = blurred(GAUSSIAN, rows, columns)[1]
    grain = np.random.default_rng(0).normal(0, 0.01, smeared.shape).astype(np.float32)
    return encoded(smeared + grain, colours=colours)


@pytest.mark.parametrize("colours", [0, 3])
def test_a_known_blur_is_undone(photo_dock: DeblurPhoto, finish: Finish, colours: int) -> None:
    sharp = blurred(GAUSSIAN, 72, 80)[0]
    pixels = noisy(colours)
    ready(photo_dock, pixels)
    found = restored(photo_dock, finish)
    light = [to_linear(Image(p, "YXS" if colours else "YX", None, "srgb")).data for p in (pixels, found)]
    before, after = (np.abs((p[..., 0] if colours else p) - sharp)[8:-8, 8:-8].mean() for p in light)
    assert after < 0.7 * before
    assert photo_dock.result is not None
    assert photo_dock.result.name == "cat · Gaussian, Learned"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("colours", [0, 3, 4])
def test_the_result_is_of_the_type_of_the_photograph(
    photo_dock: DeblurPhoto, finish: Finish, dtype: Any, colours: int
) -> None:
    pixels = encoded(blurred(GAUSSIAN, 40, 48)[1], dtype, colours)
    ready(photo_dock, pixels, steps=1)
    found = restored(photo_dock, finish)
    assert (found.dtype, found.shape) == (pixels.dtype, pixels.shape)
    assert told(photo_dock)["encoding"] == "srgb"
    if colours == 4:
        np.testing.assert_array_equal(found[..., 3], pixels[..., 3])


def test_dock_and_recipe_give_the_same_bits(photo_dock: DeblurPhoto, finish: Finish) -> None:
    pixels = noisy(3)
    ready(photo_dock, pixels)
    found = restored(photo_dock, finish)
    recipe = Recipe.build(method="learned", psf=WORDS, num_iter=3, noise=told(photo_dock)["recipe"]["noise"])
    np.testing.assert_array_equal(found, run(recipe, Image(pixels, "YXS", None, "srgb")).data)


def test_the_middle_of_the_slider_is_the_measured_noise(photo_dock: DeblurPhoto, finish: Finish) -> None:
    pixels = noisy()
    ready(photo_dock, pixels)
    found = restored(photo_dock, finish)
    assert told(photo_dock)["recipe"]["noise"] == pytest.approx(0.01, rel=0.2)
    recipe = Recipe.build(method="learned", psf=WORDS, num_iter=3)
    expected = run(recipe, Image(pixels, "YX", None, "srgb")).data
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_more_strength_is_less_noise_to_take_away(photo_dock: DeblurPhoto, finish: Finish) -> None:
    assert [noise_factor(s) for s in (-1, 0, 1)] == [4.0, 1.0, 0.25]
    ready(photo_dock, noisy())
    rough, noise = [], []
    for value in (-20, 0, 20):
        photo_dock.strength.slider.setValue(value)
        rough.append(np.abs(np.diff(restored(photo_dock, finish).astype(float), axis=1)).mean())
        noise.append(told(photo_dock)["recipe"]["noise"])
    assert rough[0] < rough[1] < rough[2]
    np.testing.assert_allclose(np.array(noise) / noise[1], [4, 1, 0.25], rtol=1e-6)
    assert photo_dock.strength.numbers.text() == "noise measured × 0.25"


def test_only_what_belongs_to_the_method_is_shown(photo_dock: DeblurPhoto) -> None:
    ready(photo_dock, noisy())
    photo_dock.show()
    learned = photo_dock.strength.learned
    assert learned.caveat.isVisible()
    assert learned.steps_box.isVisible()
    photo_dock.strength.choose("wiener")
    assert not learned.caveat.isVisible()


def test_the_preview_is_a_part_of_the_full_run(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    source = ready(photo_dock, noisy(3, 200, 260))
    source.corner_pixels = np.array([[60, 100], [99, 159]])
    first: list[np.ndarray[Any, Any]] = []
    photo_dock.viewer.layers.events.inserted.connect(lambda event: first.append(event.value.data))
    with qtbot.waitSignal(photo_dock.preview.shown, timeout=20_000) as caught:
        photo_dock.preview_once()
    layer = photo_dock.preview.layer
    assert layer is not None
    seen = layer.data.copy()
    assert len(first) == 1
    assert not np.array_equal(first[0], seen)  # a Wiener filter's, at once
    assert photo_dock.strength.numbers.text() == f"noise {caught.args[0].automatic:.3g}, measured"
    full = restored(photo_dock, finish)[60:100, 100:160]
    off = np.abs(seen.astype(int) - full)  # its coarse steps are on another grid
    assert off.max() <= 12
    assert off.mean() < 1


def test_space_shows_the_photograph_before(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    ready(photo_dock, noisy(3), steps=1)
    restored(photo_dock, finish)
    assert photo_dock.result is not None
    photo_dock.show()
    photo_dock.setFocus()
    qtbot.keyPress(photo_dock, Qt.Key.Key_Space)
    assert not photo_dock.result.visible
    qtbot.keyRelease(photo_dock, Qt.Key.Key_Space)
    assert photo_dock.result.visible


def test_colours_of_a_cancelled_run_are_all_as_far(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    pixels = noisy(3, 300, 320)
    ready(photo_dock, pixels, steps=200)
    photo_dock.start()
    qtbot.waitUntil(lambda: photo_dock.footer.bar.value() > 0, timeout=60_000)
    photo_dock.stop()
    assert finish(photo_dock) == "done"
    assert photo_dock.result is not None
    found: Any = photo_dock.result.data
    assert 0 < told(photo_dock)["steps"] < 60
    assert all((found[..., i] != pixels[..., i]).mean() > 0.5 for i in range(3))
    assert "colours not reached" not in photo_dock.footer.message.text()


def test_a_mild_blur_is_sharpened_without_a_psf(photo_dock: DeblurPhoto, finish: Finish) -> None:
    own_model("mild")
    pixels = noisy(3)
    add_photo(photo_dock, pixels)
    photo_dock.strength.choose("wiener")
    photo_dock.blur.choose("unknown")
    photo_dock.strength.learned.refill("mild")
    assert photo_dock.state == "ready"
    found = restored(photo_dock, finish)
    recipe = told(photo_dock)["recipe"]
    assert (recipe["method"], recipe["model"], recipe.get("psf")) == ("learned_blind", "mild", None)
    assert (found.dtype, found.shape) == (pixels.dtype, pixels.shape)
    assert photo_dock.result is not None
    assert photo_dock.result.name == "cat · unknown blur, Learned"
    expected = Recipe.build(method="learned_blind", model="mild", noise=recipe["noise"])
    np.testing.assert_array_equal(found, run(expected, Image(pixels, "YXS", None, "srgb")).data)


def test_an_unknown_blur_leaves_no_choice_of_method_and_names_the_better_way(photo_dock: DeblurPhoto) -> None:
    add_photo(photo_dock, noisy())
    photo_dock.show()
    photo_dock.strength.choose("wiener")
    photo_dock.blur.choose("unknown")
    assert photo_dock.strength.method == "learned_blind"
    assert not photo_dock.strength.method_box.isEnabled()
    assert photo_dock.blur.better.isVisible()
    assert "better to estimate the blur" in photo_dock.blur.better.text()
    assert photo_dock.blur.estimate.button.isVisible()
    photo_dock.blur.choose("motion")
    assert photo_dock.strength.method == "learned"
    assert photo_dock.strength.method_box.isEnabled()
    assert not photo_dock.blur.better.isVisible()


def test_an_estimate_makes_an_unknown_blur_known(photo_dock: DeblurPhoto, qtbot: Any) -> None:
    add_photo(photo_dock, encoded(blurred(psf.motion(9, 20), 200, 240)[1]))
    photo_dock.blur.choose("unknown")
    estimate = photo_dock.blur.estimate
    estimate.button.click()
    qtbot.waitUntil(lambda: not estimate.busy, timeout=60_000)
    if photo_dock.blur.kind == "unknown":  # not sure enough of itself
        estimate.use.click()
    assert photo_dock.blur.kind == "camera_shake"
    assert photo_dock.blur.shake is not None
    assert photo_dock.strength.method == "learned"
    assert photo_dock.state == "ready"


def test_without_such_networks_an_unknown_blur_is_refused(
    photo_dock: DeblurPhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_blind(monkeypatch)
    add_photo(photo_dock, noisy())
    photo_dock.blur.choose("unknown")
    assert photo_dock.state == "invalid"
    assert photo_dock.footer.hint.text() == "To run: no network here restores without a PSF."


def test_the_preview_of_an_unknown_blur(photo_dock: DeblurPhoto, qtbot: Any) -> None:
    own_model("mild")
    add_photo(photo_dock, noisy(3))
    photo_dock.blur.choose("unknown")
    photo_dock.strength.learned.refill("mild")
    with qtbot.waitSignal(photo_dock.preview.shown, timeout=20_000):
        photo_dock.preview_once()
    assert [role(layer) for layer in photo_dock.viewer.layers] == ["", "preview"]


def test_mirrored_edges_are_refused_with_the_name_of_the_field(photo_dock: DeblurPhoto) -> None:
    ready(photo_dock, noisy())
    photo_dock.strength.shared.put({"boundary": "reflect"})
    assert photo_dock.state == "invalid"
    assert photo_dock.footer.hint.text().endswith("choose Edges: estimate what is beyond.")


def test_values_come_back_at_the_next_opening(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    ready(photo_dock, noisy(), steps=1)
    restored(photo_dock, finish)
    again = DeblurPhoto(photo_dock.viewer)
    qtbot.addWidget(again)
    assert (again.strength.method, again.strength.learned.values()["num_iter"]) == ("learned", 1)


def test_mnemonics_and_width_hold_for_the_new_rows(photo_dock: DeblurPhoto) -> None:
    add_photo(photo_dock, noisy(3))
    use_motion(photo_dock)
    photo_dock.show()
    photo_dock.strength.choose("learned")
    for kind in ("motion", "unknown"):
        photo_dock.blur.choose(kind)
        QApplication.processEvents()
        assert photo_dock.page.parentWidget().minimumSizeHint().width() <= 315
