"""Algorithms: generators of iterates, and plain functions where one step is enough."""

from __future__ import annotations

from .iterate import Iterate
from .richardson_lucy import richardson_lucy
from .scaled_heavy_ball import scaled_heavy_ball
from .start import SEEN
from .wiener import wiener

__all__ = ["SEEN", "Iterate", "richardson_lucy", "scaled_heavy_ball", "wiener"]
