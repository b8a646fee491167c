"""What the network's layers are compared with: pooling with switches, kernels of their own, whitened patches."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402

from napari_deconv.convolution import max_pool, max_unpool  # noqa: E402
from napari_deconv.network import ablation  # noqa: E402
from napari_deconv.network.ablation import Bilinear, Uneven, Unpooling, Untied, Whitened, inverse_root  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def seeded():
    """The same weights every time; the other cores are left alone."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def delta(pooling):
    """Pooling whose kernels hand every channel through."""
    with torch.no_grad():
        pooling.free.zero_()[:, :, 1, 1] = torch.eye(len(pooling.free))
    return pooling


def spread(map_):
    """By how much the four phases of a map differ."""
    means = [map_[..., i::2, j::2].mean(dim=(-2, -1)) for i in (0, 1) for j in (0, 1)]
    return float((torch.stack(means).amax(0) - torch.stack(means).amin(0)).max())


def flat_up(pair, z):
    """What comes up where all of the coarse map is `z`; the outermost pixels left out."""
    found = pair.around(torch.rand(1, 3, 12, 12), lambda below: z.expand(1, -1, *below.shape[-2:]))
    return found.detach()[..., 3:-3, 3:-3]


def correlated(count, channels, side, share):
    """Random maps whose samples depend on their neighbours and on other channels."""
    maps = torch.randn(count, channels, side, side)
    maps = maps + share * (maps.roll(1, 1) + maps.roll(1, 2) + maps.roll(1, 3))
    return 3 * maps + torch.arange(channels)[:, None, None]


@pytest.mark.parametrize("negative", [False, True])
def test_unpooling_puts_the_largest_back_where_they_stood(negative):
    x = torch.rand(1, 2, 6, 8) - (1.0 if negative else 0.0)
    with torch.no_grad():
        found = delta(Unpooling(2, 2)).around(x, lambda below: below)
    values, switches = max_pool(np.maximum(x.numpy(), 0), (2, 2))
    np.testing.assert_array_equal(found.numpy(), max_unpool(values, switches, (2, 2)))
    if not negative:
        assert int((found > 0).sum()) == x.numel() // 4


def test_pooling_undoes_unpooling_behind_a_rectifier_only():
    values, switches = F.max_pool2d(torch.randn(1, 3, 8, 8), 2, return_indices=True)
    for p, same in ((values.relu(), True), (-values.abs(), False)):
        again = F.max_pool2d(F.max_unpool2d(p, switches, [2, 2]), 2)
        assert torch.equal(again, p) == same


@pytest.mark.parametrize(("kind", "even"), [(Uneven, False), (Untied, False), (Bilinear, True)])
def test_a_constant_comes_up_constant_only_through_equal_phases(kind, even):
    found = flat_up(kind(3, 5), torch.randn(1, 5, 1, 1))
    assert (spread(found) < 1e-5) == even
    assert (spread(found) > 0.05) != even


@pytest.mark.parametrize("kind", [Uneven, Untied, Bilinear])
def test_blind_channels_get_no_mean(kind):
    found = flat_up(kind(3, 5, 2), torch.randn(1, 5, 1, 1)).mean(dim=(-2, -1))[0]
    assert found[:2].abs().max() < 1e-5 < found[2].abs()


@pytest.mark.parametrize("kind", [Uneven, Untied, Unpooling, Bilinear])
def test_blind_channels_are_seen_without_their_mean(kind):
    pair, x, seen = kind(3, 5, 2), torch.rand(1, 3, 12, 12), []
    for c in (0.0, 100.0):
        x[:, :2] += c
        pair.around(x, lambda below: seen.append(below.detach()) or below)
    assert (seen[0] - seen[1])[..., 1:-1, 1:-1].abs().max() < 1e-3


def test_untied_kernels_are_two_and_do_not_touch_each_other():
    pair = Untied(3, 5)
    assert [tuple(p.shape) for p in pair.parameters()] == [(5, 3, 4, 4)] * 2
    pair.around(torch.rand(1, 3, 8, 8), torch.detach).sum().backward()
    assert pair.encoder.free.grad is None
    assert pair.decoder.free.grad is not None


def test_whitened_patches_are_uncorrelated():
    layer = Whitened(4, 8, 3, padding=1, bias=False)
    maps = correlated(8, 4, 24, 0.15)
    layer(maps)
    patches = layer.patches(maps)[0].detach()
    mean, covariance = patches.mean(dim=-1, keepdim=True), patches.cov(correction=0)
    whitening = inverse_root(covariance)
    assert np.linalg.cond(covariance.numpy()) > 5
    one = torch.eye(36)
    assert (covariance / covariance.diagonal().mean() - one).abs().max() > 0.2
    assert ((whitening @ (patches - mean)).cov(correction=0) - one).abs().max() < 1e-2


@pytest.mark.parametrize(("steps", "enough"), [(5, False), (ablation.NEWTON_STEPS, True)])
def test_five_steps_are_not_enough_for_photographs(steps, enough):
    scale = torch.logspace(0, -3.2, 27, dtype=torch.float64)  # as of 3 x 3 patches in colour: condition 1,500
    basis, _ = torch.linalg.qr(torch.randn(27, 27, dtype=torch.float64))
    covariance = (basis * scale) @ basis.T
    whitening = inverse_root(covariance, steps)
    error = (whitening @ covariance @ whitening - torch.eye(27)).abs().max()
    assert (error < 1e-2) == enough
    assert (error > 0.3) != enough


def test_folded_kernels_do_what_whitening_does():
    layer, maps = Whitened(6, 8, 3, padding=1, bias=False), correlated(4, 6, 24, 0.3)
    for _ in range(30):
        layer(correlated(4, 6, 24, 0.3))
    layer.eval()
    mean, covariance = layer.mean[0], layer.covariance[0]
    whitening = inverse_root(covariance + ablation.RIDGE * covariance.diagonal().mean() * torch.eye(54))
    patches = F.unfold(maps, 3, padding=1)
    assert (layer.folded(layer.mean, layer.covariance)[0] - layer.weight).abs().max() > 0.1
    expected = layer.weight.flatten(1) @ (whitening @ (patches - mean[:, None]))
    found = layer(maps).flatten(2)
    assert (found - expected).abs().max() < 1e-5 * expected.abs().max()
    weight, bias = layer.folded(layer.mean, layer.covariance)
    assert torch.equal(F.conv2d(maps, weight, bias, padding=1).flatten(2), found)
    assert layer.bias is None


def test_running_averages_come_near_what_all_batches_have():
    layer = Whitened(3, 3, 3, padding=1, bias=False)
    for _ in range(100):
        layer(correlated(4, 3, 24, 0.2))
    patches = layer.patches(correlated(64, 3, 24, 0.2))[0]
    assert (layer.mean[0] - patches.mean(dim=-1)).abs().max() < 0.3
    assert (layer.covariance[0] - patches.cov()).abs().max() < 0.1 * patches.cov().max()
    before = layer.covariance.clone()
    layer.eval()(correlated(4, 3, 24, 0.2))
    assert torch.equal(before, layer.covariance)


@pytest.mark.parametrize(("channels", "shape"), [(16, (1, 144)), (96, (3, 288)), (128, (2, 576))])
def test_channels_are_whitened_in_blocks(channels, shape):
    assert Whitened(channels, 8, 3, padding=1, bias=False).mean.shape == shape
