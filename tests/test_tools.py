"""What the Makefile asks of a shell, on stand-ins for the package manager of Debian and Ubuntu."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / "tools"
STAND_INS = {
    "dpkg-query": 'for last; do :; done; case " $HAVE " in *" $last "*) echo installed ;; *) exit 1 ;; esac',
    "apt-cache": 'for last; do :; done; test "$last" = "$KNOWN"',
    "apt-get": 'echo "apt-get $*"',
    "id": 'echo "$USER_ID"',
}
PACKAGES = """xvfb xauth libegl1 libgl1 libglx-mesa0 libgl1-mesa-dri libdbus-1-3 libfontconfig1
    libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1
    libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the Makefile is for Linux and macOS")


def libraries(tmp_path: Path, have: str, *, user_id: int, known: str = "") -> subprocess.CompletedProcess[str]:
    """What tools/system-libs.sh does where those packages are installed and apt knows that name of GLib."""
    for name, body in STAND_INS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "HAVE": " ".join(have.split()), "USER_ID": str(user_id), "KNOWN": known}
    command = ["sh", str(TOOLS / "system-libs.sh")]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("glib", ["libglib2.0-0", "libglib2.0-0t64"])
def test_nothing_is_said_when_all_libraries_are_there(tmp_path: Path, glib: str) -> None:
    done = libraries(tmp_path, f"{PACKAGES} {glib}", user_id=1000)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("glib", ["libglib2.0-0", "libglib2.0-0t64"])
def test_a_user_is_told_the_one_line_to_run(tmp_path: Path, glib: str) -> None:
    done = libraries(tmp_path, PACKAGES.replace("xvfb", ""), user_id=1000, known=glib)
    assert done.returncode == 1
    line = f"sudo apt-get update && sudo apt-get install -y --no-install-recommends xvfb {glib}"
    assert done.stderr.splitlines()[-1] == line


def test_root_installs_only_what_is_missing(tmp_path: Path) -> None:
    done = libraries(tmp_path, f"{PACKAGES.replace('xauth', '')} libglib2.0-0", user_id=0)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == [
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends xauth",
    ]


def environment(python: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(TOOLS / "environment.sh"), python, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_environment_names_what_is_wrong_with_the_python(tmp_path: Path) -> None:
    done = environment("python-of-nobody", tmp_path / "venv")
    assert done.returncode == 1
    assert "python-of-nobody" in done.stderr
    assert "3.11" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_environment_of_the_same_python_is_left_alone(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    (tmp_path / "venv/mine").touch()
    done = environment(sys.executable, tmp_path / "venv")
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "venv/mine").exists()


def test_folder_that_is_no_environment_is_never_cleared(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    done = environment(sys.executable, tmp_path)
    assert done.returncode == 1
    assert "no environment" in done.stderr
    assert (tmp_path / "mine").exists()
