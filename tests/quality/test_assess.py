"""The report: what it reads from a result, and that each line can turn bad."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

from napari_deconv import Image, Recipe, psf, run
from napari_deconv.camera import Camera
from napari_deconv.quality import assess
from quality.scenes import PHOTONS_ONLY, lines, seen

STEP = (0.1, 0.1)
BLUR = psf.PSF(psf.gaussian((2.0, 2.0)).data, STEP, "um")


def picture(seed=0, photons=500.0):
    rng = np.random.default_rng(seed)
    y = seen(lines((176, 176), rng, 15), BLUR, photons, rng, background=105.0, margin=24)
    return Image(y, "YX", STEP)


def carried_out(image, steps=60, blur=BLUR, **options):
    recipe = Recipe.build(method="scaled_heavy_ball", num_iter=steps, background=100.0, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run(recipe, image, psf=blur)


def test_a_good_result_has_no_bad_line():
    image = picture()
    camera = Camera(gain=1.0, offset=0.0, read_noise=0.0)
    report = assess(
        image,
        carried_out(image),
        BLUR,
        camera=camera,
        restore=lambda half: carried_out(Image(half, "YX", STEP)),
    )
    verdicts = {row.name: row.verdict for row in report.rows}
    assert set(verdicts.values()) <= {"good", "look"}
    assert verdicts["image explained"] == verdicts["flux"] == verdicts["ringing"] == verdicts["border"] == "good"
    assert report.row("noise").value > 1
    assert report.after is not None


def test_a_psf_too_wide_is_named_and_too_few_steps_are_told_from_it():
    image = picture(1, 2000.0)
    wide = psf.PSF(psf.gaussian((2.5, 2.5)).data, STEP, "um")
    wrong = assess(image, carried_out(image, blur=wide), wide, camera=PHOTONS_ONLY).row("image explained")
    assert wrong.verdict == "poor"
    assert "the PSF is too wide" in wrong.sentence
    early = assess(image, carried_out(image, steps=3), BLUR, camera=PHOTONS_ONLY).row("image explained")
    assert early.verdict == "poor"
    assert "the iterations are too few" in early.sentence


def test_background_and_boundary_come_from_the_provenance():
    image = picture()
    result = carried_out(image, boundary="reflect")
    told = assess(image, result, BLUR, camera=PHOTONS_ONLY)
    said = assess(image.data, result.data, BLUR, camera=PHOTONS_ONLY, background=100.0, boundary="reflect")
    assert told.row("flux").value == pytest.approx(said.row("flux").value)
    assert told.fidelity.chi_square == pytest.approx(said.fidelity.chi_square, rel=1e-5)
    assert assess(image.data, result.data, BLUR, camera=PHOTONS_ONLY).row("flux").verdict == "poor"


def spoilt(mask_them, hot=False):
    """A picture with a bright patch (or single pixels) that no light made, and its result."""
    image = picture()
    y, bad = image.data.copy(), np.zeros(image.data.shape, bool)
    bad[60:64, 80:84] = not hot
    bad[30:150:40, 40:150:35] = hot
    y[bad] = y.max() * 2 + np.arange(bad.sum())  # all different, so that they are not saturated
    recipe = Recipe.build(method="scaled_heavy_ball", num_iter=60, background=100.0, hot_pixels=hot)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = run(recipe, image.with_data(y), psf=BLUR, mask=bad if mask_them else None)
    return image.with_data(y), result, bad


def test_pixels_that_were_ignored_leave_all_measures():
    image, result, bad = spoilt(mask_them=True)
    clean = assess(picture(), carried_out(picture()), BLUR, camera=PHOTONS_ONLY)
    masked = assess(image, result, BLUR, camera=PHOTONS_ONLY, mask=bad)
    for name in ("image explained", "residual", "flux", "border", "lateral resolution before"):
        assert masked.row(name).verdict == clean.row(name).verdict
        assert masked.row(name).value == pytest.approx(clean.row(name).value, rel=0.05, abs=0.005)
    assert not any("mask=" in note for note in masked.notes)
    counted = assess(image, result, BLUR, camera=PHOTONS_ONLY)
    assert f"{bad.sum()} pixels were ignored in the restoration but count here: pass the same mask=" in counted.notes
    assert counted.row("residual").value > 2 * masked.row("residual").value


def test_hot_pixels_that_the_recipe_ignored_do_not_count():
    image, result, _ = spoilt(mask_them=False, hot=True)
    assert assess(image, result, BLUR, camera=PHOTONS_ONLY).row("residual").value < 1.1
    assert assess(image.data, result.data, BLUR, camera=PHOTONS_ONLY, background=100.0).row("residual").value > 2


def test_the_noise_asks_for_what_is_missing():
    image = picture()
    known = assess(image, carried_out(image), BLUR, camera=PHOTONS_ONLY).row("noise").sentence
    assert known == "not measured: it needs restore="


def test_unknown_camera_is_estimated_and_the_notes_say_so():
    image = picture()
    report = assess(image, carried_out(image), BLUR)
    assert any(note.startswith("camera") for note in report.notes)


def test_lost_light_rims_and_dark_borders_are_bad():
    image = picture()
    good = carried_out(image)
    dim = assess(image, good.with_data(good.data * 0.8), BLUR, camera=PHOTONS_ONLY)
    assert dim.row("flux").verdict == "poor"
    bright = good.data + np.pad(np.zeros((124, 124)), 2, constant_values=60).astype(np.float32)
    assert assess(image, good.with_data(bright), BLUR, camera=PHOTONS_ONLY).row("border").verdict == "poor"


def test_a_result_that_took_the_outside_for_the_other_side_is_bad_at_the_border():
    image = picture()
    result = carried_out(image, boundary="periodic")
    report = assess(image, result, BLUR, camera=PHOTONS_ONLY, boundary="extended")
    assert report.row("border").verdict != "good"
    assert report.row("border").value > 3 * report.fidelity.border(20)[1]


def test_frames_are_chosen_and_named():
    images = [picture(seed) for seed in (0, 1)]
    stacked, results = (
        Image(np.stack([p.data for p in them]), "TYX", STEP) for them in (images, map(carried_out, images))
    )
    first, second = (
        assess(stacked, results, BLUR, camera=PHOTONS_ONLY, background=100.0, frame=frame) for frame in (None, (1,))
    )
    assert "judged frame (0,) of (2,)" in first.notes
    assert first.row("flux").value != second.row("flux").value
    with pytest.raises(ValueError, match=r"frame \(5,\) of an image with \(2,\) frames"):
        assess(stacked, results, BLUR, frame=(5,))


def test_report_is_json_and_a_table():
    image = picture()
    report = assess(image, carried_out(image), BLUR, camera=PHOTONS_ONLY)
    found = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert list(found["rows"]) == [row.name for row in report.rows]
    assert found["rows"]["noise"]["verdict"] == "unknown"
    plain, markdown = report.table(), report.table(markdown=True)
    assert all(row.sentence in plain and row.sentence in markdown for row in report.rows)
    with pytest.raises(ValueError, match="no line 'sharpness'; there are image explained, "):
        report.row("sharpness")


def test_a_stack_that_holds_half_the_psf_gets_no_verdict_on_flux():
    rng = np.random.default_rng(3)
    blur = psf.gaussian((6.0, 1.5, 1.5))
    y = seen(lines((12, 48, 48), rng), blur, 300, rng)
    report = assess(y, np.maximum(y - 5, 0), blur, camera=PHOTONS_ONLY, background=5.0)
    assert report.row("flux").verdict == "unknown"
    assert "axial resolution before" in {row.name for row in report.rows}


@pytest.mark.parametrize(
    ("image", "result", "sentence"),
    [
        (np.eye(32), np.eye(33), r"but the result \(33, 33\)"),
        (np.ones((32, 32)), np.eye(32), "1 everywhere"),
        (Image(np.zeros((32, 32, 3), np.uint8), "YXS", None, "srgb"), np.zeros((3, 32, 32)), "gamma-encoded"),
    ],
)
def test_bad_input_is_refused_in_words(image, result, sentence):
    with pytest.raises(ValueError, match=sentence):
        assess(image, result, psf.gaussian((1.5, 1.5)))
