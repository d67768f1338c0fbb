"""Converters: the layers are exchanged, and all that they held is kept."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from normlib.nn import (
    BatchRenorm1d,
    BatchRenorm2d,
    BatchRenorm3d,
    SyncBatchNorm,
    convert_batch_renorm,
    convert_sync_batch_norm,
)

CONVERTERS = [convert_batch_renorm, convert_sync_batch_norm]
each_converter = pytest.mark.parametrize("convert", CONVERTERS)
NORMS = [nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d]


class Own(nn.BatchNorm1d):
    """Somebody's subclass."""


def model():
    """Return a small model as it is after some training."""
    block = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, momentum=0.3))
    net = nn.Sequential(block, nn.BatchNorm1d(4))
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        net(torch.randn(8, 3, generator=generator))
    return net


@pytest.mark.parametrize(
    ("norm", "renorm"),
    list(zip(NORMS, [BatchRenorm1d, BatchRenorm2d, BatchRenorm3d], strict=True)),
)
def test_each_batch_norm_becomes_the_renorm_of_its_rank(norm, renorm):
    assert type(convert_batch_renorm(norm(4))) is renorm
    assert type(convert_sync_batch_norm(norm(4))) is SyncBatchNorm


@each_converter
def test_model_is_converted_in_place_and_infers_as_before(convert):
    net = model()
    x = torch.randn(8, 3, generator=torch.Generator().manual_seed(1))
    expected = net.eval()(x)
    state = {name: t.clone() for name, t in net.state_dict().items()}
    assert convert(net) is net
    assert not any(type(m) in NORMS for m in net.modules())
    assert_close(net(x), expected, rtol=0, atol=0)
    assert list(net.state_dict()) == list(state)
    assert_close(dict(net.state_dict()), state, rtol=0, atol=0)


@each_converter
def test_tensors_are_the_same_objects_so_an_optimizer_stays_valid(convert):
    net = model()
    net[1].weight.requires_grad_(False)
    before = [*net.parameters(), *net.buffers()]
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net = convert(net)
    after = [*net.parameters(), *net.buffers()]
    assert all(a is b for a, b in zip(before, after, strict=True))
    assert not net[1].weight.requires_grad
    bias = net[1].bias.detach().clone()
    net(torch.eye(3)).sum().backward()
    optimizer.step()
    assert (net[1].bias != bias).all()


@each_converter
def test_settings_and_mode_are_kept(convert):
    net = nn.Sequential(
        nn.BatchNorm1d(4, eps=0.3, momentum=None, affine=False, dtype=torch.float64),
        nn.BatchNorm1d(4, bias=False).eval(),
    )
    first, second = convert(net)
    assert (first.eps, first.momentum, first.affine) == (0.3, None, False)
    assert first.running_var.dtype == torch.float64
    assert (first.weight, second.bias) == (None, None)
    assert (first.training, second.training) == (True, False)


@each_converter
def test_hooks_are_kept_and_their_handles_still_remove_them(convert):
    net, seen = model(), []
    handle = net[1].register_forward_hook(lambda m, *_: seen.append(type(m)))
    net = convert(net)
    net(torch.eye(3))
    assert seen == [type(net[1])]
    handle.remove()
    net(torch.eye(3))
    assert len(seen) == 1


@each_converter
def test_a_shared_layer_stays_shared(convert):
    shared = nn.BatchNorm1d(4)
    net = convert(nn.Sequential(shared, nn.Sequential(shared), shared))
    assert net[0] is net[1][0] is net[2]
    assert type(net[0]) is not nn.BatchNorm1d


@each_converter
def test_a_batch_norm_alone_is_left_and_its_successor_returned(convert):
    alone = nn.BatchNorm1d(4)
    new = convert(alone)
    assert new.weight is alone.weight
    assert type(alone) is nn.BatchNorm1d
    assert not hasattr(alone, "r_max")


@each_converter
def test_subclasses_and_converted_layers_are_not_touched(convert):
    net = nn.Sequential(Own(4), BatchRenorm1d(4), SyncBatchNorm(4), nn.LayerNorm(4))
    kept = list(net)
    assert all(a is b for a, b in zip(convert(net), kept, strict=True))
    once = convert(model())
    layers = list(once.modules())
    assert all(a is b for a, b in zip(convert(once).modules(), layers, strict=True))


def test_schedule_is_passed_on_and_continues_from_the_counter():
    net = model()
    net[1].num_batches_tracked.fill_(15)
    net = convert_batch_renorm(net, r_max=2.0, d_max=4.0, start=5, r_end=25, d_end=45)
    assert net[1].clips == (1.5, 1.0)
    assert net[0][1].momentum == 0.3


def test_synchronized_layers_get_the_group_and_torchs_are_exchanged_too():
    group, other = object(), object()
    net = nn.Sequential(nn.BatchNorm1d(4), nn.SyncBatchNorm(4, process_group=other))
    given = convert_sync_batch_norm(net, group)
    assert [m.process_group for m in given] == [group, group]
    net = nn.Sequential(nn.BatchNorm1d(4), nn.SyncBatchNorm(4, process_group=other))
    kept = convert_sync_batch_norm(net)
    assert [m.process_group for m in kept] == [None, other]
    assert {type(m) for m in kept} == {SyncBatchNorm}


@each_converter
def test_lazy_layers_are_refused_until_they_know_their_channels(convert):
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Sequential(nn.LazyBatchNorm1d()))
    with pytest.raises(ValueError, match=r"1\.0 is lazy .*: run one batch"):
        convert(net)
    assert type(net[0]) is nn.BatchNorm1d
    net(torch.eye(3))
    assert type(convert(net)[1][0]) in (BatchRenorm1d, SyncBatchNorm)


def test_renorm_without_running_statistics_is_refused_by_name():
    net = nn.Sequential(nn.BatchNorm1d(4), nn.BatchNorm1d(4, track_running_stats=False))
    words = "cannot convert 1: .*track_running_stats must be True"
    with pytest.raises(ValueError, match=words):
        convert_batch_renorm(net)
    assert type(net[0]) is nn.BatchNorm1d
    assert type(convert_sync_batch_norm(net)[1]) is SyncBatchNorm
