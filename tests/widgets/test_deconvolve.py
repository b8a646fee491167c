"""The dock Deconvolve (microscopy): what its form says is what is run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QWidget

from napari_deconv import Image, Recipe, psf, run, write
from napari_deconv.widgets.deconvolve import Deconvolve
from napari_deconv.widgets.task import MINIMUM_WIDTH
from widgets.scenes import MICROMETRES, add_stack, beads, use_gaussian

Finish = Callable[[Deconvolve], str]
OPTICS = {"na": "1.2", "wavelength": "520", "ri": "1.33"}


def use_widefield(dock: Deconvolve, **texts: str) -> None:
    dock.psf.choose("widefield")
    for name, text in {**OPTICS, **texts}.items():
        dock.psf.models["widefield"].edits[name].type(text)


def few_iterations(dock: Deconvolve, method: str = "richardson_lucy") -> None:
    dock.method.put({"method": method, "num_iter": 3})


def restored(dock: Deconvolve, finish: Finish) -> np.ndarray[Any, Any]:
    dock.start()
    assert finish(dock) == "done", dock.footer.message.text()
    assert dock.result is not None
    data: np.ndarray[Any, Any] = dock.result.data
    return data


def copied(dock: Deconvolve) -> str:
    dock.settings.copy.click()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    return clipboard.text()


@pytest.mark.filterwarnings("ignore:.*sigma was taken in micrometres")
@pytest.mark.parametrize("source", ["widefield", "gaussian", "motion", "defocus", "layer", "file"])
@pytest.mark.parametrize("method", ["scaled_heavy_ball", "wiener"])
def test_dock_and_copied_script_give_the_same_bits(
    dock: Deconvolve, finish: Finish, source: str, method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = psf.gaussian((0.4, 0.15, 0.15), spacing=(0.3, 0.105, 0.1))
    write(tmp_path / "psf.tif", Image(kernel.data, "ZYX", kernel.spacing))
    if source == "layer":
        place = {"scale": kernel.spacing, "units": MICROMETRES, "axis_labels": ("z", "y", "x")}
        dock.psf.layer.pick(dock.viewer.add_image(kernel.data, name="PSF", visible=False, **place))
    add_stack(dock.viewer)
    dock.psf.choose(source)
    dock.psf.file.set_path(str(tmp_path / "psf.tif"))
    texts = {**OPTICS, "sigma": "0.15", "sigma_z": "0.4", "length": "5", "angle": "30", "radius": "2"}
    for name, edit in dock.psf.models[source].edits.items() if source in dock.psf.models else ():
        edit.type(texts.get(name, ""))
    few_iterations(dock, method)
    by_dock = restored(dock, finish)
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {"viewer": dock.viewer}
    with pytest.warns(UserWarning, match="2-D PSF") if source in ("motion", "defocus") else monkeypatch.context():
        exec(copied(dock), space)
    np.testing.assert_array_equal(by_dock, space["restored"])


def test_script_of_the_current_channel_with_a_mask(dock: Deconvolve, finish: Finish) -> None:
    dock.viewer.add_image(beads(2, 14, 10), name="two", axis_labels=("c", "y", "x"))
    mask = np.zeros((14, 10), int)
    mask[3, 4] = 1
    dock.method.mask_picker.pick(dock.viewer.add_labels(mask, name="saturated"))
    use_gaussian(dock, "1.5")
    few_iterations(dock)
    dock.method.scope_box.setCurrentIndex(1)
    dock.viewer.dims.set_current_step(0, 1)
    by_dock = restored(dock, finish)
    space: dict[str, Any] = {"viewer": dock.viewer}
    exec(copied(dock), space)
    np.testing.assert_array_equal(by_dock, space["restored"])
    assert by_dock.shape == (1, 14, 10)
    assert dock.result is not None
    np.testing.assert_array_equal(dock.result.data_to_world((0, 0, 0)), (1, 0, 0))


def test_saved_recipe_gives_the_same_bits(dock: Deconvolve, finish: Finish, tmp_path: Path) -> None:
    add_stack(dock.viewer)
    use_widefield(dock)
    few_iterations(dock)
    dock.settings.save_recipe(tmp_path / "recipe.yaml")
    assert dock.footer.message.text() == "Saved recipe.yaml."
    image = Image(beads(6, 14, 10), "ZYX", (0.3, 0.105, 0.1))
    again = run(Recipe.from_file(tmp_path / "recipe.yaml"), image).data
    np.testing.assert_array_equal(restored(dock, finish), again)


def test_saved_recipe_names_a_psf_file_beside_it(dock: Deconvolve, tmp_path: Path, qtbot: Any) -> None:
    write(tmp_path / "psf.tif", Image(psf.gaussian(1.5).data, "YX"))
    add_stack(dock.viewer)
    dock.psf.choose("file")
    dock.psf.file.set_path(str(tmp_path / "psf.tif"))
    qtbot.waitUntil(lambda: dock.psf.psf is not None, timeout=20_000)
    dock.settings.save_recipe(tmp_path / "recipe.yaml")
    recipe = Recipe.from_file(tmp_path / "recipe.yaml")
    with pytest.warns(UserWarning, match="2-D PSF"):
        run(recipe.changed(num_iter=1), Image(beads(6, 14, 10), "ZYX"))
    (tmp_path / "elsewhere").mkdir()
    dock.settings.save_recipe(tmp_path / "elsewhere" / "recipe.yaml")
    assert "Put psf.tif beside it" in dock.footer.message.text()


@pytest.mark.parametrize("kind", ["multiscale", "dask", "xarray"])
def test_any_kind_of_layer_gives_the_same_bits(dock: Deconvolve, finish: Finish, kind: str) -> None:
    plain = beads(40, 30)
    data = {
        "multiscale": [plain, plain[::2, ::2]],
        "dask": da.from_array(plain, chunks=16),
        "xarray": xr.DataArray(plain, dims=("y", "x")),
    }[kind]
    dock.viewer.add_image(data, name=kind, multiscale=kind == "multiscale", contrast_limits=(0, 50))
    use_gaussian(dock, "1.5")
    few_iterations(dock)
    recipe = Recipe.build(num_iter=3, psf="gaussian:sigma=1.5")
    np.testing.assert_array_equal(restored(dock, finish), run(recipe, Image(plain, "YX")).data)


def test_rgb_layer_is_explained_and_not_run(dock: Deconvolve) -> None:
    dock.viewer.add_image(np.zeros((40, 50, 3), np.uint8), name="cat")
    use_gaussian(dock, "1.5")
    assert dock.state == "invalid"
    assert not dock.image.hint.isHidden()
    dock.image.photo.click()
    assert dock.footer.message.text() == "Open Plugins > Deconvolution > Deblur photo."  # no window here


def test_six_axes_are_explained_and_not_run(dock: Deconvolve) -> None:
    dock.viewer.add_image(np.zeros((2, 2, 2, 2, 4, 4)))
    use_gaussian(dock, "1.5")
    assert dock.state == "invalid"
    assert "6 axes" in dock.footer.hint.text()


def test_voxel_size_is_only_asked_for_where_it_is_needed(dock: Deconvolve) -> None:
    dock.viewer.add_image(beads(6, 14, 10))
    assert dock.image.voxel.badge.text() == "unknown"
    assert all(edit.text() == "" for edit in dock.image.voxel.edits.values())
    use_widefield(dock)
    assert dock.footer.hint.text() == "To run: type the voxel size z, y, x (µm) in section 1."
    use_gaussian(dock, "1.5", "2")
    assert dock.state == "ready"


def test_typed_voxel_size_wins_and_can_be_written_into_the_layer(dock: Deconvolve) -> None:
    layer = dock.viewer.add_image(beads(6, 14, 10), scale=(3, 1, 1))
    assert "not in a unit of length" in dock.image.voxel.warning.text()
    for edit, text in zip(dock.image.voxel.edits.values(), ("0.3", "0.105", "0.1"), strict=True):
        edit.type(text)
    assert dock.image.spacing == (0.3, 0.105, 0.1)
    assert dock.image.voxel.badge.text() == "typed"
    dock.image.voxel.apply.click()
    np.testing.assert_allclose(layer.scale, (0.3, 0.105, 0.1))
    assert [str(u) for u in layer.units] == list(MICROMETRES)
    assert dock.image.voxel.badge.text() == "layer"
    assert dock.image.voxel.apply.isHidden()


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        (("300", "110", "110"), "not nanometres?"),
        (("0.3", "0.105", "0.1"), "differ by 5%"),
        (("0.3", "0.1", "0.1"), ""),
    ],
)
def test_doubtful_voxel_sizes_are_pointed_out(dock: Deconvolve, sizes: tuple[str, ...], words: str) -> None:
    dock.viewer.add_image(beads(6, 14, 10))
    for edit, text in zip(dock.image.voxel.edits.values(), sizes, strict=True):
        edit.type(text)
    assert words in dock.image.voxel.warning.text()
    assert bool(dock.image.voxel.warning.text()) == bool(words)


@pytest.mark.parametrize("text", ["-1", "0", "a", "1 2"])
def test_impossible_voxel_sizes_do_not_run(dock: Deconvolve, text: str) -> None:
    add_stack(dock.viewer)
    use_widefield(dock)
    dock.image.voxel.edits["Y"].type(text)
    assert dock.state == "invalid"
    assert "Voxel size y" in dock.footer.hint.text()


def test_each_channel_has_its_wavelength(dock: Deconvolve, finish: Finish) -> None:
    pixels = beads(2, 14, 10)
    place = {"scale": (1, 0.105, 0.1), "units": ("pixel", *MICROMETRES[1:]), "axis_labels": ("c", "y", "x")}
    dock.viewer.add_image(pixels, name="two", **place)
    use_widefield(dock, wavelength="520, 610")
    few_iterations(dock)
    found = restored(dock, finish)
    for channel, wavelength in enumerate((0.52, 0.61)):
        recipe = Recipe.build(num_iter=3, psf=f"widefield:na=1.2,wavelength={wavelength},ri=1.33")
        one = run(recipe, Image(pixels[channel], "YX", (0.105, 0.1))).data
        np.testing.assert_array_equal(found[channel], one)
    use_widefield(dock, wavelength="520, 520, 610")
    assert "3 numbers, expected 2" in dock.footer.hint.text()


def test_axes_without_labels_are_asked_for_in_words(dock: Deconvolve, finish: Finish) -> None:
    pixels = beads(6, 14, 10)
    dock.viewer.add_image(pixels, name="film")
    box = dock.image.axes_box
    assert [box.itemText(i) for i in range(box.count())] == [
        "z y x: one 3-D volume",
        "t y x: one picture per time point",
        "c y x: one picture per channel",
    ]
    box.setCurrentIndex(1)
    box.activated.emit(1)
    use_gaussian(dock, "1.5")
    few_iterations(dock)
    recipe = Recipe.build(num_iter=3, psf="gaussian:sigma=1.5")
    np.testing.assert_array_equal(restored(dock, finish), run(recipe, Image(pixels, "TYX")).data)


def test_wrong_optics_are_refused_in_words_before_the_run(dock: Deconvolve, qtbot: Any) -> None:
    add_stack(dock.viewer)
    use_widefield(dock, na="1.4", ri="1.33")
    qtbot.waitUntil(lambda: dock.state == "invalid", timeout=20_000)
    assert "ri" in dock.psf.picture.caption.text()
    use_widefield(dock, na="1.2")
    qtbot.waitUntil(lambda: dock.state == "ready", timeout=20_000)


def test_picture_shows_two_sections_of_a_stack(dock: Deconvolve, qtbot: Any) -> None:
    add_stack(dock.viewer)
    use_widefield(dock)
    qtbot.waitUntil(lambda: dock.psf.psf is not None, timeout=20_000)
    assert all(not label.isHidden() and not label.pixmap().isNull() for label in dock.psf.picture.sections.values())
    assert "samples of 0.3 × 0.105 × 0.1 µm" in dock.psf.picture.caption.text()
    use_gaussian(dock, "1")
    dock.psf.choose("defocus")
    dock.psf.models["defocus"].edits["radius"].type("3")
    qtbot.waitUntil(lambda: dock.psf.psf is not None, timeout=20_000)
    assert dock.psf.picture.sections["XZ"].isHidden()


def test_psf_layer_of_ours_is_offered_first(dock: Deconvolve, finish: Finish) -> None:
    image = add_stack(dock.viewer)
    made = dock.viewer.add_image(psf.gaussian(1.5).data, name="PSF", metadata={"napari-deconv": {"role": "psf"}})
    assert dock.psf.kind == "layer"
    assert dock.psf.layer.layer is made
    assert dock.picker.layer is image


def test_parameters_are_checked_before_the_run(dock: Deconvolve) -> None:
    add_stack(dock.viewer)
    use_gaussian(dock, "0.15", "0.4")
    dock.method.choose("wiener")
    dock.method.forms["filter"].fields["balance"].value = "much"
    assert dock.state == "invalid"
    assert "balance" in dock.footer.hint.text()
    dock.method.forms["filter"].fields["balance"].value = "0.01"
    dock.method.forms["filter"].fields["noise"].value = "3"
    assert "noise or balance, not both" in dock.footer.hint.text()
    dock.method.forms["filter"].fields["balance"].value = "auto"
    assert dock.state == "ready"


def test_last_used_values_come_back_with_a_badge(dock: Deconvolve, finish: Finish, qtbot: Any) -> None:
    add_stack(dock.viewer)
    use_widefield(dock)
    dock.method.put({"num_iter": 2, "background": 1.5, "negative": "clip"})
    restored(dock, finish)
    again = Deconvolve(dock.viewer)
    qtbot.addWidget(again)
    assert again.method.values() == dock.method.values()
    optics = again.psf.models["widefield"]
    assert {n: e.text() for n, e in optics.edits.items() if e.text()} == OPTICS
    assert optics.badges["na"].text() == "last used"


def test_gamma_encoded_photograph_is_restored_in_linear_light(dock: Deconvolve, finish: Finish) -> None:
    pixels = beads(40, 30).astype(np.uint8)
    dock.viewer.add_image(pixels, name="photo", metadata={"napari-deconv": {"encoding": "srgb"}})
    assert not dock.method.light_box.isHidden()
    use_gaussian(dock, "1.5")
    few_iterations(dock)
    recipe = Recipe.build(num_iter=3, psf="gaussian:sigma=1.5")
    found = restored(dock, finish)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, run(recipe, Image(pixels, "YX", encoding="srgb")).data)
    assert dock.result is not None
    assert dock.result.metadata["napari-deconv"]["encoding"] == "srgb"


def test_what_one_layer_told_does_not_stay_for_the_next(dock: Deconvolve) -> None:
    dock.viewer.add_image(beads(14, 10), metadata={"napari-deconv": {"background": 7.0}})
    field = dock.method.forms["counts"].fields["background"]
    assert field.value == 7
    dock.viewer.add_image(beads(14, 10))
    assert field.value == 0
    field.value = 3
    dock.viewer.add_image(beads(14, 10))
    assert field.value == 3


def test_fits_a_narrow_dock(dock: Deconvolve) -> None:
    add_stack(dock.viewer, name="a stack with a long name, as microscopes give them")
    for source in ("widefield", "gaussian", "motion", "layer", "file"):
        dock.psf.choose(source)
        dock.method.more.button.setChecked(True)
        assert dock.minimumSizeHint().width() <= MINIMUM_WIDTH <= 330
        inside = dock.image.parentWidget()
        assert inside is not None
        assert inside.minimumSizeHint().width() <= MINIMUM_WIDTH, source


def test_fields_have_names_for_screen_readers(dock: Deconvolve) -> None:
    fields = [w for kind in (QComboBox, QLineEdit) for w in dock.findChildren(kind)]
    named = [w for w in fields if w.objectName() != "qt_spinbox_lineedit"]
    assert [type(w).__name__ for w in named if not w.accessibleName()] == []


def test_mnemonics_leave_the_menu_bar_alone(dock: Deconvolve) -> None:
    texts = [w.text() for kind in (QLabel, QPushButton) for w in dock.findChildren(kind) if "&" in w.text()]
    letters = {text[text.index("&") + 1].upper() for text in texts}
    assert letters
    assert not letters & set("FVLPWH")


def test_tooltips_on_every_field(dock: Deconvolve) -> None:
    def fields(parent: QWidget) -> list[QWidget]:
        found = [*parent.findChildren(QComboBox), *parent.findChildren(QLineEdit)]
        return [w for w in found if w.objectName() != "qt_spinbox_lineedit"]

    dock.viewer.add_image(beads(14, 10))
    without = [w.accessibleName() for w in fields(dock) if not w.toolTip()]
    assert without == ["PSF file"]  # shows the folder of the file chosen
