"""The blur estimated from the photograph in the dock: values, failures in words, cancel."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from napari_deconv import psf
from napari_deconv.psf import estimate
from napari_deconv.psf.estimate import Estimate
from napari_deconv.widgets.photo.dock import DeblurPhoto
from napari_deconv.widgets.photo.estimate_row import in_words
from widgets.photo_scenes import Finish, add_photo, blurred, encoded, restored, use_motion

FAILURE = "no stripes in the spectrum: crop to a part with texture"


def look(dock: DeblurPhoto, kind: str, qtbot: Any) -> str:
    """Ask, wait, and what it says."""
    dock.blur.choose(kind)
    dock.blur.estimate.button.click()
    qtbot.waitUntil(lambda: not dock.blur.estimate.busy, timeout=60_000)
    return dock.blur.estimate.words.text()


def noisy(kernel: psf.PSF) -> np.ndarray[Any, Any]:
    linear = blurred(kernel, 128, 128)[1]
    return encoded((linear + np.random.default_rng(0).normal(0, 0.004, linear.shape)).astype(np.float32))


def padded(kernel: psf.PSF, side: int = 31) -> np.ndarray[Any, Any]:
    """The kernel in the middle of a square."""
    return np.pad(kernel.data, [(side // 2 - n // 2, side - n - side // 2 + n // 2) for n in kernel.shape])


def some(failure: str = "", confidence: float = 0.9) -> Estimate:
    values, spread = {"length": 17.23, "angle": 31.0}, {"length": 0.4, "angle": 2.0}
    return Estimate(psf.motion(17.23, 31), values, spread, confidence, failure)


@pytest.mark.parametrize(
    ("kind", "kernel", "values", "within"),
    [
        ("motion", psf.motion(11, 30), {"length": 11, "angle": 30}, 1.5),
        ("defocus", psf.defocus(4), {"radius": 4}, 0.4),
        ("gaussian", psf.gaussian(1.8), {"sigma": 1.8}, 0.4),
    ],
)
def test_a_blur_is_estimated_and_undone(
    photo_dock: DeblurPhoto, finish: Finish, qtbot: Any, kind: str, kernel: psf.PSF, values: Any, within: float
) -> None:
    add_photo(photo_dock, noisy(kernel))
    said = look(photo_dock, kind, qtbot)
    assert said.startswith("Found: "), said
    assert " ± " in said
    assert "confidence" in said
    found = photo_dock.blur.numbers[kind].values
    assert {n: found[n] for n in values} == pytest.approx(values, abs=within)
    assert photo_dock.blur.numbers[kind].badges[next(iter(values))].text() == "estimated"
    assert photo_dock.state == "ready"
    restored(photo_dock, finish)


def test_a_picture_that_does_not_hold_the_answer_is_said_in_words(photo_dock: DeblurPhoto, qtbot: Any) -> None:
    grain = np.random.default_rng(1).integers(0, 255, (128, 128)).astype(np.uint8)
    add_photo(photo_dock, grain)
    said = look(photo_dock, "defocus", qtbot)
    assert said.startswith("Not found: ")
    assert photo_dock.blur.numbers["defocus"].values == {}
    assert photo_dock.state == "invalid"
    photo_dock.blur.estimate.use.click()
    assert photo_dock.blur.numbers["defocus"].values
    assert photo_dock.blur.numbers["defocus"].badges["radius"].text() == "doubtful"


def test_a_picture_too_small_is_said_in_words(photo_dock: DeblurPhoto, qtbot: Any) -> None:
    add_photo(photo_dock, encoded(blurred(psf.motion(5))[1]))
    assert "at least 96" in look(photo_dock, "motion", qtbot)
    assert photo_dock.blur.estimate.use.isHidden()


def test_what_was_typed_stays_when_nothing_is_found(
    photo_dock: DeblurPhoto, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "motion", lambda image, progress: some(FAILURE, 0.1))
    add_photo(photo_dock, encoded(blurred(psf.motion(5))[1]))
    use_motion(photo_dock, "5", "0")
    said = look(photo_dock, "motion", qtbot)
    assert said == (
        "Not found: No stripes in the spectrum: crop to a part with texture. "
        "Best guess: length 17.2 ± 0.4 px, angle 31.0 ± 2.0°; confidence 10%."
    )
    assert photo_dock.blur.numbers["motion"].values == {"length": 5.0, "angle": 0.0}


def test_numbers_have_the_digits_that_their_spread_allows() -> None:
    assert in_words(some()) == "Found: length 17.2 ± 0.4 px, angle 31.0 ± 2.0°; confidence 90%."


def test_camera_shake_is_estimated_shown_and_undone(photo_dock: DeblurPhoto, finish: Finish, qtbot: Any) -> None:
    path = psf.path([0, 2, 5, 5, 8], [0, 5, 6, 10, 11])
    add_photo(photo_dock, noisy(path))
    photo_dock.blur.shake_size.value = 21
    said = look(photo_dock, "camera_shake", qtbot)
    assert said.startswith("Found: width ")
    assert "confidence" in said
    kernel_shown = photo_dock.blur.picture.picture
    qtbot.waitUntil(lambda: kernel_shown.pixmap().width() == pytest.approx(104, abs=2), timeout=20_000)
    assert photo_dock.blur.shake is not None
    kernel = photo_dock.blur.shake.psf
    assert np.corrcoef(*(padded(one).ravel() for one in (kernel, path)))[0, 1] > 0.6
    restored(photo_dock, finish)
    assert photo_dock.result is not None
    told = photo_dock.result.metadata["napari-deconv"]
    assert told["recipe"]["psf"] == {"name": "camera shake", "sha256": kernel.sha256}
    assert photo_dock.result.name == "cat · camera shake, Wiener"
    photo_dock.picker.pick(add_photo(photo_dock, noisy(path), name="other"))
    assert photo_dock.blur.shake is None
    assert photo_dock.state == "invalid"


def test_a_doubtful_kernel_is_shown_and_can_be_used_all_the_same(
    photo_dock: DeblurPhoto, finish: Finish, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubtful = some("the two halves of the picture disagree", 0.2)
    monkeypatch.setattr(estimate, "camera_shake", lambda image, size, progress: doubtful)
    add_photo(photo_dock, encoded(blurred(psf.motion(5))[1]))
    said = look(photo_dock, "camera_shake", qtbot)
    assert said.startswith("Not found: The two halves of the picture disagree.")
    assert photo_dock.blur.picture.picture.pixmap().width() == pytest.approx(104, abs=2)
    assert photo_dock.state == "invalid"
    photo_dock.blur.estimate.use.click()
    assert photo_dock.state == "ready"
    assert photo_dock.blur.estimate.use.isHidden()
    restored(photo_dock, finish)
    assert photo_dock.result is not None
    assert photo_dock.result.metadata["napari-deconv"]["psf"][0]["sha256"] == doubtful.psf.sha256


def test_progress_is_shown_and_cancel_ends_it(
    photo_dock: DeblurPhoto, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, ended = threading.Event(), threading.Event()

    def forever(image: Any, progress: Any) -> Estimate:
        try:
            for done in range(10**9):
                progress(min(done, 500), 1000)
                going.set()
                threading.Event().wait(0.001)
        finally:
            ended.set()
        return some()

    monkeypatch.setattr(estimate, "motion", forever)
    add_photo(photo_dock, encoded(blurred(psf.motion(5))[1]))
    photo_dock.blur.choose("motion")
    row = photo_dock.blur.estimate
    row.button.click()
    assert not row.button.isEnabled()
    qtbot.waitUntil(lambda: row.bar.value() == 500, timeout=20_000)
    assert not row.bar.isHidden()
    photo_dock.stop()
    qtbot.waitUntil(lambda: not row.busy, timeout=20_000)
    assert ended.is_set()
    assert row.words.text() == "The estimate was cancelled."
    assert row.bar.isHidden()
    assert row.button.isEnabled()
    assert photo_dock.blur.numbers["motion"].values == {}


def test_the_dock_destroyed_mid_estimate_ends_it(
    viewer: Any, qtbot: Any, destroyed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, ended = threading.Event(), threading.Event()

    def forever(image: Any, progress: Any) -> Estimate:
        try:
            while True:
                progress(0, 0)
                going.set()
                threading.Event().wait(0.001)
        finally:
            ended.set()

    monkeypatch.setattr(estimate, "motion", forever)
    dock = DeblurPhoto(viewer)
    add_photo(dock, encoded(blurred(psf.motion(5))[1]))
    dock.blur.choose("motion")
    dock.blur.estimate.button.click()
    assert going.wait(20)
    with destroyed(dock):
        dock.deleteLater()
    assert ended.wait(20)


def test_another_picture_ends_the_estimate_of_the_last(
    photo_dock: DeblurPhoto, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = threading.Event()

    def slow(image: Any, progress: Any) -> Estimate:
        for _ in range(10**9):
            progress(0, 0)
            going.set()
            threading.Event().wait(0.001)
        return some()

    monkeypatch.setattr(estimate, "motion", slow)
    add_photo(photo_dock, encoded(blurred(psf.motion(5))[1]))
    photo_dock.blur.choose("motion")
    photo_dock.blur.estimate.button.click()
    assert going.wait(20)
    photo_dock.picker.pick(add_photo(photo_dock, encoded(blurred(psf.motion(5), seed=2)[1])))
    qtbot.waitUntil(lambda: not photo_dock.blur.estimate.busy, timeout=20_000)
    assert photo_dock.blur.numbers["motion"].values == {}
    assert photo_dock.blur.estimate.words.text() == ""
