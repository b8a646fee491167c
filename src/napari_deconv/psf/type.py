"""The point spread function as a value."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

SUM_TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class PSF:
    """A blur kernel: float32, non-negative, sum 1, centre at ``n // 2`` of every axis.

    Parameters
    ----------
    data : array, 1 to 3 axes, ZYX or YX order
        Kernel values. Copied, converted to float32 and made read-only.
    spacing : tuple of float
        Size of a sample along each axis, in `unit`.
    unit : {"um", "px"}
        Micrometres for microscopes, pixels for photographs.
    info : mapping
        How it was made: model, parameters, focus shift removed, energy captured, repairs.

    Raises
    ------
    ValueError
        If `data` is empty, has more than 3 axes, negative, NaN or infinite values, or does not sum to 1
        within 1e-4. `from_array` repairs what can be repaired, and says so.
    """

    data: NDArray[np.float32]
    spacing: tuple[float, ...]
    unit: str = "px"
    info: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        data = np.array(self.data, dtype=np.float32, order="C")
        check_kernel(data)
        total = float(data.sum(dtype=np.float64))
        if abs(total - 1) > SUM_TOLERANCE:
            raise ValueError(f"a PSF sums to 1, this one to {total:.6g}; psf.from_array normalises it")
        spacing = tuple(float(s) for s in self.spacing)
        if len(spacing) != data.ndim or not all(np.isfinite(spacing)) or min(spacing) <= 0:
            raise ValueError(f"spacing needs {data.ndim} positive numbers, one per axis, got {self.spacing}")
        if self.unit not in ("um", "px"):
            raise ValueError(f"unit is 'um' or 'px', got {self.unit!r}")
        data.flags.writeable = False
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "spacing", spacing)
        object.__setattr__(self, "info", dict(self.info))

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples along each axis."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.data.ndim

    @property
    def sha256(self) -> str:
        """Fingerprint of values, shape and voxel size."""
        head = repr((self.shape, self.spacing, self.unit)).encode()
        return hashlib.sha256(head + self.data.tobytes()).hexdigest()

    def plane(self, z: int | None = None) -> PSF:
        """The 2-D PSF of one plane of a 3-D one, normalised to sum 1; the in-focus plane by default."""
        if self.ndim != 3:
            raise ValueError(f"only a 3-D PSF has planes; this one has shape {self.shape}")
        z = self.shape[0] // 2 if z is None else z
        if not -self.shape[0] <= z < self.shape[0]:
            raise ValueError(f"plane {z} of a PSF with {self.shape[0]} planes; z goes from 0 to {self.shape[0] - 1}")
        picked = self.data[z].astype(np.float64)
        if not picked.sum() > 0:
            raise ValueError(f"plane {z} of this PSF is empty; the in-focus plane is {self.shape[0] // 2}")
        return PSF(
            (picked / picked.sum()).astype(np.float32),
            self.spacing[1:],
            self.unit,
            {**self.info, "plane": int(z)},
        )


def check_kernel(data: NDArray[Any]) -> None:
    """Raise the ValueError that says why `data` cannot be a blur kernel."""
    if data.ndim not in (1, 2, 3) or data.size == 0:
        raise ValueError(f"a PSF has 1 to 3 axes (ZYX) and at least one value, got shape {data.shape}")
    refuse_infinite(data, "psf")
    if data.min() < 0:
        share = float(-data[data < 0].sum(dtype=np.float64) / np.abs(data).sum(dtype=np.float64))
        raise ValueError(
            f"psf has negative values ({share:.2%} of its energy, minimum {data.min():.3g}); "
            "psf.from_array(..., background=...) removes an offset and clips the rest"
        )


def refuse_infinite(data: NDArray[Any], name: str) -> None:
    """Raise a ValueError if there are NaN or infinite values."""
    wrong = ~np.isfinite(data)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(f"{name} has {int(wrong.sum())} NaN or infinite values, the first at {where}; replace them")
