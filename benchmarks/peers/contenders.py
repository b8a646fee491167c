"""Who takes part: the environments to make, and what is run in them."""

from __future__ import annotations

from dataclasses import dataclass

Step = tuple[str, ...]  # the arguments of one `pip install`; {torch} and {project} are filled in


@dataclass(frozen=True)
class Attempt:
    """One way to install an environment: `steps` on this interpreter, or on one that is at least Python 3.12."""

    steps: tuple[Step, ...]
    newer_python: bool = False


@dataclass(frozen=True)
class Contender:
    """One line of a table: a method of an adapter, and what it assumes beyond the image."""

    label: str
    environment: str
    method: str
    edges: str = "extended"
    kind: str = "plain"  # plain | accelerated | wiener
    axes: tuple[int, ...] = (2, 3)
    adapter: str = ""
    slow: bool = False  # takes part in the first round only
    twin: str = ""  # the contender whose results it repeats, only with the threads switched on

    @property
    def script(self) -> str:
        """Name of the adapter's module."""
        return "with_" + (self.adapter or self.environment).replace("-", "_")


TORCH: Step = ("{torch}",)
CI = ("numpy", "scipy", "tifffile")  # what its `core` imports; the rest of its needs serves files
DEEPINV = ("einops", "h5py", "matplotlib", "natsort", "numpy", "requests", "torchmetrics", "tqdm")

# The first attempt that succeeds counts. `--no-deps` keeps torchvision out: see adapters/torchvision_stand_in.py.
ENVIRONMENTS: dict[str, tuple[Attempt, ...]] = {
    "napari-deconv": (Attempt((("--editable", "{project}"),)),),
    "napari-deconv-ducc0": (Attempt((("--editable", "{project}", "ducc0"),)),),
    "scikit-image": (Attempt((("scikit-image",),)),),
    "redlionfish": (Attempt((("RedLionfish",),)),),
    "sdeconv": (Attempt((TORCH, ("--no-deps", "sdeconv"), ("numpy", "scipy", "scikit-image"))),),
    "deepinv": (Attempt((TORCH, ("--no-deps", "deepinv"), DEEPINV)),),
    "flowdec": (Attempt((("flowdec", "tensorflow-cpu"),)),),
    "ci-deconvolve": (
        Attempt((TORCH, ("--no-deps", "ci-deconvolve"), CI), newer_python=True),
        Attempt((TORCH, ("--no-deps", "--ignore-requires-python", "ci-deconvolve"), CI)),
    ),
    "pyclesperanto": (Attempt((("pyclesperanto[opencl]",),)),),
    "plots": (Attempt((("matplotlib",),)),),
}

OURS = "napari-deconv"  # the line that the ratios refer to
BASELINE = "scikit-image"  # whose 100 iterations the end-to-end race has to reach
RL, SHB = "richardson_lucy", "scaled_heavy_ball"
DUCC0 = "napari-deconv-ducc0"

CONTENDERS: tuple[Contender, ...] = (
    Contender(OURS, "napari-deconv", RL),
    Contender("napari-deconv, heavy ball", "napari-deconv", SHB, kind="accelerated"),
    Contender("napari-deconv + ducc0", DUCC0, RL, adapter="napari-deconv"),
    Contender("napari-deconv + ducc0, heavy ball", DUCC0, SHB, kind="accelerated", adapter="napari-deconv"),
    Contender(BASELINE, "scikit-image", RL, "zeros", adapter="skimage"),
    Contender(
        "scikit-image, FFT threads",
        "scikit-image",
        "richardson_lucy_workers",
        "zeros",
        adapter="skimage",
        twin=BASELINE,
    ),
    Contender("RedLionfish", "redlionfish", RL, "wraps", axes=(3,)),
    Contender("sdeconv", "sdeconv", RL, "wraps"),
    Contender("deepinv", "deepinv", RL, slow=True),
    Contender("flowdec", "flowdec", RL, "wraps if 2^n, else reflects"),
    Contender("ci-deconvolve, heavy ball", "ci-deconvolve", SHB, kind="accelerated"),
    Contender("pyclesperanto", "pyclesperanto", RL, "zeros"),
    Contender("napari-deconv, balance 0.01", "napari-deconv", "wiener", kind="wiener"),
    Contender("napari-deconv, balance automatic", "napari-deconv", "wiener_auto", kind="wiener"),
    Contender("scikit-image, balance 0.01", "scikit-image", "wiener", "wraps", "wiener", adapter="skimage"),
    Contender(
        "scikit-image, unsupervised", "scikit-image", "unsupervised_wiener", "wraps", "wiener", adapter="skimage"
    ),
    Contender("sdeconv, beta 0.01", "sdeconv", "wiener", "wraps", "wiener"),
)
