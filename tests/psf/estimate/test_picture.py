"""The plane that an estimate looks at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_deconv.io.image import Image
from napari_deconv.light import srgb
from napari_deconv.psf.estimate.picture import grey

SIDE = 96


def noise(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)


def test_an_array_is_taken_as_light_and_not_changed() -> None:
    light = noise(SIDE, SIDE + 5).astype(np.float32)
    before = light.copy()
    found = grey(light)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, before)
    found += 1
    np.testing.assert_array_equal(light, before)


def test_a_grey_photograph_is_decoded() -> None:
    codes = noise(SIDE, SIDE)
    found = grey(Image(codes, "YX", encoding="srgb"))
    np.testing.assert_allclose(found, srgb(codes / 255), atol=1e-6)


@pytest.mark.parametrize("axes", ["YXS", "SYX"])
def test_colours_are_weighted_in_linear_light(axes: str) -> None:
    codes = noise(SIDE, SIDE, 3)
    weighted = srgb(codes / 255) @ [0.2126, 0.7152, 0.0722]
    data = codes if axes == "YXS" else np.moveaxis(codes, -1, 0)
    np.testing.assert_allclose(grey(Image(data, axes, encoding="srgb")), weighted, atol=1e-6)


def test_single_planes_of_more_axes_are_one_plane() -> None:
    data = noise(1, SIDE, SIDE, 3)
    np.testing.assert_array_equal(grey(Image(data, "ZYXS")), grey(Image(data[0], "YXS")))


def test_linear_light_stays_as_it_is() -> None:
    data = noise(SIDE, SIDE).astype(np.float32)
    np.testing.assert_array_equal(grey(Image(data, "YX")), data)


def with_nan() -> np.ndarray[Any, Any]:
    data = noise(SIDE, SIDE).astype(float)
    data[3, 4] = np.nan
    return data


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (noise(SIDE - 1, 200), "at least 96 on each side"),
        (np.zeros((0, 0)), "at least 96 on each side"),
        (noise(5, SIDE, SIDE), "two axes"),
        (noise(SIDE, SIDE, 3), "two axes"),
        (noise(SIDE), "two axes"),
        (with_nan(), r"1 NaN or infinite values, the first at \(3, 4\)"),
        (np.full((SIDE, SIDE), 7.0), r"constant \(7\)"),
        (noise(SIDE, SIDE) * 1j, "complex128"),
        (np.full((SIDE, SIDE), "a"), "real numbers"),
        (np.ma.masked_less(noise(SIDE, SIDE), 9), "masked"),
        (Image(noise(4, SIDE, SIDE), "ZYX"), "pick one plane"),
        (Image(noise(SIDE, SIDE), "ZX"), "rows and columns"),
        (Image(noise(SIDE, SIDE, 4), "YXS"), "4 samples per pixel"),
    ],
)
def test_what_is_no_picture_is_refused(picture: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        grey(picture)
