"""The slab engine: the same blur as the whole-array engine's, whatever the threads, the pieces and the library."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends import kernel, scene
from napari_deconv.backend import numpy_backend
from napari_deconv.engines import crew, slab
from napari_deconv.engines.lines import ducc_lines
from napari_deconv.engines.slab import Slab
from napari_deconv.engines.whole import Whole
from napari_deconv.operators import Blur
from napari_deconv.solvers import richardson_lucy, scaled_heavy_ball, wiener

LIBRARIES = ["scipy", pytest.param("ducc0", marks=pytest.mark.skipif(ducc_lines() is None, reason="no ducc0"))]
GRID, WINDOW, SIZE = (20, 24, 30), (13, 17, 21), (7, 8, 9)
SHAPES = pytest.mark.parametrize(
    ("grid", "window", "size"), [(GRID, WINDOW, SIZE), ((40, 45), (33, 31), (9, 12))], ids=["3-D", "2-D"]
)


@st.composite
def layouts(draw):
    """A grid of two or three axes, a window on it, a kernel that may be larger than either."""
    grid = draw(st.integers(2, 3).flatmap(lambda n: st.tuples(*[st.integers(1, 40 if n == 2 else 12)] * n)))
    return grid, tuple(draw(st.integers(1, n)) for n in grid), tuple(draw(st.integers(1, 2 * n)) for n in grid)


def reciprocal(block, part):
    return 1 / (0.5 + block)


def sloping(grid):
    """A factor that depends on the transfer function and on where it lies."""
    shape = (*grid[:-1], grid[-1] // 2 + 1)
    slope = np.random.default_rng(2).random(shape)
    return lambda otf, where: otf.conj() / (0.1 + slope[where])


@given(layouts(), st.sampled_from([1, 2**9, 2**20]))
@settings(max_examples=100)
def test_agrees_with_the_whole_array_engine(layout, piece):
    grid, window, size = layout
    k, rng = kernel(size), np.random.default_rng(0)
    x, y = rng.random(grid), rng.random(window)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slab, "PIECE", piece)
        ours, reference = Slab(k, grid, window, "float64"), Whole(k, grid, window, numpy_backend(), "float64")
        assert np.allclose(ours.otf, reference.otf, atol=1e-12)
        for name, given_ in (("convolve", x), ("correlate", x), ("forward", x), ("adjoint", y)):
            assert np.allclose(getattr(ours, name)(given_), getattr(reference, name)(given_), atol=1e-12)
        assert np.allclose(ours.through(x, reciprocal), reference.through(x, reciprocal), atol=1e-12)
        found, expected = (engine.filtered(x, sloping(grid)) for engine in (ours, reference))
        assert found.shape == window
        assert np.allclose(found, expected, atol=1e-12)


@SHAPES
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_agrees_in_either_precision_and_keeps_it(grid, window, size, library, dtype, tolerance):
    ours = Slab(kernel(size), grid, window, dtype, library)
    reference = Whole(kernel(size), grid, window, numpy_backend(), dtype)
    x = np.random.default_rng(0).random(grid).astype(dtype)
    found, expected = (engine.through(x, reciprocal) for engine in (ours, reference))
    assert found.dtype == ours.forward(x).dtype == dtype
    assert ours.otf.dtype == reference.otf.dtype
    assert np.abs(found - expected).max() < tolerance * np.abs(expected).max()


@SHAPES
def test_object_and_kernel_are_not_changed(grid, window, size):
    k, x = kernel(size), np.random.default_rng(0).random(grid)
    k_before, x_before = k.copy(), x.copy()
    Slab(k, grid, window, "float64").through(x, reciprocal, lambda block, part: None)
    assert np.array_equal(k, k_before)
    assert np.array_equal(x, x_before)


@SHAPES
def test_integers_strides_and_other_precisions_are_taken(grid, window, size):
    engine = Slab(kernel(size), grid, window, "float32")
    x = np.random.default_rng(0).integers(0, 50, grid[::-1]).T
    right = engine.forward(np.ascontiguousarray(x, dtype=np.float32))
    assert np.allclose(engine.forward(x), right, rtol=1e-6)
    assert np.allclose(engine.forward(x.astype(float)), right, rtol=1e-6)


@SHAPES
def test_f_may_write_into_its_block_or_answer_with_another(grid, window, size):
    engine, x = Slab(kernel(size), grid, window, "float64"), np.random.default_rng(0).random(grid)

    def in_place(block, part):
        block += 0.5
        block **= -1
        return block

    assert np.array_equal(engine.through(x, in_place), engine.through(x, reciprocal))


@SHAPES
def test_blocks_cover_window_and_grid_once(grid, window, size, monkeypatch):
    monkeypatch.setattr(slab, "PIECE", 2**11)
    engine, seen, got = Slab(kernel(size), grid, window, "float32"), np.zeros(window), np.zeros(grid)

    def f(block, part):
        assert block.shape == seen[part].shape
        seen[part] += 1
        return block

    def update(block, part):
        assert block.shape == got[part].shape
        got[part] += 1

    assert engine.through(np.ones(grid, np.float32), f, update) is None
    assert (seen == 1).all()
    assert (got == 1).all()


@pytest.mark.parametrize("boundary", ["extended", "reflect", "periodic"])
@pytest.mark.parametrize("solver", [richardson_lucy, scaled_heavy_ball])
@pytest.mark.parametrize(("shape", "size"), [((9, 33, 34), (4, 5, 6)), ((65, 70), (7, 8))], ids=["3-D", "2-D"])
def test_one_and_three_threads_give_the_same_bits(boundary, solver, shape, size, monkeypatch):
    monkeypatch.setattr(slab, "PIECE", 2**12)
    y, found = scene(shape), []
    for count in (1, 3):
        monkeypatch.setattr(crew, "threads", lambda count=count: count)
        H = Blur(kernel(size), shape, boundary=boundary, mask=y > 95)
        step = next(itertools.islice(solver(y, H), 3, None))
        found.append((step.snapshot(), step.divergence))
    assert np.array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]


@pytest.mark.parametrize("boundary", ["extended", "reflect", "periodic"])
@pytest.mark.parametrize(("shape", "size"), [((9, 33, 34), (4, 5, 6)), ((65, 70), (7, 8))], ids=["3-D", "2-D"])
def test_one_and_three_threads_filter_to_the_same_bits(boundary, shape, size, monkeypatch):
    monkeypatch.setattr(slab, "PIECE", 2**12)
    y, found = scene(shape), []
    for count in (1, 3):
        monkeypatch.setattr(crew, "threads", lambda count=count: count)
        found.append(wiener(y, Blur(kernel(size), shape, boundary=boundary, mask=y > 95), balance=0.01)[0])
    assert np.array_equal(*found)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
@pytest.mark.parametrize("place", ["f", "update"])
def test_an_exception_reaches_the_caller_and_the_engine_goes_on_working(count, error, place, monkeypatch):
    monkeypatch.setattr(slab, "PIECE", 2**11)
    monkeypatch.setattr(crew, "threads", lambda: count)
    engine, x = Slab(kernel(SIZE), GRID, WINDOW, "float32"), np.ones(GRID, np.float32)
    right = engine.through(x, reciprocal)

    def fail(block, part):
        if part.start >= 5:
            raise error("in a block")
        return block

    calls = {"f": reciprocal, "update": lambda block, part: None} | {place: fail}
    with pytest.raises(error, match="in a block"):
        engine.through(x, **calls)
    assert np.array_equal(engine.through(x, reciprocal), right)


@pytest.mark.parametrize("solver", [richardson_lucy, scaled_heavy_ball])
def test_a_run_takes_less_than_six_padded_volumes(solver):
    shape, size = (40, 96, 96), (9, 13, 13)
    y, k = scene(shape), kernel(size)
    tracemalloc.start()
    try:
        H = Blur(k, shape)
        next(itertools.islice(solver(y, H), 2, None))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    pieces = 4 * crew.threads() * 2 * slab.PIECE  # of constant size, whatever the image
    assert peak < 6 * 4 * np.prod(H.grid) + pieces
