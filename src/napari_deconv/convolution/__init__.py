"""Strided convolution and its exact transpose for NumPy, CuPy and array-API arrays; pooling and its way back."""

from __future__ import annotations

from .arithmetic import convolution_shape, transposed_convolution_shape
from .pair import StridedConvolution, convolution, transposed_convolution, weight_from_tensorflow
from .pooling import max_pool, max_unpool

__all__ = [
    "StridedConvolution",
    "convolution",
    "convolution_shape",
    "max_pool",
    "max_unpool",
    "transposed_convolution",
    "transposed_convolution_shape",
    "weight_from_tensorflow",
]
