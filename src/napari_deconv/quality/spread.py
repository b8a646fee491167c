"""How much a result depends on which way the picture was held: eight restorations, turned back and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..backend import is_cupy
from ..psf.type import PSF

Restore = Callable[[NDArray[Any], Any], Any]

TURNS = 8


@dataclass(frozen=True, eq=False)
class Spread:
    """Restorations of the turned picture so far.

    Parameters
    ----------
    count : int
        How many of the `TURNS`.
    mean : array, float32, shape of the image
        Of the restorations, each turned back.
    map : array, float32, shape of the image
        Their standard deviation in each pixel, in the units of the image.
    """

    count: int
    mean: NDArray[np.float32]
    map: NDArray[np.float32]


class Turn(NamedTuple):
    """One of the eight ways to hold a picture: axes Y and X exchanged or not, then Y, X reversed or not."""

    exchanged: bool
    reversed: tuple[int, ...]

    def there(self, picture: NDArray[Any]) -> NDArray[Any]:
        """The picture turned."""
        turned = picture.swapaxes(-2, -1) if self.exchanged else picture
        return np.ascontiguousarray(np.flip(turned, self.reversed))

    def back(self, picture: NDArray[Any]) -> NDArray[Any]:
        """The picture as it was before it was turned."""
        unflipped = np.flip(picture, self.reversed)
        return unflipped.swapaxes(-2, -1) if self.exchanged else unflipped


WAYS = tuple(Turn(exchanged, axes) for exchanged in (False, True) for axes in ((), (-1,), (-2,), (-2, -1)))


def spread(restore: Restore, image: Any, psf: PSF | ArrayLike) -> Iterator[Spread]:
    """Mean and spread of eight restorations: the picture and its PSF flipped and transposed, the results turned back.

    A method without preferred directions, as the classical ones are, gives eight times the same. What a network is not
    sure of, it writes differently each time. The spread says nothing of what it gets wrong every time alike.

    Parameters
    ----------
    restore : callable
        ``restore(image, psf)`` gives an array of the shape of the image it is given: the same method each time. The PSF
        comes as the type it was passed as.
    image : array, shape (..., Y, X)
        What is to be restored.
    psf : PSF or array, shape (Y, X) or (Z, Y, X)
        Its blur. Axes Y and X of even length come with a zero more: only then does a flip keep the centre at
        ``n // 2``.

    Yields
    ------
    Spread
        After each of the eight; the last one is the answer. Whoever stops asking has cancelled the rest.

    Raises
    ------
    ValueError
        If image or PSF is not a plane or a stack of planes, or a restoration has another shape than its image.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_deconv import psf, wiener
    >>> from napari_deconv.quality import spread
    >>> points = np.zeros((32, 32)); points[16, 12] = 100
    >>> for found in spread(lambda y, k: wiener(y, k, 0.01, boundary="periodic"), points, psf.gaussian(1.5)):
    ...     pass
    >>> found.count, bool(found.map.max() < 1e-3)
    (8, True)
    """
    y, kernel = np.asarray(image.get() if is_cupy(image) else image), psf if isinstance(psf, PSF) else np.asarray(psf)
    if y.ndim < 2 or kernel.ndim < 2:
        raise ValueError(f"only planes can be turned: image has shape {y.shape}, psf {kernel.shape}; 2 axes are needed")
    return _spreading(restore, y, kernel)


def _spreading(restore: Restore, y: NDArray[Any], psf: Any) -> Iterator[Spread]:
    """The running mean and sum of squares of Welford."""
    mean, squares = np.zeros((2, *y.shape), np.float32)
    for count, way in enumerate(WAYS, 1):
        x = way.back(_restored(restore, way.there(y), _turned(psf, way)))
        before = x - mean
        mean = mean + before / np.float32(count)
        squares = squares + before * (x - mean)
        yield Spread(count, mean, np.sqrt(squares / np.float32(count)))


def _restored(restore: Restore, turned: NDArray[Any], psf: Any) -> NDArray[np.float32]:
    found = restore(turned, psf)
    x = np.asarray(found.get() if is_cupy(found) else found, np.float32)
    if x.shape != turned.shape:
        raise ValueError(f"restore gave shape {x.shape} for an image of {turned.shape}; the same shape is needed")
    return x


def _turned(psf: Any, way: Turn) -> Any:
    """The PSF held the same way, its centre at ``n // 2``."""
    if not isinstance(psf, PSF):
        return way.there(_odd(psf))
    *depth, y, x = psf.spacing
    steps = (*depth, x, y) if way.exchanged else psf.spacing
    return PSF(way.there(_odd(psf.data)), steps, psf.unit, psf.info)


def _odd(kernel: NDArray[Any]) -> NDArray[Any]:
    """A kernel with one more row or column of zeros where their number is even."""
    return np.pad(kernel, [(0, 0)] * (kernel.ndim - 2) + [(0, 1 - n % 2) for n in kernel.shape[-2:]])
