"""What a layer says about itself, whatever is behind it."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from napari.layers import Image

from napari_deconv.widgets.geometry import geometry, last_axes, moved
from napari_deconv.widgets.layers import describe, in_words, pixels, role
from widgets.scenes import add_stack

DATA = np.zeros((4, 8, 6), np.uint16)


def test_entry_names_sizes_by_their_labels() -> None:
    layer = Image(DATA, name="beads", axis_labels=("z", "y", "x"))
    assert describe(layer).entry == "beads (z 4 · y 8 · x 6, uint16)"


def test_entry_of_unlabelled_axes_has_no_letters() -> None:
    assert describe(Image(DATA, name="beads")).entry == "beads (4 · 8 · 6, uint16)"


def test_labels_may_be_words_in_any_order() -> None:
    layer = Image(np.zeros((2, 3, 4, 8, 6)), axis_labels=("Time", "z", "channel", "Y", "X"))
    assert describe(layer).labels == "TZCYX"
    assert describe(layer).readings[0] == "TZCYX"


@pytest.mark.parametrize("labels", [("-3", "-2", "-1"), ("z", "y", "lambda"), ("z", "z", "x"), ("t", "c", "z")])
def test_labels_that_say_nothing_are_not_believed(labels: tuple[str, ...]) -> None:
    assert describe(Image(DATA, axis_labels=labels)).labels is None


def test_lengths_are_micrometres_whatever_the_unit() -> None:
    layer = Image(DATA, scale=(300, 1.1e-4, 2), units=("nm", "mm", "pixel"))
    found = describe(layer).lengths
    assert found[:2] == pytest.approx((0.3, 0.11))
    assert found[2] is None


def test_rgb_layer_counts_two_axes_and_three_samples() -> None:
    found = describe(Image(np.zeros((40, 50, 3), np.uint8), name="cat"))
    assert found.rgb
    assert found.shape == (40, 50, 3)
    assert found.entry == "cat (y 40 · x 50 · RGB, uint8)"


def test_multiscale_layer_is_taken_at_full_resolution() -> None:
    layer = Image([np.zeros((40, 50)), np.zeros((20, 25))], multiscale=True)
    assert describe(layer).shape == pixels(layer).shape == (40, 50)


def test_dask_layer_is_described_without_being_computed() -> None:
    def never(block: Any) -> Any:
        raise AssertionError("computed")

    lazy = da.zeros((4, 8, 6), chunks=4).map_blocks(never, dtype=np.uint16, meta=np.zeros((0, 0, 0), np.uint16))
    layer = Image(lazy, contrast_limits=(0, 1), cache=False, visible=False)
    assert describe(layer).shape == (4, 8, 6)


def test_xarray_layer_is_described() -> None:
    layer = Image(xr.DataArray(DATA, dims=("z", "y", "x")), contrast_limits=(0, 1))
    assert describe(layer).shape == (4, 8, 6)


def test_role_tells_our_own_layers_from_others() -> None:
    def made(**said: Any) -> str:
        return role(Image(DATA, metadata={"napari-deconv": said} if said else {}))

    assert [made(), made(role="psf"), made(recipe={}), made(encoding="srgb")] == ["", "psf", "result", ""]
    assert role(Image(DATA, metadata={"napari-deconv": "text"})) == ""


def test_axes_in_words() -> None:
    assert in_words("ZYX") == "z y x: one 3-D volume"
    assert in_words("TCYX") == "t c y x: one picture per t and c"


def test_geometry_makes_a_layer_in_the_same_place(viewer: Any) -> None:
    source = add_stack(viewer)
    copy = Image(source.data, **geometry(source))
    corner = (3.0, 2.0, 1.0)
    np.testing.assert_allclose(copy.data_to_world(corner), source.data_to_world(corner))
    assert copy.units == source.units
    assert copy.axis_labels == source.axis_labels


def test_a_part_is_moved_to_where_it_was(viewer: Any) -> None:
    source = add_stack(viewer)
    part = Image(source.data[2:, 3:], **moved(geometry(source), (2, 3, 0)))
    np.testing.assert_allclose(part.data_to_world((0, 0, 0)), source.data_to_world((2, 3, 0)))


def test_a_block_lies_where_its_axes_say(viewer: Any) -> None:
    source = add_stack(viewer)
    plane = Image(source.data[0], **last_axes(geometry(source), 2))
    np.testing.assert_allclose(plane.data_to_world((4, 5)), source.data_to_world((0, 4, 5))[1:])
