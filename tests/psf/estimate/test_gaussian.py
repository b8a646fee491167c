"""The width of a Gaussian blur found in the picture itself, and what the three estimates stand on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dead_leaves import dead_leaves, photographed
from napari_deconv import psf
from napari_deconv.psf.estimate import gaussian
from napari_deconv.psf.estimate.families import GAUSSIAN, MOTION, likelihood
from napari_deconv.psf.estimate.spectrum import PATCHES, spectrum

SIDE = 192


@pytest.mark.parametrize("sigma", [1.2, 2.5])
def test_the_width_is_found(sigma: float) -> None:
    found = gaussian(photographed(psf.gaussian((sigma, sigma)), SIDE, seed=1))
    assert found.ok
    assert found.values["sigma"] == pytest.approx(sigma, abs=0.35)
    assert 0 < found.uncertainty["sigma"] < 0.5
    assert any("sharp photographs" in note for note in found.notes)
    assert found.psf.info["model"] == "gaussian"


@pytest.mark.parametrize("picture", ["sharp", "noise", "slope"])
def test_failure_is_declared_where_no_blur_shows(picture: str) -> None:
    noise = np.random.default_rng(5).normal(0, 0.01, (SIDE, SIDE))
    slope = np.add.outer(np.linspace(0, 1, SIDE), np.linspace(0, 0.5, SIDE))
    found = gaussian({"sharp": dead_leaves(SIDE, 7), "noise": 0.5 + 0 * slope, "slope": slope}[picture] + noise)
    assert not found.ok
    assert found.confidence <= 0.5


@pytest.mark.parametrize("picture", [np.zeros((SIDE, SIDE)), np.full((SIDE, SIDE), np.nan), np.zeros((3, SIDE, SIDE))])
def test_what_is_no_picture_is_refused(picture: np.ndarray[Any, Any]) -> None:
    with pytest.raises(ValueError, match=r"constant|NaN|two axes"):
        gaussian(picture)


def test_the_transfer_is_what_the_window_makes_of_white_light() -> None:
    rng, kernel = np.random.default_rng(6), psf.motion(9, 20).data.astype(np.float64)
    side = 512
    blurred = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(side, side))) * np.fft.rfft2(kernel, (side, side)))
    seen = spectrum(blurred)
    expected = seen.transfer(kernel)
    measured = seen.mean * blurred.var()
    strong = expected > 0.05
    assert float(np.mean(measured[strong] / expected[strong])) == pytest.approx(1, abs=0.05)
    assert float(np.corrcoef(measured, expected)[0, 1]) > 0.95


def test_only_so_many_patches_are_taken_and_those_with_structure() -> None:
    wide = np.zeros((800, 1400))
    wide[:, :700] = np.tile(dead_leaves(700, 8), (2, 1))[:800]
    assert len(spectrum(wide).power) <= PATCHES
    assert spectrum(wide).power.sum(axis=1).min() > 0


def test_a_fit_is_a_minimum_in_all_parameters() -> None:
    seen = spectrum(photographed(psf.gaussian((2.0, 2.0)), SIDE, seed=3))
    model = likelihood(GAUSSIAN, seen)
    best = model.fit(np.array([1.0]))
    for change in (-0.1, 0.1):
        assert model.fit(best.theta + change, best.nuisance, free=False).cost > best.cost
    assert np.sqrt(model.covariance(best)[0, 0]) < 0.3


def test_the_candidates_leave_the_axes_alone() -> None:
    angles = np.unique(MOTION.grid(128)[:, 1])
    assert np.abs(angles[:, None] - np.arange(0, 181, 90)).min() == 3
    assert MOTION.grid(128)[:, 0].max() == pytest.approx(MOTION.largest(128))
