"""What a measure of quality takes for a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import is_cupy


def checked(picture: Any, *, name: str = "image", ndim: int | None = None, varied: bool = False) -> NDArray[Any]:
    """`picture` as a NumPy array of finite real numbers.

    Raises
    ------
    ValueError
        If it is empty or masked, has another number of axes than `ndim`, holds no real numbers, NaN or infinite values,
        or (`varied`) is the same everywhere.
    """
    if isinstance(picture, np.ma.MaskedArray) and np.ma.is_masked(picture):
        raise ValueError(f"{name} is masked; fill the pixels or crop them away first")
    data = picture.get() if is_cupy(picture) else np.asarray(picture)
    wanted = "1 to 3" if ndim is None else f"{ndim} ({'ZYX'[-ndim:]})"
    if data.ndim not in ((1, 2, 3) if ndim is None else (ndim,)):
        raise ValueError(f"{name} has {data.ndim} axes {data.shape}, {wanted} are needed; pass one frame of it")
    if data.size == 0:
        raise ValueError(f"{name} is empty, shape {data.shape}; at least one pixel is needed")
    if data.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds values of dtype {data.dtype}; real numbers are needed, e.g. abs({name})")
    bad = ~np.isfinite(data)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"{name} has {int(bad.sum())} NaN or infinite pixels, the first at {where}; replace them")
    if varied and data.min() == data.max():
        raise ValueError(f"{name} is {data.flat[0]:g} everywhere; a picture that shows something is needed")
    return data
