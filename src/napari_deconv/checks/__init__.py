"""The contracts of docs/architecture.md, checked on this installation."""

from __future__ import annotations

from .running import Check, Places, count_checks, places, run_checks

__all__ = ["Check", "Places", "count_checks", "places", "run_checks"]
