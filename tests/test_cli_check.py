"""`napari-deconv check`: a table to post, exit code 1 if a contract fails, JSON for machines."""

from __future__ import annotations

import getpass
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from napari_deconv import checks, cli
from napari_deconv.checks import Check

GOOD = Check("adjoint, float32", "numpy", 1e-7, 1e-5, True, 0.25)
BAD = Check("nothing moves: wiener", "cupy:0", 1.0, 0.02, False, 0.5)
ENDED = Check(
    "flat stays flat: wiener", "numpy", None, 1e-4, False, 0.1, "OSError: cannot read '/somewhere/x/fft.so' now"
)


def shell(monkeypatch, *found, options=()):
    monkeypatch.setattr(checks, "run_checks", lambda: iter(found))
    return CliRunner().invoke(cli.app, ["check", *options])


def test_all_is_well(monkeypatch):
    result = shell(monkeypatch, GOOD)
    assert result.exit_code == 0
    assert "adjoint, float32  numpy     1.0e-07     1e-05  yes" in result.stdout
    assert result.stdout.rstrip().endswith("1 checks in 0 s: all hold")
    for word in ("napari-deconv", "python", "system", "numpy", "scipy", "fft", "cores", "cupy"):
        assert word in result.stdout


@pytest.mark.parametrize("wrong", [BAD, ENDED])
def test_a_failure_ends_with_1_and_still_prints_the_table(monkeypatch, wrong):
    result = shell(monkeypatch, GOOD, wrong)
    assert result.exit_code == 1
    assert "2 checks in" in result.stdout
    assert "1 FAILED" in result.stdout
    assert f"{wrong.name}" in result.stdout


@pytest.mark.parametrize("found", [(GOOD,), (GOOD, BAD), (ENDED,)])
def test_json_is_one_object_that_says_whether_all_hold(monkeypatch, found):
    result = shell(monkeypatch, *found, options=["--json"])
    assert result.stderr == ""
    data = json.loads(result.stdout)
    assert data["ok"] == (result.exit_code == 0) == all(c.ok for c in found)
    assert [row["name"] for row in data["checks"]] == [c.name for c in found]
    assert data["about"]["napari-deconv"]


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_what_is_posted_names_no_folder_and_no_user(monkeypatch, options):
    result = shell(monkeypatch, GOOD, ENDED, options=options)
    assert "cannot read 'fft.so' now" in result.stdout
    assert "somebody" not in result.stdout
    assert str(Path.home()) not in result.stdout
    assert str(Path.cwd()) not in result.stdout
    assert not any(word == getpass.getuser() for word in result.stdout.split())
