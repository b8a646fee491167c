"""What is known of a camera: gain, offset, read noise, saturation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from numbers import Real
from typing import Any, Self

import numpy as np

from ..backend import Array

EXAMPLE = "gain=2.1,offset=100,read_noise=1.6,saturation=65535"


@dataclass(frozen=True)
class Camera:
    r"""How counts come from light; None stands for what is not known.

    The variance of a pixel that holds `y` counts is, in counts squared,

    .. math:: \sigma^2 = \max(y - \mathrm{offset}, 0) / \mathrm{gain} + (\mathrm{read\_noise} / \mathrm{gain})^2

    Parameters
    ----------
    gain : float, optional
        Electrons per count. Of an EM camera or a photomultiplier the gain divided by the excess noise factor, 2 for the
        former: what the noise shows, and what a likelihood needs.
    offset : float, optional
        Counts without light.
    read_noise : float, optional
        Electrons, root mean square.
    saturation : float, optional
        Counts; pixels at or above are saturated.

    Raises
    ------
    ValueError
        If a number is not finite, the gain not positive, the read noise negative, or the saturation not above the
        offset.

    Examples
    --------
    >>> sensor = Camera(gain=2.0, offset=100.0, read_noise=0.0)
    >>> float(sensor.electrons(150.0)), float(sensor.sigma(150.0))
    (100.0, 5.0)

    References
    ----------
    .. [1] J. R. Janesick, Photon Transfer, SPIE Press (2007).
    """

    gain: float | None = None
    offset: float | None = None
    read_noise: float | None = None
    saturation: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                object.__setattr__(self, field.name, _number(field.name, value))
        if self.gain is not None and self.gain <= 0:
            raise ValueError(f"camera gain is a positive number of electrons per count, got {self.gain:g}")
        if self.read_noise is not None and self.read_noise < 0:
            raise ValueError(f"camera read_noise is a number of electrons, 0 or more, got {self.read_noise:g}")
        if self.saturation is not None and self.offset is not None and self.saturation <= self.offset:
            raise ValueError(f"camera saturation {self.saturation:g} is not above the offset {self.offset:g}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The camera in words, as a shell or a form has them.

        Parameters
        ----------
        text : str
            ``name=value,name=value`` with the names of the parameters; what is left out is unknown.

        Raises
        ------
        ValueError
            If a name is unknown or given twice, or a value is no number.

        Examples
        --------
        >>> Camera.parse("gain=2.1,offset=100").words
        'gain=2.1,offset=100'
        """
        found: dict[str, str] = {}
        for part in filter(None, (p.strip() for p in text.split(","))):
            name, equals, value = (p.strip() for p in part.partition("="))
            if not equals:
                raise ValueError(f"{part!r} in {text!r} is not name=value; write e.g. {EXAMPLE}")
            if name in found:
                raise ValueError(f"{name} is given twice in {text!r}")
            found[name] = value
        return cls.from_dict({name: _read(name, value) for name, value in found.items()})

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The camera of a mapping such as `to_dict` gives; unknown names are refused, the nearest one is offered."""
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                near = get_close_matches(str(name).lower(), known, n=1)
                guess = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"a camera has no {name!r}{guess}; it has {', '.join(known)}")
        return cls(**values)

    def to_dict(self) -> dict[str, float]:
        """What is known, by name; fit for JSON and YAML."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def words(self) -> str:
        """What `parse` understands."""
        return ",".join(f"{name}={value:.12g}" for name, value in self.to_dict().items())

    def electrons(self, y: Array) -> Array:
        """Electrons of an image in counts; negative where read noise prevails.

        Parameters
        ----------
        y : array or float
            Image in counts, on any device. Integers become float32.

        Raises
        ------
        ValueError
            If gain or offset is unknown.
        """
        gain, offset = self._known("gain", "offset")
        return (_floating(y) - offset) * gain

    def sigma(self, y: Array) -> Array:
        """Standard deviation, in counts, of the pixels of an image in counts; better of its prediction than of itself.

        Parameters
        ----------
        y : array or float
            Image in counts, on any device. Integers become float32.

        Raises
        ------
        ValueError
            If gain, offset or read noise is unknown.
        """
        gain, offset, read_noise = self._known("gain", "offset", "read_noise")
        light = _floating(y) - offset
        light = (light + abs(light)) / 2
        return (light / gain + (read_noise / gain) ** 2) ** 0.5

    def _known(self, *names: str) -> list[float]:
        values = self.to_dict()
        missing = [name for name in names if name not in values]
        if missing:
            raise ValueError(
                f"the camera's {' and '.join(missing)} must be known for this; give it, e.g. {EXAMPLE}, "
                "or let camera.estimate(image) find it"
            )
        return [values[name] for name in names]


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"camera {name} must be a finite number, got {value!r}; leave it out if it is not known")
    return float(value)


def _read(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name}={text!r} is not a number; write e.g. {EXAMPLE}") from None


def _floating(y: Array) -> Array:
    if not hasattr(y, "dtype"):
        return np.asarray(y, dtype=np.float64)
    return y.astype("float32") if getattr(y.dtype, "kind", "f") in "biu" else y
