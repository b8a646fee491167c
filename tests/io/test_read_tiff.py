"""Axes, voxel sizes, channels and colours of TIFF, OME-TIFF and ImageJ TIFF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from napari_deconv.io import read
from odd_files import described, ome_tiff, plain, raw_page, raw_tiff, stack

STACK = stack()
COLOUR = np.random.default_rng(1).integers(0, 256, (12, 16, 3)).astype(np.uint8)


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "zstd"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_lossless_compressions_give_every_pixel(dtype: str, tile: Any, compression: str | None, tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(0, 100, (3, 40, 50)).astype(dtype)
    image = read(plain(tmp_path / "a.tif", data, compression=compression, tile=tile, predictor=compression is not None))
    np.testing.assert_array_equal(image.data, data)
    assert image.data.dtype == dtype
    assert image.axes == "ZYX"
    assert "taken as Z" in image.metadata["notes"][0]


def test_jpeg_compression_is_read_and_named_lossy(tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    image = read(plain(tmp_path / "a.tif", smooth, compression="jpeg", compressionargs={"level": 100}))
    assert np.abs(image.data.astype(int) - smooth).max() <= 3
    assert "lossy" in image.metadata["notes"][0]


ORDERS = ["TCZYX", "TZCYX", "ZCYX", "CZYX", "TCYX", "CYX", "TZYX", "ZYX", "YX"]


@pytest.mark.parametrize("axes", ORDERS)
def test_ome_axes_come_in_the_order_of_the_house(axes: str, tmp_path: Path) -> None:
    sizes = {"T": 2, "C": 3, "Z": 4, "Y": 12, "X": 16}
    data = np.random.default_rng(0).integers(0, 99, [sizes[a] for a in axes]).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.ome.tif", data, ome=True, photometric="minisblack", metadata={"axes": axes})
    image = read(tmp_path / "a.ome.tif")
    assert image.axes == "".join(a for a in "TCZYX" if a in axes)
    np.testing.assert_array_equal(image.data, data.transpose([axes.index(a) for a in image.axes]))


@pytest.mark.parametrize("axes", ["TZCYX", "ZCYX", "TZYX", "CYX"])
def test_imagej_axes_come_in_the_order_of_the_house(axes: str, tmp_path: Path) -> None:
    sizes = {"T": 2, "C": 3, "Z": 4, "Y": 12, "X": 16}
    data = np.random.default_rng(0).integers(0, 99, [sizes[a] for a in axes]).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, metadata={"axes": axes})
    image = read(tmp_path / "a.tif")
    assert image.axes == "".join(a for a in "TCZYX" if a in axes)
    np.testing.assert_array_equal(image.data, data.transpose([axes.index(a) for a in image.axes]))


def test_named_channel_of_one_is_kept(tmp_path: Path) -> None:
    image = read(plain(tmp_path / "a.tif", STACK[None], metadata={"axes": "CZYX"}))
    assert image.axes == "CZYX"


def test_two_unnamed_axes_ask_for_names(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.tif", np.stack([STACK, STACK]))
    with pytest.raises(ValueError, match=r"axes are \?\?YX .* read\(path, axes='TZYX'\)"):
        read(path)
    assert read(path, axes="CZYX").axes == "CZYX"
    assert read(path, axes="ZTYX").data.shape == (8, 2, 12, 16)
    with pytest.raises(ValueError, match="give 4 different letters"):
        read(path, axes="ZYX")


LENGTHS = {"nm": 1e-3, "µm": 1, "mm": 1e3, "cm": 1e4, "m": 1e6, "Å": 1e-4, "pm": 1e-6, "um": 1, "micron": 1}


@pytest.mark.parametrize(("unit", "factor"), LENGTHS.items())
def test_ome_sizes_become_micrometres(unit: str, factor: float, tmp_path: Path) -> None:
    sizes = "".join(
        f' PhysicalSize{a}="{s / factor!r}" PhysicalSize{a}Unit="{unit}"' for a, s in (("X", 0.1), ("Y", 0.2))
    )
    image = read(ome_tiff(tmp_path / "a.ome.tif", STACK, pixels=sizes + ' PhysicalSizeZ="0.3"'))
    assert image.spacing == pytest.approx((0.3, 0.2, 0.1), rel=1e-12)


def test_ome_sizes_in_pixels_are_unknown(tmp_path: Path) -> None:
    sizes = "".join(f' PhysicalSize{a}="1" PhysicalSize{a}Unit="pixel"' for a in "XYZ")
    assert read(ome_tiff(tmp_path / "a.ome.tif", STACK, pixels=sizes)).spacing is None


@pytest.mark.parametrize("unit", ["micron", "microns", "um", "µm", "μm", "\\u00B5m", "nm", "mm", "cm", "Micrometer"])
def test_imagej_units_become_micrometres(unit: str, tmp_path: Path) -> None:
    factor = {"nm": 1e-3, "mm": 1e3, "cm": 1e4}.get(unit, 1.0)
    path = tmp_path / "a.tif"
    text = f"ImageJ=1.53\nimages=8\nslices=8\nunit={unit}\nspacing={0.25 / factor}\n".encode("latin-1", "ignore")
    text = text if unit.isascii() or unit == "µm" else text.replace(b"unit=m", "unit=μm".encode())
    resolution = {"resolution": (factor / 0.1, factor / 0.2), "resolutionunit": "NONE"}
    tifffile.imwrite(path, STACK, photometric="minisblack", description=text, metadata=None, **resolution)
    assert read(path).spacing == pytest.approx((0.25, 0.2, 0.1), rel=1e-6)


def test_imagej_pixels_and_inches_are_unknown(tmp_path: Path) -> None:
    for unit in ("pixel", "inch"):
        tifffile.imwrite(
            tmp_path / "a.tif", STACK, imagej=True, resolution=(72, 72), metadata={"axes": "ZYX", "unit": unit}
        )
        assert read(tmp_path / "a.tif").spacing is None


def test_resolution_of_plain_tiff_is_no_voxel_size(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.tif", STACK[0], resolution=(300, 300), resolutionunit="INCH")
    assert read(path).spacing is None


def test_missing_z_size_is_asked_for(tmp_path: Path) -> None:
    image = read(ome_tiff(tmp_path / "a.ome.tif", STACK, pixels=' PhysicalSizeX="0.1" PhysicalSizeY="0.1"'))
    assert image.spacing is None
    assert "Y 0.1, X 0.1 µm, not for Z" in image.metadata["notes"][-1]


def test_channels_and_wavelengths_are_read(tmp_path: Path) -> None:
    channel = {"Name": ["DAPI", "GFP"], "EmissionWavelength": [461, 0.52], "EmissionWavelengthUnit": ["nm", "µm"]}
    data = np.stack([STACK, STACK])
    metadata = {"axes": "CZYX", "Channel": channel}
    tifffile.imwrite(tmp_path / "a.ome.tif", data, ome=True, photometric="minisblack", metadata=metadata)
    image = read(tmp_path / "a.ome.tif")
    assert image.metadata["channels"] == ("DAPI", "GFP")
    assert image.metadata["wavelengths"] == pytest.approx((0.461, 0.52))


def test_objective_and_immersion_are_read(tmp_path: Path) -> None:
    optics = '<Instrument ID="I:0"><Objective ID="O:0" LensNA="1.4"/><Objective ID="O:1" LensNA="0.8"/></Instrument>'
    path = ome_tiff(tmp_path / "a.ome.tif", STACK, extra=optics)
    xml = path.read_bytes().replace(
        b'<Image ID="Image:0" Name="cell">',
        b'<Image ID="Image:0"><ObjectiveSettings ID="O:0" RefractiveIndex="1.515"/>',
    )
    text = xml[xml.index(b"<?xml") : xml.index(b"</OME>") + 6]
    image = read(described(path, STACK, text))
    assert image.metadata["na"] == 1.4
    assert image.metadata["ri"] == 1.515


def test_excitation_and_modality_are_read(tmp_path: Path) -> None:
    channel = {"ExcitationWavelength": [405, 488], "AcquisitionMode": ["LaserScanningConfocalMicroscopy"] * 2}
    metadata = {"axes": "CZYX", "Channel": channel}
    data = np.stack([STACK, STACK])
    tifffile.imwrite(tmp_path / "a.ome.tif", data, ome=True, photometric="minisblack", metadata=metadata)
    image = read(tmp_path / "a.ome.tif")
    assert image.metadata["excitations"] == pytest.approx((0.405, 0.488))
    assert image.metadata["modality"] == "confocal"
    assert "wavelengths" not in image.metadata


def test_channels_of_different_modalities_have_none(tmp_path: Path) -> None:
    metadata = {"axes": "CZYX", "Channel": {"AcquisitionMode": ["SPIM", "WideField"]}}
    data = np.stack([STACK, STACK])
    tifffile.imwrite(tmp_path / "a.ome.tif", data, ome=True, photometric="minisblack", metadata=metadata)
    assert "modality" not in read(tmp_path / "a.ome.tif").metadata


def test_the_usual_index_of_a_named_immersion_is_taken_and_said(tmp_path: Path) -> None:
    optics = '<Instrument ID="I:0"><Objective ID="O:0" LensNA="1.2" Immersion="Water"/></Instrument>'
    image = read(ome_tiff(tmp_path / "a.ome.tif", STACK, extra=optics))
    assert image.metadata["ri"] == 1.333
    assert image.metadata["notes"] == (
        "Refractive index 1.333: the usual one of the immersion that the file names, Water.",
    )


def test_impossible_optics_are_named_and_left_out(tmp_path: Path) -> None:
    optics = '<Instrument ID="I:0"><Objective ID="O:0" LensNA="14"/></Instrument>'
    image = read(ome_tiff(tmp_path / "a.ome.tif", STACK, extra=optics))
    assert "na" not in image.metadata
    assert "LensNA was ignored" in image.metadata["notes"][0]


def test_chosen_series_comes_with_its_own_metadata(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        for number, size in enumerate((0.1, 0.2)):
            sizes = {f"PhysicalSize{a}": size for a in "XYZ"}
            file.write(STACK + number, photometric="minisblack", metadata={"axes": "ZYX", **sizes})
    image = read(tmp_path / "a.ome.tif", series=1)
    np.testing.assert_array_equal(image.data, STACK + 1)
    assert image.spacing == (0.2, 0.2, 0.2)
    with pytest.raises(ValueError, match="series goes from 0 to 1"):
        read(tmp_path / "a.ome.tif", series=2)


def test_pyramid_levels_are_no_series(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        file.write(COLOUR, photometric="rgb", subifds=1, metadata={"axes": "YXS"})
        file.write(COLOUR[::2, ::2], photometric="rgb", subfiletype=1)
    np.testing.assert_array_equal(read(tmp_path / "a.ome.tif").data, COLOUR)


def test_companion_in_the_same_folder_is_read(tmp_path: Path) -> None:
    here, there = (f"urn:uuid:{n * 8}-1111-1111-1111-111111111111" for n in "12")
    planes = "".join(
        f'<TiffData IFD="0" FirstZ="{z}" PlaneCount="1"><UUID FileName="{name}">{uuid}</UUID></TiffData>'
        for z, name, uuid in ((0, "a.ome.tif", here), (1, "b.ome.tif", there))
    )
    plain(tmp_path / "b.ome.tif", STACK[1])
    image = read(ome_tiff(tmp_path / "a.ome.tif", STACK[:1], z=2, planes=planes))
    np.testing.assert_array_equal(image.data, STACK[:2])


@pytest.mark.parametrize(
    ("dtype", "icc", "encoding"),
    [("uint8", False, "srgb"), ("uint16", True, "srgb"), ("uint16", False, "linear"), ("float32", False, "linear")],
)
def test_colour_tiff_of_integers_is_a_photograph(dtype: str, icc: bool, encoding: str, tmp_path: Path) -> None:
    options = {"iccprofile": b"profile" * 30} if icc else {}
    image = read(plain(tmp_path / "a.tif", COLOUR.astype(dtype), photometric="rgb", **options))
    assert (image.axes, image.encoding) == ("YXS", encoding)
    assert image.metadata.get("icc") == options.get("iccprofile")


def test_alpha_is_kept_apart(tmp_path: Path) -> None:
    four = np.dstack([COLOUR, COLOUR[..., :1] + 1])
    image = read(plain(tmp_path / "a.tif", four, photometric="rgb", extrasamples=["unassalpha"]))
    np.testing.assert_array_equal(image.data, COLOUR)
    np.testing.assert_array_equal(image.metadata["alpha"], four[..., 3])


def test_samples_without_colour_are_channels(tmp_path: Path) -> None:
    five = np.random.default_rng(0).integers(0, 99, (12, 16, 5)).astype(np.uint8)
    image = read(plain(tmp_path / "a.tif", five, planarconfig="contig"))
    assert image.axes == "CYX"
    np.testing.assert_array_equal(image.data, np.moveaxis(five, -1, 0))


def test_white_is_zero_is_inverted(tmp_path: Path) -> None:
    image = read(plain(tmp_path / "a.tif", COLOUR[..., 0], photometric="miniswhite"))
    np.testing.assert_array_equal(image.data, 255 - COLOUR[..., 0])


def test_palette_is_for_display_in_a_microscope_and_for_colour_elsewhere(tmp_path: Path) -> None:
    table = np.random.default_rng(0).integers(0, 256, (3, 256)).astype(np.uint16) * 256
    index = COLOUR[..., 0]
    image = read(plain(tmp_path / "a.tif", index, photometric="palette", colormap=table))
    np.testing.assert_array_equal(image.data, (table.T // 256).astype(np.uint8)[index])
    tifffile.imwrite(tmp_path / "b.tif", index, imagej=True, photometric="palette", colormap=table)
    image = read(tmp_path / "b.tif")
    np.testing.assert_array_equal(image.data, index)
    assert "colour table was ignored" in image.metadata["notes"][0]


def test_photograph_is_turned_upright(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.tif", COLOUR, photometric="rgb", extratags=[(274, 3, 1, 3, True)])
    np.testing.assert_array_equal(read(path).data, COLOUR[::-1, ::-1])


def test_input_arrays_are_native_and_owned(tmp_path: Path) -> None:
    image = read(plain(tmp_path / "a.tif", STACK, byteorder=">"))
    assert image.data.dtype.isnative
    image.data[...] = 0  # not a view of the file
    np.testing.assert_array_equal(read(tmp_path / "a.tif").data, STACK)


def test_bigtiff_is_read(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read(plain(tmp_path / "a.tif", STACK, bigtiff=True)).data, STACK)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"II*\0\0\0\0\0", "without a page"),
        (b"II*\0\x08\0\0\0" + b"\xff\xff" + bytes(40), "claims 65535 tags"),
        (b"II*\0\x08\0\0\0\1", "middle of a page's table"),
    ],
)
def test_header_without_pages_is_refused(raw: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(raw)
    with pytest.raises(ValueError, match=words):
        read(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'<OME><BinaryOnly MetadataFile="set.companion.ome" UUID="x"/></OME>', "only points to 'set.companion.ome'"),
        (b"<NOTOME></NOTOME><!-- OME>", "ParseError"),
        (b'<?xml version="1.0"?><SOMEOME></SOMEOME>', "starts with 'SOMEOME' instead of OME"),
        (b'<OME><Image><Pixels SizeX="16" SizeY="12" SizeZ="x"><TiffData/></Pixels></Image></OME>', "SizeZ is 'x'"),
        (b'<OME><Image><Pixels SizeX="16" SizeY="12" SizeZ="-8"><TiffData/></Pixels></Image></OME>', "SizeZ is '-8'"),
    ],
)
def test_ome_xml_that_is_not_understood_is_named_and_pixels_are_read(text: bytes, words: str, tmp_path: Path) -> None:
    image = read(described(tmp_path / "a.ome.tif", STACK, text))
    np.testing.assert_array_equal(image.data, STACK)
    assert words in image.metadata["notes"][0]


def test_wavelength_that_is_no_light_is_named_and_left_out(tmp_path: Path) -> None:
    channel = {"EmissionWavelength": [520000], "EmissionWavelengthUnit": ["nm"]}
    metadata = {"axes": "ZYX", "Channel": channel}
    tifffile.imwrite(tmp_path / "a.ome.tif", STACK, ome=True, photometric="minisblack", metadata=metadata)
    image = read(tmp_path / "a.ome.tif")
    assert "wavelengths" not in image.metadata
    assert "not light" in image.metadata["notes"][0]


def test_file_of_previews_only_says_so(tmp_path: Path) -> None:
    image = read(plain(tmp_path / "a.tif", STACK[0], subfiletype=1))
    assert "previews" in image.metadata["notes"][0]


def test_one_bit_tiff_becomes_grey(tmp_path: Path) -> None:
    image = read(plain(tmp_path / "a.tif", STACK[0] > 60))
    np.testing.assert_array_equal(image.data, np.where(STACK[0] > 60, 255, 0))
    assert "1 bit" in image.metadata["notes"][0]


def test_palette_that_is_too_short_is_refused(tmp_path: Path) -> None:
    page = raw_page(np.full((12, 16), 200, np.uint8)) | {262: 3, 320: (3, bytes(2 * 3 * 100))}
    (tmp_path / "a.tif").write_bytes(raw_tiff([page]))
    with pytest.raises(ValueError, match=r"a\.tif"):
        read(tmp_path / "a.tif")
