"""Light before and after."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_deconv.quality import flux


def test_flux_is_that_of_the_result_over_that_of_the_image():
    y = np.random.default_rng(0).poisson(30, (40, 50))
    assert flux(y, y - 10.0, background=10) == pytest.approx(1)
    assert flux(y, 0.5 * (y - 10.0), background=10) == pytest.approx(0.5)
    assert math.isnan(flux(y, y, background=100))


def test_border_is_left_out_and_short_axes_keep_their_middle():
    y = np.ones((6, 40, 40))
    y[:, :5] = 9
    x = np.ones_like(y)
    assert flux(y, x) < 0.6
    assert flux(y, x, border=5) == 1
    assert flux(y, x, border=100) == 1


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"image has shape \(4, 4\) but the result \(4, 5\)"):
        flux(np.ones((4, 4)), np.ones((4, 5)))
    with pytest.raises(ValueError, match="border is a number of samples"):
        flux(np.ones((4, 4)), np.ones((4, 4)), border=-1)
