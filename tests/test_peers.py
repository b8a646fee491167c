"""The figures of benchmarks/peers, without any peer."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks/peers"


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"peers_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


data, figures, load_gate, summary = (loaded(name) for name in ("data", "figures", "load_gate", "summary"))


def sample(seconds: dict[str, float], load: float = 0.0, memory: int | None = 100) -> dict[str, Any]:
    return {"seconds": seconds, "load": load, "memory": memory, "input": 50}


def test_load_of_others_is_work_that_is_not_ours() -> None:
    assert load_gate.foreign_load(busy_seconds=3.0, own_seconds=2.0, wall_seconds=2.0) == 0.5
    assert load_gate.foreign_load(busy_seconds=1.9, own_seconds=2.0, wall_seconds=2.0) == 0.0


def test_a_run_is_repeated_until_the_machine_is_free() -> None:
    loads = iter([0.9, 0.5, 0.01, 0.0])
    assert [load for _, load in load_gate.tried(lambda: ("run", next(loads)), allowed=0.1, tries=5)] == [0.9, 0.5, 0.01]


def test_a_run_is_not_repeated_for_ever() -> None:
    assert len(list(load_gate.tried(lambda: ("run", 1.0), allowed=0.1, tries=3))) == 3


def test_set_up_does_not_count_in_the_slope() -> None:
    assert summary.slope({"30": 8.0, "10": 4.0}) == pytest.approx(0.2)


def test_busy_samples_do_not_count_where_there_are_others() -> None:
    samples = [sample({"10": 1.0, "30": 3.0}), sample({"10": 1.0, "30": 21.0}, load=0.5)]
    found = summary.speed(samples, allowed=0.1)
    assert found == {"iteration": 0.1, "total": 3.0, "memory": 100, "volumes": 2.0, "kept": "1/2"}


def test_where_all_samples_are_busy_their_median_is_marked() -> None:
    samples = [sample({"1": seconds}, load=0.5, memory=None) for seconds in (1.0, 2.0, 9.0)]
    found = summary.speed(samples, allowed=0.1)
    assert found == {"iteration": None, "total": 2.0, "memory": None, "volumes": None, "kept": "0/3 ?"}


def test_the_fewest_iterations_that_reach_a_divergence() -> None:
    curve = {"10": {"divergence": 0.6}, "20": {"divergence": 0.4}, "30": {"divergence": 0.3}}
    assert summary.enough(curve, 0.5) == 20
    assert summary.enough(curve, 0.1) is None


@pytest.mark.parametrize(("view", "size"), data.placements())
def test_the_truth_reblurred_is_the_picture_and_its_spot_is_in_place(
    view: tuple[int, ...], size: tuple[int, ...]
) -> None:
    kernel = data.gaussian(size, tuple(n / 5 for n in size))
    wide = 3.0 + data.blob(tuple(n + p - 1 for n, p in zip(view, size, strict=True)), view, size)
    truth, seen = data.crop(wide, view, size), data.fftconvolve(wide, kernel, "valid")
    assert figures.judge(truth, seen, kernel, truth + 1e-3)["divergence"] == pytest.approx(0.0, abs=1e-9)
    assert figures.displacement(truth) == pytest.approx(0.0, abs=1e-6)
    assert figures.displacement(np.roll(truth, 1, axis=0)) == pytest.approx(1.0, abs=1e-3)


def test_figures_of_a_constant_error() -> None:
    truth = np.full((9, 9), 10.0)
    found = figures.judge(truth * 1.1, truth, np.full((3, 3), 1 / 9), truth)
    assert found["nrmse"] == pytest.approx(0.1)
    assert found["flux"] == pytest.approx(1.1)
    assert found["psnr"] == pytest.approx(20.0)
    assert found["divergence"] == pytest.approx(10 * np.log(10 / 11) + 1)
