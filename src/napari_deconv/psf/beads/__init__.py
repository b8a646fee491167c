"""PSFs from pictures of beads: found, examined one by one, aligned and averaged."""

from __future__ import annotations

from .measurement import measure
from .search import find
from .type import Bead, Beads

__all__ = ["Bead", "Beads", "find", "measure"]
