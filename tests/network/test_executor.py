"""Networks run with NumPy alone: the same numbers as torch, and gradients that explain them exactly."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest

from napari_deconv.backend import resolve
from napari_deconv.network.executor import RULES, Executor
from napari_deconv.network.graph import parse
from network import onnx_bytes as onnx

GRAPH = parse(onnx.network())


@pytest.fixture(scope="module")
def double():
    return Executor(GRAPH, dtype="float64")


def inputs(n=2, h=10, w=12, seed=0, dtype="float64"):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2, h, w)).astype(dtype), rng.random(size=(n, 1, h, w)).astype(dtype)


def small(*nodes, tensors=None, inputs=None, dtype="float64"):
    """An executor of a few nodes from `x` to `out`."""
    body = onnx.graph(list(nodes), inputs or {"x": ("N", 1, "H", "W")}, ["out"], tensors or {})
    return Executor(parse(onnx.model(body)), dtype=dtype)


def in_torch(torch, image, sigma):
    """The network of the tests, written in torch."""
    w = {name: torch.from_numpy(array.astype(np.float64)) for name, array in onnx.weights().items()}
    f = torch.nn.functional
    down = f.conv2d(torch.cat([image, sigma], dim=1), w["door"], stride=2, padding=1)
    inner = f.conv2d(down, w["first"], padding=1)
    mixed = f.conv2d(down + f.conv2d(torch.relu(inner), w["second"], padding=1), w["mix"]) * 0.5
    return image + f.conv_transpose2d(mixed, w["door"][:, :2], stride=2, padding=1), inner


def test_numbers_of_torch(double):
    torch = pytest.importorskip("torch")
    image, sigma = inputs()
    expected, _ = in_torch(torch, *map(torch.from_numpy, (image, sigma)))
    assert np.abs(double(image, sigma) - expected.numpy()).max() < 1e-12


def test_gradients_of_torch(double):
    torch = pytest.importorskip("torch")
    image, sigma = inputs()
    leaves = [torch.from_numpy(array).requires_grad_() for array in (image, sigma)]
    seed = np.random.default_rng(1).normal(size=image.shape)
    expected = torch.autograd.grad(in_torch(torch, *leaves)[0], leaves, torch.from_numpy(seed))
    for ours, theirs in zip(double.tape(image, sigma).back(seed), expected, strict=True):
        assert np.abs(ours - theirs.numpy()).max() < 1e-10


def test_gradients_of_torch_from_an_inner_unit(double):
    torch = pytest.importorskip("torch")
    image, sigma = inputs()
    leaves = [torch.from_numpy(array).requires_grad_() for array in (image, sigma)]
    tape = double.tape(image, sigma)
    for unit in ((1, 3, 2, 4), (0, 2)):
        expected = torch.autograd.grad(in_torch(torch, *leaves)[1][unit].sum(), leaves)
        for ours, theirs in zip(tape.back(at="inner", unit=unit), expected, strict=True):
            assert np.abs(ours - theirs.numpy()).max() < 1e-10


def test_output_is_the_jacobian_times_the_inputs(double):
    image, sigma = inputs()
    tape = double.tape(image, sigma)
    for unit in ((0, 0, 0, 0), (0, 1, 5, 7), (1, 0, 9, 11), (1, 1, 3, 0)):
        of_image, of_sigma = tape.back(unit=unit)
        assert np.sum(of_image * image) + np.sum(of_sigma * sigma) == pytest.approx(tape.output[unit], abs=1e-12)


def test_gradient_is_the_derivative(double):
    image, sigma = inputs()
    step = np.random.default_rng(2).normal(size=image.shape) * 1e-6
    seed = np.random.default_rng(3).normal(size=image.shape)
    slope = np.sum(seed * (double(image + step, sigma) - double(image - step, sigma))) / 2
    assert np.sum(double.tape(image, sigma).back(seed)[0] * step) == pytest.approx(slope, rel=1e-6)


def test_tape_and_plain_run_agree_to_the_bit(double):
    image, sigma = inputs()
    assert np.array_equal(double.tape(image, sigma).output, double(image, sigma))


def test_scale_of_intensities_does_not_matter(double):
    image, sigma = inputs()
    once = double(image, sigma)
    for a in (0.1, 10, 1000):
        assert np.allclose(double(a * image, a * sigma), a * once, rtol=1e-12)


def test_single_precision_is_close_to_double(double):
    image, sigma = inputs()
    found = Executor(GRAPH)(image, sigma)
    assert found.dtype == np.float32
    assert np.allclose(found, double(image, sigma), atol=1e-5)


def test_pictures_of_a_batch_do_not_see_each_other(double):
    image, sigma = inputs(3)
    assert np.array_equal(double(image, sigma)[1:2], double(image[1:2], sigma[1:2]))
    of_image, of_sigma = double.tape(image, sigma).back(unit=(1, 0, 4, 4))
    assert not of_image[[0, 2]].any()
    assert not of_sigma[[0, 2]].any()
    assert of_image[1].any()


def test_gradient_ends_where_the_kernels_end(double):
    image, sigma = inputs(1, 40, 40)
    of_image, _ = double.tape(image, sigma).back(unit=(0, 0, 20, 20))
    rows = np.flatnonzero(of_image.any(axis=(0, 1, 3)))
    assert 20 - rows.min() <= 7  # up 1 and down 2 pixels, and 2 convolutions of 3 x 3 at half the resolution
    assert rows.max() - 20 <= 7


def test_inputs_stay_as_they_are_and_are_not_the_result(double):
    image, sigma = inputs(dtype="float64")
    before = image.copy(), sigma.copy()
    tape = double.tape(image, sigma, keep=("down", "sum"))
    values = {name: value.copy() for name, value in tape.values.items()}
    tape.back(tape.output)
    double(image, sigma)[...] = 0
    assert np.array_equal(image, before[0])
    assert np.array_equal(sigma, before[1])
    assert all(np.array_equal(tape.values[name], value) for name, value in values.items())


def test_going_back_twice_gives_the_same(double):
    tape = double.tape(*inputs())
    once, again = (tape.back(tape.output, rule="guided") for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(once, again, strict=True))


RELU = onnx.node("Relu", "x", "out")


@pytest.mark.parametrize(
    ("rule", "expected"), [("gradient", [0, 0, 5, -6]), ("deconvnet", [3, 0, 5, 0]), ("guided", [0, 0, 5, 0])]
)
def test_rules_differ_in_what_a_rectifier_lets_through(rule, expected):
    tape = small(RELU).tape(np.array([[[[-1.0, -1, 1, 1]]]]))
    (found,) = tape.back(np.array([[[[3.0, -4, 5, -6]]]]), rule=rule)
    assert found.ravel().tolist() == expected


def test_rules_agree_where_everything_is_positive():
    rng = np.random.default_rng(0)
    tensors = {name: rng.random((3, c, 3, 3)) for name, c in (("a", 1), ("b", 3))}
    tensors = {name: array.astype(np.float32) for name, array in tensors.items()}
    nodes = [
        onnx.node("Conv", "x a", "m"),
        onnx.node("Relu", "m", "r"),
        onnx.node("Conv", "r b", "s"),
        onnx.node("Relu", "s", "out"),
    ]
    tape = small(*nodes, tensors=tensors).tape(rng.random((1, 1, 9, 8)))
    found = [tape.back(unit=(0, 1, 2, 3), rule=rule)[0] for rule in RULES]
    assert all(np.array_equal(found[0], other) for other in found[1:])


def test_rules_differ_elsewhere(double):
    tape = double.tape(*inputs())
    found = [tape.back(unit=(0, 0, 4, 5), rule=rule)[0] for rule in RULES]
    assert not any(np.allclose(a, b) for a, b in itertools.pairwise(found))


def test_inner_tensors_are_kept_on_request(double):
    image, sigma = inputs()
    tape = double.tape(image, sigma, keep=("inner", "open"))
    assert set(tape.values) == {"inner", "open", "denoised"}
    assert np.array_equal(tape.values["open"], np.maximum(tape.values["inner"], 0))
    assert tape.shapes["inner"] == (2, 4, 5, 6)
    assert list(tape.shapes)[:2] == ["image", "sigma"]


@pytest.mark.parametrize("op", ["Add", "Concat"])
def test_tensor_used_twice_gets_both_gradients(op):
    attributes = {"axis": -1} if op == "Concat" else {}
    tape = small(onnx.node(op, "x x", "out", **attributes)).tape(np.ones((1, 1, 2, 3)))
    (found,) = tape.back(np.ones(tape.output.shape))
    assert np.array_equal(found, np.full((1, 1, 2, 3), 2))


def test_result_never_overwrites_what_is_still_needed():
    nodes = [
        onnx.node("Relu", "x", "a"),
        onnx.node("Relu", "a", "b"),
        onnx.node("Add", "a b", "c"),
        onnx.node("Add", "c x", "out"),
    ]
    x = np.array([[[[-1.0, 2]]]])
    assert small(*nodes)(x).tolist() == [[[[-1, 6]]]]
    assert x.tolist() == [[[[-1, 2]]]]


def test_broadcast_addition_gives_back_its_sums():
    run = small(onnx.node("Add", "x y", "out"), inputs={"x": ("N", "C", "H", "W"), "y": ("N", 1, "H", "W")})
    x, y = np.ones((1, 3, 2, 2)), np.arange(4.0).reshape(1, 1, 2, 2)
    tape = run.tape(x, y)
    assert np.array_equal(tape.output, run(x, y))
    of_x, of_y = tape.back(np.ones((1, 3, 2, 2)))
    assert np.array_equal(of_x, x)
    assert np.array_equal(of_y, np.full((1, 1, 2, 2), 3))


@pytest.mark.parametrize(
    ("starts", "ends", "steps"),
    [((1,), (5,), (2,)), ((-3,), (2**62,), (1,)), ((0,), (-1,), (1,)), ((-1,), (-(2**62),), (-1,))],
)
def test_slices_and_their_transpose(starts, ends, steps):
    corners = {"starts": starts, "ends": ends, "axes": (3,), "steps": steps}
    tensors = {name: np.array(numbers, np.int64) for name, numbers in corners.items()}
    tape = small(onnx.node("Slice", "x starts ends axes steps", "out"), tensors=tensors).tape(
        np.arange(12.0).reshape(1, 1, 2, 6)
    )
    where = slice(starts[0], ends[0] if ends[0] > -(2**60) else None, steps[0])
    assert np.array_equal(tape.output, np.arange(12.0).reshape(1, 1, 2, 6)[..., where])
    seed = np.random.default_rng(0).normal(size=tape.output.shape)
    assert np.array_equal(tape.back(seed)[0][..., where], seed)


def test_input_that_nothing_depends_on_gets_zeros():
    run = small(RELU, inputs={"x": ("N", 1, "H", "W"), "sigma": ("N", 1, "H", "W")})
    _, found = run.tape(np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2))).back(unit=(0,))
    assert np.array_equal(found, np.zeros((1, 1, 2, 2)))


def test_multiples_of_the_sides(double):
    assert double.multiple == (2, 2)
    weight = {"w": np.ones((1, 1, 4, 4), np.float32)}
    down = [onnx.node("Conv", f"{a} w", b, strides=(2, 2), pads=(1, 1, 1, 1)) for a, b in (("x", "a"), ("a", "b"))]
    up = [
        onnx.node("ConvTranspose", f"{a} w", b, strides=(2, 2), pads=(1, 1, 1, 1)) for a, b in (("b", "c"), ("c", "d"))
    ]
    run = small(*down, *up, onnx.node("Add", "x d", "out"), tensors=weight)
    assert run.multiple == (4, 4)
    assert run(np.ones((1, 1, 8, 12))).shape == (1, 1, 8, 12)
    with pytest.raises(ValueError, match=r"sides \(8, 10\) must be multiples of \(4, 4\); pad by reflection"):
        run(np.ones((1, 1, 8, 10)))


def test_memory_of_intermediates_is_given_back():
    weight = {"w": np.zeros((8, 8, 3, 3), np.float32)}
    nodes = [onnx.node("Conv", f"t{n} w", f"t{n + 1}", pads=(1, 1, 1, 1)) for n in range(12)]
    run = small(
        *nodes, onnx.node("Relu", "t12", "out"), tensors=weight, inputs={"t0": ("N", 8, "H", "W")}, dtype="float32"
    )
    x = np.ones((1, 8, 256, 256), np.float32)
    tracemalloc.start()
    run(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * x.nbytes  # input, output, padded input, a piece; 13 results in all


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (((1, 2, 4, 4),), "1 inputs were given; the network takes image, sigma"),
        (((1, 3, 4, 4), (1, 1, 4, 4)), r"image has shape \(1, 3, 4, 4\); expected \(N, 2, H, W\)"),
        (((1, 2, 4, 4), (1, 1, 4, 6)), "sigma has shape"),
        (((2, 4, 4), (1, 4, 4)), "image has shape"),
        (((1, 2, 4, 5), (1, 1, 4, 5)), "must be multiples"),
        (((1, 2, 0, 4), (1, 1, 0, 4)), "must be multiples"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(double, shapes, words):
    with pytest.raises(ValueError, match=words):
        double(*map(np.zeros, shapes))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({}, "either a gradient or a unit"),
        ({"gradient": np.zeros(2), "unit": (0,)}, "either a gradient or a unit"),
        ({"gradient": np.zeros(2)}, r"gradient has shape \(2,\) but the tensor has \(2, 2, 10, 12\)"),
        ({"unit": (0, 2)}, "lies outside"),
        ({"unit": (0, 0), "rule": "magic"}, "unknown rule 'magic'; known: gradient"),
        ({"unit": (0, 0), "at": "nowhere"}, "there is no tensor 'nowhere'; known: image, sigma"),
    ],
)
def test_ways_back_that_do_not_exist_are_refused(double, how, words):
    with pytest.raises(ValueError, match=words):
        double.tape(*inputs()).back(**how)


def test_tensors_that_do_not_exist_cannot_be_kept(double):
    with pytest.raises(ValueError, match="no step makes a tensor 'nowhere'"):
        double.tape(*inputs(), keep=("nowhere",))


def test_several_outputs_are_refused():
    body = onnx.graph([onnx.node("Relu", "x", "a"), onnx.node("Relu", "a", "b")], {"x": (1,)}, ["a", "b"], {})
    with pytest.raises(ValueError, match=r"outputs \['a', 'b'\], not one output"):
        Executor(parse(onnx.model(body)))


@pytest.mark.gpu
def test_numbers_on_a_device(double):
    device = resolve("cupy")
    image, sigma = inputs(dtype="float32")
    run = Executor(GRAPH, device.xp)
    found = run(*(device.asarray(array, "float32") for array in (image, sigma)))
    assert np.allclose(device.to_host(found), double(image, sigma), atol=1e-4)
    tape = run.tape(image, sigma)
    for ours, exact in zip(tape.back(tape.output), double.tape(image, sigma).back(double(image, sigma)), strict=True):
        assert np.allclose(device.to_host(ours), exact, atol=1e-4)
