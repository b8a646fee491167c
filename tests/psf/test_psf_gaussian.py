"""Gaussian PSFs against their closed form, and what they refuse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.integrate import quad

from napari_deconv.psf import gaussian


@hypothesis_settings(max_examples=60)
@given(
    sigma=st.one_of(st.floats(0, 8), st.lists(st.floats(0, 4), min_size=1, max_size=3)),
    micrometres=st.booleans(),
    spacing=st.floats(0.05, 2),
)
def test_every_gaussian_keeps_the_contract(sigma: float | list[float], micrometres: bool, spacing: float) -> None:
    ndim = len(sigma) if isinstance(sigma, list) else 2
    psf = gaussian(sigma, spacing=(spacing,) * ndim if micrometres else None)
    assert psf.data.dtype == np.float32
    assert psf.data.min() >= 0
    assert abs(float(psf.data.sum(dtype=np.float64)) - 1) < 1e-6
    assert psf.data[tuple(n // 2 for n in psf.shape)] == psf.data.max()
    np.testing.assert_array_equal(psf.data, psf.data[tuple(slice(None, None, -1) for _ in psf.shape)])
    assert all(n % 2 for n in psf.shape)
    assert psf.info["energy"] >= 0.999
    assert psf.unit == ("um" if micrometres else "px")


def test_gaussian_is_integrated_over_the_pixel() -> None:
    line = gaussian((1.5,), shape=(13,)).data.astype(np.float64)
    share = [quad(lambda t: math.exp(-(t**2) / 4.5), i - 0.5, i + 0.5)[0] for i in range(-6, 7)]
    np.testing.assert_allclose(line, np.array(share) / sum(share), rtol=1e-6)


def test_gaussian_in_micrometres_equals_the_one_in_samples() -> None:
    a = gaussian((0.4, 0.1, 0.2), spacing=(0.2, 0.05, 0.05))
    np.testing.assert_array_equal(a.data, gaussian((2, 2, 4)).data)
    assert a.info["sigma_samples"] == pytest.approx([2, 2, 4])


def test_one_sigma_takes_its_axes_from_what_is_known() -> None:
    assert gaussian(1).ndim == 2
    assert gaussian(1, shape=(5,)).ndim == 1
    assert gaussian(1, spacing=(1, 1, 1)).ndim == 3
    assert gaussian(2, image_shape=(2, 40, 40)).shape == (3, 15, 15)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sigma": -1}, "sigma must be zero or a positive number"),
        ({"sigma": math.inf}, "sigma must be"),
        ({"sigma": "1"}, "sigma"),
        ({"sigma": (1, 1, 1, 1)}, "sigma needs 1 or 2 or 3 numbers"),
        ({"sigma": 1, "shape": (5, 5, 5, 5)}, "1 to 3 axes"),
        ({"sigma": (1, 1), "spacing": (1, 1, 1)}, "spacing needs 2 numbers"),
        ({"sigma": (1, 1), "shape": (5,)}, "shape needs 2 numbers"),
        ({"sigma": 500}, "sigma is in samples, or in micrometres when spacing is given"),
        ({"sigma": 20, "spacing": (0.05, 0.05)}, "in micrometres when spacing is given"),
    ],
)
def test_gaussian_refuses(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        gaussian(**arguments)
