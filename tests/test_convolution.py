"""Convolution and its transpose: known answers, the other libraries' conventions, the adjoint, refusals."""

from __future__ import annotations

import doctest
import importlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends import EVERY_BACKEND, home, on
from napari_deconv.convolution import (
    StridedConvolution,
    convolution,
    convolution_shape,
    gather,
    max_pool,
    max_unpool,
    transposed_convolution,
    transposed_convolution_shape,
    weight_from_tensorflow,
)
from napari_deconv.operators import dot_error

SQUARE = np.arange(1.0, 10).reshape(1, 1, 3, 3)
THREE, ONES = np.array([[[1.0, 2, 3]]]), np.ones((1, 3))


def ones(*shape):
    return np.ones(shape)


def line(**how):
    """The transposed convolution of (1, 1, 1) with (1, 2, 3) at stride 2."""
    return transposed_convolution(ONES, THREE, stride=2, **how)[0].tolist()


def matrix(**how):
    """C as a matrix, 4 x 4 pixels to 2 x 2."""
    C = StridedConvolution(SQUARE, (1, 4, 4), **how)
    return np.stack([C.forward(unit.reshape(1, 4, 4)).ravel() for unit in np.eye(16)], axis=1)


@st.composite
def cases(draw):
    """A convolution that is possible: shape of its input, weight, and how."""
    ndim, groups = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    numbers = [draw(st.tuples(*[st.integers(1, most)] * ndim)) for most in (4, 3, 2)]
    kernel, stride, dilation = numbers
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    sides = [draw(st.integers(span, span + 6)) for span in spans]
    pair = st.tuples(st.integers(0, 2), st.integers(0, 2))
    padding = draw(st.one_of(st.sampled_from(["same", "valid", "full", 0, 1]), st.tuples(*[pair] * ndim)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    channels = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    weight = rng.normal(size=(channels[0] * groups, channels[1], *kernel))
    batch = (2,) if draw(st.booleans()) else ()
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return (*batch, channels[1] * groups, *sides), weight, how, rng


@given(cases())
@settings(max_examples=200)
def test_adjoint_is_the_transpose_in_double_precision(case):
    shape, weight, how, rng = case
    C = StridedConvolution(weight, shape, **how)
    assert dot_error(C, rng.normal(size=C.in_shape), rng.normal(size=C.out_shape)) < 1e-12


@EVERY_BACKEND
@pytest.mark.parametrize(("sides", "kernel"), [((15,), (4,)), ((9, 12), (3, 4)), ((6, 7, 9), (3, 2, 4))])
@pytest.mark.parametrize("padding", [1, "same"])
def test_adjoint_on_every_backend(backend, sides, kernel, padding):
    rng = np.random.default_rng(0)
    weight = on(backend, rng.normal(size=(6, 2, *kernel)))
    C = StridedConvolution(weight, (3, 4, *sides), stride=2, padding=padding, groups=2)
    x, z = (on(backend, rng.normal(size=shape)) for shape in (C.in_shape, C.out_shape))
    assert dot_error(C, x, z) < 1e-5


@EVERY_BACKEND
def test_every_backend_agrees(backend):
    rng = np.random.default_rng(0)
    x, z, weight = rng.normal(size=(4, 9, 12)), rng.normal(size=(6, 4, 6)), rng.normal(size=(6, 4, 4, 4))
    here = [on(backend, array) for array in (x, z, weight)]
    for function, one, other in ((convolution, x, here[0]), (transposed_convolution, z, here[1])):
        expected = function(one, weight, stride=2, padding=1)
        found = home(backend, function(other, here[2], stride=2, padding=1))
        assert found.dtype == np.float32
        assert np.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("piece", [8, 200, 10_000])
def test_blocks_of_any_size_give_the_same(monkeypatch, piece):
    rng = np.random.default_rng(0)
    x, z, weight = rng.normal(size=(4, 13, 16)), rng.normal(size=(6, 6, 8)), rng.normal(size=(6, 2, 4, 3))
    how = {"stride": 2, "padding": 1, "groups": 2}
    expected = convolution(x, weight, **how), transposed_convolution(z, weight, **how)
    monkeypatch.setattr(gather, "PIECE", piece)
    found = convolution(x, weight, **how), transposed_convolution(z, weight, **how)
    assert all(np.allclose(a, b, rtol=1e-12, atol=1e-12) for a, b in zip(found, expected, strict=True))


def test_blocks_tile_a_shape_once():
    seen = np.zeros((7, 10, 33), int)
    for part in gather.pieces(seen.shape, 50):
        seen[part] += 1
        assert seen[part].size <= 50
    assert (seen == 1).all()


# Known answers: the two examples of "deconvolution in TensorFlow" and the sentences of other articles.


def test_full_convolution_of_2_x_2_has_4_x_4():
    assert convolution_shape((2, 2), (3, 3), padding="full") == (4, 4)
    assert transposed_convolution_shape((2, 2), (3, 3)) == (4, 4)
    expected = [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]
    assert convolution(ones(1, 2, 2), ones(1, 1, 3, 3), padding="full")[0].tolist() == expected
    assert transposed_convolution(ones(1, 2, 2), ones(1, 1, 3, 3))[0].tolist() == expected


def test_fractional_stride_makes_the_checkerboard():
    assert transposed_convolution_shape((3, 3), (3, 3), stride=2, padding=1) == (5, 5)
    found = transposed_convolution(ones(1, 3, 3), ones(1, 1, 3, 3), stride=2, padding=1)[0]
    assert found.tolist() == [[1, 2, 1, 2, 1], [2, 4, 2, 4, 2]] * 2 + [[1, 2, 1, 2, 1]]


def test_convolution_as_a_matrix():
    C = matrix()
    assert C.shape == (4, 16)
    assert C[0].tolist() == [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0]


def test_transposed_convolution_is_the_transposed_matrix():
    z = np.array([[[1.0, 2], [3, 4]]])
    found = transposed_convolution(z, SQUARE)[0]
    assert found.tolist() == [[1, 4, 7, 6], [7, 23, 33, 24], [19, 53, 63, 42], [21, 52, 59, 36]]
    assert np.array_equal(found.ravel(), matrix().T @ z.ravel())


def test_only_the_size_comes_back():
    C = matrix()
    assert np.linalg.matrix_rank(C.T @ C) == 4
    z = np.arange(4.0)
    assert not np.allclose(C @ C.T @ z, z)


def test_gradient_of_the_transpose_is_the_convolution():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    weight, seed = rng.normal(size=(3, 2, 4, 4)), rng.normal(size=(1, 2, 12, 16))
    z = torch.zeros(1, 3, 6, 8, dtype=torch.float64, requires_grad=True)
    up = torch.nn.functional.conv_transpose2d(z, torch.from_numpy(weight), stride=2, padding=1)
    (gradient,) = torch.autograd.grad(up, z, torch.from_numpy(seed))
    assert np.allclose(convolution(seed, weight, stride=2, padding=1), gradient.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("padding", "sizes"), [("same", (5, 6)), ("valid", (7, 8))])
def test_a_size_comes_from_several_with_a_stride(padding, sizes):
    found = [n for n in range(3, 12) if convolution_shape((n,), (3,), stride=2, padding=padding) == (3,)]
    assert tuple(found) == sizes
    for n in sizes:
        how = {"stride": 2, "padding": padding, "output_shape": (n,)}
        assert transposed_convolution_shape((3,), (3,), **how) == (n,)
        assert transposed_convolution(ONES, THREE, **how).shape == (1, n)


@pytest.mark.parametrize(
    ("padding", "size", "expected"),
    [
        ("same", 6, [1, 2, 4, 2, 4, 2]),
        ("same", 5, [2, 4, 2, 4, 2]),
        ("valid", 7, [1, 2, 4, 2, 4, 2, 3]),
        ("valid", 8, [1, 2, 4, 2, 4, 2, 3, 0]),
    ],
)
def test_values_of_tensorflow(padding, size, expected):
    assert line(padding=padding, output_shape=(size,)) == expected


@pytest.mark.parametrize(("extra", "expected"), [(0, [2, 4, 2, 4, 2]), (1, [2, 4, 2, 4, 2, 3])])
def test_values_of_torch(extra, expected):
    assert line(padding=1, output_padding=extra) == expected


def test_same_size_of_torch_and_tensorflow_is_another_alignment():
    torch, tensorflow = line(padding=1, output_padding=1), line(padding="same", output_shape=(6,))
    assert len(torch) == len(tensorflow)
    assert torch != tensorflow
    assert line(padding=((0, 1),), output_padding=0) == tensorflow  # which pads none before and one behind


def test_same_without_a_size_multiplies_by_the_stride():
    assert line(padding="same") == line(padding="same", output_shape=(6,))
    assert convolution_shape((5, 6, 7), (3, 3, 3), stride=(1, 2, 3), padding="same") == (5, 3, 3)


def test_weight_of_tensorflow_has_its_channels_behind_the_kernel():
    rng = np.random.default_rng(0)
    filter = rng.normal(size=(2, 3, 7, 5))  # [height, width, output_channels, in_channels]: 5 channels to 7
    weight = weight_from_tensorflow(filter)
    assert weight.shape == (5, 7, 2, 3)
    z = rng.normal(size=(5, 4, 6))
    expected = np.zeros((7, 5, 8))
    for i, j in itertools.product(range(4), range(6)):
        expected[:, i : i + 2, j : j + 3] += np.einsum("hwoi,i->ohw", filter, z[:, i, j])
    assert np.allclose(transposed_convolution(z, weight), expected)


def definition_of_same(z, w, n, s, d):
    """The transpose of TensorFlow's SAME convolution by its definition, tap by tap."""
    m, k = -(-n // s), len(w)
    before = max((m - 1) * s + d * (k - 1) + 1 - n, 0) // 2
    x = np.zeros(n)
    for i, t in itertools.product(range(m), range(k)):
        j = i * s + t * d - before
        if 0 <= j < n:
            x[j] += w[t] * z[i]
    return x


@pytest.mark.parametrize(("k", "s", "d"), list(itertools.product(range(1, 6), range(1, 4), (1, 2))))
def test_same_is_the_transpose_of_tensorflow(k, s, d):
    rng = np.random.default_rng(0)
    for n in range(1, 14):
        z, w = rng.normal(size=-(-n // s)), rng.normal(size=k)
        how = {"stride": s, "dilation": d, "padding": "same", "output_shape": (n,)}
        found = transposed_convolution(z[None], w[None, None], **how)[0]
        assert np.allclose(found, definition_of_same(z, w, n, s, d), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2])
def test_numbers_of_torch(ndim, groups):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(ndim + 10 * groups)
    forward, back = (getattr(torch.nn.functional, f"conv{way}{ndim}d") for way in ("", "_transpose"))
    for _ in range(40):
        kernel, stride, dilation, padding = (rng.integers(low, high, ndim).tolist() for low, high in RANGES)
        extra = [int(rng.integers(0, max(pair))) for pair in zip(stride, dilation, strict=True)]
        weight = rng.normal(size=(groups * 3, 2, *kernel))
        x = rng.normal(size=(2, groups * 2, *rng.integers(7, 11, ndim)))
        z = rng.normal(size=(2, groups * 3, *rng.integers(5, 8, ndim)))
        how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        pairs = [
            (convolution(x, weight, **how), forward(*map(torch.from_numpy, (x, weight)), **how)),
            (
                transposed_convolution(z, weight, output_padding=extra, **how),
                back(*map(torch.from_numpy, (z, weight)), output_padding=extra, **how),
            ),
        ]
        for ours, theirs in pairs:
            assert np.allclose(ours, theirs.numpy(), rtol=1e-12, atol=1e-12)


RANGES = ((1, 5), (1, 4), (1, 3), (0, 3))  # kernel, stride, dilation, padding


# What a generator of pictures stands on, and why its kernels leave a pattern.


@pytest.mark.parametrize(("kernel", "padding"), [(5, "same"), (4, 1)])
def test_ladder_of_sizes(kernel, padding):
    sides, ladder = (4, 4), []
    while sides[0] < 64:
        sides = transposed_convolution_shape(sides, (kernel,) * 2, stride=2, padding=padding)
        ladder.append(sides[0])
    assert ladder == [8, 16, 32, 64]


def overlaps(kernel):
    """How many inputs reach the outputs of an inner cell of 2 x 2, largest first."""
    found = transposed_convolution(ones(1, 9, 9), ones(1, 1, kernel, kernel), stride=2)[0]
    assert np.array_equal(found[6:8, 6:8], found[8:10, 8:10])
    return sorted(found[6:8, 6:8].ravel().tolist(), reverse=True)


def test_overlaps_of_five_taps_are_uneven():
    along = transposed_convolution(ones(1, 9), ones(1, 1, 5), stride=2)[0]
    assert along[6:8].tolist() == [3, 2]
    assert overlaps(5) == [9, 6, 6, 4]


def test_overlaps_of_four_taps_are_even_yet_their_sums_are_free():
    assert overlaps(4) == [4, 4, 4, 4]
    uneven = np.arange(16.0).reshape(1, 1, 4, 4)
    found = transposed_convolution(ones(1, 9, 9), uneven, stride=2)[0, 6:8, 6:8]
    assert len(set(found.ravel().tolist())) == 4


# Pooling


POOLED = pytest.mark.parametrize(("shape", "size"), [((3, 8, 6), (2, 3)), ((2, 3, 4, 8, 6), (2, 4, 2)), ((9,), (3,))])


@POOLED
@EVERY_BACKEND
def test_pooling_again_gives_the_same_where_nothing_is_negative(backend, shape, size):
    x = np.random.default_rng(0).random(shape) + 0.01
    values, switches = max_pool(on(backend, x), size)
    back = max_unpool(values, switches, size)
    again = max_pool(back, size)
    assert back.shape == shape
    for one, other in zip(again, (values, switches), strict=True):
        assert np.array_equal(home(backend, one), home(backend, other))
    assert np.count_nonzero(home(backend, back)) * np.prod(size) == x.size


@POOLED
def test_pooled_values_are_the_largest(shape, size):
    x = np.random.default_rng(0).normal(size=shape)
    values, switches = max_pool(x, size)
    back = max_unpool(values, switches, size)
    assert ((back == x) | (back == 0)).all()
    lead = len(shape) - len(size)
    blocks = [n for side, b in zip(shape[lead:], size, strict=True) for n in (side // b, b)]
    inner = tuple(lead + 1 + 2 * axis for axis in range(len(size)))
    assert np.array_equal(values, x.reshape(*shape[:lead], *blocks).max(axis=inner))


def test_pooling_again_fails_where_values_are_negative():
    values, switches = max_pool(np.full((1, 2, 2), -1.0), (2, 2))
    assert values.tolist() == [[[-1]]]
    assert max_pool(max_unpool(values, switches, (2, 2)), (2, 2))[0].tolist() == [[[0]]]


def test_the_first_of_equal_values_is_taken():
    values, switches = max_pool(np.array([[5, 1, 7, 7], [5, 5, 7, 7]]), (2, 2))
    assert values.tolist() == [[5, 7]]
    assert switches.tolist() == [[0, 0]]


def test_pooling_leaves_its_argument():
    x = np.random.default_rng(0).normal(size=(2, 4))
    before = x.copy()
    values, _ = max_pool(x, (1, 1))
    values[...] = 0
    max_pool(x, (2, 2))
    assert np.array_equal(x, before)


@pytest.mark.parametrize(
    ("size", "words"),
    [(2, "one number for each axis"), ((3, 2), "do not divide"), ((2, 0), "1 or more"), ((1, 1, 1), "do not divide")],
)
def test_pooling_refuses(size, words):
    with pytest.raises(ValueError, match=words):
        max_pool(np.zeros((4, 4)), size)


@pytest.mark.parametrize(
    ("switches", "words"),
    [(np.zeros((2, 3), int), "do not match"), (np.full((2, 2), 4), "0 to 3"), (-ones(2, 2), "0 to")],
)
def test_unpooling_refuses(switches, words):
    with pytest.raises(ValueError, match=words):
        max_unpool(np.zeros((2, 2)), switches, (2, 2))


# Manners


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.bool_, np.float16, np.float32])
def test_real_numbers_come_out_in_single_precision(dtype):
    x, weight = np.full((1, 9), 100).astype(dtype), np.full((1, 1, 5), 100).astype(dtype)
    found = convolution(x, weight)
    assert found.dtype == np.float32
    assert np.array_equal(found, np.full((1, 5), 5 * float(x[0, 0]) ** 2))  # what int8 and uint8 cannot hold
    assert transposed_convolution(x, weight).dtype == np.float32


def test_double_precision_stays():
    assert convolution(np.ones((1, 3), np.float32), np.ones((1, 1, 3))).dtype == np.float64


def test_a_batch_is_its_pictures():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(3, 2, 7, 8)), rng.normal(size=(4, 2, 3, 3))
    assert np.array_equal(convolution(x, weight), np.stack([convolution(one, weight) for one in x]))


def test_arguments_stay_as_they_are_and_need_not_be_contiguous():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(8, 9, 2)).T, rng.normal(size=(4, 4, 2, 3)).T
    before = x.copy(), weight.copy()
    once = convolution(x, weight)
    transposed_convolution(once, weight)
    assert np.array_equal(once, convolution(x.copy(), weight.copy()))
    assert np.array_equal(x, before[0])
    assert np.array_equal(weight, before[1])


def test_lists_are_arrays():
    assert convolution([[1, 2, 3]], [[[1, 1]]]).tolist() == [[3, 5]]
    assert StridedConvolution([[[1, 1]]], (1, 3)).adjoint([[1, 1]]).tolist() == [[1, 2, 1]]


REFUSED = {
    "kernel larger than the image": (
        convolution,
        (1, 4),
        (1, 1, 5),
        {},
        "spans 5 samples along axis 0 but the image has",
    ),
    "dilated kernel": (convolution, (1, 4), (1, 1, 3), {"dilation": 3}, "spans 7"),
    "channels": (convolution, (3, 8), (4, 2, 3), {}, "has 3 channels but weight .* takes 2"),
    "channels of the transpose": (
        transposed_convolution,
        (2, 8),
        (4, 2, 3),
        {},
        "has 2 channels but weight .* takes 4",
    ),
    "groups": (convolution, (4, 8), (3, 2, 3), {"groups": 2}, "makes 3 channels, which 2 groups do not divide"),
    "no groups": (convolution, (4, 8), (3, 2, 3), {"groups": 0}, "groups must be 1 or more"),
    "axes": (convolution, (8,), (1, 1, 3), {}, r"has 1 axes; with a weight \(1, 1, 3\) it takes 2"),
    "axes of the weight": (convolution, (1, 8), (3, 3), {}, "has 2 axes; it takes 3 to 5"),
    "empty": (convolution, (1, 0), (1, 1, 1), {}, "is empty"),
    "stride": (convolution, (1, 8), (1, 1, 3), {"stride": 0}, "stride must be 1 or more, not 0"),
    "half a stride": (convolution, (1, 8), (1, 1, 3), {"stride": 0.5}, "whole number"),
    "yes": (convolution, (1, 8), (1, 1, 3), {"dilation": True}, "whole number"),
    "strides": (convolution, (1, 8), (1, 1, 3), {"stride": (1, 2)}, "has 2 numbers for 1 axes"),
    "negative padding": (convolution, (1, 8), (1, 1, 3), {"padding": -1}, "padding must be 0 or more"),
    "words": (convolution, (1, 8), (1, 1, 3), {"padding": "Same"}, "unknown padding 'Same'; known: same, valid, full"),
    "paddings": (convolution, (1, 8), (1, 1, 3), {"padding": (1, 1)}, "for 2 axes but the kernel has 1"),
    "triple": (convolution, (1, 8), (1, 1, 3), {"padding": ((1, 1, 1),)}, "has 3 numbers for 2"),
    "output padding": (
        transposed_convolution,
        (1, 8),
        (1, 1, 3),
        {"output_padding": 1},
        "less than stride or dilation, 1",
    ),
    "output padding of same": (
        transposed_convolution,
        (1, 8),
        (1, 1, 3),
        {"stride": 2, "output_padding": 1, "padding": "same"},
        "give output_shape",
    ),
    "both": (
        transposed_convolution,
        (1, 3),
        (1, 1, 3),
        {"stride": 2, "output_padding": 1, "output_shape": (8,)},
        "both output_padding",
    ),
    "no such size": (
        transposed_convolution,
        (1, 3),
        (1, 1, 3),
        {"stride": 2, "output_shape": (9,), "padding": "same"},
        "no convolution makes 3 of 9; admissible: 5, 6",
    ),
    "all padding": (transposed_convolution, (1, 2), (1, 1, 3), {"padding": "full"}, "leaves nothing of 2"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_say_what_came_and_what_would_do(case):
    function, shape, weight, how, words = REFUSED[case]
    with pytest.raises(ValueError, match=words):
        function(np.zeros(shape), np.zeros(weight), **how)


def test_complex_numbers_are_refused():
    with pytest.raises(ValueError, match="x holds complex128; real numbers"):
        convolution(np.zeros((1, 8), complex), THREE)


def test_arrays_of_two_libraries_are_refused():
    strict = pytest.importorskip("array_api_strict")
    with pytest.raises(TypeError, match="bring both to one device"):
        convolution(strict.zeros((1, 8)), THREE)


def test_shapes_refuse_too():
    with pytest.raises(ValueError, match="one to three"):
        convolution_shape((3,) * 4, (3,) * 4)
    with pytest.raises(ValueError, match="3 to 5"):
        weight_from_tensorflow(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="has 3 channels"):
        StridedConvolution(THREE, (3, 8))


@pytest.mark.parametrize("module", ["arithmetic", "pair", "pooling"])
def test_examples_run(module):
    assert doctest.testmod(importlib.import_module(f"napari_deconv.convolution.{module}")).failed == 0
