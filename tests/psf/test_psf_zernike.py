"""Zernike polynomials: Noll's order, normalisation and signs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from napari_deconv.psf.theory.zernike import noll, wavefront, zernike

TABLE = {  # Noll (1976), table I: degree and frequency, sine where the number is odd
    1: (0, 0),
    2: (1, 1),
    3: (1, -1),
    4: (2, 0),
    5: (2, -2),
    6: (2, 2),
    7: (3, -1),
    8: (3, 1),
    9: (3, -3),
    10: (3, 3),
    11: (4, 0),
    12: (4, 2),
    13: (4, -2),
    14: (4, 4),
    15: (4, -4),
    16: (5, 1),
    21: (5, -5),
    22: (6, 0),
}


@pytest.mark.parametrize(("index", "expected"), TABLE.items())
def test_order_is_nolls(index: int, expected: tuple[int, int]) -> None:
    assert noll(index) == expected


def test_polynomials_are_orthonormal_over_the_disk() -> None:
    node, weight = np.polynomial.legendre.leggauss(20)
    rho, area = (node + 1) / 2, weight * (node + 1) / 2  # 2 rho d(rho)
    theta = np.arange(32) * 2 * math.pi / 32
    values = np.array([zernike(i, rho[:, None], theta) for i in range(1, 23)])
    gram = np.einsum("iab,jab,a->ij", values, values, area) / (len(theta))
    np.testing.assert_allclose(gram, np.eye(22), atol=1e-12)


def test_closed_forms() -> None:
    rho, theta = np.linspace(0, 1, 7), np.linspace(-3, 3, 7)
    np.testing.assert_allclose(zernike(4, rho, theta), math.sqrt(3) * (2 * rho**2 - 1))
    np.testing.assert_allclose(zernike(5, rho, theta), math.sqrt(6) * rho**2 * np.sin(2 * theta))
    np.testing.assert_allclose(zernike(8, rho, theta), math.sqrt(8) * (3 * rho**3 - 2 * rho) * np.cos(theta))
    np.testing.assert_allclose(zernike(11, rho, theta), math.sqrt(5) * (6 * rho**4 - 6 * rho**2 + 1), atol=1e-14)


def test_a_wavefront_begins_with_defocus() -> None:
    rho, theta = np.meshgrid(np.linspace(0, 1, 5), np.linspace(0, 6, 4))
    found = wavefront((0.1, 0, 0, 0, 0, 0, 0, -0.2), rho, theta)
    np.testing.assert_allclose(found, 0.1 * zernike(4, rho, theta) - 0.2 * zernike(11, rho, theta))
    np.testing.assert_array_equal(wavefront((), rho, theta), 0)


@pytest.mark.parametrize("index", [0, -3, 2.5, True])
def test_what_is_no_number_of_a_polynomial_is_refused(index: Any) -> None:
    with pytest.raises(ValueError, match="Noll's numbers are 1, 2, 3"):
        noll(index)
