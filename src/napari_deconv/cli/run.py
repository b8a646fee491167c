"""``napari-deconv run``: restore an image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..arguments import check_inputs, check_output, number_or_word, numbers, sizes
from ..shell import Answer, Refused, as_asked, note_all, progress
from .options import IMAGE, METHOD, RECIPES, WORK, Debug, ImageFile, Json, Output, Overwrite, Spacing, option

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..io import Image
    from ..recipe import Recipe

PHOTO_TYPES = {".png": ("uint8", "uint16"), ".jpg": ("uint8",), ".jpeg": ("uint8",)}
ALIASES = {"rl": "richardson_lucy", "shb": "scaled_heavy_ball", "rltv": "richardson_lucy_tv"}


def run(
    image: ImageFile,
    output: Output,
    psf: Annotated[
        list[str] | None,
        typer.Option(
            help="Blur: a file or words, once, or once for each channel.", metavar="FILE|WORDS", show_default=False
        ),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            help="A recipe (YAML), or a result with one inside; options beside it overrule it.", show_default=False
        ),
    ] = None,
    method: Annotated[
        str | None,
        option(
            METHOD,
            "richardson_lucy (rl; the default), scaled_heavy_ball (shb), richardson_lucy_tv (rltv), wiener, learned, "
            "learned_blind (no --psf).",
            "NAME",
        ),
    ] = None,
    num_iter: Annotated[
        str | None, option(METHOD, "Iterations; 30 by default, scaled_heavy_ball: auto, learned: 8.", "N|auto|N,N,…")
    ] = None,
    stop: Annotated[
        str | None, option(METHOD, "How auto decides; held_out by default.", "held_out|plateau|discrepancy")
    ] = None,
    max_iter: Annotated[int | None, option(METHOD, "Most iterations that auto may choose.", "N")] = None,
    held_out: Annotated[float | None, option(METHOD, "Share of photons held out; 0.1 by default.", "SHARE")] = None,
    seed: Annotated[int | None, option(METHOD, "Of the choice of held-out photons; 0 by default.", "N")] = None,
    decide: Annotated[str | None, option(METHOD, "Decide per channel, or for each frame.", "once|each")] = None,
    regularization: Annotated[
        str | None, option(METHOD, "Weight of total variation; auto by default.", "auto|NUMBER")
    ] = None,
    background: Annotated[float | None, option(METHOD, "Camera offset in counts, Richardson-Lucy.", "COUNTS")] = None,
    negative: Annotated[str | None, option(METHOD, "Negative pixels, Richardson-Lucy.", "error|clip")] = None,
    balance: Annotated[str | None, option(METHOD, "Smoothness, Wiener; auto by default.", "auto|NUMBER")] = None,
    noise: Annotated[
        float | None, option(METHOD, "Standard deviation of the noise, Wiener and learned.", "COUNTS")
    ] = None,
    model: Annotated[str | None, option(METHOD, "Weights of a learned restoration; auto by default.", "NAME")] = None,
    boundary: Annotated[
        str | None, option(METHOD, "Beyond the edges; extended by default.", "extended|reflect|periodic")
    ] = None,
    spacing: Spacing = None,
    channel_axis: Annotated[int | None, option(IMAGE, "Axis that holds channels, from 0.", "AXIS")] = None,
    axes: Annotated[str | None, option(IMAGE, "Names of the axes of a TIFF that does not tell.", "TCZYX")] = None,
    series: Annotated[int | None, option(IMAGE, "Which image of a TIFF that holds several, from 0.", "N")] = None,
    light: Annotated[
        str | None, option(IMAGE, "Photographs: in linear light (the default), or as stored.", "linear|stored")
    ] = None,
    colour: Annotated[
        str | None, option(IMAGE, "Red, green and blue; per_channel by default.", "per_channel|luminance")
    ] = None,
    camera: Annotated[
        str | None, option(IMAGE, "What is known of the camera.", "auto|gain=2.1,read_noise=1.6,saturation=65535")
    ] = None,
    hot_pixels: Annotated[
        bool | None, option(IMAGE, "Ignore pixels that no light can have made.", None, "--hot-pixels")
    ] = None,
    mask: Annotated[Path | None, option(IMAGE, "Image that is not 0 where a pixel is to be ignored.", "FILE")] = None,
    backend: Annotated[str | None, option(WORK, "Where to compute; auto by default.", "auto|numpy|cupy")] = None,
    tile: Annotated[
        str | None, option(WORK, "Largest piece at a time; auto by default: what fits.", "auto|64,512,512")
    ] = None,
    save_recipe: Annotated[Path | None, option(WORK, "Write the recipe, all decisions filled in.", "FILE")] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    debug: Debug = False,
) -> Answer:
    """Restore an image.

    napari-deconv run stack.tif -o out.ome.tif --psf psf.tif --num-iter 30

    napari-deconv run photo.png -o sharp.png --psf motion:length=15,angle=30 --method wiener

    A PSF in words: widefield:na=1.4,wavelength=0.52,ri=1.515 for microscopes (its lengths in micrometres);
    motion:length=15,angle=30 and defocus:radius=4 for photographs (in pixels); gaussian:sigma=1.5 for both (in
    micrometres where the voxel size is known, else in pixels). What a file tells of its microscope may be left out
    (--psf widefield); wavelength=0.461x0.509 gives each channel its own.
    """
    options: dict[str, Any] = {
        "method": ALIASES.get((method or "").lower(), method),
        "stop": stop,
        "max_iter": max_iter,
        "held_out": held_out,
        "seed": seed,
        "decide": decide,
        "regularization": number_or_word(regularization),
        "hot_pixels": hot_pixels,
        "background": background,
        "negative": negative,
        "balance": number_or_word(balance),
        "noise": noise,
        "model": model,
        "boundary": boundary,
        "channel_axis": channel_axis,
        "light": light,
        "colour": colour,
        "backend": backend,
    }
    from ..camera.type import Camera
    from ..io import ENDINGS
    from ..psf_options import psf_names

    with as_asked():
        options["spacing"] = numbers("--spacing", spacing)
        options["num_iter"] = _count(num_iter)
        options["tile"] = tile if tile == "auto" else sizes("--tile", tile)
        options["camera"] = camera if camera in (None, "auto") else Camera.parse(camera)
        names = psf_names(psf or ())
        inputs = [image, recipe, mask, *(name for name in names if isinstance(name, Path))]
        check_inputs(inputs)
        asked = _recipe(recipe, {key: value for key, value in options.items() if value is not None})
        check_output(output, overwrite, inputs, ENDINGS)
        if save_recipe is not None:
            check_output(save_recipe, overwrite, [*inputs, output], RECIPES)
    return _run(asked, image, names, mask, output, save_recipe, overwrite, (series, axes), as_json)


def _run(
    recipe: Recipe,
    path: Path,
    names: Sequence[str | Path],
    mask: Path | None,
    output: Path,
    save_recipe: Path | None,
    overwrite: bool,
    where: tuple[int | None, str | None],
    quiet: bool,
) -> Answer:
    """Read, restore, write."""
    from ..io import read, write
    from ..job import Job
    from ..psf_options import with_psfs
    from ..recipe import METADATA_KEY, Recipe

    image = read(path, series=where[0], axes=where[1])
    note_all([path], image.metadata["notes"])
    recipe, psfs = with_psfs(recipe, names, image.metadata)
    ignored = None if mask is None else _mask(mask)
    with as_asked():
        _check_pixels(output, image, recipe)
        job = Job(recipe, image, psf=psfs, mask=ignored)
        note_all([], job.notes)
    with progress(f"restoring {path.name}", job.total, quiet) as advance:
        for step in job:
            advance(step.done, step.total)
    result = job.result()
    found = result.metadata[METADATA_KEY]
    note_all([], found["notes"])
    write(output, result, overwrite=overwrite)
    if save_recipe is None and output.suffix.lower() in PHOTO_TYPES:
        note_all([output], ["this kind of file holds no recipe; --save-recipe writes it to one of its own"])
    if save_recipe is not None:
        Recipe.from_mapping(found["recipe"], path.name).to_file(save_recipe, overwrite=overwrite)
    steps = f"{found['steps']} step{'s' * (found['steps'] != 1)}"
    text = f"wrote {output}: {recipe.method}, {steps} in {found['seconds']:.2f} s on {found['backend']}"
    keys = ("recipe", "psf", "stopping", "backend", "steps", "of", "stopped", "seconds")
    picture = {"shape": list(result.data.shape), "axes": result.axes, "dtype": str(result.data.dtype)}
    return Answer({"output": str(output), **picture, **{key: found[key] for key in keys}}, text)


def _recipe(path: Path | None, options: dict[str, Any]) -> Recipe:
    """The recipe of a file, or an empty one, with the options given beside it."""
    from ..recipe import Recipe

    if path is None:
        return Recipe.build(**options)
    found = Recipe.from_file(path)
    for one, other in (("noise", "balance"), ("balance", "noise")):
        if one in options:  # each of the two overrules the other
            options.setdefault(other, Recipe.model_fields[other].default)
    return found.changed(**options)


def _count(text: str | None) -> int | str | tuple[int, ...] | None:
    """One number of iterations, one per channel, or "auto"."""
    if text in (None, "auto"):
        return text
    try:
        counts = sizes("--num-iter", text)
    except Refused:
        raise Refused(f"--num-iter {text!r} is neither a whole number nor auto; one per channel: 20,35") from None
    return counts[0] if counts is not None and len(counts) == 1 else counts


def _mask(path: Path) -> NDArray[Any]:
    import numpy as np

    from ..io import read

    image = read(path)
    ignored: NDArray[Any] = image.data != 0
    return np.any(ignored, axis=-1) if "S" in image.axes else ignored


def _check_pixels(path: Path, image: Image, recipe: Recipe) -> None:
    """A PNG or JPEG can hold the result."""
    known = PHOTO_TYPES.get(path.suffix.lower())
    if known is None:
        return
    photo = image.encoding == "srgb" and recipe.light == "linear"
    dtype = str(image.data.dtype) if photo else "float32"
    if dtype not in known:
        raise Refused(
            f"{path.name} holds {' or '.join(known)}, the result is {dtype}; write {path.stem}.ome.tif instead"
        )
    if path.suffix.lower() != ".png" and image.metadata.get("alpha") is not None:
        raise Refused(f"{path.name} cannot hold the image's alpha channel; write {path.stem}.png instead")
