"""A whole training, from pictures to a registered model: what ``napari-deconv train`` does."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from numpy.typing import NDArray
from torch import Tensor

from . import compact, curve, models
from .checkpoint import MEND, State, Tensors, read
from .export import export
from .graph import Graph, check
from .lessons import Deconvolving, Denoising, Lesson, Sharpening
from .model import SIZES, Network
from .synthesis.kernels import of_instrument
from .synthesis.pictures import Picture, load
from .train import Progress, Settings, begin, fit

Subject = Literal["denoising", "deconvolving", "sharpening"]


@dataclass(frozen=True)
class Plan:
    """How a subject is taught: pictures in a batch, their sides, highest learning rate."""

    lesson: type[Denoising | Deconvolving | Sharpening]
    count: int
    side: int
    rate: float


LESSONS: dict[Subject, Plan] = {
    "denoising": Plan(Denoising, 16, 96, 1e-3),
    "deconvolving": Plan(Deconvolving, 8, 128, 5e-4),
    "sharpening": Plan(Sharpening, 16, 96, 5e-4),
}
USUAL_SUBJECT: Subject = "deconvolving"
USUAL_SIZE = "small"
TRIAL = 4  # steps that are timed, after a first one, to know how many fit into the minutes given
COLOURS_OF = {"grey": 1, "colour": 3}
BLIND = "blind-"
STATE, CURVE = "training.safetensors", "curve.png"
NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Course:
    """What to train, on what, for how long.

    Parameters
    ----------
    data : sequence of Path
        Sharp images, or folders of them.
    out : Path
        Folder for the state, the curve and the networks.
    minutes : float
        Length of the training, and the most that it may take; one that is resumed when it was done has as many again.
    subject : {"denoising", "deconvolving", "sharpening"}, optional
        What is learned: the first alone makes a model that deconvolves; the second, after it, a better one; the third
        restores mild blurs without a PSF. By default the second, or what is resumed.
    size : {"tiny", "small", "base"}, optional
        Of the network. By default that of `start`, "small" without it, or that of what is resumed.
    start : str, optional
        Name of the model to start from (fine-tuning).
    psf : array, optional
        Kernel of your own instrument, which then blurs half of the pictures; for "deconvolving". It is not kept in the
        state: give it again to resume.
    seed : int, optional
        Of weights and examples. By default 0, or that of what is resumed.
    resume : bool
        Go on with the state in `out`, or with the only compact one (`compact.compact`).
    name : str, optional
        What the model is registered as when it is done.
    """

    data: Sequence[Path]
    out: Path
    minutes: float
    subject: Subject | None = None
    size: str | None = None
    start: str | None = None
    psf: NDArray[Any] | None = None
    seed: int | None = None
    resume: bool = False
    name: str | None = None


def run(course: Course) -> Generator[Progress]:
    """Check everything, then train, and leave state, curve and networks in the folder; see `networks` for their names.

    Returns
    -------
    generator of Progress
        One after each step. Nothing is trained before it is asked for; when it is closed, the state is kept.

    Raises
    ------
    ValueError
        If an option is unknown or contradicts another or the state to resume, the pictures are too few, or the folder
        holds a training that is not to be resumed. All this before the first step.
    OSError
        If something cannot be read or written.
    """
    _check(course)
    training, held_out = load(course.data, without=course.out)
    state = _resumed(course) if course.resume else _begun(course)
    state.facts["colours"] = sorted({1, *state.facts["colours"], *(p.colours for p in training if p.colours == 3)})
    lesson, exam = (_lesson(course, state, pictures) for pictures in (training, held_out))
    course.out.mkdir(parents=True, exist_ok=True)
    return _trained(course, state, lesson, exam)


def _trained(course: Course, state: State, lesson: Lesson, exam: Lesson) -> Generator[Progress]:
    """The steps; then curve, networks and name."""
    if state.step >= state.facts["settings"]["steps"]:
        state.facts["settings"]["steps"] = state.step + _affordable(course.minutes, state, lesson)
    settings = Settings(**state.facts["settings"])
    yield from fit(state, settings, lesson, course.out / STATE, exam=exam, minutes=course.minutes)
    curve.draw(state.facts["losses"], state.facts["scores"], course.out / CURVE)
    network = Network(settings.size)
    network.load_state_dict(state.best or state.average)
    for job, colours in COLOURS_OF.items():
        if colours in state.facts["colours"]:  # else its door has learned nothing
            path = course.out / f"{_prefix(state.facts['subject'])}{job}.onnx"
            export(network, path, colours, overwrite=course.resume)
    if course.name is not None:
        _register(course.name, networks(course.out), state.facts["start"])


def networks(out: Path) -> dict[str, Path]:
    """The network files that a finished course has left in its folder, by job."""
    jobs = [f"{prefix}{job}" for prefix in ("", BLIND) for job in COLOURS_OF]
    return {job: path for job in jobs if (path := out / f"{job}.onnx").is_file()}


def _prefix(subject: Subject) -> str:
    return BLIND if subject == "sharpening" else ""


def _check(course: Course) -> None:
    """Refuse what is unknown, what contradicts itself, and what would replace a training by accident."""
    for key, known in (("subject", LESSONS), ("size", SIZES)):
        if (asked := getattr(course, key)) is not None and asked not in known:
            raise ValueError(f"unknown {key} {asked!r}; known: {', '.join(known)}")
    if not 0 < course.minutes < float("inf"):
        raise ValueError(f"minutes is {course.minutes}; give a number above 0")
    if course.name is not None:
        _check_name(course.name)
    if course.start is not None:
        models.find(course.start)
        if course.resume:
            raise ValueError("start begins a training and resume goes on with one; leave one of them out")
    if course.out.exists() and not course.out.is_dir():
        raise ValueError(f"{course.out} is no folder; choose another for state, curve and networks")
    held = [course.out / STATE, *networks(course.out).values(), *course.out.glob(f"*{compact.WEIGHTS}")]
    if not course.resume and (there := [path.name for path in held if path.exists()]):
        raise ValueError(
            f"{course.out} holds a training already ({', '.join(there)}); go on with it by resume=True (--resume), or "
            "choose another folder"
        )


def _check_name(name: str) -> None:
    """A name that a model can be registered as."""
    if not NAME.fullmatch(name) or name == "auto":
        raise ValueError(f"a model cannot be called {name!r}; begin with a letter, go on with letters, digits, . _ -")
    if name in models.names() and models.find(name).folder == models.find("auto").folder:
        raise ValueError(f"{name!r} is a model of the package; choose another name")


def _lesson(course: Course, state: State, pictures: Sequence[Picture]) -> Lesson:
    subject: Subject = state.facts["subject"]
    if course.psf is not None and subject != "deconvolving":
        raise ValueError(f"a psf is of use to deconvolving only, and this is {subject}; leave it out")
    own = None if course.psf is None else of_instrument(course.psf)
    plan = LESSONS[subject]
    return plan.lesson(pictures, seed=state.facts["settings"]["seed"], count=plan.count, side=plan.side, own=own)


def _begun(course: Course) -> State:
    """A training with no steps to do yet."""
    subject, size, weights = course.subject or USUAL_SUBJECT, course.size or USUAL_SIZE, Tensors()
    if course.start is not None:
        weights = _weights(course.start, subject)
        size = size_of(weights, course.start)
        if course.size not in (None, size):
            raise ValueError(f"model {course.start!r} is of size {size!r}, not {course.size!r}; leave size out")
    state = begin(Settings(size, steps=0, rate=LESSONS[subject].rate, seed=course.seed or 0), weights)
    doors = [int(name.split(".")[1]) for name in weights if name.startswith("doors.")]
    state.facts |= {"subject": subject, "start": course.start, "colours": doors}
    return state


def _resumed(course: Course) -> State:
    """The training in the folder, checked against what was asked for."""
    tensors, facts = _found(course.out)
    facts = {"subject": course.subject or USUAL_SUBJECT, "start": None, "colours": [*COLOURS_OF.values()], "losses": [],
             "scores": [], **facts}  # fmt: skip
    try:
        settings = Settings(**facts["settings"])
        state = begin(settings)
        state.restore(tensors, facts)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{course.out} holds a training that cannot be resumed: {error}") from error
    for key, value in (("subject", facts["subject"]), ("size", settings.size), ("seed", settings.seed)):
        if getattr(course, key) not in (None, value):
            raise ValueError(
                f"the training in {course.out} has {key} {value!r}, not {getattr(course, key)!r}; leave {key} out, or "
                "begin another in another folder"
            )
    return state


def _found(out: Path) -> tuple[Tensors, dict[str, Any]]:
    """Tensors and facts of the state in a folder."""
    if (out / STATE).is_file():
        return read(out / STATE)
    small = compact.names(out)
    if len(small) == 1:
        return compact.expand(out, small[0])
    if small:
        raise ValueError(f"{out} holds {len(small)} compact states ({', '.join(small)}); keep one, or {MEND}")
    raise ValueError(f"{out} holds no {STATE} to go on with; start without resume, or name another folder")


def _register(name: str, files: dict[str, Path], start: str | None) -> None:
    """Make the model known by its name; one that only sharpens keeps the networks of the model it started from."""
    if not files.keys() & COLOURS_OF.keys():
        base = models.find(start or "auto")
        files = {**{job: base.folder / file for job, (file, _) in base.files.items()}, **files}
    models.register(name, files)


def _weights(name: str, subject: Subject) -> dict[str, Tensor]:
    """The weights of a model, from its networks for grey and for colour, which share all but their doors."""
    model = models.find(name)
    prefix = _prefix(subject) if f"{_prefix(subject)}grey" in model.files else ""
    found: dict[str, Tensor] = {}
    for job, colours in COLOURS_OF.items():
        if f"{prefix}{job}" in model.files:
            found |= weights_of(check(*model.file(colours=colours, blind=bool(prefix))))
    return found


def weights_of(graph: Graph) -> dict[str, Tensor]:
    """The weights in a file that `export` wrote, by the names that `model.Network` gives them."""
    found = {}
    for name, array in graph.initializers.items():
        name = name.removesuffix(".half")
        if name.endswith(".weight") and not name.startswith("up."):
            found[_of_the_network(name, graph)] = torch.from_numpy(array.astype("float32"))
    return found


def _of_the_network(name: str, graph: Graph) -> str:
    """What a tensor of a file is called in the network."""
    if name == "resample.0.weight":
        return f"doors.{graph.inputs['image'][1]}.free"
    if name.startswith("resample."):
        return f"trunk.resample.{int(name.split('.')[1]) - 1}.free"
    return f"trunk.{name}"


def size_of(weights: Tensors, name: str) -> str:
    """The size of the network that the weights of a model are for.

    Raises
    ------
    ValueError
        If there is none.
    """
    for size in SIZES:
        with torch.device("meta"):
            wanted = Network(size).state_dict()
        trunk = {name for name in wanted if name.startswith("trunk.")}
        if trunk <= weights.keys() <= wanted.keys() and all(w.shape == wanted[n].shape for n, w in weights.items()):
            return size
    raise ValueError(f"model {name!r} is no network of size {', '.join(SIZES)}; start from another, or from none")


def _affordable(minutes: float, state: State, lesson: Lesson) -> int:
    """Steps that fit into the minutes, by the time that a few take."""
    started = time.monotonic()
    for number in range(1 + TRIAL):
        if number == 1:
            started = time.monotonic()
        lesson.loss(state.network, lesson.batch(number)).backward()  # type: ignore[no-untyped-call]
    return max(1, round(60 * minutes * TRIAL / (time.monotonic() - started)))
