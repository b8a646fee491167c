"""Recipes: strict about what they hold, the same after a round trip."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from napari_deconv import Image, Recipe, psf, run, write
from napari_deconv.deconvolution import METHODS
from napari_deconv.recipe import PARAMETERS

recipes = st.one_of(
    st.builds(
        Recipe,
        num_iter=st.integers(1, 1000),
        background=st.floats(0, 1e6),
        boundary=st.sampled_from(["extended", "reflect", "periodic"]),
        spacing=st.none() | st.tuples(*[st.floats(1e-3, 10)] * 3),
        psf=st.sampled_from([None, "motion:length=3.0", ("motion:length=3.0", "defocus:radius=2.0")]),
        channel_axis=st.none() | st.integers(-3, 3),
    ),
    st.builds(Recipe, method=st.just("wiener"), balance=st.just("auto") | st.floats(1e-9, 10)),
)


@given(recipes)
def test_a_recipe_is_the_same_after_yaml(tmp_path_factory, recipe):
    path = tmp_path_factory.mktemp("r") / "recipe.yaml"
    recipe.to_file(path)
    assert Recipe.from_file(path) == recipe


def test_a_recipe_pickles():
    recipe = Recipe(num_iter=7, psf="motion:length=3")
    assert pickle.loads(pickle.dumps(recipe)) == recipe


def test_a_recipe_takes_lists_and_numpy_numbers_and_speaks_plainly():
    recipe = Recipe(num_iter=np.int64(3), spacing=[0.1, 0.1], psf=["motion:length=3", "a.tif"])
    assert (recipe.num_iter, recipe.spacing) == (3, (0.1, 0.1))
    assert recipe.to_dict()["psf"] == ["motion:length=3", {"file": "a.tif"}]
    with pytest.raises(ValueError, match=r"^background: Input should be a valid number, got .{1,40}$"):
        Recipe(background=np.ones((512, 512)))
    with pytest.raises(ValueError, match=r"^unknown key 'num_itr'; did you mean 'num_iter'\?$"):
        Recipe(num_itr=3)


def test_a_recipe_cannot_be_changed_in_place():
    with pytest.raises(ValidationError):
        Recipe().num_iter = 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("num_itr: 3", "unknown key 'num_itr'; did you mean 'num_iter'"),
        ("method: richardson-lucy", "did you mean 'richardson_lucy'"),
        ("method: wiener\nnum_iter: 3", "'wiener' takes no 'num_iter'; it takes balance, noise"),
        ("num_iter: true", "num_iter: .*integer, got True"),
        ("num_iter: on", "integer, got 'on'"),
        ("num_iter: 1_000", "got '1_000'"),
        ("num_iter: 12:30:45", "got '12:30:45'"),
        ("num_iter: -1", "greater than or equal to 1"),
        ("num_iter: 1000000000", "less than or equal to 100000"),
        ('num_iter: "30"', "integer, got '30'"),
        ("num_iter: .nan", "integer"),
        ("background: .inf", "number"),
        ("background: -1", "greater than or equal to 0"),
        ("num_iter: 3\nnum_iter: 4", "'num_iter' is given twice"),
        ("version: 3", "has version 3, this napari-deconv reads version 1; update"),
        ("version: 0", "version"),
        ("a: &a [1, 2]\nb: *a", "aliases"),
        ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("[" * 100_000, "nested too deeply"),
        ("- 1", "holds list, but a recipe is a mapping"),
        ("", "holds NoneType"),
        ("x: 'y", "not a valid recipe"),
        ("method: wiener\nbalance: 0.1\nnoise: 3.0", "noise or balance, not both"),
        *(
            (f"psf: '{path}'", "outside the recipe's folder")
            for path in ("/etc/x.tif", "../x.tif", "~/x.tif", "C:\\x.tif")
        ),
        *((f"psf: '{path}'", "outside the recipe's folder") for path in ("file:///x.tif", "http://x/y.tif")),
    ],
)
def test_errors_name_key_value_and_remedy(tmp_path, text, words):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        Recipe.from_file(path)


def test_a_recipe_of_ten_megabytes_is_not_parsed(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("#" * 10_000_000)
    with pytest.raises(ValueError, match="10,000,000 bytes"):
        Recipe.from_file(path)


OWN = {name: function for name, function in METHODS.items() if name != "learned_blind"}  # that is `restore`, too


def test_every_parameter_of_a_method_is_in_the_recipe():
    import inspect

    for method, function in OWN.items():
        mine = set(inspect.signature(function).parameters) - {"image", "psf", "mask", "callback"}
        mine = {"noise" if name == "sigma" else name for name in mine}  # the mathematical name of `restore`
        assert mine - set(Recipe.model_fields) == set()
        assert set(PARAMETERS[method]) <= mine
        others = {p for name, ps in PARAMETERS.items() if name != method for p in ps} - set(PARAMETERS[method])
        assert not mine & others


def test_defaults_of_functions_and_recipe_agree():
    import inspect

    for method, function in OWN.items():
        for name, parameter in inspect.signature(function).parameters.items():
            if name in Recipe.model_fields and name != "psf":
                assert parameter.default == getattr(Recipe(method=method), name), name


def result_of(tmp_path, recipe, image, **given):
    """A result written to a file."""
    path = tmp_path / "result.ome.tif"
    write(path, run(recipe, image, **given))
    return path


def test_a_result_repeats_itself_bit_for_bit(tmp_path):
    image = Image(np.random.default_rng(0).poisson(50, (6, 20, 21)).astype(np.uint16), "ZYX", (0.3, 0.1, 0.1))
    recipe = Recipe(psf="widefield:na=1.2,wavelength=0.52,ri=1.33", num_iter=5, background=2.0)
    path = result_of(tmp_path, recipe, image)
    found = Recipe.from_file(path)
    assert found.num_iter == 5
    assert (run(found, image).data == run(recipe, image).data).all()


def test_a_result_repeats_what_auto_decided(tmp_path):
    image = Image(np.random.default_rng(0).poisson(50, (40, 41)).astype(np.uint16), "YX")
    path = result_of(tmp_path, Recipe(method="wiener", psf="defocus:radius=2"), image)
    assert isinstance(Recipe.from_file(path).balance, float)


def test_a_recipe_in_an_image_opens_no_files(tmp_path):
    image = Image(np.ones((20, 21), np.float32), "YX")
    blur = psf.gaussian(1.5)
    path = result_of(tmp_path, Recipe.build(psf="kernel.tif", num_iter=2), image, psf=blur)
    found = Recipe.from_file(path)
    with pytest.raises(ValueError, match=r"may not open the PSF file 'kernel.tif' by itself"):
        run(found, image)
    assert np.allclose(run(found, image, psf=blur).data, 1, rtol=1e-3)
    with pytest.raises(ValueError, match="is not the one of the recipe"):
        run(found, image, psf=psf.gaussian(1.6))


def test_a_psf_file_is_found_beside_its_recipe(tmp_path):
    blur = psf.gaussian((1.0, 1.5, 1.5), spacing=(0.5, 0.5, 0.5))
    write(tmp_path / "kernel.ome.tif", Image(blur.data, "ZYX", blur.spacing))
    (tmp_path / "r.yaml").write_text("psf: kernel.ome.tif\nnum_iter: 2")
    image = Image(np.ones((8, 20, 21), np.float32), "ZYX", (0.5, 0.5, 0.5))
    assert np.allclose(run(Recipe.from_file(tmp_path / "r.yaml"), image).data, 1, rtol=1e-3)
    (tmp_path / "r.yaml").write_text(f"psf: {{file: kernel.ome.tif, sha256: {'ab' * 32}}}")
    with pytest.raises(ValueError, match="is not the one of the recipe"):
        run(Recipe.from_file(tmp_path / "r.yaml"), image)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "inside").mkdir()
    write(tmp_path / "kernel.tif", Image(psf.gaussian(1.0).data, "YX"))
    try:
        (tmp_path / "inside" / "kernel.tif").symlink_to(tmp_path / "kernel.tif")
    except OSError:
        pytest.skip("this system lets nobody make links")
    (tmp_path / "inside" / "r.yaml").write_text("psf: kernel.tif")
    with pytest.raises(ValueError, match="leads out of the recipe's folder"):
        run(Recipe.from_file(tmp_path / "inside" / "r.yaml"), np.ones((9, 9)))
