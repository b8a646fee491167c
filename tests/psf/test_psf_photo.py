"""Motion, paths and defocus: exact coverage, centred, sum 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from napari_deconv.psf import PSF, defocus, motion, path


def centre_of_mass(psf: PSF) -> np.ndarray[Any, np.dtype[np.float64]]:
    data = psf.data.astype(np.float64)
    grids = np.indices(data.shape)
    return np.array([(g * data).sum() / data.sum() - n // 2 for g, n in zip(grids, data.shape, strict=True)])


def assert_photo_contract(psf: PSF, within: float = 0.02) -> None:
    assert psf.data.dtype == np.float32
    assert psf.data.min() >= 0
    assert abs(float(psf.data.sum(dtype=np.float64)) - 1) < 1e-6
    assert psf.ndim == 2
    assert all(n % 2 for n in psf.shape)
    assert psf.unit == "px"
    assert np.abs(centre_of_mass(psf)).max() < within
    assert psf.info["energy"] == 1


@hypothesis_settings(max_examples=150)
@given(length=st.floats(0, 60), angle=st.floats(-720, 720))
def test_every_motion_keeps_the_contract(length: float, angle: float) -> None:
    psf = motion(length, angle)
    assert_photo_contract(psf)
    assert max(psf.shape) <= length + 2


@hypothesis_settings(max_examples=80)
@given(radius=st.floats(0, 40))
def test_every_defocus_keeps_the_contract(radius: float) -> None:
    psf = defocus(radius)
    assert_photo_contract(psf)
    np.testing.assert_allclose(psf.data, psf.data.T, atol=1e-9)
    assert psf.shape[0] <= 2 * radius + 2


def test_whole_length_along_a_row_is_a_box() -> None:
    np.testing.assert_allclose(motion(15).data, np.full((1, 15), 1 / 15), rtol=1e-6)
    np.testing.assert_allclose(motion(15, 90).data, np.full((15, 1), 1 / 15), rtol=1e-6)
    np.testing.assert_array_equal(motion(15, 180).data, motion(15).data)
    np.testing.assert_allclose(motion(4.5).data[0], np.array([0.75, 1, 1, 1, 0.75]) / 4.5, rtol=1e-6)


@pytest.mark.parametrize("length", [0, 0.3, 1.0])
def test_no_more_than_a_pixel_is_no_blur(length: float) -> None:
    for angle in (0, 30, 90):
        assert motion(length, angle).data.tolist() == [[1.0]]


def test_angle_is_counter_clockwise_on_screen() -> None:
    rising = motion(11, 45).data
    assert rising[-1, 0] > 0
    assert rising[0, -1] > 0  # row 0 is the top: lower left to upper right
    assert rising[0, 0] == rising[-1, -1] == 0
    flat = motion(21, 20).data
    assert flat.shape[1] > flat.shape[0]
    assert flat[0, -1] + flat[1, -1] > 0


def test_second_moments_are_those_of_the_line() -> None:
    length, angle = 40.0, 25.0
    data = motion(length, angle).data.astype(np.float64)
    rows, columns = np.indices(data.shape) - (np.array(data.shape) // 2)[:, None, None]
    along = columns * math.cos(math.radians(angle)) - rows * math.sin(math.radians(angle))
    across = columns * math.sin(math.radians(angle)) + rows * math.cos(math.radians(angle))
    assert (data * along**2).sum() == pytest.approx(length**2 / 12, rel=0.005)
    assert (data * across**2).sum() < 0.2


def test_motion_equals_a_finely_sampled_line() -> None:
    length, angle = 17.3, 37.0
    psf = motion(length, angle)
    t = (np.arange(400_000) + 0.5) / 400_000 - 0.5
    rows = np.rint(-t * length * math.sin(math.radians(angle))).astype(int) + psf.shape[0] // 2
    columns = np.rint(t * length * math.cos(math.radians(angle))).astype(int) + psf.shape[1] // 2
    counted = np.zeros(psf.shape)
    np.add.at(counted, (rows, columns), 1 / t.size)
    np.testing.assert_allclose(psf.data, counted, atol=1e-5)


def test_defocus_equals_a_finely_sampled_disk() -> None:
    radius = 3.37
    psf = defocus(radius)
    n, fine = psf.shape[0], 400
    axis = (np.arange(n * fine) + 0.5) / fine - n / 2
    inside = (axis[:, None] ** 2 + axis**2) <= radius**2
    shares = inside.reshape(n, fine, n, fine).mean(axis=(1, 3)) / (math.pi * radius**2)
    np.testing.assert_allclose(psf.data, shares, atol=2e-5)


def test_pixels_inside_the_disk_are_equal() -> None:
    data = defocus(8).data
    np.testing.assert_allclose(data[3:-3, 3:-3].ravel()[0], 1 / (math.pi * 64), rtol=1e-6)
    assert np.ptp(data[5:-5, 5:-5]) < 1e-8


COORDINATE = st.floats(-40, 40)
POINTS = st.lists(st.tuples(COORDINATE, COORDINATE, st.floats(0, 1)), min_size=2, max_size=9)


@hypothesis_settings(max_examples=150, deadline=None)
@given(points=POINTS, even=st.booleans())
def test_every_path_keeps_the_contract(points: list[tuple[float, float, float]], even: bool) -> None:
    rows, columns, exposure = zip(*points, strict=True)
    steps = np.hypot(np.diff(rows), np.diff(columns))
    if not even and (np.add(exposure[1:], exposure[:-1]) * steps).sum() < 1e-6:
        exposure = (1.0,) * len(points)
    psf = path(rows, columns, None if even else exposure)
    assert_photo_contract(psf, 0.5 + 1e-6)
    reach = 2 * np.array([np.ptp(rows), np.ptp(columns)])
    assert (np.array(psf.shape) <= reach + 2).all()


@pytest.mark.parametrize(("length", "angle"), [(15, 0), (17.3, 37), (8, 90), (30.5, -110)])
def test_straight_path_is_motion(length: float, angle: float) -> None:
    t = np.array([0, 0.2, 0.7, 1]) * length
    psf = path(5 - t * math.sin(math.radians(angle)), t * math.cos(math.radians(angle)) - 2)
    np.testing.assert_allclose(psf.data, motion(length, angle).data, atol=1e-7)


def test_path_equals_a_finely_sampled_one() -> None:
    rows, columns, exposure = [0, 4, 5, -3], [0, 1, 7, 9.5], [1, 3, 0, 2]
    psf = path(rows, columns, exposure)
    travelled = np.concatenate([[0], np.cumsum(np.hypot(np.diff(rows), np.diff(columns)))])
    s = (np.arange(1_000_000) + 0.5) / 1e6 * travelled[-1]
    light = np.interp(s, travelled, exposure)
    place = np.stack([np.interp(s, travelled, rows), np.interp(s, travelled, columns)])
    place -= (place * light).sum(axis=1, keepdims=True) / light.sum()
    counted = np.zeros(psf.shape)
    np.add.at(counted, tuple(np.rint(place).astype(int) + np.array(psf.shape)[:, None] // 2), light / light.sum())
    np.testing.assert_allclose(psf.data, counted, atol=1e-5)


def test_path_runs_as_drawn_on_the_screen() -> None:
    data = path([0, 0, 10], [0, 20, 20]).data  # to the right, then down
    assert data[:, : data.shape[1] // 2].sum(axis=1).argmax() < data.shape[0] // 2  # the horizontal part is on top
    assert data.sum(axis=0).argmax() > data.shape[1] // 2  # the vertical part on the right


def test_exposure_moves_the_light() -> None:
    fading = path([0, 0], [0, 20], [1, 0]).data[0]
    rising = path([0, 0], [0, 20], [0, 1]).data[0]
    np.testing.assert_allclose(rising, fading[::-1], atol=1e-7)
    lit = fading[fading > 0]
    assert (np.diff(lit[1:-1]) < 0).all()
    np.testing.assert_allclose(path([0, 0], [0, 20], [3, 3]).data, motion(20).data, atol=1e-7)


def test_parts_without_exposure_take_no_room() -> None:
    np.testing.assert_allclose(path([0] * 4, [0, 10, 10, 50], [1, 1, 0, 0]).data, motion(10).data, atol=1e-7)


def test_a_path_of_no_length_is_no_blur() -> None:
    assert path([3, 3, 3], [1, 1, 1]).data.tolist() == [[1.0]]
    assert path([3, 3], [1, 1], [0, 1]).data.tolist() == [[1.0]]


def test_a_path_on_the_border_of_pixels_is_shared_by_both() -> None:
    data = path([0, 0, 1, 1], [0, 12, 12, 0]).data  # two lines, each half a pixel off the centre
    np.testing.assert_allclose(data, data[::-1], atol=1e-7)
    np.testing.assert_allclose(data[:, 2:-3].sum(axis=1) * 4 / data[:, 2:-3].sum(), [1, 2, 1], rtol=1e-5)


SIDES = [3, 4, 5, 6, 7, 9]


@hypothesis_settings(max_examples=80, deadline=None)
@given(radius=st.floats(0, 40), blades=st.integers(3, 20), rotation=st.floats(-720, 720))
def test_every_polygon_keeps_the_contract(radius: float, blades: int, rotation: float) -> None:
    psf = defocus(radius, blades=blades, rotation=rotation)
    assert_photo_contract(psf, 0.2 if blades % 2 else 0.02)
    assert max(psf.shape) <= 2 * radius + 2


@pytest.mark.parametrize("blades", SIDES)
def test_area_of_a_polygon(blades: int) -> None:
    radius = 12.7
    psf = defocus(radius, blades=blades, rotation=17)
    area = blades / 2 * radius**2 * math.sin(2 * math.pi / blades)
    assert 1 / float(psf.data.max()) == pytest.approx(area, rel=1e-6)  # pixels all inside


def test_polygon_equals_a_finely_sampled_one() -> None:
    radius, rotation, fine = 4.3, 20.0, 200
    psf = defocus(radius, blades=5, rotation=rotation)
    rows, columns = ((np.arange(n * fine) + 0.5) / fine - n / 2 for n in psf.shape)
    turn = np.degrees(np.arctan2(-rows[:, None], columns)) - rotation
    off_side = np.radians(turn % 72 - 36)  # from the middle of the nearest side
    inside = np.hypot(rows[:, None], columns) * np.cos(off_side) <= radius * math.cos(math.radians(36))
    shares = inside.reshape(psf.shape[0], fine, psf.shape[1], fine).mean(axis=(1, 3))
    np.testing.assert_allclose(psf.data, shares / shares.sum(), atol=2e-5)


@pytest.mark.parametrize("blades", SIDES)
def test_polygon_turned_by_a_blade_is_the_same(blades: int) -> None:
    one = defocus(9.2, blades=blades, rotation=11).data
    np.testing.assert_allclose(defocus(9.2, blades=blades, rotation=11 + 360 / blades).data, one, atol=1e-8)
    mirrored = defocus(9.2, blades=blades, rotation=-11).data
    np.testing.assert_allclose(mirrored, one[::-1], atol=1e-8)


def test_a_corner_of_the_polygon_points_along_the_rotation() -> None:
    right = defocus(10, blades=3).data
    assert right.shape == (19, 21)
    assert (right[:, -1] > 0).sum() == 1
    assert right[:, 0].sum() == 0  # the flat side is nearer
    up = defocus(10, blades=3, rotation=90).data
    np.testing.assert_allclose(up, np.rot90(right), atol=1e-8)


def test_square_along_the_pixels_is_a_box() -> None:
    data = defocus(3.5 * math.sqrt(2), blades=4, rotation=45).data
    np.testing.assert_allclose(data, np.full((7, 7), 1 / 49), rtol=1e-6)


def test_many_blades_are_nearly_a_disk() -> None:
    many, disk = defocus(12, blades=64).data, defocus(12).data
    assert np.abs(many - disk).sum() < 0.003


@pytest.mark.parametrize("radius", [0, 0.2, 0.5])
def test_disk_within_a_pixel_is_no_blur(radius: float) -> None:
    assert defocus(radius).data.tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("model", "arguments", "words"),
    [
        (motion, {"length": -1}, "length must be zero or a positive number"),
        (motion, {"length": math.nan}, "length must be"),
        (motion, {"length": math.inf}, "length must be"),
        (motion, {"length": 2001}, "at most 2000"),
        (motion, {"length": "15"}, "length must be"),
        (motion, {"length": 5, "angle": math.nan}, "angle must be a finite number of degrees"),
        (motion, {"length": 5, "angle": "up"}, "angle must be a finite number of degrees"),
        (defocus, {"radius": -0.1}, "radius must be zero or a positive number"),
        (defocus, {"radius": math.inf}, "radius must be"),
        (defocus, {"radius": 1e6}, "at most 2000"),
        (defocus, {"radius": True}, "radius must be"),
        (defocus, {"radius": 4, "blades": 2}, "blades is a whole number from 3 to 100, or 0 for a disk, got 2"),
        (defocus, {"radius": 4, "blades": 5.5}, "blades is a whole number"),
        (defocus, {"radius": 4, "blades": 101}, "blades is a whole number"),
        (defocus, {"radius": 4, "blades": -3}, "blades must be zero or a positive number"),
        (defocus, {"radius": 4, "blades": 5, "rotation": math.inf}, "rotation must be a finite number of degrees"),
        (path, {"rows": [1], "columns": [1]}, "at least two points, got 1 in rows"),
        (path, {"rows": [], "columns": []}, "at least two points, got 0"),
        (path, {"rows": 3, "columns": 4}, "rows needs one number per point of the path, at least two, got 3"),
        (path, {"rows": "12", "columns": "34"}, "rows needs one number per point"),
        (path, {"rows": [0, 1], "columns": [0, 1, 2]}, "columns has 3 numbers but rows has 2"),
        (path, {"rows": [0, math.nan], "columns": [0, 1]}, "rows must be finite numbers"),
        (path, {"rows": [0, 1], "columns": [0, math.inf]}, "columns must be finite numbers"),
        (path, {"rows": [0, 3000], "columns": [0, 0]}, "length of the path is in pixels and at most 2000"),
        (path, {"rows": [0, 1], "columns": [0, 1], "exposure": [1]}, "at least two points, got 1 in exposure"),
        (path, {"rows": [0, 1], "columns": [0, 1], "exposure": [1, -1]}, "exposure must be zero or positive"),
        (path, {"rows": [0, 1], "columns": [0, 1], "exposure": [0, 0]}, "somewhere positive"),
        (path, {"rows": [0, 0, 5], "columns": [0, 0, 0], "exposure": [1, 0, 0]}, "zero all along the path"),
    ],
)
def test_photo_models_refuse(model: Any, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        model(**arguments)
