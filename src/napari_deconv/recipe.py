"""What to do, as data: a recipe that can be saved, read, repeated and found again inside a result."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Annotated, Any, Literal, Self

import numpy as np
import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from .camera.type import Camera
from .strict_yaml import load_yaml

VERSION = 1
METADATA_KEY = "napari-deconv"
WORDS = re.compile(r"[a-z][a-z_]+:[^/\\]")  # a PSF in words begins with its model; all else names a file
MODEL = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)

Method = Literal["richardson_lucy", "scaled_heavy_ball", "richardson_lucy_tv", "wiener", "learned", "learned_blind"]
Count = Annotated[int, Field(ge=1, le=100_000)]
NumIter = Count | Literal["auto"]
Counts = Annotated[tuple[Count, ...], Field(min_length=2)]  # one per channel
Stop = Literal["held_out", "plateau", "discrepancy"]
Decide = Literal["once", "each"]
Share = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Regularization = Annotated[float, Field(ge=0, le=1e6)] | Literal["auto"]
Background = Annotated[float, Field(ge=0, le=1e30)]
Balance = Annotated[float, Field(gt=0, le=1e12)] | Literal["auto"]
Noise = Annotated[float, Field(gt=0, le=1e30)]
ModelName = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Negative = Literal["error", "clip"]
Colour = Literal["per_channel", "luminance"]
Spacing = Annotated[tuple[Annotated[float, Field(gt=0, le=1e6)], ...], Field(min_length=1, max_length=3)]
CameraWords = Annotated[
    Camera | Literal["auto"],
    BeforeValidator(lambda value: Camera.from_dict(value) if isinstance(value, Mapping) else value),
    PlainSerializer(lambda value: value.to_dict() if isinstance(value, Camera) else value),
]
Tile = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=3)] | Literal["auto"]

STOPPING = ("stop", "max_iter", "held_out", "seed", "decide")  # what num_iter="auto" obeys
POISSON = ("num_iter", "background", "negative", *STOPPING)
PARAMETERS: dict[str, tuple[str, ...]] = {
    "richardson_lucy": POISSON,
    "scaled_heavy_ball": POISSON,
    "richardson_lucy_tv": (*POISSON, "regularization"),
    "wiener": ("balance", "noise"),
    "learned": ("num_iter", "noise", "model"),
    "learned_blind": ("noise", "model"),
}
LEARNED = ("learned", "learned_blind")
LINEAR = ("wiener", *LEARNED)  # what works on any real pixels; the others on counts, which are never negative
LEARNED_STEPS = 8
LONGEST = {
    "richardson_lucy": 300,
    "scaled_heavy_ball": 100,
    "richardson_lucy_tv": 300,
}  # iterations, if max_iter is None


class PSFName(BaseModel):
    """A PSF that is not computed from words: a file beside the recipe, or an array or layer that was handed over."""

    model_config = MODEL

    file: str | None = None
    name: str | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None

    @field_validator("file")
    @classmethod
    def _stays_in_the_folder(cls, file: str | None) -> str | None:
        if file is not None:
            windows = PureWindowsPath(file)
            if (
                windows.is_absolute()
                or windows.drive
                or ".." in windows.parts
                or file.startswith(("~", "/"))
                or "://" in file
            ):
                raise ValueError(
                    f"psf file {file!r} is outside the recipe's folder; "
                    "put it beside the recipe, or name it yourself: psf=, --psf"
                )
        return file


PSFWord = Annotated[str, Field(max_length=2000)] | PSFName


class Recipe(BaseModel):
    """Everything needed to repeat a deconvolution, apart from the image.

    Parameters
    ----------
    method : {"richardson_lucy", "scaled_heavy_ball", "richardson_lucy_tv", "wiener", "learned", "learned_blind"}
        Algorithm.
    psf : str, PSFName or a tuple of them
        Words (``"widefield:na=1.4,wavelength=0.52,ri=1.515"``), a file beside the recipe, or the name and
        SHA-256 of one handed over; a tuple holds one per channel.
    num_iter : int, "auto", or a tuple of int
        Iterations; "auto" asks the stopping rule (the default of `scaled_heavy_ball`; else 30, and 8 steps of a learned
        restoration), a tuple holds one per channel.
    background, negative, stop, max_iter, held_out, seed, decide
        Of Richardson-Lucy and its relatives; see `richardson_lucy`.
    regularization
        Of total variation; see `richardson_lucy_tv`.
    balance, noise
        Of the Wiener filter; see `wiener`. `noise` is of learned restorations, too.
    model : str
        Weights of a learned restoration: "auto" or a name that `network.models.names` lists.
    boundary : {"extended", "reflect", "periodic"}
        What is assumed outside the image.
    channel_axis : int, optional
        Axis of an array that holds colours or channels.
    spacing : tuple of float, optional
        Voxel size in micrometres, order ZYX; None: what the image says.
    light : {"linear", "stored"}
        Whether a gamma-encoded photograph is deconvolved in linear light or as stored.
    colour : {"per_channel", "luminance"}
        Whether every channel is restored on its own, or only the luminance of a picture in red, green and blue:
        a third of the work, and no coloured fringes; the colours stay as blurred as they were.
    camera : "auto" or Camera
        Gain, offset, read noise and saturation of the camera; what is unknown is estimated where it is needed.
    hot_pixels : bool
        Whether single pixels that no light can have made are ignored.
    tile : "auto" or tuple of int
        Largest piece to restore at a time, in pixels along the axes of the PSF; "auto": the whole image if it fits
        into memory.
    backend : {"auto", "numpy", "cupy"}
        Where to compute.

    Raises
    ------
    ValueError
        If a key is unknown, a value has the wrong type or range, or a parameter does not belong to the
        method.
    """

    model_config = MODEL

    version: Literal[1] = 1
    method: Method = "richardson_lucy"
    psf: PSFWord | tuple[PSFWord, ...] | None = None
    num_iter: NumIter | Counts = 30
    background: Background = 0.0
    negative: Negative = "error"
    stop: Stop = "held_out"
    max_iter: Count | None = None
    held_out: Share = 0.1
    seed: Seed = 0
    decide: Decide = "once"
    regularization: Regularization = "auto"
    balance: Balance = "auto"
    noise: Noise | None = None
    model: ModelName = "auto"
    boundary: Literal["extended", "reflect", "periodic"] = "extended"
    channel_axis: int | None = None
    spacing: Spacing | None = None
    light: Literal["linear", "stored"] = "linear"
    colour: Colour = "per_channel"
    camera: CameraWords = "auto"
    hot_pixels: bool = False
    tile: Tile = "auto"
    backend: Literal["auto", "numpy", "cupy"] = "auto"
    _folder: Path | None = PrivateAttr(default=None)  # where `psf.file` may be looked for; None: nowhere

    def __init__(self, **values: Any) -> None:
        if values.get("method") == "scaled_heavy_ball" or any(name in values for name in STOPPING if name != "seed"):
            values.setdefault("num_iter", "auto")  # a fixed number suits plain Richardson-Lucy, and nobody's rule
        if values.get("method") == "learned":
            values.setdefault("num_iter", LEARNED_STEPS)
        try:
            if _offset(values) and not values.get("background") and values.get("method") not in LINEAR:
                values["background"] = _offset(values)  # what the camera shows without light is part of the model
            super().__init__(**{key: _plain(value) for key, value in values.items()})
        except ValidationError as error:
            raise ValueError(_in_words(error, values)) from None

    @field_validator("psf", mode="before")
    @classmethod
    def _file_by_its_name(cls, psf: Any) -> Any:
        """Text that does not begin with the name of a model and a colon is the name of a file."""
        if isinstance(psf, str) and not WORDS.match(psf):
            return {"file": psf}
        return tuple(cls._file_by_its_name(one) for one in psf) if isinstance(psf, list | tuple) else psf

    @model_validator(mode="after")
    def _parameters_of_the_method(self) -> Self:
        foreign = {name for others in PARAMETERS.values() for name in others} - set(PARAMETERS[self.method])
        for name in sorted(foreign & self.model_fields_set):
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(
                    f"method {self.method!r} takes no {name!r}; it takes {', '.join(PARAMETERS[self.method])}"
                )
        for name in ("stop", "max_iter", "decide", "held_out"):
            if self.num_iter != "auto" and getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} has no effect on num_iter={self.num_iter}; pass num_iter='auto'"
                )
        if self.noise is not None and self.balance != "auto":
            raise ValueError("give noise or balance, not both: the balance follows from the noise")
        if self.method in LEARNED:
            self._check_learned()
        return self

    def _check_learned(self) -> None:
        if self.method == "learned" and not isinstance(self.num_iter, int):
            raise ValueError(
                f"num_iter={self.num_iter!r}, but a learned restoration takes a number of steps: 1, 3 or 8"
            )
        if self.boundary == "reflect":
            raise ValueError("boundary='reflect' is not for learned restorations; pass 'extended', which is better")

    @classmethod
    def build(cls, **values: Any) -> Recipe:
        """A recipe from keyword arguments, with errors in plain words."""
        return cls(**values)

    @classmethod
    def from_mapping(cls, values: Any, origin: str) -> Recipe:
        """A recipe from a mapping as YAML or JSON gives it; `origin` is named in errors."""
        if not isinstance(values, dict):
            raise ValueError(
                f"{origin} holds {type(values).__name__}, but a recipe is a mapping such as 'method: wiener'"
            )
        version = values.get("version", VERSION)
        if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
            raise ValueError(
                f"{origin} has version {version}, this napari-deconv reads version {VERSION}; update napari-deconv"
            )
        if not all(isinstance(key, str) for key in values):
            raise ValueError(f"{origin} has keys that are not words: {reprlib.repr(list(values))}")
        try:
            return cls(**values)
        except ValueError as error:
            raise ValueError(f"{origin}: {error}".removeprefix(": ")) from None

    @classmethod
    def from_file(cls, path: str | Path) -> Recipe:
        """The recipe in a YAML or JSON file, or the one embedded in a result (OME-TIFF, TIFF).

        A recipe found inside an image never opens files: hand its PSF over yourself.

        Raises
        ------
        ValueError
            If there is none, or it is not valid; the message names the key and the nearest valid one.
        """
        path = Path(path)
        if path.suffix.lower() in (".tif", ".tiff"):
            return cls._from_image(path)
        recipe = cls.from_mapping(load_yaml(path), path.name)
        recipe._folder = path.resolve().parent
        return recipe

    @classmethod
    def _from_image(cls, path: Path) -> Recipe:
        from .io import read

        found = read(path).metadata.get(METADATA_KEY)
        if not isinstance(found, dict) or "recipe" not in found:
            raise ValueError(f"{path.name} holds no recipe; results written by napari-deconv do, or give a .yaml file")
        return cls.from_mapping(found["recipe"], path.name)

    def to_dict(self) -> dict[str, Any]:
        """JSON-safe mapping: the parameters that matter to the method, None left out."""
        foreign = {name for others in PARAMETERS.values() for name in others} - set(PARAMETERS[self.method])
        if self.num_iter != "auto":
            foreign |= set(STOPPING) - ({"seed"} if self.method == "richardson_lucy_tv" else set())
        return self.model_dump(mode="json", exclude_none=True, exclude=foreign)

    def to_yaml(self) -> str:
        """The recipe as YAML text."""
        return str(yaml.safe_dump(self.to_dict(), sort_keys=False))

    def to_file(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the recipe as YAML."""
        from .io import write_text

        write_text(path, self.to_yaml(), overwrite=overwrite)

    @property
    def limit(self) -> int:
        """Most iterations that a stopping rule may look at, or that were asked for."""
        if self.num_iter == "auto":
            return self.max_iter or LONGEST[self.method]
        return max(self.num_iter) if isinstance(self.num_iter, tuple) else self.num_iter

    def changed(self, **values: Any) -> Recipe:
        """A checked copy with other values; another method keeps what the new one takes too, but not the iterations."""
        known = self.to_dict()
        method = values.get("method", self.method)
        if method != self.method:
            known = {
                k: v for k, v in known.items() if k not in set(PARAMETERS[self.method]) - _shared(self.method, method)
            }
        if values.get("num_iter", "auto") != "auto":
            known = {k: v for k, v in known.items() if k == "seed" or k not in STOPPING}
        recipe = self.from_mapping({**known, **values}, "")
        recipe._folder = self._folder
        return recipe

    def __eq__(self, other: object) -> bool:
        """Whether both say the same, wherever they were read from."""
        return isinstance(other, Recipe) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self.to_yaml())

    @property
    def folder(self) -> Path | None:
        """Where a PSF file named in the recipe is looked for; None if the recipe has no file of its own."""
        return self._folder


def _offset(values: Mapping[str, Any]) -> float:
    """The camera's offset among what was given for a recipe, if it is known and positive; else 0."""
    camera = values.get("camera")
    offset = camera.get("offset") if isinstance(camera, Mapping) else getattr(camera, "offset", None)
    return max(offset, 0.0) if isinstance(offset, int | float) else 0.0


def _shared(one: str, other: str) -> set[str]:
    """Parameters of both methods that mean the same: a number of iterations does not."""
    return set(PARAMETERS[one]) & set(PARAMETERS.get(other, ())) - {"num_iter"}


def _plain(value: Any) -> Any:
    """Models as mappings, lists and arrays as tuples, NumPy numbers as Python's."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_none=True)
    if hasattr(value, "tolist"):
        value = value.tolist() if np.size(value) <= 8 else repr(type(value))
    return tuple(_plain(v) for v in value) if isinstance(value, tuple | list) else value


def _in_words(error: ValidationError, values: dict[str, Any]) -> str:
    """The first of pydantic's complaints as one sentence, with the nearest known name."""
    first = next((e for e in error.errors() if e["type"] == "value_error"), error.errors()[0])
    where = ".".join(str(part) for part in first["loc"] if not str(part).startswith(("function-", "constrained-")))
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(where, Recipe.model_fields, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(Recipe.model_fields)}"
        return f"unknown key {where!r}; {hint}"
    if where == "method":
        near = difflib.get_close_matches(str(values.get("method")), PARAMETERS, n=1, cutoff=0.3)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return f"unknown method {values.get('method')!r}; {hint}known: {', '.join(PARAMETERS)}"
    message = first["msg"].removeprefix("Value error, ")
    return (
        f"{where}: {message}, got {reprlib.repr(first['input'])}"
        if where and first["type"] != "value_error"
        else message
    )
