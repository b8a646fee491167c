"""The house in order: one place per setting, nothing heavy in the base, no file that knows one machine."""

from __future__ import annotations

import configparser
import importlib
import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/napari_deconv"
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
WINDOW = {"napari", "magicgui", "superqt", "qtpy", "pyqt5", "pyqt6", "pyside2", "pyside6"}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def requirement_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", line, maxsplit=1)[0].lower() for line in requirements}


def tracked() -> list[Path]:
    """Files that git tracks or would."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"not a git checkout: {error}")
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


def test_setup_cfg_says_nothing_that_pyproject_says(project: dict[str, Any]) -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    tools = {name.removeprefix("tool:").partition(":")[0].partition("-")[0] for name in setup.sections()}
    assert tools == {"pytest", "coverage", "mypy"}
    assert set(project["tool"]) == {"setuptools", "ruff"}


def test_classifiers_name_napari_and_the_pythons_that_ci_tests(project: dict[str, Any]) -> None:
    classifiers = project["project"]["classifiers"]
    assert "Framework :: napari" in classifiers
    assert [c.rpartition(" ")[2] for c in classifiers if ":: 3." in c] == PYTHONS
    assert project["project"]["requires-python"] == f">={PYTHONS[0]}"
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == PYTHONS
    assert not [c for c in classifiers if c.startswith("License ::")], "the SPDX expression in `license` says it"


def test_base_brings_neither_napari_nor_qt_and_gui_brings_no_binding(project: dict[str, Any]) -> None:
    assert not requirement_names(project["project"]["dependencies"]) & WINDOW
    gui = project["project"]["optional-dependencies"]["gui"]
    assert not [line for line in gui if "[" in line]
    assert not requirement_names(gui) & {"pyqt5", "pyqt6", "pyside2", "pyside6"}


def test_every_folder_of_code_is_installed(project: dict[str, Any]) -> None:
    folders = {path.parent.relative_to(SOURCE.parent) for path in SOURCE.rglob("*.py")}
    listed = set(project["tool"]["setuptools"]["packages"])
    assert {".".join(folder.parts) for folder in folders} | {"napari_deconv.sample_data"} == listed


def test_every_sample_file_is_installed(project: dict[str, Any]) -> None:
    patterns = [*project["tool"]["setuptools"]["package-data"]["napari_deconv.sample_data"], "*.py"]
    inside = [path.relative_to(ROOT / "sample_data") for path in tracked() if ROOT / "sample_data" in path.parents]
    assert (ROOT / "sample_data/__init__.py").is_file(), "an editable install finds no sample_data without it"
    assert [path for path in inside if len(path.parts) > 1 or not any(fnmatch(path.name, p) for p in patterns)] == []


def test_version_and_name_are_the_same_everywhere(project: dict[str, Any]) -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    version = project["project"]["version"]
    assert citation["version"] == version
    assert citation["license"] == project["project"]["license"]
    assert re.search(
        rf"^## .*\b{re.escape(version)}\b", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )


def test_no_tracked_file_names_a_place_on_one_machine() -> None:
    place = re.compile(rb"(?<![\w.:/])/(?:home|root|Users|work|opt)/\w|\b[A-Z]:\\Users\\\w")
    found = {path.relative_to(ROOT).as_posix(): place.search(path.read_bytes()) for path in tracked()}
    assert {name: match.group() for name, match in found.items() if match} == {}


def test_no_tracked_file_is_larger_than_two_megabytes() -> None:
    assert [path.name for path in tracked() if path.stat().st_size > 2_000_000] == []


def test_manifest_is_valid_and_bears_the_name_of_the_distribution(project: dict[str, Any]) -> None:
    npe2 = pytest.importorskip("npe2", exc_type=ImportError)
    manifest = npe2.PluginManifest.from_file(SOURCE / "napari.yaml")
    name = project["project"]["name"]
    assert manifest.name == name
    assert project["project"]["entry-points"]["napari.manifest"] == {name: "napari_deconv:napari.yaml"}
    assert all(command.id.startswith(f"{name}.") for command in manifest.contributions.commands or ())


def test_manifest_knows_every_key_that_it_uses() -> None:
    npe2 = pytest.importorskip("npe2", exc_type=ImportError)
    written = yaml.safe_load((SOURCE / "napari.yaml").read_text(encoding="utf-8"))
    assert set(written) <= set(npe2.PluginManifest.model_fields), "npe2 ignores a misspelt key without a word"


def test_manifest_names_functions_that_exist() -> None:
    pytest.importorskip("napari", exc_type=ImportError)
    written = yaml.safe_load((SOURCE / "napari.yaml").read_text(encoding="utf-8"))
    for command in written["contributions"]["commands"]:
        module, _, function = command["python_name"].partition(":")
        assert callable(getattr(importlib.import_module(module), function)), command


FORBIDDEN = (
    r"\bpickle\b",
    r"\beval\(",
    r"\bexec\(",
    r"shell=True",
    r"allow_pickle=True",
    r"\btorch\.load\b",
    r"\byaml\.(unsafe|full)_load|yaml\.(Unsafe|Full)?Loader\b",
)


def test_no_code_from_outside_is_ever_run() -> None:
    """Nothing in the package unpickles, evaluates or hands text to a shell."""
    for file in sorted((ROOT / "src").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        found = [pattern for pattern in FORBIDDEN if re.search(pattern, text)]
        assert not found, f"{file.name}: {found}"
