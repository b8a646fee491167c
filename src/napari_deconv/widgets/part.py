"""A picture taken from a layer, as a worker thread needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..io.image import KNOWN_AXES, Encoding, Image
from .docks import at_sliders
from .layers import pixels

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from .image_section import ImageSection

KEPT = ("icc", "na", "ri", "wavelengths", "excitations")  # of what is known of the picture


@dataclass(frozen=True)
class Part:
    """One time point and channel of a layer; its pixels are computed where `image` is called.

    Parameters
    ----------
    pixels : array-like
        Of the layer.
    axes : str
        One letter of TCZYXS for each of its axes.
    current : mapping
        The index along those that are not kept.
    spacing, encoding, metadata
        See `Image`.
    """

    pixels: Any
    axes: str
    current: Mapping[str, int] = field(default_factory=dict)
    spacing: tuple[float, ...] | None = None
    encoding: Encoding = "linear"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def image(self) -> Image:
        """The picture, with its axes in the order ZYXS."""
        index = tuple(self.current.get(a, slice(None)) for a in self.axes)
        return Image(np.asarray(self.pixels[index]), self._kept, self.spacing, self.encoding, self.metadata).in_order()

    def middle(self, largest: Sequence[int]) -> NDArray[Any]:
        """The pixels of its middle, at most that many along each axis, axes in the order ZYX."""
        sizes = dict(zip("ZYX", largest, strict=True))
        cut = {a: _middle(n, sizes[a]) for a, n in zip(self.axes, self.pixels.shape, strict=True) if a in sizes}
        data = np.asarray(self.pixels[tuple(self.current.get(a, cut.get(a, slice(None))) for a in self.axes)])
        return data.transpose(sorted(range(len(self._kept)), key=lambda i: KNOWN_AXES.index(self._kept[i])))

    @property
    def _kept(self) -> str:
        return "".join(a for a in self.axes if a not in self.current)


def part_of(viewer: ViewerModel, section: ImageSection) -> Part:
    """The picture that is chosen, at the time point and channel that the sliders show."""
    layer, found = section.picker.layer, section.description
    assert layer is not None
    assert found is not None
    known = {k: v for k, v in section.known.items() if k in KEPT}
    return Part(
        pixels(layer),
        section.axes + ("S" if found.rgb else ""),
        at_sliders(viewer, layer, section.axes),
        None if found.rgb else section.spacing,
        "srgb" if found.rgb and np.issubdtype(found.dtype, np.integer) else section.encoding,  # as photographs are
        {**known, "name": found.name},
    )


def _middle(length: int, largest: int) -> slice:
    start = max(0, (length - largest) // 2)
    return slice(start, start + largest)
