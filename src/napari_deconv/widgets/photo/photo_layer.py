"""A photograph in a layer: its pixels, how they are encoded, and what its file says that napari's reader leaves out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ... import io
from ...arrays import as_image
from ...io.image import Encoding, Image
from ...io.orientation import upright
from ..file_facts import readable
from ..layers import Description, describe, pixels

if TYPE_CHECKING:
    from napari.layers import Layer

Part = tuple[slice, slice]
WHOLE: Part = (slice(None), slice(None))
CODES = ("uint8", "uint16")
TURNS = range(1, 9)
LOOKED_AT = 2**22  # pixels compared between layer and file
NEARLY = 2.0  # codes of 255: two decoders of one JPEG


@dataclass(frozen=True, eq=False)
class Photo:
    """A photograph without a widget: what the worker threads get.

    Parameters
    ----------
    pixels : array-like, rows x columns or rows x columns x samples
        At full resolution; computed when needed.
    rgb : bool
        Whether the last axis holds red, green, blue and perhaps alpha.
    name : str
        Of the layer.
    encoding : {"linear", "srgb"}
        See `Image`.
    metadata : mapping
        Of the `Image`: its ICC profile.
    path : Path or None
        Its file.
    orientation : int
        1 to 8, EXIF's: how these pixels must be turned to be upright.
    """

    pixels: Any
    rgb: bool
    name: str
    encoding: Encoding = "linear"
    metadata: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None
    orientation: int = 1

    @property
    def axes(self) -> str:
        """Letters of its axes."""
        return "YXS" if self.rgb else "YX"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.pixels.shape[0]), int(self.pixels.shape[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """As stored."""
        found: np.dtype[Any] = np.dtype(self.pixels.dtype)
        return found

    @property
    def has_alpha(self) -> bool:
        """Whether the last sample is opacity."""
        return self.rgb and int(self.pixels.shape[-1]) == 4

    def image(self, part: Part = WHOLE, light: str = "linear") -> Image:
        """The colours of a part; with `light` "stored" they count as linear."""
        data = as_image(self.pixels[part], 2, channel_axis=-1 if self.rgb else None).data
        data = np.asarray(data[..., :3] if self.rgb else data)
        encoding = self.encoding if light == "linear" else "linear"
        return Image(data, self.axes, None, encoding, {**self.metadata, "name": self.name})

    def alpha(self, part: Part = WHOLE) -> NDArray[Any] | None:
        """The opacity of a part, if it has any."""
        return np.asarray(self.pixels[(*part, 3)]) if self.has_alpha else None

    def middle(self, side: int) -> Part:
        """The part of at most `side` rows and columns around the centre."""
        first = [max(0, (n - side) // 2) for n in self.shape]
        return slice(first[0], first[0] + side), slice(first[1], first[1] + side)


@dataclass(frozen=True, eq=False)
class FileSays:
    """What the file behind a layer knows: its encoding and profile, how napari's picture lies, what napari lost."""

    encoding: Encoding
    icc: bytes | None = None
    orientation: int = 1
    bits: int = 0  # of the file, where napari has kept fewer
    same: bool = True  # whether the layer still shows that picture


def look(path: Path, shown: Any) -> FileSays:
    """What the file says about the pixels `shown`. Reads both: for a worker thread.

    Raises
    ------
    OSError, ValueError, MemoryError
        See `napari_deconv.read`.
    """
    image = io.read(path)
    layer = np.asarray(shown)
    turned = _turn_between(layer, image.data)
    deeper = image.data.dtype.itemsize > layer.dtype.itemsize
    return FileSays(
        encoding=image.encoding,
        icc=image.metadata.get("icc"),
        orientation=turned or 1,
        bits=8 * image.data.dtype.itemsize if deeper and turned else 0,
        same=turned is not None,
    )


def _turn_between(layer: NDArray[Any], stored: NDArray[Any]) -> int | None:
    """The orientation that makes the layer's picture the file's; None if it shows something else."""
    if layer.ndim not in (2, 3) or stored.ndim not in (2, 3):
        return None
    seen, upright_one = _grey(layer), _grey(stored)
    for number in TURNS:
        turned = upright(seen, number, [])
        if turned.shape == upright_one.shape and _alike(turned, upright_one):
            return number
    return None


def _grey(data: NDArray[Any]) -> NDArray[Any]:
    return data[..., :3].mean(axis=-1, dtype=np.float32) if data.ndim == 3 else data


def _alike(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether both are the same picture, whatever their types."""
    step = max(1, round((one.size / LOOKED_AT) ** 0.5))
    a, b = (d[::step, ::step].astype(np.float32) for d in (one, other))
    top = [float(v.max()) or 1.0 for v in (a, b)]
    return float(np.abs(a / top[0] - b / top[1]).mean()) < NEARLY / 255


def photo_of(layer: Layer, file: FileSays | None) -> Photo:
    """The photograph in a layer; what the layer says about itself counts more than its file, and that more than types.

    Parameters
    ----------
    layer : Image layer
        RGB or grey.
    file : FileSays or None
        What is known of its file.
    """
    shown, found = describe(layer), pixels(layer)
    said = shown.said
    known = file if file is not None and file.same else None
    encoding = said.get("encoding") or (known.encoding if known else "srgb" if shown.dtype in CODES else "linear")
    icc = said.get("icc") or (known.icc if known else None)
    path = Path(str(said["path"])) if said.get("path") else shown.path
    turn = said.get("orientation") or (known.orientation if known else 1)
    photo = Photo(found, shown.rgb, shown.name, "srgb" if encoding == "srgb" else "linear")
    return replace(photo, metadata={"icc": icc} if icc else {}, path=path, orientation=int(turn))


def file_of(shown: Description) -> Path | None:
    """The file that `look` may be asked about; None for pictures of our own, which know about themselves."""
    return None if shown.said.get("encoding") or not readable(shown.path) else shown.path
