"""The README's code runs as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from napari_deconv import samples, write
from napari_deconv.cli import app

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def _files(tmp_path, monkeypatch):
    """The two files the README speaks of, in the current folder."""
    monkeypatch.chdir(tmp_path)
    write("stack.ome.tif", samples.load("widefield_stack").image)
    write("photo.png", samples.load("clock_motion").image)


@pytest.mark.usefixtures("_files")
def test_python_blocks_run_one_after_the_other():
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", README, re.S):
        exec(compile(block, "README.md", "exec"), names)
    assert names["again"].num_iter == 10
    assert names["restored"].shape == names["estimate"].shape


@pytest.mark.usefixtures("_files")
def test_shell_lines_run_one_after_the_other():
    lines = [line for line in README.splitlines() if line.startswith("napari-deconv ") and "demo" not in line]
    assert len(lines) == 5
    for line in lines:
        found = CliRunner().invoke(app, shlex.split(line)[1:])
        assert found.exit_code == 0, found.output
