"""What people read: errors, durations, last-used values."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_deconv.widgets import memory
from napari_deconv.widgets.complaints import FIELDS, explain
from napari_deconv.widgets.footer import in_words


def test_one_sentence_what_and_one_what_to_do() -> None:
    told = explain(ValueError, "psf is zero everywhere; a kernel has at least one positive value")
    assert told == ("Psf is zero everywhere.", "A kernel has at least one positive value.")


def test_out_of_memory_always_has_a_remedy() -> None:
    what, remedy = explain(MemoryError, "needs about 9.1 GiB, 6.0 GiB free on numpy; crop the image")
    assert (what, remedy) == ("Not enough memory: needs about 9.1 GiB, 6.0 GiB free on numpy.", "Crop the image.")
    assert explain(MemoryError, "")[1].startswith("Crop")
    assert explain(MemoryError, "Unable to allocate 3 GiB")[1].startswith("Crop")


def test_foreign_errors_keep_their_type() -> None:
    assert explain(KeyError, "'x'")[0] == "KeyError: 'x'."
    assert explain(ZeroDivisionError, "")[0].startswith("ZeroDivisionError")


@pytest.mark.parametrize("keyword", FIELDS)
def test_keywords_of_functions_are_named_as_fields(keyword: str) -> None:
    package = Path(memory.__file__).parents[1]
    sources = " ".join(
        " ".join(path.read_text(encoding="utf-8").replace('"', "").replace("\n", " ").split())
        for path in package.rglob("*.py")
        if path.parent.name != "widgets"
    )
    assert keyword.replace('"', "") in sources, "this message has changed; change FIELDS with it"


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (59, "59 s"), (125, "2 min 5 s"), (4200, "1 h 10 min")])
def test_durations_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_values_are_remembered_per_dock() -> None:
    memory.remember("one", {"a": [1.5, None]})
    memory.remember("one", {"a": [2.5, None]})
    assert memory.recall("one") == {"a": [2.5, None]}
    assert memory.recall("other") == {}


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00"])
def test_a_damaged_memory_is_empty(text: str) -> None:
    memory.remember("one", {})
    (memory.folder() / "one.json").write_text(text)
    assert memory.recall("one") == {}


def test_a_folder_that_cannot_be_made_disturbs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(memory, "folder", lambda: tmp_path / "file" / "settings")
    memory.remember("one", {"a": 1})
    assert memory.recall("one") == {}
