"""A backend of array-api-strict arrays on a pretend device: what would fail on a GPU fails here."""

from __future__ import annotations

from typing import Any

import array_api_strict as strict
import numpy as np
import scipy.fft

from napari_deconv.backend import FFT, Backend

DEVICE = strict.Device("device1")


def _asarray(x: Any, dtype: Any) -> Any:
    return strict.asarray(np.asarray(x), dtype=dtype, device=DEVICE)


def _to_host(x: Any) -> Any:
    return np.array(x.to_device(strict.Device("CPU_DEVICE"))._array)


def _single(z: Any, like: Any, real: bool) -> Any:
    """strict's FFTs keep single precision already; make sure of it."""
    wide = like.dtype in (strict.float64, strict.complex128)
    kind = (strict.float64 if wide else strict.float32) if real else (strict.complex128 if wide else strict.complex64)
    return strict.astype(z, kind)


BACKEND = Backend(
    name="strict",
    xp=strict,
    fft=FFT(
        rfftn=lambda x: _single(strict.fft.rfftn(x), x, real=False),
        irfftn=lambda z, shape: _single(strict.fft.irfftn(z, s=shape, axes=tuple(range(len(shape)))), z, real=True),
        fast_size=lambda n: int(scipy.fft.next_fast_len(n, real=True)),
    ),
    asarray=_asarray,
    to_host=_to_host,
    zeros=lambda shape, dtype: strict.zeros(shape, dtype=dtype, device=DEVICE),
    free_bytes=lambda: 2**40,
    release=lambda: None,
)
