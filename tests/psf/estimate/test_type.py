"""An estimate as a value."""

from __future__ import annotations

import pytest

from napari_deconv.psf import gaussian
from napari_deconv.psf.estimate import Estimate


def test_an_estimate_without_a_failure_is_ok() -> None:
    assert Estimate(gaussian(1.0), {"sigma": 1.0}, {"sigma": 0.1}, 0.9).ok
    assert not Estimate(gaussian(1.0), {"sigma": 1.0}, {}, 0.1, failure="The picture is flat.").ok


def test_what_was_passed_is_copied() -> None:
    values = {"sigma": 1.0}
    found = Estimate(gaussian(1.0), values, {}, 0.5, notes=["one"])  # type: ignore[arg-type]
    values["sigma"] = 2.0
    assert found.values["sigma"] == 1.0
    assert found.notes == ("one",)


def test_strange_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"from 0 to 1, got 1\.5"):
        Estimate(gaussian(1.0), {}, {}, 1.5)
    with pytest.raises(ValueError, match="uncertainty names angle"):
        Estimate(gaussian(1.0), {"length": 3.0}, {"angle": 1.0}, 0.5)
