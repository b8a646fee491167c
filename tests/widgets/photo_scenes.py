"""Blurred photographs as layers, and a photo dock filled in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from napari_deconv import Image, psf, write
from napari_deconv.light import to_encoded
from napari_deconv.operators import Blur
from napari_deconv.widgets.photo.dock import DeblurPhoto

Pixels = np.ndarray[Any, Any]
Finish = Callable[[Any], str]


def light(rows: int = 60, columns: int = 72, seed: int = 0) -> Pixels:
    """Linear light with edges and texture, 0.1 to 0.8."""
    rng = np.random.default_rng(seed)
    picture = np.full((rows, columns), 0.3, np.float32)
    for _ in range(25):
        r, c = rng.integers(0, rows - 6), rng.integers(0, columns - 6)
        picture[r : r + rng.integers(3, rows // 3), c : c + rng.integers(3, columns // 3)] = rng.uniform(0.1, 0.8)
    return picture


def blurred(kernel: psf.PSF, rows: int = 60, columns: int = 72, seed: int = 0) -> tuple[Pixels, Pixels]:
    """A sharp picture in linear light, and the same seen through `kernel`; both of the size asked for."""
    reach = [n // 2 for n in kernel.shape]
    sharp = light(rows + 2 * reach[0], columns + 2 * reach[1], seed)
    inside = tuple(slice(r, n - r) for r, n in zip(reach, sharp.shape, strict=True))
    return sharp[inside], np.asarray(Blur(kernel, sharp.shape, boundary="periodic").forward(sharp))[inside]


def encoded(linear: Pixels, dtype: Any = np.uint8, colours: int = 0) -> Pixels:
    """sRGB codes of a picture; with 3 or 4 colours, slightly coloured, and with alpha."""
    data = np.stack([linear * f for f in (1.0, 0.8, 0.6)], axis=-1) if colours else linear
    codes = to_encoded(data, Image(np.zeros(data.shape, dtype), "YXS" if colours else "YX", None, "srgb"))[0]
    if colours < 4:
        return codes
    alpha = np.full((*linear.shape, 1), np.iinfo(dtype).max, dtype)
    alpha[:5] = 7
    return np.concatenate([codes, alpha], axis=-1)


def use_motion(dock: DeblurPhoto, length: str = "9", angle: str = "20") -> None:
    dock.blur.choose("motion")
    dock.blur.numbers["motion"].edits["length"].type(length)
    dock.blur.numbers["motion"].edits["angle"].type(angle)


def restored(dock: DeblurPhoto, finish: Finish) -> Pixels:
    dock.start()
    assert finish(dock) == "done", dock.footer.message.text()
    assert dock.result is not None
    data: Pixels = dock.result.data
    return data


def add_photo(dock: DeblurPhoto, data: Pixels, **more: Any) -> Any:
    return dock.viewer.add_image(data, **{"name": "cat", "rgb": data.ndim == 3, **more})


def turned_jpeg(path: Any, data: Pixels, orientation: int = 6) -> None:
    """A JPEG whose EXIF says how to turn it."""
    from PIL import Image as Pillow

    exif = Pillow.Exif()
    exif[274] = orientation
    Pillow.fromarray(data).save(path, quality=95, subsampling=0, exif=exif)


def deep_png(path: Any, data: Pixels) -> None:
    """A PNG of 16 bits per colour."""
    write(path, Image(data, "YXS", None, "srgb"))
