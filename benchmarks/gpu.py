"""Milliseconds per iteration on a CUDA device, beside what its memory can move; and that it agrees with the CPU.

    python benchmarks/gpu.py

A plain step moves at least 148 bytes per padded voxel (96 in four transforms, 52 pointwise); the bandwidth is measured
by copying. Needs CuPy and a device; says so where there is none.
"""

from __future__ import annotations

import itertools
import sys

import numpy as np

from napari_deconv.backend import probe_cupy, resolve
from napari_deconv.operators import Blur
from napari_deconv.solvers import richardson_lucy, scaled_heavy_ball

BYTES = 148
SIZES = ((64, 256, 256), (100, 512, 512), (256, 1024, 1024))
PSF = (31, 25, 25)
STEPS = 20


def kernel() -> np.ndarray:
    """An asymmetric blur."""
    grids = np.meshgrid(*(np.arange(n) - n // 2 for n in PSF), indexing="ij")
    values = np.exp(-sum((g / (n / 6)) ** 2 for g, n in zip(grids, PSF, strict=True)) / 2) * (1 + 0.3 * (grids[2] > 1))
    return (values / values.sum()).astype(np.float32)


def milliseconds(cupy, work) -> float:
    """Of one call of `work`, the least of three bursts."""
    times = []
    for _ in range(3):
        start, end = cupy.cuda.Event(), cupy.cuda.Event()
        start.record()
        for _ in range(STEPS):
            work()
        end.record()
        end.synchronize()
        times.append(cupy.cuda.get_elapsed_time(start, end) / STEPS)
    return min(times)


def bandwidth(cupy) -> float:
    """Bytes per second, read and written, of a copy of 2 GiB."""
    a = cupy.zeros(2**29, dtype="float32")
    b = cupy.empty_like(a)
    return 2 * a.nbytes / milliseconds(cupy, lambda: cupy.copyto(b, a)) * 1e3


def main() -> int:
    usable, reason = probe_cupy()
    if not usable:
        print(f"nothing measured, there is no CUDA device: {reason}")
        return 0
    import cupy

    device, rng = resolve("cupy"), np.random.default_rng(0)
    speed = bandwidth(cupy)
    print(f"{cupy.cuda.runtime.getDeviceProperties(0)['name'].decode()}, copies at {speed / 1e12:.2f} TB/s")
    for shape, solve in itertools.product(SIZES, (richardson_lucy, scaled_heavy_ball)):
        y = device.asarray(rng.poisson(50, shape), cupy.float32)
        H = Blur(kernel(), shape, backend=device)
        steps = solve(y, H)
        next(steps)
        found = milliseconds(cupy, lambda steps=steps: next(steps))
        floor = BYTES * np.prod(H.grid) / speed * 1e3
        row = f"{solve.__name__:18} {shape!s:18} {found:8.2f} ms per iteration"
        print(f"{row}, {found / floor:.2f} of the floor {floor:.2f}")
        del steps, H, y
        device.release()
    y = rng.poisson(50, SIZES[0]).astype(np.float32)
    found = {}
    for name in ("numpy", "cupy"):
        H = Blur(kernel(), y.shape, backend=name)
        steps = richardson_lucy(H.backend.asarray(y, H.dtype), H)
        found[name] = H.backend.to_host(H.crop(next(itertools.islice(steps, 29, None)).snapshot()))
    error = np.abs(found["numpy"] - found["cupy"]).max() / np.abs(found["numpy"]).max()
    print(f"CPU and GPU after 30 iterations: largest difference {error:.1e} of the maximum")
    return 0


if __name__ == "__main__":
    sys.exit(main())
