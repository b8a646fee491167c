"""Words on the command line that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

STACKS = (".ome.tif", ".ome.tiff", ".tif", ".tiff")
RECIPES = (".yaml", ".yml")
METHOD, IMAGE, WORK = "Method", "Image", "Work"  # panels of the help

ImageFile = Annotated[Path, typer.Argument(help="Blurred image: TIFF, OME-TIFF, ImageJ TIFF, PNG or JPEG.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write; the ending chooses the format.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def option(panel: str, text: str, metavar: str | None = None, *names: str) -> Any:
    """An option without a default, shown in a panel of the help."""
    return typer.Option(*names, help=text, metavar=metavar, rich_help_panel=panel, show_default=False)


Spacing = Annotated[str | None, option(IMAGE, "Voxel size in micrometres, order ZYX.", "0.2,0.065,0.065")]
