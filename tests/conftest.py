"""What every test runs under: GPU tests where one is, windows where napari is, no error lost in a thread."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import hypothesis
import pytest

# Seeded, and no timing asserted.
hypothesis.settings.register_profile("same every time", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same every time")

HAS_BINDING = any(map(find_spec, ("PyQt6", "PySide6")))
HAS_WINDOW = HAS_BINDING and all(map(find_spec, ("napari", "pytestqt")))
collect_ignore = [] if HAS_WINDOW else ["widgets"]
HOOKS = ((sys, "excepthook"), (threading, "excepthook"), (sys, "unraisablehook"))
LOST = pytest.StashKey[list[str]]()


def pytest_report_header() -> str | None:
    """Say what is not collected, and why."""
    return None if HAS_WINDOW else "tests/widgets left out: napari, a Qt binding or pytest-qt is not installed"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a GPU where there is none, with the reason the package itself would give."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    from napari_deconv.backend import probe_cupy

    usable, reason = probe_cupy()
    for item in marked if not usable else ():
        item.add_marker(pytest.mark.skip(reason=f"CuPy cannot be used: {reason}"))


@pytest.hookimpl(trylast=True)  # outside pytest's own listeners, which do not pass on what they hear
def pytest_configure(config: pytest.Config) -> None:
    """Listen to what Python would only print: errors in threads, in destructors, at the top of Qt's loop.

    pytest makes most of them failures of the running test; those that it does not see fail the run.
    """
    lost = config.stash[LOST] = []
    for module, name in HOOKS:
        before = getattr(module, name)
        setattr(module, name, partial(_note, lost, name, before))
        config.add_cleanup(partial(setattr, module, name, before))


def _note(lost: list[str], hook: str, then: Callable[..., Any], *error: Any) -> None:
    kind, value = error[:2] if len(error) == 3 else (error[0].exc_type, error[0].exc_value)
    lost.append(f"{hook}: {kind.__name__}: {value}")
    then(*error)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if session.config.stash[LOST] and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for line in config.stash.get(LOST, []):
        terminalreporter.write_line(f"error that nobody caught, in {line}", red=True)
