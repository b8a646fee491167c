"""What a layer says about its pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arrays import DIMENSIONS
from ..recipe import METADATA_KEY

if TYPE_CHECKING:
    from napari.layers import Layer

READINGS = {  # what unlabelled axes may be, the likeliest first
    2: ("YX",),
    3: ("ZYX", "TYX", "CYX"),
    4: ("TZYX", "CZYX", "TCYX"),
    5: ("TCZYX", "TZCYX"),
}


@dataclass(frozen=True)
class Description:
    """A layer's pixels without the pixels.

    Parameters
    ----------
    name : str
        Of the layer.
    shape : tuple of int
        Sizes at full resolution; the samples of an RGB layer come last and are not counted among its axes.
    dtype : str
        As stored.
    rgb : bool
        Whether it is a colour picture.
    labels : str or None
        Letters of TCZYX in the order of the layer's axes; None where it has no such labels.
    lengths : tuple of float or None
        Micrometres per sample along each axis; None where its unit is no length.
    scale : tuple of float
        The layer's own, in whatever unit.
    path : Path or None
        The file it was opened from.
    said : mapping
        What we wrote into its metadata: ``role``, ``encoding``, ``icc``.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    rgb: bool
    labels: str | None
    lengths: tuple[float | None, ...]
    scale: tuple[float, ...]
    path: Path | None
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sizes(self) -> str:
        """For people: "z 24 · y 128 · x 128", without letters where they are not known."""
        axes = self.shape[: len(self.lengths)]
        letters = self.labels or ("YX" if len(axes) == 2 else "")
        words = [f"{a.lower()} {n}" for a, n in zip(letters, axes, strict=True)] if letters else map(str, axes)
        return " · ".join([*words, *(["RGB"] if self.rgb else [])])

    @property
    def entry(self) -> str:
        """For a list of layers: "beads (z 24 · y 128 · x 128, uint16)"."""
        return f"{self.name} ({self.sizes}, {self.dtype})"

    @property
    def readings(self) -> tuple[str, ...]:
        """The axes it may have, the likeliest first; none if there are too many."""
        usual = READINGS.get(len(self.lengths), ())
        return usual if self.labels is None else (self.labels, *(a for a in usual if a != self.labels))

    def spacing(self, axes: str) -> dict[str, float]:
        """Micrometres per sample of the spatial letters of `axes` whose unit is a length."""
        return {a: n for a, n in zip(axes, self.lengths, strict=True) if a in "ZYX" and n is not None}


def describe(layer: Layer) -> Description:
    """What `layer` says about its pixels: RGB, multiscale, dask, zarr and xarray layers too."""
    data = pixels(layer)
    path = Path(layer.source.path) if isinstance(layer.source.path, str) else None
    said = layer.metadata.get(METADATA_KEY)
    return Description(
        name=layer.name,
        shape=tuple(int(n) for n in data.shape),
        dtype=str(data.dtype),
        rgb=bool(getattr(layer, "rgb", False)),
        labels=_letters(layer.axis_labels),
        lengths=tuple(_micrometres(s, u) for s, u in zip(layer.scale, layer.units, strict=True)),
        scale=tuple(float(s) for s in layer.scale),
        path=path,
        said=said if isinstance(said, Mapping) else {},
    )


def entry(layer: Layer) -> str:
    """For a list of layers: an image as its `Description` says, of others how much they hold: "strokes (2 shapes)"."""
    from napari.layers import Points, Shapes

    for kind, what in ((Points, "point"), (Shapes, "shape")):
        if isinstance(layer, kind):
            return f"{layer.name} ({len(layer.data)} {what}{'s' * (len(layer.data) != 1)})"
    return describe(layer).entry


def pixels(layer: Layer) -> Any:
    """The array behind `layer` at full resolution, not computed or copied."""
    return layer.data[0] if getattr(layer, "multiscale", False) else layer.data


def role(layer: Layer) -> str:
    """What we made `layer` for: "result", "psf", "live", "preview", "motion line"; "" if it is not ours."""
    said = layer.metadata.get(METADATA_KEY)
    if not isinstance(said, Mapping):
        return ""
    return str(said.get("role", "result" if "recipe" in said else ""))


def in_words(axes: str) -> str:
    """A reading of the axes as a sentence: "t z y x: one 3-D volume per time point"."""
    both = {"T", "C"} <= set(axes)
    what = ("one volume" if both else "one 3-D volume") if "Z" in axes else "one picture"
    each = " per t and c" if both else " per time point" if "T" in axes else " per channel" if "C" in axes else ""
    return f"{' '.join(axes.lower())}: {what}{each}"


def _letters(labels: tuple[str, ...]) -> str | None:
    """Labels such as ("t", "z", "y", "x") as letters; None for napari's own "-2", "-1" and anything unknown."""
    letters = "".join(DIMENSIONS.get(label.strip().lower(), "?") for label in labels)
    fine = "?" not in letters and len(set(letters)) == len(letters) and {"Y", "X"} <= set(letters)
    return letters if fine else None


def _micrometres(scale: float, unit: Any) -> float | None:
    """A step along one axis, if its pint unit is a length."""
    if not unit.is_compatible_with("micrometer"):
        return None
    length = float((float(scale) * unit).to("micrometer").magnitude)
    return length if length > 0 else None
