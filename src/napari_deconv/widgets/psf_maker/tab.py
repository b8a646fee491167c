"""What the tabs of the PSF dock have in common: each makes PSFs, one per channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QVBoxLayout, QWidget

from ...psf import PSF
from ..layers import role
from ..qt import Signal
from .psf_panel import Against

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

Task = tuple[Callable[..., Any], tuple[Any, ...]]


@dataclass(frozen=True, eq=False)
class Made:
    """PSFs, one per channel, and how they become layers.

    Parameters
    ----------
    psfs : tuple of PSF
        At least one.
    names : tuple of str
        Of their layers, without "PSF · ".
    over : Layer, optional
        The image that they are put over.
    against : Against
        What they are examined against.
    doubt : str
        Why they are not to be trusted; empty if they are.
    """

    psfs: tuple[PSF, ...]
    names: tuple[str, ...]
    over: Layer | None = None
    against: Against = field(default_factory=Against)
    doubt: str = ""

    def changed(self, index: int, psf: PSF) -> Made:
        """The same with another PSF for one channel."""
        return replace(self, psfs=(*self.psfs[:index], psf, *self.psfs[index + 1 :]))


class Tab(QWidget):
    """One way to make a PSF.

    A tab whose PSF follows its form at once emits `made` or `unmade` by itself. One with a `verb` is run by the dock,
    which calls the function of `task` in a thread and hands the answer to `take`.
    """

    verb = ""
    made = Signal(object)  # a Made
    unmade = Signal(str)  # there is none, and why
    making = Signal()  # the one there was counts no more; the next one will come
    changed = Signal()  # perhaps `problem`
    wanted = Signal()  # to be run

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self.viewer = viewer
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(6, 6, 6, 6)
        self.column.setSpacing(4)

    def problem(self) -> str:
        """Why it cannot be run, in words; nothing if it can."""
        return ""

    def task(self) -> Task:
        """A function that takes ``progress``, and its arguments.

        Raises
        ------
        ValueError
            If the form cannot be: the message is shown.
        """
        raise NotImplementedError

    def take(self, answer: Any) -> None:
        """What the function returned."""
        raise NotImplementedError

    def tell(self) -> None:
        """Make the PSF, or say what is missing; a tab with a verb waits to be run."""

    def values(self) -> dict[str, Any]:
        """What to remember of the form."""
        return {}

    def put(self, values: dict[str, Any]) -> None:
        """Fill in what was remembered."""


def is_picture(layer: Layer) -> bool:
    """Whether a PSF can be made for, or from, this layer."""
    from napari.layers import Image

    return isinstance(layer, Image) and role(layer) not in ("live", "psf", "preview")


def is_stack(layer: Layer) -> bool:
    """Whether it is one that is not in colour."""
    return is_picture(layer) and not getattr(layer, "rgb", False)


def active(viewer: ViewerModel, accepts: Callable[[Layer], bool]) -> Layer | None:
    """The layer selected, if it is one of those accepted."""
    layer = viewer.layers.selection.active
    return layer if layer is not None and accepts(layer) else None


def newest(viewer: ViewerModel, accepts: Callable[[Layer], bool]) -> Layer | None:
    """The newest layer among those accepted."""
    return next((layer for layer in reversed(viewer.layers) if accepts(layer)), None)


def plainly(problem: str) -> str:
    """A sentence of a dock with numbered sections, for one without."""
    return problem.replace(" in section 1", "").replace(" in section 2", "")
