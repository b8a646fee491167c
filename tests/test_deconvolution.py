"""The functions people call: axes, channels, masks, array libraries, stopping, provenance."""

from __future__ import annotations

import json

import dask.array
import numpy as np
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st

from backends import scene
from napari_deconv import Image, Recipe, deconvolve, psf, richardson_lucy, run, wiener
from napari_deconv.job import Job
from napari_deconv.operators import Blur
from napari_deconv.recipe import METADATA_KEY

FLAT = psf.gaussian((1.5, 1.2))
DEEP = psf.gaussian((1.0, 1.5, 1.2))
y = scene((20, 23))


def provenance(image):
    """What a result says of itself."""
    return image.metadata[METADATA_KEY]


@pytest.mark.parametrize("solve", [richardson_lucy, wiener])
def test_frames_and_channels_are_restored_one_by_one(solve):
    stack = np.stack([scene((8, 12, 13), seed) for seed in range(6)]).reshape(3, 2, 8, 12, 13)
    found = solve(stack, DEEP)
    assert found.shape == stack.shape
    assert np.allclose(found[2, 1], solve(stack[2, 1], DEEP), rtol=1e-4, atol=1e-3)


def test_one_psf_per_channel():
    stack = np.stack([y, scene(y.shape, 1)])
    found = richardson_lucy(stack, [FLAT, psf.gaussian(2.5)], 5)
    assert np.allclose(found[0], richardson_lucy(stack[0], FLAT, 5), rtol=1e-4)
    assert np.allclose(found[1], richardson_lucy(stack[1], psf.gaussian(2.5), 5), rtol=1e-4)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_channel_axis_may_be_anywhere(axis):
    colours = np.stack([scene(y.shape, seed) for seed in range(3)])
    found = richardson_lucy(np.moveaxis(colours, 0, axis), FLAT, 3, channel_axis=axis)
    expected = richardson_lucy(colours, [FLAT] * 3, 3)
    assert np.allclose(np.moveaxis(found, axis, 0), expected, rtol=1e-5)


def test_channel_axis_names_the_channels_of_a_file():
    stack = Image(np.stack([y, scene(y.shape, 1)]), "ZYX", (1.0, 0.5, 0.5))
    found = run(Recipe(num_iter=3, channel_axis=0), stack, psf=[FLAT, FLAT])
    assert (found.axes, found.spacing) == ("CYX", (0.5, 0.5))
    with pytest.raises(ValueError, match="axis Y of ZYX, which cannot hold channels"):
        run(Recipe(num_iter=3, channel_axis=1), stack, psf=FLAT)


def test_a_flat_psf_on_a_stack_works_plane_by_plane_and_says_so():
    with pytest.warns(UserWarning, match="each of the 2 planes is restored on its own"):
        found = richardson_lucy(np.stack([y, y]), FLAT, 3)
    assert np.allclose(found[1], richardson_lucy(y, FLAT, 3), rtol=1e-5)


def test_time_frames_of_a_file_need_no_warning():
    found = run(Recipe(num_iter=2), Image(np.stack([y, y]), "TYX"), psf=FLAT)
    assert provenance(found)["notes"] == []


@pytest.mark.parametrize(
    "dtype", ["bool", "i1", "u1", ">u2", "i4", "u8", "f2", "f4", ">f8", np.longdouble], ids=lambda d: np.dtype(d).str
)
def test_any_real_dtype_in_float32_out_nothing_rescaled(dtype):
    image = (y > 60 if dtype == "bool" else y).astype(dtype)
    before = image.copy()
    for solve in (richardson_lucy, wiener):
        found = solve(image, FLAT)
        assert found.dtype == np.float32
        assert found.mean() == pytest.approx(float(image.astype(float).mean()), rel=0.1)
    assert (image == before).all()


@pytest.mark.parametrize(
    "view",
    [
        np.asfortranarray(y),
        y[::-1, ::-1].copy()[::-1, ::-1],
        np.repeat(np.repeat(y, 2, 0), 3, 1)[::2, ::3],
        y.tolist(),
        np.array(y[:, :, None])[:, :, 0],
    ],
)
def test_memory_layout_plays_no_part(view):
    assert np.array_equal(richardson_lucy(view, FLAT, 3), richardson_lucy(y, FLAT, 3))


def test_read_only_and_broadcast_images_are_accepted():
    frozen = y.copy()
    frozen.flags.writeable = False
    assert np.array_equal(richardson_lucy(frozen, FLAT, 3), richardson_lucy(y, FLAT, 3))
    assert np.allclose(richardson_lucy(np.broadcast_to(np.float32(7), (9, 9)), FLAT, 3), 7, rtol=1e-4)


@given(st.sampled_from([1e-38, 1e-30, 1e-10, 1.0, 1e10, 1e30, 1e36]))
@settings(max_examples=10)
def test_brightness_only_scales_the_result(factor):
    unit = richardson_lucy(y, FLAT, 5)
    assert np.allclose(richardson_lucy(y * factor, FLAT, 5) / factor, unit, rtol=1e-3)


def test_dask_and_xarray_are_accepted():
    expected = richardson_lucy(y, FLAT, 3)
    assert np.array_equal(richardson_lucy(dask.array.from_array(y, chunks=7), FLAT, 3), expected)
    assert np.array_equal(richardson_lucy(xarray.DataArray(y, dims=("y", "x")), FLAT, 3), expected)


def spaced(step):
    """An xarray stack with coordinates in micrometres."""
    z = np.cumsum(np.full(8, step))
    coords = {"z": ("z", z, {"units": "um"}), "y": ("y", np.arange(12) * 0.5, {"units": "um"})}
    coords["x"] = ("x", np.arange(13) * 0.5, {"units": "um"})
    return xarray.DataArray(scene((8, 12, 13)), dims=("z", "y", "x"), coords=coords)


def test_xarray_coordinates_give_the_voxel_size():
    blur = psf.gaussian((1.0, 0.8, 0.8), spacing=(1.0, 0.5, 0.5))
    found = run(Recipe(num_iter=2), spaced(1.0), psf=blur)
    assert found.spacing == pytest.approx((1.0, 0.5, 0.5))
    uneven = spaced(1.0)
    uneven = uneven.assign_coords(z=("z", np.arange(8) ** 2.0, {"units": "um"}))
    with pytest.raises(ValueError, match="coordinates of 'z' are not evenly spaced"):
        run(Recipe(num_iter=2), uneven, psf=blur)


def test_masked_arrays_mask():
    broken = y.copy()
    broken[5, 5] = np.nan
    found = richardson_lucy(np.ma.masked_invalid(broken), FLAT, 5)
    assert np.array_equal(found, richardson_lucy(broken, FLAT, 5, mask=np.isnan(broken)))
    assert np.isfinite(found).all()


def test_a_mask_may_cover_frames_or_all_of_them_alike():
    stack, mask = np.stack([y, y + 1]), np.zeros(y.shape, bool)
    mask[3, 4] = True
    alike = run(Recipe(num_iter=2), Image(stack, "TYX"), psf=FLAT, mask=mask).data
    each = run(Recipe(num_iter=2), Image(stack, "TYX"), psf=FLAT, mask=np.stack([mask, mask])).data
    assert np.array_equal(alike, each)


def test_axes_in_any_order_give_the_same_pixels():
    blur = psf.motion(9, 0)
    expected = richardson_lucy(y, blur, 5)
    turned = run(Recipe(num_iter=5), Image(np.ascontiguousarray(y.T), "XY"), psf=blur)
    assert turned.axes == "XY"
    assert np.array_equal(turned.data.T, expected)
    named = xarray.DataArray(np.ascontiguousarray(y.T), dims=("x", "y"))
    assert np.array_equal(richardson_lucy(named, blur, 5).T, expected)
    with pytest.raises(ValueError, match="dimension 'band' is none of"):
        richardson_lucy(xarray.DataArray(np.stack([y]), dims=("band", "y", "x")), blur)


def test_a_mask_does_not_mislead_the_automatic_balance():
    rng = np.random.default_rng(0)
    truth = np.zeros((64, 64))
    truth[10:50, 20:40] = 200
    seen = Blur(FLAT, truth.shape, boundary="reflect").forward(truth.astype(np.float32)) + rng.normal(0, 2, truth.shape)
    mask = rng.random(truth.shape) < 0.1
    whole, masked = (run(Recipe(method="wiener"), seen, psf=FLAT, mask=m) for m in (None, mask))
    found = [provenance(image)["recipe"]["balance"] for image in (whole, masked)]
    assert found[1] < 5 * found[0]
    assert provenance(masked)["mask"]["ignored"] == int(mask.sum())


def test_a_frame_without_a_single_pixel_is_refused_before_the_work():
    mask = np.zeros((3, *y.shape), bool)
    mask[2] = True
    with pytest.raises(ValueError, match=r"ignores every pixel of frame \(2,\)"):
        Job(Recipe(num_iter=2), Image(np.stack([y, y, y]), "TYX"), psf=FLAT, mask=mask)


def test_a_mask_of_the_last_axes_serves_all_planes_and_colours():
    mask = np.zeros(y.shape, bool)
    mask[3, 4] = True
    stack = Image(np.stack([y] * 8).repeat(2, 0).reshape(2, 8, *y.shape), "TZYX")
    whole = np.broadcast_to(mask, stack.data.shape)
    assert np.array_equal(*(run(Recipe(num_iter=2), stack, psf=DEEP, mask=m).data for m in (mask, whole)))
    colours = Image(np.stack([y] * 3, -1), "YXS")
    assert run(Recipe(num_iter=2), colours, psf=FLAT, mask=mask).data.shape == colours.data.shape


def test_the_recipe_of_a_result_does_not_impose_its_voxel_size():
    words = "widefield:na=1.2,wavelength=0.52,ri=1.33"
    first = run(Recipe(psf=words, num_iter=2), Image(scene((6, 20, 21)), "ZYX", (0.3, 0.1, 0.1)))
    again = Recipe.from_mapping(provenance(first)["recipe"], "it")
    assert run(again, Image(scene((6, 20, 21)), "ZYX", (0.2, 0.08, 0.08))).spacing == (0.2, 0.08, 0.08)


def test_a_voxel_size_given_against_the_image_is_reported():
    with pytest.warns(UserWarning, match=r"voxel size given, 0.5 x 0.5 um, is used instead of the image's 0.1 x 0.1"):
        run(Recipe(num_iter=1, spacing=(0.5, 0.5)), Image(y, "YX", (0.1, 0.1)), psf=FLAT)


def test_two_numbers_of_spacing_invent_no_third():
    stack = Image(np.stack([y, y]), "ZYX")
    with pytest.warns(UserWarning, match="restored on its own"):
        found = run(Recipe(num_iter=1, spacing=(0.1, 0.1)), stack, psf=psf.gaussian((0.2, 0.2), spacing=(0.1, 0.1)))
    assert found.spacing is None
    with pytest.raises(ValueError, match=r"spacing .* has 2 numbers"):
        run(Recipe(num_iter=1, spacing=(0.1, 0.1)), Image(scene((6, 20, 21)), "ZYX"), psf=DEEP)


def test_words_are_a_psf_too():
    found = richardson_lucy(y, "defocus:radius=2", 3)
    assert np.array_equal(found, richardson_lucy(y, psf.defocus(2), 3))
    with pytest.warns(UserWarning, match="sigma was taken in micrometres, as the voxel size is known: 2 x 2 voxels"):
        richardson_lucy(y, "gaussian:sigma=0.2", 1, spacing=(0.1, 0.1))


def test_repairs_of_a_nameless_psf_are_told():
    with pytest.warns(UserWarning, match="^psf array: normalised: divided by its sum, 2$"):
        found = richardson_lucy(y, psf.from_array(2 * FLAT.data), 1)
    assert found.shape == y.shape


def test_colours_without_a_channel_axis_are_recognised():
    with pytest.raises(ValueError, match="looks like a colour picture; pass channel_axis=-1"):
        richardson_lucy(np.stack([y] * 3, -1), FLAT)


def test_the_first_bad_pixel_is_named_where_the_caller_has_it():
    colours = np.stack([y] * 3, -1)
    colours[5, 6, 2] = np.nan
    with pytest.raises(ValueError, match=r"the first at \(5, 6, 2\)"):
        richardson_lucy(colours, FLAT, channel_axis=-1)


def test_a_stop_at_the_last_step_is_complete():
    found = run(Recipe(num_iter=3), y, psf=FLAT, callback=lambda step: step.done < 3)
    assert provenance(found)["stopped"] == "complete"


def test_a_job_can_be_repeated_but_not_asked_before_it_began():
    job = Job(Recipe(num_iter=3), y, psf=FLAT)
    with pytest.raises(RuntimeError, match="iterate over it first"):
        job.result()
    for _ in range(2):
        assert [step.done for step in job] == [1, 2, 3]
    assert provenance(job.result())["steps"] == 3


def test_a_psf_with_another_voxel_size_is_resampled_and_said():
    image = Image(np.pad(scene((16, 24, 24)), 4, mode="edge"), "ZYX", (0.3, 0.1, 0.1))
    right = psf.gaussian((0.4, 0.2, 0.2), spacing=(0.3, 0.1, 0.1))
    fine = psf.gaussian((0.4, 0.2, 0.2), spacing=(0.15, 0.05, 0.05))
    with pytest.warns(UserWarning, match=r"psf resampled from 0.15 x 0.05 x 0.05 um to the image's 0.3 x 0.1 x 0.1 um"):
        found = run(Recipe(num_iter=5), image, psf=fine)
    expected = run(Recipe(num_iter=5), image, psf=right).data
    assert np.abs(found.data - expected).mean() < 0.02 * expected.mean()
    assert any("resampled" in note for note in provenance(found)["notes"])


def test_a_psf_in_micrometres_needs_the_voxel_size_of_the_image():
    blur = psf.gaussian((1.0, 1.0), spacing=(0.5, 0.5))
    with pytest.raises(ValueError, match=r"the image's is unknown; give spacing="):
        richardson_lucy(y, blur)
    assert richardson_lucy(y, blur, 2, spacing=(0.5, 0.5)).shape == y.shape


def test_a_callback_sees_every_step_and_may_stop():
    seen = []

    def watch(step):
        seen.append((step.iteration, step.done, step.total, float(step.snapshot().mean())))
        return step.done < 7

    found = run(Recipe(num_iter=5), Image(np.stack([y, y, y]), "TYX"), psf=FLAT, callback=watch)
    assert [s[:3] for s in seen] == [(i % 5 + 1, i + 1, 15) for i in range(7)]
    assert provenance(found)["stopped"] == "early"
    assert "stopped after 7 of 15 steps; frames not reached are 0" in provenance(found)["notes"]
    assert np.array_equal(found.data[1], richardson_lucy(y, FLAT, 2))
    assert (found.data[2] == 0).all()


def test_provenance_is_json_and_says_what_was_done():
    found = run(
        Recipe(method="wiener", psf="defocus:radius=2"), Image(y, "YX", metadata={"name": "a.tif", "path": "/x"})
    )
    said = json.loads(json.dumps(provenance(found)))
    assert said["recipe"]["psf"] == "defocus:radius=2"
    assert isinstance(said["recipe"]["balance"], float)
    assert said["source"] == {"name": "a.tif"}
    assert said["stopped"] == "complete"
    assert "/x" not in json.dumps(said)


def test_a_photograph_comes_back_as_it_came():
    codes = np.clip(scene((24, 25, 3)) + 40, 0, 255).astype(np.uint8)
    photo = Image(codes, "YXS", None, "srgb")
    found = run(Recipe(psf="defocus:radius=1.5", num_iter=5), photo)
    assert found.data.dtype == np.uint8
    assert found.encoding == "srgb"
    constant = Image(np.full((9, 9, 3), 77, np.uint8), "YXS", None, "srgb")
    assert (run(Recipe(psf="defocus:radius=1.5", num_iter=5), constant).data == 77).all()


def test_light_decides_whether_the_curve_is_undone():
    photo = Image(np.clip(scene((24, 25)), 0, 255).astype(np.uint8), "YX", None, "srgb")
    recipe = Recipe(method="wiener", psf="defocus:radius=2", balance=0.01)
    linear, stored = (run(recipe.changed(light=light), photo).data for light in ("linear", "stored"))
    assert linear.dtype == np.uint8
    assert stored.dtype == np.float32
    assert np.abs(linear - stored).mean() > 0.5


def test_deconvolve_is_the_function_of_that_name():
    assert np.array_equal(deconvolve(y, FLAT, "wiener", balance=0.1), wiener(y, FLAT, 0.1))
    with pytest.raises(ValueError, match="did you mean 'richardson_lucy'"):
        deconvolve(y, FLAT, "richardson-lucy")


@pytest.mark.filterwarnings("ignore:psf summed")
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: richardson_lucy(-y, FLAT), "negative pixels .*background=.*negative='clip'"),
        (lambda: richardson_lucy(y, DEEP), r"psf has 3 axes \(ZYX\) but the image has 2"),
        (lambda: run(Recipe(), Image(y, "YX"), psf=DEEP), "psf.plane"),
        (lambda: richardson_lucy(y * 1j, FLAT), "complex64"),
        (lambda: richardson_lucy(np.array(["a"]), FLAT), "real numbers are needed"),
        (lambda: richardson_lucy(np.empty((0, 5)), FLAT), r"empty, shape \(0, 5\)"),
        (lambda: richardson_lucy(np.full((5, 5), np.inf), FLAT), r"25 NaN or infinite pixels, the first at \(0, 0\)"),
        (lambda: richardson_lucy((i for i in range(3)), FLAT), "holds a generator"),
        (lambda: richardson_lucy(np.zeros((2,) * 7), FLAT), "7 axes"),
        (lambda: richardson_lucy(np.array(3.0), FLAT), r"0 \(\)"),
        (lambda: richardson_lucy(y, FLAT, 0), "greater than or equal to 1"),
        (lambda: richardson_lucy(y, FLAT, background=np.nan), "background"),
        (lambda: richardson_lucy(y, FLAT, channel_axis=5), "channel_axis 5"),
        (
            lambda: richardson_lucy(y, FLAT, mask=np.ones((3, 3))),
            r"mask has shape \(3, 3\); for this image it is one of \(20, 23\)",
        ),
        (lambda: richardson_lucy(y, FLAT, mask=np.ones(y.shape)), "ignores every pixel"),
        (lambda: richardson_lucy(y, [FLAT, FLAT]), "2 PSFs were given"),
        (lambda: richardson_lucy(y, np.zeros((3, 3))), "zero everywhere"),
        (lambda: richardson_lucy(y, np.fft.fft2(np.ones((3, 3)))), "transfer function"),
        (lambda: richardson_lucy(y, -np.ones((3, 3))), "negative values"),
        (lambda: run(Recipe(), y), "no PSF"),
        (lambda: richardson_lucy(dask.array.from_array(y)[dask.array.from_array(y[:, 0]) > 50], FLAT), "unknown size"),
    ],
)
def test_errors_say_what_came_and_how_to_mend(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_an_off_centre_or_unnormalised_kernel_is_reported():
    with pytest.warns(UserWarning, match="psf summed to 9 and was normalised"):
        richardson_lucy(y, np.ones((3, 3)), 1)
    with pytest.warns(UserWarning, match="psf is not centred"):
        richardson_lucy(y, np.fft.ifftshift(psf.gaussian(2.0).data), 1)
