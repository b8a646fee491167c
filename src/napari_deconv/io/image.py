"""The picture and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

SPATIAL = "ZYX"
KNOWN_AXES = "TCZYXS"
Encoding = Literal["linear", "srgb"]


@dataclass(frozen=True, eq=False)
class Image:
    """Pixels together with their axes, voxel size and metadata.

    Parameters
    ----------
    data : array
        Pixels, one dimension per letter of `axes`. Dtype as stored in the file.
    axes : str
        Letters of ``TCZYXS``, one for each dimension of `data`: time, channel, depth, rows, columns, samples (RGB).
    spacing : tuple of float, optional
        Micrometres per sample of the spatial axes present, in the order Z, Y, X. None: not known.
    encoding : {"linear", "srgb"}
        "srgb" when the pixels of a photograph are gamma-encoded (sRGB curve or the ICC profile in `metadata`).
    metadata : mapping
        What else is known: ``name``, ``sha256`` of the file, ``icc`` (bytes), ``channels`` (names),
        ``wavelengths`` and ``excitations`` (micrometres, one per channel), ``na``, ``ri``, ``modality`` (a model of
        `napari_deconv.psf`), ``alpha`` (array), ``path`` (the source, in memory only), ``notes`` (what
        the reader did or found, one sentence each), and ``napari-deconv`` (recipe and provenance of a result).
    """

    data: NDArray[Any]
    axes: str
    spacing: tuple[float, ...] | None = None
    encoding: Encoding = "linear"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wrong = set(self.axes) - set(KNOWN_AXES)
        if wrong or len(set(self.axes)) != len(self.axes):
            raise ValueError(f"axes must be different letters of {KNOWN_AXES}, got {self.axes!r}")
        if len(self.axes) != self.data.ndim:
            raise ValueError(
                f"axes {self.axes!r} names {len(self.axes)} dimensions but the pixels have shape {self.data.shape}"
            )
        if self.spacing is not None:
            self._check_spacing(self.spacing)

    def _check_spacing(self, spacing: tuple[float, ...]) -> None:
        if len(spacing) != self.spatial_ndim:
            raise ValueError(f"spacing {spacing} has {len(spacing)} numbers for the axes {self.spatial_axes}")
        if not all(np.isfinite(spacing)) or min(spacing) <= 0:
            raise ValueError(f"spacing must be positive and finite, in micrometres, got {spacing}")

    @property
    def spatial_axes(self) -> str:
        """The spatial letters among `axes`, always in the order ZYX."""
        return "".join(a for a in SPATIAL if a in self.axes)

    @property
    def spatial_ndim(self) -> int:
        """How many axes are spatial."""
        return len(self.spatial_axes)

    @property
    def spatial_shape(self) -> tuple[int, ...]:
        """Sizes of the spatial axes, Z Y X order."""
        return tuple(int(self.data.shape[self.axes.index(a)]) for a in self.spatial_axes)

    def in_order(self) -> Image:
        """The same picture with its axes in the order TCZYXS, as files want them."""
        order = sorted(range(len(self.axes)), key=lambda i: KNOWN_AXES.index(self.axes[i]))
        return replace(self, data=self.data.transpose(order), axes="".join(self.axes[i] for i in order))

    def with_data(self, data: NDArray[Any], **metadata: Any) -> Image:
        """The same picture with other pixels and, if given, more metadata."""
        return replace(self, data=data, metadata={**self.metadata, **metadata})
