"""From pictures of beads to a PSF: what is accepted, what is rejected and why, how true the average is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_deconv.io import Image
from napari_deconv.psf.beads import Beads, find, measure
from napari_deconv.psf.beads.diameter import ball

SPACING = (0.2, 0.08, 0.1)
SIGMA = (0.28, 0.11, 0.11)  # micrometres
FWHM = tuple(2.3548 * s for s in SIGMA)
SHAPE = (27, 120, 120)
PLACES = [(13.2, 25.4, 25.1), (12.7, 25.8, 60.5), (13.4, 26.3, 94.6), (13.0, 61.5, 24.7), (12.6, 95.2, 25.3)]
PLACES += [(13.3, 94.5, 60.2), (12.9, 60.4, 94.8), (13.1, 95.6, 95.5)]
MIDDLE = (13.0, 60.3, 60.2)
CROP = (4.2, 2.1, 2.1)

Array = NDArray[Any]


def blob(shape: tuple[int, ...], place: tuple[float, ...], widen: float = 1.0) -> Array:
    """A Gaussian of height 1."""
    lines = [
        np.exp(-0.5 * ((np.arange(n) - p) * s / (widen * w)) ** 2)
        for n, p, s, w in zip(shape, place, SPACING[-len(shape) :], SIGMA[-len(shape) :], strict=True)
    ]
    found: Array = lines[0]
    for line in lines[1:]:
        found = np.multiply.outer(found, line)
    return found


def scene(places: Sequence[tuple[float, ...]], shape: tuple[int, ...] = SHAPE, height: float = 2000.0) -> Array:
    """Beads without noise."""
    return sum((height * blob(shape, p) for p in places), start=np.zeros(shape))


def seen(light: Array, seed: int = 0) -> NDArray[np.uint16]:
    rng = np.random.default_rng(seed)
    return np.clip(np.rint(rng.poisson(light + 5) + 100 + rng.normal(0, 2, light.shape)), 0, 65535).astype(np.uint16)


def fate(found: Beads, place: tuple[float, ...]) -> str:
    """Kind of reason of the bead nearest to a place."""
    away = [np.linalg.norm(np.subtract(b.position, place)) for b in found.beads]
    return found.beads[int(np.argmin(away))].kind


@pytest.fixture(scope="module")
def good() -> Beads:
    return measure(seen(scene(PLACES)), spacing=SPACING)


def test_beads_are_found_where_they_are() -> None:
    found = find(seen(scene(PLACES)), SPACING)
    assert found.shape == (8, 3)
    for place in PLACES:
        assert np.abs(found - place).max(axis=1).min() < 1


def test_nothing_is_found_twice_around_a_bright_bead_with_rings() -> None:
    y, x = np.mgrid[:101, :101] - 50.0
    r = np.hypot(y, x) / 4
    airy = (np.sinc(r / 2) ** 2) * 30000
    assert len(find(seen(airy), (0.1, 0.1))) == 1


def test_contract_of_the_result(good: Beads) -> None:
    data = good.psf.data
    assert data.dtype == np.float32
    assert all(n % 2 for n in data.shape)
    assert data.min() >= 0
    assert data.sum(dtype=np.float64) == pytest.approx(1, abs=1e-5)
    assert np.unravel_index(int(data.argmax()), data.shape) == tuple(n // 2 for n in data.shape)
    assert (good.psf.unit, good.psf.spacing) == ("um", SPACING)
    assert good.psf.info["model"] == "beads"
    assert good.psf.info["beads"]["used"] == sum(b.accepted for b in good.beads) >= 6
    assert good.rejected == good.psf.info["beads"]["rejected"]
    assert good.psf.info["repairs"]


def test_widths_are_within_three_percent_and_know_their_error(good: Beads) -> None:
    assert good.fwhm == pytest.approx(FWHM, rel=0.03)
    assert all(0 < u < 0.02 * w for u, w in zip(good.uncertainty, good.fwhm, strict=True))


def test_positions_are_right_between_the_voxels(good: Beads) -> None:
    for place in PLACES:
        assert min(np.abs(np.subtract(b.position, place)).max() for b in good.beads) < 0.05


def test_tails_carry_no_light_made_of_noise(good: Beads) -> None:
    truth = blob(good.psf.shape, tuple(float(n // 2) for n in good.psf.shape))
    assert np.linalg.norm(good.psf.data - truth / truth.sum()) < 0.03 * np.linalg.norm(truth / truth.sum())
    assert good.psf.data[truth < 1e-4].sum() < 0.01


def test_alignment_between_the_voxels_is_better_than_none() -> None:
    image = scene([(4.5, 12.5 + 25 * i, 12.0 + 0.5 * (i % 2)) for i in range(4)], (9, 100, 25))
    found = measure(seen(image), spacing=SPACING, crop=(1.4, 1.6, 1.6))
    coarse = np.sum([image[1:8, 3 + 25 * i : 22 + 25 * i, 3:22] for i in range(4)], axis=0)
    half = tuple(n // 2 for n in found.psf.shape)
    truth = blob(found.psf.shape, tuple(map(float, half)))
    around = tuple(slice(n // 2 - 3, n // 2 + 4) for n in truth.shape)
    middle = tuple(slice(n // 2 - 3, n // 2 + 4) for n in coarse.shape)
    error, without = (
        np.linalg.norm(a / a.sum() - truth[around] / truth[around].sum())
        for a in (found.psf.data[around], coarse[middle])
    )
    assert error < 0.3 * without


def test_alignment_does_not_widen_a_psf_of_two_samples() -> None:
    light = sum((6000 * blob(SHAPE, p, 0.7) for p in PLACES), start=np.zeros(SHAPE))
    assert measure(seen(light), spacing=SPACING, crop=CROP).fwhm == pytest.approx([0.7 * w for w in FWHM], rel=0.02)


REASONS: dict[str, tuple[str, dict[str, Any]]] = {
    "saturated": ("saturated", {}),
    "crowded": ("crowded", {}),
    "edge": ("edge", {}),
    "dim": ("dim", {"min_snr": 100.0}),
    "badly fitted": ("badly fitted", {"min_r2": 0.97}),
    "odd width": ("odd width", {}),
    "NaN": ("not finite", {}),
}


@pytest.mark.parametrize("name", REASONS)
def test_every_bad_bead_is_rejected_for_its_reason_and_the_others_are_not(name: str) -> None:
    kind, keywords = REASONS[name]
    light, place = scene(PLACES), MIDDLE
    if name == "saturated":
        light += 50000 * blob(SHAPE, place)
    elif name == "edge":
        place = (13.0, 60.3, 5.2)
        light += 2000 * blob(SHAPE, place)
    elif name == "dim":
        light += 250 * blob(SHAPE, place)
    elif name == "odd width":
        light += 2000 * blob(SHAPE, place, 1.6)
    elif name == "badly fitted":
        light[11:16, 57:64:2, 57:64:2] += 1500
        light[13, 60, 60] += 2000
    elif name == "crowded":
        place = (13.0, 60.3, 57.2)
        light += 2000 * (blob(SHAPE, place) + blob(SHAPE, (13.2, 60.5, 63.8)))
    else:
        light += 2000 * blob(SHAPE, place)
    image = seen(np.minimum(light, 20000) if name == "saturated" else light).astype(np.float32)
    if name == "saturated":
        image = np.minimum(image, 15000)
    if name == "NaN":
        image[13, 60, 61] = np.nan
    found = measure(image, spacing=SPACING, crop=CROP, threshold=0.05, **keywords)
    assert fate(found, place) == kind
    assert [fate(found, p) for p in PLACES] == [""] * 8
    assert found.fwhm == pytest.approx(FWHM, rel=0.03)


def test_a_camera_that_ends_early_is_told_by_saturation() -> None:
    places = [*PLACES, MIDDLE]
    image = seen(scene(PLACES) + 3000 * blob(SHAPE, MIDDLE))
    assert fate(measure(image, spacing=SPACING, crop=CROP), MIDDLE) == ""
    found = measure(image, spacing=SPACING, crop=CROP, saturation=2700)
    assert [fate(found, p) for p in places] == [""] * 8 + ["saturated"]


def test_one_absurd_point_among_good_ones_does_not_end_the_run() -> None:
    image = seen(scene(PLACES)).astype(np.float64)
    image[:, 52:70, 52:70] = 105.0
    points = [*PLACES, MIDDLE, (500.0, 3.0, 3.0), PLACES[0]]
    found = measure(image, points=points, spacing=SPACING, crop=CROP)
    assert [b.accepted for b in found.beads] == [True] * 8 + [False] * 3
    assert [b.kind for b in found.beads[8:]] == ["badly fitted", "edge", "duplicate"]


def test_a_fit_that_breaks_becomes_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_deconv.psf.beads import reject

    real = reject.noise_around

    def broken(stack: Any, centre: tuple[float, ...], width: tuple[float, ...]) -> float:
        if np.abs(np.subtract(centre, PLACES[0])).max() < 1:
            raise FloatingPointError("absurd")
        return real(stack, centre, width)

    monkeypatch.setattr(reject, "noise_around", broken)
    found = measure(seen(scene(PLACES)), spacing=SPACING, crop=CROP)
    assert sum(b.accepted for b in found.beads) == 7
    assert [b.reason for b in found.beads if not b.accepted] == ["badly fitted: FloatingPointError: absurd"]


def test_several_images_and_points_without_a_plane() -> None:
    image = seen(scene(PLACES))
    halves = [Image(image[:, :80], "ZYX", SPACING), Image(image[:, 80:], "ZYX", SPACING)]
    points = [[p[1:] for p in PLACES if p[1] < 80], [(p[1] - 80, p[2]) for p in PLACES if p[1] > 80]]
    found = measure(halves, points=[np.array(p) for p in points], crop=(4.2, 1.8, 1.8))
    assert [b.image for b in found.beads] == [0] * 5 + [1] * 3
    assert all(b.accepted for b in found.beads)
    assert found.fwhm == pytest.approx(FWHM, rel=0.03)


def test_planes_give_a_plane() -> None:
    light = scene([p[1:] for p in PLACES], SHAPE[1:])
    found = measure(seen(light), spacing=SPACING[1:])
    assert found.psf.ndim == 2
    assert found.fwhm == pytest.approx(FWHM[1:], rel=0.03)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64", ">f4"])
def test_dtype_and_memory_order_do_not_matter_and_the_image_stays_as_it_was(dtype: str) -> None:
    light = scene([p[1:] for p in PLACES], SHAPE[1:], 120)
    image = np.asfortranarray(np.rint(light + 20).astype(dtype))
    before = image.copy()
    found = measure(image, spacing=SPACING[1:])
    assert found.fwhm == pytest.approx(FWHM[1:], rel=0.03)
    np.testing.assert_array_equal(image, before)


def test_light_of_neighbours_beside_the_crop_does_not_spoil_the_average() -> None:
    def haze(place: tuple[float, ...], shape: tuple[int, ...] = SHAPE) -> Array:
        return np.asarray(4000 * blob(shape, place) + 400 * blob(shape, place, 2.5))

    places = [(13.1, 30.2 + 30 * (i // 5), 20.3 + 19.2 * (i % 5)) for i in range(15)]
    image = seen(sum((haze(p) for p in places), start=np.zeros(SHAPE)))
    data = measure(image, spacing=SPACING, crop=(4.2, 2.5, 2.5)).psf.data
    truth = haze(tuple(n / 2 - 0.5 for n in data.shape), data.shape)
    assert np.linalg.norm(data - truth / truth.sum()) < 0.05 * np.linalg.norm(truth / truth.sum())


def test_diameter_deconvolved_narrows_towards_the_truth() -> None:
    from scipy.ndimage import convolve

    image = seen(convolve(scene(PLACES, height=4000), ball(0.2, SPACING)))
    raw = measure(image, spacing=SPACING, crop=CROP)
    sharp = measure(image, spacing=SPACING, crop=CROP, diameter=0.2)
    assert raw.fwhm[1] > 1.05 * FWHM[1]
    assert sharp.fwhm == pytest.approx(FWHM, rel=0.03)
    assert any("diameter" in r for r in sharp.psf.info["repairs"])


def test_radial_average_is_symmetric() -> None:
    light = scene(PLACES)
    for z, y, x in PLACES:
        light += 300 * blob(SHAPE, (z, y + 4, x))
    found = measure(seen(light), spacing=SPACING, crop=CROP, radial=True)
    data = found.psf.data
    np.testing.assert_allclose(data, data[:, ::-1], atol=1e-4 * data.max())
    np.testing.assert_allclose(data, data[:, :, ::-1], atol=1e-4 * data.max())
    assert found.fwhm[1] == pytest.approx(found.fwhm[2], rel=0.03)


def test_progress_is_told_and_ends_the_work() -> None:
    image, steps = seen(scene(PLACES)), []
    measure(image, spacing=SPACING, crop=CROP, progress=lambda done, total: steps.append((done, total)))
    assert steps == sorted(steps)
    assert steps[-1] == (100, 100)
    assert len({done for done, _ in steps}) > 20

    class Stop(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done > 18:
            raise Stop

    with pytest.raises(Stop):
        measure(image, spacing=SPACING, crop=CROP, progress=stop)


def test_no_bead_left_says_how_many_were_rejected_why_and_what_to_do() -> None:
    image = np.minimum(seen(scene(PLACES)), 900)
    with pytest.raises(ValueError, match=r"no bead can be used of 8 \(8 saturated.*less light"):
        measure(image, spacing=SPACING)


IMAGE = seen(scene(PLACES[:1], (9, 40, 40)))


@pytest.mark.parametrize(
    ("image", "keywords", "message"),
    [
        (IMAGE, {}, "voxel size .* unknown.*no default"),
        (IMAGE, {"spacing": (65.0, 65.0, 200.0)}, "in micrometres; did you mean"),
        (IMAGE, {"spacing": (0.1, 0.1)}, "spacing needs 3 numbers"),
        ([], {"spacing": SPACING}, "no image was given"),
        (np.zeros((9, 20, 20)), {"spacing": SPACING}, "constant"),
        (np.full((9, 20, 20), np.nan), {"spacing": SPACING}, "no finite number"),
        (np.zeros((3, 9, 20, 20)), {"spacing": SPACING}, "4 axes"),
        (np.zeros((2, 20, 20)), {"spacing": SPACING}, "need at least"),
        (np.ma.masked_less(IMAGE, 100), {"spacing": SPACING}, "masked"),
        (Image(np.zeros((2, 9, 20, 20)), "CZYX", SPACING), {}, "2 channels"),
        ([IMAGE, IMAGE[0]], {"spacing": SPACING}, "different numbers of axes"),
        ([Image(IMAGE, "ZYX", SPACING), Image(IMAGE, "ZYX", (0.3, 0.1, 0.1))], {}, "different voxel sizes"),
        (IMAGE, {"spacing": SPACING, "diameter": 200}, "did you mean 0.2"),
        (IMAGE, {"spacing": SPACING, "diameter": 0}, "positive number"),
        (IMAGE, {"spacing": SPACING, "min_r2": 2}, "min_r2"),
        (IMAGE, {"spacing": SPACING, "threshold": -1}, "threshold"),
        (IMAGE, {"spacing": SPACING, "points": [[1.0]]}, "points have shape"),
        (IMAGE, {"spacing": SPACING, "points": [[1.0, 2.0, np.nan]]}, "finite"),
        ([IMAGE, IMAGE], {"spacing": SPACING, "points": [[[1.0, 2.0, 2.0]]]}, "points for 1 images"),
        (seen(np.zeros((9, 40, 40))), {"spacing": SPACING}, "no bead|nothing stands out"),
    ],
)
def test_bad_input_is_refused_in_words(image: Any, keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        measure(image, **keywords)
