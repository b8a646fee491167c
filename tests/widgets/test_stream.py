"""Generators followed in a thread: one at a time, the newest counts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from qtpy.QtCore import QObject, QThreadPool

from napari_deconv.widgets.stream import Stream


class Followed:
    """A stream and what it has said."""

    def __init__(self) -> None:
        self.parent = QObject()
        self.stream = Stream(self.parent)
        self.came: list[Any] = []
        self.failed: list[str] = []
        self.stream.came.connect(self.came.append)
        self.stream.failed.connect(self.failed.append)


def count(n: int, stop: threading.Event) -> Iterator[int]:
    yield from range(n)


def until_stopped(log: list[str], name: str, stop: threading.Event) -> Iterator[str]:
    log.append(f"{name} begins")
    yield name
    assert stop.wait(20)
    log.append(f"{name} ends")


def test_everything_comes_in_order(qtbot: Any) -> None:
    one = Followed()
    with qtbot.waitSignal(one.stream.ended, timeout=20_000):
        one.stream.ask(count, 5)
        assert one.stream.busy
    assert one.came == [0, 1, 2, 3, 4]
    assert not one.stream.busy


def test_the_newest_question_waits_for_the_end_of_the_one_before_and_those_between_are_dropped(qtbot: Any) -> None:
    one, log = Followed(), []  # type: ignore[var-annotated]
    one.stream.ask(until_stopped, log, "first")
    qtbot.waitUntil(lambda: one.came == ["first"], timeout=20_000)
    for name in ("second", "third"):
        one.stream.ask(until_stopped, log, name)
    qtbot.waitUntil(lambda: one.came == ["first", "third"], timeout=20_000)
    one.stream.cancel()
    assert not one.stream.busy
    qtbot.waitUntil(lambda: log[-1] == "third ends", timeout=20_000)
    assert log == ["first begins", "first ends", "third begins", "third ends"]


def test_what_goes_wrong_is_told_in_words(qtbot: Any) -> None:
    def broken(stop: threading.Event) -> Iterator[int]:
        yield 1
        raise ValueError("no luck; try again")

    one = Followed()
    with qtbot.waitSignal(one.stream.failed, timeout=20_000):
        one.stream.ask(broken)
    assert (one.came, one.failed) == ([1], ["No luck. Try again."])


def test_the_end_of_the_parent_ends_the_work(qtbot: Any) -> None:
    one, log = Followed(), []  # type: ignore[var-annotated]
    one.stream.ask(until_stopped, log, "only")
    qtbot.waitUntil(lambda: one.came == ["only"], timeout=20_000)
    one.parent.deleteLater()
    qtbot.waitUntil(lambda: log[-1] == "only ends", timeout=20_000)
    assert QThreadPool.globalInstance().waitForDone(20_000)
    qtbot.wait(20)
    assert one.came == ["only"]
