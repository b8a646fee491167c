"""One recipe on an image read and written tile by tile."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from napari_deconv import Recipe, psf, run
from napari_deconv.operators import Blur
from napari_deconv.tiled import run_tiled

BLUR = psf.gaussian((1.2, 1.2))
ROUND = psf.gaussian((1.2, 1.2, 1.2))


def picture(shape, blur=BLUR, seed=0):
    """Points on a haze, seen through the blur: whole counts."""
    rng = np.random.default_rng(seed)
    H = Blur(blur, shape)
    x = np.full(H.in_shape, 20.0, np.float32)
    x[tuple(rng.integers(0, n, 200) for n in H.in_shape)] += 3000
    return rng.poisson(H.forward(x)).astype(np.uint16)


Y = picture((150, 260))


@pytest.mark.parametrize("method", ["richardson_lucy", "scaled_heavy_ball", "richardson_lucy_tv"])
def test_tiled_is_the_run_of_the_whole_within_a_thousandth_of_its_range(method):
    weight = {"regularization": 0.01} if method == "richardson_lucy_tv" else {}
    recipe = Recipe(method=method, num_iter=12, tile=(70, 60), camera={"gain": 1.0}, **weight)
    tiled = np.zeros(Y.shape, np.float32)
    resolved = run_tiled(recipe, Y, tiled, psf=BLUR)
    assert resolved.tile != (150, 260)
    whole = run(recipe.changed(tile="auto"), Y, psf=BLUR).data
    assert np.abs(tiled - whole).max() < 1e-3 * np.ptp(whole)


def test_a_stack_on_disk_in_tiles(tmp_path):
    stack = picture((12, 90, 200), ROUND)
    source = np.memmap(tmp_path / "in.raw", "uint16", "w+", shape=stack.shape)
    source[:] = stack
    sink = np.memmap(tmp_path / "out.raw", "float32", "w+", shape=stack.shape)
    recipe = Recipe(num_iter=5, tile=(12, 90, 64))
    run_tiled(recipe, source, sink, psf=ROUND)
    whole = run(recipe.changed(tile="auto"), stack, psf=ROUND).data
    assert np.abs(sink - whole).max() < 1e-3 * np.ptp(whole)


def test_a_run_stopped_and_resumed_is_the_uninterrupted_one_bit_for_bit():
    recipe = Recipe(num_iter=4, tile=(60, 60))
    whole, parts, seen = np.zeros(Y.shape, np.float32), np.zeros(Y.shape, np.float32), []
    run_tiled(recipe, Y, whole, psf=BLUR)
    run_tiled(recipe, Y, parts, psf=BLUR, callback=lambda progress: seen.append(progress) or len(seen) < 3)
    assert seen[-1].done == (0, 1, 2)
    assert seen[-1].total > 3
    assert not np.array_equal(parts, whole)
    run_tiled(seen[-1].recipe, Y, parts, psf=BLUR, done=seen[-1].done)
    assert np.array_equal(parts, whole)


def test_what_is_left_open_is_decided_once_and_told():
    sink = np.zeros(Y.shape, np.float32)
    auto = Recipe(method="scaled_heavy_ball", num_iter="auto", max_iter=20, camera={"gain": 1.0, "offset": 0.0})
    with pytest.warns(UserWarning, match="max_iter"):
        decided = run_tiled(auto, Y, sink, psf=BLUR)
    assert 1 <= decided.num_iter <= 20
    assert decided.tile == Y.shape
    again = np.zeros(Y.shape, np.float32)
    assert run_tiled(decided, Y, again, psf=BLUR) == decided
    assert np.array_equal(again, sink)
    balanced = run_tiled(Recipe(method="wiener", tile=(80, 90)), Y, sink, psf=BLUR)
    assert balanced.balance > 0


def test_hot_pixels_are_ignored_if_asked():
    spoilt, sink, clean = Y.copy(), np.zeros(Y.shape, np.float32), np.zeros(Y.shape, np.float32)
    spoilt[40, 50] = 60000
    recipe = Recipe(num_iter=5, tile=(70, 90))
    run_tiled(recipe, Y, clean, psf=BLUR)
    run_tiled(recipe, spoilt, sink, psf=BLUR)
    assert sink[40, 50] > 3 * clean.max()
    run_tiled(recipe.changed(hot_pixels=True), spoilt, sink, psf=BLUR)
    assert sink[40, 50] < clean.max()


def test_hot_pixels_are_those_of_the_whole_picture():
    """Half of the picture is dark: its own noise would make other pixels hot there."""
    rng = np.random.default_rng(4)
    y = picture((150, 260)).astype(float)
    y[:, :130] *= 0.05
    y = rng.poisson(y).astype(np.uint16)
    y[tuple(rng.integers(5, n - 5, 150) for n in y.shape)] += rng.integers(20, 90, 150).astype(np.uint16)
    recipe = Recipe(num_iter=5, hot_pixels=True, camera={"gain": 1.0, "offset": 0.0, "read_noise": 0.0})
    tiled, whole = np.zeros(y.shape, np.float32), np.zeros(y.shape, np.float32)
    run_tiled(recipe, y, whole, psf=BLUR)
    run_tiled(recipe.changed(tile=(60, 60)), y, tiled, psf=BLUR)
    assert np.abs(tiled - whole).max() < 1e-3 * np.ptp(whole)
    estimated = recipe.changed(camera="auto")
    run_tiled(estimated, y, whole, psf=BLUR)
    run_tiled(estimated.changed(tile=(60, 60)), y, tiled, psf=BLUR)
    assert np.abs(tiled - whole).max() < 1e-3 * np.ptp(whole)


def told(recipe, y, blur=BLUR):
    """Warnings at this line, and what the callback was given last."""
    seen = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run_tiled(recipe, y, np.zeros(y.shape, np.float32), psf=blur, callback=seen.append)
    assert {w.filename for w in caught} <= {__file__}
    return [str(w.message) for w in caught], seen[-1]


def test_what_was_done_to_pixels_and_psf_is_told_once():
    y = Y.astype(np.float32)
    y[3, 4] = -2
    said, last = told(Recipe(num_iter=2, negative="clip", tile=(70, 90)), y, 3 * BLUR.data)
    assert sum("1 negative pixels" in text for text in said) == 1
    assert sum("was normalised to 1" in text for text in said) == 1
    assert list(last.notes) == said
    assert last.stopping == ()


def test_decisions_are_told_with_their_notes():
    smooth = np.repeat(np.repeat(Y, 2, 0), 2, 1)[:150, :260].astype(np.float32)  # no camera makes such noise
    recipe = Recipe(method="richardson_lucy_tv", num_iter="auto", max_iter=20)
    said, last = told(recipe, smooth)
    assert any("plateau decided instead" in text for text in said)
    assert any("regularization" in text for text in said)
    assert last.stopping[0]["rule"] == "plateau"
    assert last.stopping[0]["num_iter"] == last.recipe.num_iter
    assert len(set(said)) == len(said)


@pytest.mark.parametrize(
    ("sink", "words"),
    [
        (np.zeros(Y.shape, np.uint8), "sink holds uint8"),
        (np.zeros(Y.shape, np.int32), "float32"),
    ],
)
def test_a_sink_that_would_lose_fractions_is_refused(sink, words):
    with pytest.raises(ValueError, match=words):
        run_tiled(Recipe(num_iter=2), Y, sink, psf=BLUR)


def test_a_sink_that_is_the_source_is_refused(tmp_path):
    y = Y.astype(np.float32)
    with pytest.raises(ValueError, match="share memory"):
        run_tiled(Recipe(num_iter=2), y, y[:], psf=BLUR)
    both = np.zeros((*Y.shape, 2), np.float32)
    both[..., 0] = Y
    run_tiled(Recipe(num_iter=2), both[..., 0], both[..., 1], psf=BLUR)  # beside each other, not the same
    file = tmp_path / "in.raw"
    np.memmap(file, "float32", "w+", shape=Y.shape)[:] = Y
    source = np.memmap(file, "float32", "r", shape=Y.shape)
    with pytest.raises(ValueError, match="share memory"):
        run_tiled(Recipe(num_iter=2), source, np.memmap(file, "float32", "r+", shape=Y.shape), psf=BLUR)
    assert np.array_equal(source, Y)


def test_a_sink_may_be_anything_that_takes_slices():
    class Kept:
        shape, pieces = Y.shape, ()

        def __setitem__(self, region, pixels):
            self.pieces = (*self.pieces, (region, pixels.dtype))

    sink = Kept()
    run_tiled(Recipe(num_iter=2, tile=(70, 90)), Y, sink, psf=BLUR)
    assert {dtype for _, dtype in sink.pieces} == {np.dtype("float32")}


@pytest.mark.parametrize(
    ("recipe", "done", "words"),
    [
        (Recipe(num_iter=2, tile=(70, 90)), (0, 99), r"done.*99"),
        (Recipe(num_iter=2, tile=(70, 90)), (-1,), r"done.*-1"),
        (Recipe(num_iter="auto", tile=(70, 90)), (0,), r"num_iter.*Progress\.recipe"),
        (Recipe(num_iter=2), (0,), r"tile.*Progress\.recipe"),
        (Recipe(method="wiener", tile=(70, 90)), (0,), r"balance.*Progress\.recipe"),
        (Recipe(method="richardson_lucy_tv", num_iter=2, tile=(70, 90)), (0,), r"regularization.*Progress\.recipe"),
    ],
)
def test_what_is_done_has_to_go_with_the_recipe(recipe, done, words):
    sink = np.full(Y.shape, -7, np.float32)
    with pytest.raises(ValueError, match=words):
        run_tiled(recipe, Y, sink, psf=BLUR, done=done)
    assert (sink == -7).all()


@pytest.mark.parametrize("ignored", [{"light": "stored"}, {"colour": "luminance"}, {"channel_axis": 0}])
def test_what_it_would_not_do_is_refused(ignored):
    with pytest.raises(ValueError, match=next(iter(ignored))):
        run_tiled(Recipe(num_iter=2, **ignored), Y, np.zeros(Y.shape, np.float32), psf=BLUR)


def test_faulty_pixels_are_found_before_anything_is_written():
    spoilt, sink = Y.astype(np.float32), np.full(Y.shape, -7, np.float32)
    spoilt[120, 33] = np.nan
    with pytest.raises(ValueError, match=r"1 NaN or infinite pixels, the first at \(120, 33\)"):
        run_tiled(Recipe(num_iter=2), spoilt, sink, psf=BLUR)
    spoilt[120, 33] = -4
    with pytest.raises(ValueError, match="1 negative pixels"):
        run_tiled(Recipe(num_iter=2), spoilt, sink, psf=BLUR)
    assert (sink == -7).all()
    with pytest.warns(UserWarning, match="1 negative pixels"):
        run_tiled(Recipe(num_iter=2, negative="clip"), spoilt, sink, psf=BLUR)
    assert (sink >= 0).all()


@pytest.mark.parametrize(
    ("recipe", "sink", "blur", "words"),
    [
        (Recipe(num_iter=2), (150, 261), BLUR, "both need the same 2 or 3 axes"),
        (Recipe(num_iter=2, boundary="periodic"), (150, 260), BLUR, "joins opposite edges"),
        (Recipe(num_iter=2), (150, 260), ROUND, "axes"),
        (Recipe(num_iter=2, tile=(40, 40, 40)), (150, 260), BLUR, "needs 2 numbers"),
        (Recipe(num_iter=2), (150, 260), None, "no PSF"),
    ],
)
def test_what_does_not_go_together_is_refused(recipe, sink, blur, words):
    with pytest.raises(ValueError, match=words):
        run_tiled(recipe, Y, np.zeros(sink, np.float32), psf=blur)


def test_the_source_is_not_changed():
    before = Y.copy()
    run_tiled(Recipe(num_iter=2, tile=(80, 90)), Y, np.zeros(Y.shape, np.float32), psf=BLUR)
    assert np.array_equal(Y, before)
