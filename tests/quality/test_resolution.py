"""Photons divided in two, and the resolution that the halves agree on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_deconv import psf
from napari_deconv.camera import Camera
from napari_deconv.quality import agreement, resolution, split_photons
from quality.scenes import PHOTONS_ONLY, lines, seen

NA, WAVELENGTH, STEP = 1.0, 0.6, 0.06
CUTOFF = WAVELENGTH / 2 / NA


def microscope(photons, seed, size=160):
    rng = np.random.default_rng(seed)
    blur = psf.widefield((STEP, STEP), na=NA, wavelength=WAVELENGTH, ri=1.33, shape=(81, 81))
    return seen(lines((size + 80,) * 2, rng), blur, photons, rng, margin=40), rng


def test_halves_are_independent_and_make_up_the_image():
    rng = np.random.default_rng(0)
    camera = Camera(gain=2.0, offset=100.0, read_noise=3.0)
    electrons = rng.poisson(40, (400, 400)) + rng.normal(0, 3.0, (400, 400))
    y = electrons / 2 + 100
    a, b = (half.astype(float) for half in split_photons(y, rng, camera=camera))
    assert (a + b) / 2 == pytest.approx(y, abs=1e-4)
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / 400
    assert a.var() == pytest.approx(2 * y.var(), rel=0.03)
    assert a.mean() == pytest.approx(y.mean(), rel=1e-3)


def test_same_generator_same_halves_and_input_unchanged():
    y = np.random.default_rng(1).poisson(5, (20, 20))
    before = y.copy()
    first, again = (split_photons(y, np.random.default_rng(7))[0] for _ in range(2))
    assert np.array_equal(first, again)
    assert np.array_equal(y, before)
    assert first.dtype == np.float32


def test_an_image_without_light_is_refused():
    with pytest.raises(ValueError, match="no pixel lies above the offset of 100"):
        split_photons(np.full((8, 8), 90), np.random.default_rng(0), camera=Camera(offset=100.0))


@pytest.mark.parametrize("photons", [30, 300, 3000, 30000])
def test_resolution_is_never_better_than_the_diffraction_limit(photons):
    for seed in range(3):
        y, rng = microscope(photons, seed)
        found = resolution(y, rng, spacing=STEP, camera=PHOTONS_ONLY)
        two_rings = 2 * found.curves[0].frequency[1]
        assert 1 / found.lateral < 1 / CUTOFF + two_rings
        assert found.notes == ()


def test_more_photons_come_closer_to_the_limit():
    found = [resolution(*microscope(photons, 5), spacing=STEP, camera=PHOTONS_ONLY).lateral
             for photons in (10, 100, 1000, 100_000)]  # fmt: skip
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(CUTOFF, rel=0.06)
    assert found[0] > 1.2 * CUTOFF


def test_noise_alone_resolves_nothing():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        found = resolution(rng.poisson(50, (96, 96)), rng, camera=PHOTONS_ONLY)
        assert found.lateral == math.inf
    assert found.unit == "px"
    assert found.nyquist == (2.0,)


@pytest.mark.parametrize(("wrong", "word"), [(4.0, "agree"), (0.25, "disagree")])
def test_a_wrong_gain_is_noticed(wrong, word):
    y, rng = microscope(100, 1)
    found = resolution(y, rng, spacing=STEP, camera=Camera(gain=wrong, offset=0.0, read_noise=0.0))
    assert len(found.notes) == 1
    assert f"the halves {word} (" in found.notes[0]


def test_a_linear_filter_changes_nothing_and_smoothing_both_halves_is_no_evidence():
    y, _ = microscope(100, 3)
    plain, filtered = (
        resolution(y, np.random.default_rng(9), spacing=STEP, camera=PHOTONS_ONLY, restore=restore).lateral
        for restore in (None, lambda half: half - np.roll(half, 1, 0) / 2)
    )
    assert filtered == pytest.approx(plain, rel=0.05)


def test_stacks_have_two_resolutions():
    rng = np.random.default_rng(4)
    blur = psf.gaussian((1.5, 2.0, 2.0))
    y = seen(lines((24, 64, 64), rng, 40), blur, 2000, rng)
    found = resolution(y, rng, spacing=(0.2, 0.1, 0.1), camera=PHOTONS_ONLY)
    assert found.nyquist == (0.2, 0.4)
    assert 0.3 < found.lateral < 1.0
    assert 0.4 <= found.axial < 2.0
    assert len(found.curves) == 2


def test_lines_are_refused():
    with pytest.raises(ValueError, match="resolution needs a picture"):
        agreement((np.arange(9.0), np.arange(9.0)))
