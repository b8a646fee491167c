"""Images larger than memory in overlapping tiles: how wide the overlap, which tiles, a loop that can be resumed."""

from __future__ import annotations

from .halo import halo
from .loop import Sink, Source, restore_tiles
from .plan import Tile, cut, plan, size

__all__ = ["Sink", "Source", "Tile", "cut", "halo", "plan", "restore_tiles", "size"]
