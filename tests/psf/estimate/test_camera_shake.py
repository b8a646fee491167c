"""Camera shake: found where it is, not found where it is not."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage, signal

from napari_deconv.backend import numpy_backend
from napari_deconv.psf.estimate.shake import camera_shake, estimate
from napari_deconv.psf.estimate.shake.borders import continued
from napari_deconv.psf.estimate.shake.cleanup import centre, centred, enlarged, pruned
from napari_deconv.psf.estimate.shake.confidence import Verdict, agreement
from napari_deconv.psf.estimate.shake.crop import best
from napari_deconv.psf.estimate.shake.estimate import Found
from napari_deconv.psf.estimate.shake.kernel import fitted
from napari_deconv.psf.estimate.shake.latent import differences
from napari_deconv.psf.estimate.type import Estimate

Array = NDArray[np.float64]
FFT = numpy_backend().fft
SIDE = 180
HOOK = np.zeros((11, 11))  # down, then to the right and up: no symmetry
HOOK[1:9, 2] = 1
HOOK[8, 2:9] = 0.7
HOOK[4:8, 8] = 0.4
HOOK = centred((HOOK / HOOK.sum()).astype(np.float32)).astype(np.float64)


@cache
def scene() -> Array:
    """Disks and tilted squares of different brightness."""
    rng = np.random.default_rng(5)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    picture = np.full((SIDE, SIDE), 0.3)
    for number in range(45):
        row, column, turn = rng.uniform(0, (SIDE, SIDE, np.pi)).tolist()
        r, c = rows - row, columns - column
        u, v = np.cos(turn) * r + np.sin(turn) * c, np.cos(turn) * c - np.sin(turn) * r
        inside = np.hypot(u, v) < 15 if number % 2 else (np.abs(u) < 14) & (np.abs(v) < 10)
        picture[inside] = rng.uniform(0, 1)
    return ndimage.gaussian_filter(picture, 0.5)


def blurred(kernel: Array = HOOK, noise: float = 0.005) -> Array:
    picture = signal.fftconvolve(scene(), kernel, "valid")
    return picture + np.random.default_rng(1).normal(0, noise, picture.shape)


@cache
def found() -> Estimate:
    return camera_shake(blurred(), 15)


def test_the_path_of_the_camera_is_found() -> None:
    assert found().ok, found().failure
    assert found().confidence > 0.6
    assert agreement(found().psf.data, HOOK.astype(np.float32), FFT) > 0.8


def test_the_kernel_is_not_mirrored() -> None:
    assert agreement(found().psf.data, HOOK.astype(np.float32), FFT) > 0.1 + agreement(
        found().psf.data, HOOK[::-1, ::-1].astype(np.float32), FFT
    )


def test_kernel_keeps_the_contract_of_photographs() -> None:
    psf = found().psf
    assert psf.unit == "px"
    assert all(n % 2 for n in psf.shape)
    assert max(psf.shape) <= 15
    assert all(abs(c - n // 2) <= 0.5 for c, n in zip(centre(psf.data), psf.shape, strict=True))
    assert psf.info["model"] == "camera_shake"
    assert psf.info["estimated"] is True
    assert psf.info["confidence"] == found().confidence
    assert psf.info["failure"] == ""


def test_width_is_that_of_the_path() -> None:
    rows, columns = np.mgrid[:11, :11]
    true = np.sqrt((HOOK * ((rows - centre(HOOK)[0]) ** 2 + (columns - centre(HOOK)[1]) ** 2)).sum())
    assert found().values["width"] == pytest.approx(true, rel=0.15)


def test_brightness_and_offset_change_nothing() -> None:
    other = camera_shake(1000 * blurred() + 70, 15)
    np.testing.assert_allclose(other.psf.data, found().psf.data, atol=2e-3)


def test_picture_is_not_modified() -> None:
    picture = blurred()[:110, :110]
    before = picture.copy()
    camera_shake(picture, 15)
    np.testing.assert_array_equal(picture, before)


def test_sharp_picture_has_no_shake() -> None:
    answer = camera_shake(blurred(np.ones((1, 1))), 15)
    assert not answer.ok
    assert "No camera shake" in answer.failure
    assert answer.confidence == 0


def test_noise_is_no_picture() -> None:
    answer = camera_shake(np.random.default_rng(3).normal(0.5, 0.1, (130, 130)), 15)
    assert "little but noise" in answer.failure
    assert answer.confidence == 0


def test_blur_longer_than_the_size_is_said() -> None:
    answer = camera_shake(blurred(np.full((1, 21), 1 / 21)), 15)
    assert not answer.ok
    assert "larger than 15 pixels" in answer.failure


def test_halves_that_were_blurred_differently_are_noticed() -> None:
    across, down = blurred(np.full((1, 13), 1 / 13)), blurred(np.full((13, 1), 1 / 13))
    both = np.concatenate([across[:160, :84], down[:160, 84:]], axis=1)
    assert camera_shake(both, 15).confidence < found().confidence


@pytest.mark.parametrize("size", [16, 13, 103, 15.0, True, "15", -15])
def test_size_that_cannot_be(size: Any) -> None:
    with pytest.raises(ValueError, match="odd number of pixels from 15 to 101"):
        camera_shake(blurred(), size)


def test_size_too_large_for_the_picture() -> None:
    with pytest.raises(ValueError, match="take size=33 or less"):
        camera_shake(blurred()[:101], 41)


@pytest.mark.parametrize(
    "picture", [np.zeros((120, 120)), np.full((120, 120), np.nan), np.ones(120), np.ones((20, 20))]
)
def test_what_is_no_picture_is_refused(picture: Array) -> None:
    with pytest.raises(ValueError, match="picture"):
        camera_shake(picture)


def test_progress_rises_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    camera_shake(blurred()[:100, :100], 15, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (1000, 1000)
    assert len(told) > 100


def test_an_exception_of_progress_ends_the_work() -> None:
    def stop(done: int, total: int) -> None:
        if done > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        camera_shake(blurred(), 15, progress=stop)


def test_large_picture_is_cut_to_its_edges() -> None:
    picture = np.random.default_rng(2).normal(0, 0.001, (400, 500))
    picture[120:220, 260:360] += scene()[:100, :100]
    rows, columns = best(picture, 150)
    assert rows.start <= 120
    assert rows.stop >= 220
    assert columns.start <= 260
    assert columns.stop >= 360


def test_margins_lead_from_edge_to_edge() -> None:
    picture = np.linspace(0, 1, 60, dtype=np.float32)[:, None] * np.ones((60, 50), np.float32)
    whole = continued(picture, 20, FFT)
    np.testing.assert_array_equal(whole[:60, :50], picture)
    assert np.abs(np.roll(whole, -1, 0) - whole).max() < 0.2
    assert whole.shape[0] >= 80


def test_kernel_between_two_pictures_is_recovered() -> None:
    rng = np.random.default_rng(4)
    sharp = rng.normal(size=(64, 64)).astype(np.float32)
    kernel = pruned(centred(HOOK.astype(np.float32)))
    recorded = ndimage.convolve(sharp, kernel, mode="wrap")
    again = fitted(differences(sharp), differences(recorded), 11, FFT)
    np.testing.assert_allclose(again / again.sum(), kernel, atol=4e-3)


def test_crumbs_are_swept_away() -> None:
    kernel = np.zeros((15, 15), np.float32)
    kernel[7, 4:11], kernel[1, 1], kernel[9, 7] = 1, 0.5, 0.01
    cleaned = pruned(kernel)
    np.testing.assert_allclose(cleaned[7, 4:11], 1 / 7, rtol=1e-6)
    assert np.count_nonzero(cleaned) == 7


def test_nothing_becomes_no_blur() -> None:
    assert pruned(np.zeros((5, 5), np.float32))[2, 2] == 1


def test_picture_without_edges_has_no_answer() -> None:
    answer = camera_shake(np.linspace(0, 1, 110)[:, None] + np.linspace(0, 0.5, 120), 15)
    assert "No camera shake" in answer.failure


def test_kernel_grows_about_its_centre() -> None:
    kernel = np.zeros((9, 9), np.float32)
    kernel[4, 2:7] = 0.2
    assert centre(enlarged(kernel, 13)) == pytest.approx((6, 6), abs=1e-4)


def verdict(larger: bool, confidence: float) -> Verdict:
    return Verdict(3.0, 0.1, confidence, "The blur is larger." if larger else "", larger)


@pytest.mark.parametrize(
    ("verdicts", "kept"),
    [
        ([verdict(False, 0.9)], 35),
        ([verdict(True, 0), verdict(False, 0.8)], 71),
        ([verdict(True, 0), verdict(True, 0), verdict(False, 0.7)], 101),
        ([verdict(True, 0), verdict(False, 0)], 35),
        ([verdict(True, 0), verdict(True, 0), verdict(True, 0)], 101),
    ],
)
def test_larger_sizes_are_tried_and_kept_if_they_find_something(
    monkeypatch: pytest.MonkeyPatch, verdicts: list[Verdict], kept: int
) -> None:
    left = list(verdicts)

    def found(light: Array, size: int, *_: Any) -> Found:
        kernel = np.zeros((size, size), np.float32)
        kernel[size // 2] = 1 / size
        return Found(kernel, left.pop(0), (slice(0, 400), slice(0, 400)))

    monkeypatch.setattr(estimate, "_found", found)
    result = camera_shake(np.random.default_rng(0).normal(size=(400, 400)))
    assert result.psf.shape == (1, kept)
    assert not left
    assert any("Larger kernels" in note for note in result.notes) == (kept == 35 and len(verdicts) > 1)


@pytest.mark.parametrize(("side", "sizes"), [(96, [31]), (160, [35, 53]), (250, [35, 71, 83]), (600, [35, 71, 101])])
def test_sizes_that_are_tried_fit_the_picture(side: int, sizes: list[int]) -> None:
    assert estimate._attempts(None, (side, side + 10)) == sizes
