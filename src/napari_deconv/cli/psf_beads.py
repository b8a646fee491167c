"""``napari-deconv psf beads``: a PSF measured on beads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..arguments import check_inputs, check_output, numbers
from ..shell import Answer, Refused, as_asked, note_all, progress
from .options import IMAGE, STACKS, Debug, Json, Output, Overwrite, Spacing, option
from .psf_answer import lengths, written

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..psf.beads import Beads

SHOWN = 12  # rejected beads that are listed for people; machines get all


def beads(
    images: Annotated[list[Path], typer.Argument(help="Stacks of beads, all with the same voxel size.")],
    output: Output,
    spacing: Spacing = None,
    points: Annotated[
        list[Path] | None,
        option(IMAGE, "Where the beads are, one file per image: CSV as napari saves points.", "FILE"),
    ] = None,
    diameter: Annotated[float | None, option(IMAGE, "Of the beads, micrometres: taken out of the PSF.", "UM")] = None,
    radial: Annotated[bool, typer.Option("--radial", help="Make the PSF round about its axis.")] = False,
    overwrite: Overwrite = False,
    as_json: Json = False,
    debug: Debug = False,
) -> Answer:
    """Find beads, reject the bad ones with the reason, average the rest into a PSF.

    napari-deconv psf beads field1.tif field2.tif -o psf.ome.tif --diameter 0.1
    """
    from .. import psf as psf_models
    from ..io import read, write
    from ..psf.picture import as_image

    with as_asked():
        voxel, files = numbers("--spacing", spacing), [*images, *(points or ())]
        check_inputs(files)
        check_output(output, overwrite, files, STACKS)
        if points and len(points) != len(images):
            raise Refused(f"{len(points)} files of points for {len(images)} images; give one for each, in their order")
        places = [_places(path) for path in points] if points else None
    fields = [read(path) for path in images]
    for path, field in zip(images, fields, strict=True):
        note_all([path], field.metadata["notes"])
    with progress("measuring beads", 100, as_json) as advance:
        found = psf_models.beads.measure(
            fields,
            points=places,
            spacing=voxel,
            diameter=diameter,
            radial=radial,
            progress=lambda done, total: advance(100 * done / max(total, 1)),
        )
    note_all([], [*found.notes, *found.psf.info.get("repairs", ())])
    write(output, as_image(found.psf, "beads"), overwrite=overwrite)
    each = [asdict(bead) for bead in found.beads]
    return written(found.psf, output, _table(found, images), beads=each, uncertainty=list(found.uncertainty))


def _places(path: Path) -> NDArray[Any]:
    """Positions from a CSV with a column for each axis: axis-0, axis-1, … (napari), or nothing but numbers."""
    import csv

    import numpy as np

    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if row]
    head = rows[0] if rows else []
    columns = [i for i, name in enumerate(head) if name.startswith("axis-")]
    try:
        numbers_only = rows[1:] if columns else rows
        return np.array([[float(row[i]) for i in columns or range(len(row))] for row in numbers_only])
    except (ValueError, IndexError) as error:
        raise Refused(
            f"{path} is no table of positions ({error}); save it from a Points layer as CSV: columns axis-0, axis-1, …"
        ) from error


def _table(found: Beads, images: Sequence[Path]) -> str:
    """How many beads were used, why others were not, and the width with its uncertainty."""
    rejected = [bead for bead in found.beads if not bead.accepted]
    lines = [f"{len(found.beads) - len(rejected)} of {len(found.beads)} beads used"]
    for bead in rejected[:SHOWN]:
        place = ", ".join(f"{p:.1f}" for p in bead.position)
        lines.append(f"  not used: {images[bead.image].name} at ({place}): {bead.reason}")
    if len(rejected) > SHOWN:
        lines.append(f"  … and {len(rejected) - SHOWN} more; --json lists all")
    lines.append(f"FWHM {lengths(found.fwhm, 'um')} ± {lengths(found.uncertainty, 'um')}")
    return "\n".join(lines)
