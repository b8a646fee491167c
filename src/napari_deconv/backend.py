"""Where arrays live: NumPy or CuPy, its real FFTs, copies in and out, free memory."""

from __future__ import annotations

import functools
import importlib
import logging
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import psutil
import scipy.fft
from numpy.typing import NDArray

Array = Any  # an array of the backend in use
BackendName = Literal["auto", "numpy", "cupy"]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FFT:
    """Real FFTs over all axes: ``rfftn(x)``, ``irfftn(z, shape)`` (may overwrite z).

    ``fast_size(n)`` is the next size that is fast along the last axis, whose lines are real; ``fast_complex_size(n)``
    along the others.
    """

    rfftn: Callable[[Array], Array]
    irfftn: Callable[[Array, tuple[int, ...]], Array]
    fast_size: Callable[[int], int]
    fast_complex_size: Callable[[int], int] = scipy.fft.next_fast_len


@dataclass(frozen=True)
class Backend:
    """One array library on one device, as much of it as the operators and solvers need.

    Parameters
    ----------
    name : str
        ``"numpy"`` or ``"cupy:0"``; appears in error messages and provenance.
    xp : module
        Its array namespace (Python array API standard).
    fft : FFT
        Its real Fourier transforms, single precision kept.
    asarray : callable
        ``asarray(host_array, dtype)``: copy to the device.
    to_host : callable
        ``to_host(array)``: a new NumPy array.
    zeros : callable
        ``zeros(shape, dtype)`` on the device.
    free_bytes : callable
        Bytes that can be allocated now.
    release : callable
        Give cached memory and FFT plans back after a job.
    """

    name: str
    xp: Any
    fft: FFT
    asarray: Callable[[Any, Any], Array]
    to_host: Callable[[Array], NDArray[Any]]
    zeros: Callable[[tuple[int, ...], Any], Array]
    free_bytes: Callable[[], int]
    release: Callable[[], None]


class BackendUnavailable(RuntimeError):
    """An array library was asked for by name and cannot be used; the message says why."""


def threads() -> int:
    """Cores this process may use."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve(name: BackendName | Backend = "auto") -> Backend:
    """The backend of that name.

    Parameters
    ----------
    name : {"auto", "numpy", "cupy"} or Backend
        "auto" takes CuPy if a small FFT has been to the device and back, else NumPy. A Backend is returned as
        it is.

    Raises
    ------
    BackendUnavailable
        If "cupy" was asked for and cannot be used; the reason is given.
    ValueError
        If the name is unknown.
    """
    if isinstance(name, Backend):
        return name
    if name == "numpy":
        return numpy_backend()
    if name not in ("auto", "cupy"):
        raise ValueError(f"unknown backend {name!r}; known: auto, numpy, cupy")
    usable, reason = probe_cupy()
    if usable:
        return cupy_backend()
    if name == "cupy":
        raise BackendUnavailable(f"backend 'cupy' cannot be used: {reason}; backend='numpy' always works")
    _say_once(reason)
    return numpy_backend()


@functools.cache
def _say_once(reason: str) -> None:
    """Tell why CuPy is not used: a warning if someone installed it, a log line if nobody did."""
    if find_spec("cupy") is None:
        log.info("using NumPy: %s", reason)
    else:
        warnings.warn(f"using NumPy, not CuPy: {reason}", stacklevel=4)


@functools.cache
def probe_cupy() -> tuple[bool, str]:
    """Whether CuPy works, and the reason: import, driver, device, and a 4 x 4 FFT there and back. Never raises."""
    try:
        cupy = importlib.import_module("cupy")
    except Exception as error:
        return False, f"cupy is not installed or does not import ({type(error).__name__}: {error})"
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:
        return False, f"the CUDA driver does not answer ({error})"
    if count < 1:
        return False, "no CUDA device was found"
    try:
        back = cupy.asnumpy(importlib.import_module("cupyx.scipy.fft").rfftn(cupy.ones((4, 4), "float32")))
    except Exception as error:
        return False, f"a small FFT on the device failed ({type(error).__name__}: {error})"
    if not np.isclose(back[0, 0], 16):
        return False, f"a small FFT on the device gave {back[0, 0]} instead of 16"
    return True, f"cupy {cupy.__version__} on {count} device{'s' * (count > 1)}"


@functools.cache
def numpy_backend() -> Backend:
    """NumPy arrays, FFTs by scipy.fft on the cores this process may use."""
    workers = threads()
    return Backend(
        name="numpy",
        xp=np,
        fft=FFT(
            rfftn=lambda x: scipy.fft.rfftn(x, workers=workers),
            irfftn=lambda z, shape: scipy.fft.irfftn(z, s=shape, workers=workers, overwrite_x=True),
            fast_size=lambda n: int(scipy.fft.next_fast_len(n, real=True)),
        ),
        asarray=lambda x, dtype: np.array(x, dtype=dtype, order="C"),
        to_host=lambda x: np.array(x),
        zeros=lambda shape, dtype: np.zeros(shape, dtype=dtype),
        free_bytes=host_free_bytes,
        release=lambda: None,
    )


@functools.cache
def cupy_backend() -> Backend:
    """CuPy arrays on the current device, FFTs by cuFFT."""
    cupy = importlib.import_module("cupy")
    fft = importlib.import_module("cupyx.scipy.fft")
    pool = cupy.get_default_memory_pool()

    def free_bytes() -> int:
        return int(cupy.cuda.runtime.memGetInfo()[0] + pool.free_bytes())

    def release() -> None:
        cupy.fft.config.get_plan_cache().clear()
        pool.free_all_blocks()
        cupy.get_default_pinned_memory_pool().free_all_blocks()

    return Backend(
        name=f"cupy:{cupy.cuda.runtime.getDevice()}",
        xp=cupy,
        fft=FFT(
            rfftn=fft.rfftn,
            irfftn=lambda z, shape: fft.irfftn(z, s=shape, overwrite_x=True),
            fast_size=lambda n: int(scipy.fft.next_fast_len(n, real=True)),
            fast_complex_size=lambda n: int(scipy.fft.next_fast_len(n, real=True)),
        ),
        asarray=lambda x, dtype: cupy.array(x, dtype=dtype, order="C"),
        to_host=cupy.asnumpy,
        zeros=lambda shape, dtype: cupy.zeros(shape, dtype=dtype),
        free_bytes=free_bytes,
        release=release,
    )


def is_cupy(array: object) -> bool:
    """Whether `array` is a CuPy array, without importing CuPy."""
    return type(array).__module__.partition(".")[0] == "cupy"


def host_free_bytes() -> int:
    """Bytes this process may still allocate: free memory, the container's limit, the process's limit."""
    free = [int(psutil.virtual_memory().available)]
    limit, used = (_number(Path("/sys/fs/cgroup") / name) for name in ("memory.max", "memory.current"))
    if limit is not None and used is not None:
        free.append(limit - used)
    free.extend(_process_limits())
    return max(0, min(free))


def _number(path: Path) -> int | None:
    """The integer a control file holds, or None."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _process_limits() -> list[int]:
    """What `ulimit -v` and `ulimit -d` leave, where the system has them."""
    try:
        resource = importlib.import_module("resource")
    except ImportError:  # Windows
        return []
    used = psutil.Process().memory_info()
    pairs = ((resource.RLIMIT_AS, used.vms), (resource.RLIMIT_DATA, getattr(used, "data", used.rss)))
    limits = [(resource.getrlimit(kind)[0], taken) for kind, taken in pairs]
    return [limit - taken for limit, taken in limits if limit != resource.RLIM_INFINITY]


def require(needed: int, backend: Backend, remedy: str) -> None:
    """Raise MemoryError with both figures if `needed` bytes are not free, before anything is allocated."""
    free = backend.free_bytes()
    if needed > free:
        raise MemoryError(f"needs about {gib(needed)}, {gib(free)} free on {backend.name}; {remedy}")


def gib(size: int) -> str:
    """`size` in bytes, for people."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"
