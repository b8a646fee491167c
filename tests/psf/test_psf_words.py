"""PSFs in words, as on the command line and in recipes."""

from __future__ import annotations

import doctest
import importlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_deconv.psf import MODELS, defocus, gaussian, make, motion, parse, widefield
from napari_deconv.psf.words import EXAMPLES


@pytest.mark.parametrize(
    ("text", "model", "parameters"),
    [
        ("widefield:na=1.4,wavelength=0.52,ri=1.515", "widefield", {"na": 1.4, "wavelength": 0.52, "ri": 1.515}),
        ("motion:length=15,angle=30", "motion", {"length": 15, "angle": 30}),
        (" motion : length = 15 ", "motion", {"length": 15}),
        ("motion:length=1.5e1,angle=-30", "motion", {"length": 15, "angle": -30}),
        ("defocus:radius=4.5", "defocus", {"radius": 4.5}),
        ("gaussian:sigma=0.3x0.1x0.1", "gaussian", {"sigma": (0.3, 0.1, 0.1)}),
        ("gaussian:sigma=2,shape=9X9", "gaussian", {"sigma": 2, "shape": (9, 9)}),
    ],
)
def test_words_are_read(text: str, model: str, parameters: dict[str, Any]) -> None:
    assert parse(text) == (model, parameters)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no PSF model in ''"),
        (":na=1", "no PSF model"),
        ("wildfield:na=1.4,wavelength=0.52", "unknown PSF model 'wildfield'; did you mean 'widefield'"),
        ("Motion:length=3", "did you mean 'motion'"),
        ("psf.tif", "unknown PSF model 'psf.tif'.*known: gaussian, widefield, confocal, spinning_disk"),
        ("motion:lenght=15", "motion has no parameter 'lenght'; did you mean 'length'"),
        ("motion:15", "'15' in 'motion:15' is not name=value; write motion:length=15"),
        ("motion:angle=15", "motion needs length"),
        ("widefield", "widefield needs na and wavelength, e.g. widefield:na=1.4"),
        ("motion:length=1,length=2", "given twice"),
        ("motion:length=nan", "not a finite number"),
        ("motion:length=inf", "not a finite number"),
        ("motion:length=long", "not a finite number"),
        ("motion:length=", "not a finite number"),
        ("motion:length=1x", "not a finite number"),
    ],
)
def test_words_that_are_not_understood(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text)


@given(st.text(max_size=40))
def test_any_text_is_understood_or_refused_with_a_sentence(text: str) -> None:
    try:
        model, parameters = parse(text)
    except ValueError:
        return
    assert model in MODELS
    assert parameters


@pytest.mark.parametrize("model", MODELS)
def test_the_example_of_every_model_works(model: str) -> None:
    name, parameters = parse(EXAMPLES[model])
    assert name == model
    psf = make(name, parameters, spacing=(0.15, 0.05, 0.05), image_shape=(9, 40, 40))
    assert psf.info["model"] == model
    assert json.loads(json.dumps(psf.info)) == psf.info


def test_make_passes_what_is_known_of_the_image() -> None:
    optics = {"na": 1.4, "wavelength": 0.52}
    psf = make("widefield", optics, spacing=(0.2, 0.065, 0.065), image_shape=(9, 40, 40))
    np.testing.assert_array_equal(psf.data, widefield((0.2, 0.065, 0.065), image_shape=(9, 40, 40), **optics).data)
    np.testing.assert_array_equal(make("motion", {"length": 9}, spacing=(1, 1)).data, motion(9).data)
    np.testing.assert_array_equal(make("defocus", {"radius": 3}, image_shape=(9, 9)).data, defocus(3).data)
    np.testing.assert_array_equal(make("gaussian", {"sigma": 2}, image_shape=(40, 40)).data, gaussian(2).data)


def test_own_voxel_size_overrules_the_images() -> None:
    model, parameters = parse("widefield:na=1.4,wavelength=0.52,spacing=0.2x0.08x0.08,shape=9x9x9")
    psf = make(model, parameters, spacing=(1, 1, 1), image_shape=(9, 40, 40))
    assert (psf.spacing, psf.shape) == ((0.2, 0.08, 0.08), (9, 9, 9))


@pytest.mark.parametrize(
    ("model", "parameters", "words"),
    [
        ("widefield", {"na": 1.4, "wavelength": 0.52}, r"voxel size of the image is unknown; give spacing=\(z, y, x\)"),
        ("widefield", {"na": 1.7, "wavelength": 0.52, "ri": 1.33, "spacing": (0.1, 0.1)}, "NA cannot reach"),
        ("widefield", {"na": 1.4, "spacing": (0.1, 0.1)}, "widefield needs wavelength"),
        ("motion", {"length": 3, "angel": 3}, "did you mean 'angle'"),
        ("motion", {}, "motion needs length"),
        ("blur", {}, "unknown PSF model 'blur'"),
    ],
)
def test_make_refuses(model: str, parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make(model, parameters)


MODULES = (
    "gaussian theory.widefield theory.confocal theory.two_photon theory.light_sheet photo measured sampling words "
    "spelling doctor estimate.picture estimate.shake.estimate"
)


@pytest.mark.parametrize("module", MODULES.split())
def test_examples_in_docstrings_run(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"napari_deconv.psf.{module}"))
    assert found.attempted
    assert found.failed == 0
