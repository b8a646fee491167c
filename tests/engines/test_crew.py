"""Threads that share pieces of work."""

from __future__ import annotations

import threading

import pytest

from napari_deconv.engines import crew
from napari_deconv.engines.crew import spread


@pytest.fixture(params=[1, 2, 5])
def count(request, monkeypatch):
    monkeypatch.setattr(crew, "threads", lambda: request.param)
    return request.param


def test_every_piece_is_done_once(count):
    done = []
    spread(done.append, range(100))
    assert sorted(done) == list(range(100))


def test_nothing_to_do(count):
    spread(lambda piece: pytest.fail("there is none"), [])


def test_as_many_threads_as_cores_work_at_once(count):
    together = threading.Barrier(count, timeout=10)
    spread(lambda piece: together.wait(), range(count))


def test_pieces_may_share_out_work_themselves(count):
    done = []
    spread(lambda i: spread(lambda j: done.append((i, j)), range(5)), range(5))
    assert len(set(done)) == len(done) == 25


def test_nothing_new_is_begun_after_an_error(count):
    begun = []

    def work(piece):
        begun.append(piece)
        raise RuntimeError("first")

    with pytest.raises(RuntimeError, match="first"):
        spread(work, range(1000))
    assert len(begun) <= count


def test_an_error_is_raised_when_all_threads_have_stopped(monkeypatch):
    monkeypatch.setattr(crew, "threads", lambda: 2)
    together, stopped = threading.Barrier(2, timeout=10), []

    def work(piece):
        together.wait()
        if threading.current_thread() is threading.main_thread():
            raise RuntimeError("here")
        threading.Event().wait(0.1)
        stopped.append(piece)

    with pytest.raises(RuntimeError, match="here"):
        spread(work, range(2))
    assert len(stopped) == 1


def test_an_error_of_a_helper_reaches_the_caller(monkeypatch):
    monkeypatch.setattr(crew, "threads", lambda: 2)
    together = threading.Barrier(2, timeout=10)

    def work(piece):
        together.wait()
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("there")

    with pytest.raises(RuntimeError, match="there"):
        spread(work, range(2))
