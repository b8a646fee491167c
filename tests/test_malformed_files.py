"""Every file of the table goes through `read`: right, refused with a sentence, or read with a sentence."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from malformed import ROWS, Row
from napari_deconv.io import Image, read

ALLOWED = ValueError, OSError, MemoryError, ImportError
CHILD = """
import json, resource, sys
from napari_deconv.io import read
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
try:
    image = read(sys.argv[1])
    found = {"notes": image.metadata["notes"]}
except (ValueError, OSError, MemoryError, ImportError) as error:
    found = {"error": str(error)}
print(json.dumps(found))
"""


@pytest.mark.parametrize("row", [r for r in ROWS if r.door == "file"], ids=lambda r: r.id)
def test_malformed_file(row: Row, tmp_path: Path) -> None:
    if row.absent:
        pytest.skip(row.absent)
    path = row.make(tmp_path)
    before = fingerprints(tmp_path)
    if row.heavy and sys.platform != "win32":
        meets(row, **in_a_small_process(path))
    if not row.heavy or row.check:
        meets(row, **here(path))
    assert fingerprints(tmp_path) == before


def meets(row: Row, image: Image | None = None, notes: Any = (), error: str | None = None) -> None:
    """What happened is what the row expects."""
    said = (error or " ".join(notes)).lower()
    assert (error is not None) == (row.expected == "error"), said
    for word in row.words:
        assert word.lower() in said
    if row.check and image is not None:
        row.check(image)


def here(path: Path) -> dict[str, Any]:
    try:
        image = read(path)
    except ALLOWED as error:
        return {"error": str(error)}
    return {"image": image, "notes": image.metadata["notes"]}


def in_a_small_process(path: Path) -> dict[str, Any]:
    """Two GiB, twenty seconds."""
    command = [sys.executable, "-W", "error", "-c", CHILD, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def fingerprints(folder: Path) -> dict[Path, str]:
    """Every entry of the folder, ordinary files with their SHA-256."""
    entries = sorted(folder.rglob("*"))
    return {p: hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() and readable(p) else "" for p in entries}


def readable(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o400)
