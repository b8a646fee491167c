"""``napari-deconv info | recipe | demo``."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..arguments import check_inputs, check_output
from ..shell import Answer, Refused, as_asked, progress
from .options import RECIPES, Debug, Json, Overwrite

if TYPE_CHECKING:
    from ..demo import Row


def show_recipe(
    result: Annotated[Path, typer.Argument(help="A result (OME-TIFF, TIFF) or a recipe.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it there instead of showing it.")] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    debug: Debug = False,
) -> Answer:
    """Show or save the recipe inside a result."""
    from ..recipe import Recipe

    with as_asked():
        check_inputs([result])
        if output is not None:
            check_output(output, overwrite, [result], RECIPES)
    found = Recipe.from_file(result)
    if output is None:
        return Answer({"recipe": found.to_dict()}, found.to_yaml().rstrip("\n"))
    found.to_file(output, overwrite=overwrite)
    return Answer({"recipe": found.to_dict(), "output": str(output)}, f"wrote {output}")


def info(as_json: Json = False, debug: Debug = False) -> Answer:
    """Show versions, backends, why CuPy is or is not used, cores and memory."""
    import platform

    import psutil

    from .. import __version__
    from ..backend import gib, host_free_bytes, probe_cupy, resolve, threads
    from ..engines.lines import fft_library

    usable, reason = probe_cupy()
    free, total = host_free_bytes(), int(psutil.virtual_memory().total)
    data = {
        "version": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": _versions(),
        "backend": resolve("cupy" if usable else "numpy").name,
        "backends": {"numpy": {"usable": True, "reason": ""}, "cupy": {"usable": usable, "reason": reason}},
        "fft": fft_library(),
        "cores": threads(),
        "memory": {"free": free, "total": total},
    }
    packages = ", ".join(f"{name} {number}" for name, number in _versions().items())
    text = [f"napari-deconv {__version__}, Python {data['python']}, {data['system']}",
            f"packages  {packages}",
            f"backend   {data['backend']}",
            f"CuPy      {'used' if usable else 'not used'}: {reason}",
            f"FFT       {data['fft']}",
            f"cores     {data['cores']} (those this process may use)",
            f"memory    {gib(free)} free of {gib(total)}"]  # fmt: skip
    return Answer(data, "\n".join(text))


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")] = Path("demo"),
    as_json: Json = False,
    debug: Debug = False,
) -> Answer:
    """Restore the sample images; write results, recipes and pictures of before and after."""
    from .. import demo as demonstration
    from ..samples import NAMES

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


def _versions() -> dict[str, str]:
    """Of the libraries that decide about the pixels, as far as they are installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("numpy", "scipy", "scikit-image", "tifffile", "imagecodecs", "pillow", "pydantic", "napari", "cupy"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


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
