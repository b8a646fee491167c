"""The doctor: each fault is found and mended, and healthy PSFs are left in peace."""

from __future__ import annotations

import doctest
import json
import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage
from scipy.signal import fftconvolve

from napari_deconv.psf import PSF, Finding, defocus, doctor, examine, gaussian, motion, path, repair, widefield

OIL = {"na": 1.4, "wavelength": 0.52, "ri": 1.515}
STEP = (0.15, 0.05, 0.05)
Array = NDArray[np.float64]


def stack(shape: tuple[int, ...] = (21, 51, 51)) -> Array:
    return widefield(STEP, shape=shape, **OIL).data.astype(np.float64)


def plane() -> Array:
    return widefield(STEP[1:], shape=(61, 61), **OIL).data.astype(np.float64)


KERNELS = {
    "stack": stack(),
    "sectioned": stack() ** 2 / (stack() ** 2).sum(),
    "plane": plane(),
    "gaussian": gaussian(2.5, shape=(41, 41)).data.astype(np.float64),
}
every_kernel = pytest.mark.parametrize("name", KERNELS)


def found(name: str, psf: Any, image: Any = None, spacing: Any = None) -> Finding:
    findings = {finding.name: finding for finding in examine(psf, image, spacing)}
    assert name in findings, f"found only {list(findings)}"
    return findings[name]


def names(psf: Any, image: Any = None, spacing: Any = None) -> list[str]:
    return [finding.name for finding in examine(psf, image, spacing) if finding.severity != "info"]


def assert_mended(psf: PSF) -> None:
    assert psf.data.min() >= 0
    assert abs(float(psf.data.sum(dtype=np.float64)) - 1) < 1e-5
    assert [finding.name for finding in examine(psf) if finding.repair] == []
    assert repair(psf) is psf
    assert json.loads(json.dumps(psf.info)) == psf.info


@hypothesis_settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_photo_kernel_is_accused(data: st.DataObject) -> None:
    angle = data.draw(st.floats(0, 360))
    point = st.floats(-25, 25)
    made = data.draw(
        st.one_of(
            st.builds(motion, st.floats(0, 40), st.just(angle)),
            st.builds(defocus, st.floats(0, 15)),
            st.builds(lambda r, b: defocus(r, blades=b, rotation=angle), st.floats(0, 15), st.integers(3, 9)),
            st.lists(st.tuples(point, point), min_size=2, max_size=12).map(lambda p: path(*zip(*p, strict=True))),
            st.builds(gaussian, st.lists(st.floats(0.3, 4), min_size=1, max_size=3)),
        )
    )
    assert examine(made) == ()
    assert repair(made) is made
    if made.shape[-1] > 4:  # narrower ones may look like colours
        assert set(names(made.data)) <= {"saturated"}  # a path that crosses itself has a flat top like a bead's


@hypothesis_settings(max_examples=25, deadline=None)
@given(
    na=st.floats(0.3, 1.4),
    sampling=st.floats(0.4, 1),
    planes=st.integers(2, 12),
    side=st.integers(24, 64),
    energy=st.sampled_from([0.95, 0.99]),
)
def test_no_widefield_psf_is_accused(na: float, sampling: float, planes: int, side: int, energy: float) -> None:
    lateral = sampling * 0.52 / (4 * na)
    axial = sampling * 0.52 / (2 * (1.515 - math.sqrt(1.515**2 - na**2)))
    psf = widefield((axial, lateral, lateral), na=na, wavelength=0.52, image_shape=(planes, side, side), energy=energy)
    assert names(psf, spacing=psf.spacing) == []
    assert names(psf.data) == []
    assert repair(psf, spacing=psf.spacing) is psf


@every_kernel
@pytest.mark.parametrize("level", [0.001, 0.01, 0.05])
def test_pedestal(name: str, level: float) -> None:
    kernel = KERNELS[name] / KERNELS[name].max()
    finding = found("pedestal", kernel + level)
    assert finding.value == pytest.approx(level, rel=0.25)
    assert finding.repair == "background"
    mended = repair(kernel + level)
    assert_mended(mended)
    if level > 0.001:
        middle = tuple(slice(n // 2 - 3, n // 2 + 4) for n in mended.shape)
        same = tuple(slice(n // 2 - 3, n // 2 + 4) for n in kernel.shape)
        np.testing.assert_allclose(mended.data[middle] / mended.data.max(), kernel[same], atol=0.003)


@every_kernel
@pytest.mark.parametrize("level", [0.001, 0.01, 0.05])
def test_background_subtracted_twice(name: str, level: float) -> None:
    kernel = KERNELS[name] / KERNELS[name].max()
    finding = found("negative", kernel - level)
    assert finding.severity == "error"
    assert finding.value > 0.005
    mended = repair(kernel - level)
    assert_mended(mended)
    assert found("pedestal", kernel - 0.05).value == pytest.approx(-0.05, rel=0.2)
    cut = np.maximum(kernel - level, 0) / np.maximum(kernel - level, 0).sum()
    truth = KERNELS[name]
    assert np.abs(mended.data - truth).sum() <= np.abs(cut - truth).sum() + 1e-6


@every_kernel
@pytest.mark.parametrize("shift", [1, 2, 5, -3])
def test_off_centre(name: str, shift: int) -> None:
    kernel = np.pad(KERNELS[name], 6)
    off = np.roll(kernel, shift, axis=-1)
    assert found("not_centred", off).value == abs(shift)
    mended = repair(off)
    assert_mended(mended)
    same = tuple(slice(m // 2 - n // 2, m // 2 + n // 2 + 1) for m, n in zip(kernel.shape, mended.shape, strict=True))
    np.testing.assert_allclose(mended.data, kernel[same], atol=1e-6)


def test_wrapped() -> None:
    finding = found("not_centred", np.fft.ifftshift(KERNELS["plane"]))
    assert "index 0" in finding.sentence
    np.testing.assert_allclose(repair(np.fft.ifftshift(KERNELS["plane"])).data, KERNELS["plane"], atol=1e-6)


def test_coma_is_no_fault_of_centring() -> None:
    info = {"model": "widefield", "parameters": {"aberrations": [0.0, 0, 0, 0.2]}, "energy": 0.99}
    kernel = PSF(np.roll(KERNELS["plane"], 1, axis=0), STEP[1:], "um", info)
    assert names(kernel) == []


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
def test_even_with_its_centre_between_two_samples(axes: tuple[int, ...]) -> None:
    kernel = gaussian(2.5, shape=(41, 41)).data.astype(np.float64)
    for axis in axes:
        kernel = (np.take(kernel, range(1, 41), axis) + np.take(kernel, range(40), axis)) / 2
    finding = found("even_size", kernel)
    assert finding.severity == "warning"
    assert "half a sample" in finding.sentence
    mended = repair(kernel)
    assert mended.shape == (41, 41)
    assert_mended(mended)
    rows = np.arange(41)
    assert mended.data.sum(axis=1) @ rows == pytest.approx(20, abs=1e-5)
    assert mended.data.sum(axis=0) @ rows == pytest.approx(20, abs=1e-5)


def test_even_with_its_centre_at_half_keeps_every_value() -> None:
    kernel = widefield(STEP, shape=(20, 40, 40), **OIL)
    assert [(f.name, f.severity) for f in examine(kernel)] == [("even_size", "info")]
    mended = repair(kernel)
    np.testing.assert_allclose(mended.data[:20, :40, :40], kernel.data, rtol=1e-5)
    assert mended.shape == (21, 41, 41)
    assert mended.info["na" if "na" in mended.info else "model"] == kernel.info["model"]


@pytest.mark.parametrize("total", [1.01, 0.5, 600, 1e-30])
def test_sum(total: float) -> None:
    assert found("not_normalised", KERNELS["plane"] * total).value == pytest.approx(total, rel=1e-5)
    assert_mended(repair(KERNELS["plane"] * total))


@every_kernel
@pytest.mark.parametrize("clipped", [False, True])
@pytest.mark.parametrize("amount", [0.005, 0.02])
def test_noise(name: str, amount: float, clipped: bool) -> None:
    kernel = KERNELS[name] / KERNELS[name].max()
    noisy = kernel + amount * np.random.default_rng(2).normal(size=kernel.shape)
    if clipped:
        noisy = np.maximum(noisy, 0)
    finding = found("noise", noisy)
    assert finding.value > 0.02
    mended = repair(noisy)
    assert_mended(mended)
    naive = np.maximum(noisy, 0) / np.maximum(noisy, 0).sum()
    inside = tuple(slice(n // 2 - m // 2, n // 2 + m // 2 + 1) for n, m in zip(kernel.shape, mended.shape, strict=True))
    centred = np.zeros(kernel.shape)
    centred[inside] = mended.data
    assert np.abs(centred - KERNELS[name]).sum() < np.abs(naive - KERNELS[name]).sum()


@every_kernel
@pytest.mark.parametrize("level", [0.6, 0.4, 0.2])
def test_saturated(name: str, level: float) -> None:
    finding = found("saturated", np.minimum(KERNELS[name] / KERNELS[name].max(), level))
    assert finding.severity == "error"
    assert finding.value >= 5
    assert finding.repair is None


def test_a_line_is_examined_too() -> None:
    assert [finding.name for finding in examine(np.ones(5) / 5)] == []
    assert [finding.name for finding in examine(np.array([0, 0.2, 0.5, 0.2, 0.1]))] == []


def test_even_symmetric_top_is_not_saturated() -> None:
    line = ndimage.gaussian_filter1d(np.r_[np.zeros(10), 1, 1, np.zeros(10)], 2)
    assert "saturated" not in names(np.multiply.outer(line, line))


@pytest.mark.parametrize("half", [6, 8, 15])
@pytest.mark.parametrize("shape", ["gaussian", "airy"])
def test_cut_off(half: int, shape: str) -> None:
    whole = gaussian(9).data if shape == "gaussian" else widefield((0.018, 0.018), **OIL).data
    middle = whole.shape[0] // 2
    box = whole[middle - half : middle + half + 1, middle - half : middle + half + 1]
    finding = found("truncated", box / box.sum())
    assert finding.repair is None
    assert 0.05 < finding.value < 1


def test_stack_that_ends_in_focus_is_told() -> None:
    short = stack()[8:13]
    assert found("truncated", short).severity == "info"
    thick, thin = np.ones((9, 20, 20)), np.ones((3, 20, 20))
    assert found("truncated", short, thick).severity == "warning"
    assert "truncated" not in names(short, thin)


def test_a_model_says_what_it_left_out() -> None:
    small = widefield(STEP[1:], shape=(9, 9), **OIL)
    assert found("truncated", small).value == pytest.approx(1 - small.info["energy"])
    assert found("truncated", small, np.ones((64, 64))).severity == "warning"
    assert "truncated" not in [f.name for f in examine(small, np.ones((5, 5)))]


@pytest.mark.parametrize("factor", [1.1, 2, 6])
def test_voxels_of_another_size(factor: float) -> None:
    psf = PSF(KERNELS["plane"], STEP[1:], "um")
    image = tuple(s * factor for s in STEP[1:])
    finding = found("voxel_size", psf, spacing=image)
    assert finding.severity == ("error" if factor > 5 else "warning")
    assert finding.value == pytest.approx(1 / factor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        mended = repair(psf, spacing=image)
    assert mended.spacing == pytest.approx(image)
    assert names(mended, spacing=image) == []


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_nanometres_taken_for_micrometres_are_not_mended_into_nonsense(factor: float) -> None:
    psf = PSF(KERNELS["plane"], STEP[1:], "um")
    image = tuple(s * factor for s in STEP[1:])
    finding = found("voxel_size", psf, spacing=image)
    assert (finding.severity, finding.repair) == ("error", None)
    assert "micrometres" in finding.remedy
    assert repair(psf, spacing=image).shape == psf.shape


def test_voxel_size_that_nobody_knows_is_told() -> None:
    assert found("voxel_size", KERNELS["plane"], spacing=(0.1, 0.1)).severity == "info"
    assert examine(motion(9), spacing=(0.1, 0.1)) == ()
    assert examine(PSF(KERNELS["plane"], STEP[1:], "um"), spacing=STEP) == ()


@pytest.mark.parametrize("factor", [1.2, 2, 4])
@pytest.mark.parametrize("source", ["computed", "file"])
def test_voxels_beyond_nyquist(factor: float, source: str) -> None:
    step = (0.52 / 5.6 * factor,) * 2
    known = {"parameters": OIL} if source == "computed" else {"na": 1.4, "wavelengths": (0.52,), "ri": 1.515}
    psf = PSF(KERNELS["plane"], step, "um", {"model": "measured", **known})
    finding = found("nyquist", psf)
    assert finding.value == pytest.approx(factor, rel=1e-3)
    assert finding.repair is None
    unknown = PSF(KERNELS["plane"], step, "um", {"model": "measured", "na": 1.4, "wavelengths": (0.46, 0.52)})
    assert names(unknown) == []


def test_difference_between_above_and_below() -> None:
    kernel = stack()
    kernel[11:] = stack((41, 51, 51))[22::2]  # twice as much defocus on one side
    finding = found("asymmetric", kernel / kernel.sum())
    assert finding.repair is None
    explained = {"model": "measured", "parameters": {"depth": 10.0}}
    assert names(PSF(kernel / kernel.sum(), STEP, "um", explained)) == []


def scene() -> Array:
    rng = np.random.default_rng(5)
    picture = np.full((192, 192), 0.05)
    y, x = np.indices(picture.shape)
    for _ in range(25):
        row, column, radius = *rng.uniform(0, 192, 2), rng.uniform(4, 16)
        picture[(y - row) ** 2 + (x - column) ** 2 < radius**2] += rng.uniform(0.2, 1)
    return picture


def photographed(kernel: PSF) -> Array:
    seen = np.maximum(fftconvolve(scene(), kernel.data.astype(np.float64), mode="same"), 0)
    return np.random.default_rng(6).poisson(2000 * seen / seen.max()).astype(np.float64)


def test_width_against_the_spectrum_of_the_image() -> None:
    image = photographed(gaussian(2.0))
    assert examine(gaussian(2.0), image) == ()
    assert found("too_wide", gaussian(3.2), image).severity == "warning"
    assert found("too_wide", gaussian(4.0), image).value > 100
    assert found("too_narrow", gaussian(0.8), image).severity == "info"
    volume = np.stack([image] * 3)
    assert "too_wide" in names(gaussian((1.0, 4.0, 4.0)), volume)


def test_spectra_are_compared_in_micrometres() -> None:
    image = photographed(gaussian(2.0))
    fine = gaussian(0.2, spacing=(0.05, 0.05))
    assert "too_wide" not in names(fine, image, (0.1, 0.1))
    assert "too_wide" in names(fine, image, (0.05, 0.05))


@pytest.mark.parametrize("image", [np.ones((64, 64)), np.zeros((20, 20)), np.random.default_rng(0).random((64, 64))])
def test_an_image_without_detail_says_nothing(image: Array) -> None:
    assert examine(gaussian(2.0), image) == ()


def test_worst_comes_first_and_sentences_have_figures() -> None:
    spoilt = np.roll(KERNELS["plane"], 3, axis=0)[:, :-1] * 7 + 0.01
    findings = examine(spoilt)
    order = [("error", "warning", "info").index(finding.severity) for finding in findings]
    assert order == sorted(order)
    assert {"not_centred", "pedestal", "not_normalised", "even_size"} <= {finding.name for finding in findings}
    for finding in findings:
        assert any(character.isdigit() for character in finding.sentence)
        assert finding.repair in (None, *doctor.REPAIRS)
        assert finding.name in doctor.CHECKS


def test_everything_at_once_is_mended() -> None:
    rng = np.random.default_rng(1)
    truth = stack()
    bead = np.roll(np.pad(truth / truth.max(), ((3, 4), (9, 10), (9, 9))), (2, 5, -4), (0, 1, 2))
    spoilt = 4000 * bead + 120 + rng.normal(0, 8, bead.shape)
    mended = repair(spoilt)
    assert_mended(mended)
    assert names(mended) == []
    assert len(mended.info["repairs"]) >= 4
    same = tuple(slice(n // 2 - 4, n // 2 + 5) for n in mended.shape)
    there = tuple(slice(n // 2 - 4, n // 2 + 5) for n in truth.shape)
    np.testing.assert_allclose(mended.data[same] / mended.data.max(), truth[there] / truth.max(), atol=0.02)


def test_only_what_was_asked_for_is_mended() -> None:
    off = np.roll(np.pad(KERNELS["gaussian"], 5), 2, axis=0) + 0.001
    only = repair(off, ["centre"])
    assert "not_centred" not in names(only)
    assert only.data.min() > 0 or np.median(only.data) > 0
    (pedestal,) = (f for f in examine(off) if f.name == "pedestal")
    assert "not_centred" in names(repair(off, [pedestal]))
    assert repair(off, []).info["repairs"] == [f"normalised: divided by its sum, {off.sum():.6g}"]
    with pytest.raises(ValueError, match=r"unknown repair 'sharpen'; known: background, noise"):
        repair(off, ["sharpen"])
    with pytest.raises(ValueError, match="needs the voxel size of the image"):
        repair(off, ["resample"])


def test_repairs_are_added_to_those_before() -> None:
    once = repair(KERNELS["plane"] * 3)
    off = PSF(np.roll(once.data, 2, axis=1), STEP[1:], "um", {**once.info, "na": 1.2})
    twice = repair(off)
    assert twice.info["repairs"][0] == once.info["repairs"][0]
    assert len(twice.info["repairs"]) > len(once.info["repairs"])
    assert (twice.info["na"], twice.spacing) == (1.2, STEP[1:])


def test_input_is_not_changed() -> None:
    spoilt = np.roll(KERNELS["plane"], 2, axis=0) - 0.0001
    image = photographed(gaussian(2.0))
    before = spoilt.copy(), image.copy()
    spoilt.flags.writeable = image.flags.writeable = False
    examine(spoilt, image, (0.1, 0.1))
    repair(spoilt, image=image)
    np.testing.assert_array_equal(spoilt, before[0])
    np.testing.assert_array_equal(image, before[1])


@pytest.mark.parametrize(
    ("psf", "more", "words"),
    [
        (np.full((5, 5), np.nan), {}, "NaN"),
        (np.zeros((5, 5)), {}, "zero everywhere"),
        (-np.ones((5, 5)), {}, "no positive value; was a background subtracted twice"),
        (np.ones((2, 2, 2, 2)), {}, "1 to 3 axes"),
        (np.ones((5, 5)) * 1j, {}, "complex"),
        (np.ma.masked_less(np.arange(9.0).reshape(3, 3), 2), {}, "masked"),
        (np.empty((0, 3)), {}, "at least one value"),
        (np.ones((20, 20, 3)), {}, "colour picture"),
        (np.ones((3, 3)), {"image": np.ones((2, 3, 8, 8))}, "pass the pixels of one channel and time point"),
        (np.ones((3, 3)), {"image": np.ones(8)}, "pass the pixels of one channel"),
        (np.ones((3, 3)), {"image": np.full((8, 8), np.inf)}, "NaN or infinite"),
        (np.ones((3, 3)), {"spacing": (0.1,)}, "spacing needs 2 or 3 numbers"),
        (np.ones((3, 3, 3)), {"spacing": (0.1, 0.1)}, "spacing needs 3 numbers, one per axis, got 2"),
        (np.ones((3, 3)), {"image": np.full((8, 8), np.nan)}, "image has 64 NaN"),
        (np.ones((3, 3)), {"image": np.ma.masked_less(np.arange(9.0).reshape(3, 3), 2)}, "image has 2 masked values"),
        (np.ones((3, 3)), {"image": "stack.tif"}, "image must hold real numbers"),
        (np.ones((3, 3)), {"spacing": (0.1, -1)}, "spacing must be"),
    ],
)
def test_what_cannot_be_examined_is_refused(psf: Any, more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        examine(psf, **more)


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    shape=st.lists(st.integers(1, 20), min_size=1, max_size=3),
    seed=st.integers(0, 2**31),
    kind=st.sampled_from(["noise", "signed", "sparse", "spot"]),
)
def test_whatever_comes_in_a_healthy_psf_comes_out(shape: list[int], seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    array = rng.normal(size=shape) if kind == "signed" else rng.random(shape)
    if kind == "sparse":
        array *= rng.random(shape) < 0.1
    array[tuple(rng.integers(n) for n in shape)] += 1000 if kind == "spot" else 3
    mended = repair(array)
    assert abs(float(mended.data.sum(dtype=np.float64)) - 1) < 1e-5
    if kind == "spot":
        assert [f.name for f in examine(mended) if f.repair] == []


def test_examples_in_docstrings_run() -> None:
    assert doctest.testmod(doctor).failed == 0
