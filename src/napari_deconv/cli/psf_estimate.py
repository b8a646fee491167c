"""``napari-deconv psf estimate``: a blur found in the image that it has blurred."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..arguments import check_inputs, check_output, numbers
from ..shell import Answer, Refused, as_asked, note_all, progress
from .options import IMAGE, STACKS, Debug, Json, Output, Overwrite, Spacing, option
from .psf_answer import written

if TYPE_CHECKING:
    from ..io import Image
    from ..psf.estimate import Estimate

PHOTO, MICROSCOPE = ("motion", "defocus", "gaussian", "camera_shake"), ("microscope", "refine")


def estimate(
    kind: Annotated[str, typer.Argument(help=f"{', '.join(PHOTO)} (photographs); {', '.join(MICROSCOPE)} (stacks).")],
    image: Annotated[Path, typer.Argument(help="Blurred image.")],
    output: Output,
    psf: Annotated[
        str | None, option(IMAGE, "For microscope and refine: the theory to start from, in words.", "WORDS")
    ] = None,
    spacing: Spacing = None,
    size: Annotated[int | None, option(IMAGE, "For camera_shake: largest kernel, pixels, odd.", "N")] = None,
    keep_failed: Annotated[
        bool, typer.Option("--keep-failed", help="Write the best guess even if the image does not hold the answer.")
    ] = False,
    overwrite: Overwrite = False,
    as_json: Json = False,
    debug: Debug = False,
) -> Answer:
    """Find the PSF in the blurred image itself, and say how sure that is.

    napari-deconv psf estimate motion photo.jpg -o psf.tif

    napari-deconv psf estimate refine stack.ome.tif -o psf.ome.tif --psf widefield:na=1.4,wavelength=0.52,ri=1.515

    If the image does not hold the answer, nothing is written and the exit code is 1.
    """
    from ..io import read, write
    from ..psf.picture import as_image

    with as_asked():
        voxel = numbers("--spacing", spacing)
        _check(kind, psf, size)
        check_inputs([image])
        check_output(output, overwrite, [image], STACKS)
    source = read(image)
    note_all([image], source.metadata["notes"])
    found = _found(kind, source, psf, voxel, size, as_json)
    note_all([], found.notes)
    if found.failure and not keep_failed:
        raise ValueError(f"{found.failure.rstrip('.')}; nothing was written, --keep-failed writes the best guess")
    write(output, as_image(found.psf, f"{kind} of {image.name}"), overwrite=overwrite)
    keys = ("values", "uncertainty", "confidence", "failure", "method")
    return written(found.psf, output, _text(found), words=_words(found), **{key: getattr(found, key) for key in keys})


def _check(kind: str, psf: str | None, size: int | None) -> None:
    """Refuse what does not go together."""
    from ..psf_options import psf_names

    if kind not in PHOTO + MICROSCOPE:
        raise Refused(f"unknown kind of blur {kind!r}; known: {', '.join(PHOTO + MICROSCOPE)}")
    if kind in MICROSCOPE and psf is None:
        raise Refused(f"{kind} starts from a theory: --psf widefield:na=1.4,wavelength=0.52,ri=1.515")
    if kind in PHOTO and psf is not None:
        raise Refused(f"{kind} starts from the image alone; leave out --psf")
    if size is not None and kind != "camera_shake":
        raise Refused(f"--size is for camera_shake, not for {kind}")
    if psf is not None and isinstance(psf_names([psf])[0], Path):
        raise Refused(f"{psf!r} is no theory in words; write --psf widefield:na=1.4,wavelength=0.52,ri=1.515")


def _found(
    kind: str, image: Image, words: str | None, spacing: tuple[float, ...] | None, size: int | None, quiet: bool
) -> Estimate:
    """The estimate of that kind."""
    from ..psf import estimate as estimates
    from ..psf_options import completed, computed

    with progress(f"estimating {kind}", 100, quiet) as advance:
        more: dict[str, Any] = {"progress": lambda done, total: advance(100 * done / max(total, 1))}
        if kind == "camera_shake":
            more |= {} if size is None else {"size": size}
        if words is not None:
            voxel = spacing or image.spacing
            theory = computed(completed(words, image.metadata), voxel, None, image.spatial_shape)
            more |= {"psf": theory, "spacing": voxel}
        found: Estimate = getattr(estimates, kind)(image, **more)
    return found


def _words(found: Estimate) -> str | None:
    """The estimate as --psf takes it, if a model says it all."""
    from ..psf import MODELS
    from ..psf.spelling import spell

    model, parameters = found.psf.info.get("model"), found.psf.info.get("parameters")
    return spell(model, parameters) if model in MODELS and parameters else None


def _text(found: Estimate) -> str:
    """Numbers with their uncertainty, how sure it is, and the words to use it again."""
    numbers_found = [
        f"{name} {value:.4g}" + (f" ± {found.uncertainty[name]:.2g}" if name in found.uncertainty else "")
        for name, value in found.values.items()
    ]
    words = _words(found)
    lines = [*numbers_found, f"confidence {found.confidence:.0%}", *([f"--psf {words}"] if words else [])]
    return "\n".join([*([f"not to be trusted: {found.failure}"] if found.failure else []), *lines])
