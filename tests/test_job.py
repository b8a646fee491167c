"""What a job decides: the number of iterations, the tiles, the pixels that do not count."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_deconv import Camera, Image, Recipe, psf, richardson_lucy, richardson_lucy_tv, run, scaled_heavy_ball
from napari_deconv.backend import numpy_backend
from napari_deconv.job import Job
from napari_deconv.memory import predicted_bytes
from napari_deconv.smoothness import SOLVERS
from napari_deconv.solvers import richardson_lucy as steps
from napari_deconv.solvers.regularization import WEIGHTS

METADATA = "napari-deconv"
BLUR = psf.gaussian(2.0)


def cells(peak=200.0, shape=(96, 96), seed=0):
    """Photons of bright spots on a dim ground, seen through `BLUR`."""
    rng = np.random.default_rng(seed)
    scene = gaussian_filter((rng.random(shape) > 0.985) * 1.0, 1.5)
    light = gaussian_filter(scene / scene.max(), 2.0)
    return rng.poisson(peak * light / light.max() + 2).astype(np.float32)


def about(image):
    return image.metadata[METADATA]


def test_auto_finds_a_number_and_restores_with_it():
    y, phases = cells(), []
    recipe = Recipe(method="scaled_heavy_ball", camera=Camera(gain=1.0, offset=0.0, read_noise=0.0))
    found = run(recipe, y, psf=BLUR, callback=lambda step: phases.append((step.phase, step.done, step.total)))
    (decision,) = about(found)["stopping"]
    assert decision["rule"] == "held_out"
    assert about(found)["recipe"]["num_iter"] == decision["num_iter"] == about(found)["steps"]
    assert np.array_equal(found.data, scaled_heavy_ball(y, BLUR, decision["num_iter"]))
    assert [phase for phase, _, _ in phases].count("restoring") == decision["num_iter"]
    assert phases[-1][1] == phases[-1][2], "the bar ends at its end"
    assert all(done <= total for _, done, total in phases)


def test_the_resolved_recipe_gives_the_same_bits_without_deciding_again():
    y, phases = cells(), set()
    found = run(Recipe(num_iter="auto", camera=Camera(gain=1.0)), y, psf=BLUR)
    again = run(
        Recipe.from_mapping(about(found)["recipe"], ""), y, psf=BLUR, callback=lambda step: phases.add(step.phase)
    )
    assert phases == {"restoring"}
    assert np.array_equal(again.data, found.data)


def test_auto_decides_once_per_channel_on_its_first_time_point():
    y = np.stack([np.stack([cells(20, seed=1), cells(2000, seed=2)]) for _ in range(3)])
    recipe = Recipe(num_iter="auto", camera=Camera(gain=1.0, offset=0.0))
    found = run(recipe, Image(y, "TCYX"), psf=BLUR)
    decisions = about(found)["stopping"]
    assert [d["channel"] for d in decisions] == [0, 1]
    assert about(found)["recipe"]["num_iter"] == [d["num_iter"] for d in decisions]
    assert decisions[1]["num_iter"] > decisions[0]["num_iter"]
    assert np.array_equal(found.data[2, 1], richardson_lucy(y[2, 1], BLUR, decisions[1]["num_iter"]))


def test_decide_each_looks_at_every_frame():
    y = np.stack([cells(20, seed=1), cells(2000, seed=2)])
    recipe = Recipe(num_iter="auto", decide="each", camera=Camera(gain=1.0, offset=0.0))
    found = about(run(recipe, Image(y, "TYX"), psf=BLUR))
    assert [d["block"] for d in found["stopping"]] == [[0], [1]]
    assert found["recipe"]["num_iter"] == "auto"


def test_one_number_for_each_channel():
    y = np.stack([cells(seed=1), cells(seed=2)])
    found = run(Recipe(num_iter=(3, 7)), Image(y, "CYX"), psf=BLUR)
    for channel, count in enumerate((3, 7)):
        assert np.array_equal(found.data[channel], richardson_lucy(y[channel], BLUR, count))
    with pytest.raises(ValueError, match=r"3 numbers.*2 channels"):
        run(Recipe(num_iter=(3, 7, 9)), Image(y, "CYX"), psf=BLUR)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_pixels_that_are_no_photons_fall_back_to_the_plateau_and_say_so():
    smooth = gaussian_filter(cells(), 1.5)
    with pytest.warns(UserWarning, match="plateau|still improving"):
        found = about(run(Recipe(num_iter="auto"), smooth, psf=BLUR))
    assert found["stopping"][0]["rule"] == "plateau"
    assert any("plateau" in note for note in found["notes"])


@pytest.mark.filterwarnings("ignore:.*well predicted:UserWarning")
def test_max_iter_bounds_what_is_looked_at():
    found = about(run(Recipe(num_iter="auto", max_iter=4, camera=Camera(gain=1.0)), cells(5000), psf=BLUR))
    assert found["stopping"][0]["num_iter"] <= 4


def test_the_seed_decides_which_photons_are_held_out():
    recipe = Recipe(num_iter="auto", camera=Camera(gain=1.0))
    curves = [about(run(recipe.changed(seed=s), cells(20), psf=BLUR))["stopping"][0]["curve"] for s in (0, 0, 1)]
    assert curves[0] == curves[1] != curves[2]


def test_tiles_equal_the_whole():
    y = cells(shape=(160, 150))
    whole = run(Recipe(num_iter=10), y, psf=BLUR)
    steps_seen = []
    tiled = run(Recipe(num_iter=10, tile=(64, 64)), y, psf=BLUR, callback=lambda s: steps_seen.append(s.tile))
    assert about(tiled)["tiles"] > 1
    assert steps_seen[0] == (1, about(tiled)["tiles"])
    assert np.abs(tiled.data - whole.data).max() <= 1e-3 * np.ptp(whole.data)
    assert about(tiled)["recipe"]["tile"] is not None


def test_a_resolved_tiled_recipe_gives_the_same_bits():
    y = cells(shape=(160, 150))
    tiled = run(Recipe(num_iter=5, tile=(64, 64)), y, psf=BLUR)
    assert np.array_equal(run(Recipe.from_mapping(about(tiled)["recipe"], ""), y, psf=BLUR).data, tiled.data)


def test_what_does_not_fit_is_restored_in_tiles(monkeypatch):
    y = cells(shape=(512, 500))
    whole = run(Recipe(num_iter=5), y, psf=BLUR)
    here = numpy_backend()
    needed = predicted_bytes("richardson_lucy", y.shape, BLUR.shape, boundary="extended", backend=here)
    few = dataclasses.replace(here, free_bytes=lambda: int(0.9 * needed) + 4 * y.size)
    monkeypatch.setattr("napari_deconv.job.resolve", lambda name: few)
    tiled = run(Recipe(num_iter=5), y, psf=BLUR)
    assert about(tiled)["tiles"] > 1
    assert np.abs(tiled.data - whole.data).max() <= 1e-3 * np.ptp(whole.data)


def test_a_snapshot_of_a_tiled_job_is_of_the_whole_block():
    shapes = set()
    run(Recipe(num_iter=2, tile=(64, 64)), cells(shape=(160, 150)), psf=BLUR,
        callback=lambda s: shapes.add(s.snapshot().shape))  # fmt: skip
    assert shapes == {(160, 150)}


def test_a_periodic_image_is_not_cut():
    with pytest.raises(ValueError, match="periodic"):
        Job(Recipe(tile=(64, 64), boundary="periodic"), cells(shape=(160, 150)), psf=BLUR)


def test_memory_that_runs_out_on_the_way_leads_to_smaller_tiles(monkeypatch):
    y, calls = cells(shape=(1200, 1200)), []

    def greedy(image, H, **more):
        calls.append(H.out_shape)
        if image.shape[0] == 1200:
            raise MemoryError("out of memory")
        yield from steps(image, H, **more)

    monkeypatch.setitem(SOLVERS, "richardson_lucy", greedy)
    found = run(Recipe(num_iter=5), y, psf=BLUR)
    monkeypatch.undo()
    assert calls[0] == (1200, 1200)
    assert any("memory ran out" in note for note in about(found)["notes"])
    whole = richardson_lucy(y, BLUR, 5)
    assert np.abs(found.data - whole).max() <= 1e-3 * np.ptp(whole)


def test_memory_that_runs_out_in_tiles_of_the_callers_choice_is_told(monkeypatch):
    def greedy(image, H, **more):
        raise MemoryError("out of memory")
        yield

    monkeypatch.setitem(SOLVERS, "richardson_lucy", greedy)
    with pytest.raises(MemoryError):
        run(Recipe(num_iter=5, tile=(64, 64)), cells(shape=(160, 150)), psf=BLUR)


def test_saturated_pixels_are_ignored_by_themselves():
    truth = np.full((96, 96), 50.0)
    truth[24:72, 24:72] = 600
    cut = np.minimum(gaussian_filter(truth, 2.0), 255).astype(np.float32)
    with pytest.warns(UserWarning, match="saturated"):
        found = richardson_lucy(cut, BLUR, 30, camera=Camera(saturation=255))
    believed = richardson_lucy(cut, BLUR, 30, camera=Camera(saturation=1e9))
    beside = np.zeros(truth.shape, dtype=bool)
    beside[15:81, 15:81] = True
    beside &= cut < 255
    assert np.abs(found - truth)[beside].mean() < 0.7 * np.abs(believed - truth)[beside].mean()
    ignored = richardson_lucy(np.where(cut >= 255, 0, cut), BLUR, 30, mask=cut >= 255)
    assert np.allclose(found[beside], ignored[beside], rtol=0.05, atol=5)


def test_a_wholly_saturated_region_stays_at_its_level_at_least():
    y = np.full((64, 64), 50.0, np.float32)
    y[16:48, 16:48] = 255
    with pytest.warns(UserWarning, match="saturated"):
        found = richardson_lucy(y, psf.gaussian(1.0), 20, camera=Camera(saturation=255))
    assert found[28:36, 28:36].min() >= 254


def test_hot_pixels_are_ignored_when_asked():
    y = cells(200)
    hot = y.copy()
    hot[40, 41] = 5000
    found = richardson_lucy(hot, BLUR, 20, hot_pixels=True)
    assert np.abs(found - richardson_lucy(y, BLUR, 20)).max() < 0.25 * np.ptp(found)
    assert richardson_lucy(hot, BLUR, 20).max() > 3 * found.max()


@pytest.mark.filterwarnings("ignore:.*well predicted:UserWarning")
def test_the_camera_of_each_channel_is_in_the_provenance():
    y = np.stack([cells(2000, (192, 192)), cells(2000, (192, 192), 1) * 2])
    found = about(run(Recipe(num_iter="auto", max_iter=3), Image(y, "CYX"), psf=BLUR))
    first, second = found["camera"]
    assert first["trusted"]
    assert second["trusted"]
    assert first["gain"] == pytest.approx(2 * second["gain"], rel=0.3)


@pytest.mark.filterwarnings("ignore:.*well predicted:UserWarning")
def test_a_step_while_deciding_has_no_picture():
    def callback(step):
        if step.phase == "deciding":
            with pytest.raises(RuntimeError, match="being decided"):
                step.snapshot()

    run(Recipe(num_iter="auto", max_iter=3, camera=Camera(gain=1.0)), cells(), psf=BLUR, callback=callback)


def test_the_weight_of_total_variation_is_found_and_frozen():
    y = cells(20)
    recipe = Recipe(method="richardson_lucy_tv", num_iter=5, camera=Camera(gain=1.0, offset=0.0))
    found = run(recipe, y, psf=BLUR)
    weight = about(found)["recipe"]["regularization"]
    assert weight in WEIGHTS
    assert np.array_equal(found.data, richardson_lucy_tv(y, BLUR, 5, regularization=weight))
    assert np.array_equal(run(Recipe.from_mapping(about(found)["recipe"], ""), y, psf=BLUR).data, found.data)


def test_total_variation_takes_the_sides_of_voxels_from_the_psf():
    y = np.stack([cells()] * 6)
    kernel = np.ones((3, 3, 3)) / 27
    flat, tall = (
        run(Recipe(method="richardson_lucy_tv", num_iter=5, regularization=0.05, spacing=s), Image(y, "ZYX", s),
            psf=psf.from_array(kernel, s))
        for s in ((0.1, 0.1, 0.1), (0.4, 0.1, 0.1))
    )  # fmt: skip
    assert not np.allclose(flat.data, tall.data)


def test_where_photons_cannot_be_counted_the_usual_weight_is_taken_and_told():
    smooth = gaussian_filter(cells(), 1.5)
    with pytest.warns(UserWarning, match="regularization 0.003"):
        found = about(run(Recipe(method="richardson_lucy_tv", num_iter=3), smooth, psf=BLUR))
    assert any("regularization" in note for note in found["notes"])


@pytest.mark.parametrize("method", ["richardson_lucy", "scaled_heavy_ball", "richardson_lucy_tv"])
def test_negative_pixels_are_refused_or_said(method):
    y = cells() - 100
    recipe = Recipe(method=method, num_iter=2, camera=Camera(gain=1.0, offset=0.0))
    with pytest.raises(ValueError, match="negative"):
        run(recipe, y, psf=BLUR)
    with pytest.warns(UserWarning, match="negative"):
        run(recipe.changed(negative="clip"), y, psf=BLUR)


@pytest.mark.parametrize("stop", ["plateau", "discrepancy"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_tiled_job_that_decides_repeats_itself_in_two_channels(stop):
    y = np.stack([cells(20, (150, 160), 1), cells(2000, (150, 160), 2)])
    recipe = Recipe(num_iter="auto", stop=stop, max_iter=60, tile=(40, 40), camera=Camera(gain=1.0, offset=0.0))
    found = run(recipe, Image(y, "CYX"), psf=BLUR)
    again = run(Recipe.from_mapping(about(found)["recipe"], ""), Image(y, "CYX"), psf=BLUR)
    assert about(found)["stopped"] == "complete"
    assert about(found)["steps"] == about(found)["of"]
    assert np.array_equal(again.data, found.data)


def test_the_offset_of_the_camera_is_the_background_unless_another_is_given():
    assert Recipe(camera=Camera(offset=100)).background == 100
    assert Recipe(camera={"offset": 100}, background=120.0).background == 120
    assert Recipe(method="wiener", camera=Camera(offset=100)).background == 0
    with pytest.warns(UserWarning, match="below the camera's offset"):
        run(Recipe(num_iter=1, camera=Camera(offset=100), background=50.0), cells() + 100, psf=BLUR)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_photograph_stops_early_and_takes_no_camera_in_counts():
    picture = Image(cells(200).clip(max=255).astype(np.uint8), "YX", encoding="srgb")
    found = about(run(Recipe(method="scaled_heavy_ball"), picture, psf=BLUR))
    assert found["steps"] <= 10
    with pytest.raises(ValueError, match="light='stored'"):
        run(Recipe(camera=Camera(gain=2.0)), picture, psf=BLUR)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_line_of_pixels_finds_its_number_too():
    line = cells()[48]
    kernel = np.array([0.25, 0.5, 0.25])
    found = about(run(Recipe(method="scaled_heavy_ball"), line, psf=kernel))
    assert found["stopping"][0]["rule"] == "plateau"
    with pytest.raises(ValueError, match="one axis"):
        richardson_lucy(line, kernel, 2, hot_pixels=True)


def test_rules_need_auto():
    assert Recipe(stop="plateau").num_iter == "auto"
    with pytest.raises(ValueError, match="num_iter='auto'"):
        richardson_lucy(cells(), BLUR, stop="plateau")


def test_another_method_keeps_what_it_takes_too():
    recipe = Recipe(num_iter=50, background=7.0).changed(method="scaled_heavy_ball")
    assert (recipe.num_iter, recipe.background) == ("auto", 7.0)
    assert Recipe(num_iter=50, background=7.0).changed(method="wiener").background == 0
