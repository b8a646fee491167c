"""Layers of the network: an exact adjoint, no checkerboard whatever is learned, interpolation with known values."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402

from napari_deconv.network.layers import Residual, SharedConv, Upsample, blinded, equal_phases  # noqa: E402

pytestmark = pytest.mark.torch
PAIRS = pytest.mark.parametrize(("fine", "coarse", "blind"), [(3, 16, 2), (7, 16, 6), (16, 24, 0), (48, 64, 0)])
SCALES = pytest.mark.parametrize("scale", [2, 3, 4, 5])


@pytest.fixture(autouse=True)
def seeded():
    """The same weights every time; the other cores are left alone."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def phases(weight, step=2):
    """Sums of the taps of each phase, (..., step, step)."""
    grid = [[weight[..., i::step, j::step].sum(dim=(-2, -1)) for j in range(step)] for i in range(step)]
    return torch.stack([torch.stack(row, -1) for row in grid], -2)


def trained_at_random(layer, loss, steps=100):
    """The layer after steps of an optimiser in directions that mean nothing."""
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.03)
    for _ in range(steps):
        optimiser.zero_grad()
        loss(layer).backward()
        optimiser.step()
    return layer


def nonsense(pair):
    x, z = torch.randn(1, pair.free.shape[1], 8, 8), torch.randn(1, pair.free.shape[0], 4, 4)
    return pair.down(x).sin().sum() + pair.up(z).cos().sum()


@PAIRS
@pytest.mark.parametrize("sides", [(2, 2), (8, 14), (26, 6)])
def test_up_is_the_adjoint_of_down(fine, coarse, blind, sides):
    pair = SharedConv(fine, coarse, blind).double()
    x = torch.randn(2, fine, *sides, dtype=torch.float64)
    z = torch.randn(2, coarse, *(n // 2 for n in sides), dtype=torch.float64)
    with torch.no_grad():
        difference = (pair.down(x) * z).sum() - (x * pair.up(z)).sum()
    assert abs(difference) < 1e-10


@PAIRS
def test_phases_have_equal_sums_whatever_is_learned(fine, coarse, blind):
    pair = SharedConv(fine, coarse, blind)
    before = pair.free.detach().clone()
    sums = phases(trained_at_random(pair, nonsense).weight.detach())
    assert (pair.free - before).abs().max() > 0.1  # something was learned
    assert phases(pair.free.detach()).std(dim=(-2, -1)).max() > 0.1  # and would have made a checkerboard
    assert (sums - sums.mean(dim=(-2, -1), keepdim=True)).abs().max() < 1e-6
    assert blind == 0 or sums[:, :blind].abs().max() < 1e-6
    assert sums[:, blind:].abs().max() > 0.1


def test_equal_phases_is_a_projection():
    free = torch.randn(5, 3, 4, 4, dtype=torch.float64)
    projected, other = equal_phases(free), equal_phases(torch.randn_like(free))
    assert torch.allclose(equal_phases(projected), projected, atol=1e-15)
    assert float(((free - projected) * other).sum()) == pytest.approx(0, abs=1e-12)  # nothing of that kind is nearer
    assert torch.allclose(projected.sum(dim=(-2, -1)), free.sum(dim=(-2, -1)))


@PAIRS
def test_constant_map_comes_up_constant_and_goes_down_constant(fine, coarse, blind):
    pair = trained_at_random(SharedConv(fine, coarse, blind), nonsense, 20).double()
    with torch.no_grad():
        up = pair.up(torch.randn(1, coarse, 1, 1, dtype=torch.float64).expand(1, coarse, 6, 7))[..., 1:-1, 1:-1]
        down = pair.down(torch.randn(1, fine, 1, 1, dtype=torch.float64).expand(1, fine, 12, 14))[..., 1:-1, 1:-1]
    assert up.abs().max() > 0.1
    for found in (up, down):
        assert (found - found[..., :1, :1]).abs().max() < 1e-13 * found.abs().max()
    assert torch.equal(down, down[..., :1, :1].expand_as(down))  # every sample is the same sum


@pytest.mark.parametrize("blind", [1, 2, 6])
def test_blind_channels_are_neither_seen_nor_written_with_a_mean(blind):
    pair = SharedConv(blind + 1, 16, blind).double()
    x = torch.randn(1, blind + 1, 16, 16, dtype=torch.float64)
    lighter = x.clone()
    lighter[:, :blind] += 1000
    interior = (..., slice(1, -1), slice(1, -1))
    with torch.no_grad():
        assert (pair.down(lighter) - pair.down(x))[interior].abs().max() < 1e-10
        written = pair.up(torch.randn(1, 16, 1, 1, dtype=torch.float64).expand(1, 16, 8, 8))[interior]
    assert written[:, :blind].abs().max() < 1e-13
    assert written[:, blind].abs().max() > 0.01


def test_only_the_first_kernels_are_blinded():
    weight = torch.randn(5, 4, 3, 3)
    found = blinded(weight, 3)
    assert found[:, :3].sum(dim=(-2, -1)).abs().max() < 1e-5
    assert torch.equal(found[:, 3:], weight[:, 3:])
    assert blinded(weight, 0) is weight


def test_residual_is_homogeneous_and_starts_near_the_identity():
    block, x = Residual(16), torch.randn(1, 16, 12, 12)
    with torch.no_grad():
        assert torch.equal(block(2 * x), 2 * block(x))  # a power of two: to the bit
        assert 0.01 < (block(x) - x).std() < 0.5


@pytest.mark.parametrize(
    ("scale", "taps"),
    [
        (2, [0.25, 0.75, 0.75, 0.25]),
        (3, [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3]),
        (4, [0.125, 0.375, 0.625, 0.875, 0.875, 0.625, 0.375, 0.125]),
    ],
)
def test_upsampling_starts_with_bilinear_kernels(scale, taps):
    weight = Upsample(3, scale, learnable=True).weight
    expected = torch.outer(torch.tensor(taps), torch.tensor(taps)).expand(3, 1, -1, -1)
    assert torch.allclose(weight, expected, atol=1e-7)
    assert torch.equal(weight, Upsample(3, scale).weight)


@SCALES
@pytest.mark.parametrize("sides", [(1, 1), (5, 8)])
def test_upsampling_is_bilinear_interpolation_edges_included(scale, sides):
    x = torch.rand(2, 3, *sides)
    expected = F.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=False)
    found = Upsample(3, scale)(x)
    assert found.shape == expected.shape
    assert (found - expected).abs().max() < 1e-6


@SCALES
def test_phases_of_upsampling_have_equal_sums_whatever_is_learned(scale):
    layer, x = Upsample(3, scale, learnable=True), torch.randn(1, 3, 5, 5)
    trained_at_random(layer, lambda layer: layer(x).sin().sum())
    assert (layer.free - Upsample(3, scale).free).abs().max() > 0.1
    sums = phases(layer.weight.detach(), scale)
    assert (sums - sums.mean(dim=(-2, -1), keepdim=True)).abs().max() < 1e-6
    flat = layer(torch.ones(1, 3, 4, 4)).detach()
    assert (flat - flat[..., :1, :1]).abs().max() < 1e-5


def test_only_learnable_upsampling_has_parameters():
    assert [p.shape for p in Upsample(3, 4, learnable=True).parameters()] == [(3, 1, 5, 5)]
    assert not list(Upsample(3, 4).parameters())
