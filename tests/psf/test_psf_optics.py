"""What every microscope model asks of its parameters, and what it says of them."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from microscopes import MODELS, OIL, quiet
from napari_deconv import psf
from napari_deconv.psf import make, parse
from napari_deconv.psf.theory.optics import Optics
from napari_deconv.psf.words import EXAMPLES

STEP = (0.2, 0.065, 0.065)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"na": 1.7, "ri": 1.33}, "NA cannot reach the refractive index"),
        ({"na": 1.515}, "NA cannot reach the refractive index"),
        ({"na": 1.4, "ri_design": 1.33, "working_distance": 100}, "na=1.4 and ri_design=1.33"),
        ({"na": 1.65, "ri": 1.78}, "crosses the coverslip, got na=1.65 and ri_coverslip=1.515"),
        ({"na": 0}, "na must be a positive number, got 0"),
        ({"na": -1.4}, "na must be a positive number"),
        ({"na": math.nan}, "na must be a positive number"),
        ({"na": "1.4"}, "na must be a positive number"),
        ({"na": True}, "na must be a positive number"),
        ({"ri": 1e9}, "ri is a refractive index, about 1 to 2.5, got 1e.09"),
        ({"ri_sample": 0.136}, "ri_sample is a refractive index"),
        ({"ri": 0}, "ri must be a positive number"),
        ({"ri_sample": -1}, "ri_sample must be a positive number"),
        ({"ri_coverslip": math.inf}, "ri_coverslip must be a positive number"),
        ({"wavelength": 520}, "wavelength is in micrometres; did you mean 0.52"),
        ({"wavelength": 0}, "wavelength must be a positive number"),
        ({"wavelength": -0.5}, "wavelength must be a positive number"),
        ({"depth": 5000}, "depth is in micrometres; did you mean 5"),
        ({"depth": -1}, "depth must be zero or a positive number"),
        ({"coverslip": 0.17}, "coverslip is in micrometres; did you mean 170"),
        ({"coverslip_design": 170_000}, "coverslip_design is in micrometres; did you mean 170"),
        ({"ri_design": 1.518}, "give working_distance= in micrometres"),
        ({"ri_design": 1.518, "working_distance": 0.13}, "working_distance is in micrometres; did you mean 130"),
        ({"aberrations": (0,) * 9}, "got 9 numbers"),
        ({"aberrations": (0.1, math.nan)}, "aberrations must be waves RMS"),
        ({"aberrations": "0.1"}, "aberrations are waves RMS"),
        ({"aberrations": np.array(50)}, "50 waves leave no image"),
        ({"aberrations": (50,)}, "50 waves leave no image"),
        ({"theory": "quantum"}, "theory is 'vectorial' or 'scalar', got 'quantum'"),
        ({"spacing": (200, 65, 65)}, r"did you mean \(0.2, 0.065, 0.065\)"),
        ({"spacing": (0.2, 65, 65)}, "spacing is in micrometres"),
        ({"spacing": (0.2, 0.065)}, "shape needs 2 numbers"),
        ({"spacing": (0.2,)}, "spacing needs 2 or 3 numbers"),
        ({"spacing": 0.1}, "spacing needs one number per axis"),
        ({"spacing": (0.2, 0.065, 0)}, "spacing must be a positive number"),
        ({"shape": (9, 9.5, 9)}, "whole numbers"),
        ({"shape": (9, 0, 9)}, "shape must be a positive number"),
        ({"shape": None, "image_shape": (9, 9)}, "image_shape needs 3 numbers"),
        ({"shape": None, "energy": 95}, "energy is a share"),
    ],
)
def test_microscope_refuses(changed: dict[str, Any], words: str) -> None:
    arguments = {"spacing": STEP, "shape": (9, 9, 9), **OIL, **changed}
    with pytest.raises(ValueError, match=words):
        psf.widefield(arguments.pop("spacing"), **arguments)


@pytest.mark.parametrize(
    ("model", "changed", "words"),
    [
        ("confocal", {"excitation": 488}, "excitation is in micrometres; did you mean 0.488"),
        ("confocal", {"excitation": 0.6}, "are they swapped"),
        ("confocal", {"pinhole": -1}, "pinhole must be zero or a positive number"),
        ("confocal", {"pinhole": 60}, "pinhole is a diameter in Airy units"),
        ("spinning_disk", {"excitation": None}, "excitation must be a positive number"),
        ("two_photon", {"excitation": 920}, "excitation is in micrometres; did you mean 0.92"),
        ("light_sheet", {"sheet": 0}, "sheet must be a positive number"),
        ("light_sheet", {"sheet": 2000}, "sheet is in micrometres; did you mean 2"),
    ],
)
def test_other_microscopes_refuse(model: str, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        getattr(psf, model)(STEP, na=1.2, ri=1.33, shape=(5, 5, 5), **{**MODELS[model], **changed})


@pytest.mark.parametrize("model", MODELS)
def test_a_shape_for_no_computer_is_refused_before_it_is_allocated(model: str) -> None:
    with pytest.raises(MemoryError, match="GiB"):
        getattr(psf, model)(STEP, na=1.2, ri=1.33, shape=(1001, 100_001, 100_001), **MODELS[model])


@pytest.mark.parametrize("model", MODELS)
def test_parameters_are_plain_and_make_the_same_psf_again(model: str) -> None:
    told = {"ri_sample": 1.36, "depth": 1.5, "coverslip": 165, "coverslip_design": 170, "aberrations": (0.02, 0.01)}
    first = quiet(model, (0.3, 0.1, 0.12), na=1.1, ri=1.33, shape=(5, 9, 7), **MODELS[model], **told)
    parameters = json.loads(json.dumps(first.info["parameters"]))
    assert parameters["theory"] == "vectorial"
    assert parameters["aberrations"] == [0.02, 0.01]
    assert {**told, **MODELS[model]}.items() - {("aberrations", (0.02, 0.01))} <= parameters.items()
    spacing = parameters.pop("spacing")
    np.testing.assert_array_equal(quiet(model, spacing, **parameters).data, first.data)


@pytest.mark.parametrize("model", MODELS)
def test_words_make_what_the_function_makes(model: str) -> None:
    name, parameters = parse(f"{EXAMPLES[model]},theory=scalar,aberrations=0x0.05,shape=5x9x9")
    assert name == model
    made = make(name, parameters, spacing=(0.1, 0.04, 0.04))
    np.testing.assert_array_equal(made.data, quiet(model, (0.1, 0.04, 0.04), **parameters).data)
    assert made.info["parameters"]["theory"] == "scalar"
    assert made.info["parameters"]["aberrations"] == [0, 0.05]


def test_trailing_zeros_are_no_aberration() -> None:
    assert Optics(1.4, 0.52, aberrations=(0, 0, 0)).is_round
    assert Optics(1.4, 0.52, aberrations=(0, 0, 0)) == Optics(1.4, 0.52)
    assert Optics(1.4, 0.52, aberrations=0.1).zernike == {4: 0.1}
    assert not Optics(1.4, 0.52, aberrations=(0, 0.1)).is_round


def test_aberrations_keep_their_length_at_another_wavelength() -> None:
    assert Optics(1.4, 0.6, aberrations=(0.1, 0.2)).at(0.5).aberrations == pytest.approx((0.12, 0.24))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("widefield", (0.5 * 0.5 / 0.5, 0.5 / 3.2, 0.5 / 3.2)),
        ("confocal", (0.5 / (0.5 / 0.5 + 0.5 / 0.4), *[1 / (4 * 0.8 * (1 / 0.5 + 1 / 0.4))] * 2)),
        ("two_photon", (0.4 / (4 * 0.5), *[0.4 / 6.4] * 2)),
    ],
)
def test_nyquist_is_half_of_the_finest_period(model: str, expected: tuple[float, ...]) -> None:
    """NA 0.8 and index 0.89: n - sqrt(n^2 - NA^2) is 0.5, and all else is a round number."""
    waves = {"widefield": {"wavelength": 0.5}, "confocal": {"wavelength": 0.5, "excitation": 0.4}}
    told = waves.get(model, {"excitation": 0.4})
    made = quiet(model, (0.3, 0.1, 0.1), na=0.8, ri=0.89, shape=(3, 3, 3), **told)
    assert made.info["nyquist"] == pytest.approx(expected)
    flat = quiet(model, (0.1, 0.1), na=0.8, ri=0.89, shape=(3, 3), **told)
    assert flat.info["nyquist"] == pytest.approx(expected[1:])


@pytest.mark.parametrize("model", MODELS)
def test_coarse_voxels_warn_with_the_spacing_needed(model: str) -> None:
    with pytest.warns(UserWarning, match="larger than Nyquist's") as told:
        made = getattr(psf, model)((0.5, 0.3, 0.3), na=1.2, ri=1.33, shape=(3, 3, 3), **MODELS[model])
    assert made.info["notes"] == [str(w.message) for w in told]
    assert told[0].filename == __file__
    fine = tuple(0.99 * n for n in made.info["nyquist"])
    assert getattr(psf, model)(fine, na=1.2, ri=1.33, shape=(3, 3, 3), **MODELS[model]).info["notes"] == []


def test_widefield_says_nyquists_spacing() -> None:
    with pytest.warns(UserWarning, match=r"larger than Nyquist's \(0.278, 0.0929, 0.0929\)"):
        psf.widefield((0.2, 0.2, 0.2), shape=(5, 5, 5), **OIL)
