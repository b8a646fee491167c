"""`napari-deconv check`: every contract holds here, and every contract can fail."""

from __future__ import annotations

import numpy as np
import pytest

import strict
from napari_deconv import solvers
from napari_deconv.backend import numpy_backend
from napari_deconv.checks import Check, count_checks, places, run_checks
from napari_deconv.deconvolution import METHODS, run
from napari_deconv.operators import Blur

HERE = {"numpy": numpy_backend()}
PLAIN = {"richardson_lucy": solvers.richardson_lucy}


def failed(matching, **parts):
    """Names of the contracts, of those with these words, that do not hold with something broken put in."""
    checks = list(run_checks(**{"where": HERE, "methods": PLAIN, "matching": matching, **parts}))
    assert checks
    return {c.name for c in checks if not c.ok}


def test_every_contract_holds_with_every_method_and_engine():
    found = list(run_checks())
    assert [f"{c.name} on {c.backend}: {c.worst} > {c.allowed} {c.error}" for c in found if not c.ok] == []
    assert {c.backend for c in found} >= {"numpy", "numpy, whole"}
    assert all(any(c.name.endswith(f": {name}") for c in found) for name in METHODS if name != "learned_blind")
    assert len(found) == count_checks()
    assert len({(c.name, c.backend) for c in found}) == len(found)


@pytest.mark.parametrize("contract", ["adjoint", "same as on NumPy"])
def test_array_api_strict_is_a_backend_like_any_other(contract):
    found = list(run_checks(where={"strict": strict.BACKEND}, methods=PLAIN, matching=contract))
    assert [f"{c.name}: {c.worst} {c.error}" for c in found if not c.ok] == []
    assert {c.backend for c in found} == {"strict"}


def test_two_engines_are_checked_on_numpy():
    assert {"numpy", "numpy, whole"} <= set(places())


class Displaced(Blur):
    """An adjoint that is off by a sample: the commonest mistake."""

    def adjoint(self, y):
        return self.xp.roll(super().adjoint(y), 1, axis=0)

    def through(self, x, f, update=None):
        step = self.xp.roll(super().through(x, f), 1, axis=0)
        return step if update is None else update(step, slice(0, self.in_shape[0]))


class Brighter(Blur):
    """Right with its transpose, wrong by a per cent."""

    def forward(self, x):
        return super().forward(x) * (1.01 if str(self.dtype).endswith("32'>") else 1)

    def adjoint(self, y):
        return super().adjoint(y) * (1.01 if str(self.dtype).endswith("32'>") else 1)


def test_an_adjoint_that_is_none_is_found():
    assert failed("adjoint", blur=Displaced) == {"adjoint, float64", "adjoint, float32"}
    assert failed("nothing moves", blur=Displaced) == {"nothing moves: richardson_lucy"}


def test_an_operator_that_is_off_by_a_per_cent_is_found_though_its_adjoint_is_right():
    assert failed("single", blur=Brighter) == {"single = double precision"}
    assert failed("adjoint", blur=Brighter) == set()


def broken(change):
    """Richardson-Lucy with something done to every iterate."""

    def richardson_lucy(y, H, **options):
        for iterate in solvers.richardson_lucy(y, H, **options):
            x = iterate.snapshot()
            iterate._estimate = change(x)
            yield iterate

    return {"richardson_lucy": richardson_lucy}


def test_a_solver_that_moves_loses_or_bends_is_found():
    assert failed("nothing moves", methods=broken(lambda x: np.roll(x, 1, axis=-1)))
    lossy = broken(lambda x: x * 0.99)
    assert len(failed("flux", methods=lossy)) == 3
    assert failed("flat", methods=lossy)
    assert failed("dark corner", methods=broken(lambda x: x + 1))


def test_a_divergence_that_rises_is_found():
    def richardson_lucy(y, H, **options):
        for iterate in solvers.richardson_lucy(y, H, **options):
            iterate.divergence = float(iterate.iteration)
            yield iterate

    assert failed("divergence", methods={"richardson_lucy": richardson_lucy})


def test_a_result_that_depends_on_the_place_is_found():
    def richardson_lucy(y, H, **options):
        share = 1.001 if H.backend.name == "numpy" else 1.0
        yield from solvers.richardson_lucy(y * share, H, **options)

    assert failed("same as", methods={"richardson_lucy": richardson_lucy})


@pytest.mark.parametrize(
    ("spoil", "contract"),
    [
        (lambda image: image.with_data(image.data.astype(np.float64)), "manners"),
        (lambda image: image.with_data(image.data + np.random.default_rng().random()), "saved recipe"),
    ],
)
def test_bad_manners_are_found(spoil, contract):
    assert failed(contract, runner=lambda recipe, image, **more: spoil(run(recipe, image, **more)))


def test_a_door_without_checks_is_found():
    def careless(recipe, image, **more):
        try:
            return run(recipe, image, **more)
        except ValueError:
            return run(recipe, np.ones((24, 26)), **more)

    assert failed("refusals", runner=careless)


def test_tiles_that_do_not_fit_together_are_found():
    def seams(recipe, image, **more):
        found = run(recipe, image, **more)
        return found if recipe.tile == "auto" else found.with_data(found.data * np.linspace(0.99, 1, found.shape[-1]))

    assert failed("tiled", runner=seams) == {"tiled = whole: richardson_lucy"}


def test_a_door_open_to_negative_counts_is_found():
    def careless(recipe, image, **more):
        return run(recipe.changed(negative="clip"), image, **more)

    assert failed("refusals", runner=careless)


@pytest.mark.parametrize("open_again", [{"num_iter": "auto", "max_iter": 2}, {"tile": "auto"}])
def test_a_recipe_that_forgets_is_found(open_again):
    def forgetful(recipe, image, **more):
        key = next(iter(open_again))
        asked = recipe.num_iter == "auto" if key == "num_iter" else recipe.tile != "auto"
        found = run(recipe, image, **more)
        if asked:
            told = found.metadata["napari-deconv"]
            told["recipe"] |= open_again
        return found

    assert failed("saved recipe", runner=forgetful)


def test_changed_input_is_found():
    def greedy(recipe, image, **more):
        image[...] = 1
        return run(recipe, image, **more)

    assert failed("manners", runner=greedy)


def test_an_error_is_an_answer_and_nan_is_not_a_pass():
    def explodes(y, H, **options):
        raise MemoryError("no room")
        yield

    (found,) = run_checks(where=HERE, methods={"richardson_lucy": explodes}, matching="flat")
    assert found == Check(found.name, "numpy", None, 1e-4, False, found.seconds, "MemoryError: no room")
    assert failed("flat", methods=broken(lambda x: x * np.nan))
