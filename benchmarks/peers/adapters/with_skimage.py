"""scikit-image, float32, without the clipping to [-1, 1] that would spoil counts."""

from __future__ import annotations

import os
from typing import Any

import scipy.fft
from numpy.typing import NDArray
from skimage import restoration

Array = NDArray[Any]
PACKAGES = ["scikit-image", "scipy", "numpy"]


def richardson_lucy(image: Array, psf: Array, num_iter: int) -> Any:
    return restoration.richardson_lucy(image, psf, num_iter=num_iter, clip=False)


def richardson_lucy_workers(image: Array, psf: Array, num_iter: int) -> Any:
    """With the threads of SciPy's FFT switched on around it."""
    with scipy.fft.set_workers(int(os.environ["OMP_NUM_THREADS"])):
        return richardson_lucy(image, psf, num_iter)


def wiener(image: Array, psf: Array, _: int) -> Any:
    return restoration.wiener(image, psf, balance=0.01, clip=False)


def unsupervised_wiener(image: Array, psf: Array, _: int) -> Any:
    return restoration.unsupervised_wiener(image, psf, clip=False, rng=0)[0]


METHODS = {
    "richardson_lucy": richardson_lucy,
    "richardson_lucy_workers": richardson_lucy_workers,
    "wiener": wiener,
    "unsupervised_wiener": unsupervised_wiener,
}
