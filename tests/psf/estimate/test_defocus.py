"""Defocus found in the picture itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dead_leaves import dead_leaves, photographed
from napari_deconv import psf
from napari_deconv.psf.estimate import defocus

SIDE = 192


@pytest.mark.parametrize("radius", [2.5, 6.0])
def test_the_radius_is_found(radius: float) -> None:
    found = defocus(photographed(psf.defocus(radius), SIDE, seed=1))
    assert found.ok
    assert found.values["radius"] == pytest.approx(radius, abs=0.2)
    assert 0 < found.uncertainty["radius"] < 0.4
    assert found.psf.info["model"] == "defocus"
    np.testing.assert_array_equal(found.psf.data, psf.defocus(found.values["radius"]).data)


def test_brightness_turning_and_a_corner_in_the_sun_do_not_matter() -> None:
    seen = photographed(psf.defocus(4), SIDE, seed=2)
    first = defocus(seen).values["radius"]
    assert defocus(7 * np.rot90(seen)).values["radius"] == pytest.approx(first, abs=0.02)
    seen[:40, :40] = seen.max()
    assert defocus(seen).values["radius"] == pytest.approx(4, abs=0.3)


def test_the_angle_of_what_is_no_motion_is_not_asked() -> None:
    found = defocus(photographed(psf.motion(14, 35), SIDE, seed=1))
    assert "looks like motion (length 1" in found.failure


@pytest.mark.parametrize("picture", ["sharp", "noise", "slope"])
def test_failure_is_declared_where_no_defocus_shows(picture: str) -> None:
    noise = np.random.default_rng(4).normal(0, 0.01, (SIDE, SIDE))
    slope = np.add.outer(np.linspace(0, 1, SIDE), np.linspace(0, 0.5, SIDE))
    found = defocus({"sharp": dead_leaves(SIDE, 6), "noise": 0.5 + 0 * slope, "slope": slope}[picture] + noise)
    assert not found.ok
    assert found.confidence <= 0.5
    assert ("No blur was found" if picture == "sharp" else "noise") in found.failure


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (np.zeros((SIDE, SIDE)), "constant"),
        (np.full((SIDE, SIDE), np.inf), "infinite"),
        (np.zeros((SIDE, 95)), "at least 96"),
        (np.zeros((SIDE, SIDE, 3)), "two axes"),
    ],
)
def test_what_is_no_picture_is_refused(picture: np.ndarray[Any, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        defocus(picture)
