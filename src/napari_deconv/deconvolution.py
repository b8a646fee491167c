"""The functions people call: run a recipe, or one method on an array."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike

from .backend import Array, BackendName
from .io.image import Image
from .job import Job, Step
from .matching import Given
from .operators import Boundary
from .recipe import Background, Balance, Colour, Method, Negative, Noise, NumIter, Recipe

Callback = Callable[[Step], bool | None]


def run(
    recipe: Recipe,
    image: Any,
    *,
    psf: Given = None,
    mask: ArrayLike | None = None,
    callback: Callback | None = None,
) -> Image:
    """The image restored as the recipe says.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    image : Image or array-like
        From `read`, or an array: spatial axes last (ZYX), time and channel before them.
    psf : PSF, array or list of them, optional
        Instead of the recipe's PSF; a list holds one per channel.
    mask : array of bool, optional
        True where a pixel is to be ignored (saturated, dead).
    callback : callable, optional
        Called with each `Step` (``iteration``, ``divergence``, ``done``, ``total``, ``snapshot()``);
        returning False stops, and what is there is returned.

    Returns
    -------
    Image
        float32 (a gamma-encoded photograph: its own dtype and encoding) with the axes and voxel size of the
        input; the resolved recipe and the provenance in ``metadata["napari-deconv"]``.

    Raises
    ------
    ValueError
        If the image, PSF, mask and recipe do not go together. Nothing has been computed then.
    MemoryError
        If the work does not fit; both figures are given.
    BackendUnavailable
        If the recipe asks for CuPy and it cannot be used.
    """
    return _carried_out(recipe, image, psf, mask, callback)


def _carried_out(recipe: Recipe, image: Any, psf: Given, mask: ArrayLike | None, callback: Callback | None) -> Image:
    """The result; what was done to pixels or PSF is a warning at the line of our caller's caller."""
    job = Job(recipe, image, psf=psf, mask=mask)
    for note in job.notes:
        warnings.warn(note, stacklevel=3)
    for step in job:
        if callback is not None and callback(step) is False:
            break
    return job.result()


def richardson_lucy(
    image: Any,
    psf: Given,
    num_iter: NumIter = 30,
    *,
    background: Background = 0.0,
    negative: Negative = "error",
    mask: ArrayLike | None = None,
    boundary: Boundary = "extended",
    channel_axis: int | None = None,
    colour: Colour = "per_channel",
    spacing: tuple[float, ...] | None = None,
    backend: BackendName = "auto",
    callback: Callback | None = None,
) -> Array:
    r"""The maximum-likelihood object behind an image with Poisson noise, after a number of iterations.

    .. math:: x \leftarrow \frac{x}{H^T 1} \, H^T \frac{y}{H x + b}

    Parameters
    ----------
    image : array-like
        Counts, camera offset included. The last axes are those of the PSF (ZYX); axes before them (time,
        channel) are looped over. dask and xarray arrays are accepted; a CuPy array stays on its device.
    psf : PSF, array or list of them
        Blur kernel with its centre at ``n // 2``; a list holds one per channel.
    num_iter : int
        Iterations. More sharpen more and amplify noise more.
    background : float
        Camera offset in counts per pixel, part of the model and never subtracted.
    negative : {"error", "clip"}
        What to do with negative pixels.
    mask : array of bool, optional
        True where a pixel is to be ignored (saturated, dead).
    boundary : {"extended", "reflect", "periodic"}
        What is assumed outside the image; "extended" estimates it.
    channel_axis : int, optional
        Axis that holds colours or channels.
    colour : {"per_channel", "luminance"}
        Whether every channel is restored on its own, or only the luminance of red, green and blue.
    spacing : tuple of float, optional
        Voxel size of the image in micrometres, needed when the PSF has one: the PSF is resampled if they
        differ, and you are told.
    backend : {"auto", "numpy", "cupy"}
        Where to compute.
    callback : callable, optional
        See `run`.

    Returns
    -------
    array, float32
        Same shape and scale as `image`.

    Raises
    ------
    ValueError, MemoryError, BackendUnavailable
        See `run`.

    References
    ----------
    .. [1] W. H. Richardson, J. Opt. Soc. Am. 62, 55 (1972). L. B. Lucy, Astron. J. 79, 745 (1974).
    .. [2] M. Bertero, P. Boccacci, Astron. Astrophys. 437, 369 (2005): the extended boundary.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_deconv import psf, richardson_lucy
    >>> points = np.zeros((32, 32)); points[16, 16] = 1000
    >>> blur = psf.gaussian(2.0)
    >>> restored = richardson_lucy(points + 1, blur, num_iter=10)
    >>> restored.shape, restored.dtype
    ((32, 32), dtype('float32'))
    """
    recipe = Recipe.build(
        method="richardson_lucy",
        num_iter=num_iter,
        background=background,
        negative=negative,
        boundary=boundary,
        channel_axis=channel_axis,
        colour=colour,
        spacing=spacing,
        backend=backend,
    )
    return _carried_out(recipe, image, psf, mask, callback).data


def wiener(
    image: Any,
    psf: Given,
    balance: Balance = "auto",
    *,
    noise: Noise | None = None,
    mask: ArrayLike | None = None,
    boundary: Boundary = "extended",
    channel_axis: int | None = None,
    colour: Colour = "per_channel",
    spacing: tuple[float, ...] | None = None,
    backend: BackendName = "auto",
    callback: Callback | None = None,
) -> Array:
    r"""The regularised inverse filter: one step, linear, right for a quick look and for low noise.

    .. math:: X = \frac{\bar H}{|H|^2 + \lambda |L|^2} Y

    Parameters
    ----------
    image, psf, mask, boundary, channel_axis, colour, spacing, backend, callback
        See `richardson_lucy`; negative pixels are welcome.
    balance : float or "auto"
        Weight of the Laplacian: larger is smoother. "auto" chooses it from the image (see
        `balance.automatic`).
    noise : float, optional
        Standard deviation of the noise in the units of the image, if known: then the balance follows from it.

    Returns
    -------
    array, float32
        Same shape and scale as `image`; may be negative.

    Raises
    ------
    ValueError, MemoryError, BackendUnavailable
        See `run`.

    References
    ----------
    .. [1] B. R. Hunt, IEEE Trans. Comput. C-22, 805 (1973).
    """
    recipe = Recipe.build(
        method="wiener",
        balance=balance,
        noise=noise,
        boundary=boundary,
        channel_axis=channel_axis,
        colour=colour,
        spacing=spacing,
        backend=backend,
    )
    return _carried_out(recipe, image, psf, mask, callback).data


METHODS: dict[Method, Callable[..., Array]] = {"richardson_lucy": richardson_lucy, "wiener": wiener}


def deconvolve(image: Any, psf: Given, method: Method = "richardson_lucy", **parameters: Any) -> Array:
    """The image restored by the method of that name; `parameters` are those of `richardson_lucy` or `wiener`.

    Raises
    ------
    ValueError
        If the method is unknown; the nearest name is given.
    """
    Recipe.build(method=method)
    return METHODS[method](image, psf, **parameters)
