"""The engine for devices: the same blur as the whole-array engine's, everything at once."""

from __future__ import annotations

import numpy as np
import pytest

import strict
from backends import kernel, scene
from napari_deconv.backend import resolve
from napari_deconv.engines.cuda import Cuda
from napari_deconv.engines.whole import Whole
from napari_deconv.operators import Blur

DEVICES = pytest.mark.parametrize(
    "device", [pytest.param(strict.BACKEND, id="strict"), pytest.param("cupy", marks=pytest.mark.gpu)]
)
CASES = pytest.mark.parametrize(
    ("window", "psf", "grid"), [((9,), (4,), (12,)), ((10, 9), (5, 4), (15, 12)), ((6, 7, 8), (3, 4, 5), (8, 10, 12))]
)


@DEVICES
@CASES
def test_through_equals_that_of_the_whole_array_engine(device, window, psf, grid):
    found = resolve(device)
    x, y = scene(grid, 1), scene(window, 2)
    here = Whole(kernel(psf), grid, window, resolve("numpy"), "float32")
    there = Cuda(kernel(psf), grid, window, found, "float32")
    counts = found.asarray(y, found.xp.float32)
    right = here.through(x, lambda block, part: y[part] / block)
    out = found.zeros(grid, found.xp.float32)

    def update(block, part):
        out[part, ...] = block

    found_back = there.through(
        found.asarray(x, found.xp.float32), lambda block, part: counts[part, ...] / block, update
    )
    assert found_back is None
    assert np.allclose(found.to_host(out), right, rtol=1e-5, atol=1e-6)


@DEVICES
def test_f_and_update_are_each_called_once(device):
    found, calls = resolve(device), []
    engine = Cuda(kernel((3, 3)), (12, 12), (10, 10), found, "float32")
    x = found.asarray(scene((12, 12)), found.xp.float32)
    engine.through(x, lambda block, part: calls.append(part) or block, lambda block, part: calls.append(part))
    assert calls == [slice(0, 10), slice(0, 12)]


@pytest.mark.gpu
def test_a_blur_on_cupy_is_this_engine():
    assert isinstance(Blur(kernel((3, 3)), (8, 8), backend="cupy")._engine, Cuda)
