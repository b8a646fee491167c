"""Questions that every PSF model asks of its parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

LARGEST = 2**30  # samples; a PSF of 4 GiB is a typing error


def finite(name: str, value: Any, wanted: str = "a finite number") -> float:
    """`value` as a finite float, or a ValueError that names the parameter."""
    try:
        found = math.nan if isinstance(value, bool | str) else float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(f"{name} must be {wanted}, got {value!r}")
    return found


def number(name: str, value: Any, *, unit: str = "", positive: bool = True) -> float:
    """`value` as a finite float above (or not below) zero."""
    wanted = ("a positive number" if positive else "zero or a positive number") + (f" ({unit})" if unit else "")
    found = finite(name, value, wanted)
    if found < 0 or (positive and found == 0):
        raise ValueError(f"{name} must be {wanted}, got {value!r}")
    return found


def per_axis(
    name: str, value: Any, counts: tuple[int, ...], *, unit: str = "", positive: bool = True
) -> tuple[float, ...]:
    """`value` as one number per axis; `counts` are the numbers of axes allowed."""
    allowed = " or ".join(map(str, counts))
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError(f"{name} needs one number per axis ({allowed}), got {value!r}")
    found = tuple(number(name, v, unit=unit, positive=positive) for v in value)
    if len(found) not in counts:
        raise ValueError(f"{name} needs {allowed} numbers, one per axis, got {len(found)}: {found}")
    return found


def whole_shape(name: str, value: Any, ndim: int) -> tuple[int, ...]:
    """`value` as `ndim` sizes of at least 1 and together no more than `LARGEST` samples."""
    sizes = per_axis(name, value, (ndim,), unit="samples")
    if any(s != int(s) for s in sizes):
        raise ValueError(f"{name} needs whole numbers, got {value!r}")
    shape = tuple(int(s) for s in sizes)
    refuse_huge(shape)
    return shape


def refuse_huge(shape: tuple[int, ...]) -> None:
    """Raise a MemoryError for a PSF that nobody can have meant, before it is allocated."""
    samples = math.prod(shape)
    if samples > LARGEST:
        raise MemoryError(
            f"a PSF of shape {shape} needs {samples * 4 / 2**30:.3g} GiB, more than the 4 GiB allowed; "
            "check the sizes, or give a smaller shape"
        )


def odd(half: float) -> int:
    """The smallest odd count of samples whose ends lie at least `half` samples from the centre."""
    return 2 * max(0, math.ceil(half - 0.5)) + 1
