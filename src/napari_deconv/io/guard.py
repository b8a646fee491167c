"""What stands between us and the libraries that decode: their quiet log, sizes before allocation, foreign errors."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
import psutil
from numpy.typing import DTypeLike, NDArray

LARGEST_RATIO = 10_000  # pixels' bytes per byte of file; the best honest compression seen is 1026
DAMAGED = "it may be damaged or cut off: copy it again from its source, or save it anew with the program that made it"
RAW = (
    "it is a camera's raw file, which is not read; develop it first (darktable, RawTherapee, the camera's own program) "
    "and export it as 16-bit TIFF or PNG"
)

# Private or decorative tags that tifffile cannot parse: the pixels do not depend on them.
_HARMLESS = re.compile(r"GDAL_NODATA|GeoKeyDirectory|imagej_metadata> raised|_tags> raised")
_lock = threading.RLock()


class Refusal(ValueError):
    """A sentence of ours about a file; `read` puts the file's name before it."""


class _Collector(logging.Handler):
    """Keeps the words of every record it is given."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.words.append(re.sub(r"<tifffile\.\w+ [^>]*>\s*", "", record.getMessage()).strip())


@contextlib.contextmanager
def listening(name: str = "tifffile") -> Iterator[list[str]]:
    """The list that receives what library `name` logs as a warning or worse, whatever log level anybody has set.

    One reader at a time, because the decoding threads of a library cannot be told apart.
    """
    library, collector = logging.getLogger(name), _Collector()
    with _lock:
        before = library.level, library.disabled, library.propagate, logging.root.manager.disable
        library.setLevel(logging.WARNING)
        library.disabled, library.propagate = False, False
        logging.disable(logging.NOTSET)
        library.addHandler(collector)
        try:
            yield collector.words
        finally:
            library.removeHandler(collector)
            library.setLevel(before[0])
            library.disabled, library.propagate = before[1], before[2]
            logging.disable(before[3])


def heed(words: list[str], notes: list[str]) -> None:
    """Turn what a library logged into notes if it is harmless to the pixels, else into a `Refusal`."""
    serious = [w for w in words if not _HARMLESS.search(w)]
    if serious:
        raise Refusal(f"not all of it can be read ({serious[0][:200]}); {DAMAGED}")
    notes.extend(f"Part of the metadata could not be read and was ignored ({w[:200]})." for w in words)


def check_size(shape: tuple[int, ...], dtype: DTypeLike, file_bytes: int | None = None) -> None:
    """Refuse pixels that the file cannot hold, or that memory cannot, before anything is allocated.

    Raises
    ------
    Refusal
        If the file declares more than 10,000 bytes of pixels per byte of its own; not asked without `file_bytes`.
    MemoryError
        If the pixels do not fit into the memory that is free now. The message has both figures.
    """
    needed = prod(int(n) for n in shape) * np.dtype(dtype).itemsize
    if file_bytes is not None and needed > LARGEST_RATIO * max(file_bytes, 1):
        raise Refusal(
            f"it declares {_size(needed)} of pixels (shape {shape}) in a file of {_size(file_bytes)}, "
            f"more than the {LARGEST_RATIO:,} to 1 any honest file reaches; {DAMAGED}"
        )
    free = psutil.virtual_memory().available
    if needed > free:
        raise MemoryError(
            f"needs about {_size(needed)} for its pixels (shape {shape}), {_size(free)} free; "
            "cut it into parts, close other programs, or use a machine with more memory"
        )


def _size(count: float) -> str:
    """Bytes in words."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def check_finite(data: NDArray[Any], axes: str) -> None:
    """Refuse NaN and infinite pixels, naming how many there are and where the first is."""
    if data.dtype.kind != "f":
        return
    good = np.isfinite(data)
    if good.all():
        return
    first = np.unravel_index(int(good.argmin()), good.shape)
    where = ", ".join(f"{a}={int(i)}" for a, i in zip(axes, first, strict=True))
    count = int(good.size - good.sum())
    raise Refusal(f"{count} of its pixels are NaN or infinite, the first at {where}; replace them by numbers")
