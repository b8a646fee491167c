"""Pictures with a known blur and known noise."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.signal import fftconvolve

from napari_deconv.camera import Camera
from napari_deconv.operators import Blur
from napari_deconv.solvers import scaled_heavy_ball

PHOTONS_ONLY = Camera(gain=1.0, offset=0.0, read_noise=0.0)


def lines(shape, rng, count=10):
    """Straight filaments, 0 to 1."""
    picture = np.zeros(shape)
    for _ in range(count):
        start = np.array([rng.uniform(0, n) for n in shape])
        way = rng.normal(size=len(shape))
        at = np.rint(start + np.linspace(-150, 150, 1500)[:, None] * way / np.linalg.norm(way)).astype(int)
        picture[tuple(at[((at >= 0) & (at < shape)).all(1)].T)] = rng.uniform(0.4, 1)
    return picture


def seen(truth, psf, photons, rng, background=5.0, margin=0):
    """The picture a camera takes of it: `photons` at the peak."""
    light = np.maximum(fftconvolve(truth, psf.data, mode="same"), 0)
    light = light * photons / light.max() + background
    inner = tuple(slice(margin, n - margin) for n in light.shape)
    return rng.poisson(light[inner]).astype(np.float32)


def restored(y, psf, steps, background=5.0):
    """An accelerated estimate of the object, shape of H's domain, and H."""
    H = Blur(psf, y.shape)
    last = next(itertools.islice(scaled_heavy_ball(y, H, background=background), steps - 1, None))
    return last.snapshot(), H
