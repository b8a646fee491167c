"""The shell door: ``napari-deconv run | psf | recipe | train | explain | …``. Heavy imports are inside the commands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ..shell import Shell, line
from . import psf
from .about import demo, info, show_recipe
from .check import check
from .explain import explain
from .run import run
from .train import train

app = typer.Typer(cls=Shell, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
app.command()(run)
app.add_typer(psf.app, name="psf")
app.command(name="recipe")(show_recipe)
app.command()(train)
app.command()(explain)
app.command()(info)
app.command()(check)
app.command()(demo)


def _show_version(asked: bool) -> None:
    if asked:
        from .. import __version__

        line(sys.stdout, f"napari-deconv {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")]


@app.callback()
def _about(version: Version = False) -> None:
    """Deconvolution for microscopy and photographs.

    Exit codes: 0 done; 1 reading, computing or writing failed, or it was stopped; 2 it cannot be done as asked.
    """


def main() -> None:
    """Entry point of ``napari-deconv``."""
    app()
