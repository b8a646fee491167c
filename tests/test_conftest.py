"""The net under all tests: an error in a thread, a destructor or a Qt slot fails the run."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
IN_THREAD = """
import threading

def test_innocent():
    threading.Thread(target=lambda: 1 / 0).start()
"""
IN_DESTRUCTOR = """
class Bad:
    def __del__(self):
        raise RuntimeError("in __del__")

def test_innocent():
    Bad()
"""
ON_TOP = """
import sys

def test_innocent():
    sys.excepthook(ValueError, ValueError("in a slot"), None)
"""
GOOD = "def test_innocent(): pass"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (IN_THREAD, "*error that nobody caught, in excepthook: ZeroDivisionError*"),
        (IN_DESTRUCTOR, "*error that nobody caught, in unraisablehook: RuntimeError: in __del__*"),
        (ON_TOP, "*error that nobody caught, in excepthook: ValueError: in a slot*"),
    ],
)
def test_error_that_nobody_caught_fails_the_run(pytester: pytest.Pytester, source: str, words: str) -> None:
    assert _run(pytester, source, words) == pytest.ExitCode.TESTS_FAILED


def test_run_without_such_errors_passes(pytester: pytest.Pytester) -> None:
    assert _run(pytester, GOOD, "*1 passed*") == pytest.ExitCode.OK


def _run(pytester: pytest.Pytester, source: str, words: str) -> int:
    """Exit status of a pytest with our conftest, without the plugins of napari and Qt, which have own nets."""
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(source)
    plugins = "napari napari-plugin-engine npe2 pytest-qt xvfb hypothesispytest cov"
    result = pytester.runpytest_subprocess(*(f"-pno:{name}" for name in plugins.split()))
    result.stdout.fnmatch_lines([words])
    return result.ret
