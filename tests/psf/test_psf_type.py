"""The PSF as a value."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from napari_deconv.psf import PSF, gaussian


def test_values_are_a_read_only_copy() -> None:
    source = np.full((3, 3), 1 / 9)
    psf = PSF(source, (1, 1))
    source[0, 0] = 5
    assert psf.data[0, 0] == np.float32(1 / 9)
    with pytest.raises(ValueError, match="read-only"):
        psf.data[0, 0] = 1


def test_pickling_keeps_everything() -> None:
    psf = gaussian((0.4, 0.1), spacing=(0.2, 0.05))
    again = pickle.loads(pickle.dumps(psf))
    np.testing.assert_array_equal(again.data, psf.data)
    assert (again.spacing, again.unit, again.info, again.sha256) == (psf.spacing, psf.unit, psf.info, psf.sha256)


def test_fingerprint_tells_values_and_voxel_size() -> None:
    psf = gaussian(1.0)
    assert psf.sha256 == gaussian(1.0).sha256
    assert psf.sha256 != gaussian(1.01).sha256
    assert psf.sha256 != PSF(psf.data, (2, 2)).sha256


def test_plane_is_a_psf_of_its_own() -> None:
    psf = gaussian((1, 2, 2))
    assert float(psf.plane().data.sum(dtype=np.float64)) == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(psf.plane().data, psf.plane(psf.shape[0] // 2).data)
    with pytest.raises(ValueError, match="z goes from 0 to"):
        psf.plane(99)
    with pytest.raises(ValueError, match="only a 3-D PSF has planes"):
        psf.plane().plane()


def test_an_empty_plane_is_refused() -> None:
    data = np.zeros((3, 3, 3))
    data[1, 1, 1] = 1
    with pytest.raises(ValueError, match="plane 0 of this PSF is empty"):
        PSF(data, (1, 1, 1)).plane(0)


@pytest.mark.parametrize(
    ("data", "spacing", "unit", "words"),
    [
        (np.ones((3, 3)), (1, 1), "px", "sums to 1, this one to 9"),
        (np.array([0.5, np.nan]), (1,), "px", "1 NaN or infinite values, the first at"),
        (np.array([1.5, -0.5]), (1,), "px", "negative values"),
        (np.ones((1, 1, 1, 1)), (1, 1, 1, 1), "px", "1 to 3 axes"),
        (np.ones((0, 3)), (1, 1), "px", "at least one value"),
        (np.ones(1), (1, 1), "px", "one per axis"),
        (np.ones(1), (0,), "px", "positive numbers"),
        (np.ones(1), (1,), "nm", "'um' or 'px'"),
    ],
)
def test_what_is_not_a_psf_is_refused(data: np.ndarray, spacing: tuple[float, ...], unit: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PSF(data, spacing, unit)
