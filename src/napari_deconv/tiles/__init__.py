"""Images larger than memory in overlapping tiles: how wide the overlap, which tiles, a loop that can be resumed."""

from __future__ import annotations

from .halo import halo
from .loop import Sink, Source, check_sink, restore_tiles
from .plan import Tile, cut, plan, size

__all__ = ["Sink", "Source", "Tile", "check_sink", "cut", "halo", "plan", "restore_tiles", "size"]
