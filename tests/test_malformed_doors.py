"""The rest of the table through Python, and all of it through the shell: no crash, no traceback, nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from malformed import ROWS, Row
from malformed_values import PICTURE, VALUES
from napari_deconv import Recipe, psf, richardson_lucy, run
from napari_deconv.cli import app
from napari_deconv.io import read, write
from napari_deconv.psf.picture import as_image
from test_malformed_files import ALLOWED, fingerprints

COUNTS: Counter[str] = Counter()
BLUR = psf.gaussian(1.5)


@pytest.fixture(scope="module", autouse=True)
def _line() -> Iterator[None]:
    """The line for the closing note; pytest -s shows it."""
    yield
    sys.stdout.write(f"\nmalformed inputs: {', '.join(f'{what} {count}' for what, count in sorted(COUNTS.items()))}\n")


@pytest.mark.parametrize("row", VALUES, ids=lambda row: row.id)
def test_value_through_python(row: Row, tmp_path: Path) -> None:
    if row.absent:
        pytest.skip(row.absent)
    value = row.make(tmp_path)
    before = fingerprints(tmp_path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result, said = _python(row, value), ""
        except (*ALLOWED, RuntimeError) as error:
            result, said = None, str(error)
    assert fingerprints(tmp_path) == before
    assert not [w for w in caught if issubclass(w.category, RuntimeWarning)]
    said = said or " ".join(str(w.message) for w in caught)
    assert (result is None) == (row.expected == "error"), said
    for word in row.words:
        assert word.lower() in said.lower()
    if row.check and result is not None:
        row.check(result)
    COUNTS[f"Python {row.expected}"] += 1


def _python(row: Row, value: Any) -> Any:
    """What a script would do with the value."""
    if row.door == "recipe":
        return run(Recipe.from_file(value), PICTURE).data
    if row.door == "psf":
        if isinstance(value, str):
            return run(Recipe.build(psf=value, num_iter=3, spacing=_spacing(row)), PICTURE).data
        return richardson_lucy(PICTURE, value, 3, spacing=_spacing(row) if isinstance(value, psf.PSF) else None)
    more = value if isinstance(value, dict) else {"image": value}
    return richardson_lucy(psf=BLUR, num_iter=3, **more)


def _spacing(row: Row) -> tuple[float, float] | None:
    """A voxel size, but for the row that is about not having one."""
    return None if "unknown-voxel" in row.id else (0.1, 0.1)


def _through_the_shell() -> list[Row]:
    """Rows that can be typed: files, recipes, words, and arrays that a TIFF can hold."""
    rows = [row for row in (*ROWS, *VALUES) if not row.absent]
    with tempfile.TemporaryDirectory() as folder:
        return [row for row in rows if row.door not in ("array", "psf") or _can_be_typed(row, row.make(Path(folder)))]


def _can_be_typed(row: Row, value: Any) -> bool:
    if isinstance(value, str | psf.PSF):
        return row.door == "psf"
    plain = isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray)
    return plain and value.dtype.kind in "iuf" and value.dtype.itemsize <= 8 and value.size > 0 and 2 <= value.ndim <= 3


@pytest.mark.parametrize("row", _through_the_shell(), ids=lambda row: row.id)
def test_everything_through_the_shell(row: Row, tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    arguments = _typed(row, row.make(inside), tmp_path)
    before = fingerprints(tmp_path)
    output = tmp_path / "out.ome.tif"
    code, said = (_in_a_child if row.heavy else _here)(["run", "-o", str(output), *arguments])
    assert "Traceback" not in said
    assert code in (0, 1, 2), said
    assert {k: v for k, v in fingerprints(tmp_path).items() if "out.ome.tif" not in str(k)} == before
    assert (code == 0) == output.exists()
    if row.door != "file" or row.expected == "error":
        assert (code != 0) == (row.expected == "error"), said
    if code == 0:
        assert np.isfinite(read(output).data).all()
    if row.door != "array":
        for word in row.words:
            assert word.lower() in said.lower()
    COUNTS[f"shell {'right' if code == 0 else 'error'}"] += 1


def _typed(row: Row, value: Any, folder: Path) -> list[str]:
    """The arguments of `napari-deconv run`."""
    words = ["--psf", "gaussian:sigma=1.5", "--num-iter", "2"]
    if row.door == "file":
        return [*words, "--", str(value)]
    picture = folder / "picture.tif"
    tifffile.imwrite(picture, PICTURE)
    if row.door == "recipe":
        return [str(picture), "--recipe", str(value)]
    if isinstance(value, str):
        size = ["--spacing", "0.1,0.1"] if _spacing(row) else []
        return [str(picture), "--psf", value, "--num-iter", "2", *size]
    if isinstance(value, psf.PSF):
        write(folder / "value.ome.tif", as_image(value, "value"))
        return [str(picture), "--psf", str(folder / "value.ome.tif"), "--num-iter", "2", "--spacing", "0.1,0.1"]
    kept = folder / "value.tif"
    tifffile.imwrite(kept, np.ascontiguousarray(value), photometric="minisblack")
    return [str(picture), "--psf", str(kept), "--num-iter", "2"] if row.door == "psf" else [*words, str(kept)]


def _here(arguments: list[str]) -> tuple[int, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        found = CliRunner().invoke(app, arguments)
    assert found.exception is None or isinstance(found.exception, SystemExit), repr(found.exception)
    return found.exit_code, " ".join(found.output.split())


def _in_a_child(arguments: list[str]) -> tuple[int, str]:
    """In a process of its own with 20 s and, where the system can, 2 GiB."""
    limit = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2 << 30,) * 2);" if sys.platform == "linux" else ""
    )
    code = (
        f"import sys; {limit} from napari_deconv.cli import main; sys.argv = ['napari-deconv', *sys.argv[1:]]; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        timeout=20,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    return done.returncode, " ".join((done.stdout + done.stderr).decode(errors="replace").split())
