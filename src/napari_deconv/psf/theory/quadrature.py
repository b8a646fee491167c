"""Gauss-Legendre nodes, also many of them."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

PANEL = 128  # nodes; finding the nodes of one rule takes time like the cube of their number
ENDS = 24  # of them are spent on the ends of a panel

Array = NDArray[np.float64]


@lru_cache(maxsize=64)
def gauss_legendre(count: int) -> tuple[Array, Array]:
    """Nodes in [-1, 1] and weights of one Gauss-Legendre rule, or of equal panels worth as much; read-only."""
    if count <= PANEL + ENDS:
        node, weight = np.polynomial.legendre.leggauss(count)
    else:
        panels = math.ceil((count - ENDS) / (PANEL - ENDS))
        inner, share = np.polynomial.legendre.leggauss(PANEL)
        start = -1 + 2 * np.arange(panels)[:, None] / panels
        node, weight = (start + (1 + inner) / panels).ravel(), np.tile(share / panels, panels)
    node.flags.writeable = weight.flags.writeable = False
    return node, weight
