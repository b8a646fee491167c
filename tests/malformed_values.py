"""The rows of the table that are not files: arrays (A), kernels (P) and recipes (R). See `malformed`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import dask.array
import numpy as np
import xarray

from malformed import Outcome, Row
from napari_deconv import psf
from napari_deconv.backend import probe_cupy

VALUES: list[Row] = []
_NO_CUPY = "CuPy can be used here" if probe_cupy()[0] else ""
PICTURE = np.random.default_rng(7).poisson(60, (24, 25)).astype(np.float32)


def _add(
    door: Literal["array", "psf", "recipe"], id: str, value: Any, expected: Outcome, *words: str, **more: Any
) -> None:
    make = value if callable(value) else lambda folder: value
    VALUES.append(Row(id, make, door, expected, words, **more))


def _array(id: str, value: Any, expected: Outcome, *words: str, **more: Any) -> None:
    _add("array", id, value, expected, *words, **more)


def _psf(id: str, value: Any, expected: Outcome, *words: str, **more: Any) -> None:
    _add("psf", id, value, expected, *words, **more)


def _recipe(id: str, text: str | bytes, expected: Outcome, *words: str, **more: Any) -> None:
    def make(folder: Path) -> Path:
        path = folder / "recipe.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    _add("recipe", id, make, expected, *words, **more)


def _sane(result: Any) -> None:
    assert np.isfinite(result).all()
    assert result.dtype == np.float32


def _like(wanted: Any, within: float = 0.05) -> Callable[[Any], None]:
    """A check that the result keeps the mean of what went in."""

    def check(result: Any) -> None:
        _sane(result)
        mean = float(np.mean(wanted, dtype=float))
        assert abs(result.mean(dtype=float) - mean) <= within * abs(mean)

    return check


def _with(value: float, at: tuple[int, int] = (3, 4)) -> Any:
    broken = PICTURE.copy()
    broken[at] = value
    return broken


# ---- A: arrays ----
_array("A43-0d", np.array(3.0), "error", "axes", "pass a PSF")
_array("A43-1d", np.ones(9), "error", "psf has 2 axes")
_array("A43-7d", np.ones((1,) * 5 + (9, 9)), "error", "at most 5")
_array("A44-empty", np.ones((0, 64, 64)), "error", "empty", "(0, 64, 64)")
for n in (1, 2, 3, 5, 8, 13, 21, 34, 40):
    _array(f"A45-{n}x{n}", np.full((n, n), 9.0), "right", check=_like(9))
    _array(f"A45-1x{n}", np.full((1, n), 9.0), "right", check=_like(9))
_array("A46-nan", _with(np.nan), "error", "1 NaN or infinite", "(3, 4)", "mask")
_array("A46-inf", _with(np.inf), "error", "1 NaN or infinite", "(3, 4)")
_array("A47-negative", PICTURE - 60, "error", "negative", "background")
_array("A48-zero", np.zeros((20, 20)), "right", check=lambda r: np.testing.assert_array_equal(r, 0))
_array("A48-constant", np.full((20, 20), 7.0), "right", check=lambda r: np.testing.assert_allclose(r, 7, rtol=1e-4))
_array("A48-one-photon", np.eye(20)[5:6] * np.eye(20)[:, 5:6], "right", check=_sane)
_array("A49-1e36", PICTURE * 1e34, "right", check=_like(PICTURE * 1e34))
_array("A49-1e-38", PICTURE * 1e-40, "right", check=_like(PICTURE * 1e-40))
_array("A49-1e300", PICTURE.astype(float) * 1e298, "error", "float32", "divide")
_array("A49-1e-300", PICTURE.astype(float) * 1e-302, "error", "float32", "multiply")
_array("A50-uint64", np.full((9, 9), 2**60, np.uint64), "right", check=_like(2.0**60))
_array("A50-int8", np.full((9, 9), 100, np.int8), "right", check=_like(100))
_array("A50-bool", PICTURE > 60, "right", check=_sane)
_array("A50-float16", PICTURE.astype(np.float16), "right", check=_like(PICTURE))
_array("A50-longdouble", PICTURE.astype(np.longdouble), "right", check=_like(PICTURE))
_array("A51-complex", PICTURE * 1j, "error", "complex", "real numbers")
_array("A51-object", np.array([[object(), 1], [2, 3]]), "error", "object", "real numbers")
_array("A51-text", np.array([["a", "b"]]), "error", "real numbers")
_array("A51-time", np.zeros((4, 4), "M8[s]"), "error", "datetime64", "real numbers")
_array("A51-structured", np.zeros((4, 4), [("a", "f4")]), "error", "real numbers")
_array("A52-negative-strides", PICTURE[::-1, ::-1], "right", check=_like(PICTURE))
_array("A52-fortran", np.asfortranarray(PICTURE), "right", check=_like(PICTURE))
_array("A52-zero-strides", np.broadcast_to(np.float32(5), (9, 9)), "right", check=_like(5))


@lambda make: _array("A52-memmap-read-only", make, "right", check=_like(PICTURE))
def _(folder: Path) -> Any:
    np.save(folder / "kept.npy", PICTURE)
    return np.load(folder / "kept.npy", mmap_mode="r")


_array("A53-masked", np.ma.masked_greater(_with(1e9), 1e8), "right", check=lambda r: (_sane(r), _below(r, 1e4)))


def _matrix(values: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.asmatrix(values)


def _below(result: Any, limit: float) -> None:
    assert result.max() < limit


_array("A54-list", PICTURE.tolist(), "right", check=_like(PICTURE))
_array("A54-generator", lambda folder: (row for row in PICTURE), "error", "generator", "real numbers")
_array("A54-matrix", lambda folder: _matrix(PICTURE), "right", check=_like(PICTURE))
_array("A54-none", lambda folder: None, "error", "NoneType", "real numbers")
_array("A54-path", "image.tif", "error", "real numbers")
_array(
    "A55-dask-unknown",
    lambda folder: dask.array.from_array(PICTURE)[dask.array.from_array(PICTURE[:, 0]) > 0],
    "error",
    "unknown size",
    "compute_chunk_sizes",
)
_array(
    "A56-xarray-uneven",
    xarray.DataArray(PICTURE, dims=("y", "x"), coords={"y": np.arange(24) ** 2.0}),
    "error",
    "not evenly spaced",
    "'y'",
)


@lambda make: _array("A58-cupy-unusable", make, "error", "cupy", "numpy", absent=_NO_CUPY)
def _(folder: Path) -> Any:
    return {"image": PICTURE, "backend": "cupy"}


# ---- P: kernels ----
BLUR = psf.gaussian(1.5).data
_psf("P59-zero", np.zeros((5, 5)), "error", "zero")
_psf("P60-negative", np.where(BLUR > 0.01, BLUR, -0.01), "error", "negative")
_psf("P61-larger-than-image", psf.gaussian(2.0, shape=(81, 95)).data, "right", check=_like(PICTURE))
_psf("P62-even", psf.gaussian(1.5, shape=(10, 12)).data, "right", check=_like(PICTURE))
_psf("P63-corner-centred", np.fft.ifftshift(psf.gaussian(1.5).data), "warn", "cent")
_psf("P63-off-centre", np.pad(BLUR, ((0, 9), (9, 0))), "warn", "cent")
_psf("P64-3d-psf-2d-image", psf.gaussian((1.0, 1.0, 1.0)).data, "error", "3 axes", "plane")
_psf("P65-nan", np.where(BLUR > 0.05, np.nan, BLUR), "error", "NaN")
_psf("P66-delta", np.pad([[1.0]], 3), "right", check=lambda r: np.testing.assert_allclose(r, PICTURE, rtol=1e-4))
_psf("P67-sum-1e-30", BLUR.astype(float) * 1e-30, "warn", "normalised")
_psf("P67-sum-1e30", BLUR.astype(float) * 1e30, "warn", "normalised")
_psf("P68-voxel-size-unknown", lambda folder: psf.from_array(BLUR), "warn", "voxel size of the PSF is unknown")
_psf("P69-voxel-ten-times-off", lambda folder: psf.gaussian((2.0, 2.0), spacing=(1.0, 1.0)), "warn", "voxel")
_psf("P70-colour-photograph", np.random.default_rng(0).random((40, 40, 3)), "error")
_psf("P71-na-beyond-index", "widefield:na=1.7,wavelength=0.52,ri=1.33", "error", "1.7", "1.33")
_psf("P71-na-zero", "widefield:na=0,wavelength=0.52,ri=1.33", "error", "na")
_psf("P71-nanometres", "widefield:na=1.2,wavelength=520,ri=1.33", "error", "520", "micrometres")
_psf("P71-unknown-voxel-size", "widefield:na=1.2,wavelength=0.52,ri=1.33", "error", "voxel size", "unknown")
_psf("P71-misspelt-model", "widefeild:na=1.2", "error", "widefield")
_psf("P71-misspelt-parameter", "motion:lenght=12", "error", "length")
_psf("P71-not-a-number", "motion:length=twelve", "error", "twelve")
_psf("P71-missing-parameter", "widefield:na=1.2", "error", "wavelength")

# ---- R: recipes ----
_recipe("R72-alias-bomb", "a: &a [x]\n" + "".join(f"b{i}: [*a, *a]\n" for i in range(9)), "error", "aliases")
_recipe("R72-10-MB", b"#" * 10_000_000, "error", "10,000,000")
_recipe("R72-nesting", "[" * 100_000, "error", "nested")
_recipe("R73-python-object", "!!python/object/apply:os.system ['touch owned']", "error", "python/object")
_recipe("R74-misspelt", "psf: motion:length=3\nnum_itr: 5", "error", "num_itr", "num_iter")
for word in ("true", "-1", "1e9", '"30"', ".nan", "0", "1000000000", "[3]"):
    _recipe(f"R75-num_iter-{word}", f"psf: motion:length=3\nnum_iter: {word}", "error", "num_iter")
_recipe("R76-newer", "version: 2\npsf: motion:length=3", "error", "version 2", "version 1")
_recipe("R77-file-gone", "psf: gone.tif", "error", "gone.tif")
_recipe("R77-no-psf", "method: wiener", "error", "no PSF")
for path in ("/abs/psf.tif", "../psf.tif", "~/psf.tif", "file:///psf.tif", "http://host/psf.tif", "C:\\psf.tif"):
    _recipe(f"R78-{path}", f"psf: '{path}'", "error", "outside the recipe's folder")
for word in ("on", "1_000", "12:30:45"):
    _recipe(f"R79-{word}", f"psf: motion:length=3\nnum_iter: {word}", "error", "num_iter", word)
_recipe("R79-twice", "num_iter: 3\nnum_iter: 4", "error", "twice")
_recipe("R79-not-text", b"\xff\xfe\x00\x01psf", "error", "UTF-8")
_recipe("R-fine", "psf: motion:length=3\nnum_iter: 3", "right", check=_like(PICTURE))
