"""Orders carried out: the worker's side, without Qt."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from napari_deconv import Image, Recipe, psf, run, write
from napari_deconv.widgets.drive import Answer, Failure, Outcome, Tick, contrast, drive
from napari_deconv.widgets.order import FromFile, FromLayer, Order, PSFSource, Words
from widgets.scenes import beads

WORDS = Words(("gaussian:sigma=1.5",))
RECIPE = Recipe.build(num_iter=3, psf=WORDS.texts[0])


def an_order(pixels: Any, axes: str, **more: Any) -> Order:
    return Order(**{"recipe": RECIPE, "spacing": None, "name": "beads", "psf": WORDS, **more}, pixels=pixels, axes=axes)


def carried_out(order: Order, stop_after: int | None = None) -> tuple[list[Tick], Answer]:
    """All ticks and the answer; `stop` is set at a tick."""
    stop, shown = threading.Event(), threading.Event()
    shown.set()
    ticks: list[Tick] = []
    work: Generator[Tick, None, Answer] = drive(order, stop, shown)
    while True:
        try:
            ticks.append(next(work))
        except StopIteration as end:
            return ticks, end.value
        if stop_after is not None and len(ticks) > stop_after:
            stop.set()


def result_of(order: Order) -> np.ndarray[Any, Any]:
    _, answer = carried_out(order)
    assert isinstance(answer, Outcome), answer
    return answer.data


def test_same_bits_as_a_script() -> None:
    pixels = beads(6, 14, 10)
    expected = run(RECIPE, Image(pixels, "ZYX")).data
    np.testing.assert_array_equal(result_of(an_order(pixels, "ZYX")), expected)


@pytest.mark.parametrize("kind", ["dask", "xarray", "list of rows", "big-endian", "strided"])
def test_any_array_gives_the_same_bits(kind: str) -> None:
    pixels = beads(6, 14, 10)
    as_kind = {
        "dask": da.from_array(pixels, chunks=4),
        "xarray": xr.DataArray(pixels, dims=("z", "y", "x")),
        "list of rows": pixels,
        "big-endian": pixels.astype(">u2"),
        "strided": np.repeat(pixels, 2, axis=2)[:, :, ::2],
    }[kind]
    np.testing.assert_array_equal(result_of(an_order(as_kind, "ZYX")), result_of(an_order(pixels, "ZYX")))


def test_axes_come_back_in_the_order_of_the_layer() -> None:
    pixels = beads(2, 3, 14, 10)
    swapped = result_of(an_order(pixels.swapaxes(0, 1), "CTYX"))
    np.testing.assert_array_equal(swapped.swapaxes(0, 1), result_of(an_order(pixels, "TCYX")))


def test_current_time_point_keeps_its_axis() -> None:
    pixels = beads(3, 14, 10)
    order = an_order(pixels, "TYX", current={"T": 1})
    np.testing.assert_array_equal(result_of(order), result_of(an_order(pixels, "TYX"))[1:2])
    assert order.start == (1, 0, 0)


@pytest.mark.parametrize("shape", [(14, 10), (3, 14, 10)])
def test_masked_pixels_do_not_count(shape: tuple[int, ...]) -> None:
    pixels = beads(3, 14, 10)
    spoilt = pixels.copy()
    spoilt[:, 5, 5] = 60_000
    mask = np.zeros(shape, int)
    mask[..., 5, 5] = 7
    one, other = (result_of(an_order(p, "TYX", mask=mask)) for p in (pixels, spoilt))
    np.testing.assert_array_equal(one, other)


def measured(tmp_path: Path, kind: str) -> PSFSource:
    kernel = psf.gaussian(1.5)
    if kind == "layer":
        return FromLayer(kernel.data, None, "PSF")
    write(tmp_path / "psf.tif", Image(kernel.data, "YX"))
    return FromFile(tmp_path / "psf.tif")


@pytest.mark.parametrize("kind", ["layer", "file"])
def test_measured_psf_is_named_with_its_fingerprint(kind: str, tmp_path: Path) -> None:
    source = measured(tmp_path, kind)
    _, answer = carried_out(an_order(beads(14, 10), "YX", recipe=Recipe.build(num_iter=3), psf=source))
    assert isinstance(answer, Outcome), answer
    named = answer.provenance["recipe"]["psf"]
    assert named == {
        "name": "PSF" if kind == "layer" else "psf.tif",
        "sha256": answer.provenance["psf"][0]["sha256"],
    }


def test_psf_layer_without_units_takes_the_voxel_size_of_its_file(tmp_path: Path) -> None:
    fine = psf.gaussian((0.3, 0.3), spacing=(0.1, 0.1))
    write(tmp_path / "psf.ome.tif", Image(fine.data, "YX", (0.1, 0.1)))
    source = FromLayer(fine.data, None, "PSF", tmp_path / "psf.ome.tif")
    order = an_order(beads(14, 10), "YX", spacing=(0.2, 0.2), recipe=Recipe.build(num_iter=1), psf=source)
    _, answer = carried_out(order)
    assert isinstance(answer, Outcome), answer
    assert any("resampled" in note for note in answer.provenance["notes"])


def test_repairs_of_the_psf_are_told() -> None:
    source = FromLayer(2 * psf.gaussian(1.5).data, None, "PSF")
    _, answer = carried_out(an_order(beads(14, 10), "YX", recipe=Recipe.build(num_iter=1), psf=source))
    assert isinstance(answer, Outcome), answer
    assert any("divided by its sum, 2" in note for note in answer.provenance["notes"])


def test_ticks_end_at_the_total() -> None:
    ticks, _ = carried_out(an_order(beads(2, 14, 10), "TYX"))
    assert (ticks[0].total, ticks[1].total) == (0, 6)
    assert ticks[-1].done == 6


def test_stopped_run_keeps_what_is_there() -> None:
    recipe = RECIPE.changed(num_iter=100_000)
    _, answer = carried_out(an_order(beads(14, 10), "YX", recipe=recipe), stop_after=3)
    assert isinstance(answer, Outcome)
    assert not answer.whole
    steps = answer.provenance["steps"]
    assert 0 < steps < 100_000
    expected = run(RECIPE.changed(num_iter=steps), Image(beads(14, 10), "YX")).data
    np.testing.assert_array_equal(answer.data, expected)


def test_stopped_before_the_first_step_there_is_nothing() -> None:
    _, answer = carried_out(an_order(beads(14, 10), "YX"), stop_after=0)
    assert answer is None


def test_pictures_are_copied_only_when_the_last_one_is_on_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_deconv.widgets.drive.TELL", 0)
    monkeypatch.setattr("napari_deconv.widgets.drive.SHOW", 0)
    ticks, answer = carried_out(an_order(beads(14, 10), "YX"))
    pictures = [t.picture for t in ticks if t.picture is not None]
    assert len(pictures) == 1  # nobody says that it is shown
    assert isinstance(answer, Outcome)
    assert not np.shares_memory(pictures[0], answer.data)


@pytest.mark.parametrize("kind", [ValueError, MemoryError, RuntimeError, OSError, KeyError])
def test_every_error_is_an_answer(kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise kind("no luck")

    monkeypatch.setattr("napari_deconv.widgets.order.Job", broken)
    _, answer = carried_out(an_order(beads(14, 10), "YX"))
    assert isinstance(answer, Failure)
    assert answer.kind is kind
    assert "no luck" in answer.trace


def test_contrast_leaves_out_the_outermost_thousandths() -> None:
    low, high = contrast(np.arange(10_001.0))
    assert (low, high) == pytest.approx((10, 9990))
    assert contrast(np.full((3, 3), 5.0)) == (5.0, 6.0)
