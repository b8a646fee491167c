"""Docks under test: no settings of whoever runs them, no worker left behind."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QObject, QThreadPool
from superqt.utils import WorkerBase

from napari_deconv.network import models
from napari_deconv.widgets import memory
from napari_deconv.widgets.deconvolve import Deconvolve
from napari_deconv.widgets.photo.dock import DeblurPhoto
from napari_deconv.widgets.psf_maker.dock import PSFDock

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.gui)


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "folder", lambda: tmp_path / "settings")
    monkeypatch.setenv(models.HOME, str(tmp_path / "models"))


@pytest.fixture(autouse=True)
def _no_worker_left(qtbot: Any) -> Iterator[None]:
    yield
    pool = QThreadPool.globalInstance()
    qtbot.waitUntil(lambda: not WorkerBase._worker_set and pool.activeThreadCount() == 0, timeout=20_000)


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    """A viewer without a window: all that most facts need."""
    model = ViewerModel()
    yield model
    model.layers.clear()


@pytest.fixture
def dock(viewer: ViewerModel, qtbot: Any) -> Iterator[Deconvolve]:
    """The dock Deconvolve; previews only when a test asks for them."""
    widget = Deconvolve(viewer)
    widget.live.box.setChecked(False)
    qtbot.addWidget(widget)
    yield widget
    widget.stop()
    widget.live.cancel()


@pytest.fixture
def maker(viewer: ViewerModel, qtbot: Any) -> Iterator[PSFDock]:
    widget = PSFDock(viewer)
    qtbot.addWidget(widget)
    yield widget
    widget.stop()


@pytest.fixture
def settled(qtbot: Any) -> Callable[[PSFDock], str]:
    """Wait until a PSF is there and examined; what the examination said."""

    def wait(dock: PSFDock) -> str:
        qtbot.waitUntil(lambda: dock.made is not None, timeout=20_000)
        summary = dock.panel.findings.summary
        qtbot.waitUntil(lambda: summary.text().startswith("Examined"), timeout=20_000)
        return str(summary.text())

    return wait


@pytest.fixture
def finish(qtbot: Any) -> Callable[[Deconvolve], str]:
    """Wait until a run has ended; the state it ended in."""

    def wait(dock: Deconvolve) -> str:
        qtbot.waitUntil(lambda: dock._worker is None, timeout=20_000)
        return dock.state

    return wait


@pytest.fixture
def long_run(qtbot: Any) -> Callable[[Deconvolve], None]:
    """A run with more iterations than anyone waits for, in the middle."""

    def start(dock: Deconvolve) -> None:
        dock.method.put({"method": "richardson_lucy", "num_iter": 100_000})
        dock.start()
        qtbot.waitUntil(lambda: dock.footer.bar.value() > 0, timeout=20_000)

    return start


@pytest.fixture
def destroyed(qtbot: Any) -> Callable[[QObject], contextlib.AbstractContextManager[None]]:
    """A block that makes Qt destroy an object; pytest-qt's own way of waiting for that fails with PySide6."""

    @contextlib.contextmanager
    def wait(thing: QObject) -> Iterator[None]:
        gone: list[bool] = []
        thing.destroyed.connect(lambda: gone.append(True))
        yield
        qtbot.waitUntil(lambda: bool(gone), timeout=20_000)

    return wait


@pytest.fixture
def photo_dock(viewer: ViewerModel, qtbot: Any) -> Iterator[DeblurPhoto]:
    """The dock Deblur photo; previews only when a test asks for them."""
    widget = DeblurPhoto(viewer)
    widget.live.setChecked(False)
    qtbot.addWidget(widget)
    yield widget
    widget.stop()
    widget.preview.cancel()
