"""The contracts of operators and solvers. Each function yields figures, of which the worst must stay below a limit."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import center_of_mass

from ..backend import Backend
from ..operators import dot_error
from ..psf import gaussian
from .scenes import BOUNDARIES, CASES, Figures, Operator, Solver, iterates, kernel, on_device, restored, scene


def adjoint(blur: Operator, place: Backend, dtype: str) -> Figures:
    """``<Hx, y>`` against ``<x, Hᵀy>``, relative to ``|Hx| |y|``, with and without mask."""
    rng = np.random.default_rng(2)
    for shape, size in (*CASES, ((9,), (4,))):
        for boundary in BOUNDARIES:
            for mask in (None, rng.random(shape) < 0.2):
                H = blur(kernel(size), shape, boundary=boundary, mask=mask, backend=place, dtype=dtype)
                x, y = (on_device(H, rng.random(n)) for n in (H.in_shape, H.out_shape))
                yield dot_error(H, x, y)


def same_as_float64(blur: Operator, place: Backend) -> Figures:
    """H x in single precision against double precision on NumPy: wrong by the same amount is wrong, too."""
    for shape, size in CASES:
        for boundary in BOUNDARIES:
            H, reference = (
                blur(kernel(size), shape, boundary=boundary, backend=where, dtype=dtype)
                for where, dtype in ((place, "float32"), ("numpy", "float64"))
            )
            x = np.random.default_rng(3).random(H.in_shape)
            found = H.backend.to_host(H.forward(on_device(H, x)))
            expected = reference.forward(on_device(reference, x))
            yield float(np.abs(found - expected).max() / np.abs(expected).max())


def flux(blur: Operator, solver: Solver, place: Backend, boundary: str) -> Figures:
    """sum(Hᵀ1 x) against sum(y), every step."""
    for shape, size in CASES:
        H = blur(kernel(size), shape, boundary=boundary, backend=place)
        y = scene(shape)
        sensitivity = H.backend.to_host(H.adjoint(on_device(H, np.ones(shape)))).astype(np.float64)
        for iterate in iterates(solver, on_device(H, y), H):
            x = H.backend.to_host(iterate.snapshot())
            yield abs(float((sensitivity * x).sum()) / float(y.sum(dtype=np.float64)) - 1)


def descent(blur: Operator, solver: Solver, place: Backend) -> Figures:
    """The largest rise of the I-divergence from one step to the next, relative to the counts in the image."""
    for shape, size in CASES:
        for boundary in BOUNDARIES:
            H, y = blur(kernel(size), shape, boundary=boundary, backend=place), scene(shape)
            steps = [iterate.divergence for iterate in iterates(solver, on_device(H, y), H)]
            yield float(np.diff(steps).max()) / float(y.sum(dtype=np.float64))


def flat(blur: Operator, solver: Solver, place: Backend) -> Figures:
    """A flat image stays flat in every voxel."""
    for shape, size in CASES:
        for boundary in BOUNDARIES:
            H = blur(kernel(size), shape, boundary=boundary, backend=place)
            yield float(np.abs(restored(solver, np.full(shape, 7.0), H) / 7 - 1).max())


def dark_corner(blur: Operator, solver: Solver, place: Backend) -> Figures:
    """True 5 in the corner of a bright image (mean 65 to 80), wide PSF, no noise: every voxel of the corner."""
    cases = (
        (gaussian((6.0, 6.0)), (200, 200), np.s_[24:150, 24:150]),
        (gaussian((2.0, 3.0, 3.0)), (24, 80, 80), np.s_[6:18, 14:66, 14:66]),
    )
    for psf, shape, view in cases:
        truth = np.full(shape, 100.0)
        truth[..., : shape[-2] // 2, : shape[-1] // 2] = 5
        wide = blur(psf, shape, boundary="reflect", backend=place)
        y = wide.backend.to_host(wide.forward(on_device(wide, truth)))[view]
        corner = restored(solver, y, blur(psf, y.shape, backend=place))[..., :6, :6]
        yield float(np.abs(corner / 5 - 1).max())


def shift(blur: Operator, solver: Solver, place: Backend) -> Figures:
    """How far a point moves, samples: symmetric PSFs on odd and even grids."""
    for size in ((7, 7), (6, 8), (5, 4)):
        point = np.zeros(size)
        point[size[0] // 2, size[1] // 2] = 0.2
        cross = sum((np.roll(point, step, axis) for axis in (0, 1) for step in (-1, 1)), point)
        truth = np.full((41, 43), 1.0)
        truth[20, 21] = 5000
        around = blur(cross, truth.shape, boundary="periodic", backend=place)
        y = around.backend.to_host(around.forward(on_device(around, truth)))
        for boundary in BOUNDARIES:
            x = restored(solver, y, blur(cross, truth.shape, boundary=boundary, backend=place))
            at = center_of_mass(np.maximum(x - 2, 0)[10:31, 10:33])
            yield float(np.abs(np.array(at) - (10, 11)).max())


def agreement(blur: Operator, solver: Solver, place: Backend, reference: Backend) -> Figures:
    """The result there against the same on NumPy as a whole, relative to the brightest voxel."""
    for shape, size in CASES:
        y = scene(shape)
        found, expected = (
            restored(solver, y, blur(kernel(size), shape, backend=where)) for where in (place, reference)
        )
        yield float(np.abs(found - expected).max() / np.abs(expected).max())
