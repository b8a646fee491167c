"""Maps, numbers and a line in words about one result, whatever it comes from."""

from __future__ import annotations

import doctest
import importlib
import json
from dataclasses import replace

import numpy as np
import pytest

from napari_deconv import Image, psf
from napari_deconv.light import to_encoded
from napari_deconv.operators import Blur
from napari_deconv.quality import LEARNED_CAVEAT, assess, disagreement, fidelity, spread, trust, unsupported
from napari_deconv.solvers import wiener
from quality.scenes import PHOTONS_ONLY, lines, restored, seen

BLUR = psf.gaussian((2.0, 2.0))
BACKGROUND = 5.0


def result(data, method, background=0.0):
    """As `run` returns it."""
    recipe = {"method": method, "background": background, "boundary": "reflect"}
    return Image(data, "YX", None, "linear", {"napari-deconv": {"recipe": recipe}})


@pytest.fixture(scope="module")
def made():
    """Image, Richardson-Lucy's result, the Wiener filter's, one with a made-up texture."""
    rng = np.random.default_rng(0)
    y = seen(lines((112, 112), rng, 15), BLUR, 500, rng, background=BACKGROUND)
    x, H = restored(y, BLUR, 60)
    w, _ = wiener(y, Blur(BLUR, y.shape), balance=0.01)
    rough = w.copy()
    rough[:, ::2] += 0.3 * w.std()
    return (
        y,
        result(H.crop(x), "richardson_lucy", BACKGROUND),
        result(w, "wiener"),
        result(rough, "learned"),
    )


def test_it_is_the_measures_of_this_package(made):
    y, rl, w, _ = made
    found = trust(y, rl, BLUR, classical=w, camera=PHOTONS_ONLY)
    H = Blur(BLUR, y.shape, boundary="reflect")
    fit = fidelity(y, rl.data, H, camera=PHOTONS_ONLY, background=BACKGROUND)
    assert found.fidelity.flagged == fit.flagged
    np.testing.assert_array_equal(found.fidelity.sigma, fit.sigma)
    assert found.unsupported.ratio == unsupported(y, rl.data, BLUR, fit.sigma).ratio
    assert found.spread is None
    assert found.turned is None
    report = assess(y, rl, BLUR, camera=PHOTONS_ONLY)
    assert report.row("image explained").value == found.fidelity.flagged


def test_the_line_says_what_the_numbers_say(made):
    y, rl, w, _ = made
    varied = np.full(y.shape, 3.0)
    found = trust(y, rl, BLUR, classical=w, spread=varied, sigma=6.0)
    assert found.words == (
        f"{1 - found.fidelity.flagged:.1%} of the pixels agree with the image; {found.unsupported.detail:.1%} of the "
        f"detail ({found.unsupported.ratio:.1%} of all contrast) is not supported by the data; differs from the Wiener "
        f"filter by {found.disagreement.median:.1f} σ (median); varies by 0.5 σ (median) with the way the picture is "
        "held."
    )
    assert found.sigma == pytest.approx(6)
    assert "\n" not in found.words


def test_a_result_that_follows_the_noise_is_called_one(made):
    y, rl, _, _ = made
    assert "follows most of the noise" in trust(y, rl, BLUR, sigma=100.0).words
    assert "follows most of the noise" not in trust(y, rl, BLUR, camera=PHOTONS_ONLY).words


def test_made_up_texture_shows_in_every_map_but_that_of_the_image(made):
    """Stripes of two samples are blurred away: the image has no word against them."""
    y, _, w, rough = made
    plain, striped = (trust(y, x, BLUR, classical=w, camera=PHOTONS_ONLY) for x in (w, rough))
    assert striped.unsupported.ratio > 3 * plain.unsupported.ratio
    assert striped.unsupported.detail > 3 * plain.unsupported.detail
    assert plain.disagreement.map.max() == 0
    np.testing.assert_allclose(
        striped.disagreement.map[:, ::2], 0.3 * w.data.std() / striped.fidelity.sigma[:, ::2], rtol=1e-3
    )
    seen_stripes = striped.unsupported.map[5:-5, 5:-6:2] - striped.unsupported.map[5:-5, 6:-5:2]
    assert abs(np.median(seen_stripes)) == pytest.approx(0.3 * w.data.std(), rel=0.1)


def test_results_with_and_without_background_are_compared_without_it(made):
    y, rl, _, _ = made
    lifted = result(rl.data + BACKGROUND, "wiener")
    assert trust(y, lifted, BLUR, classical=rl, sigma=5.0).disagreement.map.max() < 1e-4
    assert trust(y, rl, BLUR, classical=lifted, sigma=5.0).disagreement.map.max() < 1e-4
    bare = trust(y, rl, BLUR, classical=rl.data, sigma=5.0)
    assert bare.disagreement.median == 0
    assert bare.against == "the classical result"


def test_each_map_is_a_layer_with_limits_that_do_not_follow_it(made):
    y, rl, w, rough = made
    found = trust(y, rough, BLUR, classical=rl, spread=np.ones(y.shape), camera=PHOTONS_ONLY)
    names = [name for name, _, _ in found.layers()]
    assert names == [
        "contradicts the image (χ²)",
        "not supported by the data",
        "differs from Richardson-Lucy (σ)",
        "varies when turned",
    ]
    for _, data, options in found.layers():
        assert data.shape == y.shape
        assert data.dtype == np.float32
        low, high = options["contrast_limits"]
        assert low < high
        assert options["colormap"] in ("magma", "PiYG")
    assert len(trust(y, w, BLUR, sigma=5.0).layers()) == 2
    flat = replace(found, span=0.0)
    assert all(options["contrast_limits"][0] < options["contrast_limits"][1] for *_, options in flat.layers())


def test_numbers_are_fit_for_json(made):
    y, rl, w, _ = made
    told = json.loads(json.dumps(trust(y, rl, BLUR, classical=w, sigma=5.0).to_dict(), allow_nan=False))
    assert told["against"] == "the Wiener filter"
    assert told["spread"] is None
    assert told["noise"] == "standard deviation of the noise: given"
    bare = trust(y, rl, BLUR, sigma=5.0).to_dict()
    assert bare["disagreement"] is None
    assert bare["against"] is None


def test_what_spread_found_is_taken_as_it_is(made):
    y, _, w, _ = made
    for state in spread(lambda image, k: wiener(image, Blur(k, image.shape), balance=0.01)[0], y, BLUR):
        found = state
    assert trust(y, w, BLUR, spread=found, sigma=5.0).turned < 0.1


def test_a_frame_of_a_series_is_judged_alone(made):
    y, rl, w, _ = made
    series, results, others = (np.stack([a, b]) for a, b in ((y * 0 + 1, y), (y * 0, rl.data), (y * 0, w.data)))
    one = trust(y, rl.data, BLUR, classical=w.data, background=BACKGROUND, camera=PHOTONS_ONLY)
    found = trust(
        series, results, BLUR, classical=others, frame=(1,), background=BACKGROUND, camera=PHOTONS_ONLY, spread=w.data
    )
    assert found.unsupported.ratio == one.unsupported.ratio
    assert found.disagreement.median == one.disagreement.median
    assert found.spread.shape == y.shape


def test_ignored_pixels_do_not_count(made):
    y, rl, _, _ = made
    mask = np.zeros(y.shape, bool)
    mask[50:54, 60:64] = True
    spoilt = np.where(mask, y.max() * 3 + np.arange(112), y)
    clean = trust(y, rl, BLUR, camera=PHOTONS_ONLY)
    masked = trust(spoilt, rl, BLUR, camera=PHOTONS_ONLY, mask=mask)
    counted = trust(spoilt, rl, BLUR, camera=PHOTONS_ONLY)
    assert masked.unsupported.ratio == pytest.approx(clean.unsupported.ratio, rel=0.05)
    assert masked.fidelity.flagged < counted.fidelity.flagged
    assert masked.fidelity.flagged == pytest.approx(clean.fidelity.flagged, abs=0.005)


def test_photographs_are_judged_in_linear_light(made):
    y, rl, _, _ = made
    top = 1.1 * max(y.max(), rl.data.max())
    light, sharp = (np.repeat((v / top).astype(np.float32)[..., None], 3, -1) for v in (y, rl.data + BACKGROUND))
    like = Image(np.zeros(light.shape, np.uint16), "YXS", None, "srgb")
    encoded = [like.with_data(to_encoded(v, like)[0]) for v in (light, sharp)]
    found = trust(*encoded, BLUR, frame=(1,), boundary="reflect")
    linear = trust(light[..., 1], sharp[..., 1], BLUR, boundary="reflect", sigma=found.fidelity.sigma)
    assert found.unsupported.ratio == pytest.approx(linear.unsupported.ratio, rel=0.01)
    assert found.fidelity.noise.startswith("finest detail of the residual")
    with pytest.raises(ValueError, match="gamma-encoded photograph"):
        assess(*encoded, BLUR)


def test_an_image_with_negative_pixels_is_judged_as_if_it_had_none(made):
    """Pictures from which a background was taken off."""
    y, _, w, _ = made
    lowered, raised = (trust(y - shift, w.data - shift, BLUR, sigma=5.0, boundary="extended") for shift in (60.0, 0.0))
    assert np.isfinite(lowered.fidelity.map).all()
    assert lowered.fidelity.chi_square == pytest.approx(raised.fidelity.chi_square, rel=0.2)
    assert lowered.unsupported.ratio == pytest.approx(raised.unsupported.ratio, rel=0.01)


def test_stacks_are_judged_on_their_voxels():
    rng = np.random.default_rng(1)
    blur = psf.PSF(psf.gaussian((1.5, 2.0, 2.0)).data, (0.3, 0.1, 0.1), "um")
    y = Image(seen(lines((16, 48, 48), rng), blur, 500, rng), "ZYX", (0.3, 0.1, 0.1))
    w, _ = wiener(y.data, Blur(blur, y.data.shape), balance=0.01)
    found = trust(y, y.with_data(w), blur, camera=PHOTONS_ONLY, boundary="reflect")
    assert found.unsupported.ratio == unsupported(y.data, w, blur, found.fidelity.sigma, spacing=(0.3, 0.1, 0.1)).ratio
    assert found.unsupported.ratio < 0.02


def test_disagreement_is_in_units_of_the_noise():
    found = disagreement(np.full((4, 4), 12.0), np.full((4, 4), 9), np.full((4, 4), 1.5))
    assert found.median == 2
    assert found.map.dtype == np.float32
    with pytest.raises(ValueError, match="both are of one image"):
        disagreement(np.eye(4), np.eye(5), 1.0)
    with pytest.raises(ValueError, match="classical result has 16 NaN"):
        disagreement(np.eye(4), np.full((4, 4), np.nan), 1.0)


def test_what_does_not_fit_is_refused_in_words(made):
    y, rl, _, _ = made
    with pytest.raises(ValueError, match="classical result has shape"):
        trust(y, rl, BLUR, classical=np.eye(9), sigma=5.0)
    with pytest.raises(ValueError, match="spread has shape"):
        trust(y, rl, BLUR, spread=np.eye(9), sigma=5.0)
    with pytest.raises(ValueError, match="sigma has shape"):
        trust(y, rl, BLUR, sigma=np.ones(3))


def test_the_caveat_is_one_sentence():
    assert "can invent detail" in LEARNED_CAVEAT
    assert LEARNED_CAVEAT.endswith(".")
    assert LEARNED_CAVEAT.count(".") == 1


@pytest.mark.parametrize("module", ["spread", "domain"])
def test_examples_in_docstrings_run(module):
    assert doctest.testmod(importlib.import_module(f"napari_deconv.quality.{module}")).failed == 0
