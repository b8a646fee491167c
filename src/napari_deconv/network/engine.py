"""A network file as a function: by onnxruntime where it is installed, else by our own executor."""

from __future__ import annotations

import importlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..backend import Array, Backend, threads
from .denoiser import Run
from .executor import Executor
from .graph import check


@lru_cache(maxsize=4)
def load(path: Path, sha256: str, backend: Backend) -> Run:
    """``run(image, prior, sigma)`` of a checked network file.

    Parameters
    ----------
    path : Path
        ONNX file.
    sha256 : str
        What it must be.
    backend : Backend
        Where arrays live. On NumPy, onnxruntime does the work if it is installed.

    Raises
    ------
    ValueError
        If the file is not the one expected, or not a network of ours.
    """
    graph = check(path, sha256)
    if backend.name == "numpy" and find_spec("onnxruntime") is not None:
        return _by_onnxruntime(path.read_bytes())
    return Executor(graph, backend.xp)


def _by_onnxruntime(content: bytes) -> Run:
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.log_severity_level = 3
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(image: Array, prior: Array, sigma: Array) -> Array:
        outputs: list[Any] = session.run(["denoised"], {"image": image, "prior": prior, "sigma": sigma})
        return outputs[0]

    return run
