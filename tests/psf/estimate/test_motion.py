"""Motion found in the picture itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dead_leaves import dead_leaves, photographed
from napari_deconv import psf
from napari_deconv.io.image import Image
from napari_deconv.psf.estimate import motion

SIDE = 192


def turn(a: float, b: float) -> float:
    """Degrees between two angles modulo 180."""
    return abs((a - b + 90) % 180 - 90)


@pytest.fixture(scope="module")
def moved() -> np.ndarray[Any, Any]:
    return photographed(psf.motion(14, 35), SIDE, seed=1)


@pytest.fixture(scope="module")
def found(moved: np.ndarray[Any, Any]) -> Any:
    return motion(moved)


def test_length_and_angle_are_found(found: Any) -> None:
    assert found.ok
    assert found.confidence > 0.8
    assert found.values["length"] == pytest.approx(14, abs=0.5)
    assert turn(found.values["angle"], 35) < 1
    assert 0 < found.uncertainty["length"] < 1
    assert 0 < found.uncertainty["angle"] < 2


def test_the_psf_is_the_model_that_its_words_name(found: Any) -> None:
    info = found.psf.info
    assert info["model"] == "motion"
    assert info["estimated"] is True
    assert info["confidence"] == found.confidence
    assert info["failure"] == ""
    assert info["uncertainty"] == found.uncertainty
    np.testing.assert_array_equal(found.psf.data, psf.make("motion", info["parameters"]).data)


def test_brightness_and_offset_do_not_matter(moved: np.ndarray[Any, Any], found: Any) -> None:
    before = moved.copy()
    other = motion(moved * 4096 + 100)
    np.testing.assert_array_equal(moved, before)
    assert other.values == pytest.approx(found.values, abs=1e-3)
    assert other.confidence == pytest.approx(found.confidence, abs=1e-3)


def test_a_transposed_picture_moved_along_the_mirrored_angle(moved: np.ndarray[Any, Any], found: Any) -> None:
    other = motion(Image(moved.T.astype(np.float32), "YX"))
    assert other.values["length"] == pytest.approx(found.values["length"], abs=0.3)
    assert turn(other.values["angle"], -90 - found.values["angle"]) < 0.5


def test_progress_is_told_and_may_end_the_work(moved: np.ndarray[Any, Any]) -> None:
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        motion(moved, progress=stop)
    assert [done for done, _ in told] == list(range(1, 21))
    assert told[0][1] > 20


@pytest.mark.parametrize("picture", ["sharp", "noise", "slope", "bare slope"])
def test_failure_is_declared_where_no_motion_shows(picture: str) -> None:
    noise = np.random.default_rng(3).normal(0, 0.01, (SIDE, SIDE))
    slope = np.add.outer(np.linspace(0, 1, SIDE), np.linspace(0, 0.5, SIDE))
    pictures = {
        "sharp": dead_leaves(SIDE, 5) + noise,
        "noise": 0.5 + noise,
        "slope": slope + noise,
        "bare slope": slope,
    }
    found = motion(pictures[picture])
    assert not found.ok
    assert found.confidence <= 0.5
    assert found.failure.endswith(".")
    assert found.psf.info["failure"] == found.failure


def test_defocus_is_not_taken_for_motion() -> None:
    found = motion(photographed(psf.defocus(4), SIDE, seed=2))
    assert "looks like defocus (radius" in found.failure


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (np.zeros((SIDE, SIDE)), "constant"),
        (np.full((SIDE, SIDE), np.nan), "NaN"),
        (np.zeros((40, SIDE)), "at least 96"),
        (np.zeros((3, SIDE, SIDE)), "two axes"),
        (np.zeros((SIDE, SIDE, 3)), "two axes"),
    ],
)
def test_what_is_no_picture_is_refused(picture: np.ndarray[Any, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        motion(picture)
