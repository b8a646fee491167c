"""Richardson-Lucy with total variation: the contracts of docs/architecture.md, its gradient, its weight."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.ndimage import center_of_mass, gaussian_filter

from backends import EVERY_BACKEND, EVERY_BOUNDARY, home, kernel, on, scene
from napari_deconv import psf
from napari_deconv.operators import Blur
from napari_deconv.solvers import automatic_regularization, richardson_lucy, richardson_lucy_tv

CASES = pytest.mark.parametrize(("shape", "size"), [((33, 40), (7, 8)), ((12, 17, 16), (5, 6, 7)), ((64,), (9,))])


def after(y, H, steps, weight=0.02, **options):
    """The estimate after some steps."""
    iterates = richardson_lucy_tv(y, H, regularization=weight, **options)
    return next(itertools.islice(iterates, steps - 1, None)).snapshot()


def disk(photons, seed=0):
    """A disk of even brightness in a haze: the truth, the photons seen of it, and the blur."""
    rows, columns = np.indices((64, 64)) - 32
    truth = photons * (0.1 + gaussian_filter((rows**2 + columns**2 < 300).astype(float), 0.5))
    H = Blur(psf.gaussian((2.0, 2.0)), truth.shape, boundary="periodic")
    light = np.maximum(H.forward(truth.astype(np.float32)), 0)
    return truth, np.random.default_rng(seed).poisson(light).astype(np.float32), H


def factor(x, weight, sides, epsilon):
    """1 - weight * divergence of the unit gradient on a ring; the definition, in double precision."""
    ahead = [(np.roll(x, -1, axis) - x) / side for axis, side in enumerate(sides)]
    length = np.sqrt(sum(g**2 for g in ahead) + (2 * x.ndim * weight * x) ** 2 + epsilon**2)
    units = [g / length for g in ahead]
    bend = sum((u - np.roll(u, 1, axis)) / side for axis, (u, side) in enumerate(zip(units, sides, strict=True)))
    return np.clip(1 - weight * bend, 0.1, 10)


@pytest.mark.parametrize("spacing", [None, (0.4, 0.1)])
@pytest.mark.parametrize("weight", [0.005, 0.5])
def test_is_the_published_algorithm(spacing, weight):
    y = scene((31, 24)).astype(float)
    H = Blur(kernel((5, 4)), y.shape, boundary="periodic", dtype="float64")
    x, sides = np.full(y.shape, y.mean() - 3), (1.0, 1.0) if spacing is None else (4.0, 1.0)
    epsilon = 1e-3 * x[0, 0]
    for _ in range(6):
        x = x / factor(x, weight, sides, epsilon) * H.adjoint(y / (H.forward(x) + 3))
    assert np.allclose(after(y, H, 6, weight, spacing=spacing, background=3.0), x, rtol=1e-9)


def test_weight_zero_is_richardson_lucy():
    y = scene((20, 31))
    H = Blur(kernel((5, 4)), y.shape)
    plain = next(itertools.islice(richardson_lucy(y, H), 9, None)).snapshot()
    assert np.allclose(after(y, H, 10, 0), plain, rtol=1e-5)


@pytest.mark.parametrize("boundary", ["extended", "reflect"])
def test_a_sphere_is_drawn_in_alike_on_voxels_of_any_depth(boundary):
    """Sampled every 1 or every 3 along z, and told so, the same object gives the same planes."""
    z, rows, columns = np.indices((39, 26, 26)) - np.array([19, 13, 13])[:, None, None, None]
    ball = (10 + 90 * np.exp(-((z**2 + rows**2 + columns**2) / 60.0))).astype(np.float32)
    delta = np.ones((1, 1, 1))
    fine = after(ball, Blur(delta, ball.shape, boundary=boundary), 5, 0.3, spacing=(1, 1, 1))[1::3]
    flat = ball[1::3]
    told, untold = (
        after(flat, Blur(delta, flat.shape, boundary=boundary), 5, 0.3, spacing=spacing)
        for spacing in ((0.3, 0.1, 0.1), None)
    )
    away = [float(np.abs(v[:13, 2:24, 2:24] - fine[:13, 2:24, 2:24]).mean()) for v in (told, untold)]
    assert away[0] < 0.35 * away[1]


def test_units_of_spacing_do_not_matter():
    y = scene((8, 12, 14))
    H = Blur(kernel((3, 4, 5)), y.shape)
    assert np.allclose(after(y, H, 5, spacing=(300, 100, 100)), after(y, H, 5, spacing=(0.3, 0.1, 0.1)), rtol=1e-5)


@EVERY_BOUNDARY
@CASES
def test_flat_stays_flat_in_every_voxel_for_thirty_steps(boundary, shape, size):
    H = Blur(kernel(size), shape, boundary=boundary)
    assert np.abs(H.crop(after(np.full(shape, 7.0, np.float32), H, 30)) / 7 - 1).max() < 1e-4


@pytest.mark.parametrize("size", [(7, 7), (6, 8), (5, 4)])
@EVERY_BOUNDARY
def test_nothing_moves_odd_or_even_psf(boundary, size):
    truth = np.full((41, 43), 1.0, np.float32)
    truth[20, 21] = 5000
    cross = np.zeros(size)
    for step in ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)):
        cross[size[0] // 2 + step[0], size[1] // 2 + step[1]] = 0.2
    y = Blur(cross, truth.shape, boundary="periodic").forward(truth)
    H = Blur(cross, truth.shape, boundary=boundary)
    peak = np.maximum(H.crop(after(y, H, 30, 0.003)) - 2, 0)[10:31, 10:33]
    assert np.abs(np.array(center_of_mass(peak)) - (10, 11)).max() < 0.02


def test_dark_corner_of_a_bright_image_keeps_its_value():
    blur = psf.gaussian((6.0, 6.0))
    truth = np.full((200, 200), 100, np.float32)
    truth[:100, :100] = 5
    y = Blur(blur, truth.shape, boundary="reflect").forward(truth)[24:150, 24:150]
    H = Blur(blur, y.shape)
    assert np.abs(H.crop(after(y, H, 30, 0.01))[:6, :6] / 5 - 1).max() < 0.1


def test_scales_with_its_image():
    _, y, H = disk(100)
    assert np.allclose(after(y * 1000, H, 10), 1000 * after(y, H, 10), rtol=1e-3)


def test_even_places_are_smoother_and_the_object_nearer_than_without():
    truth, y, H = disk(30)
    rows, columns = np.indices(y.shape) - 32
    dark = rows**2 + columns**2 > 600
    plain, smooth = (after(y, H, 60, weight) for weight in (0, automatic_regularization(y, H)))
    assert smooth[dark].std() < 0.5 * plain[dark].std()
    assert np.abs(smooth - truth).mean() < 0.7 * np.abs(plain - truth).mean()


def test_the_automatic_weight_falls_with_the_photons():
    few, many = (automatic_regularization(*disk(photons)[1:]) for photons in (20, 20000))
    assert few > many
    assert many <= 0.01


def test_the_automatic_weight_is_the_same_for_photons_and_for_counts_of_known_gain():
    _, y, H = disk(50)
    counts = automatic_regularization(y, H)
    assert counts > 0
    assert automatic_regularization(y * 4, H, gain=0.25) == counts


def test_auto_is_the_automatic_weight():
    _, y, H = disk(50)
    assert np.array_equal(after(y, H, 3, "auto"), after(y, H, 3, automatic_regularization(y, H)))


@pytest.mark.parametrize(("gain", "said"), [(1e20, "a pixel would hold"), (1e-9, "photons above")])
def test_where_photons_cannot_be_counted_a_number_is_asked_for(gain, said):
    _, y, H = disk(50)
    for ask in (automatic_regularization, lambda *a, **o: next(richardson_lucy_tv(*a, **o))):
        with pytest.raises(ValueError, match=rf"{said}.*give the regularization as a number"):
            ask(y, H, gain=gain)


def test_an_empty_image_stays_finite():
    H = Blur(kernel((5, 5)), (16, 17))
    assert np.isfinite(after(np.zeros((16, 17), np.float32), H, 20)).all()


def test_the_automatic_weight_counts_photons_above_the_offset():
    _, y, H = disk(50)
    weights = [
        automatic_regularization(y + 100, H, background=background, **camera)
        for background, camera in ((100.0, {}), (100.0, {"offset": 100.0}), (np.full((64, 64), 100.0), {}))
    ]
    assert len(set(weights)) == 1
    with pytest.raises(ValueError, match="0 photons above the camera's offset"):
        automatic_regularization(y + 100, H, offset=500.0)


def test_the_automatic_weight_takes_read_noise_into_account():
    _, y, H = disk(50)
    noisy = y + 30 * np.random.default_rng(1).normal(size=y.shape).astype(np.float32) + 100
    found = automatic_regularization(noisy, H, background=100.0, read_noise=30.0)
    assert found > automatic_regularization(y + 100, H, background=100.0)


def test_masked_pixels_have_no_say_in_the_automatic_weight():
    _, y, _ = disk(50)
    mask = np.zeros(y.shape, bool)
    mask[:16] = True
    H = Blur(psf.gaussian((2.0, 2.0)), y.shape, mask=mask)
    clean, wild = (
        automatic_regularization(np.where(mask, v, y + 100).astype(np.float32), H, background=100.0) for v in (0, 1e12)
    )
    assert clean == wild


def test_a_huge_weight_stays_inside_the_guard():
    y = scene((20, 21))
    estimate = after(y, Blur(kernel((5, 5)), y.shape), 30, 50.0)
    assert np.isfinite(estimate).all()
    assert estimate.min() >= 0


def test_nothing_given_is_changed_and_snapshots_are_copies():
    _, y, H = disk(50)
    before, start = y.copy(), np.full(H.in_shape, 9, np.float32)
    steps = richardson_lucy_tv(y, H, regularization=0.01, x0=start)
    first = next(steps)
    kept = first.snapshot()
    copy = kept.copy()
    next(steps)
    assert (kept == copy).all()
    assert (y == before).all()
    assert (start == 9).all()
    assert np.allclose(after(y, H, 3, x0=9.0), after(y, H, 3, x0=start), rtol=1e-3)
    with pytest.raises(RuntimeError, match="iterate 1 is gone"):
        first.snapshot()


def test_watch_sees_the_prediction_of_the_estimate_that_enters():
    _, y, H = disk(50)
    seen = np.zeros(y.shape)

    def watch(prediction, part):
        seen[part] = prediction

    steps = richardson_lucy_tv(y, H, regularization=0.01, background=2.0, watch=watch)
    x = next(steps).snapshot()
    second = next(steps)
    assert np.allclose(seen, H.forward(x) + 2, rtol=1e-5)
    log = np.where(y > 0, y * np.log(np.maximum(y, 1) / seen), 0)
    assert second.divergence == pytest.approx(float((seen - y + log).sum()), rel=1e-4)


def test_a_masked_pixel_may_hold_anything():
    _, y, _ = disk(200)
    mask = np.zeros(y.shape, bool)
    mask[30:33, 30:33] = True
    H = Blur(psf.gaussian((2.0, 2.0)), y.shape, mask=mask)
    a, b = (H.crop(after(v, H, 10)) for v in (y, np.where(mask, 1.5 * y + 1, y).astype(np.float32)))
    far = np.abs(np.indices(y.shape) - 31).max(0) > 12
    assert np.abs(a - b)[far].max() < 0.01 * a.max()


@EVERY_BACKEND
@pytest.mark.parametrize(
    ("boundary", "weight"), [("extended", 0.02), ("reflect", 0.02), ("periodic", 0.02), ("extended", "auto")]
)
def test_backends_agree(backend, boundary, weight):
    y = scene((6, 11))
    reference, H = (Blur(kernel((3, 4)), y.shape, boundary=boundary, backend=b) for b in ("numpy", backend))
    expected = reference.crop(after(y, reference, 4, weight))
    found = home(backend, H.crop(after(on(backend, y), H, 4, weight)))
    assert np.abs(found - expected).max() < 1e-4 * expected.max()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"regularization": -0.1}, "regularization is -0.1"),
        ({"regularization": float("nan")}, "regularization is nan"),
        ({"spacing": (1.0,)}, "has 2 axes"),
        ({"spacing": (1.0, 0.0)}, "one positive voxel side"),
        ({"gain": 0.0}, "gain is a positive number"),
    ],
)
def test_errors_say_what_and_how_to_mend(options, words):
    y = scene((12, 13))
    with pytest.raises(ValueError, match=words):
        next(richardson_lucy_tv(y, Blur(kernel((3, 3)), y.shape), **options))
