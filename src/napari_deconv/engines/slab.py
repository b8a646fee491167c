"""The slab engine: a blur in few sweeps over memory, axis by axis, on pieces that fit into a processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .crew import spread
from .engine import Factor, Pointwise, Update
from .lines import Library, lines
from .whole import fold

Array = NDArray[Any]
Shape = tuple[int, ...]
Piece = tuple[slice, slice, slice]
PIECE = 2**19  # bytes of spectrum worked on at a time: with its transfer function and copies, a second-level cache full


class Slab:
    """Circular convolution with one kernel on a grid, and what of it a window sees; two or three axes, on NumPy.

    `through` sweeps the grid five times: the rear axes forward; the first axis forward, times the transfer function,
    and back; the rear axes back, `f`, and forward; the first axis again, with the conjugate; the rear axes back. Lines
    that are zero or of no use are left out. Threads share pieces of fixed sizes, so that the result is the same,
    to the bit, for any number of threads. Not to be used from two threads at once.

    Parameters
    ----------
    kernel : array
        Values of the PSF, centre at ``n // 2``. Folded onto the grid where it is larger.
    grid : tuple of int
        Size of the Fourier transforms, two or three axes.
    window : tuple of int
        Shape of the image, which lies at the first indices of the grid.
    dtype : str
        "float32" or "float64".
    library : {"auto", "scipy", "ducc0"}
        Who transforms; see `lines`.
    """

    def __init__(self, kernel: Array, grid: Shape, window: Shape, dtype: str, library: Library = "auto") -> None:
        self.grid = grid
        self._fft = lines(library)
        self._dtype = np.dtype(dtype)
        self._flat = len(grid) == 2
        self._all, self._seen = _three(grid), _three(window)
        n, rows, columns = self._all
        shape = (rows, n, columns // 2 + 1)  # so that lines along the first axis lie close together
        self._spectrum = np.zeros(shape, np.result_type(dtype, np.complex64))
        self._load_kernel(kernel.reshape(_three(kernel.shape)))
        self._transfer, self._spectrum = self._spectrum, np.empty_like(self._spectrum)

    @property
    def otf(self) -> Array:
        """Transfer function, half spectrum in the layout of rfftn; computed when asked for."""
        otf: Array = (self._transfer * self._dtype.type(np.prod(self.grid))).swapaxes(0, 1)
        return otf[:, 0] if self._flat else otf

    def convolve(self, x: Array) -> Array:
        """The kernel convolved with `x`, both periodic on the grid."""
        return self._apply(x, self._all, self._all, self._kept)

    def correlate(self, x: Array) -> Array:
        """The transpose of `convolve`."""
        return self._apply(x, self._all, self._all, self._conjugate)

    def forward(self, x: Array) -> Array:
        """What the window sees of ``convolve(x)``."""
        return self._apply(x, self._all, self._seen, self._kept)

    def adjoint(self, y: Array) -> Array:
        """The transpose of `forward`."""
        return self._apply(y, self._seen, self._all, self._conjugate)

    def filtered(self, x: Array, f: Factor) -> Array:
        """What the window sees of `x` when its spectrum is multiplied by ``f(otf)``; `f` from several threads.

        Parameters
        ----------
        x : array, shape `grid`
            Any picture.
        f : callable
            ``f(block, where) -> factor``: of the transfer function, not to be changed, and where in `otf` it lies.
        """
        voxels = self._dtype.type(np.prod(self.grid))

        def factor(piece: Piece) -> Array:
            rows, planes, columns = piece
            block = self._flat_again((self._transfer[piece] * voxels).swapaxes(0, 1))
            found = f(block, (planes, columns) if self._flat else (planes, rows, columns))
            thick: Array = found[:, None] if self._flat else found
            return thick.swapaxes(0, 1)

        seen: Array = self._apply(x, self._all, self._seen, factor)
        seen /= voxels
        return seen

    def through(self, x: Array, f: Pointwise, update: Update | None = None) -> Array | None:
        """``adjoint(f(forward(x)))``; `f` and `update` get blocks, from several threads.

        Parameters
        ----------
        x : array, shape `grid`
            Object.
        f : callable
            ``f(block, part) -> block``: of what the window sees, and where along the first axis it lies. It may
            overwrite its block.
        update : callable, optional
            ``update(block, part)``: gets the result in blocks.

        Returns
        -------
        array or None
            The result, None if `update` took it.
        """
        self._load(x, self._all)
        self._filter(self._all[0], self._seen[0], self._kept)
        self._planes(lambda part: self._turn(f, part), self._seen[0])
        self._filter(self._seen[0], self._all[0], self._conjugate)
        if update is None:
            return self._unload(self._all)
        self._planes(lambda part: update(self._flat_again(self._get(part, self._all[1])), part), self._all[0])
        return None

    def _apply(self, x: Array, filled: Shape, needed: Shape, factor: Callable[[Piece], Array]) -> Array:
        self._load(x, filled)
        self._filter(filled[0], needed[0], factor)
        return self._unload(needed)

    def _load(self, x: Array, shape: Shape) -> None:
        """The spectrum of `x` along the rear axes."""
        thick = x[:, None] if self._flat else x
        self._planes(lambda part: self._put(thick[part], part), shape[0])

    def _unload(self, shape: Shape) -> Array:
        """The image of that shape whose spectrum along the rear axes is there."""
        out = np.empty(shape, self._dtype)

        def copy(part: slice) -> None:
            out[part] = self._get(part, shape[1])[..., : shape[2]]

        self._planes(copy, shape[0])
        return self._flat_again(out)

    def _turn(self, f: Pointwise, part: slice) -> None:
        """What the window sees of some planes out of the spectrum, and what `f` makes of that into it."""
        planes = self._get(part, self._seen[1])
        seen = self._flat_again(planes[..., : self._seen[2]])
        found = f(seen, part)
        if found is not seen:
            seen[...] = found
        planes[..., self._seen[2] :] = 0
        self._put(planes, part)

    def _flat_again(self, x: Array) -> Array:
        return x[:, 0] if self._flat else x

    def _load_kernel(self, kernel: Array) -> None:
        """The transfer function into the spectrum, over the number of voxels because no transform is scaled."""
        planes = fold(kernel, 0, self._all[0]) / np.prod(self._all)

        def put(part: slice) -> None:
            if planes[part].any():
                z = self._fft.rfft(fold(planes[part], 2, self._all[2]).astype(self._dtype))
                self._put_lines(fold(z, 1, self._all[1]), part)

        def transform(piece: Piece) -> None:
            self._spectrum[piece] = self._fft.fft(self._spectrum[piece], 1)

        self._planes(put, self._all[0])
        spread(transform, self._pieces())

    def _put(self, x: Array, part: slice) -> None:
        """Planes of an image, zero where nothing is given, into the spectrum: transformed along the rear axes."""
        self._put_lines(self._fft.rfft(_filled_up(x, 2, self._all[2], self._dtype)), part)

    def _put_lines(self, z: Array, part: slice) -> None:
        """`_put` of planes that are transformed along the last axis."""
        rows, there = self._all[1], self._spectrum[:, part].swapaxes(0, 1)
        if rows > 1:
            self._fft.fft(_filled_up(z, 1, rows, z.dtype), 1, out=there)
        else:
            there[...] = z

    def _get(self, part: slice, rows: int) -> Array:
        """Planes of an image out of the spectrum, that many rows of them."""
        z = self._spectrum[:, part].swapaxes(0, 1)
        if z.shape[1] > 1:
            z = self._fft.ifft(z, 1)[:, :rows]
        return self._fft.irfft(z, self._all[2])

    def _kept(self, piece: Piece) -> Array:
        return self._transfer[piece]

    def _conjugate(self, piece: Piece) -> Array:
        return self._transfer[piece].conj()

    def _filter(self, filled: int, needed: int, factor: Callable[[Piece], Array]) -> None:
        """Times a factor, along the first axis: `filled` planes go in, `needed` planes come out."""

        def work(piece: Piece) -> None:
            here = self._spectrum[piece]
            z = np.empty_like(here)  # a copy, because lines across planes that are not in the cache are slow to read
            z[:, :filled] = here[:, :filled]
            z[:, filled:] = 0
            z = self._fft.fft(z, 1)
            z *= factor(piece)
            here[:, :needed] = self._fft.ifft(z, 1)[:, :needed]

        spread(work, self._pieces())

    def _planes(self, work: Callable[[slice], None], count: int) -> None:
        """``work(part)`` for pieces of the first axis, up to `count`."""
        step = max(1, PIECE // self._spectrum[:, 0].nbytes)
        spread(work, [slice(i, min(i + step, count)) for i in range(0, count, step)])

    def _pieces(self) -> Iterator[Piece]:
        """Pieces of the spectrum in which lines along the first axis are whole."""
        rows, n, width = self._spectrum.shape
        lines = max(8, 2 * PIECE // (n * self._spectrum.itemsize))
        wide, deep = min(width, lines), max(1, lines // width)
        for row, column in product(range(0, rows, deep), range(0, width, wide)):
            yield slice(row, row + deep), slice(None), slice(column, column + wide)


def _filled_up(x: Array, axis: int, size: int, dtype: Any) -> Array:
    """`x` in that type and going on with zeros to that size along one axis."""
    if x.shape[axis] == size:
        return np.asarray(x, dtype)
    out = np.empty((*x.shape[:axis], size, *x.shape[axis + 1 :]), dtype)
    before = (slice(None),) * axis
    out[(*before, slice(0, x.shape[axis]))] = x
    out[(*before, slice(x.shape[axis], None))] = 0
    return out


def _three(shape: Shape) -> Shape:
    """That shape, a flat one with an axis of length 1 in the middle."""
    return (shape[0], 1, shape[1]) if len(shape) == 2 else shape
