"""``napari-deconv train``: a network of your own, or one of ours taught your images."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..arguments import check_inputs
from ..shell import Answer, Refused, Stopped, as_asked, line, progress
from .options import Debug, option

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from ..network.train import Progress

TOOLS = ("torch", "safetensors", "onnx")
TELL_EVERY = 1.0  # seconds between lines for machines
TRAINING = "Training"


def train(
    data: Annotated[
        list[Path], typer.Option(help="Sharp images, or a folder of them; may be given more than once.", metavar="PATH")
    ],
    minutes: Annotated[float, typer.Option(help="How long to train.", min=0.01)] = 60,
    name: Annotated[
        str | None, option(TRAINING, "Name of the model, for --model and the docks; else it is only written.", "NAME")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for state, curve and networks.", rich_help_panel=TRAINING)] = Path(
        "napari-deconv-training"
    ),
    subject: Annotated[
        str | None,
        option(
            TRAINING,
            "What to learn: denoising (first), deconvolving (best after it; the default), sharpening (without a PSF).",
            "SUBJECT",
        ),
    ] = None,
    size: Annotated[
        str | None, option(TRAINING, "tiny, small (the default; with --start, its own) or base.", "SIZE")
    ] = None,
    start: Annotated[str | None, option(TRAINING, "Model to start from (fine-tuning).", "NAME")] = None,
    psf: Annotated[Path | None, option(TRAINING, "Blur of your instrument, for half of the examples.", "FILE")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of weights and examples; 0 by default.", rich_help_panel=TRAINING, min=0)
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the state in the folder; --data and --psf are to be given again."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON objects on stdout, one a line, the last the answer; nothing else.")
    ] = False,
    debug: Debug = False,
) -> Answer:
    """Train a network on sharp images, or teach a trained one yours.

    napari-deconv train --data sharp/ --start small --name mine --minutes 60

    napari-deconv train --data sharp/ --minutes 120 --resume

    Blur, noise and edges are made as it goes. State, curve and networks are in the folder named by --out; a training
    that was stopped goes on with --resume. With --json a line tells of the progress every second.
    """
    missing = [tool for tool in TOOLS if find_spec(tool) is None]
    if missing:
        raise Refused(f"training needs {', '.join(missing)}, not installed here: pip install 'napari-deconv[train]'")
    check_inputs([*data, psf])
    from ..network.course import STATE, Course, networks, run

    with as_asked():
        kernel = None if psf is None else _kernel(psf)
        course = Course(
            data=data, out=out, minutes=minutes, subject=subject, size=size, start=start, psf=kernel, seed=seed,  # type: ignore[arg-type]
            resume=resume, name=name,
        )  # fmt: skip
        steps = run(course)
    try:
        last = _followed(steps, as_json)
    except KeyboardInterrupt as error:
        if not (out / STATE).exists():
            raise
        raise Stopped(f"stopped; what was learned so far is in {out}, and --resume goes on with it") from error
    written = {job: str(path) for job, path in networks(out).items()}
    facts = {"step": last.step, "steps": last.steps, "loss": last.loss, "networks": written, "name": name}
    text = f"trained {last.step} steps; state, curve and networks ({', '.join(written)}) are in {out}"
    return Answer(facts, text + (f"; --model {name}" if name else ""))


def _kernel(path: Path) -> NDArray[Any]:
    from ..psf import from_file

    return from_file(path).data


def _followed(steps: Generator[Progress], as_json: bool) -> Progress:
    """Tell how far it is, and return the last word; whatever happens meanwhile, the training is closed, and so kept."""
    told = 0.0
    with contextlib.closing(steps), progress("training", 1, as_json) as advance:
        for step in steps:
            advance(step.step, step.steps)
            if as_json and (time.monotonic() - told > TELL_EVERY or step.step == step.steps):
                told = time.monotonic()
                line(sys.stdout, json.dumps({key: value for key, value in vars(step).items() if value is not None}))
    return step
