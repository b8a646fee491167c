"""What each property of the network is worth: networks with one thing changed, trained alike, in one table.

    python benchmarks/ablation.py --data PATH_TO_DATA [--steps 1500] [--every 3] [--row NAME ...] [--out FOLDER]

PATH_TO_DATA holds ``photos/``, ``kernels/dev_*.npz`` and ``dev_eval_manifest.csv``. Every row is a network of size
"tiny" that learns to take away noise, in as many steps and on the same batches (16 pictures of 96 x 96 pixels) as the
others, from ``photos/permissive`` and ``photos/free``. Rows:

- "shared": the network as it is;
- "one scale": the same weights, in a loop without coarse steps;
- "BSDS": learned from ``photos/train``, whose licence does not let us ship what was learned there;
- "uneven" (phases not equalised), "untied", "unpooling", "bilinear", "whitened": options of `Network`.

"loss" is that of the training, on photographs held out, which are the same for all. Then the network is the denoiser of
the learned deconvolution, 8 steps, in every third of the cases of `development.py`: mean PSNR over motion, and over
Gaussians and disks. The network is not told the estimate before the fit: taking away noise does not teach what to
do with it. "checkerboard": of a flat picture with noise of 0.1, whose averages over even and odd rows and columns are
equal, the largest difference between these four averages in what the network adds, as a share of the noise.

With --out the states of training are kept there, and a run that was interrupted goes on. Progress and seconds per step
are told on the standard error stream. A second --seed shows what chance does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from development import Case, cases, psnr
from napari_deconv.network.denoiser import Denoiser
from napari_deconv.network.noise_level import span
from napari_deconv.operators import Blur
from napari_deconv.solvers.half_quadratic import estimates, fit_of, levels, stages

if any(find_spec(name) is None for name in ("torch", "safetensors")):
    print("skipped, it needs torch and safetensors: pip install 'napari-deconv[train]'")
    raise SystemExit

import torch

from napari_deconv.network.checkpoint import State
from napari_deconv.network.lessons import Denoising
from napari_deconv.network.model import Network, Option
from napari_deconv.network.synthesis.pictures import Picture, load
from napari_deconv.network.train import FIRST_QUESTION, QUESTIONS, Settings, fit

Array = NDArray[Any]
COUNT, SIDE, RATE = 16, 96, 1e-3  # pictures in a batch, their sides, learning rate: those of `network.course`
NUM_ITER = 8
FLAT, NOISE, MARGIN = (4, 1, 320, 320), 0.1, 32


@dataclass(frozen=True)
class Row:
    """A line of the table: what is trained, on what, and how it is used."""

    option: Option = "shared"
    photographs: str = "permissive"
    one_scale: bool = False


ROWS = {
    "shared": Row(),
    "one scale": Row(one_scale=True),
    "BSDS": Row(photographs="train"),
    **{option: Row(option) for option in get_args(Option) if option != "shared"},
}


def restored(network: Network, case: Case, one_scale: bool) -> float:
    """PSNR of the learned deconvolution with this network."""

    def run(image: Array, prior: Array, sigma: Array) -> Array:
        with torch.inference_mode():
            return np.asarray(network(torch.from_numpy(image), torch.from_numpy(sigma)))

    y = case.blurred.astype(np.float32)
    H = Blur(case.kernel, y.shape, boundary="periodic")
    reach = span(y)
    steps = stages(NUM_ITER, *levels(case.sigma, reach))
    if one_scale:
        steps = [replace(step, factor=1) for step in steps]
    *_, z = estimates(fit_of(y, H, case.sigma, reach), Denoiser(run, np, 2), steps)
    return psnr(z, case.sharp)


def checkerboard(network: Network) -> float:
    inside = (..., slice(MARGIN, -MARGIN), slice(MARGIN, -MARGIN))
    phases = [(..., slice(i, None, 2), slice(j, None, 2)) for i, j in product((0, 1), repeat=2)]
    noise = torch.randn(FLAT, generator=torch.Generator().manual_seed(0))
    for phase in phases:
        noise[inside][phase] -= noise[inside][phase].mean()
    flat = 0.5 + NOISE * noise
    with torch.inference_mode():
        added = (network(flat, torch.full_like(flat, NOISE)) - flat)[inside]
    means = [float(added[phase].double().mean()) for phase in phases]
    return (max(means) - min(means)) / NOISE


def loss(network: Network, exam: Denoising) -> float:
    with torch.inference_mode():
        found = [float(exam.loss(network, exam.batch(FIRST_QUESTION + i))) for i in range(QUESTIONS)]
    return float(np.mean(found))


def begun(settings: Settings, option: Option) -> State:
    """A training before its first step: `train.begin`, with an option."""
    torch.manual_seed(settings.seed)
    network = Network(settings.size, option).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.rate, betas=(0.9, 0.99))
    average = {name: value.clone() for name, value in network.state_dict().items()}
    return State(network, average, optimiser, 0, {"settings": asdict(settings)})


def trained(row: Row, settings: Settings, pictures: list[Picture], out: Path) -> Network:
    """The average of the weights after all steps; those that are in the folder already are not done again."""
    path = out / f"{row.option}-{row.photographs}-{settings.steps}-{settings.seed}.safetensors"
    state = begun(settings, row.option)
    if path.is_file():
        state.load(path)
    first, start = state.step, time.monotonic()
    lesson = Denoising(pictures, seed=settings.seed, count=COUNT, side=SIDE)
    for progress in fit(state, settings, lesson, path):
        seconds = (time.monotonic() - start) / (progress.step - first)
        print(f"\r{path.stem} {progress.step}, {seconds:.3f} s a step ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    state.network.load_state_dict(state.average)
    return state.network.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--every", type=int, default=3, help="1: all 64 cases")
    parser.add_argument("--row", nargs="*", choices=ROWS, default=list(ROWS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    settings = Settings("tiny", arguments.steps, RATE, seed=arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        out = arguments.out or Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        table(arguments.data, settings, list(cases(arguments.data, every=arguments.every)), arguments.row, out)


def table(data: Path, settings: Settings, tests: list[Case], names: list[str], out: Path) -> None:
    """Train, restore, and print a line as soon as it is known."""
    photographs = data / "photos"
    free = [path for path in (photographs / "free").iterdir() if not path.stem.startswith("clock")]  # which moved
    permissive, held_out = load([photographs / "permissive", *free])
    exam = Denoising(held_out, seed=0, count=COUNT, side=SIDE)
    motion = np.array([test.family.startswith("motion") for test in tests])
    print("| network | parameters | steps | loss | motion, dB | Gaussian and disk, dB | checkerboard |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in names:
        row = ROWS[name]
        pictures = permissive if row.photographs == "permissive" else load([photographs / row.photographs])[0]
        network = trained(row, settings, pictures, out)
        parameters = sum(parameter.numel() for parameter in network.parameters())
        found = np.array([restored(network, test, row.one_scale) for test in tests])
        print(
            f"| {name} | {parameters:,} | {settings.steps:,} | {loss(network, exam):.4f} | {found[motion].mean():.2f} "
            f"| {found[~motion].mean():.2f} | {checkerboard(network):.4f} |",
            flush=True,
        )
    print(f"\n{motion.sum()} cases of motion, {(~motion).sum()} of Gaussians and disks")


if __name__ == "__main__":
    main()
