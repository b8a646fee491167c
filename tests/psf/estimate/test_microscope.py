"""Aperture and spherical aberration from an image; photons, gain and halves behind them."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from napari_deconv import PSF
from napari_deconv.operators import Blur
from napari_deconv.psf import widefield
from napari_deconv.psf.estimate import microscope
from napari_deconv.psf.estimate.photons import halved, most_telling, noise_line, photons

SPACING = (0.22, 0.08, 0.08)


def model(na: float, spherical: float, shape: tuple[int, ...]) -> PSF:
    aberrations = (0,) * 7 + (spherical,)
    return widefield(
        SPACING[3 - len(shape) :], na=na, wavelength=0.52, theory="scalar", aberrations=aberrations, shape=shape
    )


@cache
def image_of_beads(na: float, spherical: float, shape: tuple[int, ...] = (12, 24, 24)) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(21)
    whole = (*(n + 4 for n in shape[:-2]), *(n + 8 for n in shape[-2:]))
    x = np.zeros(whole)
    np.add.at(x, tuple(rng.integers(0, n, 25) for n in whole), rng.uniform(0.5, 1.5, 25))
    blur = Blur(model(na, spherical, tuple(2 * n - 1 for n in whole)), whole)
    wide = np.zeros(blur.in_shape, np.float32)
    blur.crop(wide)[:] = ndimage.gaussian_filter(x, 0.6, mode="wrap")
    inside = (*(slice(2, -2) for _ in shape[:-2]), slice(4, -4), slice(4, -4))
    light = np.maximum(blur.forward(wide)[inside], 0).astype(np.float64)
    counts = rng.poisson(light / light.max() * 800 + 5)
    counts.flags.writeable = False
    return counts


def test_aperture_and_spherical_aberration_are_found_together() -> None:
    found = microscope(image_of_beads(1.2, 0.08), model(1.3, 0, (23, 25, 25)), spacing=SPACING)
    assert found.ok
    assert found.values["na"] == pytest.approx(1.2, abs=0.03)
    assert found.values["spherical"] == pytest.approx(0.08, abs=0.02)
    assert found.psf.info["parameters"]["na"] == pytest.approx(found.values["na"])
    assert found.psf.info["estimated"] is True
    assert found.confidence > 0.5


def test_the_right_numbers_stay() -> None:
    found = microscope(image_of_beads(1.3, 0.0), model(1.3, 0, (23, 25, 25)), spacing=SPACING)
    assert found.ok
    assert found.values["na"] == pytest.approx(1.3, abs=0.03)
    assert found.values["spherical"] == pytest.approx(0, abs=0.015)


def test_a_plane_tells_the_width_alone() -> None:
    found = microscope(image_of_beads(1.15, 0.0, (48, 48)), model(1.3, 0, (25, 25)), spacing=SPACING[1:])
    assert found.ok
    assert list(found.values) == ["na"]
    assert found.values["na"] == pytest.approx(1.15, abs=0.06)


def test_noise_alone_is_declared() -> None:
    noise = np.random.default_rng(5).poisson(30, (12, 24, 24))
    found = microscope(noise, model(1.3, 0, (23, 25, 25)), spacing=SPACING)
    assert "hardly anything but noise" in found.failure
    assert found.confidence == 0


def test_smooth_light_is_declared() -> None:
    rng = np.random.default_rng(6)
    smooth = ndimage.gaussian_filter(rng.normal(size=(12, 24, 24)), 6, mode="wrap")
    image = rng.poisson(60 + 25 * smooth / np.abs(smooth).max())
    found = microscope(image, model(1.3, 0, (23, 25, 25)), spacing=SPACING)
    assert not found.ok
    assert found.failure.count(".") >= 1


def test_an_object_that_imitates_the_width_leaves_the_aperture_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    # beads imitate little; with the limit above that they are treated as a dense object is
    monkeypatch.setattr(sys.modules[microscope.__module__], "LEAST_SHARE", 0.95)
    found = microscope(image_of_beads(1.3, 0.08), model(1.3, 0, (23, 25, 25)), spacing=SPACING)
    assert "imitates" in found.failure
    assert found.values["na"] == 1.3
    assert "na" not in found.uncertainty
    assert found.values["spherical"] == pytest.approx(0.08, abs=0.02)


def test_an_unknown_voxel_size_is_told() -> None:
    found = microscope(image_of_beads(1.3, 0.0), model(1.3, 0, (23, 25, 25)))
    assert any("voxel size of the image is unknown" in note for note in found.notes)


@pytest.mark.parametrize(("gain", "offset", "read"), [(1.0, 0.0, 0.0), (2.5, 100.0, 0.0), (0.4, 500.0, 4.0)])
def test_gain_is_read_from_the_noise(gain: float, offset: float, read: float) -> None:
    rng = np.random.default_rng(8)
    light = 10 + 200 * ndimage.gaussian_filter(rng.random((10, 96, 96)) > 0.99, 2.0, output=float) / 0.05
    image = offset + gain * rng.poisson(light) + rng.normal(0, read, light.shape)
    counts, _, found = photons(image, None, None)
    assert found == pytest.approx(gain, rel=0.15)
    expected = light.mean() + (read / gain) ** 2
    assert counts.mean() == pytest.approx(expected, rel=0.2)


def test_a_noise_line_of_one_brightness_goes_through_zero() -> None:
    slope, rest = noise_line(np.random.default_rng(9).poisson(50, (4, 64, 64)).astype(float))
    assert slope == pytest.approx(1, rel=0.15)
    assert rest == 0


def test_halves_are_independent_and_sum_to_the_whole() -> None:
    counts = np.random.default_rng(10).poisson(40, (8, 64, 64)).astype(float)
    halves = halved(counts, 4.0, np.random.default_rng(0))
    np.testing.assert_array_equal(halves.fit + halves.check, counts)
    assert halves.background == 2
    assert abs(np.corrcoef(halves.fit.ravel(), halves.check.ravel())[0, 1]) < 0.02


def test_the_part_looked_at_is_where_the_contrast_is() -> None:
    counts = np.full((8, 200, 200), 20.0)
    counts[3:5, 150:160, 30:40:3] = 300
    part = most_telling(counts, 8 * 64 * 64)
    assert counts[part].shape == (8, 64, 64)
    assert counts[part].max() == 300
    assert part[1].start <= 150
    assert part[1].stop >= 160
