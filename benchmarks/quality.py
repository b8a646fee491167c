"""Do the measures of quality measure what they say? Fidelity against PSFs of wrong width, FRC against the known cutoff.

    python benchmarks/quality.py [--part fidelity frc ringing] [--seeds 2] [--out FOLDER]

Fidelity: objects of `objects.py` (2-D 160 x 160, 3-D 16 x 64 x 64; widefield, NA 1.2 in water, 520 nm), restored by
the scaled heavy ball with the right PSF, one 20 % too wide and one 20 % too narrow, stopped by held-out photons; the
share of the image that contradicts the result (1 % by chance), as it is and after 100 more steps. FRC: single pictures
of known band limit (NA 1.0, 600 nm: 0.300 um) at several numbers of photons. Ringing: filters of known strength.
``--out`` writes plots (needs matplotlib). Seeds and objects are none that the measures were developed on.
"""

from __future__ import annotations

import argparse
import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_deconv import Recipe, psf, run
from napari_deconv.camera import Camera
from napari_deconv.operators import Blur
from napari_deconv.quality import Correlation, fidelity, resolution, ringing
from napari_deconv.solvers import richardson_lucy, wiener
from objects import KINDS, scene

Array = NDArray[Any]
ONE = Camera(gain=1.0, offset=0.0, read_noise=0.0)
WIDTHS = {"right": 1.0, "20 % wide": 1.2, "20 % narrow": 0.8}
VIEWS = {2: (160, 160), 3: (16, 64, 64)}
PHOTONS = (200, 2000, 20_000)
FIRST_SEED = 41
CUTOFF, STEP = 0.300, 0.05
BRIGHTNESS = (10, 100, 1000, 10_000, 100_000)


def microscope(ndim: int, width: float) -> psf.PSF:
    """Widefield; a wavelength that is longer by a factor makes everything wider by it."""
    optics = {"na": 1.2, "wavelength": 0.52 * width, "ri": 1.33}
    if ndim == 2:
        return psf.widefield((0.08, 0.08), **optics, shape=(41, 41))
    return psf.widefield((0.25, 0.1, 0.1), **optics, shape=(31, 41, 41))


def judged(y: Array, blur: psf.PSF) -> tuple[float, ...]:
    """Flagged share and chi-square of the result, the share after 100 more steps, and the iterations."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = run(Recipe.build(method="scaled_heavy_ball"), y, psf=psf.PSF(blur.data, blur.spacing, "px"))
    H = Blur(blur, y.shape)
    found = fidelity(y, result.data, H, camera=ONE)
    further = fidelity(y, result.data, H, camera=ONE, steps=100)
    return found.flagged, found.chi_square, further.flagged, result.metadata["napari-deconv"]["steps"]


def fidelity_table(seeds: int) -> dict[str, list[float]]:
    """Prints the shares; gives those of each PSF back."""
    shares: dict[str, list[float]] = {name: [] for name in WIDTHS}
    head = "".join(f"{name:>26}" for name in WIDTHS)
    print(f"{'share of the image flagged (chi2; after 100 more steps)':40}\n{'':28}{head}")
    for ndim, kind, photons in itertools.product(VIEWS, KINDS, PHOTONS):
        line = f"{ndim}-D {kind:10} {photons:6} photons"
        for name, width in WIDTHS.items():
            rows = [
                judged(scene(kind, VIEWS[ndim], microscope(ndim, 1.0), photons, FIRST_SEED + seed).photons,
                       microscope(ndim, width))
                for seed in range(seeds)
            ]  # fmt: skip
            mean = np.mean(rows, axis=0)
            shares[name] += [row[0] for row in rows]
            line += f"{mean[0]:9.2%} ({mean[1]:5.2f}; {mean[2]:6.2%})"
        print(line, flush=True)
    for name, found in shares.items():
        print(f"{name:12} median {np.median(found):7.2%}, least {min(found):7.2%}, most {max(found):7.2%}")
    return shares


def frames(kind: str, photons: float, seed: int, blur: psf.PSF) -> Array:
    return scene(kind, (256, 256), blur, photons, seed, haze=0.002).photons


def frc_table(seeds: int) -> dict[str, tuple[Correlation, float]]:
    """Prints resolutions; gives one curve of each brightness back."""
    blur = psf.widefield((STEP, STEP), na=1.0, wavelength=0.6, ri=1.33, shape=(121, 121))
    ring = 1 / (256 * STEP)
    print(f"\nFRC of one picture, um; the cutoff of the microscope is {CUTOFF:.3f} (one ring: {CUTOFF**2 * ring:.3f})")
    print(f"{'':28}" + "".join(f"{name:>26}" for name in ("1/7", "half-bit", "2-sigma")))
    curves: dict[str, tuple[Correlation, float]] = {}
    finest = np.inf
    for kind, photons in itertools.product(KINDS, BRIGHTNESS):
        found = []
        for seed in range(FIRST_SEED, FIRST_SEED + 2 * seeds):
            measured = resolution(
                frames(kind, photons, seed, blur), np.random.default_rng(seed), spacing=STEP, camera=ONE
            )
            curve = measured.curves[0]
            found.append([curve.resolution("1/7"), curve.resolution("half-bit"), curve.resolution("2-sigma")])
            if kind == "filaments":
                curves[f"{photons} photons"] = curve, measured.lateral or 0.0
        values = np.array(found, dtype=float)
        finest = min(finest, float(np.nanmin(values[:, 0])))
        cells = "".join(f"{v.mean():.3f} ({v.min():.3f} to {v.max():.3f})".rjust(26) for v in values.T)
        print(f"{kind:10} {photons:8} photons {cells}")
    rings = (1 / finest - 1 / CUTOFF) / ring
    print(f"finest of all (1/7): {finest:.3f} um, {rings:.1f} rings beyond the cutoff")
    return curves


def cut(picture: Array, highest: float) -> Array:
    """Nothing above a frequency."""
    radius = np.hypot(np.fft.fftfreq(picture.shape[0])[:, None], np.fft.fftfreq(picture.shape[1]))
    return np.real(np.fft.ifft2(np.fft.fft2(picture) * (radius < highest)))


def filters(y: Array, truth: Array, blur: psf.PSF) -> Iterator[tuple[str, Array]]:
    """Pictures that ring more and more, and some that do not."""
    yield "truth", truth
    yield "the image", y
    H = Blur(blur, y.shape)
    for steps in (10, 30, 100):
        last = next(itertools.islice(richardson_lucy(y.astype(np.float32), H), steps - 1, None))
        yield f"Richardson-Lucy {steps}", H.crop(last.snapshot())
    for balance in (1.0, 0.1, 1e-2, 1e-3):
        yield f"Wiener {balance:g}", wiener(y.astype(np.float32), H, balance=balance)[0]
    soft, hard = gaussian_filter(truth, 2.3), cut(truth, 0.15)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        yield f"cut in frequency {share:.0%}", (1 - share) * soft + share * hard


def ringing_table() -> None:
    print(f"\n{'depth of dark rims / height':28}" + "".join(f"{kind:>18}" for kind in KINDS))
    blur = microscope(2, 1.0)
    columns = []
    for kind in KINDS:
        made = scene(kind, (256, 256), blur, 1000, FIRST_SEED)
        columns.append([(name, ringing(picture)) for name, picture in filters(made.photons, made.truth, blur)])
    for rows in zip(*columns, strict=True):
        print(f"{rows[0][0]:28}" + "".join(f"{f'{r.rim:.3f} ± {r.error:.3f}':>18}" for _, r in rows))


def plots(folder: Path, curves: dict[str, tuple[Correlation, float]]) -> None:
    """FRC curves, and a fidelity map of each PSF."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    if curves:
        figure, axes = plt.subplots(figsize=(7, 4))
        for name, (curve, _) in curves.items():
            axes.plot(curve.frequency, curve.correlation, label=name)
        axes.axhline(1 / 7, color="grey", lw=0.8, ls="--", label="1/7")
        axes.axvline(1 / CUTOFF, color="black", lw=0.8, label="cutoff")
        axes.set(xlabel="periods per µm", ylabel="correlation of two halves", xlim=(0, 6), ylim=(-0.2, 1.05))
        axes.legend()
        figure.savefig(folder / "frc.png", dpi=110, bbox_inches="tight")
    figure, shown = plt.subplots(1, 4, figsize=(16, 4.4))
    y = scene("points", VIEWS[2], microscope(2, 1.0), 2000, FIRST_SEED).photons
    shown[0].imshow(y, cmap="gray")
    shown[0].set_title("image")
    for panel, (name, width) in zip(shown[1:], WIDTHS.items(), strict=True):
        blur = microscope(2, width)
        H = Blur(blur, y.shape)
        x = run(Recipe.build(method="scaled_heavy_ball", num_iter=60), y, psf=psf.PSF(blur.data, blur.spacing, "px"))
        found = fidelity(y, x.data, H, camera=ONE)
        panel.imshow(found.map, vmin=0, vmax=3, cmap="magma")
        panel.set_title(f"PSF {name}: {found.flagged:.1%} flagged")
    for panel in shown:
        panel.axis("off")
    figure.savefig(folder / "fidelity.png", dpi=110, bbox_inches="tight")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", nargs="+", default=["fidelity", "frc", "ringing"])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder for plots")
    given = parser.parse_args()
    curves = {}
    if "fidelity" in given.part:
        fidelity_table(given.seeds)
    if "frc" in given.part:
        curves = frc_table(given.seeds)
    if "ringing" in given.part:
        ringing_table()
    if given.out:
        plots(given.out, curves)


if __name__ == "__main__":
    main()
