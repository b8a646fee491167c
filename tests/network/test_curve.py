"""The curve of a training: what it shows is where it should be."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageColor

from napari_deconv.network.curve import BOTTOM, INK, LEFT, MARK, RIGHT, SIZE, TICKS, TOP, _round_numbers, draw


@pytest.fixture
def path(tmp_path):
    return tmp_path / "curve.png"


def drawn(path, losses, scores=()):
    """The picture between the axes."""
    draw(losses, list(scores), path)
    with Pillow.open(path) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", SIZE)
        return np.asarray(picture).astype(int)[TOP - 8 : SIZE[1] - BOTTOM + 8, LEFT - 8 : SIZE[0] - RIGHT + 8]


def of_colour(picture, colour):
    """Rows and columns in that colour."""
    return np.argwhere(np.abs(picture - ImageColor.getrgb(colour)).sum(axis=-1) < 90)


def test_a_falling_loss_falls(path):
    line = of_colour(drawn(path, np.geomspace(1, 0.1, 1000)), INK)
    left, right = line[line[:, 1] < 100], line[line[:, 1] > 600]
    assert left[:, 0].mean() < right[:, 0].mean() - 200


def test_the_scale_is_logarithmic(path):
    line = of_colour(drawn(path, np.geomspace(1, 0.001, 1000)), INK)
    slope, offset = np.polyfit(line[:, 1], line[:, 0], 1)
    assert np.abs(line[:, 0] - offset - slope * line[:, 1]).max() < 4


def test_scores_are_dots(path):
    dots = of_colour(drawn(path, np.full(100, 0.5), [(25, 0.4), (75, 0.6)]), MARK)
    assert 80 < len(dots) < 220
    left, right = dots[dots[:, 1] < 350], dots[dots[:, 1] > 350]
    assert left[:, 0].min() > right[:, 0].max()
    assert right[:, 1].mean() - left[:, 1].mean() == pytest.approx((SIZE[0] - LEFT - RIGHT) / 2, abs=3)


def test_without_scores_there_are_none(path):
    assert len(of_colour(drawn(path, [0.5, 0.4]), MARK)) == 0


@pytest.mark.parametrize("losses", [[0.5], [0.5, 0.5], [0.0], [0.0, 1.0], [1e-9, 1e6], list(np.linspace(1, 0.5, 5000))])
def test_any_course_can_be_drawn(path, losses):
    assert len(of_colour(drawn(path, losses, [(1, 0.25)]), INK)) > 0


def test_an_older_curve_is_replaced_whole(path):
    draw([0.5, 0.4], [], path)
    first = path.read_bytes()
    draw([0.5, 0.4, 0.3], [], path)
    assert path.read_bytes() != first
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 6000, [0, 1000, 2000, 3000, 4000, 5000, 6000]),
        (0, 7, [0, 2, 4, 6]),
        (0.38, 0.52, [0.4, 0.45, 0.5]),
        (0.12, 0.46, [0.15, 0.2, 0.3]),
        (0.0095, 3.1, [0.01, 0.03, 0.1, 0.3, 1, 3]),
        (1e-12, 1e8, [1e-12, 1e-9, 1e-6, 1e-3, 1, 1e3, 1e6]),
    ],
)
def test_axes_have_few_round_numbers(low, high, expected):
    found = _round_numbers(low, high)
    assert len(found) <= TICKS
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_ranges_of_every_size_have_round_numbers():
    rng = np.random.default_rng(0)
    for low, factor in zip(10 ** rng.uniform(-6, 3, 200), 10 ** rng.uniform(0.05, 5, 200), strict=True):
        found = _round_numbers(low, low * factor)
        assert 1 <= len(found) <= TICKS
        assert found.min() >= low * 0.999
        assert found.max() <= low * factor * 1.001
