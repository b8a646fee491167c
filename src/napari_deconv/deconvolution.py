"""The functions people call: run a recipe, or one method on an array."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Literal

from numpy.typing import ArrayLike

from .backend import Array, BackendName
from .camera.type import Camera
from .io.image import Image
from .job import Job
from .matching import Given
from .operators import Boundary
from .recipe import (
    LEARNED_STEPS,
    Background,
    Balance,
    Colour,
    Count,
    Counts,
    Decide,
    Method,
    ModelName,
    Negative,
    Noise,
    NumIter,
    Recipe,
    Regularization,
    Seed,
    Share,
    Stop,
    Tile,
)
from .step import Step

Callback = Callable[[Step], bool | None]
CameraLike = Camera | Literal["auto"]


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
    for note in job.decided():
        warnings.warn(note, stacklevel=3)
    return job.result()


def richardson_lucy(
    image: Any,
    psf: Given,
    num_iter: NumIter | Counts = 30,
    *,
    background: Background = 0.0,
    negative: Negative = "error",
    stop: Stop = "held_out",
    max_iter: Count | None = None,
    held_out: Share = 0.1,
    seed: Seed = 0,
    decide: Decide = "once",
    camera: CameraLike = "auto",
    hot_pixels: bool = False,
    mask: ArrayLike | None = None,
    boundary: Boundary = "extended",
    channel_axis: int | None = None,
    colour: Colour = "per_channel",
    spacing: tuple[float, ...] | None = None,
    tile: Tile = "auto",
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
    num_iter : int, "auto" or tuple of int
        Iterations. More sharpen more and amplify noise more; "auto" lets the image decide; a tuple holds one number
        per channel.
    background : float
        Camera offset in counts per pixel, part of the model and never subtracted.
    negative : {"error", "clip"}
        What to do with negative pixels.
    stop : {"held_out", "plateau", "discrepancy"}
        How ``num_iter="auto"`` decides: by photons held out of the restoration, by the I-divergence no longer falling,
        or by its falling to what noise alone explains. See `stopping.decide`.
    max_iter : int, optional
        Most iterations that "auto" may choose.
    held_out : float
        Share of the photons that is held out.
    seed : int
        Of the random choice of photons and crops.
    decide : {"once", "each"}
        Whether "auto" decides once per channel, on its first time point, or for each time point and plane.
    camera : Camera or "auto"
        Gain (electrons per count), offset, read noise and saturation; what is unknown is estimated where it is needed.
        Saturated pixels are ignored.
    hot_pixels : bool
        Whether to ignore single pixels that no light can have made.
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
    tile : tuple of int or "auto"
        Largest piece to restore at a time, in pixels along the axes of the PSF; "auto": the whole image if it fits
        into memory, else pieces that do.
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
        stop=stop,
        max_iter=max_iter,
        held_out=held_out,
        seed=seed,
        decide=decide,
        camera=camera,
        hot_pixels=hot_pixels,
        boundary=boundary,
        channel_axis=channel_axis,
        colour=colour,
        spacing=spacing,
        tile=tile,
        backend=backend,
    )
    return _carried_out(recipe, image, psf, mask, callback).data


def scaled_heavy_ball(
    image: Any,
    psf: Given,
    num_iter: NumIter | Counts = "auto",
    *,
    background: Background = 0.0,
    negative: Negative = "error",
    stop: Stop = "held_out",
    max_iter: Count | None = None,
    held_out: Share = 0.1,
    seed: Seed = 0,
    decide: Decide = "once",
    camera: CameraLike = "auto",
    hot_pixels: bool = False,
    mask: ArrayLike | None = None,
    boundary: Boundary = "extended",
    channel_axis: int | None = None,
    colour: Colour = "per_channel",
    spacing: tuple[float, ...] | None = None,
    tile: Tile = "auto",
    backend: BackendName = "auto",
    callback: Callback | None = None,
) -> Array:
    r"""Richardson-Lucy's object in about a quarter of the iterations: each step starts beyond the last one.

    .. math::

        p = x_k + \tfrac{k - 1}{k + 2} (x_k - x_{k-1}), \qquad x_{k+1} = \frac{p}{H^T 1} \, H^T \frac{y}{H p + b}

    Noise grows as much sooner, so that the number of iterations is best left to the image.

    Parameters
    ----------
    image, psf
        See `richardson_lucy`.
    num_iter : int, "auto" or tuple of int
        Iterations; see `richardson_lucy`.
    background, negative, stop, max_iter, held_out, seed, decide, camera, hot_pixels
        See `richardson_lucy`.
    mask, boundary, channel_axis, colour, spacing, tile, backend, callback
        See `richardson_lucy`.

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
    .. [1] H. Wang, P. C. Miller, IEEE Trans. Image Process. 23, 848 (2014).

    Examples
    --------
    >>> import numpy as np
    >>> from napari_deconv import psf, scaled_heavy_ball
    >>> points = np.zeros((32, 32)); points[16, 16] = 1000
    >>> scaled_heavy_ball(points + 1, psf.gaussian(2.0), num_iter=5).shape
    (32, 32)
    """
    recipe = Recipe.build(
        method="scaled_heavy_ball",
        num_iter=num_iter,
        background=background,
        negative=negative,
        stop=stop,
        max_iter=max_iter,
        held_out=held_out,
        seed=seed,
        decide=decide,
        camera=camera,
        hot_pixels=hot_pixels,
        boundary=boundary,
        channel_axis=channel_axis,
        colour=colour,
        spacing=spacing,
        tile=tile,
        backend=backend,
    )
    return _carried_out(recipe, image, psf, mask, callback).data


def richardson_lucy_tv(
    image: Any,
    psf: Given,
    num_iter: NumIter | Counts = 30,
    *,
    regularization: Regularization = "auto",
    background: Background = 0.0,
    negative: Negative = "error",
    stop: Stop = "held_out",
    max_iter: Count | None = None,
    held_out: Share = 0.1,
    seed: Seed = 0,
    decide: Decide = "once",
    camera: CameraLike = "auto",
    hot_pixels: bool = False,
    mask: ArrayLike | None = None,
    boundary: Boundary = "extended",
    channel_axis: int | None = None,
    colour: Colour = "per_channel",
    spacing: tuple[float, ...] | None = None,
    tile: Tile = "auto",
    backend: BackendName = "auto",
    callback: Callback | None = None,
) -> Array:
    r"""Richardson-Lucy with total variation: flat regions stay flat, edges stay edges.

    .. math::

        x \leftarrow \frac{x}{H^T 1 - \lambda \, \mathrm{div}(\nabla x / |\nabla x|)} \, H^T \frac{y}{H x + b}

    Parameters
    ----------
    image, psf
        See `richardson_lucy`.
    num_iter : int, "auto" or tuple of int
        Iterations; see `richardson_lucy`.
    regularization : float or "auto"
        The weight :math:`\lambda`: larger is smoother; "auto" chooses it from the noise.
    background, negative, stop, max_iter, held_out, seed, decide, camera, hot_pixels
        See `richardson_lucy`.
    mask, boundary, channel_axis, colour, spacing, tile, backend, callback
        See `richardson_lucy`.

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
    .. [1] N. Dey et al., Microsc. Res. Tech. 69, 260 (2006).

    Examples
    --------
    >>> import numpy as np
    >>> from napari_deconv import psf, richardson_lucy_tv
    >>> points = np.zeros((32, 32)); points[16, 16] = 1000
    >>> richardson_lucy_tv(points + 1, psf.gaussian(2.0), num_iter=5, regularization=0.01).shape
    (32, 32)
    """
    recipe = Recipe.build(
        method="richardson_lucy_tv",
        num_iter=num_iter,
        regularization=regularization,
        background=background,
        negative=negative,
        stop=stop,
        max_iter=max_iter,
        held_out=held_out,
        seed=seed,
        decide=decide,
        camera=camera,
        hot_pixels=hot_pixels,
        boundary=boundary,
        channel_axis=channel_axis,
        colour=colour,
        spacing=spacing,
        tile=tile,
        backend=backend,
    )
    return _carried_out(recipe, image, psf, mask, callback).data


def wiener(
    image: Any,
    psf: Given,
    balance: Balance = "auto",
    *,
    noise: Noise | None = None,
    camera: CameraLike = "auto",
    hot_pixels: bool = False,
    mask: ArrayLike | None = None,
    boundary: Boundary = "extended",
    channel_axis: int | None = None,
    colour: Colour = "per_channel",
    spacing: tuple[float, ...] | None = None,
    tile: Tile = "auto",
    backend: BackendName = "auto",
    callback: Callback | None = None,
) -> Array:
    r"""The regularised inverse filter: one step, linear, right for a quick look and for low noise.

    .. math:: X = \frac{\bar H}{|H|^2 + \lambda |L|^2} Y

    Parameters
    ----------
    image, psf, camera, hot_pixels, mask, boundary, channel_axis, colour, spacing, tile, backend, callback
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
        camera=camera,
        hot_pixels=hot_pixels,
        boundary=boundary,
        channel_axis=channel_axis,
        colour=colour,
        spacing=spacing,
        tile=tile,
        backend=backend,
    )
    return _carried_out(recipe, image, psf, mask, callback).data


def restore(
    image: Any,
    psf: Given = None,
    sigma: Noise | None = None,
    model: ModelName = "auto",
    num_iter: Count = LEARNED_STEPS,
    *,
    camera: CameraLike = "auto",
    hot_pixels: bool = False,
    mask: ArrayLike | None = None,
    boundary: Boundary = "extended",
    channel_axis: int | None = None,
    spacing: tuple[float, ...] | None = None,
    tile: Tile = "auto",
    backend: BackendName = "auto",
    callback: Callback | None = None,
) -> Array:
    r"""The image restored with the help of a network that has learned what sharp pictures look like.

    With a PSF the data are fitted exactly in every step, and the network takes away what noise the fit has let in
    (`solvers.half_quadratic`). Without one, the network alone sharpens a mild blur. A learned restoration can invent
    detail: look at `quality.trust`, and keep the original.

    Parameters
    ----------
    image, camera, hot_pixels, mask, boundary, channel_axis, spacing, tile, backend, callback
        See `richardson_lucy`; negative pixels are welcome. Red, green and blue (an axis of samples) are restored
        together, stacks plane by plane but for the fit.
    psf : PSF, array or list of them, optional
        Blur kernel with its centre at ``n // 2``. None: the blur is not known.
    sigma : float, optional
        Standard deviation of the noise in the units of the image; None: what the camera tells, or the image shows.
    model : str
        Which weights, see `network.models.names`.
    num_iter : int
        Steps: 1 is fast, 3 nearly as good as 8.

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
    .. [1] K. Zhang et al., IEEE Trans. Pattern Anal. Mach. Intell. 44, 6360 (2022): a denoiser in the loop.
    .. [2] Y. Li, J. Ren et al., arXiv 1804.06042 (2018): iterative residual deconvolution.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_deconv import psf, restore
    >>> edge = np.zeros((32, 32)); edge[:, 16:] = 100
    >>> restore(edge, psf.gaussian(1.0), sigma=1.0, num_iter=3).shape
    (32, 32)
    """
    recipe = Recipe.build(
        method="learned_blind" if psf is None else "learned",
        **({} if psf is None else {"num_iter": num_iter}),
        noise=sigma,
        model=model,
        camera=camera,
        hot_pixels=hot_pixels,
        boundary=boundary,
        channel_axis=channel_axis,
        spacing=spacing,
        tile=tile,
        backend=backend,
    )
    return _carried_out(recipe, image, psf, mask, callback).data


METHODS: dict[Method, Callable[..., Array]] = {
    "richardson_lucy": richardson_lucy,
    "scaled_heavy_ball": scaled_heavy_ball,
    "richardson_lucy_tv": richardson_lucy_tv,
    "wiener": wiener,
    "learned": restore,
    "learned_blind": restore,
}


def deconvolve(image: Any, psf: Given, method: Method = "richardson_lucy", **parameters: Any) -> Array:
    """The image restored by the method of that name; `parameters` are those of the function of that name.

    Raises
    ------
    ValueError
        If the method is unknown; the nearest name is given.
    """
    Recipe.build(method=method)
    return METHODS[method](image, psf, **parameters)
