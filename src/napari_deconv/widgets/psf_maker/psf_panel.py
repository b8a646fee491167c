"""A PSF looked at: pictures, profile, widths, and what its examination found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QVBoxLayout, QWidget

from ...psf import PSF
from ..latest import Latest
from ..part import Part
from ..qt import Signal, Slot
from .findings import TALLEST, FindingsList
from .psf_picture import PSFPicture

if TYPE_CHECKING:
    from ...psf.doctor import Finding


COMPUTING = "Being computed…"
LARGEST = (32, 512, 512)  # samples of the image that are looked at


@dataclass(frozen=True)
class Against:
    """What a PSF is examined against: the voxel size of the image (ZYX, micrometres) and the image, if known."""

    spacing: tuple[float, ...] | None = None
    part: Part | None = None


class PSFPanel(QWidget):
    """The picture of a PSF and its findings; a repaired PSF is told by `repaired`, for whoever owns it to show.

    Parameters
    ----------
    repairable : bool
        Whether repairs are offered.
    tallest : int
        Pixels for the findings.
    """

    repaired = Signal(object)  # a PSF
    examined = Signal()
    refused = Signal(str)

    def __init__(self, repairable: bool = True, tallest: int = TALLEST) -> None:
        super().__init__()
        self.picture, self.findings = PSFPicture(), FindingsList(repairable, tallest)
        self.psf: PSF | None = None
        self._raw: Any = None  # an array that is no PSF as it is
        self._against = Against()
        self._doctor, self._surgeon = Latest(self), Latest(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.picture)
        column.addWidget(self.findings)
        self._doctor.answered.connect(self._examined)
        self._doctor.failed.connect(self._not_examined)
        self._surgeon.answered.connect(self.repaired)
        self._surgeon.failed.connect(self._not_repaired)
        self.findings.wanted.connect(self._repair)

    def clear(self, reason: str) -> None:
        """No PSF, for that reason."""
        self.clear_psf()
        self.picture.clear(reason)
        self.findings.clear("")

    def wait(self, reason: str) -> None:
        """The PSF is another one, which is being computed."""
        self.clear_psf()
        self.picture.wait(reason)
        self.findings.clear("")

    def clear_psf(self) -> None:
        """Forget the PSF and what was asked about it."""
        self.psf = self._raw = None
        self._doctor.forget()
        self._surgeon.forget()

    def show_psf(self, psf: PSF, against: Against = Against()) -> None:
        """Draw `psf` at once and examine it in a thread."""
        self.psf, self._raw, self._against = psf, None, against
        self._surgeon.forget()
        self.picture.draw(psf)
        self.findings.clear("Being examined…")
        self._doctor.ask(_examine, psf, against)

    def show_raw(self, array: Any, reason: str) -> None:
        """Examine an array that was refused as a PSF, for that reason: a repair may make it one."""
        self.clear(reason)
        self._raw, self._against = array, Against()
        self.findings.clear("Being examined…")
        self._doctor.ask(_examine, array, self._against)

    def offer_repairs(self, offered: bool) -> None:
        """Whether repairs are offered from now on."""
        self.findings.repairable = offered

    @Slot(object)
    def _examined(self, findings: tuple[Finding, ...]) -> None:
        self.findings.show_findings(findings)
        self.examined.emit()

    @Slot(str)
    def _not_examined(self, complaint: str) -> None:
        self.findings.clear("" if self.psf is None else f"Not examined: {complaint}")  # raw: the reason is shown
        self.examined.emit()

    @Slot(object)
    def _repair(self, findings: tuple[Finding, ...]) -> None:
        patient = self._raw if self.psf is None else self.psf
        if patient is not None:
            self._surgeon.ask(_repaired, patient, findings, self._against)

    @Slot(str)
    def _not_repaired(self, complaint: str) -> None:
        self.findings.summary.setText(f"Not repaired: {complaint}")
        self.refused.emit(complaint)


def _examine(psf: Any, against: Against) -> tuple[Finding, ...]:
    from ...psf import doctor

    findings: tuple[Finding, ...] = doctor.examine(psf, **_told(against))
    return findings


def _repaired(psf: Any, findings: tuple[Finding, ...], against: Against) -> PSF:
    from ...psf import doctor

    healed: PSF = doctor.repair(psf, findings, **_told(against))
    return healed


def _told(against: Against) -> Mapping[str, Any]:
    image = None if against.part is None else against.part.middle(LARGEST)
    return {"image": image, "spacing": against.spacing}
