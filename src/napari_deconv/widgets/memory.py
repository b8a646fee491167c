"""The values a dock was last run with, kept between openings in a JSON file of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..io import write_text


def folder() -> Path:
    """The platform's place for settings."""
    import platformdirs  # napari brings it; where it does not, nothing is remembered

    return Path(platformdirs.user_config_dir("napari-deconv", appauthor=False))


def recall(dock: str) -> dict[str, Any]:
    """The last values of that dock; empty if there are none, or they cannot be read."""
    try:
        found = json.loads((folder() / f"{dock}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, ImportError):
        return {}
    return found if isinstance(found, dict) else {}


def remember(dock: str, values: dict[str, Any]) -> None:
    """Keep the values; a folder that cannot be written to is no reason to disturb anyone."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        write_text(folder() / f"{dock}.json", json.dumps(values, indent=1), overwrite=True)
    except (OSError, ImportError):
        return
