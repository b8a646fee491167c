"""What trainings are tested on: small sharp pictures, in memory and as files; torch on one core."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from napari_deconv.io import Image, write
from napari_deconv.network.synthesis.drawings import leaves
from napari_deconv.network.synthesis.pictures import Picture


@cache
def pictures(count: int = 2, colours: int = 1, side: int = 144, encoded: bool = False) -> list[Picture]:
    """Disks over disks, at two scales."""
    drawn = [leaves(np.random.default_rng(seed), side, colours) for seed in range(count)]
    eight_bits = [np.rint(255 * one).astype(np.uint8) for one in drawn]
    return [Picture(f"{n}.png", encoded, (one, one[:, ::2, ::2])) for n, one in enumerate(eight_bits)]


def files(folder: Path, count: int = 3, colours: int = 3, side: int = 144) -> Path:
    """The same as PNGs in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for picture in pictures(count, colours, side):
        data = picture.scales[0].transpose(1, 2, 0)
        image = Image(data, "YXS", None, "srgb") if colours == 3 else Image(data[..., 0], "YX", None, "srgb")
        write(folder / picture.name, image, overwrite=True)
    return folder


def one_thread() -> Iterator[None]:
    """Leave the other cores alone; a fixture where it is needed."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
