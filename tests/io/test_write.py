"""What is written comes back: pixels, axes, voxel size, channels, colour profile, alpha, and the recipe of a result."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms

from napari_deconv.io import Image, extras, read, write
from odd_files import plain

PROVENANCE = {
    "recipe": {"method": "richardson_lucy", "psf": "µ & <\"'> \u2028\nλ", "num_iter": 30},
    "seconds": 0.1,
    "list": [1],
}
MICROSCOPE = {"channels": ("DAPI", "a & b"), "wavelengths": (0.461, 0.52), "na": 1.4, "ri": 1.515}
TIFF_ENDINGS = ["ome.tif", "ome.tiff", "tif", "TIFF"]
FLOATS = st.floats(1e-3, 1e3)
RGB = np.random.default_rng(0).integers(0, 256, (12, 16, 3))
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def same(image: Image, again: Image) -> None:
    """Everything of `image` is in `again`."""
    np.testing.assert_array_equal(again.data, image.data)
    assert (again.data.dtype, again.axes, again.encoding) == (image.data.dtype, image.axes, image.encoding)
    assert again.spacing == (image.spacing and pytest.approx(image.spacing, rel=1e-6))
    for key, value in image.metadata.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(again.metadata[key], value)
        else:
            assert again.metadata[key] == value


@st.composite
def pictures(draw: st.DrawFn) -> Image:
    """Microscope images of any axes and type."""
    axes = "".join(a for a in "TCZYX" if a in "YX" or draw(st.booleans()))
    shape = [draw(st.integers(1, 3 if a in "TCZ" else 9)) for a in axes]
    dtype = draw(st.sampled_from("int8 uint8 int16 uint16 int32 uint32 float32 float64".split()))  # noqa: SIM905
    data = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 100, shape).astype(dtype)
    spacing = tuple(draw(FLOATS) for a in axes if a in "ZYX") if draw(st.booleans()) else None
    count = shape[axes.index("C")] if "C" in axes else 1
    channels = {"channels": tuple(f"c{i}" for i in range(count))} if draw(st.booleans()) else {}
    return Image(data, axes, spacing, "linear", {extras.KEY: PROVENANCE, **channels})


@pytest.mark.parametrize("ending", TIFF_ENDINGS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(image=pictures())
def test_every_picture_comes_back_from_tiff(ending: str, tmp_path: Path, image: Image) -> None:
    write(tmp_path / f"a.{ending}", image, overwrite=True)
    same(image, read(tmp_path / f"a.{ending}"))


@pytest.mark.parametrize("ending", TIFF_ENDINGS)
def test_optics_and_channels_come_back(ending: str, tmp_path: Path) -> None:
    data = np.random.default_rng(0).random((2, 3, 8, 9)).astype(np.float32)
    image = Image(data, "CZYX", (0.3, 0.065, 0.0650001), "linear", {extras.KEY: PROVENANCE, **MICROSCOPE})
    write(tmp_path / f"a.{ending}", image)
    same(image, read(tmp_path / f"a.{ending}"))


@pytest.mark.parametrize("ending", TIFF_ENDINGS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize(("colour", "alpha", "icc"), list(itertools.product([True, False], repeat=3)))
def test_photograph_comes_back_from_tiff(
    ending: str, dtype: str, colour: bool, alpha: bool, icc: bool, tmp_path: Path
) -> None:
    data = (RGB if colour else RGB[..., 0]).astype(dtype)
    metadata = ({"alpha": RGB[..., 1].astype(dtype)} if alpha else {}) | ({"icc": ICC} if icc else {})
    image = Image(data, "YXS" if colour else "YX", None, "srgb", metadata)
    write(tmp_path / f"a.{ending}", image)
    same(image, read(tmp_path / f"a.{ending}"))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize(("colour", "alpha", "icc"), list(itertools.product([True, False], repeat=3)))
def test_photograph_comes_back_from_png(dtype: str, colour: bool, alpha: bool, icc: bool, tmp_path: Path) -> None:
    data = ((RGB if colour else RGB[..., 0]) * (257 if dtype == "uint16" else 1)).astype(dtype)
    metadata = ({"alpha": RGB[..., 1].astype(dtype)} if alpha else {}) | ({"icc": ICC} if icc else {})
    encoding = "srgb" if colour or icc or dtype == "uint8" else "linear"
    image = Image(data, "YXS" if colour else "YX", None, encoding, metadata)
    write(tmp_path / "a.png", image)
    same(image, read(tmp_path / "a.png"))


def test_photograph_comes_back_from_jpeg_nearly_and_with_its_profile(tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(64), np.arange(64))[..., None] + [0, 50, 100]
    image = Image(smooth.astype(np.uint8), "YXS", None, "srgb", {"icc": ICC})
    write(tmp_path / "a.jpg", image)
    again = read(tmp_path / "a.jpg")
    assert np.abs(again.data.astype(int) - image.data).max() <= 8
    assert again.metadata["icc"] == ICC


def test_nothing_about_the_place_or_the_person_is_written(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x013B], exif[0x0132] = "Jane Doe", "2020:01:01 00:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    Pillow.fromarray(RGB.astype(np.uint8)).save(tmp_path / "secret-name.jpg", exif=exif)
    image = read(tmp_path / "secret-name.jpg")
    for ending in ("jpg", "png", "tif", "ome.tif"):
        write(tmp_path / f"b.{ending}", image.with_data(image.data, name="b"))
        raw = (tmp_path / f"b.{ending}").read_bytes()
        assert not [word for word in (b"Jane", b"2020:", b"secret", str(tmp_path).encode(), b"Exif") if word in raw]


def test_same_picture_gives_the_same_file(tmp_path: Path) -> None:
    image = Image(np.arange(24, dtype=np.uint16).reshape(2, 3, 4), "ZYX", (1, 1, 1), "linear", {extras.KEY: PROVENANCE})
    for ending in ("ome.tif", "tif"):
        write(tmp_path / f"a.{ending}", image)
        write(tmp_path / f"b.{ending}", image)
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_ome_xml_says_what_other_programs_look_for(tmp_path: Path) -> None:
    image = Image(np.zeros((2, 3, 8, 9), np.uint16), "CZYX", (0.3, 0.2, 0.1), "linear", {**MICROSCOPE, "name": "cell"})
    write(tmp_path / "a.ome.tif", image)
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        pixels = tifffile.xml2dict(file.ome_metadata or "")["OME"]["Image"]["Pixels"]
    assert [pixels[f"Size{a}"] for a in "CZYX"] == [2, 3, 8, 9]
    assert [pixels[f"PhysicalSize{a}"] for a in "ZYX"] == [0.3, 0.2, 0.1]
    assert [c["Name"] for c in pixels["Channel"]] == ["DAPI", "a & b"]
    assert [c["EmissionWavelength"] for c in pixels["Channel"]] == [461.0, 520.0]


def test_excitation_and_modality_come_back(tmp_path: Path) -> None:
    told = {"excitations": (0.405, 0.488), "modality": "spinning_disk"}
    image = Image(np.zeros((2, 3, 8, 9), np.uint16), "CZYX", (0.3, 0.2, 0.1), "linear", {**MICROSCOPE, **told})
    for ending in ("ome.tif", "tif"):
        write(tmp_path / f"a.{ending}", image)
        found = read(tmp_path / f"a.{ending}").metadata
        assert found["excitations"] == pytest.approx((0.405, 0.488))
        assert found["modality"] == "spinning_disk"


def test_imagej_sees_a_calibrated_hyperstack(tmp_path: Path) -> None:
    data = np.random.default_rng(0).random((2, 3, 8, 9)).astype(np.float32)
    write(tmp_path / "a.tif", Image(data, "CZYX", (0.3, 0.2, 0.1), "linear", {extras.KEY: PROVENANCE}))
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        meta = file.imagej_metadata or {}
        assert file.series[0].axes == "ZCYX"
    assert (meta["channels"], meta["slices"], meta["unit"], meta["spacing"]) == (2, 3, "micron", 0.3)
    assert json.loads(meta["Info"].split("=", 1)[1])[extras.KEY] == PROVENANCE


@pytest.mark.parametrize(
    ("name", "image", "words"),
    [
        ("a.png", Image(np.zeros((4, 4), np.float32), "YX"), "uint8 or uint16, got float32.*never scaled silently"),
        ("a.jpg", Image(np.zeros((4, 4), np.uint16), "YX"), "JPEG holds uint8, got uint16"),
        ("a.png", Image(np.zeros((2, 4, 4), np.uint8), "ZYX"), "one grey or RGB picture, got axes ZYX"),
        ("a.jpg", Image(np.zeros((4, 4), np.uint8), "YX", metadata={"alpha": np.zeros((4, 4), np.uint8)}), "alpha"),
        ("a.ome.tif", Image(np.zeros((4, 4), np.int64), "YX"), "OME-TIFF cannot hold pixels of type int64"),
        ("a.tif", Image(np.zeros((4, 4), np.complex64), "YX"), "TIFF cannot hold pixels of type complex64"),
        ("a.tif", Image(np.zeros((4, 4), bool), "YX"), "type bool"),
        ("a.tif", Image(np.zeros((0, 4), np.uint8), "YX"), r"shape \(0, 4\)"),
        ("a.ome.tif", Image(np.zeros((4, 4, 5), np.uint8), "YXS"), "3 samples"),
        (
            "a.tif",
            Image(np.zeros((4, 4), np.uint8), "YX", metadata={extras.KEY: {"x": float("nan")}}),
            "finite numbers",
        ),
        ("a.tif", Image(np.zeros((4, 4, 3), np.uint8), "YXS", metadata={"alpha": np.zeros((4, 4))}), "alpha has shape"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(name: str, image: Image, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        write(tmp_path / name, image)
    assert list(tmp_path.iterdir()) == []


def test_planes_that_look_like_colours_stay_planes(tmp_path: Path) -> None:
    for shape, axes in (((5, 7, 3), "ZYX"), ((3, 7, 5), "ZYX"), ((4, 7, 4), "CYX"), ((7, 3), "YX")):
        image = Image(np.random.default_rng(0).integers(0, 99, shape).astype(np.uint8), axes)
        for ending in TIFF_ENDINGS:
            write(tmp_path / f"a.{ending}", image, overwrite=True)
            same(image, read(tmp_path / f"a.{ending}"))


@pytest.mark.parametrize("text", ['{"napari-deconv": {"a": NaN}}', "[1]", "{", '{"a":' * 100_000])
def test_broken_recipe_in_a_file_is_named_and_left_out(text: str, tmp_path: Path) -> None:
    metadata: dict[str, Any] = {"axes": "YX", extras.KEY: text}
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4), np.float32), metadata=metadata)
    image = read(tmp_path / "a.tif")
    assert extras.KEY not in image.metadata
    assert "recipe stored in the file was ignored" in image.metadata["notes"][0]


def test_stored_axes_that_do_not_fit_are_not_believed(tmp_path: Path) -> None:
    for axes in ("TYX", "XY", "YXQ", 7):
        metadata = {"axes": "ZYX", extras.KEY: json.dumps({"axes": axes})}
        plain(tmp_path / "a.tif", np.zeros((5, 4, 4), np.float32), metadata=metadata)
        assert read(tmp_path / "a.tif").axes == "ZYX"
