"""A colour picture restored through its luminance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_deconv import Recipe, psf, richardson_lucy, run, wiener
from napari_deconv.io.image import Image
from napari_deconv.light import luminance

BLUR = psf.gaussian(1.2)


def photograph(dtype: str = "uint8") -> Image:
    """Coloured bars and dots, gamma-encoded."""
    rng = np.random.default_rng(3)
    picture = np.full((24, 28, 3), 60.0)
    picture[6:18, 4:9] = (200, 40, 30)
    picture[6:18, 14:20] = (30, 80, 220)
    picture += rng.normal(0, 2, picture.shape)
    return Image(np.rint(np.clip(picture, 0, 255)).astype(dtype), "YXS", None, "srgb", {})


def test_luminance_of_white_is_white() -> None:
    assert luminance(np.ones((2, 2, 3))) == pytest.approx(1, abs=1e-6)


def test_luminance_weighs_green_most() -> None:
    assert luminance(np.eye(3)) == pytest.approx([0.2126, 0.7152, 0.0722])


def test_luminance_refuses_what_has_no_colours() -> None:
    with pytest.raises(ValueError, match=r"red, green and blue.*\(4, 2\)"):
        luminance(np.ones((4, 2)))


@pytest.mark.parametrize("method", [richardson_lucy, wiener])
def test_grey_in_three_channels_is_restored_like_grey(method: object) -> None:
    grey = photograph().data[..., 0].astype(float)
    three = np.repeat(grey[..., None], 3, axis=2)
    one: NDArray[np.float32] = method(grey, BLUR)  # type: ignore[operator]
    many: NDArray[np.float32] = method(three, BLUR, channel_axis=-1, colour="luminance")  # type: ignore[operator]
    floor = 0.05 * grey.mean()
    expected = grey * (np.maximum(one, 0) + floor) / (grey + floor)
    np.testing.assert_allclose(many, np.repeat(expected[..., None], 3, axis=2), rtol=1e-3)


def test_colours_keep_their_proportions() -> None:
    picture = np.ones((16, 16, 3)) * (4.0, 2.0, 1.0)
    picture[8:] *= 5
    restored = richardson_lucy(picture, BLUR, channel_axis=-1, colour="luminance")
    np.testing.assert_allclose(restored[..., 0] / restored[..., 2], 4, rtol=1e-5)
    assert restored.max() > picture.max()  # the edge overshoots: something was done


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_colours_may_lie_along_any_axis(axis: int) -> None:
    picture = photograph().data.astype(float)
    plain = wiener(picture, BLUR, channel_axis=-1, colour="luminance")
    moved = wiener(np.moveaxis(picture, -1, axis), BLUR, channel_axis=axis, colour="luminance")
    np.testing.assert_array_equal(np.moveaxis(moved, axis, -1), plain)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_photograph_keeps_its_type_and_says_how_it_was_restored(dtype: str) -> None:
    image = photograph(dtype)
    recipe = Recipe.build(psf="gaussian:sigma=1.2", colour="luminance", num_iter=5)
    before = image.data.copy()
    result = run(recipe, image)
    assert result.data.dtype == dtype
    assert result.axes == "YXS"
    assert result.metadata["napari-deconv"]["recipe"]["colour"] == "luminance"
    assert result.metadata["napari-deconv"]["of"] == 5  # one channel's work
    np.testing.assert_array_equal(image.data, before)


def test_a_mask_has_the_shape_of_the_picture_without_colours() -> None:
    image = photograph()
    image.data[12, 12] = 255
    mask = np.zeros((24, 28), bool)
    mask[12, 12] = True
    recipe = Recipe.build(psf="gaussian:sigma=1.2", colour="luminance", num_iter=5)
    masked, plain = (run(recipe, image, mask=m).data.astype(float) for m in (mask, None))
    assert abs(masked[11, 12] - plain[11, 12]).max() > 3


def test_luminance_needs_colours() -> None:
    with pytest.raises(ValueError, match=r"red, green and blue.*colour='per_channel'"):
        richardson_lucy(np.ones((8, 8)), BLUR, colour="luminance")


def test_luminance_takes_one_psf() -> None:
    with pytest.raises(ValueError, match="one PSF, got 3"):
        richardson_lucy(np.ones((8, 8, 3)), [BLUR] * 3, channel_axis=-1, colour="luminance")
