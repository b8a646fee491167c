"""How much memory a restoration will take, before it is taken."""

from __future__ import annotations

import importlib
import itertools
import tracemalloc

import numpy as np
import pytest

from backends import kernel
from napari_deconv import Recipe, memory, photons
from napari_deconv.backend import numpy_backend
from napari_deconv.camera import pixels as camera_pixels
from napari_deconv.job import Job
from napari_deconv.memory import SMALL, predicted_bytes
from napari_deconv.operators import Blur
from napari_deconv.solvers import richardson_lucy, richardson_lucy_tv, scaled_heavy_ball, wiener

BACKEND = numpy_backend()
SOLVERS = {
    "richardson_lucy": richardson_lucy,
    "scaled_heavy_ball": scaled_heavy_ball,
    "richardson_lucy_tv": lambda y, H: richardson_lucy_tv(y, H, regularization=0.01),
}
CASES = [((900, 1000), (15, 21)), ((40, 160, 170), (9, 15, 15))]


def predicted(method, shape, size, boundary="extended", **options):
    return predicted_bytes(method, shape, size, boundary=boundary, backend=BACKEND, **options)


def taken(method, shape, size, boundary):
    """Most bytes of arrays at a time, from the pixels to a snapshot."""
    pixels, blur = np.random.default_rng(0).integers(1, 99, shape).astype(np.uint16), kernel(size)
    tracemalloc.start()
    try:
        H = Blur(blur, shape, boundary=boundary)
        y = pixels.astype("float64").clip(min=0).astype(np.float32)
        if method == "wiener":
            result = wiener(y, H)[0] + 0
        else:
            last = next(itertools.islice(SOLVERS[method](y, H), 1, None))
            estimate = H.crop(last.snapshot())
            result = estimate / 2
        assert np.isfinite(result).all()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("boundary", ["extended", "reflect", "periodic"])
@pytest.mark.parametrize("method", [*SOLVERS, "wiener"])
@pytest.mark.parametrize(("shape", "size"), CASES)
def test_prediction_is_no_less_than_what_is_taken_and_not_much_more(shape, size, method, boundary):
    most = taken(method, shape, size, boundary)
    guess = predicted(method, shape, size, boundary)
    assert most <= guess
    assert guess - SMALL <= 1.3 * most


def test_prediction_grows_with_what_is_asked():
    plain = predicted("richardson_lucy", (60, 300, 300), (15, 21, 21))
    assert plain < predicted("scaled_heavy_ball", (60, 300, 300), (15, 21, 21))
    assert plain < predicted("richardson_lucy", (60, 300, 300), (15, 21, 21), masked=True)
    assert plain < predicted("richardson_lucy", (60, 300, 300), (31, 41, 41))
    assert plain > predicted("richardson_lucy", (60, 300, 300), (15, 21, 21), "periodic")
    found = predicted("wiener", (60, 300, 300), (15, 21, 21))
    assert found > predicted("wiener", (60, 300, 300), (15, 21, 21), automatic=False)


def deciding(method, shape, size, masked):
    """Most bytes of arrays at a time, from the pixels to the decision."""
    rng = np.random.default_rng(0)
    pixels = rng.poisson(50 + 40 * np.sin(np.indices(shape)[-1] / 9)).astype(np.float32)
    mask = pixels > 85 if masked else None
    job = Job(Recipe(method=method, num_iter="auto", max_iter=4), pixels, psf=kernel(size), mask=mask)
    tracemalloc.start()
    try:
        for step in job:
            if step.phase == "restoring":
                break
        assert job.iterations.decisions[0,].rule == "held_out"
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("shape", "size", "method", "masked"),
    [
        ((40, 160, 160), (41, 81, 81), "richardson_lucy", False),  # crops would be no cheaper
        ((12, 120, 120), (41, 161, 161), "scaled_heavy_ball", True),
        ((300, 400), (15, 21), "richardson_lucy", False),  # several draws
    ],
)
def test_deciding_on_the_whole_is_predicted(shape, size, method, masked):
    most = deciding(method, shape, size, masked)
    guess = predicted(method, shape, size, masked=masked, deciding=True)
    assert most <= guess
    assert guess - SMALL <= 1.3 * most
    assert guess >= predicted(method, shape, size, masked=masked)


def test_what_is_known_of_deciding_is_what_decides():
    held_out = importlib.import_module("napari_deconv.stopping.held_out")  # the package has a function of that name
    assert (memory.EFFORT, memory.DRAWS, memory.PARTED) == (held_out.EFFORT, held_out.MOST, photons.SLAB)
    assert memory.LOOKED == camera_pixels.ENOUGH


def test_nothing_is_allocated():
    tracemalloc.start()
    predicted("richardson_lucy", (5000, 20000, 20000), (31, 25, 25))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 100_000
