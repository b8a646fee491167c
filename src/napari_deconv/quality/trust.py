"""How far a result, classical or learned, is to be trusted: maps to look at, and one line in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..camera import Camera
from ..operators import Boundary
from ..psf.type import PSF
from .disagreement import Disagreement, disagreement
from .fidelity import Fidelity, fidelity
from .given import Given, background_of, recipe_of
from .spread import Spread
from .unsupported import Unsupported, unsupported
from .verdicts import OVERFIT

LEARNED_CAVEAT = (
    "A learned result can invent detail: what the image does not tell, the network fills in as its training pictures "
    "would have it."
)
CHI_SQUARE = (0.0, 3.0)  # limits of the layers: 1 is what noise gives
SIGMAS = (0.0, 5.0)
VISIBLE = 0.1  # of the result's range: what lies far below it does not show in the result either
NAMES = {
    "richardson_lucy": "Richardson-Lucy",
    "scaled_heavy_ball": "accelerated Richardson-Lucy",
    "richardson_lucy_tv": "Richardson-Lucy with total variation",
    "wiener": "the Wiener filter",
}

Layer = tuple[str, NDArray[np.float32], dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Trust:
    """What speaks for a result and against it.

    Parameters
    ----------
    fidelity : Fidelity
        Where the result contradicts the image.
    unsupported : Unsupported
        What of it the data cannot have told.
    disagreement : Disagreement or None
        How far it is from the classical result, if there was one.
    spread : array, float32, shape of the image, or None
        Standard deviation over the eight ways to hold the picture, if it was given.
    against : str
        What it was compared with.
    sigma : float
        Standard deviation of the noise, median over the image, counts.
    span : float
        Of the result, without its 0.1 % brightest and darkest pixels.
    notes : tuple of str
        What to know before believing any of it.
    """

    fidelity: Fidelity
    unsupported: Unsupported
    disagreement: Disagreement | None
    spread: NDArray[np.float32] | None
    against: str
    sigma: float
    span: float
    notes: tuple[str, ...]

    @property
    def turned(self) -> float | None:
        """Median spread, in standard deviations of the noise."""
        return None if self.spread is None else float(np.median(self.spread / self.fidelity.sigma))

    @property
    def words(self) -> str:
        """One line for people."""
        made, fit = self.unsupported, self.fidelity
        said = [f"{1 - fit.flagged:.1%} of the pixels agree with the image"]
        if fit.chi_square < OVERFIT:
            said.append("the result follows most of the noise")
        said.append(f"{made.detail:.1%} of the detail ({made.ratio:.1%} of all contrast) is not supported by the data")
        if self.disagreement is not None:
            said.append(f"differs from {self.against} by {self.disagreement.median:.1f} σ (median)")
        if self.turned is not None:
            said.append(f"varies by {self.turned:.1f} σ (median) with the way the picture is held")
        return "; ".join(said) + "."

    def layers(self) -> list[Layer]:
        """Name, picture and keywords of ``viewer.add_image`` for each map.

        The limits do not follow the maps: what does not matter looks even, and two results can be compared.
        """
        strong = VISIBLE * self.span
        found = [
            _layer("contradicts the image (χ²)", self.fidelity.map, CHI_SQUARE, "magma"),
            _layer("not supported by the data", self.unsupported.map, (-strong, strong), "PiYG"),
        ]
        if self.disagreement is not None:
            found.append(_layer(f"differs from {self.against} (σ)", self.disagreement.map, SIGMAS, "magma"))
        if self.spread is not None:
            found.append(_layer("varies when turned", self.spread, (0.0, strong), "magma"))
        return found

    def to_dict(self) -> dict[str, Any]:
        """Numbers and words, fit for JSON; no maps."""
        return {
            "words": self.words,
            "agreeing": 1 - self.fidelity.flagged,
            "chi_square": self.fidelity.chi_square,
            "unsupported": self.unsupported.ratio,
            "unsupported_detail": self.unsupported.detail,
            "disagreement": None if self.disagreement is None else self.disagreement.median,
            "against": None if self.disagreement is None else self.against,
            "spread": self.turned,
            "sigma": self.sigma,
            "noise": self.fidelity.noise,
            "notes": list(self.notes),
        }


def trust(
    image: Any,
    result: Any,
    psf: PSF,
    *,
    classical: Any = None,
    spread: Spread | ArrayLike | None = None,
    sigma: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    camera: Camera | None = None,
    background: float | None = None,
    boundary: Boundary | None = None,
    frame: Sequence[int] | None = None,
) -> Trust:
    """What can be held against a result without knowing the truth: as maps, as numbers, in words.

    Parameters
    ----------
    image, result : Image or array
        What was restored, and what came out. Gamma-encoded photographs are judged in linear light.
    psf : PSF
        Its blur.
    classical : Image or array, optional
        The result of a classical method for the same image. An `Image` of `run` brings its method's name and
        background along.
    spread : Spread or array, optional
        What `spread` found.
    sigma : float or array, shape of the frame, optional
        Standard deviation of the noise, if the camera does not tell it.
    mask, camera, background, boundary, frame
        See `assess`. Ignored pixels count neither in the fidelity nor in the spectrum of the image.

    Returns
    -------
    Trust
        ``print(found.words)``; ``for name, data, options in found.layers(): viewer.add_image(data, name=name,
        **options)``.

    Raises
    ------
    ValueError
        If image, result, PSF and what else was given do not fit together.
    """
    given = Given.of(
        image,
        result,
        psf,
        mask=mask,
        camera=camera,
        background=background,
        boundary=boundary,
        frame=frame,
        noise_known=sigma is not None,
        photographs=True,
    )
    y, x = given.image, given.result
    fit = fidelity(y, x, given.H, camera=given.camera, sigma=sigma, background=given.background)
    low, high = np.quantile(x, [0.001, 0.999])
    return Trust(
        fidelity=fit,
        unsupported=unsupported(y, x, given.psf, fit.sigma, spacing=given.spacing),
        disagreement=None if classical is None else _against(given, classical, fit.sigma),
        spread=None if spread is None else _same_frame(given, spread),
        against=NAMES.get(str(recipe_of(classical).get("method")), "the classical result"),
        sigma=float(np.median(fit.sigma)),
        span=float(high - low),
        notes=(*given.notes, *fit.notes),
    )


def _against(given: Given, classical: Any, sigma: NDArray[np.float32]) -> Disagreement:
    """The classical result with the background that this one has: a Wiener filter leaves it in, Richardson-Lucy not."""
    other = given.same_frame(classical, "classical result")
    kept = background_of(classical) - given.background if recipe_of(classical) else 0.0
    return disagreement(given.result, other + np.float32(kept), sigma)


def _same_frame(given: Given, spread: Spread | ArrayLike) -> NDArray[np.float32]:
    found = spread.map if isinstance(spread, Spread) else spread
    return given.same_frame(found, "spread").astype(np.float32)


def _layer(name: str, picture: NDArray[np.float32], limits: tuple[float, float], colormap: str) -> Layer:
    """With limits that napari takes, also of a picture that is the same everywhere."""
    low, high = limits if limits[0] < limits[1] else (limits[0], limits[0] + 1.0)
    return name, picture, {"contrast_limits": (low, high), "colormap": colormap}
