"""Runs one method of one peer, in the peer's own environment: nothing but NumPy and that peer is imported.

    python harness.py request.json

The request names the adapter, the method, and problems: an image and a PSF as .npy files, the numbers of iterations,
and where results are to be written. The report has, for each problem, the seconds of every call and the most memory
taken above the loaded inputs.

A small problem first, so that imports on first use, compilers and thread pools do not count; then, if seconds matter,
two iterations of the problem itself; then the calls that count, each from the beginning: set-up, transform of the PSF
and iterations.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Method = Callable[[Array, Array, int], Array]


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        report = perform(request)
    except Exception as error:  # of any peer: the reason goes into the table
        report = {"error": f"{type(error).__name__}: {error}"}
    report["cpu"] = time.process_time()
    Path(request["report"]).write_text(json.dumps(report), encoding="utf-8")


def perform(request: dict[str, Any]) -> dict[str, Any]:
    adapter = importlib.import_module(request["adapter"])
    if request["method"] not in adapter.METHODS:
        raise NotImplementedError(f"this version has no {request['method']}")
    method = adapter.METHODS[request["method"]]
    solved = [solve(method, problem, request["warm"]) for problem in request["problems"]]
    versions = {name: importlib.metadata.version(name) for name in adapter.PACKAGES}
    return {"problems": solved, "versions": versions, "python": sys.version.split()[0]}


def solve(method: Method, problem: dict[str, Any], warm: bool) -> dict[str, Any]:
    image, psf = np.load(problem["image"]), np.load(problem["psf"])
    method(image[(slice(16),) * image.ndim].copy(), np.full((3,) * psf.ndim, 3.0**-psf.ndim, np.float32), 2)
    forget_peak()
    before = peak()
    if warm:
        method(image, psf, 2)
    seconds = {}
    for count in problem["counts"]:
        start = time.perf_counter()
        estimate = method(image, psf, count)
        seconds[str(count)] = time.perf_counter() - start
        if estimate.shape != image.shape:
            raise ValueError(f"result has shape {estimate.shape} but the image has {image.shape}")
        if "out" in problem:
            out = Path(problem["out"])
            out.mkdir(exist_ok=True)
            np.save(out / f"{count}.npy", estimate)
        del estimate
    after = peak()
    taken = None if before is None or after is None else after - before
    return {"seconds": seconds, "memory": taken, "input": image.nbytes}


def forget_peak() -> None:
    """Lets the system begin anew with the peak of this process's memory, where it can."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def peak() -> int | None:
    """Most resident memory of this process so far, in bytes; None where nobody counts."""
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))):
        return 1024 * int(found[1])
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
