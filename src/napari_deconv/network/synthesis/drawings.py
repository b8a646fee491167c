"""Pictures without end and without owner: leaves, words, and what fluoresces in a cell."""

from __future__ import annotations

import string
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from scipy import ndimage

Plane = NDArray[np.float32]
CUBED = 3  # radii r with density r^-3: no scale is favoured (Lee, Mumford & Huang, Int. J. Comput. Vis. 41, 35, 2001)


def leaves(rng: np.random.Generator, side: int, colours: int) -> Plane:
    """Overlapping disks of all sizes, some of them shaded."""
    count = int(rng.integers(200, 900))
    low, high = rng.uniform(1.5, 4), side / 2
    share = rng.uniform(0, 1, count)
    radii = (low ** (1 - CUBED) + share * (high ** (1 - CUBED) - low ** (1 - CUBED))) ** (1 / (1 - CUBED))
    scene = np.full((colours, side, side), rng.uniform(0, 1), np.float32)
    line = np.arange(side)
    for radius, centre in zip(radii, rng.uniform(0, side, (count, 2)), strict=True):
        rows, columns = (slice(max(0, int(c - radius) - 1), int(c + radius) + 2) for c in centre)
        away = np.hypot.outer(line[rows] - centre[0], line[columns] - centre[1])
        cover = np.clip(radius - away + 0.5, 0, 1)
        slope = rng.normal(0, 0.004, 2) * (rng.random() < 0.5)
        shade = np.add.outer(slope[0] * (line[rows] - centre[0]), slope[1] * (line[columns] - centre[1]))
        colour = _colour(rng, colours)[:, None, None] + shade
        part = scene[:, rows, columns]
        part += cover * (colour - part)
    return np.clip(scene, 0, 1)


def words(rng: np.random.Generator, side: int, colours: int) -> Plane:
    """Lines of letters on a plain ground."""
    size = float(rng.uniform(9, 40))
    font = ImageFont.load_default(size)
    page = Pillow.new("L", (side, side), 0)
    draw = ImageDraw.Draw(page)
    letters = np.array(list(string.ascii_letters + string.digits + "  .,;:-"))
    for row in range(int(side / (1.25 * size)) + 1):
        text = "".join(rng.choice(letters, int(2.5 * side / size) + 1))
        draw.text((-float(rng.uniform(0, size)), row * 1.25 * size), text, fill=255, font=font)
    ink = np.asarray(page, np.float32) / 255
    if rng.random() < 0.5:
        ink = ndimage.rotate(ink, rng.uniform(-20, 20), reshape=False, order=1, mode="nearest")
    paper, colour = _colour(rng, colours)[:, None, None], _colour(rng, colours)[:, None, None]
    picture: Plane = (paper + ink * (colour - paper)).astype(np.float32)
    return picture


def filaments(rng: np.random.Generator, side: int, colours: int) -> Plane:
    """Curved lines about a pixel thick, each of its own brightness, on a haze."""
    return _fluorescent(rng, side, colours, _lines)


def nuclei(rng: np.random.Generator, side: int, colours: int) -> Plane:
    """Filled ellipses with a texture, on a haze."""
    return _fluorescent(rng, side, colours, _ellipses)


def points(rng: np.random.Generator, side: int, colours: int) -> Plane:
    """Spots of one to three pixels, of very different brightness, on a haze."""
    return _fluorescent(rng, side, colours, _spots)


def nothing(rng: np.random.Generator, side: int, colours: int) -> Plane:
    """A plain ground, perhaps sloping: what a network must leave alone."""
    slope = rng.normal(0, 0.2, 2) * (rng.random() < 0.5)
    line = np.linspace(-1, 1, side)
    ground = rng.uniform(0.05, 1) * (1 + np.add.outer(slope[0] * line, slope[1] * line))
    return np.broadcast_to(np.maximum(ground, 0), (colours, side, side)).astype(np.float32)


Draw = Callable[[np.random.Generator, int, int], Plane]
DRAWINGS: dict[Draw, float] = {leaves: 5, words: 2, filaments: 3, nuclei: 3, points: 2, nothing: 2}  # how often


def drawing(rng: np.random.Generator, side: int, colours: int) -> Plane:
    """Any of them: (colours, side, side), 0 to about 1; single points and crossings may be several times as bright."""
    kinds, shares = list(DRAWINGS), np.array(list(DRAWINGS.values()))
    return kinds[rng.choice(len(kinds), p=shares / shares.sum())](rng, side, colours)


def _colour(rng: np.random.Generator, colours: int) -> NDArray[np.float64]:
    """A colour of which the channels are alike, as in the world."""
    return np.clip(rng.uniform(0, 1) + rng.normal(0, 0.15, colours) * (colours > 1), 0, 1)


def _fluorescent(
    rng: np.random.Generator, side: int, colours: int, draw: Callable[[np.random.Generator, int], NDArray[np.float64]]
) -> Plane:
    planes = [draw(rng, side) for _ in range(colours)]
    haze = [ndimage.gaussian_filter(plane, side / 12, mode="wrap") for plane in planes]
    share = rng.uniform(0, 1.5, colours)
    scene = np.stack([p + s * h + rng.uniform(0, 0.1) for p, s, h in zip(planes, share, haze, strict=True)])
    top = np.percentile(scene, 99.5)
    scaled: Plane = (scene * (rng.uniform(0.3, 1) / max(float(top), 1e-6))).astype(np.float32)
    return scaled


def _lines(rng: np.random.Generator, side: int) -> NDArray[np.float64]:
    canvas, t = np.zeros((side, side)), np.linspace(-1, 1, 6 * side)
    for _ in range(int(rng.integers(3, 40))):
        middle, reach = rng.uniform(0, side, 2), rng.uniform(0.2, 0.9) * side
        way, bend, wave = rng.normal(0, 1, 2), rng.normal(0, 0.4, 2), rng.normal(0, 0.1, 2)
        path = middle + reach * (np.outer(t, way) + np.outer(t**2, bend) + np.outer(np.sin(6 * t), wave))
        _splat(canvas, path, rng.uniform(0.2, 1.5))
    lines: NDArray[np.float64] = ndimage.gaussian_filter(canvas, rng.uniform(0.5, 1.3))
    return lines


def _ellipses(rng: np.random.Generator, side: int) -> NDArray[np.float64]:
    canvas, line = np.zeros((side, side)), np.arange(side)
    for _ in range(int(rng.integers(2, 20))):
        centre, axes = rng.uniform(0, side, 2), rng.uniform(4, 24, 2)
        turn = rng.uniform(0, np.pi)
        rows, columns = line[:, None] - centre[0], line[None, :] - centre[1]
        across = (rows * np.cos(turn) + columns * np.sin(turn)) / axes[0]
        along = (columns * np.cos(turn) - rows * np.sin(turn)) / axes[1]
        inside = np.clip((1 - np.hypot(across, along)) * axes.min() + 0.5, 0, 1)
        grain = ndimage.gaussian_filter(rng.normal(0, 1, (side, side)), rng.uniform(0.8, 3))
        texture = np.exp(rng.uniform(0.1, 0.7) * grain / grain.std())
        canvas = np.maximum(canvas, rng.uniform(0.3, 1.2) * inside * texture)
    return canvas


def _spots(rng: np.random.Generator, side: int) -> NDArray[np.float64]:
    canvas = np.zeros((side, side))
    _splat(canvas, rng.uniform(0, side, (int(rng.integers(5, side * side // 60)), 2)), 1.0, rng)
    spots: NDArray[np.float64] = ndimage.gaussian_filter(canvas, rng.uniform(0.5, 1.5))
    return spots


def _splat(
    canvas: NDArray[np.float64], places: NDArray[np.float64], light: float, rng: np.random.Generator | None = None
) -> None:
    """Light shared out bilinearly among the four nearest pixels; what falls outside is lost."""
    lights = np.full(len(places), light) if rng is None else light * rng.gamma(1.2, 0.8, len(places))
    corner = np.floor(places).astype(int)
    part = places - corner
    for down in (0, 1):
        for right in (0, 1):
            at = corner + np.array([down, right])
            inside = ((at >= 0) & (at < canvas.shape)).all(axis=1)
            share = np.abs(1 - down - part[:, 0]) * np.abs(1 - right - part[:, 1]) * lights
            np.add.at(canvas, tuple(at[inside].T), share[inside])
