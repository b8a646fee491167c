"""Our convolutions and networks beside torch and onnxruntime, on one core.

    python benchmarks/convolution.py [--rounds 9] [--side 512] [--size small] [--cpu]

float32, one picture. First the convolutions that networks of ours consist of, ``channels in > out`` and the side of the
input, beside torch eager: milliseconds of both, their ratio, and 10^9 multiplications and additions per second of ours.
Then a whole network of random weights on a square picture: our executor on NumPy, the same network in torch eager and,
where it is installed, in onnxruntime; and a tape with one gradient back to the image, which only we need.

The child process that measures may use one core (on Linux; elsewhere only the number of workers is set). Inside a round
the contenders take turns in random order; medians over the rounds are printed. A sample counts only if its threads
waited less than 3 % of the time for a core; where none did the median of all is printed with a question mark.
``--cpu`` counts processor time instead, which a busy machine disturbs less. Without torch only our own time is printed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from gate import limited, median, race
from napari_deconv.convolution import convolution, transposed_convolution

CLOCK = time.process_time if "--cpu" in sys.argv else time.perf_counter
CASES = (  # transposed?, channels in, out, kernel, stride, padding, side of the input
    (False, 48, 48, 3, 1, 1, 256),
    (False, 64, 64, 3, 1, 1, 128),
    (False, 96, 96, 3, 1, 1, 64),
    (False, 48, 48, 1, 1, 0, 256),
    (False, 2, 48, 4, 2, 1, 512),
    (False, 48, 64, 4, 2, 1, 256),
    (False, 64, 96, 4, 2, 1, 128),
    (True, 96, 64, 4, 2, 1, 64),
    (True, 64, 48, 4, 2, 1, 128),
    (True, 48, 1, 4, 2, 1, 256),
)
Call = Callable[[], Any]


def timed(call: Call) -> Callable[[], float]:
    call()  # what is done once is not counted

    def seconds() -> float:
        start = CLOCK()
        call()
        return CLOCK() - start

    return seconds


def show(title: str, samples: Any, flops: float = 0) -> None:
    """One line: milliseconds of everybody, and ours over each of the others."""
    found = {name: median(taken) for name, taken in samples.items()}
    ours = found["ours"][0]
    figures = [f"{name} {1000 * value:8.2f}{'' if used else '?'}" for name, (value, used) in found.items()]
    ratios = [f"{ours / value:6.2f} of {name}" for name, (value, _) in found.items() if name != "ours"]
    speed = [f"{flops / ours / 1e9:5.0f} GFLOP/s"] if flops else []
    print("  ".join([f"{title:34}", *figures, *ratios, *speed]), flush=True)


def kernels(rounds: int) -> None:
    rng = np.random.default_rng(0)
    for transposed, before, after, side, stride, padding, n in CASES:
        x = rng.standard_normal((1, before, n, n)).astype(np.float32)
        channels = (before, after) if transposed else (after, before)
        weight = rng.standard_normal((*channels, side, side)).astype(np.float32)
        how = {"stride": stride, "padding": padding}
        ours = transposed_convolution if transposed else convolution
        contenders = {"ours": timed(lambda f=ours, x=x, w=weight, how=how: f(x, w, **how))}
        if find_spec("torch"):
            contenders["torch"] = timed(in_torch(transposed, x, weight, how))
        places = n * n if transposed else (n // stride) ** 2
        name = (
            f"{'up' if transposed else 'down' if stride > 1 else 'flat'} {side} x {side}, {before} > {after}, {n}^2, ms"
        )
        show(name, race(contenders, rounds), 2.0 * before * after * side * side * places)


def in_torch(transposed: bool, x: Any, weight: Any, how: dict[str, int]) -> Call:
    import torch

    torch.set_num_threads(1)
    function = getattr(torch.nn.functional, "conv_transpose2d" if transposed else "conv2d")
    tensors = torch.from_numpy(x), torch.from_numpy(weight)

    def call() -> None:
        with torch.inference_mode():
            function(*tensors, **how)

    return call


def networks(rounds: int, size: str, n: int) -> None:
    import torch

    from napari_deconv.network.executor import Executor
    from napari_deconv.network.export import export
    from napari_deconv.network.graph import check
    from napari_deconv.network.model import Network

    network = Network(size).eval()
    image = np.random.default_rng(0).random((1, 1, n, n), np.float32)
    sigma = np.full_like(image, 0.1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        export(network, path, 1)
        run, content = Executor(check(path)), path.read_bytes()
    tensors = torch.from_numpy(image), torch.from_numpy(sigma)

    def eager() -> None:
        with torch.inference_mode():
            network(*tensors)

    contenders = {"ours": timed(lambda: run(image, image, sigma)), "torch": timed(eager)}
    if find_spec("onnxruntime"):
        contenders["onnxruntime"] = timed(in_onnxruntime(content, image, sigma))
    show(f"network {size}, {n}^2, ms", race(contenders, rounds))
    explained = timed(lambda: run.tape(image, image, sigma).back(unit=(0, 0, n // 2, n // 2)))
    show("tape and one gradient, ms", race({"ours": explained}, max(rounds // 3, 1)))


def in_onnxruntime(content: bytes, image: Any, sigma: Any) -> Call:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"image": image, "prior": image, "sigma": sigma})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--size", default="small")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.child:  # libraries read the number of their threads when they are loaded
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--child"], check=True, env=limited(1))
        return
    kernels(arguments.rounds)
    if find_spec("torch") and find_spec("onnx"):
        networks(arguments.rounds, arguments.size, arguments.side)
    else:
        print("torch and onnx are not installed: no network to run")


if __name__ == "__main__":
    main()
