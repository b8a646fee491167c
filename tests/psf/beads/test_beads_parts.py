"""Parts of bead averaging with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from napari_deconv.psf.beads.align import match, shifted
from napari_deconv.psf.beads.average import robust_mean
from napari_deconv.psf.beads.clean import faint_light, ground, no_brighter_than_focus
from napari_deconv.psf.beads.diameter import ball, steps_for, without_ball
from napari_deconv.psf.beads.symmetry import radial
from napari_deconv.psf.width import width_of_line


def bell(
    shape: tuple[int, ...], width: float = 2.0, off: float = 0.0
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    grid = np.meshgrid(*(np.arange(n) - n // 2 - off for n in shape), indexing="ij")
    found: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = np.exp(-sum(g**2 for g in grid) / (2 * width**2))
    return found


@pytest.mark.parametrize("diameter", [0.15, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("spacing", [(0.2, 0.065, 0.065), (0.1, 0.08)])
def test_ball_has_the_variance_of_a_ball_and_sum_one(diameter: float, spacing: tuple[float, ...]) -> None:
    found = ball(diameter, spacing)
    assert found.sum() == pytest.approx(1)
    for axis, step in enumerate(spacing):
        line = found.sum(axis=tuple(a for a in range(found.ndim) if a != axis))
        places = (np.arange(len(line)) - len(line) // 2) * step
        assert line @ places**2 == pytest.approx(diameter**2 / 20, rel=0.1)


def test_ball_much_smaller_than_a_voxel_is_a_point() -> None:
    found = ball(0.01, (0.2, 0.1, 0.1))
    assert found.max() == pytest.approx(1)


def test_larger_balls_and_sharper_images_take_more_steps() -> None:
    assert steps_for(0.1, 0.25) <= steps_for(0.2, 0.25) < steps_for(0.3, 0.25) <= 40


def test_without_ball_keeps_light_and_narrows() -> None:
    from scipy.ndimage import convolve

    point = bell((15, 31, 31))
    image = convolve(point, ball(4.0, (1.0, 1.0, 1.0)))
    ticks: list[int] = []
    found = without_ball(image, 4.0, (1.0, 1.0, 1.0), 5.5, lambda: ticks.append(1), [])
    assert found.sum() == pytest.approx(image.sum(), rel=1e-3)
    middle = (7, 15, 15)
    assert abs(found[middle] - point[middle]) < 0.2 * abs(image[middle] - point[middle])
    assert ticks


@pytest.mark.parametrize(("diameter", "width"), [(1.2, 2.0), (2.0, 2.0), (2.6, 2.5)])
def test_ball_as_wide_as_a_psf_of_few_samples_is_taken_out(diameter: float, width: float) -> None:
    """The image is made on a grid seven times finer, where the ball is what it is."""
    from scipy.ndimage import gaussian_filter

    away = np.linalg.norm(np.meshgrid(*(np.arange(-52, 53) / 7,) * 3, indexing="ij"), axis=0)
    sharp = gaussian_filter((away <= diameter / 2).astype(float), 7 * width / 2.3548)
    image = sharp[3::7, 3::7, 3::7]
    found = without_ball(image, diameter, (1.0, 1.0, 1.0), width_of_line(image[7, 7], 7) or 0.0, lambda: None, [])
    assert [width_of_line(line, 7) for line in (found[7, :, 7], found[7, 7])] == pytest.approx([width] * 2, rel=0.022)


@pytest.mark.parametrize("by", [0.1, 0.3, -0.45])
def test_shift_is_found_again(by: float) -> None:
    template = bell((17, 17, 17))
    box = 7 * shifted(template, (by, 0.0, -by)) + 3
    total = np.zeros(3)
    for _ in range(4):
        total += match(shifted(box, tuple(-total)), template).shift
    assert total == pytest.approx((by, 0.0, -by), abs=2e-3)


def test_shifted_bell_is_the_bell_elsewhere() -> None:
    np.testing.assert_allclose(shifted(bell((31, 31)), (0.4, 0.4)), bell((31, 31), off=0.4), atol=1e-4)


def test_one_wrong_box_does_not_move_the_mean() -> None:
    rng = np.random.default_rng(2)
    boxes = (bell((7, 11, 11)) + rng.normal(0, 0.01, (10, 7, 11, 11))).astype(np.float32)
    boxes[3] += 5
    assert np.abs(robust_mean(boxes, np.ones(10)) - bell((7, 11, 11))).max() < 0.03


def test_ground_finds_offset_and_drift() -> None:
    rng = np.random.default_rng(3)
    drift = 0.002 * (np.arange(21) - 10)[:, None, None]
    box = bell((21, 41, 41)) + 0.3 + drift + rng.normal(0, 0.003, (21, 41, 41))
    found = ground(box, (0.2, 0.1, 0.1), (4.7, 4.7, 4.7))
    assert found.level == pytest.approx(0.3, abs=1e-3)
    assert found.drift == pytest.approx(0.002, abs=1e-4)
    assert found.noise == pytest.approx(0.003, rel=0.2)


def cones() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Light of a widefield microscope: every plane holds the same, ever wider."""
    planes = [bell((31, 31), 2 + abs(z) / 3) for z in range(-10, 11)]
    return np.stack([plane / plane.sum() for plane in planes])


@pytest.mark.parametrize("end", [slice(None), slice(None, None, -1)])
def test_light_of_a_lamp_that_warms_up_is_taken_out(end: slice) -> None:
    truth, notes = cones()[end], list[str]()
    box = truth.copy()
    box[end][:3] += np.array([0.002, 0.001, 0.0003])[:, None, None]  # 1.9, 1.0, 0.3 times the light of a plane
    found = no_brighter_than_focus(box, (5.0, 4.7, 4.7), notes)
    assert np.abs(found - truth).sum(axis=(1, 2)).max() < 0.02
    assert len(notes) == 1
    assert notes[0].startswith("3 plane(s) had up to 191%")


def test_even_planes_stay_as_they_are_beside_a_dark_one_too() -> None:
    box, notes = cones(), list[str]()
    box[4] *= 0.5
    np.testing.assert_array_equal(no_brighter_than_focus(box, (5.0, 4.7, 4.7), notes), box)
    assert not notes


def test_noise_is_not_taken_for_light_and_faint_light_is_kept() -> None:
    rng = np.random.default_rng(4)
    truth = bell((21, 61, 61)) + 0.02 * bell((21, 61, 61), 7.0)
    noisy = truth + rng.normal(0, 0.01, truth.shape)
    found, _ = faint_light(noisy, (0.2, 0.1, 0.1), (4.7, 4.7, 4.7))
    clipped = np.maximum(noisy, 0)
    assert found.min() >= 0
    assert abs(found.sum() / truth.sum() - 1) < 0.15
    assert clipped.sum() / truth.sum() > 1.8


@pytest.mark.parametrize("spacing", [(0.1, 0.1), (0.1, 0.13), (0.2, 0.1, 0.1)])
def test_radial_average_depends_on_the_radius_alone(spacing: tuple[float, ...]) -> None:
    rng = np.random.default_rng(5)
    shape = (5, 31, 29)[-len(spacing) :]
    found = radial(bell(shape) + 0.1 * rng.random(shape), spacing)
    y, x = (np.arange(n) - n // 2 for n in shape[-2:])
    r = np.hypot(y[:, None] * spacing[-2], x * spacing[-1])
    plane = found if found.ndim == 2 else found[2]
    for value in np.unique(np.round(r, 9)):
        same = plane[np.isclose(r, value)]
        assert np.ptp(same) < 1e-9


def test_radial_average_leaves_round_things_alone() -> None:
    np.testing.assert_allclose(radial(bell((31, 31)), (0.1, 0.1)), bell((31, 31)), atol=2e-3)
