"""Images in tiles: every pixel once, like the whole, resumable; and how much of its surroundings a tile has to see."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_deconv import psf
from napari_deconv.operators import Blur
from napari_deconv.solvers import richardson_lucy, scaled_heavy_ball
from napari_deconv.tiles import Tile, cut, halo, plan, restore_tiles, size

SOLVERS = {"richardson_lucy": richardson_lucy, "scaled_heavy_ball": scaled_heavy_ball}


def volume(shape):
    """Bytes as if only the block itself took memory."""
    return int(np.prod(shape))


def planned(shape, around, available, tile=None):
    return plan(shape, around, available=available, predict=volume, grid=lambda block: block, tile=tile)


axes = st.tuples(st.integers(1, 400), st.integers(1, 120), st.integers(0, 60))


@given(st.lists(axes, min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_every_pixel_is_answered_for_once_with_its_halo_and_all_blocks_are_alike(lines):
    shape, tile, around = zip(*lines, strict=True)
    tiles = cut(shape, tile, around)
    if len(tiles) > 500:
        return
    answered = [np.zeros(n, int) for n in shape]
    for axis, n in enumerate(shape):
        for one in {(t.core[axis].start, t.core[axis].stop) for t in tiles}:
            answered[axis][slice(*one)] += 1
        assert (answered[axis] == 1).all()
        for t in tiles:
            core, read, inner, h = t.core[axis], t.read[axis], t.inner[axis], around[axis]
            assert 0 <= read.start <= max(0, core.start - h)
            assert min(n, core.stop + h) <= read.stop <= n
            assert (inner.start, inner.stop) == (core.start - read.start, core.stop - read.start)
    assert len({t.shape for t in tiles}) == 1
    assert [t.index for t in tiles] == list(range(len(tiles)))
    assert sum(volume([p.stop - p.start for p in t.core]) for t in tiles) == volume(shape)


@given(axes)
@settings(max_examples=200, deadline=None)
def test_tiles_within_the_image_answer_for_no_more_than_asked_and_those_at_its_edges_for_one_halo_more(line):
    n, tile, h = line
    stretches = cut((n,), (tile,), (h,))
    assert all(t.core[0].stop - t.core[0].start <= tile + 1 for t in stretches[1:-1])
    assert all(t.shape[0] <= max(min(n, tile + 2 * h), 1) for t in stretches)


def test_an_image_that_fits_is_one_tile():
    (tile,) = planned((40, 300, 200), (50, 20, 20), 40 * 300 * 200)
    assert tile.core == tile.read == tile.inner == (slice(0, 40), slice(0, 300), slice(0, 200))


@given(st.integers(100, 2000), st.integers(100, 2000), st.integers(0, 60), st.floats(0.02, 1))
@settings(max_examples=60, deadline=None)
def test_chosen_tiles_fit_and_are_chosen_again_by_their_size(rows, columns, h, share):
    shape, around = (rows, columns), (h, h)
    available = max(int(share * rows * columns), (2 * max(h, 32) + 2 * h + 2) ** 2)
    tiles = planned(shape, around, available)
    assert volume(tiles[0].shape) <= available
    assert planned(shape, around, 10**12, tile=size(tiles, around)) == tiles


def test_tiles_are_those_with_the_least_work():
    tiles = planned((64, 1000, 1000), (60, 20, 20), 64 * 1000 * 520)
    assert len(tiles) == 2, "two halves, not cut along z, where everything would be seen twice"
    assert tiles[0].shape in ((64, 520, 1000), (64, 1000, 520))


def test_planning_a_large_stack_asks_for_few_predictions():
    asked = []
    tiles = plan(
        (500, 8000, 8000),
        (60, 40, 40),
        available=10**9,
        predict=lambda shape: asked.append(shape) or 30 * volume(shape),
        grid=lambda shape: shape,
    )
    assert len(asked) < 30_000
    assert 30 * volume(tiles[0].shape) <= 10**9


def test_too_little_memory_is_refused_with_both_figures_and_a_remedy():
    with pytest.raises(MemoryError, match=r"needs about 2\d MiB, 10 MiB are free; crop the PSF or take fewer iter"):
        plan((2000, 2000), (80, 80), available=10 * 2**20, predict=lambda s: 400 * volume(s), grid=lambda s: s)
    with pytest.raises(MemoryError, match=r"needs about 1 MiB, 0 MiB are free; pass tile='auto'"):
        planned((2000, 2000), (0, 0), 1000, tile=(1000, 1000))


@pytest.mark.parametrize("numbers", [(1,), (1, 2, 3), (0, 5), (-3, 5)])
def test_tiles_of_another_dimension_or_without_pixels_are_refused(numbers):
    with pytest.raises(ValueError, match="does not go with an image of"):
        planned((50, 60), (5, 5), 10**9, tile=numbers)
    with pytest.raises(ValueError, match="does not go with an image of"):
        planned((50, 60), (*numbers, -1), 10**9)


# the halo


def test_halo_grows_with_the_iterations_with_acceleration_and_with_less_tolerance():
    blur = psf.gaussian((2.0, 3.0))
    plain = halo(blur)
    assert plain[0] < plain[1]
    for more in (
        halo(blur, num_iter=100),
        halo(blur, method="scaled_heavy_ball"),
        halo(blur, within=1e-4),
        halo(blur, method="wiener", balance=1e-4),
    ):
        assert more > plain


def test_halo_of_a_delta_is_nothing():
    delta = np.zeros((5, 4))
    delta[2, 2] = 1
    assert halo(delta) == (0, 0)


def test_halo_sees_the_heavier_side_of_a_lopsided_psf():
    lopsided = np.zeros(41)
    lopsided[20], lopsided[5] = 0.7, 0.3
    assert halo(lopsided)[0] >= 15
    assert halo(lopsided[::-1])[0] >= 15


def test_a_widefield_psf_is_hardly_cut_along_z():
    optics = {"na": 0.6, "ri": 1.0, "wavelength": 0.6, "theory": "scalar", "image_shape": (16, 40, 40)}
    cone = psf.widefield((0.6, 0.11, 0.11), **optics)
    compact = psf.confocal((0.6, 0.11, 0.11), excitation=0.5, **optics)
    assert halo(cone)[0] > 2.5 * (cone.shape[0] // 2)
    assert halo(compact)[0] < 1.5 * (compact.shape[0] // 2)


def test_a_motion_blur_is_seen_further_along_its_way():
    across, along = halo(psf.motion(21, 0))
    assert along > 2 * 21
    assert across < 5


# tiled is whole


def after(y, blur, method, num_iter, start):
    H = Blur(blur, y.shape)
    steps = SOLVERS[method](y, H, x0=start)
    return H.crop(next(itertools.islice(steps, num_iter - 1, None)).snapshot())


def dots(shape, blur, seed=0, photons=300):
    """Points on a haze, seen through a blur."""
    rng = np.random.default_rng(seed)
    H = Blur(blur, shape)
    x = np.full(H.in_shape, 10.0, np.float32)
    x[tuple(rng.integers(0, n, 60) for n in H.in_shape)] += photons * rng.random(60).astype(np.float32) * 20
    return rng.poisson(H.forward(x)).astype(np.float32)


CASES = [((96, 220), psf.gaussian((1.5, 1.5)), 30), ((24, 24, 120), psf.gaussian((1.5, 1.2, 1.2)), 10)]


@pytest.mark.parametrize("method", SOLVERS)
@pytest.mark.parametrize(("shape", "blur", "num_iter"), CASES)
def test_tiled_is_the_whole_within_a_thousandth_of_its_range(shape, blur, num_iter, method):
    y = dots(shape, blur)
    start = float(y.mean())
    whole = after(y, blur, method, num_iter, start)
    around = halo(blur, method=method, num_iter=num_iter)
    tiles = cut(shape, tuple(max(32, h) for h in around), around)
    assert len(tiles) > 1
    tiled = np.zeros(shape, np.float32)
    for _ in restore_tiles(tiles, y, tiled, lambda block: after(block, blur, method, num_iter, start)):
        pass
    assert np.abs(tiled - whole).max() < 1e-3 * np.ptp(whole)
    bare = np.zeros(shape, np.float32)
    for _ in restore_tiles(
        cut(shape, (64,) * len(shape), (0,) * len(shape)), y, bare, lambda b: after(b, blur, method, 5, start)
    ):
        pass
    assert np.abs(bare - whole).max() > 1e-2 * np.ptp(whole), "without a halo there are seams"


# the loop


class Slices:
    """An array that can only be read and written by slices, and remembers which."""

    def __init__(self, pixels):
        self.pixels, self.read, self.written = pixels, [], []
        self.shape = pixels.shape

    def __getitem__(self, region):
        self.read.append(region)
        return self.pixels[region]

    def __setitem__(self, region, pixels):
        self.written.append(region)
        self.pixels[region] = pixels


def smooth(block):
    """Each pixel and its neighbours along the last axis."""
    wide = np.pad(block, [(0, 0), (1, 1)], mode="edge")
    return (wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]) / 3


Y = np.random.default_rng(0).random((20, 90)).astype(np.float32)
TILES = cut(Y.shape, (20, 20), (0, 1))


def test_only_tiles_are_read_and_only_cores_written():
    source, sink = Slices(Y.copy()), Slices(np.zeros_like(Y))
    finished = list(restore_tiles(TILES, source, sink, smooth))
    assert finished == list(TILES)
    assert source.read == [t.read for t in TILES]
    assert sink.written == [t.core for t in TILES]
    assert np.array_equal(sink.pixels, smooth(Y))
    assert np.array_equal(source.pixels, Y)


def test_a_run_resumed_is_the_uninterrupted_one_bit_for_bit():
    whole, parts = np.zeros_like(Y), np.zeros_like(Y)
    list(restore_tiles(TILES, Y, whole, smooth))
    run = restore_tiles(TILES, Y, parts, smooth)
    done = {next(run).index for _ in range(2)}
    run.close()
    assert not np.array_equal(parts, whole)
    left = [tile.index for tile in restore_tiles(TILES, Y, parts, smooth, done=done)]
    assert sorted([*done, *left]) == [t.index for t in TILES]
    assert np.array_equal(parts, whole)


def test_finished_tiles_stay_when_a_later_one_fails():
    sink, calls = np.full_like(Y, -1), []

    def fails_at_the_third(block):
        calls.append(block)
        if len(calls) == 3:
            raise MemoryError("no more")
        return smooth(block)

    with pytest.raises(MemoryError, match="no more"):
        list(restore_tiles(TILES, Y, sink, fails_at_the_third))
    expected = smooth(Y)
    for tile in TILES:
        assert np.array_equal(sink[tile.core], expected[tile.core]) == (tile.index < 2)
        assert (sink[tile.core] == -1).all() == (tile.index >= 2)


def test_files_on_disk_are_sources_and_sinks(tmp_path):
    source = np.memmap(tmp_path / "in.raw", "uint16", "w+", shape=Y.shape)
    source[:] = Y * 1000
    sink = np.memmap(tmp_path / "out.raw", "float32", "w+", shape=Y.shape)
    list(restore_tiles(TILES, source, sink, lambda block: smooth(block.astype(np.float32))))
    assert np.allclose(sink, smooth(np.floor(Y * 1000)))


def test_zarr_arrays_are_sources_and_sinks():
    zarr = pytest.importorskip("zarr")
    source = zarr.array(Y, chunks=(7, 16))
    sink = zarr.zeros(shape=Y.shape, chunks=(8, 13), dtype="float32")
    list(restore_tiles(TILES, source, sink, smooth))
    assert np.array_equal(sink[:], smooth(Y))


def test_source_and_sink_may_not_be_the_same():
    with pytest.raises(ValueError, match="pass another sink"):
        next(restore_tiles(TILES, Y, Y, smooth))


def test_a_tile_tells_its_shape():
    tile = Tile(0, (slice(0, 3),), (slice(0, 5),), (slice(0, 3),))
    assert tile.shape == (5,)
