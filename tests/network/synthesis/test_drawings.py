"""Drawings have the size that was asked for, no odd values, and colours that belong together."""

from __future__ import annotations

import numpy as np
import pytest

from napari_deconv.network.synthesis import drawings
from napari_deconv.network.synthesis.drawings import DRAWINGS, drawing

KINDS = pytest.mark.parametrize("draw", DRAWINGS, ids=lambda draw: draw.__name__)
SIDE = 56


@KINDS
@pytest.mark.parametrize("colours", [1, 3])
def test_every_drawing_has_its_shape_and_is_light_from_nothing_upwards(draw, colours):
    for seed in range(6):
        found = draw(np.random.default_rng(seed), SIDE, colours)
        assert found.shape == (colours, SIDE, SIDE)
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
        assert found.min() >= 0
        assert 0.03 < found.max() < 40  # spots on a dark ground are far brighter than the brightest percent


@KINDS
def test_the_same_chance_draws_the_same_and_another_something_else(draw):
    one, same, other = (draw(np.random.default_rng(seed), SIDE, 1) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("draw", [drawings.leaves, drawings.words], ids=lambda draw: draw.__name__)
def test_colours_of_the_world_are_alike_but_not_the_same(draw):
    found = np.stack([draw(np.random.default_rng(seed), SIDE, 3).reshape(3, -1) for seed in range(12)], axis=1)
    together = np.corrcoef(found.reshape(3, -1))
    assert 0.6 < together[0, 1] < 0.999


@pytest.mark.parametrize("draw", [drawings.filaments, drawings.nuclei, drawings.points], ids=lambda draw: draw.__name__)
def test_colours_of_stains_show_different_things(draw):
    found = draw(np.random.default_rng(0), SIDE, 3)
    assert np.corrcoef(found.reshape(3, -1))[0, 1] < 0.6


@KINDS
def test_only_nothing_is_plain(draw):
    steps = [np.abs(np.diff(draw(np.random.default_rng(seed), SIDE, 1)[0], axis=0)).max() for seed in range(6)]
    assert max(steps) < 0.05 if draw is drawings.nothing else min(steps) > 0.05


def test_drawings_come_as_often_as_they_are_said_to(monkeypatch):
    marks = {lambda rng, side, colours: "often": 3.0, lambda rng, side, colours: "seldom": 1.0}
    monkeypatch.setattr(drawings, "DRAWINGS", marks)
    found = [drawing(np.random.default_rng(seed), SIDE, 1) for seed in range(400)]
    assert 0.68 < found.count("often") / len(found) < 0.82
