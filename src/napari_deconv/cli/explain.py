"""``napari-deconv explain``: which pixels of the image made a pixel of the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..arguments import check_inputs, check_output, sizes
from ..shell import Answer, Refused, as_asked, note_all
from .options import METHOD, STACKS, Debug, ImageFile, Json, Overwrite, option

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..io import Image
    from ..psf import PSF


def explain(
    image: ImageFile,
    at: Annotated[str, typer.Option(help="Row and column of the pixel, from 0.", metavar="ROW,COLUMN")],
    psf: Annotated[str, typer.Option(help="Blur: a file, or words.", metavar="FILE|WORDS")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="TIFF to write: the weights, and those of the Wiener filter.")
    ] = None,
    num_iter: Annotated[int, typer.Option(help="Steps of the restoration.", min=1, rich_help_panel=METHOD)] = 8,
    noise: Annotated[float | None, option(METHOD, "Standard deviation of the noise.", "COUNTS")] = None,
    model: Annotated[str, typer.Option(help="Which weights.", rich_help_panel=METHOD)] = "auto",
    overwrite: Overwrite = False,
    as_json: Json = False,
    debug: Debug = False,
) -> Answer:
    """Show the filter that a learned restoration amounts to at one pixel.

    napari-deconv explain photo.png --at 120,88 --psf motion:length=15,angle=30 -o why.tif

    The weights, times the image, are the restored pixel. Wide and of both signs: it deconvolves. Weights that hardly
    look at their surroundings: it draws.
    """
    import numpy as np

    from ..io import Image, read, write
    from ..network.explain import equivalent_filter

    with as_asked():
        place = sizes("--at", at)
        if place is None or len(place) != 2:
            raise Refused(f"--at {at!r} is not a row and a column, e.g. --at 120,88")
        check_inputs([image])
        if output is not None:
            check_output(output, overwrite, [image], STACKS)
    source = read(image)
    note_all([image], source.metadata["notes"])
    plane = _plane(source)
    found = equivalent_filter(
        plane, _psf(psf, source, plane.shape), (place[0], place[1]), sigma=noise, model=model, num_iter=num_iter
    )
    if output is not None:
        write(output, Image(np.stack([found.weights, found.classical]), "CYX"), overwrite=overwrite)
    data = {
        "position": list(found.position), "value": found.value, "total": found.total, "width": found.width,
        "share_of_sigma": found.share_of_sigma, "output": None if output is None else str(output),
    }  # fmt: skip
    return Answer(data, found.words)


def _plane(source: Image) -> NDArray[np.float32]:
    """The picture that is explained: in linear light, its luminance if it has colours, its middle plane if several."""
    import numpy as np

    from ..light import luminance, to_linear

    linear = to_linear(source)
    data = np.asarray(linear.data, np.float32)
    if "S" in linear.axes:
        data = luminance(np.moveaxis(data, linear.axes.index("S"), -1))
    while data.ndim > 2:
        data = data[data.shape[0] // 2]
    return data


def _psf(text: str, source: Image, shape: tuple[int, ...]) -> PSF:
    """The blur in two axes."""
    from ..psf import from_file
    from ..psf_options import completed, computed, psf_names

    name = psf_names([text])[0]
    if isinstance(name, str):
        spacing = None if source.spacing is None else source.spacing[-2:]
        found = computed(completed(name, source.metadata), spacing, None, shape)
    else:
        check_inputs([name])
        found = from_file(name)
    return found if found.ndim == 2 else found.plane()
