"""Light imports, and imports that only point downwards (docs/architecture.md)."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src/napari_deconv"
WINDOW = {"napari", "qtpy", "PyQt6", "PySide6", "magicgui", "superqt"}
HEAVY = {*WINDOW, "torch", "onnxruntime", "dask", "xarray", "cupy", "skimage", "matplotlib"}

TORCH = {  # modules that need the extra `train`; no other may name torch or what belongs to it
    f"network.{name}" for name in ("ablation", "checkpoint", "compact", "course", "layers", "lessons", "model", "train")
}
TRAINING = {"torch", "safetensors"}

FRONT = 5  # the public names of napari_deconv itself
LEVELS = {  # a room imports only from rooms with a smaller number; a room within a room may stand higher …
    "backend": 0,
    "light": 0,
    "strict_yaml": 0,
    "io": 0,
    "psf": 0,
    "recipe": 0,
    "camera": 0,
    "tiles": 0,
    "kernels": 0,
    "convolution": 0,
    "engines": 1,
    "operators": 1,
    "arrays": 1,
    "pixels": 1,
    "blocks": 1,
    "photons": 1,
    "balance": 2,
    "solvers": 2,
    "stopping": 2,
    "matching": 3,
    "quality": 3,
    "network": 3,
    "psf.beads": 3,
    "psf.estimate": 3,
    "masks": 1,
    "colour": 1,
    "provenance": 4,
    "memory": 2,
    "evidence": 4,
    "exposure": 4,
    "smoothness": 4,
    "frames": 4,
    "iterations": 4,
    "learned": 4,
    "pieces": 4,
    "step": 4,
    "job": 4,
    "deconvolution": 4,
    "tiled": 4,
    "slices": 4,
    "samples": 5,
    "checks": 5,
    "demo": 5,
    "shell": 5,
    "arguments": 5,
    "psf_options": 5,
    "cli": 6,
    "widgets": 6,
}
EXCEPT = {  # … and these from one beside them
    ("light", "io"),  # an ICC profile comes out of a file
    ("psf", "backend"),  # the doctor looks at spectra
    ("psf", "io"),  # a measured PSF is an image file
    ("recipe", "io"),  # a recipe is found inside a result, and written whole
    ("recipe", "camera"),
    ("recipe", "strict_yaml"),
    ("camera", "backend"),
    ("camera", "io"),  # a gamma-encoded picture has no noise of a camera
    ("tiles", "backend"),
    ("tiles", "psf"),
    ("stopping", "solvers"),
    ("photons", "operators"),  # pixels masked in a blur hold no photons
    ("deconvolution", "step"),
    ("evidence", "frames"),
    ("iterations", "evidence"),
    ("smoothness", "evidence"),
    ("job", "evidence"),
    ("job", "smoothness"),
    ("frames", "exposure"),
    ("job", "frames"),
    ("job", "learned"),
    ("learned", "evidence"),
    ("learned", "frames"),
    ("job", "iterations"),
    ("job", "pieces"),
    ("job", "provenance"),
    ("job", "step"),
    ("kernels", "backend"),
    ("operators", "engines"),  # Blur is a thin cloak around an engine
    ("solvers", "balance"),
    ("deconvolution", "job"),
    ("slices", "frames"),
    ("evidence", "slices"),
    ("tiled", "evidence"),
    ("tiled", "iterations"),
    ("tiled", "slices"),
    ("tiled", "smoothness"),
    ("demo", "samples"),
    ("arguments", "shell"),
    ("psf_options", "shell"),
}


def modules() -> list[str]:
    """Every module but the package's own __init__, which names things from everywhere: 'io', 'io.tiff', …"""
    files = (path.relative_to(ROOT).with_suffix("").parts for path in sorted(ROOT.rglob("*.py")))
    names = (".".join(part for part in parts if part != "__init__") for parts in files)
    return [name for name in names if name]


@cache
def imported_by(module: str) -> frozenset[str]:
    """Dotted names that `module` may load, at its top or inside a function: 'numpy', 'napari_deconv.io', …"""
    folder = ROOT.joinpath(*module.split("."))
    path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    package = ["napari_deconv", *module.split(".")][: None if folder.is_dir() else -1]
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(name for node in nodes for name in _named(node, package))


def _named(node: ast.AST, package: list[str]) -> Iterator[str]:
    """Names in an import statement; what is imported from a module of ours stands for the module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package[: len(package) + 1 - node.level] if node.level else []
        source = ".".join([*above, *filter(None, [node.module])])
        for alias in node.names:
            longer = f"{source}.{alias.name}"
            front = source == "napari_deconv" and not alias.name.startswith("__")
            yield longer if front or longer.removeprefix("napari_deconv.") in modules() else source


def own(module: str) -> list[str]:
    """Modules of ours among those names."""
    prefix = "napari_deconv."
    return [name.removeprefix(prefix) for name in imported_by(module) if name.startswith(prefix)]


def room_of(module: str) -> str:
    """The room a module is in: 'psf.estimate' for 'psf.estimate.motion', 'psf' for 'psf.photo'."""
    inner = ".".join(module.split(".")[:2])
    return inner if inner in LEVELS else module.partition(".")[0]


def test_every_room_has_its_level() -> None:
    rooms = {room_of(name) for name in modules()}
    assert rooms <= set(LEVELS), "give the new room a level, here and in docs/architecture.md"


@pytest.mark.parametrize("module", modules())
def test_imports_point_downwards(module: str) -> None:
    room = room_of(module)
    for name in own(module):
        other = room_of(name)
        level = LEVELS.get(other, FRONT)
        allowed = room == other or (room, other) in EXCEPT or level < LEVELS[room]
        assert allowed, f"{module} (level {LEVELS[room]}) imports {name} (level {level})"


def test_no_exception_outlives_its_reason() -> None:
    used = {(room_of(name), room_of(other)) for name in modules() for other in own(name)}
    assert used >= EXCEPT


def test_no_module_imports_itself_through_others() -> None:
    graph = {name: {other for other in own(name) if not name.startswith(f"{other}.")} for name in modules()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("module", [name for name in modules() if not name.startswith("widgets")])
def test_window_libraries_are_named_in_widgets_only(module: str) -> None:
    assert not {name.partition(".")[0] for name in imported_by(module)} & WINDOW


@pytest.mark.parametrize("module", modules())
def test_torch_is_named_where_networks_are_trained_only(module: str) -> None:
    found = {name.partition(".")[0] for name in imported_by(module)} & TRAINING
    assert not found or module in TORCH


def test_fresh_interpreter_loads_nothing_heavy() -> None:
    rooms = [None, *sorted({room_of(name) for name in modules()} - {"widgets"})]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        loaded = zip(rooms, pool.map(_heavy_after, rooms), strict=True)
        assert {room: found for room, found in loaded if found} == {}


def _heavy_after(room: str | None) -> str:
    """The heavy libraries that an interpreter holds after importing all of a room, or why it cannot be imported."""
    names = [f"napari_deconv.{name}" for name in modules() if room_of(name) == room and name not in TORCH]
    code = f"import sys, {', '.join(names or ['napari_deconv'])}; print(*{HEAVY!r} & sys.modules.keys())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout.strip() if done.returncode == 0 else done.stderr.strip()
