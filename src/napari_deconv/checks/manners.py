"""The contracts of what people call: dtypes, inputs, errors, recipes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ..deconvolution import run
from ..io.image import Image
from ..psf import gaussian
from ..recipe import LINEAR, METADATA_KEY, PARAMETERS, Recipe
from .scenes import Figures, Picture, scene

Run = Callable[..., Any]
DTYPES = ("bool", "uint8", "int16", "uint16", "int32", "float32", "float64")


def recipe(method: str, place: str) -> Recipe:
    """A few steps of a method."""
    steps = {} if method == "wiener" else {"num_iter": 5}
    return Recipe.build(method=method, backend=place, **steps)


def manners(method: str, place: str, runner: Run = run) -> Figures:
    """Bad manners: of each dtype, float32 back, the same numbers, the input unchanged, non-contiguous accepted."""
    asked, blur = recipe(method, place), gaussian((1.2, 1.2))
    plain = scene((24, 26)) // 2
    for dtype in DTYPES:
        values = (plain > 25 if dtype == "bool" else plain).astype(dtype)
        expected = _quiet(runner, asked, values.astype(np.float64), blur)
        wide = np.repeat(np.repeat(values, 2, 0), 2, 1)[::2, ::2]  # every second pixel of a larger array
        before = wide.copy()
        found = _quiet(runner, asked, wide, blur)
        yield float(found.dtype != np.float32)
        yield float(not np.array_equal(wide, before))
        yield float(not np.allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max()))


def refusals(method: str, place: str, runner: Run = run) -> Figures:
    """Pictures that cannot be restored and are not refused with a ValueError."""
    asked, blur = recipe(method, place), gaussian((1.2, 1.2))
    for picture in _impossible(method):
        try:
            _quiet(runner, asked, picture, blur)
        except ValueError as error:
            yield float(not str(error))
        else:
            yield 1.0


def _impossible(method: str) -> Iterator[Picture]:
    for bad in (np.nan, np.inf):
        picture = scene((24, 26))
        picture[3, 4] = bad
        yield picture
    yield np.zeros((0, 24))
    yield np.ones(24)
    yield scene((24, 26)) * 1j
    if "negative" in PARAMETERS[method]:
        picture = scene((24, 26))
        picture[3, 4] = -1
        yield picture


def saved_recipe(method: str, place: str, runner: Run = run) -> Figures:
    """A resolved recipe written to a file, read back and run again: the same bits; also decided, tiled, of channels."""
    asked, y, blur = recipe(method, place), scene((24, 26)), gaussian((1.2, 1.2))
    auto = {} if method in LINEAR else {"num_iter": "auto", "max_iter": 10, "camera": {"gain": 1.0, "offset": 0.0}}
    channels = Image(np.stack([y, 5 * scene((24, 26))[::-1]]), "CYX")
    cases = (
        (asked, y),
        (asked.changed(**auto), y),
        (asked.changed(tile=(24, 30)), scene((24, 120))),
        (asked.changed(**auto), channels),
    )
    for case, picture in cases:
        with warnings.catch_warnings(), TemporaryDirectory() as folder:
            warnings.simplefilter("ignore")
            first = runner(case, picture, psf=blur)
            file = f"{folder}/recipe.yaml"
            Recipe.build(**first.metadata[METADATA_KEY]["recipe"]).to_file(file)
            again = runner(Recipe.from_file(file), picture, psf=blur)
        yield float(np.abs(first.data - again.data).max())


def tiled(method: str, place: str, runner: Run = run) -> Figures:
    """A picture restored in tiles against the same restored whole, in ranges of the result."""
    asked, y, blur = recipe(method, place), scene((40, 150)), gaussian((1.2, 1.2))
    whole = _quiet(runner, asked, y, blur)
    found = _quiet(runner, asked.changed(tile=(40, 50)), y, blur)
    yield float(np.abs(found - whole).max() / np.ptp(whole))


def _quiet(runner: Run, asked: Recipe, picture: Any, blur: Any) -> Picture:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(runner(asked, picture, psf=blur).data)
