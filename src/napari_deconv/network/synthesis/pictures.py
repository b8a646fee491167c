"""Sharp pieces of pictures from files, at several scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from ...io import ENDINGS, read
from ...io.image import Image
from ...light import srgb

SCALES = (1.0, 0.71, 0.5, 0.35, 0.25)  # a picture made smaller is sharper, and free of its sensor and of JPEG's blocks
SMALLEST = 128  # pixels to a side: below that a scale is left out
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue as they are encoded
TOWARDS_SMALL = 0.6  # power of the chance with which a scale is taken: below 1, small and sharp ones more often
TRIES = 2  # places looked at for a piece, of which the one with more detail is taken: skies teach little
HELD_OUT = 8  # every eighth file is kept from training, to choose between checkpoints

Plane = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture at several scales.

    Parameters
    ----------
    name : str
        Of the file.
    encoded : bool
        Whether it is a photograph, gamma-encoded.
    scales : tuple of array
        From the largest down, each (colours, rows, columns), 0 to 255. 3 colours are red, green and blue, or three
        channels of a microscope; of any other number each is a grey picture of its own.
    """

    name: str
    encoded: bool
    scales: tuple[NDArray[np.uint8], ...]

    @property
    def colours(self) -> int:
        """Channels."""
        return int(self.scales[0].shape[0])


def load(paths: Sequence[Path], without: Path | None = None) -> tuple[list[Picture], list[Picture]]:
    """Pictures to train on and pictures held out, from files and folders.

    Parameters
    ----------
    paths : sequence of Path
        Images or folders of images, with the folders inside. They are sorted by name, so that the split is the same
        every time; each file counts once. Those with a side below `SMALLEST` pixels are left out.
    without : Path, optional
        A folder in which none is looked for.

    Raises
    ------
    ValueError
        If too few are found to hold one out, or one is damaged.
    OSError
        If a path is not there, or cannot be read.
    """
    files = sorted(_files(paths, without), key=lambda file: (file.name, file.as_posix()))
    pictures = [picture for file in files if (picture := _picture(file)) is not None]
    if len(pictures) < 2:
        raise ValueError(
            f"found {len(pictures)} images to train on among {len(files)} files in {', '.join(map(str, paths))}; "
            f"give two or more, {SMALLEST} pixels or more to a side"
        )
    held_out = range(HELD_OUT // 2, len(pictures), HELD_OUT) or range(len(pictures) - 1, len(pictures))
    training = [picture for number, picture in enumerate(pictures) if number not in held_out]
    return training, [pictures[number] for number in held_out]


def _files(paths: Sequence[Path], without: Path | None) -> list[Path]:
    """Each file once, however it is called."""
    found: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"{path} is not there; check its name and folder")
        inside = (file for file in path.rglob("*") if file.suffix.lower() in ENDINGS) if path.is_dir() else [path]
        for file in inside:
            real = file.resolve()
            if real.is_file() and not (without is not None and real.is_relative_to(without.resolve())):
                found.setdefault(real, file)
    return list(found.values())


def _picture(file: Path) -> Picture | None:
    """The picture in a file; None if it is too small to learn from."""
    image = read(file)
    channels = _channels(image)
    scales = (_scaled(channels, scale) for scale in SCALES)
    kept = tuple(scaled for scaled in scales if min(scaled.shape[1:]) >= SMALLEST)
    return Picture(file.name, image.encoding == "srgb", kept) if kept else None


def _channels(image: Image) -> NDArray[np.float32]:
    """(colours, rows, columns), 0 to 255: of stacks and series the brightest that each pixel was."""
    ordered = image.in_order()
    data = np.asarray(ordered.data, np.float32)
    for axis in [i for i, letter in enumerate(ordered.axes) if letter in "TZ"][::-1]:
        data = data.max(axis=axis)
    letters = [letter for letter in ordered.axes if letter not in "TZ"]
    data = np.moveaxis(data, [letters.index("Y"), letters.index("X")], [-2, -1]).reshape(-1, *image.spatial_shape[-2:])
    if image.encoding == "srgb" and image.data.dtype == np.uint8:
        return data
    low, high = data.min(axis=(1, 2), keepdims=True), np.percentile(data, 99.9, axis=(1, 2), keepdims=True)
    stretched: NDArray[np.float32] = np.clip((data - low) * (255 / np.maximum(high - low, 1e-6)), 0, 255)
    return stretched.astype(np.float32)


def _scaled(channels: NDArray[np.float32], scale: float) -> NDArray[np.uint8]:
    height, width = (max(1, round(n * scale)) for n in channels.shape[1:])
    planes = [
        np.asarray(Pillow.fromarray(plane).resize((width, height), Pillow.Resampling.LANCZOS)) for plane in channels
    ]
    scaled: NDArray[np.uint8] = np.clip(np.rint(np.stack(planes)), 0, 255).astype(np.uint8)
    return scaled


def piece(rng: np.random.Generator, pictures: Sequence[Picture], side: int, colours: int) -> Plane:
    """A random square piece, (colours, side, side), 0 to 1; photographs in linear light as often as not.

    One in grey comes from any picture, one in colour from those of 3 colours.
    """
    fitting = [picture for picture in pictures if colours in (1, picture.colours)]
    weights = np.sqrt([picture.scales[0].size / picture.colours for picture in fitting])
    picture = fitting[rng.choice(len(fitting), p=weights / weights.sum())]
    large = [scaled for scaled in picture.scales if min(scaled.shape[1:]) >= side] or list(picture.scales[:1])
    scaled = large[int(len(large) * rng.random() ** TOWARDS_SMALL)]
    part = max((_cut(rng, scaled, side) for _ in range(TRIES)), key=_detail).astype(np.float32) / 255
    if picture.encoded and rng.random() < 0.5:
        part = srgb(part).astype(np.float32)
    if colours < picture.colours:
        photograph = picture.encoded and picture.colours == 3
        shares = LUMA if photograph else np.eye(picture.colours)[rng.integers(picture.colours)].tolist()
        part = np.tensordot(np.asarray(shares, np.float32), part, axes=1)[None]
    return np.asarray(part, np.float32)


def _cut(rng: np.random.Generator, scaled: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    top, left = (int(rng.integers(max(1, n - side + 1))) for n in scaled.shape[1:])
    part = scaled[:, top : top + side, left : left + side]
    return np.pad(part, ((0, 0), *((0, side - n) for n in part.shape[1:])), mode="symmetric")


def _detail(part: NDArray[np.uint8]) -> float:
    """How much there is to learn: the mean step from row to row, in the first colour."""
    return float(np.abs(np.diff(part[0].astype(np.int16), axis=0)).mean())


def turned(rng: np.random.Generator, part: Plane) -> Plane:
    """One of the eight orientations of a square."""
    part = np.rot90(part, int(rng.integers(4)), axes=(1, 2))
    return part[..., ::-1] if rng.random() < 0.5 else part
