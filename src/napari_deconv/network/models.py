"""The models there are: those in the package, and those that the user has trained and registered."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"  # what a recipe can hold, and every file system
LIST = "models.json"  # beside the files: what each is called, for how many colours, and its SHA-256
HOME = "NAPARI_DECONV_MODELS"  # environment variable: another folder for models of the user's own
PREFERRED = ("base", "small")  # by "auto"


@dataclass(frozen=True)
class Model:
    """A trained network.

    Parameters
    ----------
    name : str
        What a recipe calls it.
    folder : Path
        Where its files are.
    files : mapping of str to (str, str)
        Name and SHA-256 of the ONNX file of each job: "grey", "colour"; "blind-grey" and "blind-colour" if it can
        restore without a PSF.
    """

    name: str
    folder: Path
    files: Mapping[str, tuple[str, str]]

    def file(self, *, colours: int, blind: bool = False) -> tuple[Path, str]:
        """Path and expected SHA-256 of the network for that job.

        Raises
        ------
        ValueError
            If the model has none.
        """
        job = ("blind-" if blind else "") + ("colour" if colours == 3 else "grey")
        if job not in self.files:
            raise ValueError(f"model {self.name!r} has no {job} network; it has {', '.join(self.files)}")
        name, sha256 = self.files[job]
        return self.folder / name, sha256

    @property
    def sha256(self) -> str:
        """SHA-256 of its grey network: what the provenance names it by."""
        return self.files["grey"][1]


def names() -> list[str]:
    """Names of all models, the preferred first."""
    known = _known()
    return sorted(
        known, key=lambda name: (name not in PREFERRED, PREFERRED.index(name) if name in PREFERRED else 0, name)
    )


def find(name: str = "auto") -> Model:
    """The model of that name; "auto" is the best that the package brings.

    Raises
    ------
    ValueError
        If there is none; the nearest name is given.
    """
    known = _known()
    if name == "auto":
        name = next(preferred for preferred in PREFERRED if preferred in known)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        guess = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"unknown model {name!r}; {guess}known: {', '.join(names())}")
    return known[name]


def register(name: str, files: Mapping[str, Path]) -> Model:
    """Copy networks of your own to where `find` looks, under a name.

    Parameters
    ----------
    name : str
        A new name, or that of an earlier model of yours.
    files : mapping of str to Path
        ONNX files by job, see `Model`.

    Raises
    ------
    ValueError
        If the name is one of the package's, or a file is not a network of ours.
    """
    from .graph import check

    if not re.fullmatch(NAME, name):
        raise ValueError(f"{name!r} is no name for a model; use letters, digits, '-', '_' and '.', at most 64 of them")
    if name in _shipped():
        raise ValueError(f"{name!r} is a model of the package; choose another name")
    digests = {job: check(path).sha256 for job, path in files.items()}
    folder = _home()
    folder.mkdir(parents=True, exist_ok=True)
    listed = {job: (f"{name}-{job}.onnx", digests[job]) for job in files}
    for job, path in files.items():
        shutil.copyfile(path, folder / listed[job][0])
    own = {model.name: dict(model.files) for model in _own().values()} | {name: listed}
    partial = folder / f"{LIST}.part"
    partial.write_text(json.dumps(own, indent=1), encoding="utf-8")
    os.replace(partial, folder / LIST)
    return Model(name, folder, listed)


def _known() -> dict[str, Model]:
    return {**_own(), **_shipped()}


@cache
def _shipped() -> dict[str, Model]:
    return _listed(Path(str(resources.files(__package__) / "weights")))


def _own() -> dict[str, Model]:
    return _listed(_home()) if (_home() / LIST).is_file() else {}


def _home() -> Path:
    return Path(os.environ.get(HOME) or Path.home() / ".napari-deconv/models")


def _listed(folder: Path) -> dict[str, Model]:
    """The models of a folder's list."""
    listed: dict[str, Any] = json.loads((folder / LIST).read_text(encoding="utf-8"))
    return {
        name: Model(name, folder, {job: (str(file), str(sha256)) for job, (file, sha256) in files.items()})
        for name, files in listed.items()
    }
