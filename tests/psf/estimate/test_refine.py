"""A pupil recovered from a stack, nothing found where nothing is, and doubt where the image does not tell."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from napari_deconv import PSF
from napari_deconv.io.image import Image
from napari_deconv.operators import Blur
from napari_deconv.psf import gaussian, widefield
from napari_deconv.psf.estimate import Estimate, refine

SPACING = (0.22, 0.08, 0.08)
WORDS = "widefield:na=1.3,wavelength=0.52,ri=1.515,theory=scalar"
SHAPE = (12, 24, 24)


def model(spherical: float, shape: tuple[int, ...] = (23, 25, 25), coma: float = 0.0) -> PSF:
    aberrations = (0, 0, 0, 0, coma, 0, 0, spherical)
    return widefield(SPACING, na=1.3, wavelength=0.52, theory="scalar", aberrations=aberrations, shape=shape)


@cache
def image_of_beads(spherical: float, peak: float = 800, sigma: float = 0.6, coma: float = 0.0) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(12)
    whole = (16, 32, 32)
    x = np.zeros(whole)
    np.add.at(x, tuple(rng.integers(0, n, 25) for n in whole), rng.uniform(0.5, 1.5, 25))
    blur = Blur(model(spherical, (31, 63, 63), coma), whole)
    wide = np.zeros(blur.in_shape, np.float32)
    blur.crop(wide)[:] = ndimage.gaussian_filter(x, sigma, mode="wrap")
    light = np.maximum(blur.forward(wide)[2:-2, 4:-4, 4:-4], 0).astype(np.float64)
    counts = rng.poisson(light / light.max() * peak + 5)
    counts.flags.writeable = False
    return counts


@cache
def refined(spherical: float) -> Estimate:
    return refine(image_of_beads(spherical), model(0), spacing=SPACING, background=0, gain=1)


def error(psf: PSF, truth: PSF) -> float:
    return float(np.linalg.norm(psf.data - truth.data) / np.linalg.norm(truth.data))


@pytest.mark.parametrize("spherical", [0.1, -0.1])
def test_unknown_spherical_aberration_is_recovered_with_its_sign(spherical: float) -> None:
    start, found = model(0), refined(spherical)
    assert found.ok
    assert found.values["noll_11"] == pytest.approx(spherical, abs=0.025)
    assert error(found.psf, model(spherical)) < 0.5 * error(start, model(spherical))
    assert found.confidence > 0.5
    assert found.uncertainty["noll_11"] < 0.02


def test_coma_is_told_from_spherical_aberration() -> None:
    found = refine(image_of_beads(0.0, coma=0.08), model(0), spacing=SPACING, background=0, gain=1)
    assert found.ok
    assert found.values["noll_8"] == pytest.approx(0.08, abs=0.02)
    assert abs(found.values["noll_11"]) < 0.03
    truth = model(0, coma=0.08)
    assert error(found.psf, truth) < 0.6 * error(model(0), truth)


def test_the_refined_psf_is_one_that_its_words_make_again() -> None:
    found = refined(0.1)
    info = found.psf.info
    assert info["model"] == "widefield"
    assert info["estimated"] is True
    assert info["failure"] == ""
    assert info["confidence"] == found.confidence
    assert info["parameters"]["aberrations"][-1] == pytest.approx(found.values["noll_11"])
    again = widefield(**info["parameters"])
    np.testing.assert_allclose(again.data, found.psf.data, atol=1e-7)


def test_nothing_is_changed_where_nothing_is_to_be_found() -> None:
    start, found = model(0), refined(0.0)
    assert "nothing to refine" in found.failure
    assert found.confidence == 0
    np.testing.assert_array_equal(found.psf.data, start.data)


def test_noise_alone_is_declared() -> None:
    noise = np.random.default_rng(3).poisson(20, SHAPE)
    found = refine(noise, model(0), spacing=SPACING)
    assert "hardly anything but noise" in found.failure
    np.testing.assert_array_equal(found.psf.data, model(0).data)
    assert found.psf.info["failure"] == found.failure


def test_a_smooth_object_is_declared() -> None:
    found = refine(image_of_beads(0.1, peak=40, sigma=4.0), model(0), spacing=SPACING)
    assert not found.ok


def test_words_and_an_unknown_camera_give_the_same_answer() -> None:
    image = 100 + 3.0 * image_of_beads(0.1)
    before = image.copy()
    found = refine(image, WORDS, spacing=SPACING)
    assert found.values["noll_11"] == pytest.approx(refined(0.1).values["noll_11"], abs=0.015)
    np.testing.assert_array_equal(image, before)


def test_an_image_with_its_own_voxels_gets_a_psf_on_them() -> None:
    start = widefield((0.3, 0.1, 0.1), na=1.3, wavelength=0.52, theory="scalar", shape=(9, 9, 9))
    found = refine(Image(image_of_beads(0.1), "ZYX", SPACING), start)
    assert found.psf.spacing == SPACING
    assert any("computed anew" in note for note in found.notes)
    assert found.values["noll_11"] == pytest.approx(0.1, abs=0.025)


def test_the_same_seed_gives_the_same_answer() -> None:
    small = image_of_beads(0.1)[:8, :16, :16]
    one, other, third = (refine(small, model(0), spacing=SPACING, seed=seed) for seed in (4, 4, 5))
    assert one.values == other.values
    assert one.values != third.values


def test_progress_reaches_its_total() -> None:
    told: list[tuple[int, int]] = []
    small = image_of_beads(0.0)[:8, :16, :16]
    refine(small, model(0), spacing=SPACING, progress=lambda done, total: told.append((done, total)))
    assert len({total for _, total in told}) == 1
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]


def test_progress_cancels() -> None:
    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refine(image_of_beads(0.0), model(0), spacing=SPACING, progress=stop)


def changed(value: float) -> np.ndarray[Any, Any]:
    image = image_of_beads(0.0).astype(np.float64)
    image[2, 3, 4] = value
    return image


@pytest.mark.parametrize(
    ("image", "psf", "words"),
    [
        (changed(math.nan), None, r"1 NaN or infinite values, the first at \(2, 3, 4\)"),
        (changed(math.inf), None, "NaN or infinite"),
        (np.full(SHAPE, 7), None, "constant"),
        (np.zeros((0, 24, 24)), None, "needs at least 5 planes"),
        (np.ones((3, 24, 24)), None, "needs at least 5 planes"),
        (np.ones((24, 24)), None, "z, y, x"),
        (np.ones((2, *SHAPE)), None, "one channel at one time"),
        (Image(np.ones((12, 24, 24, 3)), "ZYXS"), None, "one channel at one time"),
        (np.ones(SHAPE, complex), None, "real numbers"),
        (np.ma.masked_greater(image_of_beads(0.0), 100), None, "masked"),
        (image_of_beads(0.0), gaussian((1, 1, 1), spacing=SPACING), "computed for a microscope"),
        (image_of_beads(0.0), PSF(np.full((3, 3, 3), 1 / 27), SPACING, "um"), "unknown origin"),
        (image_of_beads(0.0), "motion:length=5", "computed for a microscope"),
        (image_of_beads(0.0)[6], widefield(SPACING[1:], na=1.3, wavelength=0.52, shape=(9, 9)), "refine needs a stack"),
    ],
)
def test_refused(image: Any, psf: PSF | str | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        refine(image, model(0) if psf is None else psf, spacing=None)


@pytest.mark.parametrize(
    ("argument", "words"),
    [({"gain": 0}, "gain"), ({"background": math.nan}, "background"), ({"spacing": (1, 1)}, "spacing needs 3")],
)
def test_refused_numbers(argument: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        refine(image_of_beads(0.0), model(0), **argument)
