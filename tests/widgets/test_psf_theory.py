"""The tab Theory of the dock PSF: from numbers to a layer that the dock Deconvolve takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_deconv import psf
from napari_deconv.widgets.deconvolve import Deconvolve
from napari_deconv.widgets.layers import role
from napari_deconv.widgets.psf_maker.dock import PSFDock
from napari_deconv.widgets.psf_maker.model_form import ModelForm, words
from napari_deconv.widgets.psf_maker.psf_layer import told
from widgets.psf_scenes import PLACE, SPACING, fill_theory
from widgets.scenes import MICROMETRES, add_stack, beads

Settled = Callable[[PSFDock], str]
Finish = Callable[[Deconvolve], str]


def test_nothing_is_guessed(maker: PSFDock) -> None:
    assert all(edit.text() == "" for edit in maker.theory.forms["widefield"].edits.values())
    assert all(edit.text() == "" for edit in maker.theory.image.voxel.edits.values())
    assert maker.panel.picture.caption.text() == "To compute it: type the voxel size z, y, x (µm)."


def test_missing_numbers_are_named_in_words(maker: PSFDock) -> None:
    add_stack(maker.viewer)
    maker.theory.forms["widefield"].edits["na"].type("1.2")
    assert maker.panel.picture.caption.text() == "To compute it: type Emission (nm), Immersion index."


def test_theory_becomes_a_layer_that_deconvolve_takes(
    maker: PSFDock, dock: Deconvolve, settled: Settled, finish: Finish, qtbot: Any
) -> None:
    image = maker.viewer.add_image(beads(6, 30, 30), name="cells", **PLACE)
    fill_theory(maker)
    settled(maker)
    maker.add()
    layer: Any = maker.result
    expected = psf.widefield(SPACING, na=1.2, wavelength=0.52, ri=1.33, image_shape=image.data.shape)
    np.testing.assert_array_equal(layer.data, expected.data)
    np.testing.assert_allclose(layer.scale, SPACING)
    assert [str(u) for u in layer.units] == list(MICROMETRES)
    assert layer.axis_labels == ("z", "y", "x")
    assert layer.name == "PSF · widefield NA 1.2, 520 nm"
    assert role(layer) == "psf"
    assert told(layer)["parameters"]["na"] == 1.2
    middle = [(n - 1) / 2 for n in image.data.shape]
    np.testing.assert_allclose(layer.data_to_world([n // 2 for n in layer.data.shape]), image.data_to_world(middle))
    assert dock.psf.layer.layer is layer
    qtbot.waitUntil(lambda: dock.psf.psf is not None, timeout=20_000)
    assert dock.psf.psf is not None
    assert dock.psf.psf.info["parameters"]["wavelength"] == 0.52
    dock.method.put({"num_iter": 2})
    dock.start()
    assert finish(dock) == "done", dock.footer.message.text()
    assert dock.result is not None
    assert dock.result.metadata["napari-deconv"]["recipe"]["psf"]["name"] == layer.name


def test_without_an_image_the_voxel_size_is_typed(maker: PSFDock, settled: Settled) -> None:
    for edit, text in zip(maker.theory.image.voxel.edits.values(), ("0.2", "0.1", "0.1"), strict=True):
        edit.type(text)
    assert maker.theory.image.voxel.apply.isHidden()
    fill_theory(maker)
    settled(maker)
    maker.add()
    layer: Any = maker.result
    np.testing.assert_allclose(layer.scale, SPACING)


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("confocal", {"excitation": "488", "pinhole": "1"}),
        ("spinning_disk", {"excitation": "488", "pinhole": "1"}),
        ("two_photon", {"excitation": "900"}),
        ("light_sheet", {"sheet": "2"}),
    ],
)
def test_each_microscope_has_its_fields(maker: PSFDock, kind: str, texts: dict[str, str]) -> None:
    add_stack(maker.viewer)
    fill_theory(maker, kind)
    form = maker.theory.form
    named = [form.edits[name].accessibleName() for name in texts]
    assert maker.theory.problem() == f"type {', '.join(named)}"
    for name, text in texts.items():
        form.edits[name].type(text)
    assert maker.theory.problem() == ""
    assert ("wavelength" in form.values) == (kind != "two_photon")


def test_gaussian_needs_no_microscope(maker: PSFDock, settled: Settled) -> None:
    add_stack(maker.viewer, name="beads")
    maker.theory.choose("gaussian")
    for name, text in {"sigma": "0.15", "sigma_z": "0.4"}.items():
        maker.theory.forms["gaussian"].edits[name].type(text)
    settled(maker)
    assert maker.made is not None
    np.testing.assert_array_equal(
        maker.made.psfs[0].data,
        psf.gaussian((0.4, 0.15, 0.15), spacing=(0.3, 0.105, 0.1), image_shape=(6, 14, 10)).data,
    )


def test_each_channel_gets_its_layer(maker: PSFDock, settled: Settled) -> None:
    place = {"scale": (1, 0.1, 0.1), "units": ("pixel", *MICROMETRES[1:]), "axis_labels": ("c", "y", "x")}
    maker.viewer.add_image(beads(2, 30, 30), name="two", **place)
    fill_theory(maker, wavelength="461, 509, 610")
    assert maker.theory.problem() == "3 wavelengths, but the image has 2 channels"
    fill_theory(maker, wavelength="461, 509")
    settled(maker)
    assert not maker.shown.channel_box.isHidden()
    maker.add()
    names = [layer.name for layer in maker.viewer.layers if role(layer) == "psf"]
    assert names == ["PSF · widefield NA 1.2, 461 nm", "PSF · widefield NA 1.2, 509 nm"]
    assert [told(layer)["parameters"]["wavelength"] for layer in maker.viewer.layers[1:]] == [0.461, 0.509]


def test_what_the_file_says_fills_the_fields(maker: PSFDock) -> None:
    known = {"na": 1.3, "ri": 1.4, "wavelengths": (0.51,), "excitations": (0.488,), "modality": "confocal"}
    maker.viewer.add_image(beads(6, 30, 30), metadata={"napari-deconv": known}, **PLACE)
    assert maker.theory.kind == "confocal"
    assert maker.theory.badge.text() == "file"
    form = maker.theory.form
    assert {n: e.text() for n, e in form.edits.items() if e.text()} == {
        "na": "1.3",
        "wavelength": "510",
        "excitation": "488",
        "ri": "1.4",
    }
    assert maker.theory.problem() == "type Pinhole (Airy units)"
    maker.theory.choose("widefield")
    maker.viewer.add_image(beads(6, 30, 30), metadata={"napari-deconv": known}, **PLACE)
    assert maker.theory.kind == "widefield"


def test_aberrations_and_theory_reach_the_psf(maker: PSFDock, settled: Settled) -> None:
    maker.viewer.add_image(beads(6, 30, 30), **PLACE)
    fill_theory(maker, noll11="0.1", depth="5", ri_sample="1.36")
    maker.theory.form.theory.setCurrentIndex(maker.theory.form.theory.findData("scalar"))
    settled(maker)
    assert maker.made is not None
    parameters = maker.made.psfs[0].info["parameters"]
    assert parameters["theory"] == "scalar"
    assert parameters["depth"] == 5
    assert list(parameters["aberrations"])[-1] == 0.1
    assert len(parameters["aberrations"]) == 8


def test_what_the_model_refuses_is_told(maker: PSFDock, qtbot: Any) -> None:
    maker.viewer.add_image(beads(6, 30, 30), **PLACE)
    fill_theory(maker, na="1.4")
    qtbot.waitUntil(lambda: "na" in maker.panel.picture.caption.text(), timeout=20_000)
    assert maker.made is None
    assert not maker.footer.run.isEnabled()


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"wavelength": "0.52"}, "Emission (nm): 0.52, expected 200 to 2000"),
        ({"excitation": "0.488, 0.561"}, "Excitation (nm): 0.488, expected 200 to 2000"),
        ({"na": "120"}, "Numerical aperture: 120, expected 0.05 to 1.7"),
        (
            {"wavelength": "520, 530", "excitation": "488, 561"},
            "the excitation, 561 nm, is longer than the emission, 530 nm: swapped?",
        ),
    ],
)
def test_numbers_that_cannot_be_meant_are_told_in_the_units_of_the_form(
    maker: PSFDock, texts: dict[str, str], said: str
) -> None:
    maker.viewer.add_image(beads(6, 30, 30), **PLACE)
    fill_theory(maker, "confocal", **{"excitation": "488", "pinhole": "1", **texts})
    assert maker.theory.form.problem == said
    assert said[1:] in maker.panel.picture.caption.text()


def test_units_are_those_of_the_image(maker: PSFDock, settled: Settled) -> None:
    image = maker.viewer.add_image(beads(6, 30, 30), scale=(200, 100, 100), units=("nm",) * 3, axis_labels=tuple("zyx"))
    fill_theory(maker)
    settled(maker)
    maker.add()
    layer: Any = maker.result
    assert layer.units == image.units
    np.testing.assert_allclose(layer.scale, (200, 100, 100))


def test_last_used_values_come_back(maker: PSFDock, settled: Settled, qtbot: Any) -> None:
    maker.viewer.add_image(beads(6, 30, 30), **PLACE)
    fill_theory(maker)
    settled(maker)
    maker.add()
    again = PSFDock(maker.viewer)
    qtbot.addWidget(again)
    form = again.theory.forms["widefield"]
    assert form.edits["na"].text() == "1.2"
    assert form.badges["na"].text() == "last used"
    settled(again)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (
            {"wavelength": (0.52, 0.61), "excitation": (0.488, 0.561), "theory": "vectorial"},
            ("confocal:wavelength=0.52,excitation=0.488", "confocal:wavelength=0.61,excitation=0.561"),
        ),
        (
            {"wavelength": (0.52, 0.61), "excitation": (0.488,), "theory": "scalar"},
            (
                "confocal:wavelength=0.52,excitation=0.488,theory=scalar",
                "confocal:wavelength=0.61,excitation=0.488,theory=scalar",
            ),
        ),
        ({"na": (1.2,), "aberrations": (0.0, -0.1)}, ("confocal:na=1.2,aberrations=0.0x-0.1",)),
    ],
)
def test_words_of_a_microscope(values: dict[str, Any], texts: tuple[str, ...]) -> None:
    assert words("confocal", values) == texts


def test_each_channel_may_have_its_excitation_in_deconvolve(dock: Deconvolve) -> None:
    place = {"scale": (1, 0.1, 0.1), "units": ("pixel", *MICROMETRES[1:]), "axis_labels": ("c", "y", "x")}
    dock.viewer.add_image(beads(2, 30, 30), name="two", **place)
    dock.psf.choose("confocal")
    texts = {"na": "1.2", "wavelength": "509, 610", "excitation": "488, 561", "ri": "1.33", "pinhole": "1"}
    for name, text in texts.items():
        dock.psf.models["confocal"].edits[name].type(text)
    assert dock.recipe().psf == (
        "confocal:na=1.2,wavelength=0.509,excitation=0.488,ri=1.33,pinhole=1.0",
        "confocal:na=1.2,wavelength=0.61,excitation=0.561,ri=1.33,pinhole=1.0",
    )
    dock.psf.models["confocal"].edits["excitation"].type("405, 488, 561")
    assert "Excitation (nm): 3 numbers, expected 2" in dock.footer.hint.text()


def test_modality_of_the_file_is_taken_by_deconvolve(dock: Deconvolve) -> None:
    known = {"na": 1.3, "modality": "spinning_disk"}
    dock.viewer.add_image(beads(6, 30, 30), metadata={"napari-deconv": known}, **PLACE)
    assert dock.psf.kind == "spinning_disk"
    assert dock.psf.badge.text() == "file"


@pytest.mark.parametrize(
    "junk", [{"na": "x"}, {"na": ["1.2"]}, {"aberrations": 3}, {"theory": ["scalar"]}, {"na": None}]
)
def test_junk_in_the_settings_is_left_out(qtbot: Any, junk: dict[str, Any]) -> None:
    form = ModelForm("widefield")
    qtbot.addWidget(form)
    form.put({"ri": [1.33], **junk}, "last used")
    assert {n: e.text() for n, e in form.edits.items() if e.text()} == {"ri": "1.33"}
