"""The network: which functions it cannot help being, how far it sees, how many weights it has."""

from __future__ import annotations

from importlib.resources import as_file, files

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402

from dead_leaves import dead_leaves  # noqa: E402
from napari_deconv.network.export import export  # noqa: E402
from napari_deconv.network.graph import check  # noqa: E402
from napari_deconv.network.model import COLOURS, RESAMPLING, SIZES, Network  # noqa: E402

pytestmark = pytest.mark.torch
DOORS = pytest.mark.parametrize("colours", COLOURS)
OPTIONS = pytest.mark.parametrize("option", RESAMPLING)


@pytest.fixture(autouse=True)
def seeded():
    """The same weights every time; the other cores are left alone."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def awake(option="shared", size="tiny"):
    """A network of random weights everywhere, also where a new one has zeros."""
    network = Network(size, option)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=parameter[0].numel() ** -0.5)
    return network.eval()


def inputs(colours=1, sides=(24, 40)):
    """Image, noise level, and an earlier estimate."""
    image, before = torch.rand(2, 2, colours, *sides)
    return image, torch.rand(2, 1, *sides) * 0.2, before


def run(network, *arrays):
    with torch.inference_mode():
        return network(*arrays)


@OPTIONS
@DOORS
@pytest.mark.parametrize("sides", [(8, 8), (24, 40)])
def test_result_has_the_shape_of_the_image(option, colours, sides):
    (x, sigma, prior), network = inputs(colours, sides), awake(option)
    found = run(network, x, sigma, prior)
    assert found.shape == x.shape
    assert (found - x).abs().max() > 1e-3
    assert torch.equal(found, run(network, x, sigma, prior))  # the same every time
    assert torch.equal(run(network, x, sigma), run(network, x, sigma, x))


@OPTIONS
def test_new_network_returns_the_image(option):
    x, sigma, prior = inputs()
    assert torch.equal(run(Network("tiny", option).eval(), x, sigma, prior), x)


@pytest.mark.parametrize("option", [option for option in RESAMPLING if option != "whitened"])
@DOORS
@pytest.mark.parametrize("a", [0.1, 10, 1000])
def test_brightness_scales_through(option, colours, a):
    arrays, network = inputs(colours), awake(option)
    found, expected = run(network, *(a * array for array in arrays)), a * run(network, *arrays)
    assert (found - expected).abs().max() < 1e-5 * expected.abs().max()


@OPTIONS
@DOORS
def test_light_added_is_light_added(option, colours):
    x, sigma, prior = (array[:1].double() for array in inputs(colours, (176, 176)))
    network, c = awake(option).double(), 1e3
    before = run(network, x, sigma, prior)
    for lighter, darker in (((x + c, sigma, prior + c), c), ((x, sigma, prior - c), 0)):
        excess = run(network, *lighter) - before - darker
        assert excess[..., 80:96, 80:96].abs().max() < 1e-9
        assert excess.abs().max() > 0.1  # zeros around: callers surround the picture


def test_whitened_patches_break_the_scale():
    arrays, network = inputs(), awake("whitened")
    network.train()(*arrays)
    found, expected = run(network.eval(), *(10 * array for array in arrays)), 10 * run(network, *arrays)
    assert (found - expected).abs().max() > 0.01 * (expected - 10 * arrays[0]).abs().max()


@pytest.mark.parametrize("size", SIZES)
def test_there_are_no_biases(size):
    network = Network(size)
    assert {parameter.ndim for parameter in network.parameters()} == {4}
    assert not list(network.buffers())


@pytest.mark.parametrize("size", SIZES)
def test_each_resampling_has_one_tensor_for_down_up_and_colours(size):
    names = [name for name, parameter in Network(size).named_parameters() if parameter.shape[-1] == 4]
    levels = len(SIZES[size][0]) - 1
    assert names == [*(f"doors.{n}.free" for n in COLOURS), *(f"trunk.resample.{n}.free" for n in range(levels))]


@DOORS
def test_every_tensor_is_used_but_the_other_door(colours):
    network = awake().train()
    network(*inputs(colours)).square().sum().backward()
    unused = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    assert unused == [f"doors.{n}.free" for n in COLOURS if n != colours]


def test_options_change_the_number_of_weights_and_nothing_else_of_the_doors():
    counts = {option: sum(p.numel() for p in Network("tiny", option).parameters()) for option in RESAMPLING}
    assert counts["shared"] == counts["uneven"] == counts["whitened"]
    assert counts["unpooling"] < counts["shared"] < counts["bilinear"] < counts["untied"]
    assert all(list(Network("tiny", option).doors) == ["1", "3"] for option in RESAMPLING)


@pytest.mark.parametrize(("size", "radius"), [("tiny", 61), ("small", 77), ("base", 149)])
def test_receptive_field(monkeypatch, size, radius):
    monkeypatch.setitem(SIZES, size, ((3, 3, 3), SIZES[size][1]))  # how far it sees is a matter of the blocks only
    monkeypatch.setattr(F, "relu", lambda x: x)  # and all rectifiers may be open
    arrays = [array[:1].double().requires_grad_() for array in inputs(1, (320, 320))]
    out, reaches = awake(size=size).double()(*arrays), []
    for place in range(160, 168):  # its place on the coarsest grid decides how far a pixel sees to either side
        gradients = torch.autograd.grad(out[0, 0, place, place], arrays, retain_graph=True)
        reaches.append([int((gradient[0, 0].nonzero() - place).abs().max()) for gradient in gradients])
    assert [max(reach) for reach in zip(*reaches, strict=True)] == [radius] * 3


def test_trained_network_hardly_looks_beyond_32_pixels():
    pytest.importorskip("safetensors")
    from napari_deconv.network.course import weights_of

    with as_file(files("napari_deconv.network.weights") / "small-grey.onnx") as path:
        weights = weights_of(check(path))
    network = Network("small").eval()
    assert network.load_state_dict(weights, strict=False).missing_keys == ["doors.3.free"]
    scene = torch.from_numpy(dead_leaves(160, 0)).float()[None, None]
    x, prior = (scene + noise * torch.randn_like(scene) for noise in (0.06, 0.02))
    arrays = [x.requires_grad_(), prior.requires_grad_()]
    gradients = torch.autograd.grad(network(x, torch.full_like(x, 0.06), prior)[0, 0, 80, 80], arrays)
    power = sum(gradient[0, 0].square() for gradient in gradients)
    assert power[48:113, 48:113].sum() > 0.999 * power.sum()
    assert power[80, 80] < 0.5 * power.sum()  # it looks around, though


def test_exported_are_networks_without_options_only(tmp_path):
    pytest.importorskip("onnx")
    for option in RESAMPLING:
        if option != "shared":
            with pytest.raises(ValueError, match=f"option '{option}' is for comparisons only"):
                export(Network("tiny", option), tmp_path / "network.onnx", 1)
    export(Network("tiny", "shared"), tmp_path / "network.onnx", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["network.onnx"]


def test_unknown_option_is_named():
    with pytest.raises(ValueError, match="unknown option 'tied'; known: shared, uneven"):
        Network("tiny", "tied")
