"""The network as an ONNX file: the same numbers from every engine, every weight once."""

from __future__ import annotations

import copy
import hashlib

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from napari_deconv.network import layers  # noqa: E402
from napari_deconv.network.executor import RULES, Executor  # noqa: E402
from napari_deconv.network.export import export  # noqa: E402
from napari_deconv.network.graph import OPERATORS, check  # noqa: E402
from napari_deconv.network.model import Network  # noqa: E402

DOORS = pytest.mark.parametrize("colours", [1, 3])


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Leave the other cores alone."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def network():
    """Random weights everywhere, also where a new network has zeros."""
    torch.manual_seed(0)
    made = Network("tiny")
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(std=parameter[0].numel() ** -0.5)
    return made.eval()


@pytest.fixture(scope="module")
def files(network, tmp_path_factory):
    """The files of both doors."""
    folder = tmp_path_factory.mktemp("networks")
    for colours in (1, 3):
        export(network, folder / f"{colours}.onnx", colours, facts={"name": "test", "licence": "BSD-3-Clause"})
    return folder


@pytest.fixture
def rounded(network, monkeypatch):
    """The network that a file in half precision holds: rounded after all that is done to its kernels."""
    copied = copy.deepcopy(network)
    doors = list(copied.doors.values())
    with torch.no_grad():
        for module in copied.modules():
            if isinstance(module, layers.SharedConv):
                module.free.copy_(module.weight if module in doors else module.weight.half())
            elif isinstance(module, torch.nn.Conv2d):
                module.weight.copy_(module.weight.half())
    monkeypatch.setattr(layers.SharedConv, "weight", property(lambda self: self.free))
    return copied


def inputs(colours, n=2, h=24, w=40, seed=0):
    rng = np.random.default_rng(seed)
    image, prior = rng.random((2, n, colours, h, w), np.float32)
    return image, prior, rng.random((n, 1, h, w), np.float32) * np.float32(0.2)


def in_torch(network, image, prior, sigma):
    return network(image, sigma, prior)


@DOORS
@pytest.mark.parametrize("sides", [(24, 40), (8, 16)])
def test_torch_and_executor_agree(files, rounded, colours, sides):
    given = inputs(colours, 2, *sides)
    image = given[0]
    with torch.inference_mode():
        expected = in_torch(rounded, *map(torch.from_numpy, given)).numpy()
    found = Executor(check(files / f"{colours}.onnx"))(*given)
    assert np.abs(expected - image).max() > 0.1  # the network does something
    assert np.abs(found - expected).max() < 1e-5


@DOORS
def test_onnxruntime_and_executor_agree(files, colours):
    runtime = pytest.importorskip("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    path = files / f"{colours}.onnx"
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    run = Executor(check(path))
    for sides in ((24, 40), (32, 8)):
        given = inputs(colours, 2, *sides)
        (expected,) = session.run(["denoised"], dict(zip(("image", "prior", "sigma"), given, strict=True)))
        assert np.abs(run(*given) - expected).max() < 1e-5


@DOORS
def test_gradients_are_those_of_torch(files, rounded, colours):
    given = inputs(colours)
    leaves = [torch.from_numpy(array).double().requires_grad_() for array in given]
    expected = torch.autograd.grad(in_torch(rounded.double(), *leaves)[1, 0, 11, 30], leaves)
    tape = Executor(check(files / f"{colours}.onnx"), dtype="float64").tape(*given)
    found = tape.back(unit=(1, 0, 11, 30))
    for ours, theirs in zip(found, expected, strict=True):
        assert np.abs(ours - theirs.numpy()).max() < 1e-10
    value = sum(np.sum(g * x) for g, x in zip(found, given, strict=True))
    assert value == pytest.approx(tape.output[1, 0, 11, 30], abs=1e-12)
    assert all(tape.back(unit=(0, 0), rule=rule)[0].shape == given[0].shape for rule in RULES)


def test_every_shared_kernel_is_stored_once(files, network):
    graph = check(files / "3.onnx")
    kernels = [name for name in graph.initializers if name.startswith("resample.")]
    shared = [module for module in network.modules() if isinstance(module, layers.SharedConv)]
    assert len(kernels) == len(shared) - 1 == 3  # one of the two doors is in each file
    others = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    halves = [name for name, array in graph.initializers.items() if array.dtype == np.float16]
    assert len(halves) == len(kernels) - 1 + len(others)
    assert [name for name, array in graph.initializers.items() if array.dtype == np.float32] == ["resample.0.weight"]
    users = {node.name: node.inputs[1] for node in graph.nodes if node.name.startswith(("down.", "up."))}
    assert {users["down.1"], users["up.1"]} == {"resample.1.weight"}
    assert {users["down.2"], users["up.2"]} == {"resample.2.weight"}
    sliced = next(node for node in graph.nodes if node.outputs == (users["up.0"],))
    assert (sliced.op, sliced.inputs[0]) == ("Slice", users["down.0"])


@DOORS
def test_doors_are_not_rounded(files, network, colours):
    """Their sums over the kernel are zero, so that no mean gets in; half precision would spoil that."""
    stored = check(files / f"{colours}.onnx").initializers["resample.0.weight"]
    assert np.array_equal(stored, network.doors[str(colours)].weight.detach().numpy())


def test_stored_phases_are_equal(network, tmp_path):
    export(network, tmp_path / "n.onnx", 1, dtype="float32")
    for level in range(3):
        kernel = check(tmp_path / "n.onnx").initializers[f"resample.{level}.weight"]
        sums = [kernel[..., i::2, j::2].sum(axis=(-2, -1)) for i in (0, 1) for j in (0, 1)]
        assert np.allclose(sums, sums[0], atol=1e-6)


def test_names_are_for_people_and_operators_are_the_known_ones(files):
    graph = check(files / "1.onnx")
    names = {node.name for node in graph.nodes}
    assert {"down.0", "up.0", "encode.0.0.first", "decode.1.0.second", "mix.2", "join.0", "denoised"} <= names
    assert len(names) == len(graph.nodes)
    assert {node.op for node in graph.nodes} <= set(OPERATORS)
    assert graph.inputs == dict.fromkeys(("image", "prior", "sigma"), ("N", 1, "H", "W"))
    assert graph.outputs == ("denoised",)
    assert graph.metadata == {"name": "test", "licence": "BSD-3-Clause"}
    assert Executor(graph).multiple == (8, 8)


def test_half_precision_halves_the_file(network, files, tmp_path):
    found = export(network, tmp_path / "single.onnx", 3, dtype="float32")
    data = (tmp_path / "single.onnx").read_bytes()
    assert found == hashlib.sha256(data).hexdigest() == check(tmp_path / "single.onnx", found).sha256
    assert (files / "3.onnx").stat().st_size < 0.6 * len(data)
    given = inputs(3)
    with torch.inference_mode():
        expected = in_torch(network, *map(torch.from_numpy, given)).numpy()
    assert np.abs(Executor(check(tmp_path / "single.onnx"))(*given) - expected).max() < 1e-5


def test_the_same_network_gives_the_same_file(network, files, tmp_path):
    export(network, tmp_path / "again.onnx", 1, facts={"name": "test", "licence": "BSD-3-Clause"})
    assert (tmp_path / "again.onnx").read_bytes() == (files / "1.onnx").read_bytes()


def test_doors_that_do_not_exist_are_refused(network, tmp_path):
    with pytest.raises(ValueError, match="no door for 2 colours; it has 1, 3"):
        export(network, tmp_path / "n.onnx", 2)


def test_files_are_not_overwritten_unasked(network, tmp_path):
    export(network, tmp_path / "n.onnx", 1)
    with pytest.raises(FileExistsError):
        export(network, tmp_path / "n.onnx", 1)
    export(network, tmp_path / "n.onnx", 1, overwrite=True)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    broken = Network("tiny")
    with torch.no_grad():
        broken.trunk.mix[0].weight.fill_(1e5)  # too large for half precision
    with pytest.raises(ValueError, match=r"tensor 'mix.0.weight.half' holds NaN or infinity"):
        export(broken, tmp_path / "n.onnx", 1)
    assert not list(tmp_path.iterdir())
