"""Why a restored pixel is what it is: the weights with which the image's pixels made it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..backend import numpy_backend
from ..operators import Blur
from ..psf.type import PSF
from ..solvers import wiener
from ..solvers.half_quadratic import Fit, Stage, fit_of, levels, stages
from . import models
from .denoiser import NEAR, STEP
from .executor import Executor, Tape
from .graph import check
from .noise_level import noise_level, span
from .operations import Rule

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Explanation:
    """The weights with which pixels of the image made one pixel of the result.

    Parameters
    ----------
    position : tuple of int
        Of the restored pixel.
    weights : array, shape of the image
        A row of the Jacobian: with `share_of_sigma` and `share_of_surroundings`, ``(weights * image).sum()`` is the
        value.
    classical : array, shape of the image
        The same of the Wiener filter, which has the same weights everywhere.
    value : float
        The restored pixel.
    share_of_sigma : float
        What the noise level that the network was told contributed; mostly far below the noise.
    share_of_surroundings : float
        What was assumed beyond the edges contributed; 0 far from them, and for a periodic boundary.
    """

    position: tuple[int, int]
    weights: Array
    classical: Array
    value: float
    share_of_sigma: float
    share_of_surroundings: float

    @property
    def total(self) -> float:
        """Sum of the weights: 1 far from the edges, for the network adds detail and no light."""
        return float(self.weights.sum(dtype=np.float64))

    @property
    def width(self) -> float:
        """How far away the pixels are that matter: root mean square distance, weighted by the squared weights."""
        return _width(self.weights, self.position)

    @property
    def words(self) -> str:
        """One line for people."""
        wider = self.width / max(_width(self.classical, self.position), 1e-6)
        against = float(np.abs(self.weights[self.weights < 0]).sum() / np.abs(self.weights).sum())
        return (
            f"pixel {self.position}: made of pixels up to {self.width:.1f} away (root mean square; {wider:.2f} times "
            f"the Wiener filter's), {against:.0%} of their weight negative; weights sum to {self.total:.3f}"
        )


def equivalent_filter(
    image: ArrayLike,
    psf: PSF | ArrayLike,
    position: tuple[int, int],
    *,
    sigma: float | None = None,
    model: str = "auto",
    num_iter: int = 8,
    boundary: str = "extended",
) -> Explanation:
    r"""The filter that a learned restoration amounts to at one pixel.

    The fits of the loop are linear in the image, and the network has no biases, so that the restoration is, for a given
    noise level, piecewise linear: :math:`\hat x = J(y)\, y` exactly. This is the row of J of one pixel.

    Parameters
    ----------
    image : array, shape (Y, X)
        Blurred image.
    psf : PSF or array, two axes
        Its blur.
    position : (int, int)
        Row and column of the pixel.
    sigma : float, optional
        Standard deviation of the noise; None: what the image shows.
    model : str
        Which weights.
    num_iter : int
        Steps of the restoration.
    boundary : {"extended", "periodic"}
        See `restore`.

    Raises
    ------
    ValueError
        If the image has not two axes, or the position is not in it.

    References
    ----------
    .. [1] S. Mohan et al., "Robust and interpretable blind image denoising via bias-free convolutional neural
           networks", ICLR 2020.
    """
    y = _picture(image)
    _check_position(position, y.shape)
    H = Blur(psf, y.shape, boundary=boundary, backend=numpy_backend())  # type: ignore[arg-type]
    noise = noise_level(y) if sigma is None else float(sigma)
    trail = _Trail(y, H, noise, _executor(model), num_iter)
    value = float(trail.result[position])
    start = np.zeros(y.shape, np.float32)
    start[position] = 1
    weights, of_sigma, of_surroundings = trail.back(start)
    return Explanation(position, weights, _wiener_row(y, H, position), value, of_sigma, of_surroundings)


def project(
    image: ArrayLike,
    layer: str,
    *,
    unit: int | None = None,
    position: tuple[int, int] | None = None,
    rule: Rule = "gradient",
    sigma: float | None = None,
    model: str = "auto",
) -> Array:
    """A feature of the network seen in the pixels that called it forth.

    The network looks once at the image; one value of an inner layer (by default its largest) goes back through the
    transposes of the convolutions.

    Parameters
    ----------
    image : array, shape (Y, X)
        Any image.
    layer : str
        Name of an inner tensor, see `layers`.
    unit : int, optional
        Channel; the one with the largest value by default.
    position : (int, int), optional
        Row and column in that layer; of the largest value by default.
    rule : {"gradient", "deconvnet", "guided"}
        What rectifiers do on the way back: let through what they let through on the way there (exact), only what is
        positive (a picture, not a derivative), or both.
    sigma, model
        See `equivalent_filter`.

    Returns
    -------
    array, shape (Y, X)

    Raises
    ------
    ValueError
        If the image has not two axes, or layer, unit or position do not exist.

    References
    ----------
    .. [1] M. D. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks", ECCV 2014.
    .. [2] J. T. Springenberg et al., "Striving for simplicity: the all convolutional net", ICLR workshop 2015.
    """
    y = _picture(image)
    noise = noise_level(y) if sigma is None else float(sigma)
    seen = _around(y)
    tape = _executor(model).tape(seen, seen, np.full_like(seen, noise), keep=[layer])
    values = tape.values[layer]
    where = _unit(values, unit, position)
    start = np.zeros_like(values)
    start[where] = 1
    by_image, by_prior, _ = tape.back(start, rule=rule, at=layer)
    return _folded((by_image + by_prior)[0, 0], y.shape)


def layers(model: str = "auto") -> list[str]:
    """Names of the inner tensors of a model's network, first to last."""
    return [node.outputs[0] for node in _executor(model).graph.nodes if node.op != "Cast"]


@dataclass
class _Step:
    """What a step of the loop leaves behind for the way back."""

    stage: Stage
    coarse: tuple[int, ...]  # ring of the estimate that it started from
    tape: Tape
    ground: float  # what was taken off before the network and put back behind it


@dataclass
class _Trail:
    """A restoration that remembers its way."""

    y: Array
    H: Blur
    sigma: float
    executor: Executor
    num_iter: int
    steps: list[_Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fit: Fit = fit_of(self.y, self.H, self.sigma, reach := span(self.y))
        z = self.begun = self.fit.seen
        for stage in stages(self.num_iter, *levels(self.sigma, reach)):
            coarse = tuple(z.shape)
            x = self.fit.near(z, stage)
            ground = float(x.mean())
            tape = self._denoised(x - ground, self.fit.on(stage, z) - ground, stage)
            self.steps.append(_Step(stage, coarse, tape, ground))
            z = tape.output[0, 0, NEAR : NEAR + x.shape[0], NEAR : NEAR + x.shape[1]] + ground
        self.result = self.H.crop(z)

    def _level(self, stage: Stage) -> float:
        return float(stage.level * self.fit.ring.coarser(stage.factor).noise / self.fit.ring.noise)

    def _denoised(self, x: Array, prior: Array, stage: Stage) -> Tape:
        seen, before = _around(x), _around(prior)
        return self.executor.tape(seen, before, np.full_like(seen, self._level(stage)))

    def back(self, gradient: Array) -> tuple[Array, float, float]:
        """The gradient by the image, and the shares of noise level and surroundings in what it explains."""
        fit, ring = self.fit, self.fit.ring
        of_sigma, of_ground, by_image, by_seen = 0.0, 0.0, np.zeros(ring.shape), np.zeros(ring.shape)
        by_z: Array = np.zeros(ring.shape, np.float32)
        by_z[tuple(slice(0, n) for n in self.y.shape)] = gradient
        for step in reversed(self.steps):
            here = ring.coarser(step.stage.factor)
            around = np.zeros(step.tape.output.shape, np.float32)
            around[0, 0, NEAR : NEAR + here.shape[0], NEAR : NEAR + here.shape[1]] = by_z
            by_around, by_prior, by_sigma = step.tape.back(around)
            of_sigma += self._level(step.stage) * float(by_sigma.sum(dtype=np.float64))
            passed = (by_around + by_prior).sum(
                dtype=np.float64
            )  # all of it, but for the zeros beyond the surroundings
            of_ground += step.ground * float(by_z.sum(dtype=np.float64) - passed)
            by_x = _folded(by_around[0, 0], here.shape)
            by_z, by_seen, added = fit.back(by_x, by_seen, step.stage, step.coarse)
            by_z = by_z + fit.back_on(_folded(by_prior[0, 0], here.shape), step.coarse)
            by_image += added
        by_image += by_z + by_seen
        weights = np.asarray(self.H.crop(by_image), np.float32)
        of_margins = float((by_image * self.begun).sum() - (weights * self.y).sum(dtype=np.float64))
        return weights, of_sigma, of_margins + of_ground


def _picture(image: ArrayLike) -> Array:
    y = np.asarray(image, np.float32)
    if y.ndim != 2:
        raise ValueError(f"an explanation is of a picture with two axes, got shape {y.shape}; pass a plane or a colour")
    return y


def _check_position(position: tuple[int, int], shape: tuple[int, ...]) -> None:
    if len(position) != 2 or not all(0 <= p < n for p, n in zip(position, shape, strict=True)):
        raise ValueError(f"position {position} is not in the image, which has {shape[0]} rows and {shape[1]} columns")


def _executor(model: str) -> Executor:
    return Executor(check(*models.find(model).file(colours=1)))


def _around(x: Array) -> Array:
    """A ring and what surrounds it, as `denoiser` shows it to the network: (1, 1, H, W)."""
    wide: Array = x[_places(x.shape[0])[:, None] % x.shape[0], _places(x.shape[1])[None] % x.shape[1]]
    return np.ascontiguousarray(wide[None, None])


def _places(n: int) -> NDArray[np.int64]:
    """A line of the ring and what surrounds it, as `denoiser` shows it to the network."""
    length = n + 2 * NEAR
    return np.arange(-NEAR, length - NEAR + (-length) % STEP)


def _folded(around: Array, shape: tuple[int, ...]) -> Array:
    """The transpose of surrounding a ring with itself."""
    for axis, n in enumerate(shape):
        moved = np.moveaxis(around, axis, 0)
        folded = np.zeros((n, *moved.shape[1:]), moved.dtype)
        np.add.at(folded, _places(n) % n, moved)
        around = np.moveaxis(folded, 0, axis)
    return around


def _unit(values: Array, unit: int | None, position: tuple[int, int] | None) -> tuple[int, ...]:
    """Index of the value that is explained."""
    _, channels, rows, columns = values.shape
    if unit is not None and not 0 <= unit < channels:
        raise ValueError(f"unit {unit} does not exist: the layer has {channels}, numbered from 0")
    if position is not None:
        _check_position(position, (rows, columns))
    chosen = (0, slice(None) if unit is None else unit, *((slice(None),) * 2 if position is None else position))
    masked = np.full(values.shape, -np.inf)
    masked[chosen] = values[chosen]
    return tuple(int(i) for i in np.unravel_index(int(masked.argmax()), values.shape))


def _wiener_row(y: Array, H: Blur, position: tuple[int, int]) -> Array:
    """The weights of the Wiener filter that the package would use."""
    _, balance = wiener(y, H)
    point: Any = np.zeros(H.grid, np.float32)
    point[position] = 1
    rings = [np.fft.fftfreq(H.grid[0])[:, None], np.fft.rfftfreq(H.grid[1])[None]]
    rough = sum((2 - 2 * np.cos(2 * np.pi * f) for f in rings), np.zeros(()))
    otf = np.asarray(H.otf)
    transposed = otf / (np.abs(otf) ** 2 + balance * rough**2 + 1e-12)
    row = H.backend.fft.irfftn(H.backend.fft.rfftn(point) * transposed, H.grid)
    return np.asarray(H.crop(row), np.float32)


def _width(weights: Array, position: tuple[int, int]) -> float:
    rows, columns = (np.arange(n) - p for n, p in zip(weights.shape, position, strict=True))
    power = weights.astype(np.float64) ** 2
    return float(np.sqrt((np.add.outer(rows**2, columns**2) * power).sum() / max(power.sum(), 1e-300)))
