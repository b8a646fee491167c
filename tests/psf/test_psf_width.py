"""Widths of PSFs."""

from __future__ import annotations

import numpy as np
import pytest

from napari_deconv.psf import PSF
from napari_deconv.psf.width import fwhm


def sampled(shape: tuple[int, ...], widths: tuple[float, ...], spacing: tuple[float, ...]) -> PSF:
    """A Gaussian of the given full widths at half maximum."""
    data = np.ones(())
    for n, width, step in zip(shape, widths, spacing, strict=True):
        data = np.multiply.outer(data, 0.5 ** (((np.arange(n) - n // 2) * step * 2 / width) ** 2))
    return PSF((data / data.sum()).astype(np.float32), spacing, "um")


@pytest.mark.parametrize("samples", [2.0, 2.5, 4.0])
def test_few_samples_do_not_make_a_psf_wider(samples: float) -> None:
    found = fwhm(sampled((13, 16, 17), (0.6, 0.2, 0.25), (0.6 / samples, 0.2 / samples, 0.25 / samples)))
    assert found == pytest.approx([0.6, 0.2, 0.25], rel=0.015)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_psf_that_ends_before_half_maximum_has_no_width_there(n: int) -> None:
    assert fwhm(sampled((n, 21), (0.6, 0.3), (0.1, 0.1))) == [None, pytest.approx(0.3, rel=0.01)]
