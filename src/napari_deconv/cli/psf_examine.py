"""``napari-deconv psf examine``: is a PSF to be trusted?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..arguments import check_inputs, check_output, numbers
from ..shell import Answer, as_asked, note_all, shown
from .options import IMAGE, STACKS, Debug, Json, Overwrite, Spacing, option
from .psf_answer import about, written

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..io import Image
    from ..psf import PSF
    from ..psf.doctor import Finding


def examine(
    psf: Annotated[Path, typer.Argument(help="PSF in a file: TIFF, OME-TIFF, PNG.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Repair what can be repaired and write it there.")
    ] = None,
    image: Annotated[Path | None, option(IMAGE, "The image it is for.", "FILE")] = None,
    spacing: Spacing = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    debug: Debug = False,
) -> Answer:
    """Say what is wrong with a PSF and what to do about it; with -o, repair it.

    napari-deconv psf examine beads.tif --image stack.ome.tif -o psf.ome.tif
    """
    from .. import psf as psf_models
    from ..io import read, write
    from ..psf.picture import as_image

    with as_asked():
        voxel = numbers("--spacing", spacing)
        check_inputs([psf, image])
        if output is not None:
            check_output(output, overwrite, [psf, image], STACKS)
    kernel = _as_it_is(psf)
    pixels = None
    if image is not None:
        seen = read(image)
        voxel, pixels = voxel or seen.spacing, _first(seen, image)
    findings = psf_models.examine(kernel, pixels, voxel)
    said = [asdict(finding) for finding in findings]
    text = "\n".join(map(_in_words, findings)) or f"{psf}: nothing wrong was found"
    if output is None:
        known = about(kernel) if isinstance(kernel, psf_models.PSF) else {}
        return Answer({"findings": said, **known}, text)
    repaired = psf_models.repair(kernel, findings, image=pixels, spacing=voxel)
    note_all([psf], repaired.info.get("repairs", ()))
    write(output, as_image(repaired, shown(psf.name)), overwrite=overwrite)
    return written(repaired, output, text, findings=said)


def _as_it_is(path: Path) -> PSF | NDArray[Any]:
    """The PSF with its faults; one with negative values can only be an array."""
    from ..io import read
    from ..psf import from_file

    data = read(path).data
    return data if data.min() < 0 else from_file(path, background=None, centre=None)


def _first(image: Image, path: Path) -> NDArray[Any]:
    """The first channel and time point."""
    data = image.data
    for axis, letter in reversed(list(enumerate(image.axes))):
        if letter in "TCS":
            data = data.take(0, axis)
    if data.shape != image.data.shape:
        note_all([path], ["only its first channel and time point were compared with the PSF"])
    return data


def _in_words(finding: Finding) -> str:
    how = "mended with -o" if finding.repair else "to do"
    return f"{finding.severity}: {finding.sentence}; {how}: {finding.remedy}"
