"""How far a result is to be trusted, asked in a worker thread: maps with a place, and one line in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quality
from ..deconvolution import run
from ..io.image import Image
from ..light import to_linear
from ..psf import PSF
from ..quality.trust import VISIBLE
from ..recipe import LEARNED, Recipe
from ..step import Step
from .one_frame import OneFrame
from .order import Order

TURNS = 8
BLIND = "The blur is not known, so that the result cannot be held against the image"

Told = Mapping[str, Any]
Map = tuple[str, NDArray[np.float32], dict[str, Any]]
Tell = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Case:
    """What is asked about.

    Parameters
    ----------
    order : Order
        What the result was made from.
    recipe : Recipe
        How, decisions filled in.
    data : array
        The result, in the axes of its layer.
    told : mapping
        Its provenance.
    at : mapping
        Which frame of it: samples along its axes.
    classical : (array, mapping) or None
        A classical result of the same, if there is one, with its provenance.
    turns : bool
        Whether it is restored eight times more, the picture held another way each time.
    """

    order: Order
    recipe: Recipe
    data: NDArray[Any]
    told: Told
    at: Mapping[str, int]
    classical: tuple[NDArray[Any], Told] | None = None
    turns: bool = False


@dataclass(frozen=True, eq=False)
class Verdict:
    """What speaks for a result and against it.

    Parameters
    ----------
    maps : tuple
        Name, picture in the axes of the layer, and look of each.
    start : tuple of int
        The sample of the layer where they begin.
    words : str
        One line.
    foreign : tuple of str
        What of the image is not as the network knows it.
    notes : tuple of str
        How that was found.
    """

    maps: tuple[Map, ...]
    start: tuple[int, ...]
    words: str
    foreign: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def judged(case: Case, *, progress: Tell) -> Verdict:
    """What speaks for a result and against it.

    Raises
    ------
    ValueError
        If the result cannot be judged.
    """
    frame = OneFrame.of(case.order, case.at)
    result = frame.same(case.data, case.told)
    blind = case.recipe.method == "learned_blind"
    spread = _spread(case.recipe, frame, progress) if case.turns or blind else None
    if blind:
        assert spread is not None
        return _of_turns_alone(frame, result, spread)
    progress(0, 0)
    learned = case.recipe.method in LEARNED
    found = quality.trust(
        frame.image,
        result,
        frame.psf,
        classical=_classical(case, frame, progress) if learned else None,
        spread=spread,
        mask=frame.mask,
        frame=frame.colour,
    )
    foreign = _foreign(case.recipe, frame) if learned else ()
    maps = tuple((name, frame.at_home(data), look) for name, data, look in found.layers())
    return Verdict(maps, frame.start, found.words, foreign, found.notes)


def _classical(case: Case, frame: OneFrame, progress: Tell) -> Image:
    """The classical result to compare with: the user's, or else a Wiener filter's."""
    if case.classical is not None:
        return frame.same(*case.classical)
    names = ("boundary", "light", "colour", "camera", "hot_pixels", "backend")
    recipe = Recipe.build(method="wiener", **{name: getattr(case.recipe, name) for name in names})
    return run(recipe, frame.image, psf=frame.psf, mask=frame.mask, callback=lambda step: progress(0, 0))


def _spread(recipe: Recipe, frame: OneFrame, progress: Tell) -> NDArray[np.float32]:
    """How much the result varies with the way the picture is held, in linear light."""
    picture, axes = _colours_first(to_linear(frame.image)), frame.image.axes
    psf = PSF(frame.psf.data, (1.0,) * frame.psf.ndim, "px", frame.psf.info)  # pixels are turned, not micrometres
    blind = recipe.method == "learned_blind"
    plain = recipe.changed(spacing=None, **({} if blind else {"psf": None}))

    done = 0

    def heed(step: Step) -> None:
        progress(done, TURNS)  # raises if it should stop: after a step, not after all of a turn

    def restored(turned: NDArray[Any], kernel: Any) -> NDArray[Any]:
        data = np.moveaxis(turned, 0, -1) if "S" in axes else turned
        return _colours_first(run(plain, Image(data, axes), psf=None if blind else kernel, callback=heed))

    progress(done, TURNS)
    for found in quality.spread(restored, picture, psf):
        done = found.count
        progress(done, TURNS)
    return found.map[frame.colour] if frame.colour else found.map


def _colours_first(picture: Image) -> NDArray[Any]:
    data: NDArray[Any] = np.moveaxis(picture.data, -1, 0) if "S" in picture.axes else picture.data
    return data


def _of_turns_alone(frame: OneFrame, result: Image, spread: NDArray[np.float32]) -> Verdict:
    """What can be said without a PSF."""
    low, high = np.quantile(to_linear(result).data, [0.001, 0.999])
    span = float(high - low) or 1.0
    look = {"contrast_limits": (0.0, VISIBLE * span), "colormap": "magma"}
    share = float(np.median(spread)) / span
    words = f"{BLIND}; it varies by {share:.2%} of its range (median) with the way the picture is held."
    return Verdict((("varies when turned", frame.at_home(spread), look),), frame.start, words)


def _foreign(recipe: Recipe, frame: OneFrame) -> tuple[str, ...]:
    """What about the image is foreign to the network."""
    picture = _colours_first(to_linear(frame.image))
    seen = picture[frame.colour] if frame.colour else picture
    try:
        return quality.domain(seen, frame.psf, recipe.noise)
    except ValueError as error:
        return (str(error),)
