"""Linear operators: the blur H and its transpose, with the question of edges answered inside."""

from __future__ import annotations

import copy
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .backend import Array, Backend, resolve
from .engines.cuda import Cuda
from .engines.engine import Engine, Factor, Pointwise, Update
from .engines.slab import Slab
from .engines.whole import Whole, hand_over
from .psf.type import PSF, check_kernel

Boundary = Literal["extended", "reflect", "periodic"]
Shape = tuple[int, ...]


class LinearOperator(Protocol):
    """What a solver needs to know of a blur."""

    @property
    def in_shape(self) -> Shape:
        """Shape of the object."""

    @property
    def out_shape(self) -> Shape:
        """Shape of the image."""

    @property
    def xp(self) -> Any:
        """Array namespace of object and image."""

    def forward(self, x: Array) -> Array:
        """H x."""

    def adjoint(self, y: Array) -> Array:
        """Hᵀ y."""


class Blur:
    r"""The blur H of an image by a PSF, and its transpose.

    ``forward`` is the linear convolution of an object with the PSF, cropped to the recorded image;
    ``adjoint`` is its exact transpose, by the conjugate transfer function. The object domain depends on the
    boundary:

    ``extended``
        All voxels from which light reaches the image: at least ``n + p - 1`` per axis, rounded up to a size
        whose FFT is fast. The image occupies the first `n` indices of each axis; the margins follow, the one
        before index 0 at the very end.
    ``reflect``
        The image's own voxels; outside them the object is mirrored (``d c b a | a b c d | d c b a``).
    ``periodic``
        The image's own voxels; what leaves on one side enters on the other.

    Parameters
    ----------
    psf : PSF or array
        Kernel with its centre at ``n // 2``; an array is used as it is (not normalised). It may be larger
        than the image.
    shape : tuple of int
        Shape of the image, 1 to 3 axes, as many as the PSF has.
    boundary : {"extended", "reflect", "periodic"}
        What is assumed outside the image.
    mask : array of bool, shape `shape`, optional
        True where a pixel is to be ignored (saturated, dead): ``forward`` gives 0 there and ``adjoint`` reads
        0. Solvers take the value of such a pixel for the least it may be; where it means nothing, pass a low one.
    backend : {"auto", "numpy", "cupy"} or Backend
        Where to compute. Not safe to share between threads: a work buffer is reused.
    dtype : {"float32", "float64"}
        Precision.

    Raises
    ------
    ValueError
        If PSF and shape have different numbers of axes, the mask another shape than the image, or it ignores
        every pixel.

    References
    ----------
    .. [1] M. Bertero, P. Boccacci, Astron. Astrophys. 437, 369 (2005): the extended domain.
    """

    def __init__(
        self,
        psf: PSF | ArrayLike,
        shape: Shape,
        *,
        boundary: Boundary = "extended",
        mask: ArrayLike | None = None,
        backend: Literal["auto", "numpy", "cupy"] | Backend = "numpy",
        dtype: Literal["float32", "float64"] = "float32",
    ) -> None:
        kernel = psf.data if isinstance(psf, PSF) else np.asarray(psf)
        check_kernel(kernel)
        if kernel.ndim != len(shape):
            raise ValueError(f"psf has {kernel.ndim} axes {kernel.shape} but the image has {len(shape)} {tuple(shape)}")
        self.kernel = kernel
        self.backend = resolve(backend)
        self.xp = self.backend.xp
        self.dtype = getattr(self.xp, dtype)
        self.boundary = boundary
        self.out_shape = tuple(int(n) for n in shape)
        self.grid = fft_grid(self.out_shape, kernel.shape, boundary, self.backend)
        self.in_shape = self.grid if boundary == "extended" else self.out_shape
        self._engine = _engine(kernel, self.grid, self.out_shape, self.backend, dtype)
        self._window = tuple(slice(0, n) for n in self.out_shape)
        self._pieces = _mirrored_pieces(self.out_shape, self.grid, kernel.shape)
        self._weight = None if mask is None else self._checked_mask(mask)

    def _checked_mask(self, mask: ArrayLike) -> Array:
        """1 where a pixel counts, 0 where it is to be ignored, on the device."""
        ignored = np.asarray(mask, dtype=bool)
        if ignored.shape != self.out_shape:
            raise ValueError(f"mask has shape {ignored.shape} but the image has {self.out_shape}")
        if ignored.all():
            raise ValueError("mask ignores every pixel; True marks pixels to ignore")
        return self.backend.asarray(~ignored, self.dtype)

    def with_mask(self, mask: ArrayLike | None) -> Blur:
        """The same blur of an image of which other pixels are ignored; both share their memory.

        Raises
        ------
        ValueError
            If the mask has another shape than the image, or ignores every pixel.
        """
        other = copy.copy(self)
        other._weight = None if mask is None else self._checked_mask(mask)
        return other

    @property
    def otf(self) -> Array:
        """Transfer function on the FFT grid (half spectrum)."""
        return self._engine.otf

    @property
    def weight(self) -> Array | None:
        """1 where a pixel counts, 0 where the mask ignores it; None without a mask."""
        return self._weight

    def forward(self, x: Array) -> Array:
        """H x: the object `x` (shape `in_shape`) as the camera sees it (shape `out_shape`)."""
        y = self._engine.forward(self._on_grid(x))
        return y if self._weight is None else y * self._weight

    def adjoint(self, y: Array) -> Array:
        """Hᵀ y: an image (shape `out_shape`) projected back into the object domain (shape `in_shape`)."""
        x = self._engine.adjoint(y if self._weight is None else y * self._weight)
        return self._fold(x) if self.boundary == "reflect" else x

    def through(self, x: Array, f: Pointwise, update: Update | None = None) -> Array | None:
        """Hᵀ f(H x) block by block; see the function `through`."""
        weighted = f if self._weight is None else self._weighted(f, self._weight)
        if self.boundary != "reflect":
            return self._engine.through(x, weighted, update)
        return hand_over(self._fold(self._engine.through(self.mirror(x), weighted)), update)

    def _weighted(self, f: Pointwise, weight: Array) -> Pointwise:
        """`f`, which sees 0 where the mask ignores a pixel and whose answer counts as 0 there."""

        def weighted(block: Array, part: slice) -> Array:
            counts = weight[part, ...]
            return f(block * counts, part) * counts

        return weighted

    def blur_everywhere(self, x: Array) -> Array:
        """The blurred object on the whole FFT grid, margins included; no mask."""
        return self._engine.convolve(self._on_grid(x))

    def filtered(self, x: Array, f: Factor) -> Array:
        """What the image sees of a picture on the FFT grid with its spectrum multiplied by ``f(otf)``; no mask.

        Parameters
        ----------
        x : array, shape `grid`
            Any picture.
        f : callable
            ``f(block, where) -> factor``: a block of `otf`, not to be changed, and where in `otf` it lies, a slice for
            each axis; perhaps called from several threads.

        Returns
        -------
        array, shape `out_shape`
        """
        return self._engine.filtered(x, f)

    def _on_grid(self, x: Array) -> Array:
        """The object on the whole FFT grid."""
        return self.mirror(x) if self.boundary == "reflect" else x

    def crop(self, x: Array) -> Array:
        """The part of an object, or of several, that lies under the image (a view where the library allows)."""
        return x[(..., *self._window)]

    def mirror(self, x: Array) -> Array:
        """A picture of the image's shape continued over the whole FFT grid by mirroring."""
        for axis, pieces in enumerate(self._pieces):
            shape = (*x.shape[:axis], self.grid[axis], *x.shape[axis + 1 :])
            wide = self.backend.zeros(shape, self.dtype)
            for there, here, flipped in pieces:
                wide[_at(axis, there)] = self._turned(x[_at(axis, here)], axis, flipped)
            x = wide
        return x

    def _fold(self, z: Array) -> Array:
        """The transpose of `mirror`: margins added back onto the voxels they mirror."""
        for axis, pieces in enumerate(self._pieces):
            shape = (*z.shape[:axis], self.out_shape[axis], *z.shape[axis + 1 :])
            narrow = self.backend.zeros(shape, self.dtype)
            for there, here, flipped in pieces:
                narrow[_at(axis, here)] += self._turned(z[_at(axis, there)], axis, flipped)
            z = narrow
        return z

    def _turned(self, x: Array, axis: int, flipped: bool) -> Array:
        return self.xp.flip(x, axis=axis) if flipped else x


def _engine(kernel: NDArray[Any], grid: Shape, window: Shape, backend: Backend, dtype: str) -> Engine:
    """The engine that is fastest there."""
    if backend.name == "numpy" and len(grid) > 1:
        return Slab(kernel, grid, window, dtype)
    engine = Cuda if backend.name.startswith("cupy") else Whole
    return engine(kernel, grid, window, backend, dtype)


def fft_grid(image: Shape, kernel: Shape, boundary: Boundary, backend: Backend) -> Shape:
    """Size of the FFT that a blur of `image` by `kernel` needs."""
    if boundary == "periodic":
        return image
    if boundary not in ("extended", "reflect"):
        raise ValueError(f"unknown boundary {boundary!r}; known: extended, reflect, periodic")
    least = [n + p - 1 for n, p in zip(image, kernel, strict=True)]
    return (*(int(backend.fft.fast_complex_size(n)) for n in least[:-1]), backend.fft.fast_size(least[-1]))


Piece = tuple[slice, slice, bool]  # where on the grid, where in the image, mirrored?


def _mirrored_pieces(image: Shape, grid: Shape, kernel: Shape) -> list[list[Piece]]:
    """For each axis, how stretches of the image tile the grid by reflection; what precedes index 0 lies at its end."""
    return [_mirror_axis(n, size, p) for n, size, p in zip(image, grid, kernel, strict=True)]


def _mirror_axis(n: int, size: int, p: int) -> list[Piece]:
    before = (p - 1 - p // 2) + (size - n - p + 1) // 2
    pieces = []
    for block in range(-(-before // n) * -1, -(-(size - before) // n)):
        start, stop = max(block * n, -before), min((block + 1) * n, size - before)
        here = slice(start - block * n, stop - block * n)
        if block % 2:
            here = slice(n - here.stop, n - here.start)
        wrap = size if start < 0 else 0
        pieces.append((slice(start + wrap, stop + wrap), here, bool(block % 2)))
    return pieces


def _at(axis: int, where: slice) -> tuple[Any, ...]:
    return (*(slice(None),) * axis, where, Ellipsis)


def through(H: LinearOperator, x: Array, f: Pointwise, update: Update | None = None) -> Array | None:
    """Hᵀ f(H x) of any operator; a `Blur` does it block by block, without arrays for what lies between.

    Parameters
    ----------
    H : LinearOperator
        Any operator.
    x : array, shape ``H.in_shape``
        Object.
    f : callable
        ``f(block, part)``: a block of H x, which it may overwrite, and the slice of the first axis that it is; returns
        a block of that shape.
    update : callable, optional
        ``update(block, part)``: told the result block by block; all of `x` has been read by then. Both callables may
        be called from several threads.

    Returns
    -------
    array, shape ``H.in_shape``, or None
        The result; None if `update` took it.
    """
    if isinstance(H, Blur):
        return H.through(x, f, update)
    return hand_over(H.adjoint(f(H.forward(x), slice(0, H.out_shape[0]))), update)


def dot_error(H: LinearOperator, x: Array, y: Array) -> float:
    r"""How far `H.adjoint` is from the transpose of `H.forward`: :math:`|<Hx,y> - <x,H^T y>| / (|Hx||y|)`.

    Parameters
    ----------
    H : LinearOperator
        Any operator, also your own.
    x, y : array
        Test vectors of shape `H.in_shape` and `H.out_shape`.
    """
    xp = H.xp
    hx, hty = H.forward(x), H.adjoint(y)

    def dot(a: Array, b: Array) -> float:
        return float(xp.sum(a * b, dtype=xp.float64))

    size = (dot(hx, hx) * dot(y, y)) ** 0.5
    return abs(dot(hx, y) - dot(x, hty)) / size if size else 0.0
