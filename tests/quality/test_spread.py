"""Eight ways to hold a picture: the PSF turns with it, and what has a preferred direction shows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from napari_deconv import psf
from napari_deconv.operators import Blur
from napari_deconv.quality import spread
from napari_deconv.quality.spread import WAYS
from napari_deconv.solvers import richardson_lucy, wiener

RNG = np.random.default_rng(0)


def last(states):
    for state in states:
        found = state
    return found


def lopsided(shape, seed=0):
    """A kernel with light in every corner, heavier on one side."""
    kernel = np.random.default_rng(seed).random(shape) ** 4
    kernel.flat[0] = 3
    return (kernel / kernel.sum()).astype(np.float32)


@pytest.mark.parametrize("side", [(5, 5), (6, 6), (4, 7), (9, 2), (1, 1)])
@pytest.mark.parametrize("shape", [(20, 20), (21, 32)])
@pytest.mark.parametrize("step", ["forward", "adjoint"])
def test_a_turned_picture_blurred_by_the_turned_psf_is_the_turned_image(shape, side, step):
    """Even kernels too, of which a flip alone would move the centre."""
    y, kernel = RNG.random(shape).astype(np.float32), lopsided(side)

    def blurred(image, turned):
        return getattr(Blur(turned, image.shape, boundary="periodic"), step)(image)

    found = last(spread(blurred, y, kernel))
    assert found.count == 8
    assert found.map.max() < 1e-6
    np.testing.assert_allclose(found.mean, blurred(y, kernel), atol=1e-6)


@pytest.mark.parametrize(("shape", "side"), [((32, 32), (8, 6)), ((6, 24, 30), (4, 6, 8))])
def test_richardson_lucy_has_no_preferred_direction(shape, side):
    y = 5 + RNG.poisson(100 * RNG.random(shape)).astype(np.float32)

    def restored(image, turned):
        steps = richardson_lucy(image, Blur(turned, image.shape), background=5.0)
        return next(itertools.islice(steps, 4, None)).snapshot()[tuple(slice(0, n) for n in image.shape)]

    found = last(spread(restored, y, lopsided(side)))
    assert found.map.max() < 1e-4 * found.mean.std()


def test_a_plane_of_a_stack_is_turned_alone():
    """Planes restored one by one with a flat PSF."""
    y = RNG.random((3, 16, 20)).astype(np.float32)

    def each(image, turned):
        H = Blur(turned, image.shape[1:], boundary="periodic")
        return np.stack([wiener(plane, H, balance=0.1)[0] for plane in image])

    found = last(spread(each, y, lopsided((4, 6))))
    assert found.mean.shape == found.map.shape == y.shape
    assert found.map.max() < 1e-5


def test_mean_and_spread_of_a_method_that_knows_where_the_top_is():
    """It adds 1 to the first row: to each side of the picture in two of eight cases, to a corner in four."""

    def top(image, _):
        found = np.array(image)
        found[0] += 1
        return found

    y = RNG.random((9, 12)).astype(np.float32)
    found = last(spread(top, y, psf.gaussian(1.0)))
    for edge in ((0, 5), (-1, 5), (4, 0), (4, -1)):
        assert found.mean[edge] - y[edge] == pytest.approx(0.25, abs=1e-6)
        assert found.map[edge] == pytest.approx((0.25 * 0.75) ** 0.5, abs=1e-6)
    assert found.map[0, 0] == pytest.approx(0.5, abs=1e-6)
    assert found.map[3:6, 3:9].max() < 1e-6
    assert found.map.dtype == found.mean.dtype == np.float32


def test_all_eight_ways_are_different_and_lead_back():
    y = RNG.random((4, 4))
    assert len({way.there(y).tobytes() for way in WAYS}) == 8
    for way in WAYS:
        np.testing.assert_array_equal(way.back(way.there(y)), y)


def test_a_psf_stays_one_and_its_spacing_turns_with_it():
    kernel, asked = psf.PSF(lopsided((3, 4, 6)), (0.3, 0.2, 0.1), "um", {"model": "drawn"}), []

    def note(image, turned):
        asked.append(turned)
        return image

    last(spread(note, np.zeros((2, 8, 9)), kernel))
    assert {p.shape for p in asked} == {(3, 5, 7), (3, 7, 5)}
    assert all(p.spacing == ((0.3, 0.2, 0.1) if p.shape[1] == 5 else (0.3, 0.1, 0.2)) for p in asked)
    assert all(p.unit == "um" and p.info == {"model": "drawn"} for p in asked)
    assert all(p.data[:, p.shape[1] // 2, p.shape[2] // 2] == pytest.approx(kernel.data[:, 2, 3]) for p in asked)


def test_who_stops_asking_has_cancelled_the_rest():
    calls = []
    states = spread(lambda y, _: calls.append(1) or y, np.eye(8), psf.gaussian(1.0))
    assert calls == []
    assert [state.count for state in itertools.islice(states, 3)] == [1, 2, 3]
    states.close()
    assert len(calls) == 3


def test_states_stay_as_they_were():
    images = iter(RNG.random((8, 6, 6)))
    states = list(spread(lambda *_: next(images), np.zeros((6, 6)), psf.gaussian(1.0)))
    assert not states[0].map.any()
    assert states[1].map.max() > 0
    assert not np.shares_memory(states[2].mean, states[3].mean)


def test_bad_input_is_refused_in_words():
    with pytest.raises(ValueError, match=r"only planes can be turned: image has shape \(8,\)"):
        spread(lambda y, _: y, np.zeros(8), np.ones(3) / 3)
    with pytest.raises(ValueError, match=r"restore gave shape \(4, 4\) for an image of \(8, 8\)"):
        next(spread(lambda y, _: y[:4, :4], np.zeros((8, 8)), psf.gaussian(1.0)))
