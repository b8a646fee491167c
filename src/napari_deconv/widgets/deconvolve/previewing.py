"""A part of a picture restored at once, in a worker thread: a Wiener filter first, then the method, step by step."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ... import light
from ...camera import Camera
from ...io.image import SPATIAL
from ...learned import WINDOW
from ...network.noise_level import noise_level
from ...recipe import LEARNED, METADATA_KEY, Recipe
from ..drive import DECIDING, Chosen, Point, chosen
from ..order import FromDock, Order

if TYPE_CHECKING:
    from ...io.image import Image
    from ...job import Job
    from ...step import Step

QUICK = 0  # the iteration of the quick look that comes first
KEPT = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987)  # iterations that are shown, and the last one


@dataclass(frozen=True, eq=False)
class Frame:
    """The part after an iteration: its pixels in the axes of the layer, and the sample of the layer where it begins.

    `steps` is not 0 where the iteration is one of so many steps that make no sense without each other.
    """

    iteration: int
    data: NDArray[Any]
    start: tuple[int, ...]
    steps: int = 0


@dataclass(frozen=True)
class Finished:
    """How far a preview went, and what is to be known about it.

    Parameters
    ----------
    iteration : int
        The last one.
    notes : tuple of str
        One sentence each.
    pace : float
        Seconds per iteration and voxel computed.
    deciding : float
        Seconds that the stopping rule took.
    """

    iteration: int
    notes: tuple[str, ...]
    pace: float
    deciding: float


News = Frame | Point | Chosen | Finished


def previewed(order: Order, depth: int, stop: threading.Event) -> Generator[News, None, None]:
    """The window of an order restored as the whole picture would be, iteration by iteration.

    Parameters
    ----------
    order : Order
        With a window, and one time point and channel.
    depth : int
        The plane at the slider, for PSFs that restore planes.
    stop : Event
        Ends it after the step in progress.
    """
    one = _with_noise(prepared(order, depth))
    image = one.image()
    if order.recipe.method != "wiener":
        near = replace(narrowed(one), recipe=quick(order.recipe))
        data = np.ascontiguousarray(near.home(_done(near.job()).data))
        yield Frame(QUICK, _without(data, order.recipe.background), one.start)
    if not stop.is_set():
        yield from _iterated(one, image, stop)


def prepared(order: Order, depth: int) -> Order:
    """The order with its PSF computed, as it is for the whole picture, and with what that reaches around the window."""
    psf = order.psf_at(order.current.get("C", 0))
    planes = psf.ndim < 3 and "Z" in order.window
    window = {**order.window, "Z": (depth, depth + 1)} if planes else order.window
    return replace(order, window=window, psf=FromDock(psf, "PSF")).widened([psf])


def _with_noise(one: Order) -> Order:
    """A learned order that is told the noise of the whole picture: a window shows it less well."""
    recipe = one.recipe
    told = recipe.noise is not None or (isinstance(recipe.camera, Camera) and recipe.camera.gain is not None)
    if recipe.method not in LEARNED or told or one.encoding == "srgb":
        return one
    window = {a: _middle(n) for a, n in one.sizes.items() if a in SPATIAL} | _plane(one.window)
    noise = noise_level(replace(one, window=window, around={}).image().data.astype(np.float32))
    return replace(one, recipe=recipe.changed(noise=noise)) if noise > 0 else one


def _plane(window: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """The part in depth, if it is a single plane."""
    return {a: (start, stop) for a, (start, stop) in window.items() if a == "Z" and stop - start == 1}


def _middle(n: int) -> tuple[int, int]:
    start = max(0, (n - WINDOW) // 2)
    return start, min(n, start + WINDOW)


def narrowed(one: Order) -> Order:
    """A prepared order that sees half of its PSF around its window, and no more: enough for a quick look."""
    assert isinstance(one.psf, FromDock)
    if one.recipe.boundary == "periodic":
        return one
    half = dict(zip(SPATIAL[-one.psf.psf.ndim :], (n // 2 for n in one.psf.psf.shape), strict=True))
    near = {a: (min(before, half.get(a, 0)), min(after, half.get(a, 0))) for a, (before, after) in one.around.items()}
    return replace(one, around=near)


def quick(recipe: Recipe) -> Recipe:
    """A Wiener filter with everything else as in `recipe`."""
    names = ("boundary", "light", "camera", "hot_pixels", "backend")
    return Recipe.build(method="wiener", **{name: getattr(recipe, name) for name in names})


def _done(job: Job) -> Image:
    for _ in job:
        pass
    return job.result()


def _without(data: NDArray[Any], background: float) -> NDArray[Any]:
    """A filtered picture as the iterated ones are: without the camera's offset."""
    return data - np.float32(background) if background else data


def _iterated(one: Order, image: Image, stop: threading.Event) -> Generator[News, None, None]:
    learned = one.recipe.method in LEARNED
    of = one.recipe.limit if learned else 0
    job = one.job() if learned or image.encoding == "srgb" else one.job_from(one.level())
    last, steps_done, started = 0, 0, time.monotonic()
    began = started
    with contextlib.closing(cast("Generator[Step, None, None]", iter(job))) as steps:
        for step in steps:
            if stop.is_set():
                return
            yield Point.of(step)
            if step.phase == DECIDING:
                began = time.monotonic()
                continue
            if not steps_done:
                yield from chosen(job)
            last, steps_done = step.iteration, steps_done + 1
            if (learned or step.iteration in KEPT) and step.done < step.total:
                yield Frame(step.iteration, _at_home(one, image, np.asarray(step.snapshot())), one.start, of)
    seconds = time.monotonic() - began
    found = job.result()
    yield Frame(last, np.ascontiguousarray(one.home(found.data)), one.start, of)
    notes = tuple(found.metadata[METADATA_KEY]["notes"])
    yield Finished(last, notes, seconds / max(1, steps_done) / image.data.size, began - started)


def _at_home(one: Order, image: Image, block: NDArray[Any]) -> NDArray[Any]:
    """An estimate in the axes and the encoding of the layer."""
    data = block.reshape(image.data.shape)
    if image.encoding == "srgb" and one.recipe.light == "linear":
        data = light.to_encoded(data, image)[0]
    return np.ascontiguousarray(one.home(data))
