"""The sample pictures: they open, they are what their README says, and their recipes restore them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from napari_deconv import PSF, run, samples
from napari_deconv.io import Image, read, write

FOLDER = Path(__file__).parents[1] / "sample_data"


def make_samples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_samples", FOLDER / "make_samples.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generated() -> tuple[Image, PSF, Image]:
    return make_samples().widefield_stack()


@pytest.mark.parametrize("name", samples.NAMES)
def test_sample_opens_with_psf_recipe_and_truth(name: str) -> None:
    sample = samples.load(name)
    assert sample.psf.ndim == sample.image.spatial_ndim
    assert sample.recipe.psf is not None
    assert (sample.truth is None) == (name == "clock_motion")
    if sample.truth is not None:
        assert (sample.truth.axes, sample.truth.data.shape) == (sample.image.axes, sample.image.data.shape)
        assert sample.truth.spacing == sample.image.spacing


@pytest.mark.parametrize("name", samples.NAMES)
def test_sample_and_its_origin_are_told_in_the_readme(name: str) -> None:
    assert f"`{name}`" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_no_sample_is_larger_than_a_megabyte_and_all_together_than_two_and_a_half() -> None:
    sizes = [path.stat().st_size for path in FOLDER.iterdir() if path.is_file()]
    assert max(sizes) < 1e6
    assert sum(sizes) < 2.5e6


def test_unknown_sample_is_refused_with_the_names_of_the_others() -> None:
    with pytest.raises(ValueError, match="no sample 'clock'; known: widefield_stack, clock_motion"):
        samples.load("clock")
    with pytest.raises(ValueError, match="no sample"):
        samples.path("../pyproject.toml")


def test_stack_says_its_voxel_size_and_optics() -> None:
    image = samples.load("widefield_stack").image
    assert image.spacing == pytest.approx((0.3, 0.1, 0.1))
    assert (image.metadata["na"], image.metadata["ri"]) == (1.2, 1.33)
    assert image.metadata["wavelengths"] == pytest.approx((0.52,))
    assert image.data.dtype == np.uint16


def test_stack_is_the_one_that_its_script_makes(generated: tuple[Image, PSF, Image]) -> None:
    sample = samples.load("widefield_stack")
    image, _, truth = generated
    assert sample.truth is not None
    # Another FFT may round otherwise, which moves a photon here and there; another seed would leave few pixels equal.
    assert np.mean(image.data == sample.image.data) > 0.999
    assert np.mean(truth.data == sample.truth.data) > 0.999


def test_psf_is_the_one_that_blurred_the_stack(generated: tuple[Image, PSF, Image]) -> None:
    np.testing.assert_allclose(samples.load("widefield_stack").psf.data, generated[1].data, rtol=1e-5, atol=1e-9)


def test_script_defocuses_any_photograph_with_room_for_the_edges(tmp_path: Path) -> None:
    module = make_samples()
    photo = np.random.default_rng(1).integers(0, 255, (40, 44, 3), dtype=np.uint8)
    write(tmp_path / "photo.png", Image(photo, "YXS", None, "srgb"))
    module.PHOTO_VIEW = (slice(6, 30), slice(8, 36))
    first, again = (module.defocused_photo(tmp_path / "photo.png") for _ in range(2))
    assert np.array_equal(first[0].data, again[0].data)
    assert np.array_equal(first[1].data, photo[6:30, 8:36])
    assert first[0].data.std() < 0.5 * first[1].data.std()


def test_script_writes_files_that_open_with_their_metadata(tmp_path: Path) -> None:
    module = make_samples()
    image = Image(
        np.arange(24, dtype=np.uint16).reshape(2, 3, 4), "ZYX", (0.3, 0.1, 0.1), metadata={"wavelengths": (0.5,)}
    )
    module.write_compressed(tmp_path / "a.ome.tif", image)
    back = read(tmp_path / "a.ome.tif")
    assert np.array_equal(back.data, image.data)
    assert back.spacing == pytest.approx(image.spacing)


def test_recipe_brings_the_defocused_photograph_nearer_to_the_truth() -> None:
    sample = samples.load("defocused_coffee")
    assert sample.truth is not None
    part = (slice(100, 196), slice(140, 268))
    result = run(sample.recipe.changed(num_iter=20), sample.image.with_data(sample.image.data[part]))
    assert (result.data.dtype, result.encoding) == (np.dtype("uint8"), "srgb")
    truth, blurred = sample.truth.data[part].astype(float), sample.image.data[part]
    assert np.square(result.data - truth).mean() < 0.6 * np.square(blurred - truth).mean()


def test_recipe_makes_the_rim_of_the_clock_narrow_again() -> None:
    sample = samples.load("clock_motion")
    rows = slice(140, 166)
    result = run(sample.recipe.changed(num_iter=60), sample.image.with_data(sample.image.data[rows])).data
    steepest = [np.abs(np.diff(data[4:-4].mean(axis=0))).max() for data in (sample.image.data[rows], result)]
    assert steepest[1] > 2 * steepest[0]


def test_recipe_brings_the_stack_nearer_to_the_truth() -> None:
    sample = samples.load("widefield_stack")
    assert sample.truth is not None
    result = run(sample.recipe.changed(num_iter=10), sample.image)
    truth = sample.truth.data.astype(float)
    before = np.square(sample.image.data - sample.recipe.background - truth).mean()
    assert np.square(result.data - truth).mean() < 0.9 * before
