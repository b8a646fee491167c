"""A filled-in photo dock as data: what to do with which part of a photograph."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import light
from ... import psf as psf_models
from ...backend import resolve
from ...io.image import Image
from ...job import Job
from ...learned import WINDOW
from ...network.noise_level import noise_level
from ...operators import Blur
from ...psf import PSF
from ...recipe import LEARNED, METADATA_KEY, Recipe
from ...solvers import wiener
from ..order import Order, Words
from .photo_layer import WHOLE, Part, Photo

LOOKED_AT = 1024  # rows and columns around the centre that the automatic balance is chosen from
LIMITS = (1e-12, 1e12)  # of a balance
NOT_REACHED = "frames not reached are 0", "colours not reached are as they were"


@dataclass(frozen=True, eq=False)
class Region:
    """A part of a photograph: what is computed, and the part of that which is shown."""

    outer: Part = WHOLE
    inner: Part = WHOLE

    @property
    def start(self) -> tuple[int, int]:
        """The pixel of the photograph at which the part shown begins."""
        first = [(outer.start or 0) + (inner.start or 0) for outer, inner in zip(self.outer, self.inner, strict=True)]
        return first[0], first[1]


@dataclass(frozen=True, kw_only=True)
class PhotoOrder(Order):
    """An `Order` for a photograph; made by `photo_order`.

    Parameters
    ----------
    photo : Photo
        What it is about; `pixels`, `axes` and the like repeat it.
    factor : float
        The balance of a Wiener filter is this times the automatic one, the noise that a network is told this times
        the measured one. Both are found in the whole photograph, so that a preview and the full run use the same.
    region : Region
        Which part.
    balances : dict
        Automatic balances and noise found before, by PSF and light; shared by the orders of one photograph.
    kind : str
        The blur in a word or two, for the name of the result.
    """

    photo: Photo
    factor: float = 1.0
    region: Region = field(default_factory=Region)
    balances: dict[Any, float] = field(default_factory=dict)
    kind: str = ""

    def job(self) -> Job:
        """The job, everything checked; see `Job` for what is raised."""
        psf, recipe = self.named()
        if recipe.method == "wiener":
            recipe = recipe.changed(balance=self.balance(psf))
        elif recipe.method in LEARNED and self.noise > 0:
            recipe = recipe.changed(noise=self.noise)
        return Job(recipe, self.image(), psf=psf)

    def balance(self, psf: PSF | None = None) -> float:
        """The balance that will be used."""
        kernel = psf or self.made()
        key = (kernel.sha256, self.recipe.boundary, *self._light)
        if key not in self.balances:
            self.balances[key] = automatic(self.photo, kernel, self.recipe)
        return float(np.clip(self.factor * self.balances[key], *LIMITS))

    @property
    def noise(self) -> float:
        """Standard deviation of the noise that a network is told; 0 if there is none."""
        key = ("noise", self.recipe.colour, *self._light)
        if key not in self.balances:
            self.balances[key] = noise_level(_looked_at(self.photo, self.recipe, WINDOW))
        return self.factor * self.balances[key]

    @property
    def _light(self) -> tuple[Any, ...]:
        """What is restored of an encoded photograph."""
        stored = self.recipe.light != "linear"
        return "stored" if stored else self.photo.encoding, self.photo.metadata.get("icc")

    def made(self) -> PSF:
        """The PSF itself, computed if it is in words; a point if nothing is known of the blur."""
        if isinstance(self.psf, Words):
            if not self.psf.texts:
                return PSF(np.ones((1, 1), np.float32), (1.0, 1.0), "px")
            model, parameters = psf_models.parse(self.psf.texts[0])
            return psf_models.make(model, parameters, image_shape=self.photo.shape)
        found = self.named()[0]
        assert found is not None
        return found

    def psf_at(self, channel: int) -> PSF:
        """The PSF of all colours."""
        return self.made()

    def away(self, data: NDArray[Any]) -> NDArray[Any]:
        """The colours of a result, without opacity."""
        return data[..., :3] if self.photo.rgb else data

    def back(self, data: NDArray[Any]) -> NDArray[Any]:
        """Rows and columns are where they were."""
        return data

    def image(self) -> Image:
        """The part's colours."""
        return self.photo.image(self.region.outer)

    def settled(self, image: Image) -> Image:
        """The result in the type and range of the photograph; a note says how much did not fit.

        Colours that a run ended by the user has not reached are left as they were: zeros would be a picture in red.
        """
        return self._whole(self._in_type(image))

    def _whole(self, image: Image) -> Image:
        told = dict(image.metadata[METADATA_KEY])
        one_by_one = self.photo.rgb and self.recipe.colour == "per_channel" and self.recipe.method not in LEARNED
        each = told["of"] // image.data.shape[-1] if one_by_one else 0
        reached = -(-told["steps"] // each) if each else 0
        if not each or reached >= image.data.shape[-1]:
            return image
        data = image.data.copy()
        data[..., reached:] = self.image().data[..., reached:]
        told["notes"] = [str(note).replace(*NOT_REACHED) for note in told["notes"]]
        return image.with_data(data, **{METADATA_KEY: told})

    def _in_type(self, image: Image) -> Image:
        if image.data.dtype == self.photo.dtype and image.data.dtype.kind != "f":
            return image
        low, high = self._range()
        data, clipped = in_type(image.data, self.photo.dtype, (low, high))
        told = dict(image.metadata[METADATA_KEY])
        if clipped:
            room = f"{low:g} to {high:g}" if data.dtype.kind == "f" else f"the range of {data.dtype}"
            note = f"{clipped:.2%} of the values were outside {room} and were clipped"
            told["notes"] = [*told["notes"], note]
        return image.with_data(data, **{METADATA_KEY: told})

    def home(self, data: NDArray[Any]) -> NDArray[Any]:
        """The part shown of a result, with its opacity."""
        shown, alpha = data[self.region.inner], self.photo.alpha(self.region.outer)
        if alpha is None:
            return np.ascontiguousarray(shown)
        return np.concatenate([shown, alpha[self.region.inner][..., None]], axis=-1)

    def about(self) -> dict[str, Any]:
        """What the result's layer should know: how it is encoded, where its source lies and how it is turned."""
        told: dict[str, Any] = {"encoding": self.photo.encoding, "orientation": self.photo.orientation}
        if self.photo.path is not None:
            told["path"] = str(self.photo.path)
        return {**told, **self.photo.metadata}

    @property
    def start(self) -> tuple[int, ...]:
        """The pixel of the layer at which the result begins."""
        return self.region.start

    def of(self, region: Region) -> PhotoOrder:
        """The same for a part."""
        return replace(self, region=region)

    def _range(self) -> tuple[float, float]:
        """What the type holds; of floats, 0 to 1 if the photograph keeps to it."""
        if self.photo.dtype.kind != "f":
            limits = np.iinfo(self.photo.dtype)
            return float(limits.min), float(limits.max)
        data = self.photo.image(self.region.outer).data
        inside = data.size > 0 and float(data.min()) >= 0 and float(data.max()) <= 1
        return (0.0, 1.0) if inside else (-np.inf, np.inf)


def photo_order(photo: Photo, recipe: Recipe, psf: Any, **more: Any) -> PhotoOrder:
    """The order to restore `photo` as `recipe` says, with a PSF from `psf`."""
    return PhotoOrder(
        recipe=recipe,
        pixels=photo.pixels,
        axes=photo.axes,
        spacing=None,
        name=photo.name,
        psf=psf,
        encoding=photo.encoding,
        metadata=photo.metadata,
        photo=photo,
        **more,
    )


def automatic(photo: Photo, psf: PSF, recipe: Recipe) -> float:
    """The balance that a Wiener filter chooses by itself for the luminance of the middle of a photograph."""
    y = _looked_at(photo, recipe.changed(colour="luminance"), LOOKED_AT)
    if not np.isfinite(y).all():
        return 1.0  # the job will say what is wrong
    backend = resolve(recipe.backend)
    H = Blur(psf, y.shape, boundary=recipe.boundary, backend=backend)
    _, balance = wiener(backend.asarray(y / (float(abs(y).mean()) or 1.0), H.dtype), H)
    return float(np.clip(balance, *LIMITS)) if np.isfinite(balance) else 1.0


def _looked_at(photo: Photo, recipe: Recipe, side: int) -> NDArray[np.float32]:
    """The middle of a photograph as it is restored: its luminance, or its colours before rows and columns."""
    data = light.to_linear(photo.image(photo.middle(side), recipe.light)).data
    if photo.rgb and recipe.colour == "luminance":
        return light.luminance(data)
    return np.asarray(np.moveaxis(data, -1, 0) if photo.rgb else data, np.float32)


def in_type(data: NDArray[Any], dtype: np.dtype[Any], limits: tuple[float, float]) -> tuple[NDArray[Any], float]:
    """`data` in another type, rounded and clipped, and the share of values that lay outside by over half a step."""
    low, high = limits
    margin = 0.5 if dtype.kind != "f" else 0.0
    outside = (data < low - margin) | (data > high + margin)
    whole = np.rint(data) if dtype.kind != "f" else data
    return np.clip(whole, low, high).astype(dtype), float(outside.mean()) if data.size else 0.0
