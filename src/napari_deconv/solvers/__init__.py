"""Algorithms: generators of iterates, and plain functions where one step is enough."""

from __future__ import annotations

from .iterate import Iterate
from .richardson_lucy import richardson_lucy
from .richardson_lucy_tv import automatic_regularization, richardson_lucy_tv
from .scaled_heavy_ball import scaled_heavy_ball
from .start import SEEN
from .wiener import wiener

__all__ = [
    "SEEN",
    "Iterate",
    "automatic_regularization",
    "richardson_lucy",
    "richardson_lucy_tv",
    "scaled_heavy_ball",
    "wiener",
]
