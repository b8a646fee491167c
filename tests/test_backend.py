"""Where arrays live, and what is refused before anything is allocated."""

from __future__ import annotations

import subprocess
import sys
import types

import numpy as np
import pytest

from napari_deconv import backend, richardson_lucy
from napari_deconv.backend import BackendUnavailable, require, resolve


@pytest.fixture(autouse=True)
def _fresh_probe():
    backend.probe_cupy.cache_clear()
    backend._say_once.cache_clear()
    yield
    backend.probe_cupy.cache_clear()
    backend._say_once.cache_clear()


def fake_cupy(monkeypatch, count, fft=None):
    """A module named cupy that answers as a driver, or the lack of one, would."""

    def devices():
        if isinstance(count, Exception):
            raise count
        return count

    cupy = types.ModuleType("cupy")
    cupy.cuda = types.SimpleNamespace(runtime=types.SimpleNamespace(getDeviceCount=devices))
    cupy.ones, cupy.asnumpy, cupy.__version__ = np.ones, np.asarray, "0"
    scipy_fft = types.ModuleType("cupyx.scipy.fft")
    scipy_fft.rfftn = fft or np.fft.rfftn
    for name, module in {
        "cupy": cupy,
        "cupyx": types.ModuleType("cupyx"),
        "cupyx.scipy": types.ModuleType("cupyx.scipy"),
    }.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "cupyx.scipy.fft", scipy_fft)


def broken_fft(x):
    raise OSError("libcufft.so.12: cannot open shared object file")


@pytest.mark.parametrize(
    ("count", "fft", "words"),
    [
        (RuntimeError("cudaErrorInsufficientDriver"), None, "driver does not answer"),
        (0, None, "no CUDA device"),
        (1, broken_fft, "libcufft"),
        (1, lambda x: np.zeros((4, 3)), "gave 0.0 instead of 16"),
    ],
)
def test_the_probe_names_the_step_that_failed(monkeypatch, count, fft, words):
    fake_cupy(monkeypatch, count, fft)
    usable, reason = backend.probe_cupy()
    assert not usable
    assert words in reason


def test_the_probe_believes_a_small_fft_that_came_back(monkeypatch):
    fake_cupy(monkeypatch, 2)
    assert backend.probe_cupy() == (True, "cupy 0 on 2 devices")


def test_without_cupy_auto_is_numpy_and_cupy_says_why(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert resolve("auto").name == "numpy"
    with pytest.raises(BackendUnavailable, match=r"not installed.*backend='numpy' always works"):
        resolve("cupy")


def test_auto_says_once_why_an_installed_cupy_is_not_used(monkeypatch):
    fake_cupy(monkeypatch, 0)
    monkeypatch.setattr(backend, "find_spec", lambda name: object())
    with pytest.warns(UserWarning, match="no CUDA device"):
        resolve("auto")
    resolve("auto")  # a second warning would be an error


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="unknown backend 'torch'; known"):
        resolve("torch")


def test_memory_is_refused_with_both_figures():
    with pytest.raises(MemoryError, match=r"needs about 1024\.0 GiB, .* free on numpy; crop"):
        require(2**40, resolve("numpy"), "crop the image")


def test_a_job_that_does_not_fit_is_refused_before_it_allocates():
    huge = np.broadcast_to(np.float32(1), (4000, 4000, 4000))
    with pytest.raises(MemoryError, match=r"needs about .* GiB, .* GiB free on numpy"):
        richardson_lucy(huge, np.ones((3, 3, 3)) / 27)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ulimit -v is a Linux matter")
def test_the_limit_of_the_process_counts_as_memory():
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30,) * 2);"
        "from napari_deconv.backend import host_free_bytes; assert 0 < host_free_bytes() < 3 * 2**30"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_threads_are_those_of_the_process():
    assert backend.threads() >= 1


def test_single_precision_is_kept():
    fft = resolve("numpy").fft
    z = fft.rfftn(np.ones((6, 5), np.float32))
    assert z.dtype == np.complex64
    assert fft.irfftn(z, (6, 5)).dtype == np.float32


@pytest.mark.gpu
def test_cupy_in_cupy_out_and_memory_given_back():
    import cupy

    image = cupy.ones((64, 64), "float32")
    kernel = np.ones((3, 3)) / 9
    found = richardson_lucy(image, kernel, 3)
    assert isinstance(found, cupy.ndarray)
    assert np.allclose(cupy.asnumpy(found), richardson_lucy(np.ones((64, 64)), kernel, 3), rtol=1e-4)
    kept = found.nbytes + image.nbytes
    assert cupy.get_default_memory_pool().total_bytes() < kept + 2**20
