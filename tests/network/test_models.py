"""Which models there are, and what is refused."""

from __future__ import annotations

import hashlib

import pytest

from napari_deconv.network import models
from napari_deconv.network.engine import load


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(models.HOME, str(tmp_path / "models"))


def small() -> dict:
    model = models.find("small")
    return {job: model.folder / name for job, (name, _) in model.files.items()}


def test_the_package_brings_a_model_and_auto_finds_it():
    assert "small" in models.names()
    assert models.find().name in models.PREFERRED


@pytest.mark.parametrize("job", ["grey", "colour", "blind-grey", "blind-colour"])
def test_shipped_files_are_those_of_the_list(job):
    path, sha256 = models.find("small").file(colours=3 if "colour" in job else 1, blind=job.startswith("blind"))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    assert path.stat().st_size < 2_000_000


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="unknown model 'smal'; did you mean 'small'"):
        models.find("smal")


def test_a_model_of_ones_own_is_found_by_its_name():
    models.register("mine", small())
    assert models.names()[-1] == "mine"
    assert models.find("mine").sha256 == models.find("small").sha256


def test_registering_keeps_earlier_models():
    models.register("one", small())
    models.register("two", small())
    assert {"one", "two"} <= set(models.names())


def test_names_of_the_package_cannot_be_taken():
    with pytest.raises(ValueError, match="choose another name"):
        models.register("small", small())


@pytest.mark.parametrize("name", ["../mine", "", "a/b", "a b"])
def test_names_that_a_recipe_could_not_hold_are_refused(name):
    with pytest.raises(ValueError, match="name"):
        models.register(name, small())


def test_what_is_no_network_is_not_registered(tmp_path):
    junk = tmp_path / "junk.onnx"
    junk.write_bytes(b"\x00" * 100)
    with pytest.raises(ValueError, match=r"junk.onnx"):
        models.register("mine", {"grey": junk})
    assert "mine" not in models.names()


def test_a_file_that_was_changed_is_not_loaded():
    from napari_deconv.backend import numpy_backend

    model = models.register("mine", small())
    path, sha256 = model.file(colours=1)
    path.write_bytes(path.read_bytes()[:-4] + b"abcd")
    with pytest.raises(ValueError, match="SHA-256"):
        load(path, sha256, numpy_backend())


def test_a_job_that_a_model_cannot_do_is_refused():
    models.register("mine", {"grey": small()["grey"]})
    with pytest.raises(ValueError, match="has no colour network; it has grey"):
        models.find("mine").file(colours=3)
