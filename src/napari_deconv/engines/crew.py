"""Threads: pieces of work taken in turn by as many threads as this process may use cores."""

from __future__ import annotations

import functools
import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from ..backend import threads


def spread(work: Callable[[Any], None], pieces: Iterable[Any]) -> None:
    """Call ``work(piece)`` for every piece, in this thread and helpers; all have stopped when this returns or raises.

    Which thread takes which piece, and when, is left to chance. After an exception no further piece is begun, and the
    caller gets the exception.
    """
    todo = deque(pieces)

    def take() -> None:
        while True:
            try:
                piece = todo.popleft()
            except IndexError:
                return
            try:
                work(piece)
            except BaseException:
                todo.clear()
                raise

    count = threads()
    helpers = [_crew(count - 1).submit(take) for _ in range(min(count, len(todo)) - 1)]
    try:
        take()
    finally:
        todo.clear()  # the caller may have been interrupted between two pieces
        running = [helper for helper in helpers if not helper.cancel()]
        wait(running)
    for helper in running:
        helper.result()


@functools.cache
def _crew(count: int) -> ThreadPoolExecutor:
    """Helpers that live as long as the process; they sleep between two sweeps."""
    return ThreadPoolExecutor(count, thread_name_prefix="napari-deconv")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_crew.cache_clear)  # threads do not survive a fork
