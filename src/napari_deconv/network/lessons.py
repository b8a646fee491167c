"""What the network is taught: to take away noise, alone or as a step of a deconvolution; to sharpen unseen blurs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ..solvers.half_quadratic import FIRST, LEAST, QUIETEST, Fit, estimates, stages
from ..solvers.spectra import Ring
from .model import Network
from .synthesis.blurred import blurred
from .synthesis.kernels import Kernel, any_kernel, mild
from .synthesis.noisy import noisy
from .synthesis.pictures import Picture

COLOURED = 0.35  # share of batches in colour
STEPS = (3, 8, 8, 8)  # of the loop, as often as they stand here
EARLIER = 0.2  # weight of the error of a step that is not the last

Batch = dict[str, Any]


class Lesson(Protocol):
    """Batches of examples by number, and how wrong the network is about them."""

    def batch(self, number: int) -> Batch:
        """What belongs to a batch, by name; the same every time."""

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """How wrong: a number that can be differentiated by the weights."""


class _OfPictures:
    """Examples made from pictures, from a seed and their number.

    Parameters
    ----------
    pictures : sequence of Picture
        Sharp ones. Batches in colour are made only if some are in colour.
    seed : int
        Decides, with its number, all of a batch.
    count, side : int
        Pictures in a batch; their sides in pixels, a multiple of 32: the network halves them three times, coarse steps
        of the loop twice before.
    own : array, optional
        Kernel of the user's instrument, see `synthesis.kernels.of_instrument`. It blurs half of what `Deconvolving`
        blurs; the others do without.
    """

    def __init__(
        self, pictures: Sequence[Picture], *, seed: int, count: int, side: int, own: Kernel | None = None
    ) -> None:
        self.pictures, self.seed, self.count, self.side, self.own = pictures, seed, count, side, own
        self._coloured = COLOURED * any(picture.colours == 3 for picture in pictures)

    def _begun(self, number: int) -> tuple[np.random.Generator, dict[str, int]]:
        """Chance for a batch, and its size."""
        rng = np.random.default_rng([self.seed, number])
        colours = 3 if rng.random() < self._coloured else 1
        return rng, {"count": self.count, "side": self.side, "colours": colours}


class Denoising(_OfPictures):
    """White noise of any level, and noise that grows with the light, on sharp pictures."""

    def batch(self, number: int) -> Batch:
        """Sharp and noisy pictures and the noise level."""
        rng, size = self._begun(number)
        return vars(noisy(rng, self.pictures, **size))

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """Mean absolute error, each picture weighted so that all noise levels count."""
        sharp, noise, sigma = _tensors(batch, "sharp", "noisy", "sigma")
        nothing = torch.zeros_like(noise)  # is known before
        return ((_step(network, noise, sigma, nothing) - sharp).abs() * _weight(sigma)).mean()


class Deconvolving(_OfPictures):
    """The whole loop, data steps included: blurred pictures with kernels that are right, or nearly so."""

    def batch(self, number: int) -> Batch:
        """Sharp and blurred pictures, where they were recorded, kernels, noise level and a number of steps."""
        rng, size = self._begun(number)
        steps = int(rng.choice(STEPS))
        return {**vars(blurred(rng, self.pictures, **size, kernel=self._kernel)), "num_iter": steps}

    def _kernel(self, rng: np.random.Generator) -> Kernel:
        return any_kernel(rng) if self.own is None or rng.random() < 0.5 else self.own

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """Mean absolute error where something was recorded: of the last step and, for less, of those before it."""
        sharp, recorded, sigma = _tensors(batch, "sharp", "recorded", "sigma")
        weight = recorded / recorded.mean() * _weight(sigma)
        errors = [((z - sharp).abs() * weight).mean() for z in self._steps(network, batch) if z.shape == sharp.shape]
        return errors[-1] + EARLIER * sum(errors[:-1], torch.zeros((), device=sharp.device))

    def _steps(self, network: Network, batch: Batch) -> Iterator[Tensor]:
        """The loop of `solvers.half_quadratic` itself, on tensors."""
        seen, recorded, kernels, sigma = _tensors(batch, "seen", "recorded", "kernels", "sigma")
        ring = Ring(torch, tuple(seen.shape[-2:]), torch.fft.rfft2, torch.fft.irfft2, together=True)
        span = seen.amax(dim=(1, 2, 3), keepdim=True) - seen.amin(dim=(1, 2, 3), keepdim=True)
        fit = Fit(ring, torch.fft.rfft2(kernels), seen, recorded, torch.maximum(sigma, QUIETEST * span))
        last = torch.maximum(sigma, LEAST * span)
        steps = stages(batch["num_iter"], torch.maximum(FIRST * span, last), last)

        def denoise(x: Tensor, prior: Tensor, level: Tensor) -> Iterator[Tensor]:
            yield _step(network, x, level.expand(-1, 1, *x.shape[-2:]), prior)

        return (z for z in estimates(fit, denoise, steps) if z is not None)


class Sharpening(_OfPictures):
    """Mild blurs of which nothing is told."""

    def batch(self, number: int) -> Batch:
        """Sharp and blurred pictures and the noise level."""
        rng, size = self._begun(number)
        return vars(blurred(rng, self.pictures, **size, kernel=mild))

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """Mean absolute error where something was recorded."""
        sharp, seen, recorded, sigma = _tensors(batch, "sharp", "seen", "recorded", "sigma")
        restored = _step(network, seen, sigma.expand(-1, 1, *seen.shape[-2:]), seen)
        return ((restored - sharp).abs() * recorded / recorded.mean() * _weight(sigma)).mean()


def _weight(sigma: Tensor) -> Tensor:
    """Pictures with less noise are restored better, and count as much."""
    return sigma.mean(dim=(1, 2, 3), keepdim=True).clamp(min=1 / 255) ** -0.5


def _step(network: Network, x: Tensor, sigma: Tensor, prior: Tensor) -> Tensor:
    """The network; on a GPU in half precision (bfloat16), while fits and losses stay in single."""
    with torch.autocast(x.device.type, torch.bfloat16, enabled=x.is_cuda):
        restored: Tensor = network(x, sigma, prior)
    return restored.float()


def on_device(batch: Batch, device: torch.device) -> Batch:
    """A batch with its arrays where the network is."""
    return {
        name: torch.from_numpy(value).to(device) if isinstance(value, np.ndarray) else value
        for name, value in batch.items()
    }


def _tensors(batch: Batch, *names: str) -> list[Tensor]:
    return [torch.as_tensor(batch[name]) for name in names]
