"""The share of a result that the data cannot have told: none of a Wiener filter's, all of what was put in."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft
from scipy.signal import fftconvolve

from napari_deconv import psf
from napari_deconv.operators import Blur
from napari_deconv.quality import unsupported
from napari_deconv.quality.power import frequencies, object_power
from napari_deconv.solvers import wiener
from quality.scenes import lines, restored, seen

FLAT, DEEP = (161, 128), (20, 64, 63)
BEHIND = 0.3  # periods per sample; a Gaussian of 2 samples passes 8e-4 of it


def blur_of(shape):
    return psf.gaussian((2.0,) * len(shape))


def picture(shape, seed=0, photons=500):
    """Image, its Wiener estimate, and the mean noise."""
    rng = np.random.default_rng(seed)
    y = seen(lines(shape, rng, 15), blur_of(shape), photons, rng)
    return y, wiener(y, Blur(blur_of(shape), shape), balance=0.01)[0], np.sqrt(y.mean())


def texture(shape, rng, above=BEHIND):
    """Noise of variance 1 at frequencies that the blur does not pass."""
    lateral = [scipy.fft.fftfreq(n) for n in shape[:-1]] + [scipy.fft.rfftfreq(shape[-1])]
    radius = np.sqrt(sum(np.square(f) for f in np.meshgrid(*lateral, indexing="ij")))
    made = scipy.fft.irfftn(scipy.fft.rfftn(rng.standard_normal(shape)) * (radius > above), shape)
    return (made / made.std()).astype(np.float32)


@pytest.mark.parametrize("shape", [FLAT, DEEP])
def test_a_wiener_filter_shows_what_the_data_support(shape):
    y, x, sigma = picture(shape)
    found = unsupported(y, x, blur_of(shape), sigma)
    assert found.ratio < 0.01
    assert found.detail < 0.05
    assert found.map.std() < 0.05 * x.std()
    assert found.map.shape == shape
    assert found.map.dtype == np.float32


@pytest.mark.parametrize("strength", [0.2, 1.0])
@pytest.mark.parametrize("shape", [FLAT, DEEP])
def test_texture_behind_the_cutoff_is_counted_in_full(shape, strength):
    """The result has the energy 1 + strength² of the filter's, the texture's share is known."""
    y, x, sigma = picture(shape)
    made = strength * x.std() * texture(shape, np.random.default_rng(1))
    own = unsupported(y, x, blur_of(shape), sigma).ratio
    found = unsupported(y, x + made, blur_of(shape), sigma)
    assert found.ratio == pytest.approx((own + strength**2) / (1 + strength**2), rel=0.05)
    assert found.detail > found.ratio


def test_the_map_is_the_texture_where_it_was_put_and_little_elsewhere():
    y, x, sigma = picture(FLAT)
    made = 0.5 * x.std() * texture(FLAT, np.random.default_rng(2))
    made[:, :70] = 0
    found = unsupported(y, x + made, blur_of(FLAT), sigma).map
    assert np.corrcoef(found[:, 75:].ravel(), made[:, 75:].ravel())[0, 1] > 0.97
    assert found[:, 75:].std() == pytest.approx(made[:, 75:].std(), rel=0.1)
    assert found[:, :65].std() < 0.1 * made[:, 75:].std()


def test_more_iterations_write_more_that_the_data_do_not_support():
    y, _, sigma = picture(FLAT)
    shares = []
    for steps in (3, 10, 100):
        x, H = restored(y, blur_of(FLAT), steps)
        shares.append(unsupported(y, H.crop(x), blur_of(FLAT), sigma).ratio)
    assert shares[0] < 0.05
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.2


def test_a_result_cannot_vouch_for_itself():
    """What the data support follows from the image: the energy found grows as that of the texture."""
    y, x, sigma = picture(FLAT)
    made = x.std() * texture(FLAT, np.random.default_rng(3))
    energies = [
        np.sum(unsupported(y, x + strength * made, blur_of(FLAT), sigma).map.astype(float) ** 2)
        for strength in (1.0, 10.0)
    ]
    assert energies[1] / energies[0] == pytest.approx(100, rel=0.02)


def test_noise_has_nothing_to_support_anything():
    y = np.random.default_rng(4).normal(100, 10, (96, 96))
    assert unsupported(y, lines((96, 96), np.random.default_rng(5)), blur_of((96, 96)), 10.0).ratio > 0.9


@pytest.mark.parametrize("wrong", [0.75, 1.3])
def test_a_wrong_sigma_changes_little(wrong):
    y, x, sigma = picture(FLAT)
    x = x + 0.5 * x.std() * texture(FLAT, np.random.default_rng(6))
    right, other = (unsupported(y, x, blur_of(FLAT), sigma * factor).ratio for factor in (1, wrong))
    assert other == pytest.approx(right, rel=0.1)


def test_opposite_edges_that_do_not_fit_are_no_detail():
    """A picture that is dark on the left and bright on the right, where an FFT sees a jump."""
    rng = np.random.default_rng(7)
    slope = 100 + 900 * np.linspace(0, 1, 128) * np.ones((128, 1))
    y = rng.normal(slope, 5)
    found = unsupported(y, slope, blur_of(y.shape), 5.0)
    assert found.ratio < 1e-3
    assert abs(found.map).max() < 5.0
    jump = np.fft.fft(slope[0] - slope[0].mean())[20:-20]
    assert np.sum(abs(jump) ** 2) / 128 / np.sum((slope[0] - slope[0].mean()) ** 2) > 0.01


def test_structures_cut_off_by_the_edge_are_no_detail():
    y, x, sigma = picture(FLAT)
    found = abs(unsupported(y, x, blur_of(FLAT), sigma).map)
    assert found[:2].mean() < 3 * found[20:-20, 20:-20].mean()
    assert found[:, -2:].mean() < 3 * found[20:-20, 20:-20].mean()


@pytest.mark.parametrize(
    ("shape", "side"), [((400,), 15), ((40, 64), 90), ((31, 48), 1), ((3, 40, 33), 12), ((1, 40), 4)]
)
def test_any_shape_of_picture_and_psf(shape, side):
    rng = np.random.default_rng(8)
    kernel = rng.random((side,) * len(shape)).astype(np.float32)
    y = rng.poisson(50 + 50 * np.indices(shape).sum(0) % 17)
    found = unsupported(y, y, kernel / kernel.sum(), 7.0)
    assert found.map.shape == shape
    assert 0 <= found.ratio <= 1
    assert 0 <= found.detail <= 1.001


def test_units_and_argument_types_do_not_matter():
    y, x, sigma = picture(FLAT)
    kept = y.copy(), x.copy()
    kernel = blur_of(FLAT)
    one = unsupported(y, x, kernel, sigma)
    other = unsupported(
        2000 * y[::-1].astype(np.float64)[::-1], 2000 * x, kernel.data, np.full(FLAT, 2000 * sigma), spacing=(0.1, 0.1)
    )
    assert other.ratio == pytest.approx(one.ratio, rel=1e-3)
    np.testing.assert_allclose(other.map / 2000, one.map, atol=1e-3 * x.std())
    np.testing.assert_array_equal(y, kept[0])
    np.testing.assert_array_equal(x, kept[1])


def test_a_flat_result_has_nothing_unsupported():
    y, x, sigma = picture(FLAT)
    found = unsupported(y, np.full_like(x, 7), blur_of(FLAT), sigma)
    assert found.ratio == found.detail == 0
    assert not found.map.any()


@pytest.mark.parametrize("exponent", [0.0, 2.0, 4.0])
def test_the_power_of_an_object_is_found_in_its_image(exponent):
    """Random pictures with a known power law: within the data, and beyond, where it is continued."""
    rng, shape = np.random.default_rng(9), (256, 256)
    H = Blur(blur_of(shape), shape, boundary="periodic")
    f = np.maximum(frequencies(H, (1.0, 1.0), (slice(None), slice(None))), 1 / 256)
    S = (f / 0.1) ** -exponent
    truth = scipy.fft.irfftn(scipy.fft.rfftn(rng.standard_normal(shape)) * np.sqrt(S), shape).astype(np.float32)
    y = (H.forward(truth) + rng.normal(0, 0.1, shape)).astype(np.float32)
    found = object_power(y, H, np.full(shape, 0.01), (1.0, 1.0))
    assert 0.1 < found.finest < 0.25
    ratio = found.power * (found.frequency / 0.1) ** exponent
    inner = (found.frequency > 0.03) & (found.frequency <= found.finest)
    assert np.mean(ratio[inner]) == pytest.approx(1, abs=0.1)
    assert ratio[inner].min() > 0.5
    assert ratio[inner].max() < 2
    beyond = np.exp(np.interp(np.log(0.4), np.log(found.frequency), np.log(found.power)))
    assert 1 / 3 < beyond * 4**exponent < 3


def test_directions_that_the_blur_keeps_count_apart():
    """Motion along X takes the detail along X only: the same texture is made up in one direction, seen in the other."""
    rng, shape = np.random.default_rng(10), (128, 128)
    blur = psf.motion(15, 0)
    truth = 200 + 30 * texture(shape, rng, above=0.0) + 100 * lines(shape, rng)
    y = rng.normal(fftconvolve(np.pad(truth, 20, mode="symmetric"), blur.data, mode="same")[20:-20, 20:-20], 1.0)
    wave = 20 * np.sin(2 * np.pi * 0.36 * np.arange(128)) * np.ones((128, 1))
    along, across = (unsupported(y, 200 + w, blur, 1.0).ratio for w in (wave, wave.T))
    assert across < 0.02
    assert along > 10 * across


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"result": np.eye(20)}, r"result has shape \(20, 20\) but the image \(24, 24\)"),
        ({"result": np.full((24, 24), np.nan)}, "result has 576 NaN"),
        ({"image": np.full((24, 24), np.inf)}, "image has 576 NaN or infinite"),
        ({"sigma": 0.0}, "positive and finite; got 0"),
        ({"sigma": np.nan}, "positive and finite; got nan"),
        ({"sigma": -np.eye(24)}, "got values from -1 to -0"),
        ({"sigma": np.ones(3)}, r"sigma has shape \(3,\) but the image \(24, 24\)"),
        ({"spacing": (1.0, 0.0)}, "spacing has one positive number per axis"),
        ({"spacing": (1.0,)}, "spacing has one positive number per axis"),
        ({"psf": np.ones((3, 3, 3)) / 27}, "psf has 3 axes"),
    ],
)
def test_bad_input_is_refused_in_words(change, sentence):
    given = {
        "image": np.eye(24),
        "result": np.eye(24),
        "psf": psf.gaussian(1.5),
        "sigma": 0.1,
        "spacing": None,
        **change,
    }
    with pytest.raises(ValueError, match=sentence):
        unsupported(given["image"], given["result"], given["psf"], given["sigma"], spacing=given["spacing"])
