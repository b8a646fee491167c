"""``napari-deconv psf``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..arguments import check_inputs, check_output, numbers, sizes
from ..shell import Answer, Refused, as_asked, note_all, shown
from .options import IMAGE, STACKS, Debug, Json, Output, Overwrite, Spacing, option

if TYPE_CHECKING:
    from ..psf import PSF


def make_psf(
    model: Annotated[
        str, typer.Argument(help="Words such as widefield:na=1.4,wavelength=0.52, or a file to clean up.")
    ],
    output: Output,
    spacing: Spacing = None,
    image_shape: Annotated[str | None, option(IMAGE, "Size of the image it is for.", "64,512,512")] = None,
    shape: Annotated[
        str | None, option(IMAGE, "Size of the PSF; else it follows from the image's.", "65,129,129")
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    debug: Debug = False,
) -> Answer:
    """Compute a PSF, or clean up a measured one, and write it as a TIFF.

    napari-deconv psf "widefield:na=1.4,wavelength=0.52,ri=1.515" -o psf.ome.tif --spacing 0.2,0.065,0.065
    """
    from .. import psf as psf_models
    from ..io import write
    from ..psf.picture import as_image
    from ..psf_options import computed, psf_names

    with as_asked():
        (name,) = psf_names([model])
        files = [name] if isinstance(name, Path) else []
        check_inputs(files)
        check_output(output, overwrite, files, STACKS)
        voxel = numbers("--spacing", spacing)
        size, image_size = sizes("--shape", shape), sizes("--image-shape", image_shape)
        if files and (size or image_size):
            raise Refused(f"{model} is a file, it has its own size; leave out --shape and --image-shape")
    made = psf_models.from_file(name, voxel) if isinstance(name, Path) else computed(name, voxel, size, image_size)
    note_all(files, [*made.info.get("notes", ()), *made.info.get("repairs", ())])
    write(output, as_image(made, shown(Path(model).name)), overwrite=overwrite)
    return _about_psf(made, output)


def _about_psf(psf: PSF, output: Path) -> Answer:
    """Size, sampling and width of a PSF that was written."""
    from ..psf.width import fwhm

    widths = fwhm(psf)
    data = {
        "output": str(output),
        "shape": list(psf.shape),
        "spacing": list(psf.spacing),
        "unit": psf.unit,
        "fwhm": widths,
        "sha256": psf.sha256,
    }
    size = " x ".join(map(str, psf.shape))
    text = f"wrote {output}: {size} samples of {_lengths(psf.spacing, psf.unit)}, FWHM {_lengths(widths, psf.unit)}"
    return Answer(data, f"{text} ({'ZYX'[-psf.ndim :]})")


def _lengths(values: Sequence[float | None], unit: str) -> str:
    return " x ".join("?" if v is None else f"{v:.4g}" for v in values) + f" {unit}"
