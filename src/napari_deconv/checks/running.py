"""Every contract, with every method, on every backend this installation has."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from .. import solvers
from ..backend import Backend, cupy_backend, numpy_backend, probe_cupy
from ..deconvolution import METHODS, run
from ..operators import Blur
from ..recipe import LEARNED, LINEAR
from . import contracts, manners
from .scenes import Figures, Operator, Solver, learned

WHOLE = "numpy, whole"  # the engine that others are compared with
KEEP_FLUX = ("richardson_lucy", "scaled_heavy_ball")  # what a penalty adds to the likelihood may cost light
MOVES = {"learned": 0.2}  # pixels: a network that works on every second pixel does not treat all directions alike
DESCEND = ("richardson_lucy",)  # momentum may overshoot
DARK = ("richardson_lucy", "richardson_lucy_tv")  # thirty accelerated steps are as many as two hundred plain ones

Places = Mapping[str, Backend]
Task = tuple[str, str, float, Callable[[], Figures]]  # contract, backend, allowed, figures


@dataclass(frozen=True)
class Check:
    """One contract with one method on one backend.

    Parameters
    ----------
    name : str
        Contract, and method if it is about one.
    backend : str
        Where it was checked.
    worst : float or None
        The worst figure seen; None if there was an error before the first.
    allowed : float
        What it may be at most.
    ok : bool
        Whether the contract holds.
    seconds : float
        What the check took.
    error : str
        Kind and message of the error that ended it, empty if none did.
    """

    name: str
    backend: str
    worst: float | None
    allowed: float
    ok: bool
    seconds: float
    error: str = ""


def places() -> Places:
    """Where arrays can be worked on here: NumPy by slabs (the usual way), NumPy as a whole, CuPy if it works."""
    usual = numpy_backend()
    found = {"numpy": usual, WHOLE: replace(usual, name=WHOLE)}  # by the name the engine is chosen
    if probe_cupy()[0]:
        device = cupy_backend()
        found[device.name] = device
    return found


def run_checks(
    *,
    where: Places | None = None,
    blur: Operator = Blur,
    methods: Mapping[str, Solver] | None = None,
    runner: manners.Run = run,
    matching: str = "",
) -> Iterator[Check]:
    """The contracts one after another, each as soon as it is known.

    Parameters
    ----------
    where : mapping of str to Backend, optional
        What `places` finds, if not given.
    blur : callable
        `Blur`, or what is to be checked in its place.
    methods : mapping of str to callable, optional
        Solvers by the name of their method; by default those of every method of this version.
    runner : callable
        `run`, or what is to be checked in its place.
    matching : str
        Only contracts with this in their names.

    Yields
    ------
    Check
        A contract that does not hold, or that ends in an error, is one that is not ``ok``; nothing is raised.
    """
    for task in _tasks(where, blur, methods, runner):
        if matching in task[0]:
            yield _checked(*task)


def count_checks() -> int:
    """How many checks `run_checks` makes here."""
    return sum(1 for _ in _tasks(None, Blur, None, run))


def _tasks(
    where: Places | None, blur: Operator, methods: Mapping[str, Solver] | None, runner: manners.Run
) -> Iterator[Task]:
    where = places() if where is None else where
    solving = _solvers() if methods is None else methods
    reference = replace(numpy_backend(), name=WHOLE)
    for place, backend in where.items():
        for dtype, allowed in (("float64", 1e-12), ("float32", 1e-5)):
            yield f"adjoint, {dtype}", place, allowed, partial(contracts.adjoint, blur, backend, dtype)
        yield "single = double precision", place, 1e-5, partial(contracts.same_as_float64, blur, backend)
        for name, solver in solving.items():
            yield from _of_a_solver(name, solver, place, backend, blur)
            if place != WHOLE:
                agreeing = partial(contracts.agreement, blur, solver, backend, reference)
                yield f"same as on NumPy: {name}", place, 1e-4, agreeing
    for place in ("numpy", *({"cupy"} if any(p.startswith("cupy") for p in where) else ())):
        for name in solving:
            yield f"manners: {name}", place, 0.0, partial(manners.manners, name, place, runner)
            yield f"refusals: {name}", place, 0.0, partial(manners.refusals, name, place, runner)
            if name not in LINEAR:  # whose margins or coarse steps depend on the size of what they are given
                yield f"tiled = whole: {name}", place, 1e-3, partial(manners.tiled, name, place, runner)
            exact = 0.0 if place == "numpy" else 1e-4  # sums on a GPU have no fixed order
            yield f"saved recipe: {name}", place, exact, partial(manners.saved_recipe, name, place, runner)


def _solvers() -> Mapping[str, Solver]:
    """The solver of every method; a restoration without a PSF has none of its own."""
    known: dict[str, Solver] = {name: getattr(solvers, name) for name in METHODS if name not in LEARNED}
    return {**known, "learned": learned}


def _of_a_solver(name: str, solver: Solver, place: str, backend: Backend, blur: Operator) -> Iterator[Task]:
    yield f"flat stays flat: {name}", place, 1e-4, partial(contracts.flat, blur, solver, backend)
    still = MOVES.get(name, 0.02)
    yield f"nothing moves: {name}", place, still, partial(contracts.shift, blur, solver, backend)
    if name in KEEP_FLUX:
        for boundary, allowed in (("extended", 1e-3), ("reflect", 1e-3), ("periodic", 1e-5)):
            kept = partial(contracts.flux, blur, solver, backend, boundary)
            yield f"flux, {boundary}: {name}", place, allowed, kept
    if name in DESCEND:
        yield f"divergence falls: {name}", place, 1e-6, partial(contracts.descent, blur, solver, backend)
    if name in DARK:
        yield f"dark corner: {name}", place, 0.1, partial(contracts.dark_corner, blur, solver, backend)


def _checked(name: str, place: str, allowed: float, figures: Callable[[], Figures]) -> Check:
    """One contract carried out; an error is an answer, too."""
    started, worst, error = time.perf_counter(), None, ""
    try:
        for figure in figures():
            worst = figure if worst is None or not figure <= worst else worst  # NaN is the worst of all
            if math.isnan(figure):
                break
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"
    ok = not error and worst is not None and worst <= allowed
    return Check(name, place, worst, allowed, ok, time.perf_counter() - started, error)
