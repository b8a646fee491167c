"""Fourier transforms of all lines of a block along one axis, by scipy.fft or, where it is installed, ducc0."""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol

import scipy.fft
from numpy.typing import NDArray

Array = NDArray[Any]
Library = Literal["auto", "scipy", "ducc0"]
VARIABLE = "NAPARI_DECONV_FFT"  # environment variable that overrules "auto"


class Complex(Protocol):
    """A transform of complex lines."""

    def __call__(self, z: Array, axis: int, out: Array | None = None) -> Array:
        """The transform of `z` along an axis, in `out` or a new array."""


@dataclass(frozen=True)
class Lines:
    """Transforms of the lines of a block, none of them scaled, one core each, single precision kept.

    Parameters
    ----------
    name : str
        Library and version.
    rfft : callable
        ``rfft(x)``: the half spectrum of real lines along the last axis, a new array.
    irfft : callable
        ``irfft(z, n)``: real lines of length `n` from half spectra along the last axis, a new array.
    fft, ifft : Complex
        Of complex lines.
    """

    name: str
    rfft: Callable[[Array], Array]
    irfft: Callable[[Array, int], Array]
    fft: Complex
    ifft: Complex


def lines(library: Library = "auto") -> Lines:
    """The transforms of that library.

    Parameters
    ----------
    library : {"auto", "scipy", "ducc0"}
        "auto" takes what the environment variable NAPARI_DECONV_FFT names, else ducc0 if it can be imported, else
        scipy.fft.

    Raises
    ------
    ValueError
        If the name is unknown.
    ImportError
        If ducc0 was asked for by name and is not installed.
    """
    if library == "auto":
        library = os.environ.get(VARIABLE, "auto")  # type: ignore[assignment]
    if library == "auto":
        return ducc_lines() or scipy_lines()
    if library == "scipy":
        return scipy_lines()
    if library != "ducc0":
        raise ValueError(f"unknown FFT library {library!r} (argument or {VARIABLE}); known: auto, scipy, ducc0")
    found = ducc_lines()
    if found is None:
        raise ImportError("FFT library 'ducc0' cannot be imported; install it (pip install ducc0) or take 'scipy'")
    return found


def fft_library() -> str:
    """Name and version of the library that transforms blocks on the CPU: "ducc0 0.42.0" or "scipy.fft 1.17.1"."""
    return lines().name


@functools.cache
def scipy_lines() -> Lines:
    """Transforms by scipy.fft."""

    def along(transform: Callable[..., Array]) -> Complex:
        def lines(z: Array, axis: int, out: Array | None = None) -> Array:
            found = transform(z, axis=axis, workers=1)  # overwriting z is not faster
            if out is None:
                return found
            out[...] = found
            return out

        return lines

    return Lines(
        name=f"scipy.fft {scipy.__version__}",
        rfft=partial(scipy.fft.rfft, workers=1),
        irfft=partial(scipy.fft.irfft, norm="forward", workers=1),
        fft=along(scipy.fft.fft),
        ifft=along(partial(scipy.fft.ifft, norm="forward")),
    )


@functools.cache
def ducc_lines() -> Lines | None:
    """Transforms by ducc0, None if it cannot be imported."""
    try:
        ducc0 = importlib.import_module("ducc0")
    except ImportError:
        return None
    fft = ducc0.fft

    def irfft(z: Array, n: int) -> Array:
        return fft.c2r(z, (z.ndim - 1,), lastsize=n, forward=False, nthreads=1)  # type: ignore[no-any-return]

    return Lines(
        name=f"ducc0 {ducc0.__version__}",
        rfft=lambda x: fft.r2c(x, (x.ndim - 1,), nthreads=1),
        irfft=irfft,
        fft=lambda z, axis, out=None: fft.c2c(z, (axis,), out=out, nthreads=1),
        ifft=lambda z, axis, out=None: fft.c2c(z, (axis,), forward=False, out=out, nthreads=1),
    )
