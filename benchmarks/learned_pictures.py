"""Pictures to look at: blurred, classical, learned, truth, and where the learned one contradicts its image.

    python benchmarks/learned_pictures.py --data DATA --out docs/images [--model small]

Writes ``learned-photographs.jpg`` (five photographs that no training has seen, in linear light),
``learned-microscopy.jpg`` (five micrographs, the last one without a truth), ``learned-failures.jpg`` (three cases where
it goes wrong) and ``learned-why.jpg`` (the weights that made two pixels, beside those of the Wiener filter).
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from development import in_view
from napari_deconv import Camera, psf, quality, read, restore, richardson_lucy, wiener
from napari_deconv.light import to_linear
from napari_deconv.network.explain import equivalent_filter
from napari_deconv.psf import PSF
from objects import filaments, nuclei, points

Array = NDArray[Any]
SIDE, ZOOM = 160, 2
PHOTOS = (
    ("galen_crout_175291.jpg", psf.motion(13, 25)),
    ("kait_herzog_8242.jpg", psf.defocus(3.5)),
    ("nasa_89127.jpg", psf.gaussian(1.8)),
    ("sean_afnan_244576.jpg", psf.path([0, 4, 9, 8], [0, 7, 5, 14])),
    ("tj_holowaychuk.jpg", psf.motion(9, 110)),
)
TITLES = ("blurred", "classical", "learned", "truth", "contradicts the image")


@dataclass(frozen=True)
class Scene:
    """What is shown in a row."""

    name: str
    image: Array
    truth: Array | None
    blur: PSF
    sigma: float
    counts: bool


def photographs(data: Path) -> list[Scene]:
    scenes = []
    for name, blur in PHOTOS:
        picture = to_linear(read(data / "photos/permissive" / name)).data.astype(float)
        small = picture[: picture.shape[0] // 3 * 3, : picture.shape[1] // 3 * 3]
        small = small.reshape(small.shape[0] // 3, 3, small.shape[1] // 3, 3, 3).mean(axis=(1, 3))
        grey = small @ (0.2126, 0.7152, 0.0722)
        box = busiest(grey)
        seen = in_view(grey, blur.data)[box] + np.random.default_rng(0).normal(0, 0.01, (SIDE, SIDE))
        scenes.append(Scene(name.partition(".")[0], seen, grey[box], blur, 0.01, False))
    return scenes


def busiest(grey: Array) -> tuple[slice, slice]:
    """The square with the most detail."""
    steps = np.abs(np.diff(grey, axis=0))
    corners = [(r, c) for r in range(0, grey.shape[0] - SIDE, 32) for c in range(0, grey.shape[1] - SIDE, 32)]
    row, column = max(corners, key=lambda at: steps[at[0] : at[0] + SIDE, at[1] : at[1] + SIDE].mean())
    return slice(row, row + SIDE), slice(column, column + SIDE)


def micrographs(data: Path) -> list[Scene]:
    blur = psf.gaussian(2.0)
    scenes = []
    for name, draw, photons in (("filaments", filaments, 200), ("nuclei", nuclei, 50), ("points", points, 500)):
        truth = draw(np.random.default_rng(3), (SIDE + 40, SIDE + 40))
        truth = truth * (photons / np.percentile(truth, 99.5)) + 5
        scenes.append(recorded(name, truth, blur))
    mito = read(data / "microscopy/train2d/bpae_mito.tif").data.astype(float)[200:400, 400:600]
    mito = (mito - mito.min()) * (300 / (mito.max() - mito.min())) + 5
    scenes.append(recorded("mitochondria", mito, blur))
    worm = read(data / "microscopy/blurred2d/celegans_sdeconv.tif").data.astype(float).squeeze()
    worm = worm[worm.shape[0] // 2 - 80 :, worm.shape[1] // 2 - 80 :][:SIDE, :SIDE]
    return [*scenes, Scene("C. elegans (real)", worm, None, psf.gaussian(1.5), 0.0, True)]


def recorded(name: str, truth: Array, blur: PSF) -> Scene:
    inner = np.s_[20 : 20 + SIDE, 20 : 20 + SIDE]
    image = np.random.default_rng(0).poisson(np.maximum(in_view(truth, blur.data), 0))[inner].astype(float)
    return Scene(name, image, truth[inner], blur, float(np.sqrt(image.mean())), True)


def failures(data: Path) -> list[Scene]:
    """A kernel that is wrong, noise far beyond the signal, and a texture that the blur has stopped."""
    good = photographs(data)[0]
    rows, columns = np.indices((SIDE + 40, SIDE + 40))
    stripes = 0.5 + 0.3 * np.sign(np.sin(2 * np.pi * columns / 5.0)) * (rows > 100)
    blur = psf.motion(10, 0)
    inner = np.s_[20 : 20 + SIDE, 20 : 20 + SIDE]
    striped = in_view(stripes, blur.data)[inner] + np.random.default_rng(0).normal(0, 0.005, (SIDE, SIDE))
    noisy = good.image + np.random.default_rng(1).normal(0, 0.15, good.image.shape)
    return [
        Scene("a PSF that is wrong by 6 pixels", good.image, good.truth, psf.motion(19, 25), 0.01, False),
        Scene("noise as strong as the picture", noisy, good.truth, good.blur, 0.15, False),
        Scene("stripes that the blur has stopped", striped, stripes[inner], blur, 0.005, False),
    ]


def row(scene: Scene, model: str) -> list[Array]:
    """The pictures of a scene, 0 to 255."""
    sigma = scene.sigma or None
    learned = restore(scene.image, scene.blur, sigma, model)
    if scene.counts:
        classical = richardson_lucy(scene.image, scene.blur, "auto", camera={"gain": 1, "offset": 0})
    else:
        classical = wiener(scene.image, scene.blur, noise=sigma)
    shown = scene.truth if scene.truth is not None else learned
    low, high = np.percentile(shown, (0.5, 99.8))
    level = [(p - low) / (high - low) for p in (scene.image, classical, learned)]
    level.append(np.full(scene.image.shape, 0.9) if scene.truth is None else (scene.truth - low) / (high - low))
    noise = {"camera": Camera(gain=1, offset=0)} if scene.counts else {"sigma": sigma}
    found = quality.trust(scene.image, learned, scene.blur, classical=classical, **noise)
    light = [np.clip(p, 0, 1) ** (1 / 2.2) for p in level]
    fidelity = found.fidelity
    contradiction = np.clip(fidelity.map / np.maximum(fidelity.threshold, 1e-9) - 0.5, 0, 1)
    print(f"{scene.name}: {found.words}", flush=True)
    return [*(255 * p for p in light), 255 * (1 - contradiction)]


def sheet(path: Path, rows: Sequence[Sequence[Array]], names: Sequence[str], titles: Sequence[str]) -> None:
    """All pictures on one page, with words."""
    side, top = SIDE * ZOOM, 22
    page = Pillow.new("RGB", (len(titles) * (side + 4), top + len(rows) * (side + top)), "white")
    pen = ImageDraw.Draw(page)
    for column, title in enumerate(titles):
        pen.text((column * (side + 4) + 4, 4), title, fill="black")
    for line, (pictures, name) in enumerate(zip(rows, names, strict=True)):
        y = top + line * (side + top)
        pen.text((4, y + side + 4), name, fill="black")
        for column, picture in enumerate(pictures):
            tile = Pillow.fromarray(np.asarray(np.clip(picture, 0, 255), np.uint8)).resize((side, side), Pillow.NEAREST)
            page.paste(tile.convert("RGB"), (column * (side + 4), y))
    page.save(path, quality=85)


def why(scenes: Sequence[Scene], path: Path, model: str) -> None:
    """The rows of two pixels: red adds, blue takes away."""
    pictures, names = [], []
    for scene, position in zip(scenes, ((80, 80), (60, 100)), strict=True):
        found = equivalent_filter(scene.image, scene.blur, position, sigma=scene.sigma, model=model)
        print(found.words, flush=True)
        names.append(f"{scene.name}: {found.words}")
        box = tuple(slice(max(0, p - 40), p + 40) for p in position)
        restored = restore(scene.image, scene.blur, scene.sigma, model)
        scaled = np.clip((restored - restored.min()) / np.ptp(restored), 0, 1) ** (1 / 2.2)
        marked = np.stack([255 * scaled] * 3, -1)
        marked[position[0] - 1 : position[0] + 2, position[1] - 1 : position[1] + 2] = (255, 0, 0)
        pictures.append([marked, *(enlarged(diverging(w[box])) for w in (found.weights, found.classical))])
    sheet(
        path,
        pictures,
        names,
        ("restored, the pixel marked", "its weights (80 x 80 pixels)", "those of the Wiener filter"),
    )


def diverging(weights: Array) -> Array:
    """Red for what adds, blue for what takes away; square roots, so that little ones are seen."""
    share = np.sqrt(np.abs(weights) / np.abs(weights).max())
    red, blue = np.where(weights > 0, 0, share), np.where(weights > 0, share, 0)
    return 255 * np.stack([1 - red, 1 - share, 1 - blue], -1)


def enlarged(picture: Array) -> Array:
    return np.repeat(np.repeat(picture, SIDE // 80, 0), SIDE // 80, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--model", default="small")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    photos, micro = photographs(asked.data), micrographs(asked.data)
    for name, scenes in (("photographs", photos), ("microscopy", micro), ("failures", failures(asked.data))):
        rows = [row(scene, asked.model) for scene in scenes]
        sheet(asked.out / f"learned-{name}.jpg", rows, [scene.name for scene in scenes], TITLES)
    why([photos[0], micro[0]], asked.out / "learned-why.jpg", asked.model)


if __name__ == "__main__":
    main()
