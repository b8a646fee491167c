"""The samples restored, with a picture of before and after for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from . import samples
from .io import Image, write, write_whole
from .job import Job
from .recipe import METADATA_KEY, Recipe
from .samples import Sample

Picture = Pillow.Image
Progress = Callable[[str, int, int], None]

DETAILS = {  # rows and columns of a photograph that are also shown enlarged
    "clock_motion": (slice(88, 218), slice(132, 292)),
    "defocused_coffee": (slice(110, 230), slice(130, 290)),
}
GAP, MARGIN, TEXT = 12, 16, 18  # pixels


@dataclass(frozen=True)
class Row:
    """How one sample fared.

    Parameters
    ----------
    name : str
        Which sample.
    before, after : float or None
        PSNR in dB against the truth over all pixels, edges included, the truth's range as the peak; None if nobody
        knows the truth.
    seconds : float
        Time of the restoration.
    backend : str
        Where it was computed.
    files : tuple of Path
        What was written: the result (OME-TIFF, a photograph as PNG too), its recipe (YAML), before and after (PNG).
    """

    name: str
    before: float | None
    after: float | None
    seconds: float
    backend: str
    files: tuple[Path, ...]


def make(folder: Path, names: Sequence[str] = samples.NAMES, progress: Progress | None = None) -> list[Row]:
    """Restore the samples with their recipes and write results, pictures and recipes into `folder`.

    Files of an earlier run are replaced.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    names : sequence of str
        Which samples.
    progress : callable, optional
        Called with name, steps done and steps in all.

    Returns
    -------
    list of Row

    Raises
    ------
    OSError
        If the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [_restore(name, folder, progress) for name in names]


def _restore(name: str, folder: Path, progress: Progress | None) -> Row:
    sample = samples.load(name)
    started = time.perf_counter()
    job = Job(sample.recipe, sample.image)
    for step in job:
        if progress is not None:
            progress(name, step.done, step.total)
    result, seconds = job.result(), time.perf_counter() - started
    before, after = (_psnr(picture, sample) for picture in (sample.image, result))
    backend = result.metadata[METADATA_KEY]["backend"]
    return Row(name, before, after, round(seconds, 2), backend, _write(name, folder, sample, result))


def _write(name: str, folder: Path, sample: Sample, result: Image) -> tuple[Path, ...]:
    """Result, recipe and picture; a photograph's result as PNG too."""
    endings = (".ome.tif", *([".png"] if result.encoding == "srgb" else []))
    results = [folder / f"{name}{ending}" for ending in endings]
    recipe, picture = folder / f"{name}.recipe.yaml", folder / f"{name}_before_after.png"
    for file in results:
        write(file, result, overwrite=True)
    Recipe.from_mapping(result.metadata[METADATA_KEY]["recipe"], name).to_file(recipe, overwrite=True)
    with write_whole(picture, overwrite=True) as opened:
        before_after(name, sample, result).save(opened, "PNG")
    return (*results, recipe, picture)


def _psnr(picture: Image, sample: Sample) -> float | None:
    """PSNR in dB; the camera's offset, which the recipe knows, is no error."""
    if sample.truth is None:
        return None
    from skimage.metrics import peak_signal_noise_ratio

    truth, found = (image.data.astype(np.float64) for image in (sample.truth, picture))
    if picture is sample.image:
        found = found - sample.recipe.background
    return float(peak_signal_noise_ratio(truth, found, data_range=np.ptp(truth)))  # type: ignore[no-untyped-call]


def before_after(name: str, sample: Sample, result: Image) -> Picture:
    """Before and after side by side, and the truth where it is known, all with the same contrast."""
    columns = {"before": sample.image, "after": result}
    if sample.truth is not None:
        columns["truth"] = sample.truth
    if "Z" in sample.image.axes:
        return _sheet(_sections(columns, sample))
    return _sheet({title: _views(picture.data, DETAILS[name]) for title, picture in columns.items()})


def _views(data: NDArray[Any], detail: tuple[slice, slice]) -> list[tuple[str, Picture]]:
    """A photograph, and a part of it enlarged to the same width."""
    whole = Pillow.fromarray(data)
    part = Pillow.fromarray(np.ascontiguousarray(data[detail]))
    height = round(part.height * whole.width / part.width)
    return [("", whole), ("", part.resize((whole.width, height), Pillow.Resampling.BICUBIC))]


def _sections(columns: dict[str, Image], sample: Sample) -> dict[str, list[tuple[str, Picture]]]:
    """The middle planes of a stack, seen from above (XY) and from the side (XZ), in square micrometres."""
    light = {title: picture.data.astype(np.float64) for title, picture in columns.items()}
    light["before"] -= sample.recipe.background
    bright = float(np.percentile(light["after"], 99.5))
    dz, dy, dx = sample.image.spacing or (1.0, 1.0, 1.0)
    return {
        title: [
            ("XY", _drawn(data[data.shape[0] // 2], dy / dx, bright)),
            ("XZ", _drawn(data[:, data.shape[1] // 2], dz / dx, bright)),
        ]
        for title, data in light.items()
    }


def _drawn(plane: NDArray[np.float64], aspect: float, bright: float) -> Picture:
    """Square root of the light from 0 to `bright`, four picture pixels per sample in X."""
    grey = np.rint(255 * np.sqrt(np.clip(plane / bright, 0, 1))).astype(np.uint8)
    size = (4 * plane.shape[1], round(4 * aspect * plane.shape[0]))
    return Pillow.fromarray(grey).resize(size, Pillow.Resampling.BICUBIC)


def _sheet(columns: dict[str, list[tuple[str, Picture]]]) -> Picture:
    """Columns of pictures under their titles, on white."""
    first = next(iter(columns.values()))
    width, heights = first[0][1].width, [picture.height for _, picture in first]
    top = MARGIN + TEXT + GAP
    size = (
        2 * MARGIN + len(columns) * width + (len(columns) - 1) * GAP,
        top + sum(heights) + (len(heights) - 1) * GAP + MARGIN,
    )
    sheet = Pillow.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT)
    for i, (title, pictures) in enumerate(columns.items()):
        x, y = MARGIN + i * (width + GAP), top
        draw.text((x, MARGIN - 4), title, fill="black", font=font)
        for label, picture in pictures:
            sheet.paste(picture, (x, y))
            draw.text((x + 8, y + 6), label, fill="white", font=font)
            y += picture.height + GAP
    return sheet
