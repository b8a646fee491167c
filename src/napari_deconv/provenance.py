"""What was done, as data that goes into the result: JSON-safe, with names of files but no paths."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from .io.image import Image
from .psf.type import PSF
from .recipe import Recipe

SCHEMA = 1


def provenance(recipe: Recipe, source: Image, psfs: Sequence[PSF], **work: Any) -> dict[str, Any]:
    """Who made it, from what, how.

    Parameters
    ----------
    recipe : Recipe
        With all decisions filled in.
    source : Image
        What was restored.
    psfs : sequence of PSF
        One, or one per channel.
    **work
        What the job has to say: masks, backend, steps, seconds, notes.
    """
    return {
        "schema": SCHEMA,
        "package": f"napari-deconv {version('napari-deconv')}",
        "recipe": recipe.to_dict(),
        "source": {key: str(source.metadata[key]) for key in ("name", "sha256") if source.metadata.get(key)},
        "psf": [{"sha256": p.sha256, "shape": list(p.shape), "spacing": list(p.spacing), "unit": p.unit} for p in psfs],
        **work,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
