"""The examples in docstrings run as they stand."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["deconvolution", "samples", "operators", "solvers", "recipe", "io.door", "light"])
def test_examples_run(module: str) -> None:
    assert doctest.testmod(importlib.import_module(f"napari_deconv.{module}")).failed == 0
