"""The dock Deconvolve (microscopy)."""

from __future__ import annotations

from .dock import Deconvolve

__all__ = ["Deconvolve"]
