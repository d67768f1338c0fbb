"""Batch renorm as torch modules, against Algorithm 1 of Ioffe (2017) and NumPy."""

import copy
import pickle

import pytest
import torch
from conftest import EPS, SHAPES
from test_renorm import algorithm_1, each_clip
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.optim.swa_utils import update_bn
from torch.testing import assert_close

from normlib import RunningStats, batch_renorm, batch_renorm_backward, renorm_schedule
from normlib.nn import BatchRenorm1d, BatchRenorm2d, BatchRenorm3d
from normlib.nn.renorm import _Renormalize

LAYERS = {2: BatchRenorm1d, 3: BatchRenorm1d, 4: BatchRenorm2d, 5: BatchRenorm3d}
EXACT = {"rtol": 1e-12, "atol": 1e-12}
SHAPES = [*SHAPES, (3, 4, 8, 10), (2, 3, 4, 5, 6)]  # the fourth takes row statistics
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def draw(shape, rng, dtype=torch.float64):
    return torch.tensor(rng.normal(3, 2, shape), dtype=dtype)


def renorm(shape, rng, steps=10**6, dtype=torch.float64, **arguments):
    """Return a layer for `shape` with drawn parameters, as after `steps` batches."""
    layer = LAYERS[len(shape)](shape[1], dtype=dtype, **arguments)
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(draw(shape[1], rng))
        layer.running_mean.copy_(draw(shape[1], rng))
        layer.running_var.copy_(torch.tensor(rng.uniform(2, 6, shape[1])))
        layer.num_batches_tracked.fill_(steps)
    return layer


def train(layer, x, dy):
    """Return y and the gradients of x and of the layer's parameters."""
    x = x.detach().requires_grad_()
    y = layer(x)
    return y.detach(), *torch.autograd.grad(y, [x, *layer.parameters()], dy)


# oracle


@each_clip
@each_shape
def test_five_steps_match_algorithm_1(shape, r_max, d_max, rng):
    layer = renorm(shape, rng, eps=EPS, momentum=0.3, r_max=r_max, d_max=d_max)
    mu, sigma = layer.running_mean.clone(), torch.sqrt(layer.running_var + EPS)
    gamma, beta = (p.detach().clone().requires_grad_() for p in layer.parameters())
    for i in range(5):
        x, dy = draw(shape, rng) * (1 + i / 4), draw(shape, rng)
        got = train(layer, x, dy)
        x.requires_grad_()
        y, mu, sigma = algorithm_1(x, gamma, beta, mu, sigma, r_max, d_max, 0.3)
        expected = (y, *torch.autograd.grad(y, (x, gamma, beta), dy))
        for ours, theirs in zip(got, expected, strict=True):
            assert_close(ours, theirs, **EXACT)
        assert_close(layer.running_mean, mu, **EXACT)
        assert_close(layer.running_var, sigma**2 - EPS, **EXACT)
    assert layer.num_batches_tracked == 10**6 + 5


@each_shape
@pytest.mark.parametrize("momentum", [0.3, None])
def test_torch_and_numpy_agree(shape, momentum, rng):
    layer = renorm(shape, rng, steps=15_000, momentum=momentum)
    stats = RunningStats(
        layer.running_mean.numpy().copy(),
        layer.running_var.numpy().copy(),
        momentum,
        15_000,
    )
    gamma, beta = (p.detach().numpy() for p in layer.parameters())
    for step in range(15_000, 15_003):
        x, dy = draw(shape, rng), draw(shape, rng)
        clips = renorm_schedule(step)
        assert layer.clips == clips
        got = train(layer, x, dy)
        y, cache, stats = batch_renorm(x.numpy(), gamma, beta, stats, *clips)
        expected = (y, *batch_renorm_backward(dy.numpy(), cache))
        for ours, theirs in zip(got, expected, strict=True):
            assert_close(ours, torch.tensor(theirs), **EXACT)
        assert_close(layer.running_mean.numpy(), stats.mean, **EXACT)
        assert_close(layer.running_var.numpy(), stats.var, **EXACT)


@each_shape
def test_inference_is_that_of_batch_norm(shape, rng):
    layer = renorm(shape, rng).eval()
    torchs = LAYERS[len(shape)].__mro__[2](shape[1], dtype=torch.float64).eval()
    assert type(torchs).__module__ == "torch.nn.modules.batchnorm"
    torchs.load_state_dict(layer.state_dict())
    x = draw(shape, rng)
    assert_close(layer(x), torchs(x), rtol=0, atol=0)
    fresh = LAYERS[len(shape)](shape[1], dtype=torch.float64)
    fresh.load_state_dict(torchs.state_dict())
    assert list(fresh.state_dict()) == list(torchs.state_dict())
    assert_close(fresh.running_var, layer.running_var, rtol=0, atol=0)


@pytest.mark.parametrize(("affine", "bias", "count"), [(1, 0, 1), (0, 1, 0)])
def test_a_parameter_left_out_counts_as_1_or_0(affine, bias, count, rng):
    part = renorm((6, 4, 3), rng, affine=bool(affine), bias=bool(bias))
    assert len(list(part.parameters())) == count
    whole = renorm((6, 4, 3), rng)
    with torch.no_grad():
        whole.weight.fill_(1)
        whole.bias.fill_(0)
    whole.load_state_dict(part.state_dict(), strict=False)
    x, dy = draw((6, 4, 3), rng), draw((6, 4, 3), rng)
    expected = train(whole, x, dy)[: 2 + count]
    for ours, theirs in zip(train(part, x, dy), expected, strict=True):
        assert_close(ours, theirs, **EXACT)


# gradient


def with_constant_corrections(x, gamma, beta):
    """Return batch renorm of `x` with an r and a d that do not follow x."""
    var, mean = torch.var_mean(x.detach(), 0, correction=0)
    r, d = torch.tensor([[0.5, 1.0, 2.0], [-1.0, 0.0, 3.0]], dtype=torch.float64)
    batch = (mean, var, (var + EPS).sqrt())
    return _Renormalize.apply(x, gamma, beta, batch, (r, d), EPS)


def test_gradients_of_first_and_second_order_pass_gradcheck(rng):
    leaves = [draw(s, rng).requires_grad_() for s in [(5, 3), (3,), (3,)]]
    assert gradcheck(with_constant_corrections, leaves)
    assert gradgradcheck(with_constant_corrections, leaves)


def test_gradient_ignores_that_r_and_d_follow_x(rng):
    layer = renorm((5, 3), rng, eps=EPS)

    def anew(x):
        return copy.deepcopy(layer)(x)

    x = draw((5, 3), rng).requires_grad_()
    assert not gradcheck(anew, x, raise_exception=False)


def test_only_gradients_that_are_wanted_are_computed(rng):
    layer = renorm((5, 3), rng)
    x, dy = draw((5, 3), rng), draw((5, 3), rng)
    *_, dbeta = train(copy.deepcopy(layer), x, dy)
    layer.weight.requires_grad_(False)
    layer(x).backward(dy)
    assert layer.weight.grad is None
    assert_close(layer.bias.grad, dbeta, rtol=0, atol=0)


# schedule


@pytest.mark.parametrize("step", [0, 5000, 15_000, 40_000, 10**6])
def test_outputs_are_within_the_clips_at_any_step(step, rng):
    layer = renorm((50, 3), rng, steps=step, affine=False)
    r_max, d_max = renorm_schedule(step)
    x = draw((50, 3), rng)
    wide = copy.deepcopy(layer)(1000 * x)
    spread = wide.std(0, correction=0)
    assert_close(wide.mean(0), torch.full_like(spread, d_max), rtol=0, atol=1e-9)
    assert_close(spread, torch.full_like(spread, r_max), rtol=1e-6, atol=0)
    narrow = layer(-x / 1000 - 1000)
    var = (x / 1000).var(0, correction=0)
    spread = (var / (var + layer.eps)).sqrt() / r_max
    assert_close(narrow.mean(0), torch.full_like(spread, -d_max), rtol=0, atol=1e-9)
    assert_close(narrow.std(0, correction=0), spread, rtol=1e-6, atol=0)


def test_momentum_is_the_papers_by_default_and_the_schedule_is_shown():
    layer = BatchRenorm2d(4, r_max=2.0)
    assert layer.momentum == 0.01
    words = "BatchRenorm2d(4, eps=1e-05, momentum=0.01, affine=True, bias=True, "
    words += "track_running_stats=True, r_max=2.0, d_max=5.0, start=5000, "
    words += "r_end=40000, d_end=25000)"
    assert repr(layer) == words


# torch's tools


def test_update_bn_averages_the_deviations(rng):
    batches = [draw((7, 4), rng) * (i + 1) for i in range(3)]
    model = nn.Sequential(renorm((7, 4), rng, eps=EPS))
    update_bn(batches, model)
    stds = [(x.var(0, correction=0) + EPS).sqrt() for x in batches]
    assert_close((model[0].running_var + EPS).sqrt(), sum(stds) / 3, **EXACT)
    assert_close(model[0].running_mean, torch.cat(batches).mean(0), **EXACT)
    assert (model[0].momentum, model[0].training) == (0.01, True)


def test_convolution_and_renorm_fuse(rng):
    conv = nn.Conv2d(2, 4, 3).double().eval()
    layer = renorm((5, 4, 6, 6), rng).eval()
    x = draw((5, 2, 8, 8), rng)
    fused = nn.utils.fusion.fuse_conv_bn_eval(conv, layer)
    assert_close(fused(x), layer(conv(x)), **EXACT)


def pickled(layer):
    return pickle.loads(pickle.dumps(layer))


@pytest.mark.parametrize("clone", [copy.deepcopy, pickled])
def test_copies_train_on_alone(clone, rng):
    layer = renorm((5, 4), rng, r_max=2.0)
    twin, x, dy = clone(layer), draw((5, 4), rng), draw((5, 4), rng)
    for ours, theirs in zip(train(layer, x, dy), train(twin, x, dy), strict=True):
        assert_close(ours, theirs, rtol=0, atol=0)
    assert twin.clips == layer.clips == (2.0, 5.0)
    before = twin.running_mean.clone()
    layer(x)
    assert_close(twin.running_mean, before, rtol=0, atol=0)


@pytest.mark.filterwarnings("ignore")  # of what torch compiles around
def test_compiled_training_equals_eager(rng):
    layer = renorm((5, 4, 3, 3), rng, steps=15_000)
    twin = copy.deepcopy(layer)
    compiled = torch.compile(twin, backend="eager")
    for _ in range(3):
        x, dy = draw((5, 4, 3, 3), rng), draw((5, 4, 3, 3), rng)
        y, *_ = train(layer, x, dy)
        x.requires_grad_()
        assert_close(compiled(x), y, **EXACT)
        assert_close(twin.running_var, layer.running_var, **EXACT)
    with pytest.raises(FloatingPointError, match="channel 0"):
        compiled(x * torch.nan)
    assert_close(twin.state_dict(), layer.state_dict(), **EXACT)


def test_inference_exports(rng):
    layer, x = renorm((5, 4, 3, 3), rng).eval(), draw((5, 4, 3, 3), rng)
    exported = torch.export.export(layer, (x,)).module()
    assert_close(exported(x), layer(x), **EXACT)


@pytest.mark.filterwarnings("ignore")  # torch calls its script deprecated
def test_scripting_is_refused():
    with pytest.raises(TypeError, match=r"jit\.script cannot compile batch renorm"):
        torch.jit.script(nn.Sequential(BatchRenorm1d(4)))


# dtype and layout


@pytest.mark.parametrize("kept", [torch.float32, None])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shape", [(16, 4), (8, 4, 8, 10)], ids=str)
def test_half_precision_has_float32_statistics(shape, dtype, kept, rng):
    layer = renorm(shape, rng, dtype=kept or dtype)
    exact = copy.deepcopy(layer).double()
    x, dy = draw(shape, rng).to(dtype), draw(shape, rng).to(dtype)
    got = train(layer, x, dy)
    assert [t.dtype for t in got] == [dtype, dtype, *[kept or dtype] * 2]
    rtol = torch.finfo(dtype).eps * 4
    for ours, theirs in zip(got, train(exact, x.double(), dy.double()), strict=True):
        scale = float(theirs.abs().max())
        assert_close(ours.double(), theirs, rtol=rtol, atol=rtol * scale)
    for name in ("running_mean", "running_var"):
        ours, theirs = getattr(layer, name), getattr(exact, name)
        assert ours.dtype == (kept or dtype)
        precision = torch.finfo(ours.dtype).eps * 8
        assert_close(ours.double(), theirs, rtol=precision, atol=precision)


def test_autocast_keeps_float32_parameters(rng):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), BatchRenorm2d(4))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = model(draw((5, 3, 6, 6), rng, torch.float32))
    y.float().sum().backward()
    assert y.dtype == torch.bfloat16
    assert {t.dtype for t in model[1].parameters()} == {torch.float32}
    assert model[1].running_mean.dtype == model[1].weight.grad.dtype == torch.float32


@pytest.mark.parametrize("spatial", [(3, 3), (8, 10)])
def test_channels_last_gives_the_same_and_stays(spatial, rng):
    layer = renorm((6, 4, *spatial), rng)
    x, dy = draw((6, 4, *spatial), rng), draw((6, 4, *spatial), rng)
    expected = train(copy.deepcopy(layer), x, dy)
    last = {"memory_format": torch.channels_last}
    got = train(layer, x.to(**last), dy.to(**last))
    for ours, theirs in zip(got, expected, strict=True):
        assert_close(ours, theirs, **EXACT)
    assert got[0].is_contiguous(**last)
    assert got[1].is_contiguous(**last)


@pytest.mark.parametrize("view", [lambda x: x[:, 1:5], lambda x: x.mT.contiguous().mT])
def test_views_give_the_same(view, rng):
    layer = renorm((6, 4, 8, 10), rng)
    x = view(draw((6, 6, 8, 10), rng))[:, :4]
    expected = train(copy.deepcopy(layer), x.contiguous(), x)
    for ours, theirs in zip(train(layer, x, x), expected, strict=True):
        assert_close(ours, theirs, **EXACT)


def test_inputs_never_change(rng):
    layer, x, dy = renorm((6, 4), rng), draw((6, 4), rng), draw((6, 4), rng)
    copies = x.clone(), dy.clone(), layer.weight.detach().clone()
    train(layer, x, dy)
    for now, before in zip((x, dy, layer.weight.detach()), copies, strict=True):
        assert_close(now, before, rtol=0, atol=0)
