"""``napari-deconv psf theory | beads | estimate | examine``; this file holds the first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..arguments import check_inputs, check_output, numbers, sizes
from ..shell import Answer, as_asked, note_all, shown
from .options import IMAGE, STACKS, Debug, Json, Output, Overwrite, Spacing, option
from .psf_answer import written
from .psf_beads import beads
from .psf_estimate import estimate
from .psf_examine import examine

app = typer.Typer(rich_markup_mode="rich", no_args_is_help=True, help="Compute, measure, estimate and examine PSFs.")


@app.command()
def theory(
    words: Annotated[
        str, typer.Argument(help="Such as widefield:na=1.4,wavelength=0.52 or motion:length=15,angle=30.")
    ],
    output: Output,
    spacing: Spacing = None,
    image: Annotated[
        Path | None, option(IMAGE, "The image it is for: its voxel size, size and microscope are taken.", "FILE")
    ] = None,
    image_shape: Annotated[str | None, option(IMAGE, "Size of the image it is for.", "64,512,512")] = None,
    shape: Annotated[
        str | None, option(IMAGE, "Size of the PSF; else it follows from the image's.", "65,129,129")
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    debug: Debug = False,
) -> Answer:
    """Compute a PSF and write it as a TIFF with its parameters.

    napari-deconv psf theory widefield:na=1.4,wavelength=0.52,ri=1.515 -o psf.ome.tif --spacing 0.2,0.065,0.065

    napari-deconv psf theory confocal:pinhole=1 -o psf.ome.tif --image stack.ome.tif

    Microscopes, lengths in micrometres: widefield, confocal, spinning_disk, two_photon, light_sheet, gaussian.
    Photographs, in pixels: motion, path, defocus, gaussian.
    """
    from ..io import write
    from ..psf.picture import as_image
    from ..psf.words import partial
    from ..psf_options import computed

    with as_asked():
        partial(words)
        check_inputs([image])
        check_output(output, overwrite, [image], STACKS)
        voxel = numbers("--spacing", spacing)
        size, image_size = sizes("--shape", shape), sizes("--image-shape", image_shape)
    if image is not None:
        words, voxel, image_size = _of(image, words, voxel, image_size)
    made = computed(words, voxel, size, image_size)
    note_all([], made.info.get("notes", ()))
    write(output, as_image(made, shown(words)), overwrite=overwrite)
    return written(made, output)


def _of(
    path: Path, words: str, voxel: tuple[float, ...] | None, size: tuple[int, ...] | None
) -> tuple[str, tuple[float, ...] | None, tuple[int, ...] | None]:
    """Words, voxel size and image size, completed by what an image says."""
    from ..io import read
    from ..psf_options import completed

    found = read(path)
    note_all([path], found.metadata["notes"])
    return completed(words, found.metadata), voxel or found.spacing, size or found.spatial_shape


app.command()(beads)
app.command()(estimate)
app.command()(examine)
