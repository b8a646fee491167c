"""The code of the README and of docs/ runs as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from napari_deconv import samples, write
from napari_deconv.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if "```python" in page.read_text(encoding="utf-8")]


@pytest.fixture
def _files(tmp_path, monkeypatch):
    """The two files the README speaks of, in the current folder."""
    monkeypatch.chdir(tmp_path)
    write("stack.ome.tif", samples.load("widefield_stack").image)
    write("photo.png", samples.load("clock_motion").image)


@pytest.mark.filterwarnings("ignore:.*max_iter:UserWarning")
@pytest.mark.usefixtures("_files")
def test_python_blocks_run_one_after_the_other():
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", README, re.S):
        exec(compile(block, "README.md", "exec"), names)
    assert isinstance(names["again"].num_iter, int)
    assert names["restored"].shape == names["estimate"].shape


@pytest.mark.usefixtures("_files")
def test_shell_lines_run_one_after_the_other():
    lines = [line for line in README.splitlines() if line.startswith("napari-deconv ") and "demo" not in line]
    assert len(lines) == 10
    for line in lines:
        found = CliRunner().invoke(app, shlex.split(line)[1:])
        assert found.exit_code == 0, found.output


@pytest.mark.filterwarnings("ignore:.*max_iter:UserWarning")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_of_each_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
        exec(compile(block, page.name, "exec"), names)


def test_pictures_and_pages_that_are_linked_are_there():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name} links {link}"
