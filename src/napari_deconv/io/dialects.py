"""What a TIFF says about its pixels, whether it speaks OME-XML, ImageJ, or only our own line of JSON."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import tifffile

from . import extras, imagej
from .image import SPATIAL
from .ome import OmeImage
from .optics import PER_CHANNEL


def said(
    tif: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    shape: tuple[int, ...],
    axes: str,
    document: OmeImage | None,
    notes: list[str],
) -> tuple[dict[str, float], dict[str, Any]]:
    """Micrometres per sample for the axes that have them, and entries for the picture's metadata.

    The second may hold ``axes`` and ``encoding`` as well. The file's own language goes before ours: another program may
    have changed the one and kept the other.
    """
    if series.kind == "ome" and document is not None:
        notes.extend(document.notes)
        own = extras.loads(document.values.get(extras.KEY), notes)
        own |= document.optics.known()
        own |= {"channels": document.channels} if any(document.channels) else {}
        size = document.pixel_size
    elif series.kind == "imagej":
        meta = tif.imagej_metadata or {}
        imagej.declared(meta, prod(n for n, a in zip(shape, axes, strict=True) if a in "TCZ"), notes)
        own = extras.loads(_own_line(meta.get("Info")), notes)
        size = imagej.pixel_size(series.keyframe, meta, notes)
    else:
        own = extras.loads(_own_json(series), notes)
        size = _stored_size(own)
    own.pop("spacing", None)
    channels = shape[axes.index("C")] if "C" in axes else 1
    return size, {k: v for k, v in own.items() if k not in ("channels", *PER_CHANNEL) or len(v) == channels}


def _own_line(info: object) -> str | None:
    """Our line among those of ImageJ's Info text."""
    mark = extras.KEY + "="
    return next((line[len(mark) :] for line in str(info or "").splitlines() if line.startswith(mark)), None)


def _own_json(series: tifffile.TiffPageSeries) -> str | None:
    """Our line in the JSON that tifffile keeps in the description of plain TIFF."""
    text = series.keyframe.description
    if series.kind != "shaped" or not text.startswith("{"):
        return None
    value = json.loads(text).get(extras.KEY)
    return value if isinstance(value, str) else None


def _stored_size(own: dict[str, Any]) -> dict[str, float]:
    """Micrometres per sample from our own line."""
    spatial, spacing = [a for a in own.get("axes", "") if a in SPATIAL], own.get("spacing", ())
    return dict(zip(spatial, spacing, strict=True)) if len(spacing) == len(spatial) else {}
