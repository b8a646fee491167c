"""The computed PSFs against direct quadrature, published widths and another package, and how long they take.

    python benchmarks/psf_theory.py [--out FOLDER]

"Quadrature" is `scipy.integrate.quad` over the same formulas, written out once more in ``tests/microscopes.py``
(angles, Fresnel's coefficients, all terms of Gibson and Lanni). Every figure: 24 seeded points, radius up to 6
wavelength / NA, z up to 5 axial periods from the focus; the figure is the largest
difference over the peak.
"MicroscPSF-Py" (MIT, not a
dependency; ``pip install MicroscPSF-Py``) fits a series of Bessel functions: its fit fails for NA above about 1. With
``--out``, ``psf_models.png`` shows XY and XZ sections of every model with gamma 0.4.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.optimize import brentq

from napari_deconv import psf
from napari_deconv.psf.theory.focus import light, middle
from napari_deconv.psf.theory.optics import Optics
from napari_deconv.psf.theory.scalar import scalar_intensity
from napari_deconv.psf.theory.vectorial import vectorial_intensity

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from microscopes import scalar_by_quad, vectorial_by_quad

Array = NDArray[Any]
IMMERSION = {0.3: 1.0, 0.5: 1.0, 0.75: 1.0, 0.95: 1.0, 1.0: 1.33, 1.2: 1.33, 1.33: 1.515, 1.4: 1.515, 1.45: 1.515}
LAYERS: dict[str, dict[str, float]] = {
    "as designed": {},
    "water at the coverslip": {"ri_sample": 1.33},
    "water, 5 um": {"ri_sample": 1.33, "depth": 5.0},
    "glycerol, 20 um": {"ri_sample": 1.45, "depth": 20.0},
    "coverslip 180 for 170": {"coverslip": 180.0, "coverslip_design": 170.0},
}
THEORIES: dict[str, tuple[Callable[..., Array], Callable[..., float]]] = {
    "scalar": (scalar_intensity, scalar_by_quad),
    "vectorial": (vectorial_intensity, vectorial_by_quad),
}
OIL = {"na": 1.4, "wavelength": 0.52, "ri": 1.515}
MODELS: dict[str, dict[str, float]] = {
    "widefield": {"wavelength": 0.52},
    "confocal": {"wavelength": 0.52, "excitation": 0.488},
    "spinning_disk": {"wavelength": 0.52, "excitation": 0.488, "pinhole": 1.3},
    "two_photon": {"excitation": 0.92},
    "light_sheet": {"wavelength": 0.52, "sheet": 1.5},
}


def worst(theory: str, points: int = 24, **optics: float) -> float:
    """Largest difference from quadrature over the peak."""
    ours, plain = THEORIES[theory]
    checked = Optics(**optics)
    period = optics["wavelength"] / (optics["ri"] - math.sqrt(optics["ri"] ** 2 - optics["na"] ** 2))
    focus = middle(light(checked, theory), (1e-3, 1e-3))
    peak = ours(np.zeros(1), np.array([focus]), checked)[0, 0]
    rng = np.random.default_rng(round(100 * optics["na"]))
    found = 0.0
    for _ in range(points):
        radius, z = rng.uniform(0, 6 * optics["wavelength"] / optics["na"]), focus + rng.uniform(-5, 5) * period
        mine = ours(np.array([radius]), np.array([z]), checked)[0, 0]
        found = max(found, abs(mine - plain(radius, z, **optics)) / peak)
    return found


def against_quadrature() -> None:
    print("largest difference from quadrature over the peak; scalar / vectorial")
    print(f"{'':24}" + "".join(f"{na:>20}" for na in IMMERSION))
    for name, layers in LAYERS.items():
        row = []
        for na, ri in IMMERSION.items():
            optics = {"na": na, "wavelength": 0.52, "ri": ri, **layers}
            row.append(" / ".join(f"{worst(theory, **optics):.1e}" for theory in THEORIES))
        print(f"{name:24}" + "".join(f"{r:>20}" for r in row), flush=True)


def widths() -> None:
    print("\nfull widths at half maximum, um, NA 1.4, oil 1.515, 0.52 um (published: 0.193 / 0.514, 0.213 / 0.510)")
    optics = Optics(**OIL)
    for name, (intensity, _) in THEORIES.items():
        lateral = 2 * brentq(lambda r, f=intensity: _above_half(f, r, 0, optics), 0, 0.25)
        axial = 2 * brentq(lambda z, f=intensity: _above_half(f, 0, z, optics), 0, 0.45)
        print(f"{name:12} lateral {lateral:.4f}, axial {axial:.4f}")


def _above_half(intensity: Callable[..., Array], radius: float, z: float, optics: Optics) -> float:
    here = intensity(np.array([radius]), np.array([z]), optics)[0, 0]
    return float(here - intensity(np.zeros(1), np.zeros(1), optics)[0, 0] / 2)


def against_microscpsf() -> None:
    try:
        import microscPSF.microscPSF as other
    except ImportError:
        print("\nMicroscPSF-Py is not installed: pip install MicroscPSF-Py")
        return
    print("\nlargest difference from MicroscPSF-Py over the peak (scalar; radius to 2.5 um)")
    radius = np.linspace(0, 2.5, 101)
    for na, ri in IMMERSION.items():
        if na > 1.0:
            continue
        for name, layers in LAYERS.items():
            optics = Optics(na=na, wavelength=0.52, ri=ri, **layers)
            period = 0.52 / (ri - math.sqrt(ri**2 - na**2))
            focus = middle(light(optics, "scalar"), (1e-3, 1e-3))
            z = focus + np.linspace(-2, 2, 41) * period
            ours = scalar_intensity(radius, z, optics)
            setup = {"M": 100.0, "NA": na, "ni0": ri, "ni": ri, "ns": optics.sample, "ti0": 150.0, "zd0": 2e5}
            setup |= {"tg": optics.coverslip, "tg0": optics.thickness_design, "ng": 1.515, "ng0": 1.515}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = other.gLZRFocalScan(setup, radius, -(z + optics.depth), pz=optics.depth, wvl=0.52)
            print(f"NA {na:<5} {name:24} {np.abs(ours / ours.max() - theirs / theirs.max()).max():.1e}", flush=True)


def seconds() -> None:
    print("\nseconds for 65 x 129 x 129 at (0.1, 0.065, 0.065) um, NA 1.4: best of 3, wall clock")
    told = {"spacing": (0.1, 0.065, 0.065), "shape": (65, 129, 129)}
    cases: dict[str, Callable[[], Any]] = {
        f"{model}, {theory}": lambda m=model, t=theory: getattr(psf, m)(**told, **other(m), theory=t)
        for model in MODELS
        for theory in THEORIES
    }
    cases["widefield, vectorial, water 5 um"] = lambda: psf.widefield(**told, **OIL, ri_sample=1.33, depth=5)
    cases["widefield, vectorial, coma"] = lambda: psf.widefield(**told, **OIL, aberrations=(0, 0, 0, 0.1))
    for name, make in cases.items():
        spent = []
        for _ in range(3):
            start = time.perf_counter()
            make()
            spent.append(time.perf_counter() - start)
        print(f"{name:36} {min(spent):.2f}", flush=True)


def other(model: str) -> dict[str, Any]:
    return {"na": 1.4, "ri": 1.515, **MODELS[model]}


def picture(folder: Path) -> None:
    """XY above XZ for every model, then a mismatch and two aberrations; 4 x 4 um, gamma 0.4."""
    told: dict[str, Any] = {"spacing": (0.04, 0.04, 0.04), "shape": (101, 101, 101)}
    shown = {name: getattr(psf, name)(**told, **other(name)) for name in MODELS}
    shown["oil into water, 5 um"] = psf.widefield(**told, **OIL, ri_sample=1.33, depth=5)
    shown["coma 0.15"] = psf.widefield(**told, **OIL, aberrations=(0, 0, 0, 0, 0.15))
    shown["spherical 0.15"] = psf.widefield(**told, **OIL, aberrations=(0, 0, 0, 0, 0, 0, 0, 0.15))
    side, gap = 202, 6
    sheet = Image.new("L", (len(shown) * (side + gap), 16 + 2 * (side + gap)), 40)
    for column, (name, made) in enumerate(shown.items()):
        ImageDraw.Draw(sheet).text((column * (side + gap) + 2, 2), name, fill=255)
        for row, section in enumerate((made.data[50], made.data[:, 50])):
            grey = Image.fromarray((255 * (section / section.max()) ** 0.4).astype(np.uint8)).resize((side, side))
            sheet.paste(grey, (column * (side + gap), 16 + row * (side + gap)))
    folder.mkdir(parents=True, exist_ok=True)
    sheet.save(folder / "psf_models.png")
    print(f"\nwrote {folder / 'psf_models.png'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", UserWarning)  # coarse sampling is on purpose
    widths()
    seconds()
    against_microscpsf()
    against_quadrature()
    if arguments.out is not None:
        picture(arguments.out)


if __name__ == "__main__":
    main()
