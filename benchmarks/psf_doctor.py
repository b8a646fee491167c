"""The doctor of PSFs on faults of known size, on healthy PSFs, and what its repairs are worth.

    python benchmarks/psf_doctor.py [--development]

Three tables, all simulated, seeded:

- *found*: every fault in three magnitudes, put into four PSFs that have none. "yes" is the share of them in which the
  check of that name speaks; then what it says of the first. A narrow or wide PSF is judged against an image that the
  true one blurred (2000 photons at the brightest pixel).
- *healthy*: PSFs without faults, as a PSF and as a bare array, and against an image that they blurred (500 photons).
  Listed is every finding above "info", then those at "info".
- *repairs*: a stack of 16 x 64 x 64 blurred by the true PSF, Poisson noise (400 photons), restored by 20 iterations of
  Richardson-Lucy with the faulty PSF (negative values set to zero, sum 1, nothing else), the repaired one and the true
  one: root mean square error against the object, in per cent of that of the blurred stack, mean of two objects.

The thresholds were chosen with ``--development``: other microscopes, other kernels, other objects, other seeds.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.signal import fftconvolve

from napari_deconv import PSF, psf, richardson_lucy
from napari_deconv.psf import doctor

Array = NDArray[np.float64]
REPORTED = {"na": 1.4, "wavelength": 0.52, "ri": 1.515, "spacing": (0.15, 0.045, 0.045), "seed": 100}
DEVELOPMENT = {"na": 1.2, "wavelength": 0.60, "ri": 1.33, "spacing": (0.2, 0.06, 0.06), "seed": 7}


def aberrated(case: dict[str, Any], shape: tuple[int, ...], waves: float) -> PSF:
    """A scalar PSF with primary spherical aberration (waves RMS), by Fourier transform of the pupil."""
    na, wavelength, ri, spacing = (case[key] for key in ("na", "wavelength", "ri", "spacing"))
    side, reach = 256, shape[0]
    rows, columns = (np.fft.fftfreq(side, s) for s in spacing[1:])
    rho = np.hypot(rows[:, None], columns) * wavelength / na
    spherical = np.sqrt(5) * (6 * rho**4 - 6 * rho**2 + 1)
    axial = np.sqrt(np.maximum((ri / wavelength) ** 2 - (na / wavelength * rho) ** 2, 0))
    z = spacing[0] * np.arange(-reach, reach + 1)[:, None, None]
    field = np.fft.ifft2(np.where(rho <= 1, np.exp(2j * np.pi * (axial * z + waves * spherical)), 0))
    whole = np.fft.fftshift(np.abs(field) ** 2, axes=(1, 2))
    middle = int(ndimage.gaussian_filter(whole, 0.7).max(axis=(1, 2)).argmax())
    data = _box(whole[middle - reach // 2 : middle + reach // 2 + 1], np.array([side, side]) // 2, shape[1] // 2)
    return PSF((data / data.sum()).astype(np.float32), spacing, "um", {"model": "measured"})


def scaled_width(case: dict[str, Any], factor: float) -> PSF:
    """The in-focus PSF of the microscope, `factor` times as wide."""
    return psf.widefield(
        case["spacing"][1:], na=case["na"], wavelength=factor * case["wavelength"], ri=case["ri"], energy=0.97
    )


def bases(case: dict[str, Any]) -> dict[str, PSF]:
    """Healthy PSFs to spoil."""
    optics = {key: case[key] for key in ("na", "wavelength", "ri")}
    step = case["spacing"]
    known = {"model": "measured", "na": case["na"], "ri": case["ri"], "wavelengths": (case["wavelength"],)}
    stack = psf.widefield(step, shape=(25, 61, 61), **optics).data
    sectioned = stack.astype(float) ** 2
    plane = psf.widefield(step[1:], **optics)
    return {
        "widefield stack": PSF(stack, step, "um", known),
        "confocal-like stack": PSF(sectioned / sectioned.sum(), step, "um", known),
        "widefield plane": PSF(plane.data, step[1:], "um", known),
        "Gaussian": PSF(psf.gaussian(2.5, shape=(41, 41)).data, step[1:], "um", known),
    }


def finer(case: dict[str, Any]) -> dict[str, PSF]:
    """Planes sampled finely enough to be cut off near the middle."""
    step = tuple(s / 2.5 for s in case["spacing"][1:])
    plane = psf.widefield(step, **{key: case[key] for key in ("na", "wavelength", "ri")})
    sectioned = plane.data.astype(float) ** 2
    known = {"model": "measured"}
    return {
        "widefield plane": PSF(plane.data, step, "um", known),
        "confocal-like plane": PSF(sectioned / sectioned.sum(), step, "um", known),
        "Gaussian": PSF(psf.gaussian(7).data, step, "um", known),
    }


def pedestal(clean: PSF, size: float, rng: np.random.Generator) -> Any:
    return clean.data / clean.data.max() + size


def shifted(clean: PSF, size: int, rng: np.random.Generator) -> Any:
    signs = rng.choice([-1, 1], clean.ndim)
    return PSF(np.roll(clean.data, size * signs, range(clean.ndim)), clean.spacing, "um", clean.info)


def even(clean: PSF, size: int, rng: np.random.Generator) -> Any:
    """Between two samples along the first `size` axes from the last."""
    data = clean.data.astype(float)
    for axis in range(clean.ndim)[-size:]:
        data = (np.take(data, range(1, data.shape[axis]), axis) + np.take(data, range(data.shape[axis] - 1), axis)) / 2
    return data


def negative(clean: PSF, size: float, rng: np.random.Generator) -> Any:
    """Too much background subtracted."""
    return clean.data / clean.data.max() - size


def unnormalised(clean: PSF, size: float, rng: np.random.Generator) -> Any:
    return clean.data * size


def cut(clean: PSF, size: float, rng: np.random.Generator) -> Any:
    """The largest square with no more than that share of the light of the focal plane."""
    plane = (clean.data if clean.ndim == 2 else clean.plane().data).astype(float)
    middle = np.array(plane.shape) // 2
    half = next(h for h in range(min(middle), 0, -1) if _box(plane, middle, h).sum() <= size * plane.sum())
    data = _box(clean.data.astype(float), middle, half)
    return data / data.sum()


def _box(values: Array, middle: Array, half: int) -> Array:
    return values[(..., *(slice(m - half, m + half + 1) for m in middle))]


def noisy(clean: PSF, size: float, rng: np.random.Generator) -> Any:
    return clean.data / clean.data.max() + size * rng.normal(size=clean.shape)


def saturated(clean: PSF, size: float, rng: np.random.Generator) -> Any:
    data = np.minimum(clean.data / clean.data.max(), size)
    return data / data.sum()


def voxels(clean: PSF, size: float, rng: np.random.Generator) -> Any:
    """Recorded with voxels `size` times as large."""
    return psf.resample(clean, [s * size for s in clean.spacing])


def coarse(clean: PSF, size: float, rng: np.random.Generator) -> Any:
    """The same samples said to be `size` times Nyquist's apart."""
    (wavelength,) = clean.info["wavelengths"]
    lateral = size * wavelength / (4 * clean.info["na"])
    return PSF(clean.data, (*clean.spacing[:-2], lateral, lateral), "um", clean.info)


FAULTS: dict[str, tuple[str, Callable[..., Any], tuple[float, ...]]] = {
    "pedestal, of the peak": ("pedestal", pedestal, (0.001, 0.01, 0.05)),
    "shift, samples": ("not_centred", shifted, (1, 2, 5)),
    "even size, axes": ("even_size", even, (1, 2, 3)),
    "background taken twice, of the peak": ("negative", negative, (0.001, 0.01, 0.05)),
    "sum": ("not_normalised", unnormalised, (1.01, 0.5, 600)),
    "cut off, light kept": ("truncated", cut, (0.8, 0.65, 0.5)),
    "noise, of the peak": ("noise", noisy, (0.003, 0.01, 0.03)),
    "saturated, of the peak": ("saturated", saturated, (0.6, 0.4, 0.2)),
    "voxel size, times": ("voxel_size", voxels, (1.1, 2, 6)),
    "voxels, times Nyquist": ("nyquist", coarse, (1.2, 2, 4)),
}


def named(findings: tuple[doctor.Finding, ...], name: str) -> doctor.Finding | None:
    return next((finding for finding in findings if finding.name == name), None)


def scene(seed: int, shape: tuple[int, ...]) -> Array:
    """Filaments, spots and cells on a dim background."""
    rng = np.random.default_rng(seed)
    canvas = np.full(shape, 0.02)
    grid = np.indices(shape).reshape(len(shape), -1).T.astype(float)
    for _ in range(6):
        centre, radius = rng.uniform(0, shape), rng.uniform(0.05, 0.15) * max(shape)
        stretch = np.array([3.0] * (len(shape) - 2) + [1.0, rng.uniform(0.6, 1.6)])
        inside = (((grid - centre) * stretch) ** 2).sum(axis=1) < radius**2
        canvas[inside.reshape(shape)] += rng.uniform(0.1, 0.4)
    for _ in range(10):
        start, direction = rng.uniform(0, shape), rng.normal(size=len(shape))
        direction *= np.array([0.3] * (len(shape) - 2) + [1.0, 1.0]) / np.linalg.norm(direction)
        bend = rng.normal(scale=0.02, size=len(shape))
        for t in np.arange(0, max(shape), 0.25):
            point = np.rint(start + t * direction + bend * t**2 / max(shape)).astype(int)
            if (point >= 0).all() and (point < shape).all():
                canvas[tuple(point)] = 1.0
    for _ in range(25):
        canvas[tuple(rng.integers(n) for n in shape)] += 1
    return canvas


def blurred(truth: Array, kernel: PSF, photons: float, seed: int) -> Array:
    """What a camera sees of it: Poisson noise, `photons` at the brightest pixel."""
    seen = np.maximum(fftconvolve(truth, kernel.data.astype(float), mode="same"), 0)
    return np.random.default_rng(seed).poisson(photons * seen / seen.max()).astype(np.float64)


def table_of_faults(case: dict[str, Any]) -> None:
    print(f"\n{'fault':38}{'magnitude':>10}{'yes':>8}   said of the first")
    for title, (name, spoil, magnitudes) in FAULTS.items():
        for size in magnitudes:
            rng = np.random.default_rng(case["seed"])
            answers = []
            for label, clean in (finer if name == "truncated" else bases)(case).items():
                if name == "even_size" and size > clean.ndim:
                    continue
                found = doctor.examine(spoil(clean, size, rng), spacing=clean.spacing)
                answers.append((label, named(found, name)))
            _line(title, size, answers)
    for factor in (1.3, 1.6, 2.0):
        _line("too wide, times", factor, width_answers(case, factor, "too_wide"))
    for factor in (0.6, 0.5, 0.35):
        _line("too narrow, times", factor, width_answers(case, factor, "too_narrow"))
    for waves in (0.05, 0.1, 0.2):
        bead = aberrated(case, (33, 61, 61), waves)
        found = doctor.examine(bead, spacing=bead.spacing)
        _line("spherical aberration, waves", waves, [("bead", named(found, "asymmetric"))])


def width_answers(case: dict[str, Any], factor: float, name: str) -> list[tuple[str, doctor.Finding | None]]:
    """The PSF, `factor` times too wide, against images of four objects."""
    answers = []
    true, wrong = scaled_width(case, 1.0), scaled_width(case, factor)
    for number in range(4):
        image = blurred(scene(case["seed"] + number, (256, 256)), true, 2000, case["seed"] + number)
        found = doctor.examine(wrong, image, true.spacing)
        answers.append((f"object {number}", named(found, name)))
    return answers


def _line(title: str, size: float, answers: list[tuple[str, doctor.Finding | None]]) -> None:
    yes = sum(finding is not None for _, finding in answers)
    missed = [label for label, finding in answers if finding is None]
    first = next((finding for _, finding in answers if finding), None)
    said = f"{first.severity}: {first.value:.3g}" if first else ""
    print(f"{title:38}{size:>10g}{yes:>5}/{len(answers)}   {said}{'; missed: ' + ', '.join(missed) if missed else ''}")


def healthy(case: dict[str, Any]) -> dict[str, PSF]:
    """PSFs with nothing wrong."""
    na, wavelength, ri = (case[key] for key in ("na", "wavelength", "ri"))
    optics = {"na": na, "wavelength": wavelength, "ri": ri}
    step, rng = case["spacing"], np.random.default_rng(case["seed"])
    stack = psf.widefield(step, shape=(31, 65, 65), **optics).data.astype(float)
    exciting = psf.widefield(step, shape=(31, 65, 65), na=na, wavelength=0.9 * wavelength, ri=ri).data
    confocal = stack * exciting
    averaged = doctor.repair(stack / stack.max() + rng.normal(0, 0.002, stack.shape) + 0.01)
    wide = psf.widefield(step[1:], **optics)
    return {
        "widefield, 2Z - 1 of 48 planes": psf.widefield(step, image_shape=(48, 80, 80), **optics),
        "widefield, default size": psf.widefield(step, **optics),
        "widefield, 95 %": psf.widefield(step, energy=0.95, **optics),
        "widefield, NA 0.5 in air": psf.widefield((1.0, 0.25, 0.25), na=0.5, wavelength=wavelength, ri=1.0),
        "widefield, NA 0.3, few planes": psf.widefield(
            (2, 0.4, 0.4), na=0.3, wavelength=wavelength, ri=1, image_shape=(4, 90, 90)
        ),
        "widefield plane": wide,
        "widefield plane, 95 %": psf.widefield(step[1:], energy=0.95, **optics),
        "confocal-like product": PSF(confocal / confocal.sum(), step, "um", {"model": "measured"}),
        "Gaussian": psf.gaussian(1.7),
        "Gaussian stack": psf.gaussian((0.3, 0.12, 0.12), spacing=step),
        "motion": psf.motion(17.5, 31),
        "defocus": psf.defocus(6.3),
        "six blades": psf.defocus(8, blades=6, rotation=12),
        "path": psf.path([0, 6, 4, 12], [0, 3, 12, 15], [1, 2, 1, 0.6]),
        "averaged bead, noise 0.2 %": PSF(averaged.data, step, "um", {"model": "measured", **{"na": na, "ri": ri}}),
        "bead cropped at 99 %": PSF(wide.data, wide.spacing, "um", {"model": "measured"}),
        "even, centred at n // 2": psf.widefield(step, shape=(20, 64, 64), **optics),
    }


def table_of_healthy(case: dict[str, Any]) -> None:
    print(f"\n{'healthy':38}{'shape':>16}   above info / also info")
    for number, (title, kernel) in enumerate(healthy(case).items()):
        truth = scene(case["seed"] + 50 + number, (256, 256))
        plane = kernel if kernel.ndim == 2 else kernel.plane()
        image = blurred(truth, plane, 500, case["seed"] + 50 + number)
        spacing = kernel.spacing if kernel.unit == "um" else None
        found = [*doctor.examine(kernel, spacing=spacing), *doctor.examine(kernel.data)]
        found += doctor.examine(plane, image, None if spacing is None else spacing[-2:])
        names = [sorted({f.name for f in found if (f.severity == "info") == info}) for info in (False, True)]
        shape = "x".join(map(str, kernel.shape))
        print(f"{title:38}{shape:>16}   {' / '.join(', '.join(n) or '-' for n in names)}")


def naive(spoilt: Any, spacing: tuple[float, ...]) -> PSF:
    """The PSF of someone who sees no faults."""
    data = np.maximum(np.asarray(spoilt.data if isinstance(spoilt, PSF) else spoilt, dtype=float), 0)
    return PSF(data / data.sum(), spacing, "um")


def table_of_repairs(case: dict[str, Any]) -> None:
    print(
        f"\n{'fault':38}{'magnitude':>10}" + "".join(f"{c:>10}" for c in ("faulty", "repaired", "true")) + "   repairs"
    )
    optics = {key: case[key] for key in ("na", "wavelength", "ri")}
    step = case["spacing"]
    true = psf.widefield(step, shape=(21, 45, 45), **optics)
    truths = [ndimage.gaussian_filter(scene(case["seed"] + 80 + k, (16, 64, 64)), 1.5) for k in range(2)]
    images = [blurred(t, true, 400, case["seed"] + 80 + k) for k, t in enumerate(truths)]
    best = score(true, truths, images)
    for title, (name, spoil, magnitudes) in FAULTS.items():
        if name in ("truncated", "saturated", "nyquist", "not_normalised"):  # nothing to mend, or nothing to see
            continue
        for size in magnitudes:
            spoilt = spoil(true_bead(true, case), size, np.random.default_rng(case["seed"]))
            mended = doctor.repair(spoilt, spacing=step)
            bad = score(naive(spoilt, step), truths, images)
            good = score(PSF(mended.data, step, "um"), truths, images)
            print(f"{title:38}{size:>10g}{bad:>10.1f}{good:>10.1f}{best:>10.1f}   {len(mended.info['repairs'])}")


def true_bead(true: PSF, case: dict[str, Any]) -> PSF:
    info = {"model": "measured", "na": case["na"], "ri": case["ri"], "wavelengths": (case["wavelength"],)}
    return PSF(true.data, true.spacing, "um", info)


def score(kernel: PSF, truths: list[Array], images: list[Array]) -> float:
    """Error after restoration, per cent of that before."""
    ratios = []
    for truth, image in zip(truths, images, strict=True):
        restored = richardson_lucy(image, kernel, 20, spacing=kernel.spacing)
        ratios.append(error(restored, truth) / error(image, truth))
    return 100 * float(np.mean(ratios))


def error(x: Array, truth: Array) -> float:
    """Root mean square error at the best common brightness."""
    x = np.asarray(x, dtype=float)
    factor = (x * truth).sum() / (x * x).sum()
    return float(np.sqrt(np.mean((factor * x - truth) ** 2)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--development", action="store_true")
    case = DEVELOPMENT if parser.parse_args().development else REPORTED
    start = time.perf_counter()
    warnings.simplefilter("ignore", UserWarning)  # voxels are wrong on purpose
    table_of_faults(case)
    table_of_healthy(case)
    table_of_repairs(case)
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
