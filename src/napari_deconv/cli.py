"""The shell door: ``napari-deconv run | psf | recipe | info | demo``. Imports what is heavy inside the commands."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .arguments import check_inputs, check_output, number_or_word, numbers, sizes
from .shell import Answer, Refused, Shell, as_asked, line, note_all, progress, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .demo import Row
    from .io import Image
    from .psf import PSF
    from .recipe import Recipe

STACKS = (".ome.tif", ".ome.tiff", ".tif", ".tiff")
RECIPES = (".yaml", ".yml")
PHOTO_TYPES = {".png": ("uint8", "uint16"), ".jpg": ("uint8",), ".jpeg": ("uint8",)}
ALIASES = {"rl": "richardson_lucy"}

app = typer.Typer(cls=Shell, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")

ImageFile = Annotated[Path, typer.Argument(help="Blurred image: TIFF, OME-TIFF, ImageJ TIFF, PNG or JPEG.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write; the ending chooses the format.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def _option(panel: str, text: str, metavar: str | None = None, *names: str) -> Any:
    return typer.Option(*names, help=text, metavar=metavar, rich_help_panel=panel, show_default=False)


METHOD, IMAGE, WORK = "Method", "Image", "Work"


def _show_version(asked: bool) -> None:
    if asked:
        from . import __version__

        line(sys.stdout, f"napari-deconv {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")]


@app.callback()
def _about(version: Version = False) -> None:
    """Deconvolution for microscopy and photographs.

    Exit codes: 0 done; 1 reading, computing or writing failed, or it was stopped; 2 it cannot be done as asked.
    """


@app.command()
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
    method: Annotated[str | None, _option(METHOD, "richardson_lucy (or rl; the default), wiener.", "NAME")] = None,
    num_iter: Annotated[int | None, _option(METHOD, "Iterations of Richardson-Lucy; 30 by default.", "N")] = None,
    background: Annotated[float | None, _option(METHOD, "Camera offset in counts, Richardson-Lucy.", "COUNTS")] = None,
    negative: Annotated[str | None, _option(METHOD, "Negative pixels, Richardson-Lucy.", "error|clip")] = None,
    balance: Annotated[str | None, _option(METHOD, "Smoothness, Wiener; auto by default.", "auto|NUMBER")] = None,
    noise: Annotated[float | None, _option(METHOD, "Standard deviation of the noise, Wiener.", "COUNTS")] = None,
    boundary: Annotated[
        str | None, _option(METHOD, "Beyond the edges; extended by default.", "extended|reflect|periodic")
    ] = None,
    spacing: Annotated[str | None, _option(IMAGE, "Voxel size in micrometres, order ZYX.", "0.2,0.065,0.065")] = None,
    channel_axis: Annotated[int | None, _option(IMAGE, "Axis that holds channels, from 0.", "AXIS")] = None,
    axes: Annotated[str | None, _option(IMAGE, "Names of the axes of a TIFF that does not tell.", "TCZYX")] = None,
    series: Annotated[int | None, _option(IMAGE, "Which image of a TIFF that holds several, from 0.", "N")] = None,
    light: Annotated[
        str | None, _option(IMAGE, "Photographs: in linear light (the default), or as stored.", "linear|stored")
    ] = None,
    mask: Annotated[Path | None, _option(IMAGE, "Image that is not 0 where a pixel is to be ignored.", "FILE")] = None,
    backend: Annotated[str | None, _option(WORK, "Where to compute; auto by default.", "auto|numpy|cupy")] = None,
    save_recipe: Annotated[Path | None, _option(WORK, "Write the recipe, all decisions filled in.", "FILE")] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    debug: Debug = False,
) -> Answer:
    """Restore an image.

    napari-deconv run stack.tif -o out.ome.tif --psf psf.tif --num-iter 30

    napari-deconv run photo.png -o sharp.png --psf motion:length=15,angle=30 --method wiener

    A PSF in words: widefield:na=1.4,wavelength=0.52,ri=1.515 for microscopes (its lengths in micrometres);
    motion:length=15,angle=30 and defocus:radius=4 for photographs (in pixels); gaussian:sigma=1.5 for both (in
    micrometres where the voxel size is known, else in pixels).
    """
    options: dict[str, Any] = {
        "method": ALIASES.get(method or "", method),
        "num_iter": num_iter,
        "background": background,
        "negative": negative,
        "balance": number_or_word(balance),
        "noise": noise,
        "boundary": boundary,
        "channel_axis": channel_axis,
        "light": light,
        "backend": backend,
    }
    from .io import ENDINGS
    from .psf_options import psf_names

    with as_asked():
        options["spacing"] = numbers("--spacing", spacing)
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
    from .io import read, write
    from .job import Job
    from .psf_options import with_psfs
    from .recipe import METADATA_KEY, Recipe

    image = read(path, series=where[0], axes=where[1])
    note_all([path], image.metadata["notes"])
    recipe, psfs = with_psfs(recipe, names)
    ignored = None if mask is None else _mask(mask)
    with as_asked():
        _check_pixels(output, image, recipe)
        job = Job(recipe, image, psf=psfs, mask=ignored)
        note_all([], job.notes)
    with progress(f"restoring {path.name}", job.total, quiet) as advance:
        for step in job:
            advance(step.done)
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
    keys = ("recipe", "psf", "backend", "steps", "of", "stopped", "seconds")
    picture = {"shape": list(result.data.shape), "axes": result.axes, "dtype": str(result.data.dtype)}
    return Answer({"output": str(output), **picture, **{key: found[key] for key in keys}}, text)


@app.command(name="psf")
def make_psf(
    model: Annotated[
        str, typer.Argument(help="Words such as widefield:na=1.4,wavelength=0.52, or a file to clean up.")
    ],
    output: Output,
    spacing: Annotated[str | None, _option(IMAGE, "Voxel size in micrometres, order ZYX.", "0.2,0.065,0.065")] = None,
    image_shape: Annotated[str | None, _option(IMAGE, "Size of the image it is for.", "64,512,512")] = None,
    shape: Annotated[
        str | None, _option(IMAGE, "Size of the PSF; else it follows from the image's.", "65,129,129")
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    debug: Debug = False,
) -> Answer:
    """Compute a PSF, or clean up a measured one, and write it as a TIFF.

    napari-deconv psf "widefield:na=1.4,wavelength=0.52,ri=1.515" -o psf.ome.tif --spacing 0.2,0.065,0.065
    """
    from . import psf as psf_models
    from .io import write
    from .psf.picture import as_image
    from .psf_options import computed, psf_names

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


@app.command(name="recipe")
def show_recipe(
    result: Annotated[Path, typer.Argument(help="A result (OME-TIFF, TIFF) or a recipe.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it there instead of showing it.")] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    debug: Debug = False,
) -> Answer:
    """Show or save the recipe inside a result."""
    from .recipe import Recipe

    with as_asked():
        check_inputs([result])
        if output is not None:
            check_output(output, overwrite, [result], RECIPES)
    found = Recipe.from_file(result)
    if output is None:
        return Answer({"recipe": found.to_dict()}, found.to_yaml().rstrip("\n"))
    found.to_file(output, overwrite=overwrite)
    return Answer({"recipe": found.to_dict(), "output": str(output)}, f"wrote {output}")


@app.command()
def info(as_json: Json = False, debug: Debug = False) -> Answer:
    """Show versions, backends, why CuPy is or is not used, cores and memory."""
    import platform

    import psutil

    from . import __version__
    from .backend import gib, host_free_bytes, probe_cupy, resolve, threads

    usable, reason = probe_cupy()
    free, total = host_free_bytes(), int(psutil.virtual_memory().total)
    data = {
        "version": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": _versions(),
        "backend": resolve("cupy" if usable else "numpy").name,
        "backends": {"numpy": {"usable": True, "reason": ""}, "cupy": {"usable": usable, "reason": reason}},
        "cores": threads(),
        "memory": {"free": free, "total": total},
    }
    packages = ", ".join(f"{name} {number}" for name, number in _versions().items())
    text = [f"napari-deconv {__version__}, Python {data['python']}, {data['system']}",
            f"packages  {packages}",
            f"backend   {data['backend']}",
            f"CuPy      {'used' if usable else 'not used'}: {reason}",
            f"cores     {data['cores']} (those this process may use)",
            f"memory    {gib(free)} free of {gib(total)}"]  # fmt: skip
    return Answer(data, "\n".join(text))


@app.command()
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")] = Path("demo"),
    as_json: Json = False,
    debug: Debug = False,
) -> Answer:
    """Restore the sample images; write results, recipes and pictures of before and after."""
    from . import demo as demonstration
    from .samples import NAMES

    with as_asked():
        if output.exists() and not output.is_dir():
            raise Refused(f"{output} is a file, not a folder; choose another name")
    with progress("restoring the samples", len(NAMES), as_json) as advance:
        rows = demonstration.make(output, progress=lambda name, done, total: advance(NAMES.index(name) + done / total))
    samples = [
        {
            "name": row.name,
            "psnr_before": row.before,
            "psnr_after": row.after,
            "seconds": row.seconds,
            "backend": row.backend,
            "files": [str(file) for file in row.files],
        }
        for row in rows
    ]
    return Answer({"output": str(output), "samples": samples}, _table(rows, output))


def _recipe(path: Path | None, options: dict[str, Any]) -> Recipe:
    """The recipe of a file, or an empty one, with the options given beside it."""
    from .recipe import PARAMETERS, Recipe

    if path is None:
        return Recipe.build(**options)
    found = Recipe.from_file(path)
    for one, other in (("noise", "balance"), ("balance", "noise")):
        if one in options:  # each of the two overrules the other
            options.setdefault(other, Recipe.model_fields[other].default)
    method = options.get("method", found.method)
    if method == found.method or method not in PARAMETERS:
        return found.changed(**options)
    left_behind = {name: Recipe.model_fields[name].default for name in PARAMETERS[found.method]}
    return found.changed(**{**left_behind, **options})


def _mask(path: Path) -> NDArray[Any]:
    import numpy as np

    from .io import read

    image = read(path)
    ignored: NDArray[Any] = image.data != 0
    return np.any(ignored, axis=-1) if "S" in image.axes else ignored


def _about_psf(psf: PSF, output: Path) -> Answer:
    """Size, sampling and width of a PSF that was written."""
    from .psf.width import fwhm

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


def _versions() -> dict[str, str]:
    """Of the libraries that decide about the pixels, as far as they are installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("numpy", "scipy", "scikit-image", "tifffile", "imagecodecs", "pillow", "pydantic", "napari", "cupy"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


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


def _table(rows: Sequence[Row], folder: Path) -> str:
    """PSNR and seconds of the samples."""
    import io

    from rich.console import Console
    from rich.table import Table

    table = Table("sample", title="Restored samples, PSNR in dB against the truth")
    for title in ("before", "after", "seconds"):
        table.add_column(title, justify="right")
    for row in rows:
        decibels = ["–" if value is None else f"{value:.2f}" for value in (row.before, row.after)]
        table.add_row(row.name, *decibels, f"{row.seconds:.2f}")
    text = io.StringIO()
    Console(file=text, width=80).print(table)
    return f"{text.getvalue().rstrip()}\npictures, results and recipes are in {folder}"


def main() -> None:
    """Entry point of ``napari-deconv``."""
    app()
