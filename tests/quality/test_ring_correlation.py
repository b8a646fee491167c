"""Fourier ring and shell correlation against cases that can be worked out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.fft import fftfreq, fftn, ifftn

from napari_deconv.quality import Correlation, ring_correlation, shell_correlation


def band_limited(shape, spacing, limits, rng):
    """White noise up to a frequency along each axis (an ellipsoid), nothing beyond."""
    frequencies = np.meshgrid(*(fftfreq(n, s) for n, s in zip(shape, spacing, strict=True)), indexing="ij")
    inside = sum((f / limit) ** 2 for f, limit in zip(frequencies, limits, strict=True)) <= 1
    return np.real(ifftn(fftn(rng.normal(size=shape)) * inside))


def noisy_pair(picture, noise, rng):
    return [picture + noise * rng.normal(size=picture.shape) for _ in range(2)]


@pytest.mark.parametrize("shape", [(96, 96), (95, 97), (64, 129)])
def test_ends_where_the_signal_ends(shape):
    rng = np.random.default_rng(0)
    picture = band_limited(shape, (0.1, 0.1), (2.0, 2.0), rng)
    found = ring_correlation(*noisy_pair(picture, 0.2 * picture.std(), rng), spacing=0.1)
    ring = found.frequency[1]
    assert abs(found.crossing() - 2.0) < 2 * ring  # a Hann window blurs the edge over two rings
    assert found.resolution() == pytest.approx(1 / found.crossing())
    assert found.unit == "um"


def test_pixels_that_are_not_square_are_measured_in_micrometres():
    rng = np.random.default_rng(1)
    picture = band_limited((128, 64), (0.05, 0.1), (2.0, 2.0), rng)
    found = ring_correlation(*noisy_pair(picture, 0.2 * picture.std(), rng), spacing=(0.05, 0.1))
    assert abs(found.crossing() - 2.0) < 2 * found.frequency[1]
    assert found.frequency[-1] <= 5.0 + 1e-9


def test_equal_pictures_agree_everywhere_and_noise_nowhere():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 64, 64))
    same = ring_correlation(a, a)
    assert same.correlation == pytest.approx(np.ones(33))
    assert same.crossing() is None
    assert same.resolution() is None
    assert ring_correlation(a, -a).correlation == pytest.approx(-np.ones(33))
    assert ring_correlation(a, b).resolution() == math.inf


def test_signal_as_strong_as_the_noise_gives_half():
    """FRC = S / (S + N) for equal powers S and N."""
    rng = np.random.default_rng(3)
    picture = rng.normal(size=(256, 256))
    found = ring_correlation(*noisy_pair(picture, 1.0, rng))
    assert np.average(found.correlation[1:], weights=found.samples[1:]) == pytest.approx(0.5, abs=0.02)


def test_linear_filters_leave_it_as_it_is():
    rng = np.random.default_rng(4)
    a, b = noisy_pair(band_limited((64, 64), (1, 1), (0.2, 0.2), rng), 0.05, rng)
    radius = np.hypot(fftfreq(64)[:, None], fftfreq(64))

    def sharpened(picture):
        return np.real(ifftn(fftn(picture) * (1 + 20 * radius)))

    before, after = ring_correlation(a, b), ring_correlation(sharpened(a), sharpened(b))
    assert after.crossing() == pytest.approx(before.crossing(), abs=before.frequency[1])


def test_rings_count_every_coefficient_once():
    for shape in ((32, 32), (33, 31), (32, 33)):
        found = ring_correlation(*np.random.default_rng(5).normal(size=(2, *shape)))
        frequencies = np.hypot(fftfreq(shape[0])[:, None], fftfreq(shape[1]))
        ring = np.floor(frequencies * min(shape) + 0.5)
        assert found.samples == pytest.approx([(ring == i).sum() for i in range(found.samples.size)])


def test_thresholds():
    curve = Correlation(np.arange(3.0), np.zeros(3), np.array([8.0, 200.0, 1e12]), "px")
    assert curve.threshold("1/7") == pytest.approx(1 / 7)
    assert curve.threshold("2-sigma") == pytest.approx([1.0, 0.2, 0], abs=1e-5)
    assert curve.threshold("half-bit")[-1] == pytest.approx(0.1716, abs=1e-4)  # SNR 0.2071: 0.2071 / 1.2071
    with pytest.raises(ValueError, match=r"unknown threshold '0.5'; known: 1/7, half-bit, 2-sigma"):
        curve.threshold("0.5")


def test_crossing_is_interpolated_and_one_low_ring_is_chance():
    levels = np.array([1, 1, 0.0, 1, 1, 2 / 7, 0.0, 0.0])
    curve = Correlation(np.arange(8.0), levels, np.full(8, 1e6), "px")
    assert curve.crossing() == pytest.approx(5.5)


def test_stack_is_measured_along_and_across_the_axis():
    rng = np.random.default_rng(6)
    spacing = (0.3, 0.1, 0.1)
    picture = band_limited((40, 64, 64), spacing, (0.8, 2.5, 2.5), rng)
    pair = noisy_pair(picture, 0.1 * picture.std(), rng)
    lateral = shell_correlation(*pair, spacing=spacing, along="lateral")
    axial = shell_correlation(*pair, spacing=spacing, along="axial")
    assert abs(lateral.crossing() - 2.5) < 2 * lateral.frequency[1]
    assert abs(axial.crossing() - 0.8) < 2 * axial.frequency[1]
    ball = band_limited((40, 64, 64), spacing, (1.0, 1.0, 1.0), rng)
    shells = shell_correlation(*noisy_pair(ball, 1.5 * ball.std(), rng), spacing=spacing)
    assert abs(shells.crossing() - 1.0) < 2 * shells.frequency[1]


@pytest.mark.parametrize(
    ("a", "b", "options", "sentence"),
    [
        (np.eye(16), np.eye(17), {}, r"different shapes, \(16, 16\) and \(17, 17\); crop them alike"),
        (np.eye(8), np.eye(8), {}, r"\(8, 8\) are too small"),
        (np.ones((16, 16)), np.eye(16), {}, "is 1 everywhere"),
        (np.full((16, 16), np.nan), np.eye(16), {}, r"256 NaN or infinite pixels, the first at \(0, 0\)"),
        (np.zeros((16, 16, 16)), np.eye(16), {}, "has 3 axes"),
        (np.eye(16), np.eye(16), {"spacing": -1}, "spacing needs positive"),
        (np.ma.masked_equal(np.eye(16), 1), np.eye(16), {}, "is masked"),
        (np.eye(16) * 1j, np.eye(16), {}, "complex128"),
    ],
)
def test_bad_pictures_are_refused_in_words(a, b, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        ring_correlation(a, b, **options)


def test_unknown_direction_is_refused():
    stack = np.random.default_rng(7).normal(size=(8, 16, 16))
    with pytest.raises(ValueError, match="along='z'"):
        shell_correlation(stack, stack, along="z")
