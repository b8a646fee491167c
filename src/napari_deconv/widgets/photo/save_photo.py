"""A restored photograph in a file beside the original, which is never touched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import io
from ...io.image import Encoding, Image
from ...io.orientation import upright
from ...recipe import METADATA_KEY
from ..layers import pixels

if TYPE_CHECKING:
    from napari.layers import Layer

ENDING = "_deblurred"
OURS = ("encoding", "icc", "orientation", "path", "role")  # what only layers are told
FILTER = "PNG (*.png);;TIFF (*.tif *.tiff);;JPEG (*.jpg *.jpeg)"


def picture(layer: Layer) -> Image:
    """The photograph in a result layer, upright, with its alpha, profile and provenance apart."""
    said: Mapping[str, Any] = layer.metadata.get(METADATA_KEY, {})
    data = upright(np.asarray(pixels(layer)), said.get("orientation", 1), [])
    known: dict[str, Any] = {METADATA_KEY: {k: v for k, v in said.items() if k not in OURS}}
    if said.get("icc"):
        known["icc"] = said["icc"]
    if said.get("path"):
        known["path"] = Path(said["path"])
    if layer.rgb and data.shape[-1] == 4:
        known["alpha"], data = np.ascontiguousarray(data[..., 3]), data[..., :3]
    encoding: Encoding = "srgb" if said.get("encoding") == "srgb" else "linear"
    return Image(np.ascontiguousarray(data), "YXS" if layer.rgb else "YX", None, encoding, known)


def suggested(image: Image, name: str) -> Path:
    """A name beside the original that is free: its stem with `_deblurred`, its ending where that can hold the pixels.

    Parameters
    ----------
    image : Image
        From `picture`.
    name : str
        For a picture without a file.
    """
    source = image.metadata.get("path")
    folder, stem = (source.parent, source.stem) if source else (Path.home(), name)
    ending = source.suffix.lower() if source else ".png"
    if ending not in _endings(image):
        ending = _endings(image)[0]
    names = (folder / f"{stem}{ENDING}{number}{ending}" for number in ("", *(f"_{i}" for i in range(2, 1000))))
    return next((path for path in names if not path.exists()), folder / f"{stem}{ENDING}{ending}")


def _endings(image: Image) -> tuple[str, ...]:
    """The formats that hold these pixels, the best first."""
    if image.data.dtype == np.uint8:
        return (".png", ".tif", ".tiff", ".jpg", ".jpeg") if not _see_through(image) else (".png", ".tif", ".tiff")
    return (".png", ".tif", ".tiff") if image.data.dtype == np.uint16 else (".tif", ".tiff")


def _see_through(image: Image) -> bool:
    """Whether its alpha channel says anything."""
    alpha = image.metadata.get("alpha")
    return alpha is not None and bool((alpha != _opaque(alpha)).any())


def _opaque(alpha: Any) -> float:
    return float(np.iinfo(alpha.dtype).max) if alpha.dtype.kind != "f" else 1.0


def save(path: Path, image: Image, overwrite: bool) -> str:
    """Write the picture; what to tell the user.

    Raises
    ------
    OSError, ValueError
        See `napari_deconv.write`.
    """
    remark = ""
    if path.suffix.lower() in (".jpg", ".jpeg") and "alpha" in image.metadata and not _see_through(image):
        image = Image(image.data, image.axes, None, image.encoding, _without(image.metadata, "alpha"))
        remark = " Its opacity channel, which hides nothing, was left out."
    io.write(path, image, overwrite=overwrite)
    return f"Saved {path.name}.{remark}"


def _without(metadata: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in metadata.items() if k != key}
