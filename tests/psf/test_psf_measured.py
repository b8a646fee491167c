"""PSFs from arrays and files: what is repaired, what is left alone, what is refused."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from napari_deconv import io
from napari_deconv.io import Image
from napari_deconv.psf import PSF, defocus, from_array, from_file, gaussian, motion, widefield

OIL = {"na": 1.4, "wavelength": 0.52}


def bead(noise: float = 8.0, offset: float = 100.0, shape: tuple[int, ...] = (21, 41, 41)) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(4)
    psf = widefield((0.2, 0.065, 0.065), shape=shape, **OIL).data
    counts = rng.poisson(6000 * psf / psf.max()) + offset + rng.normal(0, noise, psf.shape)
    return np.clip(np.rint(counts), 0, 65535).astype(np.uint16)


def kernel() -> np.ndarray[Any, Any]:
    return gaussian(1.5).data.astype(np.float64)


def said(psf: PSF) -> str:
    return "; ".join(psf.info["repairs"])


@hypothesis_settings(max_examples=60)
@given(
    na=st.floats(0.3, 1.4),
    sampling=st.floats(0.05, 1),
    side=st.integers(8, 70),
    planes=st.sampled_from([0, 3, 8, 15]),
    factor=st.floats(1e-3, 1e5),
)
def test_computed_psf_comes_out_as_it_went_in(
    na: float, sampling: float, side: int, planes: int, factor: float
) -> None:
    spacing = (0.3, 0.52 * sampling / na, 0.52 * sampling / na)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        psf = widefield(
            spacing if planes else spacing[1:], na=na, wavelength=0.52, shape=(planes, side, side)[not planes :]
        )
    out = from_array(psf.data.astype(np.float64) * factor)
    np.testing.assert_allclose(out.data, psf.data, rtol=1e-6)
    assert out.info["background"] == 0
    assert len(out.info["repairs"]) <= 1  # the sum


@pytest.mark.parametrize(
    "psf", [motion(21, 33), motion(9), defocus(7.3), defocus(12), gaussian(3), gaussian((1, 4, 4))]
)
def test_clean_kernel_needs_no_repair(psf: PSF) -> None:
    out = from_array(psf.data)
    np.testing.assert_array_equal(out.data, psf.data)
    assert out.info["repairs"] == []


@pytest.mark.parametrize("shape", [(1, 15), (5, 5), (31, 31), (7, 31, 31)])
def test_box_that_fills_its_array_is_not_a_background(shape: tuple[int, ...]) -> None:
    np.testing.assert_allclose(from_array(np.ones(shape)).data, 1 / np.prod(shape), rtol=1e-6)


def test_input_is_not_changed() -> None:
    array = bead()
    before = array.copy()
    array.flags.writeable = False
    from_array(array)
    np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint8", "uint16", "int64", "uint64", "float16", "float32", "longdouble"]
)
def test_any_real_dtype(dtype: str) -> None:
    array = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], dtype=dtype)
    np.testing.assert_allclose(from_array(array).data, array.astype(float) / 5, rtol=1e-6)


def test_strides_do_not_matter() -> None:
    array = np.asfortranarray(np.repeat(kernel(), 2, axis=0))[::-2]
    np.testing.assert_allclose(from_array(array).data, from_array(kernel()[::-1].copy()).data)


@pytest.mark.parametrize("total", [1e-30, 1e30, 1e-300, 1e300])
def test_any_sum_is_normalised_and_told(total: float) -> None:
    psf = from_array(kernel() * total)
    np.testing.assert_allclose(psf.data, gaussian(1.5).data, rtol=1e-5)
    assert "normalised: divided by its sum" in said(psf)


def test_delta_stays_a_delta() -> None:
    array = np.zeros((5, 5))
    array[2, 2] = 3
    np.testing.assert_array_equal(from_array(array).data, array / 3)
    assert from_array([[7]]).data.tolist() == [[1.0]]


def test_camera_offset_and_noise_are_removed() -> None:
    psf = from_array(bead())
    assert psf.info["background"] == pytest.approx(100, abs=2)
    assert "background of" in said(psf)
    assert "set to zero" in said(psf)
    true = widefield((0.2, 0.065, 0.065), shape=psf.shape, **OIL).data
    assert np.linalg.norm(psf.data - true) / np.linalg.norm(true) < 0.1


def test_clipped_noise_would_outweigh_the_bead() -> None:
    array = bead(noise=20, shape=(21, 81, 81))
    clipped = np.maximum(array[10] - 100.0, 0)
    cleaned = from_array(array).plane().data
    spot = tuple(slice(n // 2 - 10, n // 2 + 11) for n in cleaned.shape)
    assert clipped[30:51, 30:51].sum() / clipped.sum() < 0.7
    assert cleaned[spot].sum() > 0.92  # the true share is 0.94


def test_offset_without_noise_is_removed() -> None:
    true = widefield((0.2, 0.065, 0.065), shape=(15, 41, 41), **OIL).data
    psf = from_array(true / true.max() + 0.01)
    assert psf.info["background"] == pytest.approx(0.01, rel=0.05)
    middle = tuple((slice(n // 2 - 2, n // 2 + 3)) for n in psf.shape)
    same = tuple((slice(n // 2 - 2, n // 2 + 3)) for n in true.shape)
    np.testing.assert_allclose(psf.data[middle] / psf.data.max(), true[same] / true.max(), atol=0.001)


def test_a_given_background_is_believed() -> None:
    psf = from_array(kernel() + 5, background=5)
    np.testing.assert_allclose(psf.data, gaussian(1.5).data, atol=1e-6)
    assert said(psf).startswith("background of 5")
    assert psf.info["background"] == 5


def test_no_background_is_touched_when_told_so() -> None:
    psf = from_array(bead(), background=None)
    assert psf.info["background"] == 0
    assert psf.data.min() > 0


def test_background_above_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="above every value"):
        from_array(kernel(), background=9)


def test_negative_lobes_name_their_share_and_the_remedy() -> None:
    array = kernel()
    array[0] = -0.01
    with pytest.raises(ValueError, match=r"negative values \(.*% of its energy, .*background=0 to clip"):
        from_array(array)
    with pytest.raises(ValueError, match="negative values"):
        from_array(array, background=None)
    clipped = from_array(array, background=0)
    assert clipped.data.min() == 0
    assert "set to zero" in said(clipped)


def test_bead_off_centre_comes_to_the_middle_of_an_odd_box() -> None:
    true = gaussian((1, 2, 2)).data
    array = np.zeros((12, 40, 40))
    array[2 : 2 + true.shape[0], 3 : 3 + true.shape[1], 20 : 20 + true.shape[2]] = true
    psf = from_array(array)
    np.testing.assert_allclose(psf.data, true, atol=1e-7)
    assert psf.info["moved"] == [6 - 2 - true.shape[0] // 2, 20 - 3 - true.shape[1] // 2, -true.shape[2] // 2 + 1]
    assert "maximum was" in said(psf)


def test_even_psf_with_its_peak_before_the_middle_moves_by_one() -> None:
    true = gaussian(2, shape=(15, 15)).data
    array = np.pad(true, ((0, 1), (0, 1)))  # peak at n//2 - 1, as some programs write it
    psf = from_array(np.stack([0.5 * array, array, 0.5 * array]))
    assert psf.info["moved"] == [0, 1, 1]
    assert np.unravel_index(psf.data.argmax(), psf.shape) == tuple(n // 2 for n in psf.shape)


def test_even_psf_with_its_peak_at_half_is_left_alone() -> None:
    psf = widefield((0.2, 0.065, 0.065), shape=(8, 20, 20), **OIL)
    out = from_array(psf.data)
    np.testing.assert_array_equal(out.data, psf.data)
    assert out.info["repairs"] == []


@pytest.mark.parametrize("shape", [(9, 21, 21), (8, 20, 24), (21, 21)])
def test_wrapped_kernel_is_rolled(shape: tuple[int, ...]) -> None:
    true = gaussian((1.2, 2, 2.5)[-len(shape) :], shape=shape).data
    psf = from_array(
        np.fft.ifftshift(true) if shape[0] % 2 else np.roll(true, [-(n // 2) for n in shape], range(len(shape)))
    )
    np.testing.assert_allclose(psf.data, true, rtol=1e-5)
    assert "wrapped kernel" in said(psf)


def test_kernel_wrapped_along_depth_only() -> None:
    true = gaussian((1.2, 2, 2), shape=(9, 15, 15)).data
    psf = from_array(np.roll(true, -4, axis=0))
    np.testing.assert_allclose(psf.data, true, rtol=1e-5)
    assert "axes Z" in said(psf)


def test_delta_in_a_corner_comes_to_the_middle() -> None:
    array = np.zeros((6, 6))
    array[0, 0] = 1
    psf = from_array(array)
    assert psf.data[tuple(n // 2 for n in psf.shape)] == 1


def test_photo_kernel_is_centred_by_its_mass() -> None:
    array = np.zeros((9, 15))
    array[4, 1:14] = np.linspace(3, 1, 13)
    array[4, 1] = 4
    psf = from_array(np.pad(array, ((0, 0), (0, 8))))
    columns = np.arange(psf.shape[1])
    assert abs((psf.data * columns).sum() - psf.shape[1] // 2) <= 0.5
    assert "centre of mass was" in said(psf)


def test_two_lobes_around_the_middle_stay() -> None:
    array = np.zeros((5, 9, 9))
    array[2, 4, 1] = array[2, 4, 7] = 1  # a double helix has its maximum in one of two spots
    assert from_array(array).info["repairs"] == ["normalised: divided by its sum, 2"]


def test_nothing_moves_when_told_so() -> None:
    array = np.zeros((9, 9))
    array[1, 1] = 1
    np.testing.assert_array_equal(from_array(array, centre=None).data, array)


@hypothesis_settings(max_examples=80)
@given(
    shape=st.lists(st.integers(1, 20), min_size=1, max_size=3),
    seed=st.integers(0, 2**31),
    kind=st.sampled_from(["noise", "sparse", "spot"]),
)
def test_whatever_comes_in_a_psf_comes_out(shape: list[int], seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    array = rng.random(shape)
    if kind == "sparse":
        array *= rng.random(shape) < 0.1
    array[tuple(rng.integers(n) for n in shape)] += 1 if kind != "spot" else 1000
    psf = from_array(array)
    assert abs(float(psf.data.sum(dtype=np.float64)) - 1) < 1e-5
    assert psf.data.min() >= 0
    if kind != "noise" and psf.shape[-1] > 4:  # narrower ones may look like colours
        assert from_array(psf.data).info["repairs"] == []


def test_leading_axes_of_length_one_are_dropped_and_told() -> None:
    psf = from_array(kernel()[None, None], spacing=(1, 0.2, 0.1, 0.1))
    assert psf.ndim == 2
    assert psf.spacing == (0.1, 0.1)
    assert "leading axes of length 1 dropped" in said(psf)


def test_a_row_kernel_stays_two_dimensional() -> None:
    assert from_array(np.ones((1, 15))).shape == (1, 15)


def test_unknown_voxel_size_is_pixels_a_given_one_micrometres() -> None:
    assert (from_array(kernel()).unit, from_array(kernel()).spacing) == ("px", (1.0, 1.0))
    assert from_array(kernel(), (0.1, 0.2)).unit == "um"
    assert from_array(kernel(), (1, 1), "px").unit == "px"


@pytest.mark.parametrize(
    ("array", "arguments", "words"),
    [
        (np.zeros((5, 5)), {}, "zero everywhere"),
        (np.array([[1, np.nan]]), {}, r"1 NaN or infinite values, the first at \(0, 1\)"),
        (np.array([[1, -np.inf]]), {}, "NaN or infinite"),
        (np.float64(3), {}, "1 to 3 axes"),
        (np.ones((0, 5)), {}, "at least one value"),
        (np.ones((2, 2, 2, 2)), {}, "1 to 3 axes"),
        (np.ones((5, 5), complex), {}, "transfer function"),
        (np.array(["a"]), {}, "real numbers, got dtype"),
        (np.array([None]), {}, "real numbers, got dtype object"),
        (np.array(["2020"], dtype="datetime64[Y]"), {}, "real numbers"),
        (np.ma.masked_array([[1.0, 2.0]], [[True, False]]), {}, "1 masked values"),
        (np.ones((480, 640, 3), np.uint8), {}, "colour picture"),
        (np.ones((64, 64, 4)), {}, "colour picture"),
        (kernel(), {"spacing": (0.1,)}, "spacing needs 2 numbers"),
        (kernel(), {"spacing": (0.1, 0)}, "spacing must be a positive number"),
        (kernel(), {"unit": "um"}, "needs the spacing"),
        (kernel(), {"background": "dark"}, "background must be 'auto', None or a finite number"),
        (kernel(), {"background": np.nan}, "background must be"),
        (kernel(), {"centre": "mass"}, "centre must be 'auto' or None"),
    ],
)
def test_from_array_refuses(array: Any, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        from_array(array, **arguments)


def read_back(monkeypatch: pytest.MonkeyPatch, image: Image) -> None:
    monkeypatch.setattr(io, "read", lambda path: image)


def test_file_brings_voxel_size_and_optics(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"wavelengths": (0.52,), "na": 1.4, "notes": ["a note"], "sha256": "abc"}
    read_back(monkeypatch, Image(kernel()[None, None], "CZYX", (0.2, 0.1, 0.1), metadata=told))
    psf = from_file("psf.tif")
    assert (psf.spacing, psf.unit) == ((0.1, 0.1), "um")
    assert (psf.info["na"], psf.info["wavelengths"], psf.info["notes"]) == (1.4, (0.52,), ["a note"])
    assert psf.info["name"] == "psf.tif"


def test_given_voxel_size_overrules_the_file_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    read_back(monkeypatch, Image(kernel(), "YX", (0.1, 0.1)))
    psf = from_file("psf.tif", (0.2, 0.2))
    assert psf.spacing == (0.2, 0.2)
    assert "as given; the file says" in said(psf)


def test_file_without_voxel_size(monkeypatch: pytest.MonkeyPatch) -> None:
    read_back(monkeypatch, Image(kernel(), "YX"))
    assert from_file("psf.tif").unit == "px"


def test_kernel_saved_as_a_grey_rgb_picture_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read_back(monkeypatch, Image(np.repeat(kernel()[..., None], 3, axis=-1), "YXS", encoding="srgb"))
    psf = from_file("kernel.png")
    np.testing.assert_allclose(psf.data, gaussian(1.5).data, rtol=1e-6)
    assert "all colours of the file are equal" in said(psf)


@pytest.mark.parametrize(
    ("shape", "axes", "words"),
    [((40, 40, 3), "YXS", "colour picture"), ((2, 9, 9), "CYX", "2 channels"), ((3, 9, 9), "TYX", "3 time points")],
)
def test_file_with_more_than_one_psf_is_refused(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], axes: str, words: str
) -> None:
    read_back(monkeypatch, Image(np.random.default_rng(0).random(shape), axes))
    with pytest.raises(ValueError, match=words):
        from_file("many.tif")


def test_psf_survives_a_file(tmp_path: Path) -> None:
    psf = widefield((0.2, 0.065, 0.07), shape=(9, 21, 21), **OIL)
    io.write(tmp_path / "psf.ome.tif", Image(psf.data, "ZYX", psf.spacing))
    again = from_file(tmp_path / "psf.ome.tif")
    np.testing.assert_allclose(again.data, psf.data, rtol=1e-6)
    assert again.spacing == pytest.approx(psf.spacing)
    assert again.info["repairs"] == []
