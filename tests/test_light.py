"""Encoded pixels to linear light and back: exact for every code, whatever the profile."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ImageCms

from napari_deconv.io import Image
from napari_deconv.io.icc import curves
from napari_deconv.light import srgb, to_encoded, to_linear

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def profile(*curve: bytes, space: bytes = b"RGB ") -> bytes:
    """An ICC profile with nothing but tone curves."""
    names = [b"kTRC"] if space == b"GRAY" else [b"rTRC", b"gTRC", b"bTRC"]
    bodies = list(curve) * (len(names) // len(curve))
    head = bytes(16) + space + bytes(16) + b"acsp" + bytes(88)
    offset, table, data = 132 + 12 * len(names), b"", b""
    for name, body in zip(names, bodies, strict=True):
        table += struct.pack(">4sII", name, offset + len(data), len(body))
        data += body
    return head + struct.pack(">I", len(names)) + table + data


def curv(*values: int) -> bytes:
    return b"curv" + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *values)


def para(kind: int, *values: float) -> bytes:
    numbers = [round(v * 65536) for v in values]
    return b"para" + bytes(4) + struct.pack(f">HH{len(numbers)}i", kind, 0, *numbers)


GAMMA = curv(round(2.2 * 256))
TABLE = curv(*(round(65535 * (i / 1023) ** 1.8) for i in range(1024)))
SRGB_PARA = para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
PROFILES = {
    "none": None,
    "lcms": SRGB,
    "gamma": profile(GAMMA),
    "table": profile(TABLE),
    "parametric": profile(SRGB_PARA),
    "unlike": profile(GAMMA, TABLE, SRGB_PARA),
    "identity": profile(curv()),
}


def codes(dtype: str) -> NDArray[np.integer]:
    """All of them, as a colour picture whose samples differ."""
    every = np.arange(np.iinfo(dtype).max + 1).astype(dtype).reshape(16, -1)
    return np.stack([every, every[::-1], every[:, ::-1]], axis=-1)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("name", PROFILES)
def test_every_code_comes_back(name: str, dtype: str) -> None:
    icc = PROFILES[name]
    image = Image(codes(dtype), "YXS", None, "srgb", {"icc": icc} if icc else {})
    light = to_linear(image)
    assert light.data.dtype == np.float32
    assert (light.data.min(), light.data.max()) == (0, 1)
    assert (light.encoding, light.axes) == ("linear", "YXS")
    assert not light.metadata.get("notes")
    again, clipped = to_encoded(light.data, image)
    np.testing.assert_array_equal(again, image.data)
    assert again.dtype == dtype
    assert clipped == 0


def test_srgb_curve_has_the_values_of_the_standard() -> None:
    wanted = {0.0: 0.0, 0.04045: 0.0031308, 0.5: 0.2140411, 0.735357: 0.5, 1.0: 1.0}
    np.testing.assert_allclose(srgb(np.array(list(wanted))), list(wanted.values()), atol=2e-7)


def test_profile_of_srgb_is_the_srgb_curve() -> None:
    values = np.linspace(0, 1, 1000)
    for curve in (*curves(SRGB, 3), *curves(profile(SRGB_PARA), 3)):
        np.testing.assert_allclose(curve(values), srgb(values), atol=2e-5)


@pytest.mark.parametrize(
    ("body", "formula"),
    [
        (para(0, 2.0), lambda v: v**2),
        (para(1, 2.0, 0.5, 0.5), lambda v: (0.5 * v + 0.5) ** 2),
        (para(2, 2.0, 0.5, 0.25, 0.125), lambda v: (0.5 * v + 0.25) ** 2 + 0.125),
        (
            para(4, 2.0, 0.75, 0.25, 0.5, 0.25, 0.0, 0.0625),
            lambda v: np.where(v < 0.25, v / 2 + 0.0625, (0.75 * v + 0.25) ** 2),
        ),
        (curv(0, 65535), lambda v: v),
    ],
)
def test_curves_follow_the_icc_formulas(body: bytes, formula: object) -> None:
    values = np.linspace(0, 1, 101)
    np.testing.assert_allclose(curves(profile(body), 3)[0](values), formula(values), atol=1e-4)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("icc", "words"),
    [
        (b"rubbish", "not an ICC profile"),
        (SRGB[:200], "no tone curve"),
        (profile(GAMMA, space=b"CMYK"), "it is for CMYK"),
        (profile(b"mft2" + bytes(40)), "unknown kind"),
        (profile(curv(65535, 0)), "does not rise"),
        (profile(b"curv" + bytes(4) + struct.pack(">I", 4_000_000_000)), "cut off"),
        (profile(para(9)), "parametric type 9"),
    ],
)
def test_profile_that_is_not_understood_is_named(icc: bytes, words: str) -> None:
    image = Image(codes("uint8"), "YXS", None, "srgb", {"icc": icc})
    light = to_linear(image)
    assert words in light.metadata["notes"][0]
    np.testing.assert_array_equal(light.data, to_linear(Image(image.data, "YXS", None, "srgb")).data)


def test_grey_takes_a_grey_profile_or_an_rgb_one_of_equal_curves() -> None:
    grey = codes("uint8")[..., 0]
    for icc in (profile(GAMMA, space=b"GRAY"), profile(GAMMA)):
        light = to_linear(Image(grey, "YX", None, "srgb", {"icc": icc}))
        np.testing.assert_allclose(light.data, (grey / 255) ** (563 / 256), atol=1e-6)
        assert not light.metadata["notes"]
    light = to_linear(Image(grey, "YX", None, "srgb", {"icc": PROFILES["unlike"]}))
    assert "the picture is grey" in light.metadata["notes"][0]


def test_alpha_and_input_are_left_alone() -> None:
    data, alpha = codes("uint8"), codes("uint8")[..., 0]
    image = Image(data.copy(), "YXS", None, "srgb", {"alpha": alpha, "icc": SRGB})
    light = to_linear(image)
    assert light.metadata["alpha"] is alpha
    assert light.metadata["icc"] == SRGB
    to_encoded(light.data, image)
    np.testing.assert_array_equal(image.data, data)


def test_linear_picture_is_returned_as_it_is() -> None:
    image = Image(np.ones((3, 4), np.uint16), "YX")
    assert to_linear(image) is image


def test_clipped_share_counts_what_lies_outside() -> None:
    like = Image(np.zeros((2, 4), np.uint8), "YX", None, "srgb")
    light = np.array([[-0.5, 0, 0.5, 1], [1.5, 1.0000001, -1e-9, 2]], np.float32)
    pixels, clipped = to_encoded(light, like)
    np.testing.assert_array_equal(pixels, [[0, 0, 188, 255], [255, 255, 0, 255]])
    assert clipped == 3 / 8


def test_float_photograph_comes_back() -> None:
    data = np.random.default_rng(0).random((5, 6, 3)).astype(np.float32)
    image = Image(data, "YXS", None, "srgb")
    again, clipped = to_encoded(to_linear(image).data, image)
    np.testing.assert_allclose(again, data, atol=1e-6)
    assert again.dtype == np.float32
    assert clipped == 0


def test_light_adds_up_where_codes_do_not() -> None:
    half = to_encoded(np.full((1, 1), 0.5, np.float32), Image(np.zeros((1, 1), np.uint8), "YX", None, "srgb"))[0]
    assert half == 188  # half the light of white, not half its code


def test_wrong_shape_and_type_are_refused() -> None:
    image = Image(np.zeros((3, 4), np.int32), "YX", None, "srgb")
    with pytest.raises(ValueError, match="expected an encoded photograph of uint8, uint16 or float, got int32"):
        to_linear(image)
    with pytest.raises(ValueError, match=r"shape \(2, 2\), the picture it came from \(3, 4\)"):
        to_encoded(np.zeros((2, 2), np.float32), image)
