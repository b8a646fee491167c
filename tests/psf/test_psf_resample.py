"""A PSF on another grid."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from napari_deconv.psf import PSF, from_array, gaussian, resample, widefield

OIL = {"na": 1.4, "wavelength": 0.52, "theory": "scalar"}


def inner(psf: PSF, shape: tuple[int, ...]) -> np.ndarray:
    box = tuple(slice(n // 2 - m // 2, n // 2 + m // 2 + 1) for n, m in zip(psf.shape, shape, strict=True))
    return psf.data[box].astype(np.float64)


@pytest.mark.parametrize(
    ("old", "new", "worst"),
    [
        ((0.2, 0.065, 0.065), (0.2, 0.13, 0.09), 0.006),
        ((0.1, 0.05, 0.05), (0.2, 0.065, 0.065), 0.006),
        ((0.2, 0.065, 0.065), (0.1, 0.04, 0.04), 0.015),
    ],
)
def test_resampled_model_equals_the_model_at_that_size(
    old: tuple[float, ...], new: tuple[float, ...], worst: float
) -> None:
    shape = tuple(2 * round(1.6 / s) + 1 for s in old)
    psf = resample(widefield(old, shape=shape, **OIL), new)
    with pytest.warns(UserWarning, match="Nyquist") if max(new[1:]) > 0.0929 else nullcontext():
        direct = widefield(new, shape=psf.shape, **OIL)
    assert np.abs(psf.data - direct.data).max() / direct.data.max() < worst
    assert psf.spacing == new


def test_a_resampled_gaussian_keeps_its_width() -> None:
    fine = gaussian((0.3, 0.3), spacing=(0.06, 0.06), shape=(61, 61))
    coarse = resample(fine, (0.1, 0.15))
    direct = gaussian((0.3, 0.3), spacing=(0.1, 0.15), shape=coarse.shape)
    np.testing.assert_allclose(coarse.data, direct.data, atol=1e-4 * direct.data.max())


@hypothesis_settings(max_examples=60)
@given(
    ndim=st.integers(1, 3),
    shape=st.tuples(*[st.integers(1, 14)] * 3),
    ratio=st.tuples(*[st.floats(0.25, 4)] * 3),
    seed=st.integers(0, 2**31),
)
def test_every_resampled_psf_keeps_the_contract(
    ndim: int, shape: tuple[int, ...], ratio: tuple[float, ...], seed: int
) -> None:
    data = np.random.default_rng(seed).random(shape[:ndim])
    psf = PSF((data / data.sum()).astype(np.float32), (0.1,) * ndim, "um")
    new = resample(psf, tuple(0.1 * r for r in ratio[:ndim]))
    assert new.data.min() >= 0
    assert abs(float(new.data.sum(dtype=np.float64)) - 1) < 1e-5
    changed = [abs(r - 1) > 1e-3 for r in ratio[:ndim]]
    assert all(n % 2 for n, c in zip(new.shape, changed, strict=True) if c)


@pytest.mark.parametrize("spacing", [(0.2, 0.1, 0.1), (0.1, 0.03, 0.05), (0.37, 0.065, 0.2)])
def test_the_centre_stays_at_half(spacing: tuple[float, ...]) -> None:
    for shape in ((9, 31, 31), (10, 30, 32)):
        psf = resample(gaussian((0.3, 0.15, 0.15), spacing=(0.2, 0.065, 0.065), shape=shape), spacing)
        assert np.unravel_index(psf.data.argmax(), psf.shape) == tuple(n // 2 for n in psf.shape)
        grid = np.indices(psf.shape).reshape(3, -1) @ psf.data.ravel().astype(np.float64)
        middle = np.array([n // 2 for n in psf.shape])
        np.testing.assert_allclose(grid, middle, atol=0.03)


def test_same_voxel_size_gives_the_same_psf() -> None:
    psf = gaussian((0.2, 0.2), spacing=(0.1, 0.1))
    assert resample(psf, (0.10005, 0.1)) is psf


def test_resampling_is_told() -> None:
    psf = resample(from_array([[1, 2, 1]] * 3, spacing=(0.1, 0.1)), (0.2, 0.1))
    assert psf.info["repairs"][0].startswith("normalised: divided by its sum")
    assert psf.info["repairs"][-1] == "resampled from (0.1, 0.1) um to (0.2, 0.1) um: (3, 3) became (3, 3)"


def test_tenfold_voxels_warn_and_name_both_sizes() -> None:
    psf = gaussian((0.5, 0.5), spacing=(0.65, 0.65), shape=(5, 5))
    with pytest.warns(UserWarning, match=r"PSF has voxels of \(0.65, 0.65\) um, the image of \(0.065, 0.065\) um"):
        assert resample(psf, (0.065, 0.065)).shape == (51, 51)


def test_unknown_voxel_size_is_refused() -> None:
    with pytest.raises(ValueError, match="voxel size of the PSF is unknown"):
        resample(gaussian(1.0), (0.1, 0.1))


def test_spacing_of_other_axes_is_refused() -> None:
    with pytest.raises(ValueError, match="spacing needs 2 numbers"):
        resample(gaussian((1, 1), spacing=(1, 1)), (1, 1, 1))


def test_a_result_for_no_computer_is_refused() -> None:
    psf = gaussian((1, 1, 1), spacing=(1, 1, 1))
    with pytest.warns(UserWarning, match="one of the two wrong"), pytest.raises(MemoryError, match="GiB"):
        resample(psf, (1e-3, 1e-3, 1e-3))
