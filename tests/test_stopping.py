"""How many iterations: what rules measure, what they choose, what they do where they cannot."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from backends import EVERY_BACKEND, home, on
from napari_deconv import psf
from napari_deconv.camera import Camera
from napari_deconv.operators import Blur
from napari_deconv.solvers import Iterate, richardson_lucy, scaled_heavy_ball
from napari_deconv.stopping import Problem, crops, decide
from napari_deconv.stopping.plateau import flat

PHOTONS = Camera(gain=1.0, offset=0.0, read_noise=0.0)
RULES = pytest.mark.parametrize("rule", ["held_out", "plateau", "discrepancy"])
SOLVERS = pytest.mark.parametrize("solve", [richardson_lucy, scaled_heavy_ball])
KERNEL = psf.gaussian(2.0, shape=(15, 15))
SHAPE = (48, 52)


def lines(shape=SHAPE, peak=200.0, seed=0):
    """Thin lines on a haze, what their blurred light is, and photons counted of it."""
    rng = np.random.default_rng(seed)
    x = np.zeros(shape)
    for _ in range(6):
        start, way = rng.uniform(0, shape), rng.normal(0, 1, 2)
        path = np.rint(start + np.outer(np.linspace(-60, 60, 400), way / np.hypot(*way))).astype(int)
        x[tuple(path[np.all((path >= 0) & (path < shape), axis=1)].T)] = rng.uniform(0.5, 1.5)
    H = Blur(KERNEL, shape, boundary="reflect", dtype="float64")
    scale = peak / H.forward(x).max()
    truth = scale * x + 0.05 * peak
    return truth, H.forward(truth), rng.poisson(H.forward(truth)).astype(np.float32)


def blur(shape=SHAPE, **options):
    return Blur(KERNEL, shape, boundary="reflect", **options)


def driven(rounds):
    """The scores a rule yields and its decision."""
    scores = []
    while True:
        try:
            scores.append(next(rounds))
        except StopIteration as end:
            return scores, end.value


def decision(rule, solve, y, H, *, camera=PHOTONS, max_iter=60, background=0.0, **more):
    return driven(decide(rule, solve, [Problem(y, H, background)], camera=camera, max_iter=max_iter, **more))[1]


def oracle(light, errors):
    """A solver whose estimate number k predicts the light, but for a pattern of strength ``errors[k]``."""
    pattern = np.where(np.indices(light.shape).sum(0) % 2, 1.0, -1.0)

    def solve(y, H, *, x0=None, background=0.0, watch=None):
        for k, error in enumerate(errors):
            if watch is not None:
                watch(light + error * pattern, slice(0, len(light)))
            yield Iterate(k + 1, [1.0], None)

    return solve


@SOLVERS
@pytest.mark.parametrize(("peak", "within"), [(20.0, 1.15), (500.0, 1.1)])
def test_held_out_photons_choose_nearly_the_best_estimate(solve, peak, within):
    truth, _, y = lines(peak=peak)
    H = blur()
    error = [np.linalg.norm(i.snapshot() - truth) for i in itertools.islice(solve(y, H), 100)]
    chosen = decision("held_out", solve, y, H, max_iter=100).num_iter
    assert error[chosen - 1] < within * min(error)


@pytest.mark.parametrize("rule", ["held_out", "discrepancy"])
def test_the_truth_scores_one(rule):
    light = np.full((120, 120), 4.0)
    camera = Camera(gain=0.5, offset=20.0, read_noise=1.5)
    rng = np.random.default_rng(1)
    y = ((rng.poisson(light) + rng.normal(0, 1.5, light.shape)) / 0.5 + 20).astype(np.float32)
    found = decision(
        rule, oracle(light / 0.5 + 20, [9.0] * 2 + [0.0] * 20), y, Blur(KERNEL, light.shape), camera=camera
    )
    assert found.curve[-1] == pytest.approx(1, abs=0.03)


def test_scores_belong_to_the_iteration_whose_estimate_they_judge():
    light = np.full((80, 80), 100.0)
    y = np.random.default_rng(2).poisson(light).astype(np.float32)
    errors = [60.0, 50.0, 40.0, 30.0, 20.0, 0.0, *[50.0] * 20]  # estimate 0 is the start: number 5 is the best
    scores, found = driven(
        decide("held_out", oracle(light, errors), [Problem(y, Blur(KERNEL, (80, 80)))], camera=PHOTONS, max_iter=20)
    )
    assert found.num_iter == 5
    assert [s.iteration for s in scores] == list(range(1, len(scores) + 1))
    assert tuple(s.value for s in scores) == found.curve
    assert int(np.argmin(found.curve)) == 4


def test_of_what_photons_cannot_tell_apart_the_last_is_taken_but_not_much_later():
    light = np.full((40, 40), 100.0)
    y = np.random.default_rng(3).poisson(light).astype(np.float32)
    falling = [90.0, 80.0, 75.0, 70.0, 65.0, 60.0, 55.0, 50.0, 45.0, 0.0]  # of the start and of estimates 1 to 9
    alike, worse = (
        decision("held_out", oracle(light, falling + after), y, Blur(KERNEL, (40, 40)), max_iter=40)
        for after in ([0.01] * 40, [40.0] * 40)
    )
    assert int(np.argmin(worse.curve)) + 1 == worse.num_iter == 9
    best = int(np.argmin(alike.curve)) + 1
    assert best < alike.num_iter <= 1.5 * best / 0.9**0.5 + 1 < 40


def test_the_same_seed_decides_the_same_and_another_draws_others():
    _, _, y = lines()
    first, again, other = (decision("held_out", richardson_lucy, y, blur(), seed=s) for s in (7, 7, 8))
    assert first == again
    assert first.curve != other.curve


@RULES
def test_the_unit_of_the_image_does_not_matter(rule):
    _, _, y = lines()
    counted = decision(rule, richardson_lucy, y, blur())
    scaled = decision(rule, richardson_lucy, y / 64, blur(), camera=Camera(gain=64.0, offset=0.0, read_noise=0.0))
    assert counted.num_iter == scaled.num_iter


@RULES
@EVERY_BACKEND
def test_rules_decide_alike_on_every_backend_and_change_no_input(rule, backend):
    _, _, y = lines()
    there = on(backend, y)
    found = decision(rule, scaled_heavy_ball, there, blur(backend=backend), max_iter=4)
    expected = decision(rule, scaled_heavy_ball, y, blur(), max_iter=4)
    assert (found.num_iter, found.rule) == (expected.num_iter, rule)
    assert found.curve == pytest.approx(expected.curve, rel=1e-4)
    assert np.array_equal(home(backend, there), y)


@RULES
def test_masked_pixels_have_no_say(rule):
    _, _, y = lines()
    mask = np.zeros(SHAPE, bool)
    mask[20:26, 30:36] = True
    H = blur(mask=mask)
    clean, wild = (decision(rule, richardson_lucy, np.where(mask, v, y).astype(np.float32), H) for v in (0, 5000))
    assert clean.num_iter == wild.num_iter
    if rule == "held_out":
        assert clean.curve == pytest.approx(wild.curve, rel=1e-4)


@RULES
def test_pieces_are_scored_together(rule):
    _, _, y = lines((48, 104))
    halves = [Problem(np.ascontiguousarray(y[:, part]), blur(), x0=20.0) for part in (slice(52), slice(52, None))]
    both = driven(decide(rule, scaled_heavy_ball, halves, camera=PHOTONS, max_iter=40))[1]
    alone = [driven(decide(rule, scaled_heavy_ball, [p], camera=PHOTONS, max_iter=40))[1] for p in halves]
    first, second = sorted(d.curve[1] for d in alone)
    if rule == "plateau":
        assert both.curve[1] == pytest.approx(first + second)
    else:  # a mean; held-out photons are others when two pieces draw them
        assert 0.95 * first <= both.curve[1] <= 1.05 * second
    assert min(d.num_iter for d in alone) - 2 <= both.num_iter <= max(d.num_iter for d in alone) + 2


@RULES
@pytest.mark.parametrize("value", [0.0, 5.0, 400.0])
def test_pictures_with_nothing_in_them_are_decided_soon(rule, value):
    y = np.full((40, 40), value, np.float32)
    found = decision(rule, richardson_lucy, y, Blur(KERNEL, (40, 40)), max_iter=50)
    assert 1 <= found.num_iter <= 50
    assert all(np.isfinite(found.curve))
    assert (found.rule == rule) == (value > 0 or rule == "plateau")


def test_a_share_that_leaves_no_photon_aside_does_not_break_a_run():
    _, _, y = lines()
    found = decision("held_out", richardson_lucy, y, blur(), share=1e-9, max_iter=6)
    assert 1 <= found.num_iter <= 6
    assert all(np.isfinite(found.curve))


@pytest.mark.parametrize("rule", ["held_out", "discrepancy"])
def test_without_what_it_needs_a_rule_names_the_one_that_stands_in(rule):
    _, _, y = lines()
    expected = decision("plateau", richardson_lucy, y, blur())
    for options, said in (
        ({"camera": Camera()}, "gain is not known"),
        ({"trouble": "the noise is correlated."}, "the noise is correlated; plateau"),
        ({"camera": Camera(gain=1e-4)}, "photons above"),
        ({"camera": Camera(gain=1e30)}, "a pixel would hold"),
    ):
        found = decision(rule, richardson_lucy, y, blur(), **options)
        assert (found.rule, found.num_iter) == ("plateau", expected.num_iter)
        assert said in found.notes[0]


@RULES
def test_a_rule_that_runs_into_the_limit_says_so(rule):
    _, _, y = lines(peak=5000.0)
    found = decision(rule, richardson_lucy, y, blur(), max_iter=3)
    assert found.num_iter == 3
    assert "max_iter" in found.notes[0]


def test_pixels_below_the_offset_are_reported():
    _, _, y = lines(peak=20.0)
    found = decision("held_out", richardson_lucy, y + 50, blur(), camera=Camera(gain=1.0, offset=53.0), max_iter=20)
    assert "offset" in found.notes[0]


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_masked_pixels_are_not_below_the_offset(share):
    _, _, y = lines()
    mask = np.zeros(SHAPE, bool)
    mask[: round(share * SHAPE[0])] = True
    camera = Camera(gain=1.0, offset=100.0, read_noise=0.0)
    found = decision("held_out", richardson_lucy, y + 100, blur(mask=mask), camera=camera, background=100.0)
    assert found.rule == "held_out"
    assert not any("offset" in note for note in found.notes)


@pytest.mark.parametrize("rule", ["held_out", "discrepancy"])
def test_a_number_that_hardly_any_light_explains_says_so(rule):
    dark = np.random.default_rng(5).poisson(0.1, SHAPE).astype(np.float32)
    found = decision(rule, richardson_lucy, dark, blur())
    assert found.num_iter <= 2
    assert "decide='each'" in found.notes[-1]
    assert f"{dark.sum():.3g} photons, {dark.mean():.2g} in a pixel" in found.notes[-1]
    assert not any("each" in note for note in decision(rule, richardson_lucy, lines()[2], blur()).notes)


@pytest.mark.parametrize("pace", [1, 2])
def test_a_plateau_of_few_pixels_ends_before_their_noise_is_fitted(pace):
    solve = {1: richardson_lucy, 2: scaled_heavy_ball}[pace]
    y, H = np.random.default_rng(0).poisson(50.0, (8, 8)).astype(np.float32), Blur(psf.gaussian(1.0), (8, 8))
    found = decision("plateau", solve, y, H, max_iter=500, pace=pace)
    assert found.num_iter == round(30 ** (1 / pace))
    assert "64 pixels" in found.notes[0]


def test_discrepancy_stops_where_the_residual_is_that_of_noise():
    _, _, y = lines()
    found = decision("discrepancy", richardson_lucy, y, blur())
    assert found.curve[-1] <= 1 < found.curve[-2]
    assert found.num_iter == len(found.curve)
    wrong = decision("discrepancy", richardson_lucy, y, blur(), camera=Camera(gain=5.0), max_iter=200)
    assert "gain" in wrong.notes[0]


def test_plateau_is_where_ten_percent_more_iterations_gain_less_than_one_percent():
    k = np.arange(1, 100)
    assert not flat([5.0, *k**-0.12], 1)
    assert flat([5.0, *k**-0.08], 1)
    assert flat([5.0, *k**-0.12], 2)
    assert flat([0.0, 0.0], 1)
    assert not flat([5.0, 4.9, 4.8], 1)


def test_a_plateau_shows_sooner_in_a_faster_solver():
    _, _, y = lines()
    slow, fast = (decision("plateau", scaled_heavy_ball, y, blur(), pace=pace).num_iter for pace in (1, 2))
    assert fast < slow


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rule": "heldout"}, "did you mean 'held_out'"),
        ({"share": 1.0}, "between 0 and 1"),
        ({"max_iter": 0}, "at least 1"),
        ({"problems": []}, "nothing to decide on"),
    ],
)
def test_bad_arguments_are_refused_before_any_work(change, said):
    given = {"rule": "held_out", "problems": [Problem(lines()[2], blur())], "max_iter": 5} | change
    rule, problems = given.pop("rule"), given.pop("problems")
    with pytest.raises(ValueError, match=said):
        decide(rule, richardson_lucy, problems, camera=PHOTONS, **given)


def test_small_pictures_are_decided_as_a_whole():
    assert crops(np.ones((200, 300)), (25, 25), seed=0) == ((slice(0, 200), slice(0, 300)),)
    cone = crops(np.ones((64, 128, 128)), (127, 255, 255), seed=0)  # a crop of four radii is no smaller
    assert cone == ((slice(0, 64), slice(0, 128), slice(0, 128)),)


@pytest.mark.parametrize(("shape", "size"), [((900, 1100), (25, 31)), ((30, 400, 420), (21, 15, 15))])
def test_crops_are_wide_enough_apart_and_cheap(shape, size):
    y = np.random.default_rng(6).random(shape, np.float32)
    found = crops(y, size, seed=3)
    assert found == crops(y, size, seed=3) != crops(y, size, seed=4)
    assert 2 <= len(found) <= 8
    seen = np.zeros(shape, int)
    for crop in found:
        seen[crop] += 1
        sides = [s.stop - s.start for s in crop]
        assert all(side >= min(n, 4 * (p // 2)) for side, n, p in zip(sides, shape, size, strict=True))
    assert seen.max() == 1
    work = sum(np.prod([s.stop - s.start + p - 1 for s, p in zip(crop, size, strict=True)]) for crop in found)
    assert work <= 0.25 * np.prod([n + p - 1 for n, p in zip(shape, size, strict=True)])


def test_crops_hold_the_brightest_place_of_a_dark_picture_and_no_masked_one():
    y = np.zeros((1000, 1000), np.float32)
    y[700:704, 300:304] = 1000
    assert max(float(y[c].sum()) for c in crops(y, (15, 15), seed=1)) > 0
    ignored = np.zeros(y.shape, bool)
    ignored[:, :600] = True
    assert all(c[1].stop > 600 for c in crops(y, (15, 15), seed=1, ignored=ignored))


def test_crops_decide_nearly_as_the_whole():
    _, _, y = lines((520, 520), peak=300.0)
    where = crops(y, KERNEL.shape, seed=0)
    pieces = [Problem(np.ascontiguousarray(y[c]), Blur(KERNEL, y[c].shape), x0=float(y.mean())) for c in where]
    assert len(where) > 1
    found = driven(decide("held_out", scaled_heavy_ball, pieces, camera=PHOTONS, max_iter=25))[1]
    whole = decision("held_out", scaled_heavy_ball, y, Blur(KERNEL, y.shape), max_iter=25)
    assert 0.5 <= found.num_iter / whole.num_iter <= 2
